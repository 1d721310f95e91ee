//! The status of a Pod as a whole: phase, conditions, addresses.

use super::super::condition::{self, Condition, Times};
use super::super::fields::{count, flag, generation, list, set, stamp, text};
use super::Nodes;
use jiff::Timestamp;
use object::{Manifest as _, Value, map};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The status of a Pod that has its Node and nothing else yet.
pub(super) fn created(pod: &Value, nodes: Nodes<'_>, now: Timestamp) -> Value {
    let has_init = !list(pod, ["spec", "initContainers"]).is_empty();
    let reason = if has_init { "PodInitializing" } else { "ContainerCreating" };
    let statuses = |specs: &str| -> Vec<Value> {
        let waiting = |spec: &Value| {
            map! {
                "name": text(spec, ["name"]),
                "image": text(spec, ["image"]),
                "imageID": "",
                "ready": false,
                "started": false,
                "restartCount": 0,
                "state": map! {"waiting": map! {"reason": reason}},
                "lastState": map! {},
            }
            .into()
        };
        list(pod, ["spec", specs]).iter().map(waiting).collect()
    };
    let host = host_address(text(pod, ["spec", "nodeName"]), nodes);
    let mut status = Value::from(map! {
        "phase": "Pending",
        "hostIP": host.clone(),
        "hostIPs": vec![map! {"ip": host}.into()],
        "startTime": stamp(now),
        "qosClass": quality(pod),
        "containerStatuses": statuses("containers"),
    });
    if has_init {
        set(&mut status, ["initContainerStatuses"], statuses("initContainers"));
    }
    if let Some(before) = pod.at(["status", "conditions"]) {
        set(&mut status, ["conditions"], before.clone());
    }
    conclude(pod, &mut status, now);
    status
}

/// The status of a Pod that no Node takes.
pub(super) fn unschedulable(pod: &Value, message: &str, now: Timestamp) -> Value {
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
    let mut conditions = list(&status, ["conditions"]).to_vec();
    let refused =
        Condition { kind: "PodScheduled", status: "False", reason: "Unschedulable", message };
    condition::set(&mut conditions, refused, Times::NullProbe, now);
    set(&mut status, ["phase"], "Pending");
    set(&mut status, ["conditions"], conditions);
    status
}

/// Phase, conditions and addresses after the containers have changed.
pub(super) fn conclude(pod: &Value, status: &mut Value, now: Timestamp) {
    let phase = phase(pod, status);
    set(status, ["phase"], phase);
    if generation(pod) != 0 {
        set(status, ["observedGeneration"], generation(pod));
    }
    if phase == "Running" && status.get("podIP").is_none() {
        let address = pod_address(pod);
        set(status, ["podIPs"], vec![map! {"ip": address.clone()}.into()]);
        set(status, ["podIP"], address);
    }
    let mut conditions = list(status, ["conditions"]).to_vec();
    let mut condition = |kind: &str, verdict: Verdict| {
        let (status, reason, message) = match &verdict {
            Verdict::True => ("True", "", ""),
            Verdict::False(reason, message) => ("False", *reason, message.as_str()),
        };
        let condition = Condition { kind, status, reason, message };
        condition::set(&mut conditions, condition, Times::NullProbe, now);
    };
    let initialized = initialized(pod, status);
    let ready = containers_ready(status, phase);
    condition("PodReadyToStartContainers", Verdict::True);
    condition("Initialized", initialized);
    condition("Ready", gated(pod, ready.clone()));
    condition("ContainersReady", ready);
    condition("PodScheduled", Verdict::True);
    set(status, ["conditions"], conditions);
}

