//! What is wrong with one field, in the words of a real API server.

use object::{Value, to_json};
use std::fmt;

/// One thing wrong with one field (`k8s.io/apimachinery/pkg/util/validation/field`).
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// What is wrong.
    pub kind: FieldErrorKind,
    /// Where, such as `spec.ports[0].port`. `<nil>` when a rule about the whole object has no place.
    pub path: String,
    /// The offending value; `None` where an error of the kind shows one and this one does not.
    pub value: Option<Value>,
    /// More words; may be empty.
    pub detail: String,
}

/// What can be wrong with a field; [`FieldErrorKind::reason`] is its name in the causes of a `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldErrorKind {
    /// It refers to something that does not exist.
    NotFound,
    /// It must be given.
    Required,
    /// Two must not be equal.
    Duplicate,
    /// Malformed, out of bounds.
    Invalid,
    /// Not one of a list.
    NotSupported,
    /// Fine by itself, not permitted here or now.
    Forbidden,
    /// Longer than allowed.
    TooLong,
    /// More items than allowed.
    TooMany,
    /// Of another type than the schema's.
    TypeInvalid,
    /// Our fault, not the user's.
    Internal,
}

impl FieldErrorKind {
    /// The reason in `status.details.causes`, such as `FieldValueRequired`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

impl FieldError {
    /// Of any kind.
    pub fn new(
        kind: FieldErrorKind,
        path: impl Into<String>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, path: path.into(), value: Some(value.into()), detail: detail.into() }
    }

    /// The same error without showing the value: for whole objects and lists.
    #[must_use]
    pub fn without_value(mut self) -> Self {
        self.value = None;
        self
    }

    /// The value is malformed, and is shown as this text, not as JSON of ours.
    pub(crate) fn invalid_shown(path: impl Into<String>, shown: &str, detail: &str) -> Self {
        let detail =
            if detail.is_empty() { shown.to_owned() } else { format!("{shown}: {detail}") };
        Self::invalid(path, "", detail).without_value()
    }

    /// The field must be given.
    pub fn required(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, path, Value::Null, detail)
    }

    /// The value is malformed or out of bounds.
    pub fn invalid(
        path: impl Into<String>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(FieldErrorKind::Invalid, path, value, detail)
    }

    /// The value is not permitted here or now.
    pub fn forbidden(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, path, Value::Null, detail)
    }

    /// The value stands there twice.
    pub fn duplicate(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(FieldErrorKind::Duplicate, path, value, "")
    }

    /// The value is none of `supported`.
    pub fn not_supported<'a>(
        path: impl Into<String>,
        value: impl Into<Value>,
        supported: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let quoted: Vec<String> = supported.into_iter().map(go_quote).collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        Self::new(FieldErrorKind::NotSupported, path, value, detail)
    }

    /// The text has more than `most` bytes.
    pub fn too_long(path: impl Into<String>, most: u64) -> Self {
        let unit = if most == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {most} {unit}");
        Self::new(FieldErrorKind::TooLong, path, Value::Null, detail)
    }

    /// There are `actual` items, and `most` are allowed.
    pub fn too_many(path: impl Into<String>, actual: u64, most: u64) -> Self {
        let unit = if most == 1 { "item" } else { "items" };
        let actual = i64::try_from(actual).unwrap_or(i64::MAX);
        let detail = format!("must have at most {most} {unit}");
        Self::new(FieldErrorKind::TooMany, path, actual, detail)
    }

    /// The message without the path, as `status.details.causes[].message` has it.
    pub fn body(&self) -> String {
        use FieldErrorKind::{Forbidden, Internal, Required, TooLong};
        let words = self.kind.words();
        let mut text = match (self.kind, &self.value) {
            (Required | Forbidden | TooLong | Internal, _) | (_, None) => words.to_owned(),
            (_, Some(value)) => format!("{words}: {}", shown(value)),
        };
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

impl std::error::Error for FieldError {}

/// Several errors as one message: alone as it is, more in brackets with equal ones once
/// (`field.ErrorList.ToAggregate`).
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// A value as error messages show it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => go_quote(text),
        Value::Float(number) => go_float(*number),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Map(_) => {
            go_json(value)
        }
    }
}

/// Compact JSON as Go's `encoding/json` writes it: `<`, `>` and `&` escaped.
pub(crate) fn go_json(value: &Value) -> String {
    let text = String::from_utf8_lossy(&to_json(value)).into_owned();
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return text;
    }
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// A label selector as Go writes it: its members in the order of the struct, not of the alphabet.
pub(crate) fn go_selector(selector: &Value) -> String {
    let part = |key: &str| {
        let value = selector.get(key).filter(|v| match v {
            Value::Map(map) => !map.is_empty(),
            Value::List(items) => !items.is_empty(),
            _ => false,
        });
        value.map(|v| format!("\"{key}\":{}", go_json(v)))
    };
    let parts: Vec<String> =
        ["matchLabels", "matchExpressions"].into_iter().filter_map(part).collect();
    format!("{{{}}}", parts.join(","))
}

/// A text as Go's `%q` writes it.
pub fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            // What `char` calls printable is near enough to Go's `IsPrint` beyond ASCII.
            c if !c.is_ascii() && c.escape_debug().count() > 1 => {
                let code = c as u32;
                out.push_str(&if code > 0xffff {
                    format!("\\U{code:08x}")
                } else {
                    format!("\\u{code:04x}")
                });
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A number as Go's `%v` writes a `float64`.
pub(crate) fn go_float(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            "NaN".to_owned()
        } else if number > 0.0 {
            "+Inf".to_owned()
        } else {
            "-Inf".to_owned()
        };
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(e) => ('-', e),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{number}")
}

#[cfg(test)]
mod tests;
