//! Field paths: how one field of an object is named, in FieldsV1 text and for people.
//!
//! Deliberately absent: sets of paths (`set`), and finding a path in a value (`projection`).

mod flat;

use crate::json_text::{write_display, write_json, write_json_string};
use compact_str::CompactString;
use object::{Map, Value};
use std::cmp::Ordering;
use std::fmt;

/// The key fields of an item of an associative list, sorted by name: `{"containerPort": 80}`.
pub type KeyFields = Box<[(CompactString, Value)]>;

/// One step of a path, from a container to something in it.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A member of a map or struct: `f:spec`.
    Field(CompactString),
    /// The item of an associative list that has these key fields: `k:{"name":"web"}`.
    Key(KeyFields),
    /// The item of a set that has this value: `v:"finalizer.example.com"`.
    Value(Value),
    /// The item at a position: `i:0`. Kubernetes writes none, old clients may have.
    Index(i64),
}

/// Why a text is no path element.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Less than the two characters of the type prefix.
    #[error("key must be 2 characters long: {0}")]
    TooShort(String),
    /// The second character is no colon.
    #[error("missing colon: {0}")]
    NoColon(String),
    /// Neither `f:`, `k:`, `v:` nor `i:`; a reader of a field set skips such an element.
    #[error("unknown path element type")]
    UnknownType,
    /// `i:` without a whole number.
    #[error("not an index: {0:?}")]
    Index(String),
    /// `k:` or `v:` without one JSON text after it.
    #[error("not the JSON of a list item: {0:?}")]
    Json(String),
    /// `k:` with JSON that is no object.
    #[error("the key of a list item is no JSON object: {0:?}")]
    Key(String),
}

impl PathElement {
    /// The element for a member `name`.
    pub fn field(name: &str) -> Self {
        Self::Field(CompactString::new(name))
    }

    /// The element for the list item with these key fields, in any order.
    pub fn key<N: Into<CompactString>, V: Into<Value>>(
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let map = Map::from_iter(fields);
        Self::Key(map.into_iter().collect())
    }

    /// Reads FieldsV1 text such as `f:spec` or `k:{"name":"web"}`.
    ///
    /// # Errors
    /// When the text is none of the four forms; see [`PathError`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let bytes = text.as_bytes();
        if bytes.len() < 2 {
            return Err(PathError::TooShort(text.to_owned()));
        }
        if bytes[1] != b':' {
            return Err(PathError::NoColon(text.to_owned()));
        }
        let rest = &text[2..];
        match bytes[0] {
            b'f' => Ok(Self::field(rest)),
            b'v' => parse_json(rest).map(Self::Value),
            b'k' => match flat::parse_object(rest) {
                Some(fields) => Ok(Self::Key(fields)),
                None => match parse_json(rest)? {
                    Value::Map(map) => Ok(Self::Key(map.into_iter().collect())),
                    Value::Null => Ok(Self::Key(Box::default())),
                    _ => Err(PathError::Key(rest.to_owned())),
                },
            },
            b'i' => rest.parse().map(Self::Index).map_err(|_| PathError::Index(rest.to_owned())),
            _ => Err(PathError::UnknownType),
        }
    }

    /// Appends the FieldsV1 text, the form [`Self::parse`] reads.
    pub fn write_text(&self, out: &mut String) {
        match self {
            Self::Field(name) => {
                out.push_str("f:");
                out.push_str(name);
            }
            Self::Key(fields) => {
                out.push_str("k:{");
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_json_string(out, name, false);
                    out.push(':');
                    write_json(out, value);
                }
                out.push('}');
            }
            Self::Value(value) => {
                out.push_str("v:");
                write_json(out, value);
            }
            Self::Index(index) => {
                out.push_str("i:");
                out.push_str(&index.to_string());
            }
        }
    }

    /// The FieldsV1 text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out
    }
}

/// JSON as it stands in a path element. Every number there is a float to Go: `%v` of a port from a field
/// set shows it, and large numbers lose digits.
fn parse_json(text: &str) -> Result<Value, PathError> {
    let broken = || PathError::Json(text.to_owned());
    let mut value = match object::from_json(text.as_bytes()) {
        Ok(value) => value,
        // Go reads half a surrogate pair as the replacement character.
        Err(_) => {
            let whole = flat::replace_half_surrogates(text).ok_or_else(broken)?;
            object::from_json(whole.as_bytes()).map_err(|_| broken())?
        }
    };
    ints_to_floats(&mut value);
    if value == Value::Float(0.0) && text.trim_start().starts_with('-') {
        value = Value::Float(-0.0);
    }
    Ok(value)
}

