//! ControllerRevisions: the templates that StatefulSets and DaemonSets had, in order.

use super::change::{Change, Step};
use super::fields::{count, int, text};
use super::owner::{controller_reference, hash_name, is_controlled_by, joined_name};
use object::{Manifest as _, Value, map};

/// The label that tells a Pod's revision.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";

/// The revisions of one workload, oldest first, the last being that of its present template.
pub(super) struct Revisions {
    all: Vec<Value>,
}

impl Revisions {
    /// Finds the revision of the present template, or makes it; one that was before is made the newest again.
    pub(super) fn of(owner: &Value, revisions: Vec<Value>, step: &mut Step) -> Self {
        let uid = owner.meta("uid").unwrap_or_default();
        let mut all: Vec<Value> =
            revisions.into_iter().filter(|r| is_controlled_by(r, uid)).collect();
        all.sort_by_key(number);
        let data = data(owner);
        let newest = all.last().map_or(0, number);
        match all.iter().position(|r| r.get("data") == Some(&data)) {
            Some(at) if at + 1 == all.len() => {}
            Some(at) => {
                let mut again = all.remove(at);
                again.make_map().insert("revision", newest + 1);
                step.changes.push(Change::Update(again.clone()));
                all.push(again);
            }
            None => {
                let made = revision(owner, data, newest + 1);
                step.changes.push(Change::Create(made.clone()));
                all.push(made);
            }
        }
        Self { all }
    }

    /// The revision of the present template.
    pub(super) fn update(&self) -> &Value {
        // `of` leaves at least one.
        self.all.last().unwrap_or(&Value::Null)
    }

    /// The revision with a name.
    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        self.all.iter().find(|r| r.name() == name)
    }

    /// Deletes the oldest beyond `revisionHistoryLimit` that no Pod and no status names.
    pub(super) fn clean(&self, owner: &Value, in_use: &[&str], step: &mut Step) {
        let limit = int(owner, ["spec", "revisionHistoryLimit"]).unwrap_or(10).max(0);
        let is_unused = |r: &&Value| {
            let hash = r.label(HASH_LABEL).unwrap_or_default();
            !in_use.iter().any(|used| *used == r.name() || *used == hash)
        };
        let history: Vec<&Value> =
            self.all.iter().take(self.all.len().saturating_sub(1)).filter(is_unused).collect();
        let surplus = history.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        step.changes.extend(history.into_iter().take(surplus).cloned().map(Change::Delete));
    }
}

fn number(revision: &Value) -> i64 {
    count(revision, ["revision"])
}

/// The Pod template that a revision keeps.
pub(super) fn template(revision: &Value) -> Option<Value> {
    let mut template = revision.at(["data", "spec", "template"])?.clone();
    template.make_map().remove("$patch");
    Some(template)
}

/// The part of a workload that a revision keeps: a patch that puts the template back.
fn data(owner: &Value) -> Value {
    let mut template = owner.at(["spec", "template"]).cloned().unwrap_or_else(Value::map);
    template.make_map().insert("$patch", "replace");
    map! {"spec": map! {"template": template}}.into()
}

fn revision(owner: &Value, data: Value, number: i64) -> Value {
    let hash = hash_name(&data, count(owner, ["status", "collisionCount"]));
    let labels = owner.at(["spec", "template", "metadata", "labels"]).cloned();
    let mut revision = Value::from(map! {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": map! {
            "name": joined_name(owner.name(), &hash, 253),
            "namespace": owner.namespace(),
            "labels": labels.unwrap_or_else(Value::map),
            "ownerReferences": vec![controller_reference(owner)],
        },
        "data": data,
        "revision": number,
    });
    revision.set_label(HASH_LABEL, &hash);
    revision
}

/// The hash of a revision, as Pods carry it.
pub(super) fn hash(revision: &Value) -> &str {
    text(revision, ["metadata", "labels", HASH_LABEL])
}
