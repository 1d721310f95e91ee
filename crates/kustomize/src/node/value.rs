//! Nodes to values and back: what kustomize's last step (print, read again, JSON) makes of them.

use super::{List, Map, Node, Scalar, Style, Tag};
use compact_str::CompactString;
use object::{Dialect, Value};

/// Why a node is no value, with the place inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAValue {
    /// The path from the node down, outermost last.
    path: Vec<String>,
    pub(crate) message: String,
}

impl NotAValue {
    fn new(message: String) -> Self {
        Self { path: Vec::new(), message }
    }

    fn inside(mut self, step: impl Into<String>) -> Self {
        self.path.push(step.into());
        self
    }

    /// `spec.ports[0].port`, empty at the root.
    pub(crate) fn field(&self) -> String {
        let mut out = String::new();
        for step in self.path.iter().rev() {
            if !step.starts_with('[') && !out.is_empty() {
                out.push('.');
            }
            out.push_str(step);
        }
        out
    }
}

/// The tag go-yaml v3 gives a plain scalar.
pub(super) fn tag_of(text: &str) -> Tag {
    let Some(&first) = text.as_bytes().first() else { return Tag::Null };
    match first {
        b't' | b'T' | b'f' | b'F' => match text {
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Tag::Bool,
            _ => Tag::Str,
        },
        b'n' | b'N' | b'~' => match text {
            "~" | "null" | "Null" | "NULL" => Tag::Null,
            _ => Tag::Str,
        },
        b'.' | b'+' | b'-' | b'0'..=b'9' => number_tag(text),
        _ => Tag::Str,
    }
}

fn number_tag(text: &str) -> Tag {
    if plain_int(text).is_some() {
        return Tag::Int;
    }
    if !is_numeric(text) {
        return Tag::Str;
    }
    if matches!(
        text.trim_start_matches(['+', '-']),
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return Tag::Float;
    }
    match object::from_yaml_one(text, Dialect::Kyaml) {
        Ok(Value::Int(_)) if text.contains(['.', 'e', 'E']) && !text.starts_with("0x") => {
            Tag::Float
        }
        Ok(Value::Int(_)) => Tag::Int,
        Ok(Value::Float(_)) => Tag::Float,
        Ok(Value::String(read)) if read != text => Tag::Timestamp,
        _ => Tag::Str,
    }
}

/// Whether a text may be a number or a timestamp: most of what begins like one is an image tag, an address or
/// a quantity.
fn is_numeric(text: &str) -> bool {
    let numeric = |b: u8| b.is_ascii_hexdigit() || b"+-._xXoObBiInNaAfFtTzZ: ".contains(&b);
    text.len() <= 64 && text.bytes().all(numeric)
}

/// A decimal number without anything unusual: no sign but minus, no leading zero.
fn plain_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'0'] => {}
        [b'1'..=b'9', rest @ ..] if rest.len() < 18 && rest.iter().all(u8::is_ascii_digit) => {}
        _ => return None,
    }
    text.parse().ok()
}

/// Whether a reader that knows YAML 1.1 takes the plain text for something else than text.
pub(super) fn is_ambiguous(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    let map = text.contains(": ") || text.ends_with(':');
    let suspicious = match text.as_bytes()[0] {
        // Booleans and null.
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            map || text.len() <= 5
        }
        b'.' | b'+' | b'-' | b'0'..=b'9' => map || text.starts_with("- ") || is_numeric(text),
        b'[' | b'{' | b'#' => true,
        _ => map,
    };
    if !suspicious {
        return false;
    }
    match object::from_yaml_one(text, Dialect::Sigs) {
        Ok(Value::String(_)) | Err(_) => false,
        Ok(_) => true,
    }
}

impl Scalar {
    /// The value the printed scalar is read back as.
    fn value(&self) -> Result<Value, NotAValue> {
        let text = &self.text;
        let quoted = self.style != Style::Plain || text.contains('\n');
        match self.tag {
            Tag::Str => Ok(Value::String(text.clone())),
            Tag::Empty if quoted => Ok(Value::String(text.clone())),
            Tag::Empty => resolved(text, tag_of(text)),
            Tag::Null if text.is_empty() && (self.tagged || !quoted) => Ok(Value::Null),
            Tag::Binary => tagged("binary", text),
            tag => {
                let found = tag_of(text);
                if found == tag {
                    // The tag is left out because the text says it; quotes then make it text.
                    return if quoted && !self.tagged {
                        Ok(Value::String(text.clone()))
                    } else {
                        resolved(text, found)
                    };
                }
                match (tag, found) {
                    (Tag::Float, Tag::Int) => resolved(text, found),
                    _ => Err(NotAValue::new(format!("'{text}' is no {}", tag_name(tag)))),
                }
            }
        }
    }
}

fn tag_name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "boolean (true or false)",
        Tag::Int => "whole number",
        Tag::Float => "number",
        Tag::Timestamp => "timestamp",
        Tag::Binary => "base64 text",
        Tag::Str | Tag::Empty => "text",
    }
}

