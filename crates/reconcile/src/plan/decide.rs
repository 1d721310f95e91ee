//! From what is to be and what is, to what is done.

use super::changes::{Comparison, compare};
use super::{Action, Culprit, Plan, Reason, Step, Trigger, ignored, prune};
use crate::desired::{Desired, DesiredObject, Stage};
use crate::health::HealthStatus;
use crate::observed::{Live, Observed, Sight};
use crate::policy::{Policy, Ssa};
use crate::spec::SyncSpec;
use api::InventoryEntry;
use object::ObjectKey;
use std::collections::HashSet;

/// What has to be done so that exactly `desired` exists, of what `previous` lists and `observed` shows.
///
/// Total: every input has a plan, and an object that was not looked for, or could not be seen, gets a
/// step that leaves it alone; then nothing is deleted either. Pure: the same inputs give the same plan.
pub fn plan(
    desired: &Desired,
    observed: &Observed,
    previous: &[InventoryEntry],
    spec: &SyncSpec,
    trigger: &Trigger,
) -> Plan {
    if spec.suspend {
        return Plan { held: Some("suspended: spec.suspend is set".to_owned()), ..Plan::default() };
    }
    let known: HashSet<&str> = previous.iter().map(|e| e.id.as_str()).collect();
    let mut steps = Vec::with_capacity(desired.objects.len());
    for (i, object) in desired.objects.iter().enumerate() {
        let entry = desired.inventory.get(i);
        let was_applied = entry.is_some_and(|e| known.contains(e.id.as_str()));
        steps.push(decide(object, observed.get(&object.key), was_applied, spec, trigger));
        let last = desired.objects.get(i + 1).is_none_or(|next| next.stage != object.stage);
        if last && object.stage.is_waited_for() {
            waits(&mut steps, object.stage, observed);
        }
    }
    let mut plan = Plan { steps, ..Plan::default() };
    prune::add(&mut plan, desired, observed, previous, spec);
    plan
}

/// Waiting steps for the objects of a stage that the next one builds on, as far as they are not ready.
fn waits(steps: &mut Vec<Step>, stage: Stage, observed: &Observed) {
    let needed: Vec<Step> = steps
        .iter()
        .filter(|s| s.stage == stage)
        .filter(|s| {
            s.writes()
                || s.action == Action::Keep
                    && observed
                        .live(&s.key)
                        .is_some_and(|live| live.health.status != HealthStatus::Current)
        })
        .map(|s| Step {
            action: Action::Wait,
            reason: Reason::UntilReady,
            changes: Vec::new(),
            unknown: Vec::new(),
            migrate: Vec::new(),
            remove: Vec::new(),
            uid: None,
            value: None,
            recreate_if_immutable: false,
            ..s.clone()
        })
        .collect();
    steps.extend(needed);
}

/// A step with nothing but the decision.
pub(super) fn bare(
    key: &ObjectKey,
    version: &str,
    stage: Stage,
    action: Action,
    reason: Reason,
) -> Step {
    Step {
        key: key.clone(),
        version: version.to_owned(),
        stage,
        origin: String::new(),
        action,
        reason,
        changes: Vec::new(),
        unknown: Vec::new(),
        migrate: Vec::new(),
        remove: Vec::new(),
        uid: None,
        value: None,
        recreate_if_immutable: false,
    }
}

