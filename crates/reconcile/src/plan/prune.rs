//! Deleting what is not to exist any more: previous inventory minus new, of what is still ours.

use super::decide::bare;
use super::{Action, Plan, Reason, Step};
use crate::desired::{Desired, Stage, rank};
use crate::inventory;
use crate::observed::{Live, Observed, Sight};
use crate::spec::SyncSpec;
use api::{DeletionPolicy, InventoryEntry};
use object::{Gvk, ObjectKey};
use std::collections::HashSet;

/// Adds the deletions, in the reverse of the order of applying.
pub(super) fn add(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    previous: &[InventoryEntry],
    spec: &SyncSpec,
) {
    let wanted: HashSet<&ObjectKey> = desired.objects.iter().map(|o| &o.key).collect();
    let stale = stale(previous, &wanted);
    if stale.is_empty() {
        return;
    }
    if !spec.prune {
        plan.prune_held = Some("spec.prune is not set".to_owned());
        return;
    }
    if let Some(unseen) = unseen(&plan.steps) {
        plan.prune_held = Some(unseen);
        return;
    }
    let steps = deletions(stale, observed, spec, &Reason::NotInSource);
    plan.steps.extend(steps);
}

/// The first object that could not be seen.
fn unseen(steps: &[Step]) -> Option<String> {
    steps.iter().find_map(|s| match &s.reason {
        Reason::NotObserved { error } => Some(format!("{} could not be observed: {error}", s.key)),
        _ => None,
    })
}

/// What has to be done before a deleted owner may go, by its deletion policy; nothing when it is suspended
/// (`finalizerShouldDeleteResources` of kustomize-controller).
///
/// With [`Plan::held`] the owner may go and the objects stay; with [`Plan::prune_held`] it may not go yet,
/// because something could not be seen and would be left behind.
pub fn plan_deletion(previous: &[InventoryEntry], observed: &Observed, spec: &SyncSpec) -> Plan {
    let held = if spec.suspend {
        Some("suspended: the objects stay")
    } else {
        match spec.deletion_policy {
            DeletionPolicy::Orphan => Some("deletionPolicy is Orphan: the objects stay"),
            DeletionPolicy::MirrorPrune if !spec.prune => {
                Some("spec.prune is not set: the objects stay")
            }
            _ => None,
        }
    };
    if let Some(held) = held {
        return Plan { held: Some(held.to_owned()), ..Plan::default() };
    }
    let stale = stale(previous, &HashSet::new());
    let mut steps = deletions(stale, observed, spec, &Reason::OwnerDeleted);
    let prune_held = unseen(&steps);
    if prune_held.is_some() {
        steps.retain(|s| !s.writes());
    }
    Plan { steps, prune_held, ..Plan::default() }
}

/// Entries that are not wanted any more, in the reverse of the order of applying. An entry that cannot be
/// read names no object, so nothing can be deleted for it.
fn stale(previous: &[InventoryEntry], wanted: &HashSet<&ObjectKey>) -> Vec<(ObjectKey, Gvk)> {
    let mut seen = HashSet::new();
    let mut stale: Vec<(ObjectKey, Gvk)> = previous
        .iter()
        .filter_map(|e| inventory::parse(e).ok())
        .filter(|(key, _)| !wanted.contains(key) && seen.insert(key.clone()))
        .collect();
    stale.sort_by(|(a, _), (b, _)| rank(b).cmp(&rank(a)));
    stale
}

fn deletions(
    stale: Vec<(ObjectKey, Gvk)>,
    observed: &Observed,
    spec: &SyncSpec,
    because: &Reason,
) -> Vec<Step> {
    stale
        .into_iter()
        .map(|(key, gvk)| {
            let step = |action, reason| bare(&key, &gvk.version, Stage::Prune, action, reason);
            let unseen =
                |error: &str| step(Action::Skip, Reason::NotObserved { error: error.to_owned() });
            match observed.get(&key) {
                None => unseen("it was not looked for"),
                Some(Sight::Failed(error)) => unseen(error),
                Some(Sight::Absent) => step(Action::Keep, Reason::AlreadyGone),
                Some(Sight::Present(live)) => match spared(live, spec) {
                    Some(reason) => step(Action::Skip, reason),
                    None if live.deleting => step(Action::Keep, Reason::Terminating),
                    None => Step {
                        uid: Some(live.uid.clone()),
                        ..step(Action::Delete, because.clone())
                    },
                },
            }
        })
        .collect()
}

/// Why a live object must not be deleted.
fn spared(live: &Live, spec: &SyncSpec) -> Option<Reason> {
    let group = &spec.owner.group;
    if !live.is_owned_by(spec) {
        let owner = live.owner.as_ref().map(|(ns, name)| format!("{ns}/{name}"));
        return Some(Reason::NotOurs { owner });
    }
    let annotation = if live.policy.keep {
        format!("{group}/prune: disabled")
    } else if live.policy.disabled {
        format!("{group}/reconcile: disabled")
    } else if live.policy.hands_off() {
        format!("{group}/ssa: Ignore")
    } else {
        return None;
    };
    Some(Reason::Disabled { annotation })
}
