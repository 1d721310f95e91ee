//! What a run means: status, events and the time of the next run, computed once, at its end.

mod conditions;
mod events;
mod history;

pub use events::{EventRecord, Severity, farewell};

use crate::inventory;
use crate::run::{Awaited, Halt, Phase, Run, StepResult};
use api::{Inventory, InventoryEntry, KustomizationStatus, Timestamp, names};
use conditions::Draft;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// What a run means.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The whole new status. Equal to the previous one when a run by the clock found nothing to do: then
    /// nothing has to be written.
    pub status: KustomizationStatus,
    /// Events to send, in order.
    pub events: Vec<EventRecord>,
    /// Longest time until the next run; `None` when only a change of the spec can help.
    pub next_run: Option<Duration>,
}

/// How a run ended, in the words of the Ready condition.
struct End {
    ready: bool,
    reason: String,
    message: String,
    stalled: bool,
}

/// Status, events and next run that follow from a run's record.
pub fn conclude(run: &Run, previous: &KustomizationStatus, now: Timestamp) -> Verdict {
    if run.spec.suspend {
        return Verdict { status: handled(run, previous), events: Vec::new(), next_run: None };
    }
    let end = end(run);
    if end.ready && is_quiet(run, previous) {
        return Verdict {
            status: previous.clone(),
            events: Vec::new(),
            next_run: Some(run.spec.interval),
        };
    }
    let mut status = handled(run, previous);
    if run.attempted {
        status.last_attempted_revision.clone_from(&run.revision);
    }
    status.inventory = kept_inventory(run, previous, end.ready);
    history::record(&mut status.history, run, &end.reason, now);
    if end.ready {
        status.last_applied_revision.clone_from(&run.revision);
        status.last_applied_origin_revision.clone_from(&run.origin_revision);
    }
    if end.ready || end.stalled {
        status.observed_generation = Some(run.spec.generation);
    }
    status.conditions = conditions::of(run, &end, &previous.conditions, now);
    let events = events::of(run, &end, previous);
    Verdict { status, events, next_run: next_run(run, &end) }
}

/// The status to show while a run is on its way, for runs that wait for something: `activity` is what goes
/// on, such as `Running health checks for revision R with a timeout of 5m0s`.
pub fn progress(
    run: &Run,
    previous: &KustomizationStatus,
    activity: &str,
    checking_health: bool,
    now: Timestamp,
) -> KustomizationStatus {
    let mut status = handled(run, previous);
    if run.attempted {
        status.last_attempted_revision.clone_from(&run.revision);
    }
    let mut draft = Draft::new(&previous.conditions, run.spec.generation, now);
    draft.progressing(activity, checking_health);
    status.conditions = draft.finish();
    status
}

/// The previous status with the request token answered.
fn handled(run: &Run, previous: &KustomizationStatus) -> KustomizationStatus {
    let mut status = previous.clone();
    if run.requested_at.is_some() {
        status.last_handled_reconcile_at.clone_from(&run.requested_at);
    }
    status
}

/// A run by the clock or after a start that found everything as its predecessor left it.
fn is_quiet(run: &Run, previous: &KustomizationStatus) -> bool {
    let ready = conditions::find(&previous.conditions, names::condition::READY);
    let healthy = !run.spec.checks_health()
        || conditions::is_true(&previous.conditions, names::condition::HEALTHY)
        || run.health.as_ref().is_none_or(|h| h.objects.is_empty());
    run.outcome
        .results
        .iter()
        .all(|r| matches!(r.result, StepResult::Unchanged | StepResult::Skipped))
        && run.requested_at == previous.last_handled_reconcile_at
        && run.revision == previous.last_applied_revision
        && Some(run.spec.generation) == previous.observed_generation
        && ready.is_some_and(|c| c.reason == names::reason::RECONCILIATION_SUCCEEDED)
        && healthy
        && same_entries(run.inventory.as_deref(), previous.inventory.as_ref())
        && conditions::find(&previous.conditions, names::condition::RECONCILING).is_none()
}

