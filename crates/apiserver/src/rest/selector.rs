//! Label and field selectors.

use super::error::ApiError;
use crate::registry::Served;
use crate::store::Stored;
use object::{Manifest, Value};

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Equals(String, String),
    Differs(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

/// A label selector: all requirements hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

impl LabelSelector {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
    ///
    /// # Errors
    /// 400 with what was expected.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(requirement(part).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "unable to parse requirement: found {part:?}, expected: key, '!key', or a key \
                     with one of =, ==, !=, in, notin, gt, lt"
                ))
            })?);
        }
        Ok(Self(requirements))
    }

    /// Reads a `LabelSelector` object; `None` when an operator is none.
    pub fn read(selector: &Value) -> Option<Self> {
        let pairs = selector.get("matchLabels").and_then(Value::as_map);
        let equals = |(k, v): (&str, &Value)| {
            Requirement::Equals(k.to_owned(), v.as_str().unwrap_or_default().to_owned())
        };
        let mut requirements: Vec<Requirement> =
            pairs.into_iter().flat_map(object::Map::iter).map(equals).collect();
        let expressions = selector.get("matchExpressions").and_then(Value::as_list);
        for expression in expressions.unwrap_or_default() {
            let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
            let values = || {
                let list = expression.get("values").and_then(Value::as_list).unwrap_or_default();
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            let key = text("key").to_owned();
            requirements.push(match text("operator") {
                "In" => Requirement::In(key, values()),
                "NotIn" => Requirement::NotIn(key, values()),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Missing(key),
                _ => return None,
            });
        }
        Some(Self(requirements))
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the labels fulfil every requirement.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Equals(key, value) => label(key) == Some(value),
            Requirement::Differs(key, value) => label(key) != Some(value),
            Requirement::In(key, values) => {
                label(key).is_some_and(|l| values.iter().any(|v| v == l))
            }
            Requirement::NotIn(key, values) => {
                label(key).is_none_or(|l| values.iter().all(|v| v != l))
            }
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::Missing(key) => label(key).is_none(),
            Requirement::Greater(key, number) => number_of(label(key)).is_some_and(|n| n > *number),
            Requirement::Less(key, number) => number_of(label(key)).is_some_and(|n| n < *number),
        })
    }
}

fn number_of(label: Option<&str>) -> Option<i64> {
    label?.parse().ok()
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Missing(key_of(key)?));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::Differs(key_of(key)?, value_of(value)?));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::Equals(key_of(key)?, value_of(value)?));
    }
    if let Some((key, value)) = part.split_once('>') {
        return Some(Requirement::Greater(key_of(key)?, value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return Some(Requirement::Less(key_of(key)?, value.trim().parse().ok()?));
    }
    let Some((key, rest)) = part.split_once(char::is_whitespace) else {
        return Some(Requirement::Exists(key_of(part)?));
    };
    let rest = rest.trim();
    let (not, rest) = match rest.strip_prefix("notin") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("in")?),
    };
    let inside = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
    let values = inside.split(',').map(value_of).collect::<Option<Vec<String>>>()?;
    let key = key_of(key)?;
    Some(if not { Requirement::NotIn(key, values) } else { Requirement::In(key, values) })
}

fn key_of(text: &str) -> Option<String> {
    let text = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!text.is_empty() && text.chars().all(fine)).then(|| text.to_owned())
}

fn value_of(text: &str) -> Option<String> {
    let text = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().all(fine).then(|| text.to_owned())
}

/// A field selector: all of path, equal or not, value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// Reads `metadata.name=x,status.phase!=Running` for a resource.
    ///
    /// # Errors
    /// 400 when the resource cannot be selected by a field.
    pub fn parse(text: &str, served: &Served) -> Result<Self, ApiError> {
        let mut terms = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
                (path, false, value)
            } else if let Some((path, value)) =
                part.split_once("==").or_else(|| part.split_once('='))
            {
                (path, true, value)
            } else {
                return Err(ApiError::bad_request(format!(
                    "invalid selector: {part:?}; can't understand {part:?}"
                )));
            };
            let (path, value) = (path.trim(), value.trim());
            if !selectable(path, served) {
                return Err(ApiError::bad_request(format!("field label not supported: {path}")));
            }
            terms.push((path.to_owned(), equal, value.to_owned()));
        }
        Ok(Self(terms))
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name that must match, when the selector says `metadata.name=x`.
    pub fn name(&self) -> Option<&str> {
        let term = self.0.iter().find(|(path, equal, _)| *equal && path == "metadata.name");
        term.map(|(_, _, value)| value.as_str())
    }

    /// Whether the object fulfils every term; decodes it only when a term needs that.
    pub fn matches(&self, object: &Stored) -> bool {
        let mut decoded: Option<Value> = None;
        self.0.iter().all(|(path, equal, wanted)| match path.as_str() {
            "metadata.name" => (object.name() == wanted) == *equal,
            "metadata.namespace" => (object.namespace() == wanted) == *equal,
            path => {
                let value = decoded.get_or_insert_with(|| object.value());
                (field(value, path) == *wanted) == *equal
            }
        })
    }
}

fn selectable(path: &str, served: &Served) -> bool {
    path == "metadata.name"
        || (path == "metadata.namespace" && served.kind.namespaced)
        || served.kind.selectable_fields.iter().any(|f| f == path)
}

/// The text of a member for comparing; the empty text when it is absent.
fn field(object: &Value, path: &str) -> String {
    // What the members say when they are not written (`pkg/apis/core/v1/conversion.go`).
    let path = match path {
        "source" if object.at(["source", "component"]).is_none() => "reportingComponent",
        "source" => "source.component",
        path => path,
    };
    match object.at(path.split('.')) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Int(i)) => i.to_string(),
        None if path == "spec.unschedulable" => "false".to_owned(),
        None if path == "status.successful" => "0".to_owned(),
        None if path == "spec.hostNetwork" => "false".to_owned(),
        None if path == "spec.restartPolicy" && object.kind() == "Pod" => "Always".to_owned(),
        _ => String::new(),
    }
}

/// Both selectors of a request.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// On labels.
    pub labels: LabelSelector,
    /// On fields.
    pub fields: FieldSelector,
}

impl Selector {
    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Stored) -> bool {
        self.labels.matches(|key| object.label(key)) && self.fields.matches(object)
    }
}
