//! The FieldsV1 form of a field set: nested JSON objects whose keys are path elements, `.` for "the field
//! itself as well".

use super::{FieldSet, Node};
use crate::json_text::write_json_string;
use crate::path::{PathElement, PathError};
use object::{Map, Value};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Why a value or text is no FieldsV1.
#[derive(Debug, thiserror::Error)]
pub enum FieldSetError {
    /// The text is no JSON, or nests too deeply.
    #[error("the field set is not JSON")]
    Json(#[source] serde_json::Error),
    /// A member that is neither an object nor `null`.
    #[error("expected an object in the field set at {at:?}, found {found}")]
    NoObject {
        /// FieldsV1 text of the element whose value it is; empty for the whole.
        at: String,
        /// JSON name of the type found there.
        found: &'static str,
    },
    /// A key that is no path element.
    #[error("broken key in the field set")]
    Element(#[source] PathError),
    /// More levels than an object can have.
    #[error("the field set nests more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Levels a field set may nest: what a JSON text may, so that every set can be written and read again.
const MAX_DEPTH: usize = 128;

impl FieldSet {
    /// Reads FieldsV1 JSON.
    ///
    /// # Errors
    /// When the text is no JSON or its structure is not that of a field set.
    pub fn from_json(text: &[u8]) -> Result<Self, FieldSetError> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let (_, set) = Level.deserialize(&mut reader).map_err(FieldSetError::Json)?;
        reader.end().map_err(FieldSetError::Json)?;
        Ok(set)
    }

    /// Reads a `fieldsV1` value. Elements of an unknown type are skipped, for a later Kubernetes may have
    /// more of them.
    ///
    /// # Errors
    /// When the structure is not that of a field set.
    pub fn from_fields_v1(value: &Value) -> Result<Self, FieldSetError> {
        read(value, "", MAX_DEPTH).map(|(_, set)| set)
    }

    /// The `fieldsV1` value.
    pub fn to_fields_v1(&self) -> Value {
        Value::Map(self.to_map(false))
    }

    fn to_map(&self, itself: bool) -> Map {
        let mut entries: Vec<(compact_str::CompactString, Value)> =
            Vec::with_capacity(self.nodes.len() + usize::from(itself));
        if itself {
            entries.push((".".into(), Value::map()));
        }
        let mut text = String::new();
        for node in &self.nodes {
            text.clear();
            node.element.write_text(&mut text);
            let below = if node.children.is_empty() {
                Map::new()
            } else {
                node.children.to_map(node.member)
            };
            entries.push((text.as_str().into(), Value::Map(below)));
        }
        Map::from_iter(entries)
    }

    /// Canonical FieldsV1 JSON: elements in the order of field sets, which is not the order of their text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, false, &mut String::new());
        out
    }

    fn write_json(&self, out: &mut String, itself: bool, element: &mut String) {
        out.push('{');
        if itself {
            out.push_str("\".\":{}");
        }
        for (i, node) in self.nodes.iter().enumerate() {
            if i > 0 || itself {
                out.push(',');
            }
            element.clear();
            node.element.write_text(element);
            write_json_string(out, element, false);
            out.push(':');
            if node.children.is_empty() {
                out.push_str("{}");
            } else {
                node.children.write_json(out, node.member, element);
            }
        }
        out.push('}');
    }
}

/// A level of the set, and whether the field it stands under is a member: by its `.`, or because there is
/// nothing else.
fn read(value: &Value, at: &str, depth: usize) -> Result<(bool, FieldSet), FieldSetError> {
    let map = match value {
        Value::Map(map) => map,
        Value::Null => return Ok((true, FieldSet::new())),
        other => {
            return Err(FieldSetError::NoObject { at: at.to_owned(), found: other.type_name() });
        }
    };
    if depth == 0 {
        return Err(FieldSetError::TooDeep);
    }
    let mut member = false;
    let mut nodes = Vec::with_capacity(map.len());
    for (key, below) in map.iter() {
        if key == "." {
            member = true;
            continue;
        }
        let element = match PathElement::parse(key) {
            Ok(element) => element,
            Err(PathError::UnknownType) => continue,
            Err(error) => return Err(FieldSetError::Element(error)),
        };
        let (itself, children) = read(below, key, depth - 1)?;
        nodes.push(Node { element, member: itself, children });
    }
    Ok((member || nodes.is_empty(), in_order(nodes)))
}

/// Nodes in the order of their text, which is not that of their elements, made a set. An element that
/// stands there twice is a member if it was one of either, and has the children of the later.
fn in_order(mut nodes: Vec<Node>) -> FieldSet {
    if nodes.is_sorted_by(|a, b| a.element < b.element) {
        return FieldSet { nodes };
    }
    nodes.sort_by(|a, b| a.element.cmp(&b.element));
    nodes.dedup_by(|later, earlier| {
        let same = later.element == earlier.element;
        if same {
            earlier.member |= later.member;
            if !later.children.is_empty() {
                earlier.children = std::mem::take(&mut later.children);
            }
        }
        same
    });
    FieldSet { nodes }
}

/// Reads one level straight from JSON text: a [`Value`] in between would keep one of two equal keys only.
struct Level;

impl<'de> DeserializeSeed<'de> for Level {
    type Value = (bool, FieldSet);

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = (bool, FieldSet);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of path elements")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((true, FieldSet::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let (mut member, mut nodes) = (false, Vec::new());
        while let Some(key) = access.next_key::<compact_str::CompactString>()? {
            if key == "." {
                member = true;
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            match PathElement::parse(&key) {
                Ok(element) => {
                    let (itself, children) = access.next_value_seed(Level)?;
                    nodes.push(Node { element, member: itself, children });
                }
                Err(PathError::UnknownType) => drop(access.next_value::<IgnoredAny>()?),
                Err(error) => return Err(A::Error::custom(error)),
            }
        }
        Ok((member || nodes.is_empty(), in_order(nodes)))
    }
}
