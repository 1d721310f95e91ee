//! DaemonSets: one Pod on each Node.
//!
//! Node selectors, affinity and taints are not looked at: every simulated Node gets its Pod, cordoned or not.
//! Deliberately absent: `maxSurge`.

use super::change::{Change, Step};
use super::event::event;
use super::fields::{count, generation, is_deleted, put_count, share, text};
use super::owner::{is_controlled_by, joined_name, pod_of, suffix};
use super::pod::{self, Nodes};
use super::replicas::{Tally, available_from, is_active};
use super::revision::{self, HASH_LABEL, Revisions};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// The component its Events name.
const CONTROLLER: &str = "simulated-daemonset-controller";

/// The next writes for a DaemonSet, given the Pods and ControllerRevisions it owns.
pub fn step(
    set: &Value,
    pods: Vec<Value>,
    revisions: Vec<Value>,
    nodes: Nodes<'_>,
    now: Timestamp,
) -> Step {
    let mut step = Step::default();
    if is_deleted(set) {
        return step;
    }
    let revisions = Revisions::of(set, revisions, &mut step);
    let uid = set.meta("uid").unwrap_or_default();
    let mut run = Run {
        set,
        pods: pods.into_iter().filter(|p| is_controlled_by(p, uid)).collect(),
        hash: revision::hash(revisions.update()).to_owned(),
        nodes,
        step: &mut step,
        now,
    };
    run.place_everywhere();
    if text(set, ["spec", "updateStrategy", "type"]) != "OnDelete" {
        run.update();
    }
    let (pods, hash) = (run.pods, run.hash);
    status(set, &pods, &hash, nodes, &mut step, now);
    let in_use: Vec<&str> = pods.iter().filter_map(|p| p.label(HASH_LABEL)).collect();
    revisions.clean(set, &in_use, &mut step);
    step
}

struct Run<'a> {
    set: &'a Value,
    pods: Vec<Value>,
    /// Of the present template's revision.
    hash: String,
    nodes: Nodes<'a>,
    step: &'a mut Step,
    now: Timestamp,
}

fn is_on(pod: &Value, node: &str) -> bool {
    text(pod, ["spec", "nodeName"]) == node
}

impl Run<'_> {
    /// One Pod on each Node: makes what is missing, deletes what is too many or has ended.
    fn place_everywhere(&mut self) {
        let template = self.set.at(["spec", "template"]).cloned().unwrap_or_else(Value::map);
        let uid = self.set.meta("uid").unwrap_or_default();
        let ended: Vec<usize> = (0..self.pods.len())
            .filter(|&i| !is_deleted(&self.pods[i]) && !is_active(&self.pods[i]))
            .collect();
        for at in ended.into_iter().rev() {
            self.delete(at);
        }
        for (number, node) in self.nodes.all.iter().enumerate() {
            let mut here = (0..self.pods.len()).filter(|&i| is_on(&self.pods[i], node));
            if here.next().is_some() {
                let surplus: Vec<usize> = here.filter(|&i| !is_deleted(&self.pods[i])).collect();
                for at in surplus.into_iter().rev() {
                    self.delete(at);
                }
                continue;
            }
            let suffix = suffix(uid, self.now.as_millisecond(), number);
            let mut pod = pod_of(self.set, &template, &joined_name(self.set.name(), &suffix, 63));
            pod.set_label(HASH_LABEL, &self.hash);
            pod.set_label("pod-template-generation", &generation(self.set).to_string());
            super::fields::set(&mut pod, ["spec", "nodeName"], node.as_str());
            pod::place(&mut pod, self.nodes, self.now);
            self.step.changes.push(Change::Create(pod.clone()));
            let message = format!("Created pod: {}", pod.name());
            self.tell("SuccessfulCreate", &message);
            self.pods.push(pod);
        }
    }

    /// Deletes Pods of old revisions: those that serve nobody, and as many others as may be missing.
    fn update(&mut self) {
        let wanted = i64::try_from(self.nodes.all.len()).unwrap_or(i64::MAX);
        let one = Value::from(1);
        let limit = self.set.at(["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
        let limit = share(limit.or(Some(&one)), wanted, true).max(1);
        let min_ready = count(self.set, ["spec", "minReadySeconds"]);
        let serves = |pod: &Value, now| {
            !is_deleted(pod) && available_from(pod, min_ready).is_some_and(|from| from <= now)
        };
        let unavailable = wanted
            - i64::try_from(self.pods.iter().filter(|p| serves(p, self.now)).count()).unwrap_or(0);
        let mut room = limit - unavailable;
        for at in (0..self.pods.len()).rev() {
            let pod = &self.pods[at];
            if is_deleted(pod) || pod.label(HASH_LABEL) == Some(&self.hash) {
                continue;
            }
            if !serves(pod, self.now) {
                self.delete(at);
            } else if room > 0 {
                room -= 1;
                self.delete(at);
            }
        }
    }

    fn delete(&mut self, at: usize) {
        let pod = self.pods.remove(at);
        let message = format!("Deleted pod: {}", pod.name());
        self.step.changes.push(Change::Delete(pod));
        self.tell("SuccessfulDelete", &message);
    }

    fn tell(&mut self, reason: &str, message: &str) {
        let event = event(self.set, CONTROLLER, ("Normal", reason), message, self.now);
        self.step.changes.push(event);
    }
}

fn status(
    set: &Value,
    pods: &[Value],
    hash: &str,
    nodes: Nodes<'_>,
    step: &mut Step,
    now: Timestamp,
) {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let here = |pod: &&Value| is_active(pod) && nodes.all.iter().any(|n| is_on(pod, n));
    let placed: Vec<&Value> = pods.iter().filter(here).collect();
    let tally = Tally::of(placed.iter().copied(), count(set, ["spec", "minReadySeconds"]), now);
    if let Some(next) = tally.next {
        step.wake_at(next);
    }
    let updated = placed.iter().filter(|p| p.label(HASH_LABEL) == Some(hash)).count();
    let desired = number(nodes.all.len());
    let mut status = map! {
        "currentNumberScheduled": number(placed.len()),
        "desiredNumberScheduled": desired,
        "numberMisscheduled": 0,
        "numberReady": tally.ready,
    };
    put_count(&mut status, "observedGeneration", generation(set));
    put_count(&mut status, "updatedNumberScheduled", number(updated));
    put_count(&mut status, "numberAvailable", tally.available);
    put_count(&mut status, "numberUnavailable", desired - tally.available);
    if let Some(collisions) = set.at(["status", "collisionCount"]) {
        status.insert("collisionCount", collisions.clone());
    }
    step.status(set, status.into());
}
