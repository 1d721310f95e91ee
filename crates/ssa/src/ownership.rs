//! Who owns what in a live object: its `metadata.managedFields`, read without a schema.
//!
//! Deliberately absent: changing the entries; that is the API server's side (`object_write`).

use crate::path::{FieldPath, PathElement};
use crate::set::FieldSet;
use object::{Map, Value};

/// Which entries of a manager are meant. A manager can have one for applying and others for updating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Create, update and patch.
    Update,
    /// Either.
    Any,
}

impl Operation {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Apply => text == "Apply",
            Self::Update => text == "Update",
            Self::Any => true,
        }
    }
}

/// One entry of `managedFields`, without its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The field manager, such as `kubectl-edit`.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource written through, such as `status`; empty for the object itself.
    pub subresource: String,
    /// When its fields last changed, RFC 3339; empty when not recorded.
    pub time: String,
}

/// The entries of `metadata.managedFields`; none when there are none.
pub(crate) fn entries(live: &Value) -> impl Iterator<Item = &Map> {
    let list = live.at(["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_map)
}

pub(crate) fn text<'a>(entry: &'a Map, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The `fieldsV1` of the entries of one manager; `subresource` `None` means whichever.
pub(crate) fn fields_of<'a>(
    live: &'a Value,
    manager: &'a str,
    operation: Operation,
    subresource: Option<&'a str>,
) -> impl Iterator<Item = &'a Value> {
    entries(live)
        .filter(move |entry| {
            text(entry, "manager") == manager
                && operation.matches(text(entry, "operation"))
                && subresource.is_none_or(|s| text(entry, "subresource") == s)
        })
        .filter_map(|entry| entry.get("fieldsV1"))
}

/// The fields a manager owns in a live object, over all entries that match; `None` when there is no such
/// entry. `subresource` is `Some("")` for the object itself and `None` for whichever. An entry that cannot
/// be read owns nothing: the API server treats it so too.
pub fn managed_set(
    live: &Value,
    manager: &str,
    operation: Operation,
    subresource: Option<&str>,
) -> Option<FieldSet> {
    fields_of(live, manager, operation, subresource)
        .filter_map(|fields| FieldSet::from_fields_v1(fields).ok())
        .reduce(|a, b| a.union(&b))
}

/// Who owns a field: those that own it itself or an atomic container around it; when nobody does, those
/// that own something below it. The order is that of `managedFields`.
pub fn owners_of(live: &Value, path: &FieldPath) -> Vec<Owner> {
    let sets: Vec<(&Map, FieldSet)> = entries(live)
        .filter_map(|entry| Some((entry, FieldSet::from_fields_v1(entry.get("fieldsV1")?).ok()?)))
        .collect();
    let known = sets.iter().fold(FieldSet::new(), |all, (_, set)| all.union(set));
    let atomic = relation(&known, &path.0) == Relation::OwnsAround;
    let with = |wanted: &dyn Fn(Relation) -> bool| -> Vec<Owner> {
        let fitting = sets.iter().filter(|(_, set)| wanted(relation(set, &path.0)));
        fitting.map(|(entry, _)| owner(entry)).collect()
    };
    let owners = with(&|r| r == Relation::Owns || r == Relation::OwnsAround && atomic);
    if owners.is_empty() { with(&|r| r == Relation::OwnsBelow) } else { owners }
}

pub(crate) fn owner(entry: &Map) -> Owner {
    Owner {
        manager: text(entry, "manager").to_owned(),
        operation: text(entry, "operation").to_owned(),
        subresource: text(entry, "subresource").to_owned(),
        time: text(entry, "time").to_owned(),
    }
}

/// How a set stands to one field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    None,
    /// Something below the field is a member, the field itself is not.
    OwnsBelow,
    /// A container around the field is a member, and nothing in it. That is how atomic containers are
    /// owned, and also granular ones that were applied empty: it is the field of whoever owns the container
    /// only as long as nobody owns anything in it.
    OwnsAround,
    /// The field is a member.
    Owns,
}

pub(crate) fn relation(set: &FieldSet, path: &[PathElement]) -> Relation {
    let mut set = set;
    for (i, element) in path.iter().enumerate() {
        let Some(node) = set.node(element) else {
            return Relation::None;
        };
        match (node.member, i + 1 == path.len()) {
            (true, true) => return Relation::Owns,
            (true, false) if node.children.is_empty() => return Relation::OwnsAround,
            _ => set = &node.children,
        }
    }
    if set.is_empty() { Relation::None } else { Relation::OwnsBelow }
}
