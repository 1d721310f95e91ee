//! What a look at a Git repository means: its status and events. Pure.

use api::names::{condition, event, reason};
use api::{
    Artifact, Condition, ConditionStatus, GitRepository, GitRepositoryStatus, Timestamp, names,
};
use reconcile::{EventRecord, Severity};
use std::collections::BTreeMap;

/// What a look at a repository gave.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// The artifact is the newest there is. `fresh` says that it was not there before.
    Stored { artifact: Artifact, included: Vec<Artifact>, fresh: bool },
    /// Something failed; what was verified before stays in force.
    Failed {
        /// Condition type beside Ready, such as `FetchFailed`.
        condition: &'static str,
        /// Condition reason, such as `GitOperationFailed`.
        reason: String,
        /// What happened.
        message: String,
        /// Whether no retry can help before somebody changes something.
        stalled: bool,
    },
}

/// Status and events that follow from a finding. `confirmed` is when the server last said that the artifact in the
/// status is its newest.
pub(super) fn conclude(
    source: &GitRepository,
    finding: &Finding,
    confirmed: Option<Timestamp>,
    now: Timestamp,
) -> (GitRepositoryStatus, Vec<EventRecord>) {
    let generation = source.metadata.generation;
    let mut status = source.status.clone();
    if let Some(token) = crate::requested_at(&source.metadata) {
        status.last_handled_reconcile_at = Some(token.clone());
    }
    match finding {
        Finding::Stored { artifact, included, fresh } => {
            let message = format!("stored artifact for revision '{}'", artifact.revision);
            status.conditions = [condition::READY, condition::ARTIFACT_IN_STORAGE]
                .map(|kind| Condition {
                    kind: kind.to_owned(),
                    status: ConditionStatus::True,
                    observed_generation: Some(generation),
                    last_transition_time: since(&source.status.conditions, kind, true, now),
                    reason: reason::SUCCEEDED.to_owned(),
                    message: message.clone(),
                })
                .to_vec();
            status.observed_generation = Some(generation);
            status.artifact = Some(artifact.clone());
            status.included_artifacts.clone_from(included);
            observe_spec(&mut status, source);
            let events = if *fresh { vec![new_artifact(&message, artifact)] } else { Vec::new() };
            (status, events)
        }
        Finding::Failed { condition, reason, message, stalled } => {
            let message = with_staleness(message, source, confirmed);
            status.conditions =
                failed_conditions(source, (condition, reason, &message), *stalled, now);
            if *stalled {
                status.observed_generation = Some(generation);
            }
            (status, vec![failure(reason, &message)])
        }
    }
}

/// The parts of the spec that the artifact was made with.
fn observe_spec(status: &mut GitRepositoryStatus, source: &GitRepository) {
    let spec = &source.spec;
    status.observed_ignore.clone_from(&spec.ignore);
    status.observed_recurse_submodules = spec.recurse_submodules;
    status.observed_include.clone_from(&spec.include);
    status.observed_sparse_checkout.clone_from(&spec.sparse_checkout);
}

/// A source that cannot be reached must say what is in force instead, and when that was last known to be the newest.
/// A moment and not a duration: the message stays the same while the source stays away, and need not be written again.
fn with_staleness(message: &str, source: &GitRepository, confirmed: Option<Timestamp>) -> String {
    let Some(artifact) = &source.status.artifact else { return message.to_owned() };
    let confirmed = confirmed.unwrap_or(artifact.last_update_time);
    format!(
        "{message}\nrevision '{}', stored {} and last confirmed {confirmed}, stays in force",
        artifact.revision, artifact.last_update_time
    )
}

fn failed_conditions(
    source: &GitRepository,
    (kind, reason, message): (&str, &str, &str),
    stalled: bool,
    now: Timestamp,
) -> Vec<Condition> {
    let old = &source.status.conditions;
    let make = |kind: &str, holds: bool, reason: &str, message: &str| Condition {
        kind: kind.to_owned(),
        status: if holds { ConditionStatus::True } else { ConditionStatus::False },
        observed_generation: Some(source.metadata.generation),
        last_transition_time: since(old, kind, holds, now),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let mut conditions = if stalled {
        vec![make(condition::STALLED, true, reason, message)]
    } else {
        vec![make(condition::RECONCILING, true, names::reason::PROGRESSING_WITH_RETRY, message)]
    };
    conditions.push(make(condition::READY, false, reason, message));
    conditions.push(make(kind, true, reason, message));
    conditions.extend(old.iter().filter(|c| c.kind == condition::ARTIFACT_IN_STORAGE).cloned());
    conditions
}

/// When a condition got this status: it keeps its time while the status stays.
fn since(old: &[Condition], kind: &str, holds: bool, now: Timestamp) -> Timestamp {
    let status = if holds { ConditionStatus::True } else { ConditionStatus::False };
    let same = old.iter().find(|c| c.kind == kind && c.status == status);
    same.map_or(now, |c| c.last_transition_time)
}

fn new_artifact(message: &str, artifact: &Artifact) -> EventRecord {
    let key = |name| format!("{}/{name}", names::SOURCE_GROUP);
    EventRecord {
        severity: Severity::Info,
        reason: reason::NEW_ARTIFACT.to_owned(),
        message: message.to_owned(),
        metadata: BTreeMap::from([
            (key(event::REVISION), artifact.revision.clone()),
            (key(event::DIGEST), artifact.digest.clone()),
        ]),
    }
}

fn failure(reason: &str, message: &str) -> EventRecord {
    EventRecord {
        severity: Severity::Error,
        reason: reason.to_owned(),
        message: message.to_owned(),
        metadata: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests;