#[derive(Clone)]
enum Verdict {
    True,
    False(&'static str, String),
}

fn phase(pod: &Value, status: &Value) -> &'static str {
    let containers = list(status, ["containerStatuses"]);
    let ended = |c: &Value| c.at(["state", "terminated"]).is_some();
    let exit = |c: &Value| count(c, ["state", "terminated", "exitCode"]);
    if !containers.is_empty() && containers.iter().all(ended) {
        return if containers.iter().all(|c| exit(c) == 0) { "Succeeded" } else { "Failed" };
    }
    // An init container that failed for good ends the Pod.
    let init = list(status, ["initContainerStatuses"]);
    if text(pod, ["spec", "restartPolicy"]) == "Never" && init.iter().any(|c| exit(c) != 0) {
        return "Failed";
    }
    let began = |c: &Value| {
        c.at(["state", "running"]).is_some()
            || ended(c)
            || c.at(["lastState", "terminated"]).is_some()
    };
    if containers.iter().any(began) { "Running" } else { "Pending" }
}

fn initialized(pod: &Value, status: &Value) -> Verdict {
    let specs = list(pod, ["spec", "initContainers"]);
    let statuses = list(status, ["initContainerStatuses"]);
    let open = specs.iter().zip(statuses).filter(|(spec, s)| !super::container::lets_pass(spec, s));
    let open: Vec<&str> = open.map(|(spec, _)| text(spec, ["name"])).collect();
    match open.as_slice() {
        [] => Verdict::True,
        open => Verdict::False(
            "ContainersNotInitialized",
            format!("containers with incomplete status: [{}]", open.join(" ")),
        ),
    }
}

fn containers_ready(status: &Value, phase: &str) -> Verdict {
    match phase {
        "Succeeded" => return Verdict::False("PodCompleted", String::new()),
        "Failed" => return Verdict::False("PodFailed", String::new()),
        _ => {}
    }
    let containers = list(status, ["containerStatuses"]).iter();
    let unready = containers.filter(|c| !flag(c, ["ready"])).map(|c| text(c, ["name"]));
    match unready.collect::<Vec<_>>().as_slice() {
        [] => Verdict::True,
        unready => Verdict::False(
            "ContainersNotReady",
            format!("containers with unready status: [{}]", unready.join(" ")),
        ),
    }
}

/// Readiness gates hold a Pod back until whoever they name opens them.
fn gated(pod: &Value, ready: Verdict) -> Verdict {
    let conditions = list(pod, ["status", "conditions"]);
    let gates = list(pod, ["spec", "readinessGates"]).iter().map(|g| text(g, ["conditionType"]));
    let closed: Vec<&str> = gates.filter(|g| !condition::is_true(conditions, g)).collect();
    match (ready, closed.first()) {
        (Verdict::True, Some(gate)) => Verdict::False(
            "ReadinessGatesNotReady",
            format!("corresponding condition of pod readiness gate {gate:?} does not exist."),
        ),
        (ready, _) => ready,
    }
}

/// The quality-of-service class, from requests and limits.
fn quality(pod: &Value) -> &'static str {
    let containers =
        || list(pod, ["spec", "containers"]).iter().chain(list(pod, ["spec", "initContainers"]));
    let named = |c: &Value, member: &str| {
        c.at(["resources", member]).and_then(Value::as_map).is_some_and(|m| !m.is_empty())
    };
    if !containers().any(|c| named(c, "requests") || named(c, "limits")) {
        return "BestEffort";
    }
    let guaranteed = |c: &Value| {
        ["cpu", "memory"].into_iter().all(|resource| {
            let limit = c.at(["resources", "limits", resource]);
            let request = c.at(["resources", "requests", resource]).or(limit);
            limit.is_some() && limit == request
        })
    };
    if containers().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}

/// The address of a Pod: in the range a small cluster uses, a function of the Pod.
fn pod_address(pod: &Value) -> String {
    let mut hash = DefaultHasher::new();
    pod.meta("uid").hash(&mut hash);
    pod.name().hash(&mut hash);
    let [a, b, ..] = hash.finish().to_le_bytes();
    format!("10.244.{a}.{}", b.max(2))
}

/// The address of a Node, from the range kept for documentation.
pub(super) fn host_address(node: &str, nodes: Nodes<'_>) -> String {
    let at = nodes.all.iter().position(|n| n == node).unwrap_or_default();
    super::super::node::address(at)
}
