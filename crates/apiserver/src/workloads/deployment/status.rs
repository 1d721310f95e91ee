//! The status of a Deployment: counts, and whether it is available, progressing, late.

use super::super::change::{Change, Step};
use super::super::condition::{self, Condition, Times, member};
use super::super::fields::{after, count, generation, list, put_count, put_list, time};
use super::sets::{REVISION, Set, Sets};
use super::{Spec, quoted};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

const PROGRESSING: &str = "Progressing";
const AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// The conditions a step starts from, and the ReplicaSet it made.
pub(super) struct Before {
    pub(super) conditions: Vec<Value>,
    pub(super) created: Option<String>,
}

/// Notes in `Progressing` that a rollout was paused or goes on, as long as there is a deadline.
pub(super) fn mark_pause(spec: &Spec, conditions: &mut Vec<Value>, now: Timestamp) {
    let reason = condition::find(conditions, PROGRESSING).map_or("", |c| member(c, "reason"));
    if spec.progress_deadline.is_none() || reason == TIMED_OUT {
        return;
    }
    let (reason, message) = match (spec.paused, reason == PAUSED) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    let condition = Condition { kind: PROGRESSING, status: "Unknown", reason, message };
    condition::set(conditions, condition, Times::Update, now);
}

/// The new status.
pub(super) fn status(
    deployment: &Value,
    spec: &Spec,
    sets: &Sets,
    before: Before,
    step: &mut Step,
    now: Timestamp,
) -> Value {
    let available = sets.sum("availableReplicas");
    let mut status = map! {};
    put_count(&mut status, "observedGeneration", generation(deployment));
    put_count(&mut status, "replicas", sets.sum("replicas"));
    let updated = sets.new.as_ref().map_or(0, |new| new.status("replicas"));
    put_count(&mut status, "updatedReplicas", updated);
    put_count(&mut status, "readyReplicas", sets.sum("readyReplicas"));
    put_count(&mut status, "availableReplicas", available);
    put_count(&mut status, "unavailableReplicas", (sets.asked() - available).max(0));
    if let Some(collisions) = deployment.at(["status", "collisionCount"]) {
        status.insert("collisionCount", collisions.clone());
    }
    let mut status = Value::from(status);
    let Before { mut conditions, created } = before;
    let has_deadline = spec.progress_deadline.is_some();
    if let (Some(name), true) = (&created, has_deadline && !spec.paused) {
        let message = format!("Created new replica set {name:?}");
        progress(&mut conditions, "True", "NewReplicaSetCreated", &message, now);
    }
    set_available(&mut conditions, available >= spec.replicas - spec.max_unavailable, now);
    if !spec.paused {
        set_progressing(deployment, spec, sets, &status, &mut conditions, now);
    }
    set_failure(sets, &mut conditions, now);
    wake(spec, &status, &conditions, step, now);
    put_list(status.make_map(), "conditions", conditions);
    status
}

fn set_available(conditions: &mut Vec<Value>, enough: bool, now: Timestamp) {
    let condition = match enough {
        true => Condition {
            kind: "Available",
            status: "True",
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
        },
        false => Condition {
            kind: "Available",
            status: "False",
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
        },
    };
    condition::set(conditions, condition, Times::Update, now);
}

fn progress(
    conditions: &mut Vec<Value>,
    status: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
) {
    let condition = Condition { kind: PROGRESSING, status, reason, message };
    condition::set(conditions, condition, Times::Update, now);
}

/// Whether all replicas are of the new template and available.
fn is_complete(spec: &Spec, status: &Value) -> bool {
    ["updatedReplicas", "replicas", "availableReplicas"]
        .into_iter()
        .all(|member| count(status, [member]) == spec.replicas)
}

