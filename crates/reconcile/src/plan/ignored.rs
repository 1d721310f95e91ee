//! `spec.ignore`: fields of objects that others may change.
//!
//! As Flux does it: a difference in such a field is none, and when something else has to be applied, the
//! field is left out if another applier owns it and is sent as it is in the live object otherwise.

use super::changes::{has_key, resolve};
use crate::desired::DesiredObject;
use crate::spec::SyncSpec;
use object::Value;
use ssa::{FieldPath, Operation, PathElement};
use std::sync::Arc;

/// The members a JSON pointer goes through.
fn members(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|m| m.replace("~1", "/").replace("~0", "~"))
}

/// Whether a path is at or below one of the fields that are ignored. `live` and `desired` tell which item of
/// a list a pointer's number means.
pub(super) fn covers(
    pointers: &[String],
    path: &[PathElement],
    desired: &Value,
    live: &Value,
) -> bool {
    pointers.iter().any(|pointer| {
        let mut at = 0;
        members(pointer).all(|member| {
            let Some(element) = path.get(at) else { return false };
            let parent = &path[..at];
            at += 1;
            match element {
                PathElement::Field(name) => *name == member,
                _ => [live, desired].into_iter().any(|value| {
                    let list = resolve(value, parent).and_then(Value::as_list);
                    let index = member.parse::<usize>().ok();
                    list.zip(index)
                        .and_then(|(list, i)| list.get(i))
                        .is_some_and(|item| has_key(item, element))
                }),
            }
        })
    })
}

/// What is applied to an object that is there, `None` when that is the declared form unchanged.
pub(super) fn payload(object: &DesiredObject, live: &Value, spec: &SyncSpec) -> Option<Arc<Value>> {
    let mut payload: Option<Value> = None;
    for pointer in &object.ignored {
        let (declared, there) = (at(&object.value, pointer), at(live, pointer));
        if declared.is_none() || declared == there {
            continue;
        }
        let payload = payload.get_or_insert_with(|| Value::clone(&object.value));
        match there {
            Some(value) if !is_applied_by_others(live, pointer, spec) => {
                set(payload, pointer, Some(value.clone()));
            }
            _ => set(payload, pointer, None),
        }
    }
    payload.map(Arc::new)
}

fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    let mut found = value;
    for member in members(pointer) {
        found = match found {
            Value::Map(map) => map.get(&member)?,
            Value::List(items) => items.get(member.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(found)
}

/// Replaces, or takes away, the value at a pointer that is there.
fn set(value: &mut Value, pointer: &str, new: Option<Value>) {
    let members: Vec<String> = members(pointer).collect();
    let Some((last, parents)) = members.split_last() else { return };
    let parent = parents.iter().try_fold(value, |value, member| match value {
        Value::Map(map) => map.get_mut(member),
        Value::List(items) => items.get_mut(member.parse::<usize>().ok()?),
        _ => None,
    });
    match (parent, new) {
        (Some(Value::Map(map)), Some(new)) => drop(map.insert(last.as_str(), new)),
        (Some(Value::Map(map)), None) => drop(map.remove(last)),
        (Some(Value::List(items)), new) => {
            let Some(index) = last.parse::<usize>().ok().filter(|i| *i < items.len()) else {
                return;
            };
            match new {
                Some(new) => items[index] = new,
                None => drop(items.remove(index)),
            }
        }
        _ => {}
    }
}

/// Whether somebody else's apply owns the field.
fn is_applied_by_others(live: &Value, pointer: &str, spec: &SyncSpec) -> bool {
    let entries = live.at(["metadata", "managedFields"]).and_then(Value::as_list);
    entries.unwrap_or_default().iter().any(|entry| {
        let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("operation") != "Apply" || text("manager") == spec.field_manager {
            return false;
        }
        let set = ssa::managed_set(live, text("manager"), Operation::Apply, Some(""));
        set.is_some_and(|set| {
            set.paths()
                .iter()
                .any(|FieldPath(path)| covers(&[pointer.to_owned()], path, live, live))
        })
    })
}

#[cfg(test)]
mod tests;
