//! Field by field: how a live object differs from what is declared, and who made it differ.
//!
//! Who owns what is read off `managedFields`, which also tells how the items of lists are told apart, so no
//! schema of a custom kind is needed. Of built-in kinds it is known what a server makes of what is declared
//! (defaults of what is empty); such a value counts as declared where we own it.

use super::{Culprit, ignored};
use crate::desired::DesiredObject;
use crate::observed::{Live, ManagerEntry};
use crate::spec::SyncSpec;
use object::{Map, Value};
use serde::Serialize;
use ssa::{FieldPath, FieldSet, Operation, PathElement};
use std::collections::BTreeSet;

/// One field that is not as declared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Path as in `.spec.template.spec.containers[name="web"].image`.
    pub path: String,
    /// What it is; `None` when the live object lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// What it is to be; `None` when it is to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<Value>,
}

/// The outcome of a comparison.
pub(super) struct Comparison {
    /// An apply would change nothing.
    pub(super) in_sync: bool,
    /// The fields that would change.
    pub(super) changes: Vec<FieldChange>,
    /// Fields we declare are not ours.
    pub(super) lost_ownership: bool,
    /// Who owns what differs.
    pub(super) by: Vec<Culprit>,
}

/// Most fields that are compared one by one. What has more is applied without naming its changes: finding
/// the items of lists takes time that grows with the square of their number.
const COMPARED: usize = 10_000;

/// Whether a value has no more than `left` scalars, which are counted down.
fn is_smaller(value: &Value, left: &mut usize) -> bool {
    match value {
        Value::Map(map) => map.values().all(|v| is_smaller(v, left)),
        Value::List(items) => items.iter().all(|v| is_smaller(v, left)),
        _ => {
            *left = left.saturating_sub(1);
            *left > 0
        }
    }
}

/// Compares what is declared with the live object; `None` when that was not fetched. The fields of the
/// entries in `migrate` count as ours.
pub(super) fn compare(
    object: &DesiredObject,
    live: &Live,
    migrate: &[ManagerEntry],
    spec: &SyncSpec,
) -> Option<Comparison> {
    let value = live.object.as_deref()?;
    if migrate.is_empty() && ssa::in_sync(&object.value, value, &spec.field_manager) {
        return Some(Comparison {
            in_sync: true,
            changes: Vec::new(),
            lost_ownership: false,
            by: Vec::new(),
        });
    }
    let own = ssa::managed_set(value, &spec.field_manager, Operation::Apply, Some(""));
    let ours = migrate.iter().fold(own.unwrap_or_default(), |set, entry| {
        let operation =
            if entry.operation == "Apply" { Operation::Apply } else { Operation::Update };
        let theirs = ssa::managed_set(value, &entry.manager, operation, Some(""));
        theirs.map_or_else(|| set.clone(), |theirs| set.union(&theirs))
    });
    if ours.len() > COMPARED || !is_smaller(&object.value, &mut { COMPARED }) {
        return None;
    }
    let foreign = foreign(value, migrate, spec);
    let ignored = object.ignored.as_slice();
    let desired = ssa::desired_projection(&object.value);
    let mut walk = Walk {
        live: value,
        ours: &ours,
        shape: foreign.union(&ours),
        foreign: &foreign,
        secret: object.gvk.group.is_empty() && object.gvk.kind == "Secret",
        stored: stored(object),
        path: Vec::new(),
        differing: Vec::new(),
        unowned: Vec::new(),
        released: false,
        changes: Vec::new(),
    };
    walk.value(&desired, Some(value));
    walk.removals(&desired);
    if !ignored.is_empty() {
        walk.forget(|path| ignored::covers(ignored, path, &desired, value));
    }
    let Walk { differing, unowned, released, changes, .. } = walk;
    let lost = if changes.is_empty() { unowned.as_slice() } else { &[] };
    let by = culprits(value, differing.iter().chain(lost), spec);
    Some(Comparison {
        in_sync: changes.is_empty() && unowned.is_empty() && !released,
        changes,
        lost_ownership: !unowned.is_empty(),
        by,
    })
}

/// What a server would store of a built-in kind; the object itself for all others.
fn stored(object: &DesiredObject) -> Value {
    crate::desired::stored(&object.value, &object.gvk)
        .unwrap_or_else(|| Value::clone(&object.value))
}

