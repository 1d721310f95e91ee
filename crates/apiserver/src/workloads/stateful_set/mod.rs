//! StatefulSets: Pods with a number, one after the other.

mod pods;
mod status;
#[cfg(test)]
mod tests;

use super::Settings;
use super::change::{Change, Step};
use super::event::event;
use super::fields::{count, int, is_deleted, text};
use super::owner::is_controlled_by;
use super::pod::{self, Nodes};
use super::replica_set::too_many;
use super::replicas::{available_from, is_ready};
use super::revision::{HASH_LABEL, Revisions};
use jiff::Timestamp;
use object::{Manifest as _, Value};
use std::collections::BTreeMap;

/// The component its Events name.
const CONTROLLER: &str = "simulated-statefulset-controller";

/// What a StatefulSet's step looks at beside the set.
pub struct Surroundings<'a> {
    /// The Pods it owns.
    pub pods: Vec<Value>,
    /// The ControllerRevisions it owns.
    pub revisions: Vec<Value>,
    /// Whether its namespace has a claim of a name.
    pub has_claim: &'a dyn Fn(&str) -> bool,
    /// The Nodes there are.
    pub nodes: Nodes<'a>,
}

/// The next writes for a StatefulSet.
pub fn step(set: &Value, around: Surroundings<'_>, settings: &Settings, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(set) {
        return step;
    }
    let Surroundings { pods, revisions, has_claim, nodes } = around;
    let revisions = Revisions::of(set, revisions, &mut step);
    let uid = set.meta("uid").unwrap_or_default();
    let numbered = pods.into_iter().filter(|p| is_controlled_by(p, uid));
    let numbered = numbered.filter_map(|p| Some((ordinal(set, &p)?, p)));
    let start = count(set, ["spec", "ordinals", "start"]).max(0);
    let replicas = int(set, ["spec", "replicas"]).unwrap_or(1).max(0);
    let mut run = Run {
        set,
        pods: numbered.collect(),
        wanted: start..start + replicas.min(settings.pods_per_workload),
        parallel: text(set, ["spec", "podManagementPolicy"]) == "Parallel",
        revisions: &revisions,
        current: status::current_revision(set, &revisions),
        has_claim,
        nodes,
        step: &mut step,
        now,
    };
    if replicas > settings.pods_per_workload {
        run.tell(("Warning", "FailedCreate"), &too_many(replicas, settings));
    }
    run.go_on();
    let pods = run.pods;
    status::conclude(set, &pods, &revisions, &mut step, now);
    step
}

/// The number at the end of the name of a set's Pod.
fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    pod.name().strip_prefix(set.name())?.strip_prefix('-')?.parse().ok()
}

/// One look at a set.
struct Run<'a> {
    set: &'a Value,
    pods: BTreeMap<i64, Value>,
    wanted: std::ops::Range<i64>,
    parallel: bool,
    revisions: &'a Revisions,
    /// The name of the revision that Pods have that are not updated.
    current: String,
    has_claim: &'a dyn Fn(&str) -> bool,
    nodes: Nodes<'a>,
    step: &'a mut Step,
    now: Timestamp,
}

impl Run<'_> {
    fn go_on(&mut self) {
        // Each part goes on only when the one before has nothing to wait for, unless all may go at once.
        if !self.fill() || !self.shrink() {
            return;
        }
        if text(self.set, ["spec", "updateStrategy", "type"]) != "OnDelete" {
            self.update();
        }
    }

    /// Makes the Pods that are missing; answers whether all are there and available.
    fn fill(&mut self) -> bool {
        for number in self.wanted.clone() {
            if let Some(pod) = self.pods.get(&number) {
                if matches!(text(pod, ["status", "phase"]), "Succeeded" | "Failed") {
                    // It is made anew when it is gone.
                    if !is_deleted(pod) {
                        self.delete(number);
                    }
                } else if self.is_available(pod) || self.parallel {
                    continue;
                }
            } else {
                self.create(number);
                if self.parallel {
                    continue;
                }
            }
            return false;
        }
        true
    }

    /// Deletes the Pods that are too many, highest number first; answers whether there were none.
    fn shrink(&mut self) -> bool {
        let surplus: Vec<i64> =
            self.pods.keys().copied().filter(|n| !self.wanted.contains(n)).rev().collect();
        for &number in &surplus {
            let waits = self.pods.get(&number).is_some_and(is_deleted);
            if !waits {
                self.delete(number);
            }
            if !self.parallel {
                break;
            }
        }
        surplus.is_empty()
    }

    /// Deletes the highest Pod of an old revision, when all above it are updated and ready.
    fn update(&mut self) {
        let partition = count(self.set, ["spec", "updateStrategy", "rollingUpdate", "partition"]);
        let update = self.revisions.update().name();
        for number in self.wanted.clone().rev().filter(|n| *n >= partition) {
            let Some(pod) = self.pods.get(&number) else { return };
            if is_deleted(pod) {
                return;
            }
            if pod.label(HASH_LABEL) != Some(update) {
                self.delete(number);
                return;
            }
            if !self.is_available(pod) {
                return;
            }
        }
    }

    /// Whether a Pod is ready for long enough and stays. The status makes the appointment for the moment
    /// it will be.
    fn is_available(&self, pod: &Value) -> bool {
        let min_ready = count(self.set, ["spec", "minReadySeconds"]);
        !is_deleted(pod)
            && is_ready(pod)
            && available_from(pod, min_ready).is_some_and(|from| from <= self.now)
    }

    fn create(&mut self, number: i64) {
        for claim in pods::claims(self.set, number) {
            if !(self.has_claim)(claim.name()) {
                self.step.changes.push(Change::Create(claim));
            }
        }
        let revision = self.revision_of(number);
        let mut pod = pods::pod(self.set, number, revision);
        pod::place(&mut pod, self.nodes, self.now);
        let message =
            format!("create Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
        self.step.changes.push(Change::Create(pod.clone()));
        self.tell(("Normal", "SuccessfulCreate"), &message);
        self.pods.insert(number, pod);
    }

    /// The revision of which a missing Pod is made.
    fn revision_of(&self, number: i64) -> &Value {
        let update = self.revisions.update();
        let stays = match text(self.set, ["spec", "updateStrategy", "type"]) {
            "OnDelete" => {
                number < self.wanted.start + count(self.set, ["status", "currentReplicas"])
            }
            _ => {
                let partition = ["spec", "updateStrategy", "rollingUpdate", "partition"];
                number < self.wanted.start + count(self.set, partition)
            }
        };
        let current = self.revisions.named(&self.current).filter(|_| stays);
        current.unwrap_or(update)
    }

    fn delete(&mut self, number: i64) {
        let Some(pod) = self.pods.remove(&number) else { return };
        let message =
            format!("delete Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
        self.step.changes.push(Change::Delete(pod));
        self.tell(("Normal", "SuccessfulDelete"), &message);
    }

    fn tell(&mut self, what: (&str, &str), message: &str) {
        let event = event(self.set, CONTROLLER, what, message, self.now);
        self.step.changes.push(event);
    }
}
