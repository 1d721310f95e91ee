//! What an apply would do, field by field, for people: what is wanted, what is there, whose it is, who would
//! be overruled. A pure function of the desired and the live object; no schema is asked.
//!
//! The keys of lists come from `managedFields`. A list nobody owns anything in is taken as one value.
//!
//! Deliberately absent: what the server would make of the result (defaults, rewritten quantities), beyond
//! the flag [`FieldChange::normalised`] where two forms evidently mean the same.

mod form;
mod items;

use crate::ownership::{Owner, Relation, entries, owner, relation, text};
use crate::path::{PathElement, same_value};
use crate::set::FieldSet;
use form::same_meaning;
use object::{Map, Value};
use std::fmt::Write;

/// What would happen to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is not there and would be.
    Add,
    /// It has another value.
    Change,
    /// It is there because we applied it, is no longer wanted, and nobody else wants it.
    Remove,
}

/// One field that an apply would touch.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Where: `.spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// What would happen.
    pub kind: ChangeKind,
    /// What is there.
    pub live: Option<Value>,
    /// What is wanted.
    pub desired: Option<Value>,
    /// Who else owns it: a plain apply conflicts with them, a forced one overrules them.
    pub managers: Vec<Owner>,
    /// The two values differ in form only (`0.5` and `500m`): most likely the server's doing.
    pub normalised: bool,
}

/// What applying `desired` as `our_manager` would change in `live`, in the order of the fields. A subtree
/// that is not there at all is one change, named by where it begins; items in another order are one change
/// of their list, with the names of the items as its values. `status`, and what is in `metadata`
/// for the server alone, is left out.
pub fn explain(desired: &Value, live: &Value, our_manager: &str) -> Vec<FieldChange> {
    let mut owners = Vec::new();
    let (mut ours, mut others) = (FieldSet::new(), FieldSet::new());
    for entry in entries(live) {
        let Some(set) = entry.get("fieldsV1").and_then(|f| FieldSet::from_fields_v1(f).ok()) else {
            continue;
        };
        let applied = text(entry, "operation") == "Apply" && text(entry, "subresource").is_empty();
        if applied && text(entry, "manager") == our_manager {
            ours = ours.union(&set);
        } else {
            others = others.union(&set);
            owners.push((owner(entry), set));
        }
    }
    let known = ours.union(&others);
    let mut walk = Walk { owners, others, known: &known, path: Vec::new(), out: Vec::new() };
    let sets = Sets { known: Some(&known), ours: Some(&ours), whole: false };
    if let Some(desired) = desired.as_map() {
        static NOTHING: Map = Map::new();
        walk.members(desired, live.as_map().unwrap_or(&NOTHING), sets, true);
    }
    walk.out
}

/// What is known of ownership at one place.
#[derive(Clone, Copy)]
struct Sets<'s> {
    /// What anybody owns below it.
    known: Option<&'s FieldSet>,
    /// What we own below it.
    ours: Option<&'s FieldSet>,
    /// We own it as one value.
    whole: bool,
}

impl<'s> Sets<'s> {
    fn below(self, element: &PathElement) -> Self {
        let node = self.ours.and_then(|s| s.node(element));
        Self {
            known: self.known.and_then(|s| s.below(element)),
            ours: node.map(|n| &n.children).filter(|c| !c.is_empty()),
            whole: self.whole || node.is_some_and(|n| n.member && n.children.is_empty()),
        }
    }

    /// Whether we own this place or something below it.
    fn own_something(self) -> bool {
        self.whole || self.ours.is_some()
    }
}

struct Walk<'s> {
    /// Everybody else.
    owners: Vec<(Owner, FieldSet)>,
    others: FieldSet,
    /// What anybody owns.
    known: &'s FieldSet,
    path: Vec<PathElement>,
    out: Vec<FieldChange>,
}