/// The fields of all entries that are not ours, and do not become ours.
fn foreign(live: &Value, migrate: &[ManagerEntry], spec: &SyncSpec) -> FieldSet {
    let entries = live.at(["metadata", "managedFields"]).and_then(Value::as_list);
    let text = |e: &Value, key| e.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_ours = |e: &Value| {
        let (manager, operation) = (text(e, "manager"), text(e, "operation"));
        text(e, "subresource").is_empty()
            && (manager == spec.field_manager && operation == "Apply"
                || migrate.iter().any(|m| m.manager == manager && m.operation == operation))
    };
    entries
        .unwrap_or_default()
        .iter()
        .filter(|e| !is_ours(e))
        .filter_map(|e| FieldSet::from_fields_v1(e.get("fieldsV1")?).ok())
        .fold(FieldSet::new(), |all, set| all.union(&set))
}

/// Who, besides our own applies, owns those fields.
fn culprits<'a>(
    live: &Value,
    paths: impl Iterator<Item = &'a FieldPath>,
    spec: &SyncSpec,
) -> Vec<Culprit> {
    let mut found = BTreeSet::new();
    for path in paths {
        for owner in ssa::owners_of(live, path) {
            if owner.manager != spec.field_manager || owner.operation != "Apply" {
                found.insert(Culprit { manager: owner.manager, time: owner.time });
            }
        }
    }
    found.into_iter().collect()
}

struct Walk<'a> {
    live: &'a Value,
    ours: &'a FieldSet,
    foreign: &'a FieldSet,
    /// Everybody's fields: how lists are keyed, whoever owns their items.
    shape: FieldSet,
    secret: bool,
    stored: Value,
    path: Vec<PathElement>,
    differing: Vec<FieldPath>,
    unowned: Vec<FieldPath>,
    /// Whether something is ours that we do not declare and that stays with others.
    released: bool,
    changes: Vec<FieldChange>,
}

