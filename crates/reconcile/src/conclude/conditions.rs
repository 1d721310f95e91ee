//! The conditions that follow from a run.

use super::End;
use crate::plan::{Reason, Step};
use crate::run::{Awaited, Halt, HealthReport, Run, StepResult};
use api::names::{condition, reason};
use api::{Condition, ConditionStatus, Timestamp};

/// Longest message; Flux cuts at the same length, the schema allows a little more.
const LONGEST: usize = 20_000;

pub(super) fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.kind == kind)
}

pub(super) fn is_true(conditions: &[Condition], kind: &str) -> bool {
    find(conditions, kind).is_some_and(|c| c.status == ConditionStatus::True)
}

/// Conditions in the making: what was there, and what is to change.
pub(super) struct Draft {
    conditions: Vec<Condition>,
    generation: i64,
    now: Timestamp,
}

impl Draft {
    pub(super) fn new(previous: &[Condition], generation: i64, now: Timestamp) -> Self {
        Self { conditions: previous.to_vec(), generation, now }
    }

    fn set(&mut self, kind: &str, status: ConditionStatus, reason: &str, message: &str) {
        let new = Condition {
            kind: kind.to_owned(),
            status,
            observed_generation: Some(self.generation),
            last_transition_time: self.now,
            reason: reason.to_owned(),
            message: shortened(message),
        };
        match self.conditions.iter_mut().find(|c| c.kind == kind) {
            // Only a new status is a transition.
            Some(old) if old.status == status => {
                *old = Condition { last_transition_time: old.last_transition_time, ..new };
            }
            Some(old) => *old = new,
            None => self.conditions.push(new),
        }
    }

    fn holds(&self, kind: &str) -> bool {
        is_true(&self.conditions, kind)
    }

    fn remove(&mut self, kind: &str) {
        self.conditions.retain(|c| c.kind != kind);
    }

    pub(super) fn progressing(&mut self, activity: &str, checking_health: bool) {
        self.remove(condition::STALLED);
        self.set(condition::RECONCILING, ConditionStatus::True, reason::PROGRESSING, activity);
        self.set(
            condition::READY,
            ConditionStatus::Unknown,
            reason::PROGRESSING,
            "Reconciliation in progress",
        );
        if checking_health {
            self.set(condition::HEALTHY, ConditionStatus::Unknown, reason::PROGRESSING, activity);
        }
    }

    /// Reconciling and Stalled first, then Ready, then by name: the order `kubectl` users know from Flux.
    pub(super) fn finish(mut self) -> Vec<Condition> {
        let place = |kind: &str| match kind {
            condition::RECONCILING | condition::STALLED => 0,
            condition::READY => 1,
            _ => 2,
        };
        self.conditions.sort_by(|a, b| (place(&a.kind), &a.kind).cmp(&(place(&b.kind), &b.kind)));
        self.conditions
    }
}

/// Cut at a character, with a mark that it was cut.
fn shortened(message: &str) -> String {
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let mut end = LONGEST - 3;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &message[..end])
}

pub(super) fn of(run: &Run, end: &End, previous: &[Condition], now: Timestamp) -> Vec<Condition> {
    let mut draft = Draft::new(previous, run.spec.generation, now);
    let ready = if end.ready { ConditionStatus::True } else { ConditionStatus::False };
    draft.set(condition::READY, ready, &end.reason, &end.message);
    if end.stalled {
        draft.set(condition::STALLED, ConditionStatus::True, &end.reason, &end.message);
    } else {
        draft.remove(condition::STALLED);
    }
    if is_retried(run, end) {
        let message = activity(run);
        let why = reason::PROGRESSING_WITH_RETRY;
        draft.set(condition::RECONCILING, ConditionStatus::True, why, &message);
    } else {
        draft.remove(condition::RECONCILING);
    }
    healthy(&mut draft, run);
    drifted(&mut draft, run, end);
    draft.finish()
}

/// A run that had begun and will be tried again; what only waits has not begun.
fn is_retried(run: &Run, end: &End) -> bool {
    let begun = !matches!(
        run.halt,
        Some(Halt::Wait {
            for_: Awaited::Source { .. } | Awaited::Artifact | Awaited::Dependency { .. },
            ..
        })
    );
    !end.ready && !end.stalled && begun
}

/// How far the run got, in the words of kustomize-controller.
fn activity(run: &Run) -> String {
    let doing = if run.health.is_some() {
        "Running health checks"
    } else if run.inventory.is_some() {
        "Detecting drift"
    } else if run.attempted {
        "Building manifests"
    } else {
        "Fetching manifests"
    };
    let revision = run.revision.as_deref().unwrap_or_default();
    format!("{doing} for revision {revision} with a timeout of {}", api::Duration(run.spec.timeout))
}

fn healthy(draft: &mut Draft, run: &Run) {
    match &run.health {
        Some(report) if !report.objects.is_empty() => {
            // Looking without waiting says nothing new of what was healthy before.
            if report.passed() && report.elapsed.is_zero() && draft.holds(condition::HEALTHY) {
            } else if report.passed() {
                draft.set(
                    condition::HEALTHY,
                    ConditionStatus::True,
                    reason::SUCCEEDED,
                    &health_passed(report),
                );
            } else if matches!(run.halt, Some(Halt::Wait { .. })) {
                // The wait was given up: nothing is known.
            } else {
                let why = reason::HEALTH_CHECK_FAILED;
                draft.set(condition::HEALTHY, ConditionStatus::False, why, &report.faults());
            }
        }
        Some(_) => draft.remove(condition::HEALTHY),
        None if !run.spec.checks_health() => draft.remove(condition::HEALTHY),
        None => {}
    }
}

pub(super) fn health_passed(report: &HealthReport) -> String {
    format!("Health check passed in {}", api::Duration(report.elapsed))
}

/// Drift that was put right, or could not be. The condition appears with the first drift and stays.
fn drifted(draft: &mut Draft, run: &Run, end: &End) {
    let drifts: Vec<&Step> = run
        .plan
        .writes()
        .filter(|s| {
            matches!(
                s.reason,
                Reason::Drift { .. } | Reason::Missing | Reason::OwnershipLost { .. }
            )
        })
        .collect();
    if drifts.is_empty() {
        if end.ready
            && find(&draft.conditions, condition::DRIFTED)
                .is_some_and(|c| c.status == ConditionStatus::True)
        {
            draft.set(condition::DRIFTED, ConditionStatus::False, reason::SUCCEEDED, "as declared");
        }
        return;
    }
    let stands = |step: &Step| {
        matches!(run.outcome.result(&step.key), None | Some(StepResult::Failed { .. }))
    };
    let standing = drifts.iter().any(|s| stands(s));
    let lines: Vec<String> = drifts.iter().map(|s| super::events::drift_line(s)).collect();
    let (status, why) = if standing {
        (ConditionStatus::True, reason::DRIFT_DETECTED)
    } else {
        (ConditionStatus::False, reason::DRIFT_CORRECTED)
    };
    draft.set(condition::DRIFTED, status, why, &lines.join("\n"));
}
