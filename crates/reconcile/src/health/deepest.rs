//! The reason behind a reason: of an unhealthy workload and what it owns, the object that fails deepest.

use super::Health;
use api::Timestamp;
use object::{Manifest, Value};

/// What the deepest failing object below `owner` says, as `Pod web-7d9f container web: ImagePullBackOff:
/// ...`, or `None` when nothing below it says more than the owner does. `children` may hold any objects;
/// those that belong to `owner`, over any number of steps, are found by their owner references.
pub fn deepest_failure(owner: &Value, children: &[&Value], now: Timestamp) -> Option<String> {
    let mut found = None;
    descend(owner, children, now, 0, &mut found);
    found.map(|(_, text)| text)
}

/// Owner references form chains of three at most in Kubernetes; a circle ends here.
const DEPTH: usize = 8;

fn descend(
    owner: &Value,
    children: &[&Value],
    now: Timestamp,
    depth: usize,
    found: &mut Option<(usize, String)>,
) {
    let uid = owner.meta("uid").unwrap_or_default();
    if depth >= DEPTH || uid.is_empty() {
        return;
    }
    for child in children.iter().filter(|c| is_owned_by(c, uid)) {
        let depth = depth + 1;
        if let Some(text) = failure(child, now)
            && found.as_ref().is_none_or(|(deepest, _)| depth > *deepest)
        {
            *found = Some((depth, format!("{} {}{text}", child.kind(), child.name())));
        }
        descend(child, children, now, depth, found);
    }
}

fn is_owned_by(child: &Value, uid: &str) -> bool {
    let references = child.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
    references.unwrap_or_default().iter().any(|r| r.get("uid").and_then(Value::as_str) == Some(uid))
}

/// What an object says about its own failure, to be put behind its name.
fn failure(object: &Value, now: Timestamp) -> Option<String> {
    match object.kind() {
        "Pod" => pod(object, now),
        "ReplicaSet" => condition(object, "ReplicaFailure", "True"),
        "Job" => condition(object, "Failed", "True"),
        _ => None,
    }
}

fn text<'a, const N: usize>(object: &'a Value, path: [&str; N]) -> &'a str {
    object.at(path).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object.at(["status", key]).and_then(Value::as_list).unwrap_or_default()
}

fn condition(object: &Value, kind: &str, status: &str) -> Option<String> {
    let found = list(object, "conditions")
        .iter()
        .find(|c| text(c, ["type"]) == kind && text(c, ["status"]) == status)?;
    Some(reason(text(found, ["reason"]), text(found, ["message"])))
}

/// `: Reason: message`, without what is empty.
fn reason(reason: &str, message: &str) -> String {
    [reason, message]
        .iter()
        .filter(|s| !s.is_empty())
        .fold(String::new(), |text, part| text + ": " + part)
}

/// Waiting reasons that are steps on the way, not failures.
const ON_THE_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

fn pod(object: &Value, now: Timestamp) -> Option<String> {
    for (key, word) in
        [("initContainerStatuses", "init container"), ("containerStatuses", "container")]
    {
        for status in list(object, key) {
            if let Some(text) = container(status) {
                return Some(format!(" {word} {}{text}", self::text(status, ["name"])));
            }
        }
    }
    if text(object, ["status", "phase"]) == "Failed" {
        return Some(reason(
            text(object, ["status", "reason"]),
            text(object, ["status", "message"]),
        ));
    }
    if let Some(text) = condition(object, "PodScheduled", "False") {
        return Some(text);
    }
    let Ok(Health { status: super::HealthStatus::Failed, message, .. }) =
        super::compute(object, now)
    else {
        return None;
    };
    Some(format!(": {message}"))
}

fn container(status: &Value) -> Option<String> {
    let waiting = text(status, ["state", "waiting", "reason"]);
    if !waiting.is_empty() && !ON_THE_WAY.contains(&waiting) {
        let message = text(status, ["state", "waiting", "message"]);
        // A container that keeps crashing waits for its next start; why it crashed stands in its last end.
        let last =
            last_end(status, "lastState").map(|end| format!(" (last: {end})")).unwrap_or_default();
        return Some(reason(waiting, message) + &last);
    }
    last_end(status, "state").map(|end| format!(": {end}"))
}

/// How a container ended, if it ended badly.
fn last_end(status: &Value, state: &str) -> Option<String> {
    let end = status.at([state, "terminated"])?;
    let code = end.get("exitCode").and_then(Value::as_int).unwrap_or_default();
    if code == 0 {
        return None;
    }
    let why = [text(end, ["reason"]), text(end, ["message"])];
    let why: Vec<&str> = why.into_iter().map(str::trim).filter(|s| !s.is_empty()).collect();
    Some(format!("{}, exit code {code}", why.join(": ")).trim_start_matches(", ").to_owned())
}