fn set_progressing(
    deployment: &Value,
    spec: &Spec,
    sets: &Sets,
    status: &Value,
    conditions: &mut Vec<Value>,
    now: Timestamp,
) {
    let Some(deadline) = spec.progress_deadline else {
        condition::remove(conditions, PROGRESSING);
        return;
    };
    let current = condition::find(conditions, PROGRESSING);
    let reason = current.map_or("", |c| member(c, "reason"));
    let settled =
        reason == AVAILABLE && count(status, ["replicas"]) == count(status, ["updatedReplicas"]);
    if settled {
        return;
    }
    let who = match &sets.new {
        Some(new) => format!("ReplicaSet {}", quoted(&new.object)),
        None => format!("Deployment {}", quoted(deployment)),
    };
    if is_complete(spec, status) {
        let message = format!("{who} has successfully progressed.");
        progress(conditions, "True", AVAILABLE, &message, now);
    } else if has_progressed(deployment, status) {
        let message = format!("{who} is progressing.");
        // The deadline starts again: the update counts though the reason is the same.
        let since = current.filter(|c| member(c, "status") == "True");
        let since = since.and_then(|c| c.get("lastTransitionTime")).cloned();
        condition::remove(conditions, PROGRESSING);
        progress(conditions, "True", "ReplicaSetUpdated", &message, now);
        if let (Some(since), Some(last)) = (since, conditions.last_mut()) {
            last.make_map().insert("lastTransitionTime", since);
        }
    } else if current.is_some_and(|c| is_late(c, deadline, now)) {
        let message = format!("{who} has timed out progressing.");
        progress(conditions, "False", TIMED_OUT, &message, now);
    }
}

/// Whether more is new, ready or available, or less is old, than the last status says.
fn has_progressed(deployment: &Value, status: &Value) -> bool {
    let old = |member| count(deployment, ["status", member]);
    let new = |member| count(status, [member]);
    new("updatedReplicas") > old("updatedReplicas")
        || new("replicas") - new("updatedReplicas") < old("replicas") - old("updatedReplicas")
        || new("readyReplicas") > old("readyReplicas")
        || new("availableReplicas") > old("availableReplicas")
}

fn is_late(progressing: &Value, deadline: i64, now: Timestamp) -> bool {
    match member(progressing, "reason") {
        AVAILABLE => false,
        TIMED_OUT => true,
        _ => time(progressing, ["lastUpdateTime"]).is_some_and(|t| after(t, deadline) < now),
    }
}

/// A ReplicaSet that cannot make its Pods makes the Deployment say so.
fn set_failure(sets: &Sets, conditions: &mut Vec<Value>, now: Timestamp) {
    let failure = |set: &Set| {
        condition::find(list(&set.object, ["status", "conditions"]), "ReplicaFailure").cloned()
    };
    let found = sets.new.iter().find_map(failure).or_else(|| sets.all().find_map(failure));
    match found {
        None => condition::remove(conditions, "ReplicaFailure"),
        Some(failure) => {
            let condition = Condition {
                kind: "ReplicaFailure",
                status: member(&failure, "status"),
                reason: member(&failure, "reason"),
                message: member(&failure, "message"),
            };
            condition::set(conditions, condition, Times::Update, now);
        }
    }
}

/// Looks again when the deadline is over.
fn wake(spec: &Spec, status: &Value, conditions: &[Value], step: &mut Step, now: Timestamp) {
    let (Some(deadline), Some(current)) =
        (spec.progress_deadline, condition::find(conditions, PROGRESSING))
    else {
        return;
    };
    let over = matches!(member(current, "reason"), TIMED_OUT | AVAILABLE | PAUSED);
    if over || is_complete(spec, status) {
        return;
    }
    if let Some(updated) = time(current, ["lastUpdateTime"]) {
        let at = after(updated, deadline.saturating_add(1));
        if at > now {
            step.wake_at(at);
        }
    }
}

/// Writes status and revision annotation, when one of them changed: in one write.
pub(super) fn write(deployment: &Value, sets: &Sets, status: Value, step: &mut Step) {
    let revision = sets.revision().filter(|r| deployment.annotation(REVISION) != Some(r));
    if revision.is_none() && deployment.get("status") == Some(&status) {
        return;
    }
    let mut changed = deployment.clone();
    if let Some(revision) = revision {
        changed.set_annotation(REVISION, revision);
    }
    changed.make_map().insert("status", status);
    step.changes.push(Change::Status(changed));
}
