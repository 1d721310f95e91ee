//! What is to exist: rendered objects, labelled as ours, in the order they are applied in.

mod expected;
mod normal;
mod order;
mod own;

pub(crate) use expected::stored;
pub(crate) use order::rank;
pub use own::{Rendered, Scope, own};

use crate::policy::Policy;
use api::InventoryEntry;
use object::{Gvk, ObjectKey, Value};
use serde::Serialize;
use std::sync::Arc;

/// The stages of a run; each is applied, and for the first two waited for, before the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// CustomResourceDefinitions, Namespaces and ClusterRoles.
    Definitions,
    /// Kinds whose name ends in `Class`.
    Classes,
    /// Instances of definitions that are in the same set.
    Custom,
    /// Everything else.
    Rest,
    /// Deletions.
    Prune,
}

impl Stage {
    /// Whether the next stage waits until this one's objects are there for good.
    pub fn is_waited_for(self) -> bool {
        matches!(self, Self::Definitions | Self::Classes)
    }
}

/// One object that is to exist.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObject {
    /// Which.
    pub key: ObjectKey,
    /// Its kind with the version it is written in.
    pub gvk: Gvk,
    /// What is applied, owner labels included.
    pub value: Arc<Value>,
    /// [`ssa::owned_hash`] of the live object once it is applied, as far as that can be foretold without the
    /// server; it changes whenever what a server would store of it does.
    pub hash: u64,
    /// Where it was declared, `path:line`.
    pub origin: String,
    /// When it is applied.
    pub stage: Stage,
    /// What its own annotations ask for.
    pub policy: Policy,
    /// Members of the manifest that its kind does not have, left out as Flux leaves them out.
    pub unknown: Vec<String>,
    /// JSON pointers to fields that others may change, by `spec.ignore`.
    pub ignored: Vec<String>,
}

impl DesiredObject {
    /// Whether it goes away by itself when it is done: a Job with `ttlSecondsAfterFinished`. That it is not
    /// there is then no sign of anything wrong.
    pub fn vanishes_when_done(&self) -> bool {
        self.gvk.group == "batch"
            && self.gvk.kind == "Job"
            && self
                .value
                .at(["spec", "ttlSecondsAfterFinished"])
                .is_some_and(|v| v.as_int().is_some())
    }
}

/// What is to exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Ordered by stage, then Flux's order of kinds, then namespace and name.
    pub objects: Vec<DesiredObject>,
    /// The same as inventory entries, in the same order.
    pub inventory: Vec<InventoryEntry>,
}

impl Desired {
    /// The object with that identity.
    pub fn get(&self, key: &ObjectKey) -> Option<&DesiredObject> {
        self.objects.iter().find(|o| o.key == *key)
    }
}
