//! The three kinds of patches a client may send besides apply.
//!
//! - [`json_patch`]: RFC 6902, a list of operations
//! - [`merge_patch`]: RFC 7386, a partial object where null removes
//! - [`strategic()`]: a partial object whose lists are merged by the keys that the schema names
//!
//! Deliberately absent: server-side apply (crate `ssa`).

pub mod json_patch;
pub mod strategic;

use object::{Map, Value};

pub use json_patch::JsonPatch;
pub use strategic::strategic;

/// Merges `patch` into `target` (RFC 7386): members of null remove, maps merge, all else replaces. Nulls inside
/// members that are new are dropped, inside lists too (as `evanphx/json-patch` has it).
pub fn merge_patch(target: &mut Value, patch: Value) {
    match patch {
        Value::Map(patch) => merge_maps(target.make_map(), patch),
        other => *target = other,
    }
}

fn merge_maps(target: &mut Map, patch: Map) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Map(inner) => match target.get_mut(&name) {
                Some(Value::Map(existing)) => merge_maps(existing, inner),
                _ => {
                    let mut new = Value::Map(inner);
                    drop_nulls(&mut new);
                    target.insert(name, new);
                }
            },
            // Where a map stood, the library takes what comes as it is.
            other if matches!(target.get(&name), Some(Value::Map(_))) => {
                target.insert(name, other);
            }
            mut other => {
                drop_nulls(&mut other);
                target.insert(name, other);
            }
        }
    }
}

/// Drops members of null, at every depth. Nulls in lists stay.
pub(crate) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Map(map) => map.retain(|_, member| {
            drop_nulls(member);
            !member.is_null()
        }),
        Value::List(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