fn decide(
    object: &DesiredObject,
    sight: Option<&Sight>,
    was_applied: bool,
    spec: &SyncSpec,
    trigger: &Trigger,
) -> Step {
    let step = |action, reason| Step {
        origin: object.origin.clone(),
        unknown: object.unknown.clone(),
        ..bare(&object.key, &object.gvk.version, object.stage, action, reason)
    };
    let not_observed =
        |error: &str| step(Action::Skip, Reason::NotObserved { error: error.to_owned() });
    let live = match sight {
        None => return not_observed("it was not looked for"),
        Some(Sight::Failed(error)) => return not_observed(error),
        Some(Sight::Absent) => None,
        Some(Sight::Present(live)) => Some(live.as_ref()),
    };
    let policies = [Some(object.policy), live.map(|l| l.policy)];
    if let Some(policy) = policies.into_iter().flatten().find(|p| p.hands_off()) {
        let annotation = hands_off_annotation(policy, &spec.owner.group);
        return step(Action::Skip, Reason::Disabled { annotation });
    }
    let recreate = spec.force || policies.into_iter().flatten().any(|p| p.force);
    let Some(live) = live else {
        // Flux makes such a Job again with every run; between runs its going is no drift.
        if was_applied && *trigger == Trigger::Drift && object.vanishes_when_done() {
            return step(Action::Keep, Reason::Vanished);
        }
        let reason = if was_applied { Reason::Missing } else { Reason::New };
        return step(Action::Create, reason);
    };
    if object.policy.ssa == Ssa::IfNotPresent {
        return step(Action::Skip, Reason::IfNotPresent);
    }
    if live.deleting {
        return step(Action::Wait, Reason::Terminating);
    }
    let step = step(Action::Keep, Reason::InSync);
    let step = Step { uid: Some(live.uid.clone()), recreate_if_immutable: recreate, ..step };
    decide_present(object, live, step, spec, trigger)
}

/// The object is there and is to be applied if it is not as declared.
fn decide_present(
    object: &DesiredObject,
    live: &Live,
    step: Step,
    spec: &SyncSpec,
    trigger: &Trigger,
) -> Step {
    let merge = object.policy.ssa == Ssa::Merge || live.policy.ssa == Ssa::Merge;
    let (migrate, remove) = if merge {
        (Vec::new(), Vec::new())
    } else {
        (live.migrate.clone(), live.obsolete.clone())
    };
    let equal = object.hash == live.owned
        || live.applied.is_some_and(|a| a.desired == object.hash && a.owned == live.owned);
    // Comparing field by field is for objects that are not known to be equal, or whose foreign fields go.
    let comparison =
        (!equal || !migrate.is_empty()).then(|| compare(object, live, &migrate, spec)).flatten();
    let equal = equal || comparison.as_ref().is_some_and(|c| c.in_sync);
    if equal && migrate.is_empty() && remove.is_empty() {
        return Step { recreate_if_immutable: false, uid: None, ..step };
    }
    if let Some(refused) = &live.refused
        && refused.desired == object.hash
        && step.recreate_if_immutable
    {
        let reason = Reason::ImmutableField { message: refused.message.clone() };
        let changes = comparison.map(|c| c.changes).unwrap_or_default();
        return Step { action: Action::Recreate, reason, changes, ..step };
    }
    let reason = why(object, live, equal, comparison.as_ref(), spec, trigger);
    let changes = comparison.map(|c| c.changes).unwrap_or_default();
    let value = live.object.as_deref().and_then(|l| ignored::payload(object, l, spec));
    Step { action: Action::Apply, reason, changes, migrate, remove, value, ..step }
}

fn why(
    object: &DesiredObject,
    live: &Live,
    equal: bool,
    comparison: Option<&Comparison>,
    spec: &SyncSpec,
    trigger: &Trigger,
) -> Reason {
    if !live.managed || (live.owner.is_some() && !live.is_owned_by(spec)) {
        let from = live.owner.as_ref().map(|(ns, name)| format!("{ns}/{name}"));
        return Reason::Adopt { from };
    }
    let by: Vec<Culprit> = comparison.map(|c| c.by.clone()).unwrap_or_default();
    if equal {
        return if by.is_empty() { Reason::HandOver } else { Reason::Drift { by } };
    }
    if comparison.is_some_and(|c| c.changes.is_empty() && c.lost_ownership) {
        return Reason::OwnershipLost { by };
    }
    match live.applied {
        Some(applied) if applied.desired == object.hash => Reason::Drift { by },
        Some(_) => Reason::Changed,
        None if matches!(trigger, Trigger::Revision | Trigger::Spec) => Reason::Changed,
        None if !by.is_empty() || *trigger == Trigger::Drift => Reason::Drift { by },
        None => Reason::Unsettled,
    }
}

fn hands_off_annotation(policy: Policy, group: &str) -> String {
    if policy.disabled {
        format!("{group}/reconcile: disabled")
    } else {
        format!("{group}/ssa: Ignore")
    }
}