fn ints_to_floats(value: &mut Value) {
    match value {
        Value::Int(i) => *value = Value::Float(*i as f64),
        Value::List(items) => items.iter_mut().for_each(ints_to_floats),
        Value::Map(map) => map.iter_mut().for_each(|(_, v)| ints_to_floats(v)),
        _ => {}
    }
}

impl fmt::Display for PathElement {
    /// `.spec`, `[name="web"]`, `[="a"]`, `[3]`: the way conflicts are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        match self {
            Self::Field(name) => {
                out.push('.');
                out.push_str(name);
            }
            Self::Key(fields) => {
                out.push('[');
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(name);
                    out.push('=');
                    write_display(&mut out, value);
                }
                out.push(']');
            }
            Self::Value(value) => {
                out.push_str("[=");
                write_display(&mut out, value);
                out.push(']');
            }
            Self::Index(index) => return write!(f, "[{index}]"),
        }
        f.write_str(&out)
    }
}

impl Ord for PathElement {
    /// Fields, then keys, then values, then indexes; numbers compare as numbers whatever their form.
    fn cmp(&self, other: &Self) -> Ordering {
        fn rank(e: &PathElement) -> u8 {
            match e {
                PathElement::Field(_) => 0,
                PathElement::Key(_) => 1,
                PathElement::Value(_) => 2,
                PathElement::Index(_) => 3,
            }
        }
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.as_str().cmp(b.as_str()),
            (Self::Key(a), Self::Key(b)) => cmp_key_fields(
                a.iter().map(|(n, v)| (n.as_str(), v)),
                b.iter().map(|(n, v)| (n.as_str(), v)),
            ),
            (Self::Value(a), Self::Value(b)) => cmp_values(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathElement {}

/// Compares two lists of key fields, names first.
pub(crate) fn cmp_key_fields<'a>(
    mut a: impl Iterator<Item = (&'a str, &'a Value)>,
    mut b: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((an, av)), Some((bn, bv))) => {
                let order = an.cmp(bn).then_with(|| cmp_values(av, bv));
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

/// The order of values in structured-merge-diff: numbers, strings, booleans, lists, maps, null.
pub(crate) fn cmp_values(a: &Value, b: &Value) -> Ordering {
    fn rank(v: &Value) -> u8 {
        match v {
            Value::Int(_) | Value::Float(_) => 0,
            Value::String(_) => 1,
            Value::Bool(_) => 2,
            Value::List(_) => 3,
            Value::Map(_) => 4,
            Value::Null => 5,
        }
    }
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(a), Value::Float(b)) => cmp_floats(*a as f64, *b),
        (Value::Float(a), Value::Int(b)) => cmp_floats(*a, *b as f64),
        (Value::Float(a), Value::Float(b)) => cmp_floats(*a, *b),
        (Value::String(a), Value::String(b)) => a.as_str().cmp(b.as_str()),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a
            .iter()
            .zip(b)
            .map(|(x, y)| cmp_values(x, y))
            .find(|o| o.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (Value::Map(a), Value::Map(b)) => cmp_maps(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn cmp_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Entry by entry in key order; a map that lacks the other's next key is the greater one, unless it is
/// exhausted and therefore shorter.
fn cmp_maps(a: &Map, b: &Map) -> Ordering {
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((ak, av)), Some((bk, bv))) => match ak.cmp(bk) {
                Ordering::Less => return Ordering::Less,
                Ordering::Greater => return Ordering::Greater,
                Ordering::Equal => {
                    let order = cmp_values(av, bv);
                    if order.is_ne() {
                        return order;
                    }
                }
            },
        }
        left.next();
        right.next();
    }
}

/// Whether two values are the same to structured-merge-diff: `1` equals `1.0`, list order counts.
pub(crate) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same_value(x, y))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|(x, y)| x.0 == y.0 && same_value(x.1, y.1))
        }
        _ => a == b,
    }
}

/// A field of an object: the steps from its root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<PathElement>);

impl FieldPath {
    /// The path of member names, such as `["spec", "replicas"]`.
    pub fn fields<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(PathElement::field).collect())
    }
}

impl fmt::Display for FieldPath {
    /// `.spec.template.spec.containers[name="web"].image`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| element.fmt(f))
    }
}

#[cfg(test)]
mod tests;
