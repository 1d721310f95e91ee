//! Taking fields out of a value, or everything else.

use super::item::element_of;
use super::{Kind, kind_for, to_field_set};
use crate::path::PathElement;
use crate::set::{FieldSet, Node};
use crate::typing::TypeRef;
use object::{Map, Value};

/// `value` without the members and items that `items` names. A container left with nothing becomes `null`.
pub fn remove_items(value: Value, items: &FieldSet, t: TypeRef<'_>) -> Value {
    match (kind_for(t, Some(&value)), value) {
        (Ok(Kind::Scalar(_)), value) => value,
        (Ok(Kind::List(list)), Value::List(have)) if !list.is_atomic() => {
            let left = have.into_iter().filter_map(|item| {
                let element = element_of(&list, &item).ok();
                remove_part(item, element.and_then(|e| items.node(&e)), list.element)
            });
            non_empty(left.collect(), Vec::is_empty, Value::List)
        }
        (Ok(Kind::Map(map)), Value::Map(have)) if !map.is_atomic() => {
            let left = have.into_iter().filter_map(|(name, value)| {
                let left = remove_part(value, items.field_node(&name), map.member(&name))?;
                Some((name, left))
            });
            non_empty(left.collect(), Map::is_empty, Value::Map)
        }
        _ => Value::Null,
    }
}

/// A member or item without what its node names; `None` when it goes itself.
fn remove_part(value: Value, node: Option<&Node>, t: TypeRef<'_>) -> Option<Value> {
    match node {
        Some(Node { member: true, .. }) => None,
        Some(node) if !node.children.is_empty() => Some(remove_items(value, &node.children, t)),
        _ => Some(value),
    }
}

fn non_empty<T>(container: T, is_empty: fn(&T) -> bool, wrap: fn(T) -> Value) -> Value {
    if is_empty(&container) { Value::Null } else { wrap(container) }
}

/// Only the members and items of `value` that `items` names. A container that is empty or one value comes
/// whole.
pub fn extract_items(value: &Value, items: &FieldSet, t: TypeRef<'_>) -> Value {
    match (kind_for(t, Some(value)), value) {
        (Ok(Kind::Scalar(_)), _) => value.clone(),
        (Ok(Kind::List(list)), Value::List(have)) => {
            if list.is_atomic() || have.is_empty() {
                return value.clone();
            }
            let found = have.iter().filter_map(|item| {
                let node = items.node(&element_of(&list, item).ok()?)?;
                Some(match &node.children {
                    below if below.is_empty() => item.clone(),
                    below => extract_items(item, below, list.element),
                })
            });
            non_empty(found.collect(), Vec::is_empty, Value::List)
        }
        (Ok(Kind::Map(map)), Value::Map(have)) => {
            if map.is_atomic() || have.is_empty() {
                return value.clone();
            }
            let found = have.iter().filter_map(|(name, value)| {
                let node = items.field_node(name)?;
                // Upstream goes on with the set of this level for a member, not with the one below it:
                // atomic members and leaves, which is what applied sets name, come out whole either way.
                let below = if node.member { items } else { &node.children };
                Some((name, extract_items(value, below, map.member(name))))
            });
            non_empty(found.collect(), Map::is_empty, Value::Map)
        }
        _ => Value::Null,
    }
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
