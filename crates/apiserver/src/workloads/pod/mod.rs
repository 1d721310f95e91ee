//! Pods: placed on a simulated Node, started, made ready, crashed, restarted and removed.
//!
//! A container's state follows from its behaviour and from the time since the Pod's
//! states last changed; nothing else is remembered. Deliberately absent: probes, resources, networks, and
//! every reason for which a real scheduler would refuse a Node other than its being cordoned.

mod container;
mod references;
mod status;
#[cfg(test)]
mod tests;

pub use references::Reference;
pub(super) use references::references;

use super::Settings;
use super::change::{Change, Step};
use super::event::event;
use super::fields::{is_deleted, later, list, set, text};
use super::owner::SIMULATED;
use container::{Moment, Next};
use jiff::Timestamp;
use object::{Manifest as _, Value};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

const SCHEDULER: &str = "simulated-scheduler";
const KUBELET: &str = "simulated-kubelet";

/// What a Pod's step looks at beside the Pod.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// When the Pod's [stage] was first seen.
    pub since: Timestamp,
    /// The names of all Nodes, and of those that take new Pods.
    pub nodes: Nodes<'a>,
    /// The first ConfigMap or Secret that the Pod needs and that is not there.
    pub missing: Option<&'a Reference>,
}

/// The Nodes there are.
#[derive(Clone, Copy, Debug)]
pub struct Nodes<'a> {
    /// All of them, in order.
    pub all: &'a [String],
    /// Those that are not cordoned, in order.
    pub open: &'a [String],
}

/// A number that changes when a container, the phase, the placement or the deletion of the Pod changes.
pub fn stage(pod: &Value) -> u64 {
    let mut hash = DefaultHasher::new();
    is_deleted(pod).hash(&mut hash);
    text(pod, ["spec", "nodeName"]).hash(&mut hash);
    text(pod, ["status", "phase"]).hash(&mut hash);
    for member in ["initContainerStatuses", "containerStatuses"] {
        for container in list(pod, ["status", member]) {
            object::to_json(container).hash(&mut hash);
        }
    }
    hash.finish()
}

/// The next thing that happens to a Pod.
pub fn step(pod: &Value, around: &Surroundings<'_>, settings: &Settings, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(pod) {
        // With a finalizer the Pod waits for whoever set it.
        let gone = later(around.since, settings.stop);
        match list(pod, ["metadata", "finalizers"]).is_empty() {
            true if now >= gone => step.changes.push(Change::Remove(pod.clone())),
            true => step.wake_at(gone),
            false => {}
        }
        return step;
    }
    let node = text(pod, ["spec", "nodeName"]);
    let is_over = matches!(text(pod, ["status", "phase"]), "Succeeded" | "Failed");
    if !node.is_empty() && !around.nodes.all.iter().any(|n| n == node) {
        // As Kubernetes' Pod garbage collector does when a Node is gone.
        step.changes.push(Change::Remove(pod.clone()));
    } else if is_over {
    } else if node.is_empty() {
        schedule(pod, around, &mut step, now);
    } else if list(pod, ["status", "containerStatuses"]).is_empty() {
        step.status(pod, status::created(pod, around.nodes, now));
        let message = format!("Assigned {}/{} to {node} (simulated)", pod.namespace(), pod.name());
        step.changes.push(event(pod, SCHEDULER, ("Normal", "Scheduled"), &message, now));
    } else {
        run(pod, around, settings, &mut step, now);
    }
    step
}

/// Chooses the Node of a new Pod and gives it the status it starts with, before it is created.
pub(super) fn place(pod: &mut Value, nodes: Nodes<'_>, now: Timestamp) {
    if text(pod, ["spec", "nodeName"]).is_empty()
        && let Some(node) = choose(pod, nodes.open)
    {
        set(pod, ["spec", "nodeName"], node);
    }
    if !text(pod, ["spec", "nodeName"]).is_empty() {
        let status = status::created(pod, nodes, now);
        set(pod, ["status"], status);
    }
}

fn choose<'n>(pod: &Value, open: &'n [String]) -> Option<&'n str> {
    let mut hash = DefaultHasher::new();
    pod.name().hash(&mut hash);
    let count = u64::try_from(open.len()).ok().filter(|n| *n > 0)?;
    let at = usize::try_from(hash.finish() % count).ok()?;
    open.get(at).map(String::as_str)
}

fn schedule(pod: &Value, around: &Surroundings<'_>, step: &mut Step, now: Timestamp) {
    if !list(pod, ["spec", "schedulingGates"]).is_empty() {
        return;
    }
    match choose(pod, around.nodes.open) {
        Some(node) => {
            let mut placed = pod.clone();
            set(&mut placed, ["spec", "nodeName"], node);
            placed.set_annotation(SIMULATED, "true");
            step.changes.push(Change::Update(placed));
        }
        None => {
            let all = around.nodes.all.len();
            let message = format!(
                "0/{all} nodes are available: {all} node(s) were unschedulable (simulated)"
            );
            step.status(pod, status::unschedulable(pod, &message, now));
        }
    }
}

fn run(
    pod: &Value,
    around: &Surroundings<'_>,
    settings: &Settings,
    step: &mut Step,
    now: Timestamp,
) {
    let moment = Moment { pod, settings, missing: around.missing, now };
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
    let mut soonest = None;
    let mut happened = Vec::new();
    let initialized =
        advance(&moment, Part::Init, around.since, &mut status, &mut happened, &mut soonest);
    if initialized {
        advance(&moment, Part::Main, around.since, &mut status, &mut happened, &mut soonest);
    }
    if happened.is_empty() {
        if let Some(delay) = soonest {
            step.wake_at(later(around.since, delay));
        }
        return;
    }
    status::conclude(pod, &mut status, now);
    step.status(pod, status);
    for (kind, reason, message) in happened.into_iter().flatten() {
        step.changes.push(event(pod, KUBELET, (kind, reason), &message, now));
    }
}

/// Which containers of a Pod.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Init,
    Main,
}

/// What to tell about a container: type, reason and message of an Event.
type Note = Option<(&'static str, &'static str, String)>;

/// Lets the containers of one part go on; answers whether the next part may run.
fn advance(
    moment: &Moment<'_>,
    part: Part,
    since: Timestamp,
    status: &mut Value,
    happened: &mut Vec<Note>,
    soonest: &mut Option<jiff::SignedDuration>,
) -> bool {
    let (specs, member) = match part {
        Part::Init => ("initContainers", "initContainerStatuses"),
        Part::Main => ("containers", "containerStatuses"),
    };
    let specs = list(moment.pod, ["spec", specs]);
    let elapsed = moment.now.duration_since(since);
    let statuses = status.get_mut(member).and_then(Value::as_list_mut);
    for (spec, status) in specs.iter().zip(statuses.into_iter().flatten()) {
        let init = part == Part::Init;
        match moment.next(spec, status, init) {
            Next::Settled => {}
            Next::In(delay, to) if elapsed >= delay => {
                happened.push(to.note);
                *status = to.status;
            }
            Next::In(delay, _) => *soonest = Some(soonest.map_or(delay, |s| s.min(delay))),
        }
        if init && !container::lets_pass(spec, status) {
            return false;
        }
    }
    true
}