fn resolved(text: &str, tag: Tag) -> Result<Value, NotAValue> {
    Ok(match tag {
        Tag::Null => Value::Null,
        Tag::Bool => Value::Bool(matches!(text.as_bytes().first(), Some(b't' | b'T'))),
        Tag::Int | Tag::Float | Tag::Timestamp => match plain_int(text) {
            Some(int) => Value::Int(int),
            None => object::from_yaml_one(text, Dialect::Kyaml)
                .map_err(|e| NotAValue::new(e.message))?,
        },
        Tag::Str | Tag::Empty | Tag::Binary => Value::String(text.into()),
    })
}

fn tagged(tag: &str, text: &str) -> Result<Value, NotAValue> {
    let source = format!("!!{tag} \"{}\"", text.replace(['\n', '"', '\\'], ""));
    object::from_yaml_one(&source, Dialect::Kyaml).map_err(|e| NotAValue::new(e.message))
}

impl Node {
    /// The value this is printed as.
    ///
    /// # Errors
    /// A key that stands twice or is no text, a text that does not fit its tag, a number JSON does not have.
    pub(crate) fn to_value(&self) -> Result<Value, NotAValue> {
        self.value_at(true)
    }

    fn value_at(&self, root: bool) -> Result<Value, NotAValue> {
        Ok(match self {
            Self::Scalar(scalar) => scalar.value()?,
            Self::List(list) => {
                let mut items = Vec::with_capacity(list.items.len());
                for (i, item) in list.items.iter().enumerate() {
                    items.push(item.value_at(false).map_err(|e| e.inside(format!("[{i}]")))?);
                }
                Value::List(items)
            }
            Self::Map(map) => {
                let mut entries: Vec<(CompactString, Value)> =
                    Vec::with_capacity(map.entries.len());
                for (key, value) in &map.entries {
                    // The text of the key's tag only counts below the root, where keys are not declared text.
                    let plain = key.style == Style::Plain
                        && !root
                        && !matches!(key.tag, Tag::Str)
                        && tag_of(&key.text) != Tag::Str;
                    if plain || key.tag == Tag::Null {
                        let message = format!("the key '{}' is no text; quote it", key.text);
                        return Err(NotAValue::new(message));
                    }
                    let value = value.value_at(false).map_err(|e| e.inside(key.text.as_str()))?;
                    entries.push((key.text.clone(), value));
                }
                let count = entries.len();
                let sorted = object::Map::from_iter(entries);
                if sorted.len() != count {
                    return Err(NotAValue::new(twice(map)));
                }
                Value::Map(sorted)
            }
        })
    }

    /// [`Node::from_value`] of what went through Go's JSON, where every number is a float: one million is
    /// spelled `1e+06`.
    pub(crate) fn from_json_value(value: &Value) -> Self {
        let mut node = Self::from_value(value);
        node.spell_as_floats();
        node
    }

    fn spell_as_floats(&mut self) {
        match self {
            Self::Scalar(scalar) if scalar.tag == Tag::Int && scalar.text.len() > 6 => {
                let float = scalar.text.parse().unwrap_or(0.0_f64);
                if float.abs() >= 1e6 {
                    let text = format!("{float:e}");
                    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                    scalar.text = compact_str::format_compact!("{mantissa}e+{exponent:0>2}");
                    scalar.tag = Tag::Float;
                }
            }
            Self::Scalar(_) => {}
            Self::List(list) => list.items.iter_mut().for_each(Self::spell_as_floats),
            Self::Map(map) => map.entries.iter_mut().for_each(|(_, v)| v.spell_as_floats()),
        }
    }

    /// A node as kustomize reads back what it marshalled: text that needs quotes has them.
    pub(crate) fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::null(),
            Value::Bool(truth) => {
                Self::Scalar(Scalar::new(if *truth { "true" } else { "false" }, Tag::Bool))
            }
            Value::Int(int) => {
                Self::Scalar(Scalar::new(compact_str::format_compact!("{int}"), Tag::Int))
            }
            Value::Float(_) => {
                let text = object::to_yaml(value);
                Self::Scalar(Scalar::new(text.trim_end(), Tag::Float))
            }
            Value::String(text) => {
                let mut scalar = Scalar::new(text.clone(), Tag::Str);
                if text.contains('\n') {
                    scalar.style = Style::Literal;
                } else if text.is_empty() || is_ambiguous(text) {
                    scalar.style = Style::Double;
                }
                Self::Scalar(scalar)
            }
            Value::List(items) => {
                let items = items.iter().map(Self::from_value).collect();
                Self::List(List { items, flow: false })
            }
            Value::Map(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| (Scalar::new(key, Tag::Str), Self::from_value(value)))
                    .collect();
                Self::Map(Map { entries, flow: false })
            }
        }
    }
}

fn twice(map: &Map) -> String {
    let repeated = map
        .entries
        .iter()
        .enumerate()
        .find(|(i, (key, _))| map.position(&key.text) != Some(*i))
        .map_or("", |(_, (key, _))| key.text.as_str());
    format!("the key '{repeated}' stands twice; keep one of the two")
}
