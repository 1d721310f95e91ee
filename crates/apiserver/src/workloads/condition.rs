//! Status conditions: found, set and taken away the way Kubernetes' controllers do.

use super::fields::stamp;
use jiff::Timestamp;
use object::{Map, Value, map};

/// A condition to set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Which times a kind's conditions carry beside `lastTransitionTime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Only that one.
    Transition,
    /// `lastUpdateTime` too: Deployments.
    Update,
    /// `lastProbeTime` too, now (Jobs).
    Probe,
    /// `lastProbeTime` too, always null (Pods).
    NullProbe,
}

/// The condition of a type.
pub(super) fn find<'v>(conditions: &'v [Value], kind: &str) -> Option<&'v Value> {
    conditions.iter().find(|c| member(c, "type") == kind)
}

/// A text member of a condition.
pub(super) fn member<'v>(condition: &'v Value, name: &str) -> &'v str {
    condition.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the condition of a type is `True`.
pub(super) fn is_true(conditions: &[Value], kind: &str) -> bool {
    find(conditions, kind).is_some_and(|c| member(c, "status") == "True")
}

/// Takes the condition of a type away.
pub(super) fn remove(conditions: &mut Vec<Value>, kind: &str) {
    conditions.retain(|c| member(c, "type") != kind);
}

/// Sets a condition. Nothing changes when it says the same already; the time of the transition stays when
/// the status does.
pub(super) fn set(
    conditions: &mut Vec<Value>,
    condition: Condition<'_>,
    times: Times,
    now: Timestamp,
) {
    let mut transition = stamp(now);
    let mut place = conditions.len();
    if let Some(at) = conditions.iter().position(|c| member(c, "type") == condition.kind) {
        let current = &conditions[at];
        if member(current, "status") == condition.status {
            // Deployments and ReplicaSets keep the first message of a reason, as Kubernetes does.
            let keeps = matches!(times, Times::Update | Times::Transition);
            let same_message = keeps || member(current, "message") == condition.message;
            if member(current, "reason") == condition.reason && same_message {
                return;
            }
            transition = current.get("lastTransitionTime").cloned().unwrap_or(transition);
        }
        conditions.remove(at);
        // Deployments append what changed, the others change it where it stands.
        place = if times == Times::Update { conditions.len() } else { at };
    }
    conditions.insert(place, written(condition, times, transition, now).into());
}

fn written(condition: Condition<'_>, times: Times, transition: Value, now: Timestamp) -> Map {
    let mut out = map! {
        "type": condition.kind,
        "status": condition.status,
        "lastTransitionTime": transition,
    };
    if !condition.reason.is_empty() {
        out.insert("reason", condition.reason);
    }
    if !condition.message.is_empty() {
        out.insert("message", condition.message);
    }
    match times {
        Times::Transition => None,
        Times::Update => out.insert("lastUpdateTime", stamp(now)),
        Times::Probe => out.insert("lastProbeTime", stamp(now)),
        Times::NullProbe => out.insert("lastProbeTime", Value::Null),
    };
    out
}
