//! The status of a StatefulSet: how many Pods there are, of which revision.

use super::super::change::Step;
use super::super::fields::{count, generation, is_deleted, put_count, text};
use super::super::replicas::{Tally, is_active};
use super::super::revision::{HASH_LABEL, Revisions};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};
use std::collections::BTreeMap;

/// The name of the revision that Pods have that are not updated; at first the one and only.
pub(super) fn current_revision(set: &Value, revisions: &Revisions) -> String {
    match text(set, ["status", "currentRevision"]) {
        name if revisions.named(name).is_some() => name.to_owned(),
        _ => revisions.update().name().to_owned(),
    }
}

/// Writes the status, and deletes the revisions that history no longer keeps.
pub(super) fn conclude(
    set: &Value,
    pods: &BTreeMap<i64, Value>,
    revisions: &Revisions,
    step: &mut Step,
    now: Timestamp,
) {
    let mut current = current_revision(set, revisions);
    let update = revisions.update().name();
    let living: Vec<&Value> = pods.values().filter(|p| is_active(p)).collect();
    let of = |revision: &str| {
        let pods = living.iter().filter(|p| p.label(HASH_LABEL) == Some(revision)).count();
        i64::try_from(pods).unwrap_or(i64::MAX)
    };
    let replicas = pods.values().filter(|p| !is_deleted(p) || is_active(p)).count();
    let replicas = i64::try_from(replicas).unwrap_or(i64::MAX);
    let min_ready = count(set, ["spec", "minReadySeconds"]);
    let tally = Tally::of(living.iter().copied(), min_ready, now);
    if let Some(next) = tally.next {
        step.wake_at(next);
    }
    let updated = of(update);
    let rolls = text(set, ["spec", "updateStrategy", "type"]) != "OnDelete";
    if rolls && updated == replicas && tally.ready == replicas {
        update.clone_into(&mut current);
    }
    let mut status = map! {
        "replicas": replicas,
        "availableReplicas": tally.available,
        "currentRevision": current.clone(),
        "updateRevision": update,
        "collisionCount": count(set, ["status", "collisionCount"]),
    };
    put_count(&mut status, "observedGeneration", generation(set));
    put_count(&mut status, "readyReplicas", tally.ready);
    put_count(&mut status, "currentReplicas", of(&current));
    put_count(&mut status, "updatedReplicas", updated);
    step.status(set, status.into());
    let mut in_use: Vec<&str> = living.iter().filter_map(|p| p.label(HASH_LABEL)).collect();
    in_use.push(&current);
    revisions.clean(set, &in_use, step);
}
