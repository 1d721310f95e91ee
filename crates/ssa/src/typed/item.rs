//! What names an item of an associative list.

use crate::path::PathElement;
use crate::typing::{ListType, Relationship};
use object::Value;
use std::fmt::Write;

/// The path element of `item` in a list of this type; a key field the item lacks takes its default.
///
/// # Errors
/// When the item has no identity, in the words of structured-merge-diff.
pub(crate) fn element_of(list: &ListType<'_>, item: &Value) -> Result<PathElement, String> {
    if list.relationship != Relationship::Associative {
        return Err("invalid indexing of non-associative list".into());
    }
    if list.keys.is_empty() { set_element(item) } else { keyed_element(list, item) }
}

fn set_element(item: &Value) -> Result<PathElement, String> {
    let refused = match item {
        Value::Map(_) => "associative list without keys has an element that's a map type",
        Value::List(_) => "not supported: associative list with lists as elements",
        Value::Null => "associative list without keys has an element that's an explicit null",
        scalar => return Ok(PathElement::Value(scalar.clone())),
    };
    Err(refused.into())
}

fn keyed_element(list: &ListType<'_>, item: &Value) -> Result<PathElement, String> {
    let map = match item {
        Value::Map(map) => map,
        Value::Null => return Err("associative list with keys may not have a null element".into()),
        _ => return Err("associative list with keys may not have non-map elements".into()),
    };
    let mut fields = Vec::with_capacity(list.keys.len());
    // Resolving the item's type costs more than the rest together: only a missing key needs it.
    let mut defaults = None;
    for name in list.keys {
        if let Some(value) = map.get(name) {
            fields.push((name.clone(), value.clone()));
            continue;
        }
        let found = *defaults.get_or_insert_with(|| list.element.resolve().map(|atom| atom.map));
        let fault = match found {
            Some(Some(element)) => {
                if let Some(value) = element.default_of(name) {
                    fields.push((name.clone(), value.clone()));
                }
                continue;
            }
            Some(None) => "associative list may not have non-map types",
            None => "invalid elementType for list",
        };
        return Err(format!("couldn't find default value for {name}: {fault}"));
    }
    if fields.is_empty() {
        let mut message =
            String::from("associative list with keys has an element that omits all key fields [");
        for (i, name) in list.keys.iter().enumerate() {
            let _ = write!(message, "{}{:?}", if i > 0 { " " } else { "" }, name.as_str());
        }
        message.push_str("] (and doesn't have default values for any key fields)");
        return Err(message);
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(PathElement::Key(fields.into()))
}
