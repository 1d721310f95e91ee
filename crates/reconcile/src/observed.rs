//! What is known about live objects at the moment a plan is made.

use crate::health::{Health, HealthRules};
use crate::policy::Policy;
use crate::spec::SyncSpec;
use api::{Timestamp, names};
use object::{Manifest, ObjectKey, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// What the last successful apply taught: this desired form became that owned projection. Lets a server's
/// own notation (quantities, defaults, dropped empty members) count as equal afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// [`DesiredObject::hash`](crate::DesiredObject::hash) of what was sent.
    pub desired: u64,
    /// [`ssa::owned_hash`] of the server's answer.
    pub owned: u64,
}

/// An apply that the server refused because it would change an immutable field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// [`DesiredObject::hash`](crate::DesiredObject::hash) of what was sent.
    pub desired: u64,
    /// The server's words.
    pub message: String,
}

/// An entry of `managedFields`, by what tells it apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct ManagerEntry {
    /// Field manager.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
}

/// One live object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `metadata.generation`, 0 when the kind has none.
    pub generation: i64,
    /// Its deletion was asked for.
    pub deleting: bool,
    /// Namespace and name in its owner labels, when both are there.
    pub owner: Option<(String, String)>,
    /// What its own annotations ask for.
    pub policy: Policy,
    /// [`ssa::owned_hash`] for our field manager.
    pub owned: u64,
    /// Whether our field manager has applied it, ever.
    pub managed: bool,
    /// What the last apply taught, when this process (or its memory) made one.
    pub applied: Option<Applied>,
    /// The last apply, when it was refused for an immutable field.
    pub refused: Option<Refused>,
    /// Entries of other managers whose fields become ours (`kubectl apply` and the like).
    pub migrate: Vec<ManagerEntry>,
    /// Annotations and labels, as `annotations/<key>` and `labels/<key>`, that a take-over removes.
    pub obsolete: Vec<String>,
    /// How it is.
    pub health: Health,
    /// The object, when it was fetched; without it changes cannot be named.
    pub object: Option<Arc<Value>>,
}

impl Live {
    /// Everything that can be read off a live object. `keep` keeps the object itself too.
    pub fn read(
        object: &Arc<Value>,
        spec: &SyncSpec,
        rules: &HealthRules,
        now: Timestamp,
        keep: bool,
    ) -> Self {
        let meta = |key| object.meta(key).unwrap_or_default().to_owned();
        let name = object.label(&spec.owner.name_label().0);
        let namespace = object.label(&spec.owner.namespace_label().0);
        Self {
            uid: meta("uid"),
            resource_version: meta("resourceVersion"),
            generation: object
                .at(["metadata", "generation"])
                .and_then(Value::as_int)
                .unwrap_or_default(),
            deleting: object.meta("deletionTimestamp").is_some(),
            owner: namespace.zip(name).map(|(ns, n)| (ns.to_owned(), n.to_owned())),
            policy: Policy::of(object, &spec.owner.group),
            owned: ssa::owned_hash(object, &spec.field_manager),
            managed: entries(object)
                .any(|e| e.manager == spec.field_manager && e.operation == "Apply"),
            applied: None,
            refused: None,
            migrate: to_migrate(object, spec),
            obsolete: obsolete(object),
            health: rules.assess(object, now),
            object: keep.then(|| Arc::clone(object)),
        }
    }

    /// Whether its labels say that `spec`'s owner owns it.
    pub fn is_owned_by(&self, spec: &SyncSpec) -> bool {
        self.owner
            .as_ref()
            .is_some_and(|(ns, name)| *ns == spec.owner.namespace && *name == spec.owner.name)
    }
}

/// Entries of the object itself, not of its subresources.
fn entries(object: &Value) -> impl Iterator<Item = ManagerEntry> {
    let list =
        object.at(["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .filter(|e| e.get("subresource").and_then(Value::as_str).unwrap_or_default().is_empty())
        .map(|e| {
            let text = |key| e.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            ManagerEntry { manager: text("manager"), operation: text("operation") }
        })
}

/// Commands that set one thing on purpose. What they change of the declared fields is drift and is put right; a label,
/// annotation or restart beside them is nobody's business but theirs.
const ADDITIONS: [&str; 4] =
    ["kubectl-annotate", "kubectl-label", "kubectl-rollout", "kubectl-scale"];

/// The entries that kustomize-controller turns into its own: those whose manager begins with `kubectl`,
/// updates before the first apply, and its own from before server-side apply. Names are prefixes
/// (`PatchReplaceFieldsManagers` of fluxcd/pkg/ssa). [`ADDITIONS`] are left alone.
fn to_migrate(object: &Value, spec: &SyncSpec) -> Vec<ManagerEntry> {
    let theirs = |e: &ManagerEntry| {
        let update = e.operation == "Update";
        (e.manager.starts_with("kubectl") && !ADDITIONS.contains(&e.manager.as_str()))
            || (update && e.manager.starts_with("before-first-apply"))
            || (update && e.manager.starts_with(&spec.field_manager))
            || spec.disallowed_managers.iter().any(|d| e.manager.starts_with(d.as_str()))
    };
    entries(object).filter(theirs).collect()
}

fn obsolete(object: &Value) -> Vec<String> {
    let annotations = names::annotation::OBSOLETE
        .iter()
        .chain([&names::annotation::LAST_APPLIED])
        .filter(|key| object.annotation(key).is_some())
        .map(|key| format!("annotations/{key}"));
    let labels = names::annotation::OBSOLETE_LABELS
        .iter()
        .filter(|key| object.label(key).is_some())
        .map(|key| format!("labels/{key}"));
    annotations.chain(labels).collect()
}

/// What was seen of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// It is not there.
    Absent,
    /// It is there.
    Present(Box<Live>),
    /// It could not be seen; why.
    Failed(String),
}

/// What was seen. An object that is not in here was not looked for, which is no proof that it is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    objects: HashMap<ObjectKey, Sight>,
}

impl Observed {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records what was seen of one object.
    pub fn insert(&mut self, key: ObjectKey, sight: Sight) {
        self.objects.insert(key, sight);
    }

    /// What was seen of one object; `None` when it was not looked for.
    pub fn get(&self, key: &ObjectKey) -> Option<&Sight> {
        self.objects.get(key)
    }

    /// The live object, when it was seen.
    pub fn live(&self, key: &ObjectKey) -> Option<&Live> {
        match self.objects.get(key) {
            Some(Sight::Present(live)) => Some(live),
            _ => None,
        }
    }

    /// Everything that was looked for, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &Sight)> {
        self.objects.iter()
    }
}

impl FromIterator<(ObjectKey, Sight)> for Observed {
    fn from_iter<I: IntoIterator<Item = (ObjectKey, Sight)>>(iter: I) -> Self {
        Self { objects: iter.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests;