fn same_entries(new: Option<&[InventoryEntry]>, old: Option<&Inventory>) -> bool {
    let old = old.map(|i| i.entries.as_slice()).unwrap_or_default();
    let set = |entries: &[InventoryEntry]| entries.iter().cloned().collect::<HashSet<_>>();
    let new = new.unwrap_or_default();
    new == old || set(new) == set(old)
}

fn end(run: &Run) -> End {
    let failed = |reason: &str, message: String| End {
        ready: false,
        reason: reason.to_owned(),
        message,
        stalled: false,
    };
    if let Some(halt) = &run.halt {
        return match halt {
            Halt::Stalled { reason, message, fix } => End {
                stalled: true,
                ..failed(
                    reason,
                    format!(
                        "Reconciliation failed terminally due to configuration error: {message}{}",
                        if fix.is_empty() { String::new() } else { format!(" ({fix})") }
                    ),
                )
            },
            Halt::Wait { for_, retry } => waiting(for_, *retry),
            Halt::Failed { phase, error } => failed(phase_reason(*phase), error.clone()),
        };
    }
    if let Some((phase, error)) = failures(run) {
        return failed(phase_reason(phase), error);
    }
    if let Some(health) = run.health.as_ref().filter(|h| !h.passed()) {
        let message = health.faults();
        let message =
            format!("health check failed after {}: {message}", api::Duration(health.elapsed));
        return failed(names::reason::HEALTH_CHECK_FAILED, message);
    }
    End {
        ready: true,
        reason: names::reason::RECONCILIATION_SUCCEEDED.to_owned(),
        message: format!("Applied revision: {}", run.revision.as_deref().unwrap_or_default()),
        stalled: false,
    }
}

fn waiting(awaited: &Awaited, retry: Duration) -> End {
    let (reason, message) = match awaited {
        Awaited::Source { message } => (names::reason::ARTIFACT_FAILED, message.clone()),
        Awaited::Artifact => (
            names::reason::ARTIFACT_FAILED,
            format!("Source artifact not found, retrying in {}", api::Duration(retry)),
        ),
        Awaited::Dependency { message } => (names::reason::DEPENDENCY_NOT_READY, message.clone()),
        Awaited::Newer { trigger } => (
            names::reason::HEALTH_CHECK_CANCELED,
            format!("New reconciliation triggered by {trigger}"),
        ),
    };
    End { ready: false, reason: reason.to_owned(), message, stalled: false }
}

fn phase_reason(phase: Phase) -> &'static str {
    match phase {
        Phase::Fetch => names::reason::ARTIFACT_FAILED,
        Phase::Render => names::reason::BUILD_FAILED,
        Phase::Plan | Phase::Apply => names::reason::RECONCILIATION_FAILED,
        Phase::Prune => names::reason::PRUNE_FAILED,
        Phase::Health => names::reason::HEALTH_CHECK_FAILED,
    }
}

/// What failed while executing, and what the plan could not decide.
fn failures(run: &Run) -> Option<(Phase, String)> {
    let mut pruning = true;
    let mut lines = Vec::new();
    for (key, error) in run.outcome.failures() {
        let step = run.plan.step(key);
        pruning &= step.is_some_and(|s| s.stage == crate::Stage::Prune);
        let place = step.map(|s| s.origin.as_str()).filter(|o| !o.is_empty());
        let place = place.map(|p| format!(" ({p})")).unwrap_or_default();
        lines.push(format!("{key}{place}: {error}"));
    }
    for step in &run.plan.steps {
        let reason = &step.reason;
        let undecided = matches!(reason, crate::Reason::NotObserved { .. });
        let in_the_way =
            step.action == crate::Action::Wait && *reason == crate::Reason::Terminating;
        if undecided || in_the_way {
            pruning = false;
            lines.push(format!("{}: {reason}", step.key));
        }
    }
    if lines.is_empty() {
        return None;
    }
    Some((if pruning { Phase::Prune } else { Phase::Apply }, lines.join("\n")))
}