impl Walk<'_> {
    fn inside<T>(&mut self, element: PathElement, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(element);
        let done = walk(self);
        self.path.pop();
        done
    }

    /// Compares one place.
    fn place(&mut self, desired: &Value, live: Option<&Value>, sets: Sets<'_>) {
        // What an apply emptied is null until the server drops it.
        let Some(live) = live.filter(|live| !live.is_null()) else {
            if !is_unseen(desired, sets.own_something()) {
                self.report(ChangeKind::Add, None, Some(desired));
            }
            return;
        };
        match (desired, live) {
            _ if same_value(desired, live) => {}
            // An empty map or list of ours says nothing about what the server fills in.
            (Value::Map(want), Value::Map(_)) if want.is_empty() && sets.ours.is_none() => {}
            (Value::Map(want), Value::Map(have)) => self.members(want, have, sets, false),
            (Value::List(want), Value::List(have)) => self.list(want, have, desired, live, sets),
            (Value::Null, _) if !sets.own_something() => {}
            _ => self.report(ChangeKind::Change, Some(live), Some(desired)),
        }
    }

    fn members(&mut self, want: &Map, have: &Map, sets: Sets<'_>, root: bool) {
        let in_metadata =
            matches!(self.path.as_slice(), [PathElement::Field(f)] if f == "metadata");
        let skipped = |name: &str| {
            root && matches!(name, "apiVersion" | "kind" | "status")
                || in_metadata && crate::projection::SYSTEM_METADATA.contains(&name)
        };
        crate::typed::zip_maps(have, want, |name, have, want| {
            if skipped(name) {
                return;
            }
            let element = PathElement::field(name);
            let below = sets.below(&element);
            self.inside(element, |walk| match (want, have) {
                (Some(want), have) => walk.place(want, have, below),
                (None, Some(have)) if below.own_something() => walk.removal(have, below),
                _ => {}
            });
        });
    }

    /// A place we own and no longer want. A list item goes unless somebody else owns the item itself, a
    /// member unless somebody else owns something in it.
    fn removal(&mut self, live: &Value, sets: Sets<'_>) {
        let others = relation(&self.others, &self.path);
        let is_item = !matches!(self.path.last(), Some(PathElement::Field(_)) | None);
        let shared = others == Relation::Owns || others == Relation::OwnsBelow && !is_item;
        let as_one = sets.whole || is_item && !shared;
        let ours = sets.ours.filter(|_| !as_one);
        let Some(ours) = ours else {
            if !shared {
                self.report(ChangeKind::Remove, Some(live), None);
            }
            return;
        };
        match live {
            Value::Map(have) => {
                for (name, value) in have.iter() {
                    let element = PathElement::field(name);
                    let below = sets.below(&element);
                    if below.own_something() {
                        self.inside(element, |walk| walk.removal(value, below));
                    }
                }
            }
            Value::List(have) => {
                for (element, value) in items::elements(have, ours) {
                    let below = sets.below(&element);
                    if below.own_something() {
                        self.inside(element, |walk| walk.removal(value, below));
                    }
                }
            }
            _ if !shared => self.report(ChangeKind::Remove, Some(live), None),
            _ => {}
        }
    }

    fn list(
        &mut self,
        want: &[Value],
        have: &[Value],
        desired: &Value,
        live: &Value,
        sets: Sets<'_>,
    ) {
        let Some(known) = sets.known.filter(|k| items::names_items(k)) else {
            return self.report(ChangeKind::Change, Some(live), Some(desired));
        };
        let items::Pairs { pairs, live_order } = items::pair(want, have, known);
        if let Some(live_order) = live_order {
            let texts = |elements: &mut dyn Iterator<Item = &PathElement>| {
                Value::List(elements.map(|e| for_people(std::slice::from_ref(e)).into()).collect())
            };
            let both = pairs.iter().filter(|(_, want, have)| want.is_some() && have.is_some());
            let wanted = texts(&mut both.map(|(element, _, _)| element));
            let live = texts(&mut live_order.iter());
            self.report(ChangeKind::Change, Some(&live), Some(&wanted));
        }
        for (element, want, have) in pairs {
            let below = sets.below(&element);
            self.inside(element, |walk| match (want, have) {
                (Some(want), have) => walk.place(want, have, below),
                (None, Some(have)) if below.own_something() => walk.removal(have, below),
                _ => {}
            });
        }
    }

    fn report(&mut self, kind: ChangeKind, live: Option<&Value>, desired: Option<&Value>) {
        let atomic = relation(self.known, &self.path) == Relation::OwnsAround;
        let at_all = |set: &FieldSet| match relation(set, &self.path) {
            Relation::None => false,
            Relation::OwnsAround => atomic,
            Relation::Owns | Relation::OwnsBelow => true,
        };
        let managers = match kind {
            ChangeKind::Remove => Vec::new(),
            _ => self.owners.iter().filter(|(_, s)| at_all(s)).map(|(o, _)| o.clone()).collect(),
        };
        let normalised = matches!((live, desired), (Some(l), Some(d)) if same_meaning(l, d));
        self.out.push(FieldChange {
            path: for_people(&self.path),
            kind,
            live: live.cloned(),
            desired: desired.cloned(),
            managers,
            normalised,
        });
    }
}

/// Whether a value may be what an absent one says. Nobody owns an empty list of items; an empty map or a
/// zero that we own was dropped by a server that does not write such out.
fn is_unseen(value: &Value, owned: bool) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) if map.is_empty() => owned,
        Value::Map(map) => map.values().all(|value| is_unseen(value, owned)),
        Value::Bool(b) => owned && !b,
        Value::Int(i) => owned && *i == 0,
        Value::Float(f) => owned && *f == 0.0,
        Value::String(s) => owned && s.is_empty(),
    }
}

/// `.spec.containers[name=web].image`, without the quotes of conflict messages.
fn for_people(path: &[PathElement]) -> String {
    let scalar = |value: &Value| match value {
        Value::String(s) => s.to_string(),
        other => String::from_utf8(object::to_json(other)).unwrap_or_default(),
    };
    let mut out = String::new();
    for element in path {
        let _ = match element {
            PathElement::Field(name) => write!(out, ".{name}"),
            PathElement::Index(index) => write!(out, "[{index}]"),
            PathElement::Value(value) => write!(out, "[={}]", scalar(value)),
            PathElement::Key(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}={}", scalar(value)))
                    .collect();
                write!(out, "[{}]", fields.join(","))
            }
        };
    }
    out
}

#[cfg(test)]
mod tests;
