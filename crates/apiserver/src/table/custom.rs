//! Columns that a CustomResourceDefinition declares.

use super::age::{human_duration, parse_time};
use super::columns::definition;
use super::jsonpath::Path;
use jiff::Timestamp;
use object::{Manifest as _, Value, map, to_json};

/// The readable columns of one version of a definition.
#[derive(Debug)]
pub(super) struct CustomColumns(Vec<CustomColumn>);

#[derive(Debug)]
struct CustomColumn {
    name: String,
    kind: String,
    format: String,
    description: String,
    priority: i64,
    path: Path,
}

impl CustomColumns {
    /// Reads `additionalPrinterColumns`; an empty list is the default column, the age.
    pub(super) fn read(columns: &[Value]) -> Self {
        if columns.is_empty() {
            let age =
                map! {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"};
            return Self(CustomColumn::read(&age.into()).into_iter().collect());
        }
        // Kubernetes stops at the first path it cannot read, and keeps what came before.
        Self(columns.iter().map_while(CustomColumn::read).collect())
    }

    pub(super) fn definitions(&self) -> Vec<Value> {
        let name = definition("Name", "string", "name", "", 0);
        let columns = self
            .0
            .iter()
            .map(|c| definition(&c.name, &c.kind, &c.format, &c.description, c.priority));
        std::iter::once(name).chain(columns).collect()
    }

    pub(super) fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let columns = self.0.iter().map(|column| column.cell(object, now));
        std::iter::once(object.name().into()).chain(columns).collect()
    }
}

impl CustomColumn {
    fn read(column: &Value) -> Option<Self> {
        let text = |member| column.get(member).and_then(Value::as_str).unwrap_or_default();
        let description = match text("description") {
            "" => format!(
                "Custom resource definition column (in JSONPath format): {}",
                text("jsonPath")
            ),
            own => own.to_owned(),
        };
        Some(Self {
            name: text("name").to_owned(),
            kind: text("type").to_owned(),
            format: text("format").to_owned(),
            description,
            priority: column.get("priority").and_then(Value::as_int).unwrap_or_default(),
            path: Path::parse(text("jsonPath")).ok()?,
        })
    }

    fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let found = self.path.find(object);
        let Some(value) = found.first() else { return Value::Null };
        match (self.kind.as_str(), value) {
            ("string", value) => printed(value).into(),
            (_, Value::Null) => Value::Null,
            ("integer", Value::Int(i)) => (*i).into(),
            ("integer", Value::Float(f)) => (*f as i64).into(),
            ("number", Value::Int(i)) => Value::Float(*i as f64),
            ("number", Value::Float(f)) => (*f).into(),
            ("boolean", Value::Bool(b)) => (*b).into(),
            ("date", Value::String(text)) if text.is_empty() => "<unknown>".into(),
            ("date", Value::String(text)) => match parse_time(text) {
                Some(time) => human_duration(now.duration_since(time)).into(),
                None => "<invalid>".into(),
            },
            _ => Value::Null,
        }
    }
}

/// A value as text: scalars as they are, lists and maps as JSON.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::String(s) => s.to_string(),
        other => String::from_utf8_lossy(&to_json(other)).into_owned(),
    }
}
