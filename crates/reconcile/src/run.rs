//! The record of one run: what it set out to do, how far it got and why it ended.

use crate::health::{Health, HealthStatus};
use crate::observed::Applied;
use crate::plan::{Plan, Trigger};
use crate::spec::SyncSpec;
use api::InventoryEntry;
use object::ObjectKey;
use serde::Serialize;
use std::time::Duration;

/// The steps of a run, for saying where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Getting the files.
    Fetch,
    /// Turning them into objects.
    Render,
    /// Looking at the cluster and deciding.
    Plan,
    /// Applying.
    Apply,
    /// Deleting what left the source.
    Prune,
    /// Waiting for health.
    Health,
}

/// What a run waits for before it can begin (or begin anew).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Awaited {
    /// The source does not exist.
    Source {
        /// What was not found.
        message: String,
    },
    /// The source has nothing yet.
    Artifact,
    /// A dependency is not ready.
    Dependency {
        /// Which, and why not.
        message: String,
    },
    /// Something newer is to be applied; the wait for health was given up.
    Newer {
        /// `Kind/namespace/name` of what brought it.
        trigger: String,
    },
}

/// How a run ends early. The run it ends carries what was done until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Halt {
    /// Something else has to happen first; tried again when it does, and at the latest after `retry`.
    #[error("waiting for {}", match for_ {
        Awaited::Source { message } | Awaited::Dependency { message } => message.as_str(),
        Awaited::Artifact => "the source's first artifact",
        Awaited::Newer { trigger } => trigger.as_str(),
    })]
    Wait {
        /// What.
        for_: Awaited,
        /// Longest time until the next try.
        retry: Duration,
    },
    /// No retry can help before somebody changes something.
    #[error("{message}")]
    Stalled {
        /// Condition reason, such as [`api::names::reason::INVALID_CEL_EXPRESSION`].
        reason: String,
        /// What is wrong.
        message: String,
        /// What to do about it.
        fix: String,
    },
    /// It failed and will be tried again.
    #[error("{error}")]
    Failed {
        /// Where.
        phase: Phase,
        /// What happened, to which object (with file and line), and the remedy.
        error: String,
    },
}

impl Halt {
    /// A failure in `phase`.
    pub fn failed(phase: Phase, error: impl Into<String>) -> Self {
        Self::Failed { phase, error: error.into() }
    }
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StepResult {
    /// The object was created.
    Created,
    /// The object was changed.
    Configured,
    /// The object was applied, or not even that, and stayed as it was.
    Unchanged,
    /// The object was deleted, or was gone already.
    Deleted,
    /// The object was left alone.
    Skipped,
    /// It failed.
    Failed {
        /// The server's words, and the remedy when there is one.
        error: String,
        /// The server refused because a field is immutable.
        immutable: bool,
    },
}

/// One executed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// The object.
    pub key: ObjectKey,
    /// What came of it.
    pub result: StepResult,
    /// What the server's answer taught, for the observer to remember.
    pub applied: Option<Applied>,
}

/// What came of a plan, in the order things happened. A step that is not in here was not begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The executed steps.
    pub results: Vec<StepOutcome>,
}

impl Outcome {
    /// What came of the step for that object; the last word when there were several.
    pub fn result(&self, key: &ObjectKey) -> Option<&StepResult> {
        self.results.iter().rev().find(|r| r.key == *key).map(|r| &r.result)
    }

    /// The failures, in order.
    pub fn failures(&self) -> impl Iterator<Item = (&ObjectKey, &str)> {
        self.results.iter().filter_map(|r| match &r.result {
            StepResult::Failed { error, .. } => Some((&r.key, error.as_str())),
            _ => None,
        })
    }
}

/// How the wait for health ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthReport {
    /// How long it took.
    pub elapsed: Duration,
    /// Whether the time was up.
    pub timed_out: bool,
    /// What was waited for and how it is now. The message of an unhealthy workload is that of the deepest
    /// object that fails ([`crate::health::deepest_failure`]).
    pub objects: Vec<(ObjectKey, Health)>,
}

impl HealthReport {
    /// Whether everything is healthy.
    pub fn passed(&self) -> bool {
        self.objects.iter().all(|(_, h)| h.status == HealthStatus::Current)
    }

    /// Whether nothing is left to wait for: all healthy, or something failed.
    pub fn settled(&self) -> bool {
        self.passed() || self.objects.iter().any(|(_, h)| h.status == HealthStatus::Failed)
    }

    /// What is not healthy and why, failed objects before those that are not finished; empty when all is well.
    pub fn faults(&self) -> String {
        let named = |wanted: fn(HealthStatus) -> bool| {
            let of_interest = self.objects.iter().filter(move |(_, h)| wanted(h.status));
            of_interest.map(|(key, h)| format!("{key}: {h}"))
        };
        let failed: Vec<String> = named(|s| s == HealthStatus::Failed).collect();
        // Beside a failure, what has not finished yet is noise, unless the time was up for it too.
        if !failed.is_empty() && !self.timed_out {
            return failed.join(", ");
        }
        let unfinished = named(|s| !matches!(s, HealthStatus::Failed | HealthStatus::Current));
        failed.into_iter().chain(unfinished).collect::<Vec<_>>().join(", ")
    }
}

/// The record of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What it was to do.
    pub spec: SyncSpec,
    /// Why it ran.
    pub trigger: Trigger,
    /// The token of [`api::names::annotation::REQUESTED_AT`] on the owner.
    pub requested_at: Option<String>,
    /// Time since it began, at the moment it ended.
    pub elapsed: Duration,
    /// Revision of the source, when there was one.
    pub revision: Option<String>,
    /// Revision the source's artifact was made from, when it tells.
    pub origin_revision: Option<String>,
    /// Whether rendering was begun.
    pub attempted: bool,
    /// `sha256:<hex>` of the rendered objects.
    pub digest: Option<String>,
    /// What is to exist, as inventory; `None` when the run did not get that far.
    pub inventory: Option<Vec<InventoryEntry>>,
    /// What was decided.
    pub plan: Plan,
    /// What came of it.
    pub outcome: Outcome,
    /// How the wait for health ended, when there was one.
    pub health: Option<HealthReport>,
    /// Why it ended early, when it did.
    pub halt: Option<Halt>,
}
