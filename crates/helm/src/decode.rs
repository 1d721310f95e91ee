//! Fields out of YAML the way `sigs.k8s.io/yaml` fills Go structs: names in any case, numbers and booleans become text
//! where text is wanted, the first field of a wrong type is reported and the others are filled all the same.

use crate::gotext::{general, json_kind};
use object::{Dialect, Value, YamlError};
use std::collections::BTreeMap;

/// Reads one YAML document as `yaml.Unmarshal` does, numbers as they stand.
///
/// # Errors
/// Go's text, such as `error converting YAML to JSON: yaml: line 2: ...`.
pub(crate) fn yaml(text: &[u8]) -> Result<Value, String> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(_) => return Err(format!("{CONVERTING}yaml: invalid leading UTF-8 octet")),
    };
    object::from_yaml_one(text, Dialect::Sigs).map_err(|e| yaml_error(&e, text))
}

const CONVERTING: &str = "error converting YAML to JSON: ";

/// A YAML error in the words of go-yaml, which names no line where the text as such is well-formed.
fn yaml_error(error: &YamlError, text: &str) -> String {
    let message = &error.message;
    let without_line = ["unknown anchor", "map merge"];
    if let Some(number) = message.strip_prefix("the number ") {
        let number = match number.split(' ').next().unwrap_or_default() {
            nan if nan.eq_ignore_ascii_case(".nan") => "NaN",
            low if low.starts_with('-') => "-Inf",
            _ => "+Inf",
        };
        format!("{CONVERTING}json: unsupported value: {number}")
    } else if without_line.iter().any(|w| message.contains(w)) {
        format!("{CONVERTING}yaml: {message}")
    } else {
        match go_line(error, text) {
            0 => format!("{CONVERTING}yaml: {message}"),
            line => format!("{CONVERTING}yaml: line {line}: {message}"),
        }
    }
}

/// The line go-yaml names. Its parser counts from 0 where its scanner counts from 1, and the scanner names the place
/// where it noticed, not where the trouble began.
fn go_line(error: &YamlError, text: &str) -> usize {
    match error.message.as_str() {
        "found unexpected end of stream" => text.bytes().filter(|b| *b == b'\n').count() + 1,
        "could not find expected ':'" => {
            let blank = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
            error.line + 1 + text.lines().skip(error.line).take_while(blank).count()
        }
        message if message.starts_with("did not find expected") => error.line.saturating_sub(1),
        _ => error.line,
    }
}

/// `json: cannot unmarshal ...` as `sigs.k8s.io/yaml` hands it on.
pub(crate) fn mismatch(found: &Value, place: &str, go_type: &str) -> String {
    let kind = json_kind(found);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {place} of type {go_type}"
    )
}

/// Fills the fields of one struct, and keeps the first mismatch.
pub(crate) struct Fields<'a> {
    /// `Metadata` or `Metadata.dependencies`: what messages name before the field.
    path: String,
    map: Option<&'a object::Map>,
    error: Option<String>,
}

impl<'a> Fields<'a> {
    /// Of a whole document for the struct `name`; `package` is what Go prints before it for a document of another type.
    pub(crate) fn of(value: &'a Value, package: &str, name: &str) -> Self {
        let (map, error) = match value {
            Value::Map(map) => (Some(map), None),
            Value::Null => (None, None),
            other => (None, Some(mismatch(other, "value", &format!("{package}.{name}")))),
        };
        Self { path: name.to_owned(), map, error }
    }

    /// Of a member, or an item of one, that is a struct of the type `go_type`.
    pub(crate) fn detached<'b>(
        &mut self,
        name: &str,
        value: &'b Value,
        go_type: &str,
    ) -> Fields<'b> {
        let path = format!("{}.{name}", self.path);
        let map = match value {
            Value::Map(map) => Some(map),
            Value::Null => None,
            other => {
                self.fail(mismatch(other, &format!("struct field {path}"), go_type));
                None
            }
        };
        Fields { path, map, error: None }
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    /// Takes over what went wrong in a member.
    pub(crate) fn join(&mut self, error: Option<String>) {
        if let Some(error) = error {
            self.fail(error);
        }
    }

    /// The first mismatch.
    pub(crate) fn finish(self) -> Option<String> {
        self.error
    }

    /// The values a field gets, in the order of the keys; later ones overwrite earlier ones.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let name = name.to_owned();
        let entries = self.map.into_iter().flat_map(|m| m.iter());
        entries.filter(move |(k, _)| k.eq_ignore_ascii_case(&name)).map(|(_, v)| v)
    }

    fn wrong(&mut self, name: &str, found: &Value, go_type: &str) {
        let place = format!("struct field {}.{name}", self.path);
        self.fail(mismatch(found, &place, go_type));
    }

    /// A `string`.
    pub(crate) fn text(&mut self, name: &str, out: &mut String) {
        for value in self.values(name) {
            match as_text(value) {
                Some(text) => *out = text,
                None if value.is_null() => {}
                None => self.wrong(name, value, "string"),
            }
        }
    }

    /// A `bool`.
    pub(crate) fn flag(&mut self, name: &str, out: &mut bool) {
        for value in self.values(name) {
            match value {
                Value::Bool(b) => *out = *b,
                Value::Null => {}
                other => self.wrong(name, other, "bool"),
            }
        }
    }

    /// A `[]string`.
    pub(crate) fn texts(&mut self, name: &str, out: &mut Vec<String>) {
        for value in self.values(name) {
            match value {
                Value::List(items) => {
                    out.clear();
                    for item in items {
                        // The conversion to text looks at fields and map items only, not at list items.
                        match item {
                            Value::String(s) => out.push(s.to_string()),
                            Value::Null => out.push(String::new()),
                            other => {
                                out.push(String::new());
                                self.wrong(name, other, "string");
                            }
                        }
                    }
                }
                Value::Null => out.clear(),
                other => self.wrong(name, other, "[]string"),
            }
        }
    }

    /// A list of anything, `go_type` in messages.
    pub(crate) fn list(&mut self, name: &str, go_type: &str) -> Option<&'a [Value]> {
        let mut out = None;
        for value in self.values(name) {
            match value {
                Value::List(items) => out = Some(items.as_slice()),
                Value::Null => out = None,
                other => self.wrong(name, other, go_type),
            }
        }
        out
    }

    /// A `map[string]string`.
    pub(crate) fn text_map(&mut self, name: &str, out: &mut Option<BTreeMap<String, String>>) {
        for value in self.values(name) {
            match value {
                Value::Map(map) => {
                    let all = out.get_or_insert_default();
                    for (key, value) in map.iter() {
                        match as_text(value) {
                            Some(text) => {
                                all.insert(key.to_owned(), text);
                            }
                            None if value.is_null() => {
                                all.insert(key.to_owned(), String::new());
                            }
                            None => self.wrong(name, value, "string"),
                        }
                    }
                }
                Value::Null => *out = None,
                other => self.wrong(name, other, "map[string]string"),
            }
        }
    }
}

/// A scalar as text, where the Go field is a string.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => general(*f),
        Value::Bool(b) => b.to_string(),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    })
}
