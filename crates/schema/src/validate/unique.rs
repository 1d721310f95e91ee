//! Lists of type set and map: every item, or every combination of keys, once.

use crate::path::Path;
use crate::{Additional, FieldError, ListType, Schema};
use object::{Map, Value};
use std::cmp::Ordering;

/// Items that stand twice in lists of type set or map (`listtype.ValidateListSetsAndMaps`).
pub fn duplicates(schema: &Schema, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(schema, value, &mut Path::default(), &mut errors);
    errors
}

pub(super) fn all_differ(items: &[Value]) -> bool {
    repeated(items.iter()).is_empty()
}

fn walk(schema: &Schema, value: &Value, path: &mut Path, errors: &mut Vec<FieldError>) {
    match value {
        Value::List(items) => {
            check(schema, items, path, errors);
            if let Some(of) = schema.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    path.item(index, |path| walk(of, item, path, errors));
                }
            }
        }
        Value::Map(map) => {
            for (name, member) in map.iter() {
                if let Some(of) = schema.property(name) {
                    path.member(name, |path| walk(of, member, path, errors));
                } else if let Additional::Of(of) = &schema.additional {
                    path.key(name, |path| walk(of, member, path, errors));
                }
            }
        }
        _ => {}
    }
}

fn check(schema: &Schema, items: &[Value], path: &mut Path, errors: &mut Vec<FieldError>) {
    match schema.list_type {
        Some(ListType::Set) => {
            for index in repeated(items.iter()) {
                path.item(index, |path| {
                    errors.push(FieldError::duplicate(path.text(), items[index].clone()));
                });
            }
        }
        Some(ListType::Map) => {
            let odd = items.iter().position(|i| !matches!(i, Value::Map(_) | Value::Null));
            if let Some(index) = odd {
                let detail = "must be an object for an array of list-type map";
                path.item(index, |path| {
                    errors.push(FieldError::invalid(path.text(), items[index].clone(), detail));
                });
                return;
            }
            let keys: Vec<Value> = items.iter().map(|item| keys_of(schema, item)).collect();
            for index in repeated(keys.iter()) {
                path.item(index, |path| {
                    errors.push(FieldError::duplicate(path.text(), keys[index].clone()));
                });
            }
        }
        _ => {}
    }
}

fn keys_of(schema: &Schema, item: &Value) -> Value {
    let keys = schema.list_map_keys.iter();
    Value::Map(keys.filter_map(|key| Some((key.clone(), item.get(key)?.clone()))).collect::<Map>())
}

/// The index of the second appearance of each value that appears more than once, in order.
fn repeated<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<usize> {
    let mut sorted: Vec<(&Value, usize)> = items.zip(0..).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(b.0).then(a.1.cmp(&b.1)));
    let runs = sorted.chunk_by(|a, b| a.0.total_cmp(b.0) == Ordering::Equal);
    let mut found: Vec<usize> = runs.filter_map(|run| Some(run.get(1)?.1)).collect();
    found.sort_unstable();
    found
}
