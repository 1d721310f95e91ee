//! The events that follow from a run, in the order and words Flux's users know.

use super::{End, conditions};
use crate::desired::Stage;
use crate::plan::{Reason, Step};
use crate::run::{Awaited, Halt, Run, StepResult};
use api::KustomizationStatus;
use api::names::{self, condition, event, reason};
use serde::Serialize;
use std::collections::BTreeMap;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something happened. Type `Normal` of Kubernetes' events.
    Info,
    /// Something failed. Type `Warning`.
    Error,
}

/// One event about the owner of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// How much it matters.
    pub severity: Severity,
    /// Reason.
    pub reason: String,
    /// For people.
    pub message: String,
    /// Annotations of the event, `<group>/revision` and so on.
    pub metadata: BTreeMap<String, String>,
}

struct Writer<'a> {
    run: &'a Run,
    events: Vec<EventRecord>,
}

impl Writer<'_> {
    fn add(&mut self, severity: Severity, reason: &str, message: String) {
        if message.is_empty() {
            return;
        }
        let group = &self.run.spec.owner.group;
        let metadata = [
            (event::REVISION, self.run.revision.as_ref()),
            (event::ORIGIN_REVISION, self.run.origin_revision.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((format!("{group}/{key}"), value?.clone())))
        .collect();
        self.events.push(EventRecord { severity, reason: reason.to_owned(), message, metadata });
    }
}

pub(super) fn of(run: &Run, end: &End, previous: &KustomizationStatus) -> Vec<EventRecord> {
    let mut w = Writer { run, events: Vec::new() };
    let drift = lines(run, |s| s.stage != Stage::Prune && is_drift(s));
    let changed = lines(run, |s| s.stage != Stage::Prune && !is_drift(s));
    let pruned = lines(run, |s| s.stage == Stage::Prune);
    w.add(Severity::Info, reason::PROGRESSING, changed);
    w.add(Severity::Info, reason::DRIFT_CORRECTED, drift);
    w.add(Severity::Info, reason::PROGRESSING, pruned);
    if let Some(report) = run.health.as_ref().filter(|h| h.passed() && !h.objects.is_empty()) {
        let was_healthy = conditions::is_true(&previous.conditions, condition::HEALTHY);
        let new_revision = run.revision != previous.last_applied_revision;
        if !was_healthy || (new_revision && has_changes(run)) {
            w.add(Severity::Info, reason::PROGRESSING, conditions::health_passed(report));
        }
    }
    finish(&mut w, end);
    w.events
}

/// The events about an owner that is being deleted: what was deleted with it, and what could not be.
/// `run` has the plan of [`crate::plan_deletion`] and what came of it.
pub fn farewell(run: &Run, previous: &KustomizationStatus) -> Vec<EventRecord> {
    let ready = conditions::find(&previous.conditions, condition::READY);
    let why = ready.map_or(reason::PROGRESSING, |c| c.reason.as_str());
    let mut w = Writer { run, events: Vec::new() };
    w.add(Severity::Info, why, lines(run, |_| true));
    let failed = run.outcome.failures().map(|(key, error)| format!("{key}: {error}"));
    let failures: Vec<String> = run.plan.prune_held.iter().cloned().chain(failed).collect();
    w.add(Severity::Error, reason::PRUNE_FAILED, failures.join("\n"));
    w.events
}

fn finish(w: &mut Writer<'_>, end: &End) {
    let run = w.run;
    match &run.halt {
        Some(Halt::Wait { for_: Awaited::Dependency { .. }, retry }) => {
            let retry = api::Duration(*retry);
            let message = format!("Dependencies do not meet ready condition, retrying in {retry}");
            w.add(Severity::Info, &end.reason, message);
        }
        Some(Halt::Wait { for_: Awaited::Newer { trigger }, .. }) => {
            let message =
                format!("Health checks canceled due to new reconciliation triggered by {trigger}");
            w.add(Severity::Info, &end.reason, message);
        }
        Some(Halt::Wait { .. }) => {}
        _ if end.ready => {
            let (elapsed, interval) =
                (api::Duration(run.elapsed), api::Duration(run.spec.interval));
            let message = format!("Reconciliation finished in {elapsed}, next run in {interval}");
            w.add(Severity::Info, &end.reason, message);
            if let Some(last) = w.events.last_mut() {
                last.metadata.insert(
                    format!("{}/{}", run.spec.owner.group, event::COMMIT_STATUS),
                    event::COMMIT_STATUS_UPDATE.to_owned(),
                );
            }
        }
        _ => w.add(Severity::Error, &end.reason, end.message.clone()),
    }
}

fn has_changes(run: &Run) -> bool {
    run.outcome.results.iter().any(|r| word(&r.result).is_some())
}

/// How Flux calls what happened to an object; `None` when nothing did.
fn word(result: &StepResult) -> Option<&'static str> {
    match result {
        StepResult::Created => Some("created"),
        StepResult::Configured => Some("configured"),
        StepResult::Deleted => Some("deleted"),
        StepResult::Unchanged | StepResult::Skipped | StepResult::Failed { .. } => None,
    }
}

fn is_drift(step: &Step) -> bool {
    matches!(step.reason, Reason::Drift { .. } | Reason::OwnershipLost { .. } | Reason::Missing)
}

/// One line per object that changed, in the order of the plan.
fn lines(run: &Run, wanted: impl Fn(&Step) -> bool) -> String {
    let lines: Vec<String> = run
        .plan
        .writes()
        .filter(|s| wanted(s))
        .filter_map(|s| {
            let word = word(run.outcome.result(&s.key)?)?;
            let line = format!("{} {word}", s.key);
            Some(if is_drift(s) { format!("{line}: {}", drift_detail(s)) } else { line })
        })
        .collect();
    lines.join("\n")
}

/// Most fields that one line names.
const NAMED: usize = 10;

/// `changed in the cluster by kubectl-edit at 2026-11-21T04:06:03Z (.spec.replicas: 3 -> 1)`.
fn drift_detail(step: &Step) -> String {
    let mut text = step.reason.to_string();
    if !step.changes.is_empty() {
        let named: Vec<String> = step.changes.iter().take(NAMED).map(ToString::to_string).collect();
        text += &format!(" ({}", named.join(", "));
        if step.changes.len() > NAMED {
            text += &format!(" and {} more", step.changes.len() - NAMED);
        }
        text += ")";
    }
    text
}

/// The same with the object's name before it.
pub(super) fn drift_line(step: &Step) -> String {
    format!("{}: {}", step.key, drift_detail(step))
}

impl EventRecord {
    /// `Normal` or `Warning`, as Kubernetes' events have it.
    pub fn kubernetes_type(&self) -> &'static str {
        match self.severity {
            Severity::Info => "Normal",
            Severity::Error => "Warning",
        }
    }

    /// Who reports events of that owner kind.
    pub fn reporter() -> &'static str {
        names::KUSTOMIZE_MANAGER
    }
}