impl Walk<'_> {
    fn value(&mut self, desired: &Value, live: Option<&Value>) {
        match (desired, live) {
            (Value::Map(d), Some(Value::Map(l))) if !d.is_empty() && !self.is_leaf() => {
                self.map(d, l);
            }
            (Value::List(d), Some(Value::List(l))) if !d.is_empty() && !self.is_leaf() => {
                self.list(d, l);
            }
            _ => self.leaf(desired, live),
        }
    }

    fn map(&mut self, desired: &Map, live: &Map) {
        for (key, value) in desired.iter() {
            self.path.push(PathElement::field(key));
            self.value(value, live.get(key));
            self.path.pop();
        }
    }

    fn list(&mut self, desired: &[Value], live: &[Value]) {
        let whole = |items: &[Value]| Value::List(items.to_vec());
        match self.list_shape() {
            ListShape::Atomic => self.leaf(&whole(desired), Some(&whole(live))),
            ListShape::Set => {
                for item in desired {
                    self.path.push(PathElement::Value(item.clone()));
                    self.leaf(item, live.iter().find(|l| same(item, l)));
                    self.path.pop();
                }
            }
            ListShape::Keyed(names) => {
                let mut places = Vec::with_capacity(desired.len());
                for item in desired {
                    let key = names.iter().filter_map(|n| Some((n.as_str(), item.get(n)?.clone())));
                    let mut element = PathElement::key(key);
                    let place = live.iter().position(|l| has_key(l, &element));
                    if let Some(place) = place {
                        // Members of the key that the server filled in are part of the name we own it by.
                        let key = names
                            .iter()
                            .filter_map(|n| Some((n.as_str(), live[place].get(n)?.clone())));
                        element = PathElement::key(key);
                        places.push(place);
                    }
                    self.path.push(element);
                    self.value(item, place.map(|i| &live[i]));
                    self.path.pop();
                }
                if !places.is_sorted() {
                    self.differ(Some(whole(live)), Some(whole(desired)));
                }
            }
        }
    }

    /// How the items of the list at the current path are told apart.
    fn list_shape(&self) -> ListShape {
        let below = self.path.iter().try_fold(&self.shape, |set, element| set.below(element));
        let first = below.map(FieldSet::paths).unwrap_or_default();
        for path in &first {
            match path.0.first() {
                Some(PathElement::Key(key)) => {
                    return ListShape::Keyed(key.iter().map(|(n, _)| n.to_string()).collect());
                }
                Some(PathElement::Value(_)) => return ListShape::Set,
                _ => {}
            }
        }
        ListShape::Atomic
    }

    /// Whether we own the current path as one value.
    fn is_leaf(&self) -> bool {
        let Some((last, parents)) = self.path.split_last() else { return false };
        let set = parents.iter().try_fold(self.ours, |set, element| set.below(element));
        set.is_some_and(|s| s.contains(std::slice::from_ref(last)) && s.below(last).is_none())
    }

    /// Whether the current path, or a value it is part of, is ours.
    fn owns(&self) -> bool {
        let mut set = self.ours;
        for (i, element) in self.path.iter().enumerate() {
            let member = set.contains(std::slice::from_ref(element));
            match set.below(element) {
                Some(below) if i + 1 < self.path.len() => set = below,
                // A list or map of which we own members is ours as far as we declare it.
                below => return member || below.is_some(),
            }
        }
        false
    }

    fn leaf(&mut self, desired: &Value, live: Option<&Value>) {
        let owned = self.owns();
        let equal = match live {
            Some(live) => {
                same(desired, live)
                    || owned && resolve(&self.stored, &self.path).is_some_and(|s| same(s, live))
            }
            None => is_zero(desired),
        };
        if !equal {
            self.differ(live.cloned(), Some(desired.clone()));
        } else if !owned && !is_zero(desired) {
            self.unowned.push(FieldPath(self.path.clone()));
        }
    }

    /// What is ours, is there and is not declared: the highest such fields.
    fn removals(&mut self, desired: &Value) {
        let mut seen = BTreeSet::new();
        for FieldPath(path) in self.ours.leaves().paths() {
            if resolve(self.live, &path).is_none() {
                continue;
            }
            // The highest field that is not declared and in which nobody else has a part.
            let top = (1..=path.len())
                .map(|n| FieldPath(path[..n].to_vec()))
                .find(|top| resolve(desired, &top.0).is_none() && !self.is_foreign(top));
            let Some(top) = top else {
                // It stays, but has to stop being ours, or it would go the day the others let go of it.
                self.released |= resolve(desired, &path).is_none();
                continue;
            };
            if !seen.insert(top.to_string()) {
                continue;
            }
            self.path = top.0;
            let live = resolve(self.live, &self.path).cloned();
            self.differ(live, None);
            self.path.clear();
        }
    }

    /// Whether somebody else owns the field too, so that it stays when we let go of it.
    fn is_foreign(&self, path: &FieldPath) -> bool {
        let below = || path.0.iter().try_fold(self.foreign, |set, element| set.below(element));
        self.foreign.contains(&path.0) || below().is_some()
    }

    /// Drops the differences in fields that others may change.
    fn forget(&mut self, ignored: impl Fn(&[PathElement]) -> bool) {
        let kept: Vec<bool> = self.differing.iter().map(|path| !ignored(&path.0)).collect();
        let mut keep = kept.iter();
        self.changes.retain(|_| keep.next() == Some(&true));
        let mut keep = kept.iter();
        self.differing.retain(|_| keep.next() == Some(&true));
        self.unowned.retain(|path| !ignored(&path.0));
    }

    fn differ(&mut self, live: Option<Value>, desired: Option<Value>) {
        let path = FieldPath(self.path.clone());
        let text = path.to_string();
        let masked = self.secret && [".data", ".stringData"].iter().any(|p| text.starts_with(p))
            || text.contains("last-applied-configuration");
        let mask = |value: Option<Value>| value.map(|v| if masked { "***".into() } else { v });
        self.changes.push(FieldChange { path: text, live: mask(live), desired: mask(desired) });
        self.differing.push(path);
    }
}

enum ListShape {
    Atomic,
    Set,
    Keyed(Vec<String>),
}

/// The value at a path.
pub(super) fn resolve<'v>(value: &'v Value, path: &[PathElement]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, element| match element {
        PathElement::Field(name) => value.get(name),
        PathElement::Key(_) => value.as_list()?.iter().find(|item| has_key(item, element)),
        PathElement::Value(wanted) => value.as_list()?.iter().find(|item| same(item, wanted)),
        PathElement::Index(index) => value.as_list()?.get(usize::try_from(*index).ok()?),
    })
}

/// Whether an item has these key fields; one it lacks counts as the server's default.
pub(super) fn has_key(item: &Value, element: &PathElement) -> bool {
    let PathElement::Key(key) = element else { return false };
    item.as_map().is_some()
        && key.iter().all(|(name, value)| item.get(name).is_none_or(|v| same(v, value)))
}

/// Equal, where `1` is `1.0`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(i), Value::Float(f)) | (Value::Float(f), Value::Int(i)) => *i as f64 == *f,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((k, x), (l, y))| k == l && same(x, y))
        }
        _ => a == b,
    }
}

/// What a typed server does not keep.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Float(f) => *f == 0.0,
        Value::String(s) => s.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