/// The inventory after a run. What was applied is in it, whatever happened afterwards; what could not be
/// deleted stays in it; and of a run that did not finish nothing that was in it is lost.
fn kept_inventory(run: &Run, previous: &KustomizationStatus, ready: bool) -> Option<Inventory> {
    let old = previous.inventory.as_ref().map(|i| i.entries.as_slice()).unwrap_or_default();
    let Some(new) = &run.inventory else {
        return previous.inventory.clone();
    };
    let results: BTreeMap<String, &StepResult> =
        run.outcome.results.iter().map(|r| (inventory::id(&r.key), &r.result)).collect();
    let gone = |entry: &InventoryEntry| matches!(results.get(&entry.id), Some(StepResult::Deleted));
    let applied = |entry: &InventoryEntry| {
        use StepResult::{Configured, Created, Unchanged};
        matches!(results.get(&entry.id), Some(Created | Configured | Unchanged))
    };
    let finished = ready || applied_all(run);
    let mut entries: Vec<InventoryEntry> = if finished {
        new.clone()
    } else {
        let listed: HashSet<&str> = old.iter().map(|e| e.id.as_str()).collect();
        let added = new.iter().filter(|e| !listed.contains(e.id.as_str()) && applied(e));
        old.iter().chain(added).cloned().collect()
    };
    if finished {
        let listed: HashSet<&str> = new.iter().map(|e| e.id.as_str()).collect();
        let left = old.iter().filter(|e| !listed.contains(e.id.as_str()) && left_over(run, e));
        entries.extend(left.cloned());
    }
    entries.retain(|e| !gone(e) || new.iter().any(|n| n.id == e.id));
    Some(Inventory { entries })
}

/// Whether every object of the set was applied, even if something failed after that.
fn applied_all(run: &Run) -> bool {
    let undecided = |s: &crate::Step| {
        matches!(s.reason, crate::Reason::NotObserved { .. } | crate::Reason::Terminating)
    };
    let late = match &run.halt {
        None => true,
        Some(Halt::Failed { phase, .. }) => matches!(phase, Phase::Prune | Phase::Health),
        Some(Halt::Wait { for_: Awaited::Newer { .. }, .. }) => true,
        Some(_) => false,
    };
    late && run.plan.steps.iter().filter(|s| s.stage != crate::Stage::Prune).all(|s| {
        !undecided(s)
            && (!s.writes()
                || !matches!(run.outcome.result(&s.key), None | Some(StepResult::Failed { .. })))
    })
}

/// Whether an old entry that is not wanted any more still has to be deleted.
fn left_over(run: &Run, entry: &InventoryEntry) -> bool {
    // An entry that names no object cannot be acted on; it goes.
    let Ok((key, _)) = inventory::parse(entry) else { return false };
    if run.plan.prune_held.is_some() {
        // Without prune the objects are let go, as Flux does; with it they wait for a better moment.
        return run.spec.prune;
    }
    match run.plan.step(&key) {
        Some(step) if step.writes() => {
            matches!(run.outcome.result(&key), None | Some(StepResult::Failed { .. }))
        }
        Some(step) => matches!(step.reason, crate::Reason::NotObserved { .. }),
        None => false,
    }
}

fn next_run(run: &Run, end: &End) -> Option<Duration> {
    if end.stalled {
        return None;
    }
    Some(match &run.halt {
        Some(Halt::Wait { for_: Awaited::Newer { .. }, .. }) => Duration::ZERO,
        Some(Halt::Wait { retry, .. }) => *retry,
        _ if end.ready => run.spec.interval,
        _ => run.spec.retry_interval,
    })
}

#[cfg(test)]
mod tests;
