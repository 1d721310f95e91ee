//! ReplicaSets: as many Pods as asked for.

use super::Settings;
use super::change::{Change, Step};
use super::condition::{self, Condition, Times};
use super::event::event;
use super::fields::{count, generation, int, is_deleted, list, put_count, put_list};
use super::owner::{is_controlled_by, joined_name, pod_of, suffix};
use super::pod::{self, Nodes};
use super::replicas::{Tally, expendable_first, is_active};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// The component its Events name.
const CONTROLLER: &str = "simulated-replicaset-controller";

/// The next writes for a ReplicaSet. `pods` are those it owns.
pub fn step(
    set: &Value,
    pods: Vec<Value>,
    nodes: Nodes<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Step {
    let mut step = Step::default();
    let uid = set.meta("uid").unwrap_or_default();
    let mut active: Vec<Value> =
        pods.into_iter().filter(|p| is_controlled_by(p, uid) && is_active(p)).collect();
    let mut refused = None;
    if !is_deleted(set) {
        let desired = int(set, ["spec", "replicas"]).unwrap_or(1).max(0);
        let allowed = desired.min(settings.pods_per_workload);
        let have = i64::try_from(active.len()).unwrap_or(i64::MAX);
        if allowed > have {
            create(set, &mut active, allowed - have, nodes, &mut step, now);
        } else if desired < have {
            delete(set, &mut active, have - desired, &mut step, now);
        }
        if desired > allowed {
            refused = Some(too_many(desired, settings));
        }
    }
    let min_ready = count(set, ["spec", "minReadySeconds"]);
    let tally = Tally::of(&active, min_ready, now);
    if let Some(next) = tally.next {
        step.wake_at(next);
    }
    step.status(set, status(set, &active, tally, refused.as_deref(), now));
    step
}

/// What a workload is told that asks for more Pods than the simulation gives.
pub(super) fn too_many(desired: i64, settings: &Settings) -> String {
    format!(
        "{desired} Pods were asked for; the simulation gives a workload at most {}",
        settings.pods_per_workload
    )
}

fn create(
    set: &Value,
    active: &mut Vec<Value>,
    missing: i64,
    nodes: Nodes<'_>,
    step: &mut Step,
    now: Timestamp,
) {
    let template = set.at(["spec", "template"]).cloned().unwrap_or_else(Value::map);
    let uid = set.meta("uid").unwrap_or_default();
    for number in 0..usize::try_from(missing).unwrap_or_default() {
        let suffix = suffix(uid, now.as_millisecond(), number);
        let mut pod = pod_of(set, &template, &joined_name(set.name(), &suffix, 63));
        pod::place(&mut pod, nodes, now);
        step.changes.push(Change::Create(pod.clone()));
        if number < EVENTS {
            let message = format!("Created pod: {}", pod.name());
            let what = ("Normal", "SuccessfulCreate");
            step.changes.push(event(set, CONTROLLER, what, &message, now));
        }
        active.push(pod);
    }
}

/// Events about single Pods of one step; a large workload would drown all others.
const EVENTS: usize = 3;

fn delete(set: &Value, active: &mut Vec<Value>, surplus: i64, step: &mut Step, now: Timestamp) {
    expendable_first(active);
    let surplus = usize::try_from(surplus).unwrap_or_default().min(active.len());
    for (number, pod) in active.drain(..surplus).enumerate() {
        if number < EVENTS {
            let message = format!("Deleted pod: {}", pod.name());
            let what = ("Normal", "SuccessfulDelete");
            step.changes.push(event(set, CONTROLLER, what, &message, now));
        }
        step.changes.push(Change::Delete(pod));
    }
}

fn status(
    set: &Value,
    active: &[Value],
    tally: Tally,
    refused: Option<&str>,
    now: Timestamp,
) -> Value {
    let labels = set.at(["spec", "template", "metadata", "labels"]).and_then(Value::as_map);
    let labelled = active
        .iter()
        .filter(|pod| labels.is_none_or(|l| l.iter().all(|(k, v)| pod.label(k) == v.as_str())));
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut status = map! {"replicas": number(active.len())};
    put_count(&mut status, "fullyLabeledReplicas", number(labelled.count()));
    put_count(&mut status, "readyReplicas", tally.ready);
    put_count(&mut status, "availableReplicas", tally.available);
    put_count(&mut status, "observedGeneration", generation(set));
    let mut conditions = list(set, ["status", "conditions"]).to_vec();
    match refused {
        None => condition::remove(&mut conditions, "ReplicaFailure"),
        Some(message) => {
            let failure = Condition {
                kind: "ReplicaFailure",
                status: "True",
                reason: "FailedCreate",
                message,
            };
            condition::set(&mut conditions, failure, Times::Transition, now);
        }
    }
    put_list(&mut status, "conditions", conditions);
    status.into()
}
