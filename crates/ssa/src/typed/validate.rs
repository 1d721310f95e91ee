//! Whether a value has its type.

use super::error::{Faults, TypeErrors};
use super::item::element_of;
use super::{Kind, kind_for};
use crate::go_text;
use crate::path::PathElement;
use crate::typing::{ListType, MapType, Relationship, Scalar, TypeRef};
use object::Value;
use std::collections::BTreeSet;

/// Whether a set or keyed list may hold an item twice. Live objects may, applied ones may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are a fault.
    Refused,
    /// They are taken as they are.
    Allowed,
}

/// Checks that `value` has the shape of its type.
///
/// # Errors
/// Every fault found, with its path.
pub fn validate(value: &Value, t: TypeRef<'_>, duplicates: Duplicates) -> Result<(), TypeErrors> {
    match kind_for(t, Some(value))? {
        Kind::Scalar(scalar) => match scalar_fault(scalar, Some(value)) {
            Some(fault) => Err(TypeErrors::of(fault)),
            None => Ok(()),
        },
        Kind::List(list) => match value {
            Value::Null => Ok(()),
            Value::List(items) => validate_items(items, &list, duplicates),
            other => Err(TypeErrors::of(format!("expected list, got {}", go_text::plain(other)))),
        },
        Kind::Map(map) => match value {
            Value::Null => Ok(()),
            Value::Map(members) => validate_members(members, &map, duplicates),
            other => Err(TypeErrors::of(format!("expected map, got {}", go_text::plain(other)))),
        },
    }
}

fn validate_members(
    members: &object::Map,
    map: &MapType<'_>,
    duplicates: Duplicates,
) -> Result<(), TypeErrors> {
    let mut faults = Faults::default();
    for (name, value) in members.iter() {
        let t = map.member(name);
        let checked = if t.is_nothing() {
            Err(TypeErrors::of("field not declared in schema"))
        } else {
            validate(value, t, duplicates)
        };
        let undeclared = t.is_nothing();
        faults.take(checked, || format!(".{name}"));
        // The walk of a struct ends at its first unknown member.
        if undeclared {
            break;
        }
    }
    faults.or(())
}

fn validate_items(
    items: &[Value],
    list: &ListType<'_>,
    duplicates: Duplicates,
) -> Result<(), TypeErrors> {
    let mut faults = Faults::default();
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        if list.relationship != Relationship::Associative {
            faults.take(validate(item, list.element, duplicates), || format!("[{index}]"));
            continue;
        }
        let element = match element_of(list, item) {
            Ok(element) => element,
            Err(fault) => {
                faults.add(format!("element {index}: {fault}"));
                break;
            }
        };
        faults.take(validate(item, list.element, duplicates), || element.to_string());
        check_duplicate(&mut seen, element, duplicates, &mut faults);
    }
    faults.or(())
}

fn check_duplicate(
    seen: &mut BTreeSet<PathElement>,
    element: PathElement,
    duplicates: Duplicates,
    faults: &mut Faults,
) {
    if duplicates == Duplicates::Allowed {
        return;
    }
    if seen.contains(&element) {
        faults.add(format!("duplicate entries for key {element}"));
    } else {
        seen.insert(element);
    }
}

/// What is wrong with a scalar; an absent value and `null` never are.
pub(super) fn scalar_fault(scalar: Scalar, value: Option<&Value>) -> Option<String> {
    let value = value.filter(|v| !v.is_null())?;
    let number = matches!(value, Value::Int(_) | Value::Float(_));
    match scalar {
        Scalar::Numeric if !number => {
            Some(format!("expected numeric (int or float), got {}", go_text::type_of(value)))
        }
        Scalar::String if !matches!(value, Value::String(_)) => {
            Some(format!("expected string, got {}", go_text::syntax(value)))
        }
        Scalar::Boolean if !matches!(value, Value::Bool(_)) => {
            Some(format!("expected boolean, got {}", go_text::plain(value)))
        }
        Scalar::Untyped if matches!(value, Value::List(_) | Value::Map(_)) => {
            Some(format!("expected any scalar, got {}", go_text::plain(value)))
        }
        Scalar::Unknown => Some("unexpected scalar type in schema".to_owned()),
        _ => None,
    }
}
