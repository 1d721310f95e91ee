//! What ReplicaSets, StatefulSets, DaemonSets and Jobs read from the Pods they own.

use super::condition;
use super::fields::{after, is_deleted, list, text, time};
use jiff::Timestamp;
use object::Value;

/// Whether a Pod counts: it is not over and not being deleted.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_deleted(pod) && !matches!(text(pod, ["status", "phase"]), "Succeeded" | "Failed")
}

/// Whether a Pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition::is_true(list(pod, ["status", "conditions"]), "Ready")
}

/// The moment from which a ready Pod is available: `seconds` after it became ready.
pub(super) fn available_from(pod: &Value, seconds: i64) -> Option<Timestamp> {
    let ready = condition::find(list(pod, ["status", "conditions"]), "Ready")?;
    if condition::member(ready, "status") != "True" {
        return None;
    }
    if seconds <= 0 {
        return Some(Timestamp::MIN);
    }
    Some(after(time(ready, ["lastTransitionTime"])?, seconds))
}

/// How many Pods are ready and available, and when the next ready one becomes available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) next: Option<Timestamp>,
}

impl Tally {
    pub(super) fn of<'v>(
        pods: impl IntoIterator<Item = &'v Value>,
        min_ready_seconds: i64,
        now: Timestamp,
    ) -> Self {
        let mut tally = Self::default();
        for pod in pods {
            let Some(from) = available_from(pod, min_ready_seconds) else { continue };
            tally.ready += 1;
            if from <= now {
                tally.available += 1;
            } else {
                tally.next = Some(tally.next.map_or(from, |next| next.min(from)));
            }
        }
        tally
    }
}

/// Which Pods go first when there are too many: those without a Node, those not yet running, those not
/// ready, then the youngest (`k8s.io/kubernetes/pkg/controller.ActivePodsWithRanks`).
pub(super) fn expendable_first(pods: &mut [Value]) {
    pods.sort_by(|a, b| {
        let rank = |pod: &Value| {
            let placed = !text(pod, ["spec", "nodeName"]).is_empty();
            let running = text(pod, ["status", "phase"]) == "Running";
            let cost: i64 =
                object::Manifest::annotation(pod, "controller.kubernetes.io/pod-deletion-cost")
                    .and_then(|c| c.parse().ok())
                    .unwrap_or_default();
            (placed, running, is_ready(pod), cost)
        };
        let born = |pod| text(pod, ["metadata", "creationTimestamp"]);
        rank(a).cmp(&rank(b)).then_with(|| born(b).cmp(born(a)))
    });
}
