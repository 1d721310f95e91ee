//! Typed fields out of a value, as Go's `encoding/json` fills a struct: names match whatever their case, null
//! is as if absent, every other type than the declared one is an error.

use object::{Map, PathStep, Value};
use std::collections::BTreeMap;

/// A field of the wrong type or name, with the way to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) path: Vec<Step>,
    pub(crate) message: String,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into() }
    }

    pub(crate) fn under(mut self, key: &str) -> Self {
        self.path.insert(0, Step::Key(key.to_owned()));
        self
    }

    pub(crate) fn at(mut self, index: usize) -> Self {
        self.path.insert(0, Step::Index(index));
        self
    }

    /// `images[0].newTag: ...`.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => out.push_str(&format!("[{index}]")),
                Step::Key(key) if out.is_empty() => out.push_str(key),
                Step::Key(key) => out.push_str(&format!(".{key}")),
            }
        }
        if out.is_empty() { self.message.clone() } else { format!("{out}: {}", self.message) }
    }

    /// The line of the field in the text it was read from.
    pub(crate) fn line(&self, text: &str) -> usize {
        // The field itself may not exist; then the nearest thing around it is told.
        for length in (0..=self.path.len()).rev() {
            let steps: Vec<PathStep<'_>> = self.path[..length]
                .iter()
                .map(|step| match step {
                    Step::Key(key) => PathStep::Key(key),
                    Step::Index(index) => PathStep::Index(*index),
                })
                .collect();
            if let Some(line) = object::locate(text, 0, &steps) {
                return line;
            }
        }
        0
    }
}

/// How much is forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `kustomization.yaml`: every field must be known, a text must be written as one.
    Strict,
    /// Configuration files: every field must be known, numbers and booleans count as text.
    Known,
    /// Plugins, files of replacements, Flux: unknown fields are ignored, numbers and booleans count as text.
    Loose,
}

/// The fields of a map.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: &'a Map,
    pub(crate) mode: Mode,
    strict_text: bool,
}

pub(crate) type Decoded<T> = Result<T, Wrong>;

impl<'a> Fields<'a> {
    /// # Errors
    /// When the value is no map; null has no fields.
    pub(crate) fn of(value: &'a Value, mode: Mode) -> Decoded<Self> {
        static NONE: Map = Map::new();
        match value {
            Value::Map(map) => Ok(Self { map, mode, strict_text: mode == Mode::Strict }),
            Value::Null => Ok(Self { map: &NONE, mode, strict_text: true }),
            other => Err(Wrong::new(format!("a map is expected, this is {}", name(other)))),
        }
    }

    /// The same for fields of an embedded struct, where a text must be written as one in any mode.
    pub(crate) fn embedded(self) -> Self {
        Self { strict_text: true, ..self }
    }

    /// The field, `None` when absent or null.
    pub(crate) fn get(self, field: &str) -> Option<&'a Value> {
        let found = self.map.get(field).or_else(|| {
            self.map.iter().find(|(key, _)| key.eq_ignore_ascii_case(field)).map(|(_, v)| v)
        });
        found.filter(|v| !v.is_null())
    }

    /// # Errors
    /// When there is a field that is not among `known`, unless that is forgiven.
    pub(crate) fn only(self, known: &[&str]) -> Decoded<()> {
        if self.mode == Mode::Loose {
            return Ok(());
        }
        for key in self.map.keys() {
            if !known.iter().any(|k| k.eq_ignore_ascii_case(key)) {
                let message = "no such field here; correct or remove it";
                return Err(Wrong::new(message).under(key));
            }
        }
        Ok(())
    }

    pub(crate) fn text(self, field: &str) -> Decoded<String> {
        self.text_opt(field).map(Option::unwrap_or_default)
    }

    pub(crate) fn text_opt(self, field: &str) -> Decoded<Option<String>> {
        self.get(field)
            .map(|v| as_text(v, self.strict_text).map_err(|e| e.under(field)))
            .transpose()
    }

    pub(crate) fn truth(self, field: &str) -> Decoded<bool> {
        match self.get(field) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(other) => Err(expected("true or false", other).under(field)),
        }
    }

    pub(crate) fn int(self, field: &str) -> Decoded<i64> {
        match self.get(field) {
            None => Ok(0),
            Some(Value::Int(int)) => Ok(*int),
            Some(other) => Err(expected("a whole number", other).under(field)),
        }
    }

    pub(crate) fn texts(self, field: &str) -> Decoded<Vec<String>> {
        self.list(field, |value| as_text(value, self.strict_text))
    }

    pub(crate) fn text_map(self, field: &str) -> Decoded<BTreeMap<String, String>> {
        self.text_map_opt(field).map(Option::unwrap_or_default)
    }

    pub(crate) fn text_map_opt(self, field: &str) -> Decoded<Option<BTreeMap<String, String>>> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let Value::Map(map) = value else { return Err(expected("a map", value).under(field)) };
        map.iter()
            .map(|(key, value)| {
                let text = as_text(value, self.strict_text);
                Ok((key.to_owned(), text.map_err(|e| e.under(key).under(field))?))
            })
            .collect::<Decoded<_>>()
            .map(Some)
    }

    pub(crate) fn list<T>(
        self,
        field: &str,
        item: impl Fn(&'a Value) -> Decoded<T>,
    ) -> Decoded<Vec<T>> {
        match self.get(field) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => items
                .iter()
                .enumerate()
                .map(|(i, value)| item(value).map_err(|e| e.at(i).under(field)))
                .collect(),
            Some(other) => Err(expected("a list", other).under(field)),
        }
    }

    /// A struct in a field.
    pub(crate) fn inner<T>(
        self,
        field: &str,
        read: impl Fn(&'a Value) -> Decoded<T>,
    ) -> Decoded<Option<T>> {
        self.get(field).map(|v| read(v).map_err(|e| e.under(field))).transpose()
    }
}

fn as_text(value: &Value, strict: bool) -> Decoded<String> {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) if !strict => {
            Ok(object::to_yaml(value).trim_end().to_owned())
        }
        Value::String(text) => Ok(text.as_str().to_owned()),
        Value::Null => Ok(String::new()),
        other => Err(expected("text", other)),
    }
}

fn expected(what: &str, found: &Value) -> Wrong {
    let quote = match found {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) if what == "text" => "; put it in quotes",
        _ => "",
    };
    Wrong::new(format!("{what} is expected, this is {}{quote}", name(found)))
}

fn name(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => format!("the boolean {truth}"),
        Value::Int(int) => format!("the number {int}"),
        Value::Float(float) => format!("the number {float}"),
        Value::String(_) => "text".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}
