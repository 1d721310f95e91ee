//! What the printers of all kinds read and write with.

use super::age::since;
use jiff::Timestamp;
use object::{Manifest as _, Value};

/// An object in the making of its row.
pub(super) struct Row<'v> {
    pub(super) object: &'v Value,
    pub(super) now: Timestamp,
}

impl<'v> Row<'v> {
    /// `metadata.name`.
    pub(super) fn name(&self) -> Value {
        self.object.name().into()
    }

    /// The time since creation.
    pub(super) fn age(&self) -> Value {
        since(self.at(["metadata", "creationTimestamp"]), self.now).into()
    }

    /// The value at a path.
    pub(super) fn at<const N: usize>(&self, path: [&str; N]) -> Option<&'v Value> {
        self.object.at(path).filter(|v| !v.is_null())
    }

    /// The text at a path, empty when absent.
    pub(super) fn text<const N: usize>(&self, path: [&str; N]) -> &'v str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The text at a path as a cell, or another text when it is absent or empty.
    pub(super) fn text_or<const N: usize>(&self, path: [&str; N], absent: &str) -> Value {
        match self.text(path) {
            "" => absent.into(),
            text => text.into(),
        }
    }

    /// The whole number at a path, 0 when absent.
    pub(super) fn int<const N: usize>(&self, path: [&str; N]) -> i64 {
        self.at(path).and_then(Value::as_int).unwrap_or_default()
    }

    /// The truth at a path.
    pub(super) fn bool<const N: usize>(&self, path: [&str; N]) -> Option<bool> {
        self.at(path).and_then(Value::as_bool)
    }

    /// The items at a path, none when absent.
    pub(super) fn list<const N: usize>(&self, path: [&str; N]) -> &'v [Value] {
        self.at(path).and_then(Value::as_list).unwrap_or_default()
    }

    /// How many members the map, or items the list, at a path has.
    pub(super) fn count<const N: usize>(&self, path: [&str; N]) -> i64 {
        let len = match self.at(path) {
            Some(Value::Map(map)) => map.len(),
            Some(Value::List(items)) => items.len(),
            _ => 0,
        };
        i64::try_from(len).unwrap_or(i64::MAX)
    }

    /// Whether the object is being deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.at(["metadata", "deletionTimestamp"]).is_some()
    }

    /// Names and images of the containers of the Pod spec at a path.
    pub(super) fn containers<const N: usize>(&self, path: [&str; N]) -> [Value; 2] {
        let containers = self.list(path);
        let joined = |member: &str| {
            let texts = containers.iter().map(|c| text(c, member)).collect::<Vec<_>>();
            Value::from(texts.join(","))
        };
        [joined("name"), joined("image")]
    }
}

/// The text of a member, empty when absent.
pub(super) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// A number or text as it is written in JSON, without quotes: quantities, ports, `IntOrString`.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => String::new(),
    }
}

/// The first `max` of the items joined with `separator`, then how many more there are.
pub(super) fn shortened(items: &[String], max: usize, separator: &str) -> String {
    let shown = items[..items.len().min(max)].join(separator);
    match items.len().saturating_sub(max) {
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}
