//! Taking fields out of a value, or everything else.

use super::item::element_of;
use super::{Kind, kind_for, to_field_set};
use crate::path::PathElement;
use crate::set::{FieldSet, Node};
use crate::typing::{ListType, MapType, TypeRef};
use object::{Map, Value};

/// `value` without the members and items that `items` names. A container left with nothing becomes `null`.
pub fn remove_items(value: &Value, items: &FieldSet, t: TypeRef<'_>) -> Value {
    walk(value, items, t, Mode::Remove)
}

/// Only the members and items of `value` that `items` names.
pub fn extract_items(value: &Value, items: &FieldSet, t: TypeRef<'_>) -> Value {
    walk(value, items, t, Mode::Extract)
}

/// As [`extract_items`], and the key fields of every list item something is extracted from.
pub fn extract_items_with_keys(value: &Value, items: &FieldSet, t: TypeRef<'_>) -> Value {
    let with_keys = match to_field_set(value, t) {
        Ok(present) => items.union(&keys_on_the_way(items, &present)),
        Err(_) => items.clone(),
    };
    extract_items(value, &with_keys, t)
}

/// The key fields of the items on the way to each member of `items` that is in `present`.
fn keys_on_the_way(items: &FieldSet, present: &FieldSet) -> FieldSet {
    let mut keys = FieldSet::new();
    for path in items.paths() {
        if !present.contains(&path.0) {
            continue;
        }
        for (i, element) in path.0.iter().enumerate() {
            if let PathElement::Key(fields) = element {
                for (name, _) in fields {
                    let mut field = path.0[..=i].to_vec();
                    field.push(PathElement::field(name));
                    keys.insert(&field);
                }
            }
        }
    }
    keys
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Remove,
    Extract,
}

fn walk(value: &Value, set: &FieldSet, t: TypeRef<'_>, mode: Mode) -> Value {
    // A container that is empty or one value is extracted whole and removed whole.
    let whole = || if mode == Mode::Extract { value.clone() } else { Value::Null };
    match (kind_for(t, Some(value)), value) {
        (Ok(Kind::Scalar(_)), _) => value.clone(),
        (Ok(Kind::List(list)), Value::List(items)) => {
            if list.is_atomic() || items.is_empty() {
                whole()
            } else {
                walk_items(items, set, &list, mode)
            }
        }
        (Ok(Kind::Map(map)), Value::Map(members)) => {
            if map.is_atomic() || members.is_empty() {
                whole()
            } else {
                walk_members(members, set, &map, mode)
            }
        }
        _ => Value::Null,
    }
}

fn walk_items(items: &[Value], set: &FieldSet, list: &ListType<'_>, mode: Mode) -> Value {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let node = element_of(list, item).ok().and_then(|element| set.node(&element));
        let below = node.map(|n| &n.children).filter(|c| !c.is_empty());
        match (node, mode) {
            (Some(Node { member: true, .. }), Mode::Remove) | (None, Mode::Extract) => continue,
            _ => {}
        }
        out.push(match below {
            Some(below) => walk(item, below, list.element, mode),
            None => item.clone(),
        });
    }
    if out.is_empty() { Value::Null } else { Value::List(out) }
}

fn walk_members(members: &Map, set: &FieldSet, map: &MapType<'_>, mode: Mode) -> Value {
    let mut out = Vec::with_capacity(members.len());
    for (name, value) in members.iter() {
        let node = set.field_node(name);
        let member = node.is_some_and(|n| n.member);
        let below = node.map(|n| &n.children).filter(|c| !c.is_empty());
        out.push(match (member, mode, below) {
            (true, Mode::Remove, _) | (false, Mode::Extract, None) => continue,
            // Upstream goes on with the set of this level, not with the one below the member: atomic
            // members and leaves, which is what applied sets name, come out whole either way.
            (true, Mode::Extract, _) => (name, walk(value, set, map.member(name), mode)),
            (false, _, Some(below)) => (name, walk(value, below, map.member(name), mode)),
            (false, Mode::Remove, None) => (name, value.clone()),
        });
    }
    if out.is_empty() { Value::Null } else { Value::Map(out.into_iter().collect()) }
}
