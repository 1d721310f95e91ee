//! A plan: what will be done to which object, in which order and why. The only road to a change.
//!
//! The same value feeds `windlass plan`, the pages, events, audit and the executor, so every step says
//! all there is to say: also about objects that stay as they are, are left alone or must be waited for.

mod changes;
mod decide;
mod display;
mod ignored;
mod prune;

pub use changes::FieldChange;
pub use decide::plan;
pub use prune::plan_deletion;

use crate::desired::Stage;
use crate::observed::ManagerEntry;
use object::{ObjectKey, Value};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Why a run was made. Of several reasons the last in this order counts: it asks for the most.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// Its time had come.
    #[default]
    Interval,
    /// A live object changed.
    Drift,
    /// Something it waited for happened.
    Dependency,
    /// The source has a new revision.
    Revision,
    /// Its own spec changed.
    Spec,
    /// Somebody asked for it.
    Request,
    /// The process has just started.
    Start,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Applies an object that is not there.
    Create,
    /// Applies an object that is there.
    Apply,
    /// Deletes an object, waits until it is gone and applies it again.
    Recreate,
    /// Deletes an object, in the background.
    Delete,
    /// Nothing: it is as it should be.
    Keep,
    /// Nothing: it is left alone.
    Skip,
    /// Nothing, but what comes after it cannot begin before the object is in the state the reason names.
    Wait,
}

/// Who changed a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Culprit {
    /// Field manager, such as `kubectl-edit`.
    pub manager: String,
    /// When, RFC 3339; empty when not recorded.
    pub time: String,
}

/// Why a step does what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// It was never there.
    New,
    /// It was there, and somebody deleted it.
    Missing,
    /// It is declared otherwise than it was applied.
    Changed,
    /// It is a Job that deletes itself when it is done.
    Vanished,
    /// Somebody changed it.
    Drift {
        /// Who, as far as can be told.
        by: Vec<Culprit>,
    },
    /// It is there, but was made by others.
    Adopt {
        /// `namespace/name` of the owner its labels name, when they do.
        from: Option<String>,
    },
    /// Its values are right, but some fields are not ours any more.
    OwnershipLost {
        /// Who has them.
        by: Vec<Culprit>,
    },
    /// It is not in the form it was declared in, and whether that is drift or the server's way of writing
    /// is not known since the last start; applying it tells.
    Unsettled,
    /// Fields set by `kubectl` become ours; those that are not declared go.
    HandOver,
    /// The server refuses to change a field.
    ImmutableField {
        /// Its words.
        message: String,
    },
    /// It left the source.
    NotInSource,
    /// Its owner is being deleted.
    OwnerDeleted,
    /// It is as declared.
    InSync,
    /// An annotation says so.
    Disabled {
        /// The annotation, `key: value`.
        annotation: String,
    },
    /// It was to be created only, and is there.
    IfNotPresent,
    /// Its labels name another owner, or none.
    NotOurs {
        /// `namespace/name` of that owner.
        owner: Option<String>,
    },
    /// It is gone already.
    AlreadyGone,
    /// It could not be seen, so nothing is decided about it.
    NotObserved {
        /// Why not.
        error: String,
    },
    /// It is being deleted; it can be made again when it is gone.
    Terminating,
    /// The next stage needs it ready.
    UntilReady,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The object.
    #[serde(rename = "object", serialize_with = "key_as_map")]
    pub key: ObjectKey,
    /// Its API version without the group.
    pub version: String,
    /// When it happens; steps of one stage may happen at once, except deletions.
    pub stage: Stage,
    /// Where the object is declared, `path:line`; empty for deletions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// What happens.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// Field by field, when the live object was at hand. Values of Secrets are masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Members of the manifest that its kind does not have; they are not applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Entries of `managedFields` whose fields become ours before the apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migrate: Vec<ManagerEntry>,
    /// `annotations/<key>` and `labels/<key>` that are removed before the apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// `metadata.uid` of the object that was seen; a deletion is of no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What is applied instead of the declared form, when some of its fields may be changed by others and
    /// were ([`crate::SyncSpec::ignore`]).
    #[serde(skip)]
    pub value: Option<Arc<Value>>,
    /// Whether a refusal because of an immutable field is answered by recreating the object.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recreate_if_immutable: bool,
}

impl Step {
    /// Whether the step writes.
    pub fn writes(&self) -> bool {
        matches!(self.action, Action::Create | Action::Apply | Action::Recreate | Action::Delete)
    }
}

/// What will be done, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The steps, by stage.
    pub steps: Vec<Step>,
    /// Why nothing at all is done, when that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Why objects that left the source are not deleted, when there are such and they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_held: Option<String>,
}

impl Plan {
    /// The steps that write.
    pub fn writes(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| s.writes())
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.writes().next().is_none()
    }

    /// The steps of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |s| s.stage == stage)
    }

    /// The step for an object, waiting aside.
    pub fn step(&self, key: &ObjectKey) -> Option<&Step> {
        self.steps.iter().find(|s| s.key == *key && s.reason != Reason::UntilReady)
    }
}

fn key_as_map<S: Serializer>(key: &ObjectKey, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Key<'a> {
        group: &'a str,
        kind: &'a str,
        namespace: &'a str,
        name: &'a str,
    }
    let ObjectKey { group, kind, namespace, name } = key;
    Key { group, kind, namespace, name }.serialize(serializer)
}

#[cfg(test)]
mod tests;
