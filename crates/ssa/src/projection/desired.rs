//! The desired side of the comparison: what we would own, and whether the live object has just that.

use super::source::Source;
use crate::ownership::{Operation, fields_of, managed_set};
use crate::path::same_value;
use object::{Map, Value};

/// Members of `metadata` that are never owned: the server strips them from every field set.
pub(crate) const SYSTEM_METADATA: [&str; 9] = [
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What an apply of `desired` will own, as far as one can know without asking: the object without
/// `apiVersion`, `kind`, `status` and the members of `metadata` that belong to the server.
///
/// Its [`content_hash`](crate::content_hash) equals that of the projection of our fields in the live
/// object when the server took every value as it was. It does not when the server dropped an empty value
/// or rewrote one; [`in_sync`] forgives the first, the answer of an apply teaches the second.
pub fn desired_projection(desired: &Value) -> Value {
    let Some(map) = desired.as_map() else {
        return desired.clone();
    };
    let mut out = Map::new();
    for (key, value) in map.iter() {
        match key {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                let kept: Map = value.as_map().map(own_metadata).unwrap_or_default();
                if !kept.is_empty() {
                    out.insert(key, kept);
                }
            }
            _ => {
                out.insert(key, value.clone());
            }
        }
    }
    Value::Map(out)
}

fn own_metadata(metadata: &Map) -> Map {
    metadata
        .iter()
        .filter(|(key, _)| !SYSTEM_METADATA.contains(key))
        .map(|(key, value)| (key, value.clone()))
        .collect()
}

/// Whether an apply of `desired` by `manager` would change nothing that it owns: it owns just what
/// `desired` says, and the live object has those values.
///
/// Exact where the live object has a value. Where it has none although we own the field, an empty desired
/// value (`null`, `{}`, `[]`, `""`, `0`, `false`) counts as the same: typed servers drop those. A `true`
/// can be relied on; `false` may still be the server's normalisation of a value, which one apply settles.
pub fn in_sync(desired: &Value, live: &Value, manager: &str) -> bool {
    let Some(desired) = desired.as_map() else {
        return false;
    };
    let mut applied = fields_of(live, manager, Operation::Apply, Some(""));
    match (applied.next(), applied.next()) {
        (None, _) => false,
        (Some(Value::Map(fields)), None) => object_in_sync(desired, live, fields),
        _ => {
            let set = managed_set(live, manager, Operation::Apply, Some("")).unwrap_or_default();
            object_in_sync(desired, live, &set)
        }
    }
}

fn object_in_sync<S: Source>(desired: &Map, live: &Value, set: S) -> bool {
    let keeps_status = set.field("status").is_some();
    let rest = desired.iter().filter(|(key, _)| match *key {
        "apiVersion" | "kind" | "metadata" => false,
        "status" => keeps_status,
        _ => true,
    });
    let metadata = desired.get("metadata").and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let mut metadata = metadata.filter(|(key, _)| !SYSTEM_METADATA.contains(key));
    let Some(owned_metadata) = set.field("metadata") else {
        return metadata.next().is_none() && entries_in_sync(rest, Some(live), set, 0);
    };
    entries_in_sync(metadata, live.get("metadata"), owned_metadata, 0)
        && entries_in_sync(rest, Some(live), set, 1)
}

/// Compares the entries of a map with the fields owned in it, of which `elsewhere` are none of its business.
fn entries_in_sync<'a, S: Source>(
    desired: impl Iterator<Item = (&'a str, &'a Value)>,
    live: Option<&Value>,
    set: S,
    elsewhere: usize,
) -> bool {
    let live = live.and_then(Value::as_map);
    let mut owned = elsewhere;
    for (key, value) in desired {
        match set.field(key) {
            Some(below) => {
                owned += 1;
                if !child_in_sync(value, live.and_then(|m| m.get(key)), below) {
                    return false;
                }
            }
            None if owns_nothing(value) => {}
            None => return false,
        }
    }
    owned == set.count()
}

fn child_in_sync<S: Source>(desired: &Value, live: Option<&Value>, set: S) -> bool {
    if set.is_leaf() {
        return match live {
            Some(live) => same_value(desired, live),
            None => is_zero(desired),
        };
    }
    match desired {
        Value::Map(map) => entries_in_sync(map.iter(), live, set, 0),
        Value::List(items) => items_in_sync(items, live, set),
        _ => false,
    }
}

/// Compares the items we own, in their live order, with the desired ones: the order of containers matters,
/// and an apply would restore it.
fn items_in_sync<S: Source>(desired: &[Value], live: Option<&Value>, set: S) -> bool {
    let list = live.and_then(Value::as_list).unwrap_or_default();
    let below = set.of_items(list);
    let mut owned = list.iter().zip(below).filter_map(|(value, below)| Some((value, below?)));
    let mut wanted = desired.iter();
    loop {
        match (wanted.next(), owned.next()) {
            (None, None) => return desired.len() == set.count(),
            (Some(want), Some((live, below))) if child_in_sync(want, Some(live), below) => {}
            _ => return false,
        }
    }
}

/// Whether an apply of a value leaves no trace in a field set: an associative list without items is owned
/// by nobody, and a struct by its members only.
fn owns_nothing(value: &Value) -> bool {
    match value {
        Value::List(items) => items.is_empty(),
        Value::Map(map) => !map.is_empty() && map.values().all(owns_nothing),
        _ => false,
    }
}

/// The values a typed server does not write out.
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
