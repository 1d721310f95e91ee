//! Whether a custom resource fits its schema: types, bounds, patterns, junctors, uniqueness.
//!
//! As `k8s.io/kube-openapi/pkg/validation/validate` and `k8s.io/apiextensions-apiserver` do it, with their
//! words, so that a message found on the web fits ours. Where Go walks a map in random order, we walk by name.
//!
//! Deliberately absent: CEL rules ([`crate::rules`]), names and labels of metadata ([`crate::names`]).

mod formats;
mod junctors;
mod unique;

use crate::error::go_float;
use crate::path::Path;
use crate::{Additional, FieldError, FieldErrorKind, Limits, ListType, MapType, Schema, Type};
use object::Value;

pub use unique::duplicates;

/// Everything in `value` that does not fit `schema`, each error once. Members without a schema are not
/// looked at: prune first.
pub fn validate(schema: &Schema, value: &Value) -> Vec<FieldError> {
    validate_at(schema, value, "")
}

/// The same for an update. Parts that did not change are not held against it (ratcheting), so that a stricter
/// schema does not lock existing objects.
pub fn validate_update(schema: &Schema, new: &Value, old: &Value) -> Vec<FieldError> {
    each_once(check(schema, new, Some(old), &mut Path::default()).errors)
}

/// [`validate`] for a value that stands at `path` of an object.
pub fn validate_at(schema: &Schema, value: &Value, path: &str) -> Vec<FieldError> {
    each_once(check(schema, value, None, &mut Path::below(path)).errors)
}

fn each_once(mut errors: Vec<FieldError>) -> Vec<FieldError> {
    let mut seen: Vec<String> = Vec::new();
    errors.retain(|error| {
        let text = error.to_string();
        let new = !seen.contains(&text);
        if new {
            seen.push(text);
        }
        new
    });
    errors
}

/// What checking one value gave.
#[derive(Default)]
struct Findings {
    errors: Vec<FieldError>,
    /// How many checks ran: of several alternatives that fail, the one that came furthest is told.
    matched: usize,
}

impl Findings {
    fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.matched += other.matched;
    }

    /// `{path} in body {words}` about `value`.
    fn fault(&mut self, path: &Path, value: impl Into<Value>, words: &str) {
        let detail = format!("{} in body {words}", path.text());
        self.errors.push(FieldError::invalid(place(path), value, detail));
    }
}

/// Where an error stands: a real server has no path for the root.
fn place(path: &Path) -> String {
    match path.text() {
        "" => "<nil>".to_owned(),
        text => text.to_owned(),
    }
}

fn check(schema: &Schema, value: &Value, old: Option<&Value>, path: &mut Path) -> Findings {
    let mut found = Findings::default();
    if old == Some(value) {
        return found;
    }
    check_type(schema, value, path, &mut found);
    let Some(limits) = schema.limits.as_deref() else {
        if !value.is_null() {
            check_text_format(schema, value, path, &mut found);
            check_parts(schema, value, old, path, &mut found);
            found.matched += 4;
        }
        return found;
    };
    if value.is_null() {
        check_enum(limits, value, path, &mut found);
        return found;
    }
    found.merge(junctors::check(limits, value, path));
    check_text(limits, value, path, &mut found);
    check_text_format(schema, value, path, &mut found);
    check_number(limits, value, path, &mut found);
    check_sizes(limits, value, path, &mut found);
    check_enum(limits, value, path, &mut found);
    check_parts(schema, value, old, path, &mut found);
    found.matched += 4;
    found
}

fn type_names(type_: Type) -> Option<&'static str> {
    Some(match type_ {
        Type::Any => return None,
        Type::Object => "object",
        Type::Array => "array",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::IntOrString => "integer,string",
    })
}

fn check_type(schema: &Schema, value: &Value, path: &Path, found: &mut Findings) {
    let Some(wanted) = type_names(schema.type_) else { return };
    let whole = |f: &f64| f.fract() == 0.0;
    let fits = match (schema.type_, value) {
        (_, Value::Null) => schema.nullable,
        (Type::Object, Value::Map(_))
        | (Type::Array, Value::List(_))
        | (Type::String | Type::IntOrString, Value::String(_))
        | (Type::Integer | Type::Number | Type::IntOrString, Value::Int(_))
        | (Type::Number, Value::Float(_))
        | (Type::Boolean, Value::Bool(_)) => true,
        (Type::Integer | Type::IntOrString, Value::Float(f)) => whole(f),
        _ => false,
    };
    if fits {
        found.matched += 1;
        return;
    }
    // Of a type with a checked format a real server names the format, and Go's format of what stands there.
    let (wanted, is) = match schema.format.as_deref().filter(|f| formats::is_checked(f)) {
        None => (wanted, value.type_name()),
        Some(_) if matches!(value, Value::List(_)) => return,
        Some(_) if value.is_null() => (wanted, value.type_name()),
        Some(format) => match value {
            Value::Int(_) => (format, "int64"),
            Value::Float(_) => (format, "float64"),
            _ => (format, ""),
        },
    };
    let detail = format!("{} in body must be of type {wanted}: \"{is}\"", path.text());
    found.errors.push(FieldError::new(FieldErrorKind::TypeInvalid, place(path), is, detail));
}

fn check_text_format(schema: &Schema, value: &Value, path: &Path, found: &mut Findings) {
    if let (Some(format), Some(text)) = (schema.format.as_deref(), value.as_str())
        && !formats::fits(format, text)
    {
        let detail =
            format!("{} in body must be of type {format}: {}", path.text(), crate::go_quote(text));
        found.errors.push(FieldError::new(FieldErrorKind::TypeInvalid, place(path), text, detail));
    }
}

fn check_text(limits: &Limits, value: &Value, path: &Path, found: &mut Findings) {
    let Some(text) = value.as_str() else { return };
    // Counting characters costs a walk: bytes are never fewer.
    let length = || text.chars().count() as u64;
    if let Some(most) = limits.max_length
        && text.len() as u64 > most
        && length() > most
    {
        found.errors.push(FieldError::too_long(place(path), most));
    } else if let Some(least) = limits.min_length
        && length() < least
    {
        found.fault(path, text, &format!("should be at least {least} chars long"));
    } else if let Some(pattern) = &limits.pattern {
        match pattern.find(text) {
            Ok(true) => {}
            Ok(false) => found.fault(path, text, &format!("should match '{}'", pattern.text())),
            Err(fault) => {
                let words =
                    format!("should match '{}, but pattern is invalid: {fault}'", pattern.text());
                found.fault(path, text, &words);
            }
        }
    }
}

fn check_number(limits: &Limits, value: &Value, path: &Path, found: &mut Findings) {
    let number = match value {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        _ => return,
    };
    found.matched += 1;
    // Bounds of whole numbers are compared and shown as whole numbers.
    let bound = |b: f64| if matches!(value, Value::Int(_)) { b.trunc() } else { b };
    if let Some(factor) = limits.multiple_of {
        let whole = if factor < 1.0 { number / factor } else { number * (1.0 / factor) };
        let fits = match value {
            Value::Int(i) if factor.fract() == 0.0 && factor >= 1.0 => i % (factor as i64) == 0,
            _ => (whole - whole.round()).abs() < 1e-9,
        };
        if !fits {
            let words = format!("should be a multiple of {}", go_float(factor));
            found.fault(path, value.clone(), &words);
        }
    }
    if let Some(least) = limits.minimum.map(bound) {
        let (fits, words) = if limits.exclusive_minimum {
            (number > least, "greater than")
        } else {
            (number >= least, "greater than or equal to")
        };
        if !fits {
            found.fault(path, value.clone(), &format!("should be {words} {}", go_float(least)));
        }
    }
    if let Some(most) = limits.maximum.map(bound) {
        let (fits, words) = if limits.exclusive_maximum {
            (number < most, "less than")
        } else {
            (number <= most, "less than or equal to")
        };
        if !fits {
            found.fault(path, value.clone(), &format!("should be {words} {}", go_float(most)));
        }
    }
}

fn check_sizes(limits: &Limits, value: &Value, path: &Path, found: &mut Findings) {
    match value {
        Value::List(items) => {
            let size = items.len() as u64;
            if let Some(least) = limits.min_items.filter(|least| size < *least) {
                found.fault(path, size as i64, &format!("should have at least {least} items"));
            }
            if let Some(most) = limits.max_items.filter(|most| size > *most) {
                found.errors.push(FieldError::too_many(place(path), size, most));
            }
            if limits.unique_items && !unique::all_differ(items) {
                found.fault(path, "", "shouldn't contain duplicates");
            }
        }
        Value::Map(map) => {
            let size = map.len() as u64;
            if let Some(least) = limits.min_properties.filter(|least| size < *least) {
                found.fault(path, size as i64, &format!("should have at least {least} properties"));
            }
            if let Some(most) = limits.max_properties.filter(|most| size > *most) {
                found.errors.push(FieldError::too_many(place(path), size, most));
            }
        }
        _ => {}
    }
}

fn check_enum(limits: &Limits, value: &Value, path: &Path, found: &mut Findings) {
    if limits.enumeration.is_empty() || limits.enumeration.iter().any(|e| same(e, value)) {
        return;
    }
    let supported: Vec<String> = limits
        .enumeration
        .iter()
        .map(|e| e.as_str().map_or_else(|| crate::error::go_json(e), str::to_owned))
        .collect();
    let supported = supported.iter().map(String::as_str);
    found.errors.push(FieldError::not_supported(place(path), value.clone(), supported));
}

/// Whether a value is the one of the `enum`, as Go sees it after converting it to that one's type: a fraction
/// is cut off when the `enum` has a whole number.
fn same(listed: &Value, value: &Value) -> bool {
    match (listed, value) {
        (Value::Int(i), Value::Float(f)) => *i == *f as i64,
        (Value::Float(f), Value::Int(i)) => *i as f64 == *f,
        _ => listed == value,
    }
}

fn check_parts(
    schema: &Schema,
    value: &Value,
    old: Option<&Value>,
    path: &mut Path,
    found: &mut Findings,
) {
    match value {
        Value::List(items) => {
            found.matched += 1;
            let Some(of) = schema.items.as_deref() else { return };
            for (index, item) in items.iter().enumerate() {
                let old = old.and_then(|old| old_item(schema, old, item));
                path.item(index, |path| found.merge(check(of, item, old, path)));
            }
        }
        Value::Map(map) => {
            for (name, member) in map.iter() {
                let of = match (schema.property(name), &schema.additional) {
                    (Some(of), _) => of,
                    (None, Additional::Of(of)) => of,
                    (None, _) => continue,
                };
                let old = old_member(schema, old, name);
                path.member(name, |path| found.merge(check(of, member, old, path)));
            }
            for name in schema.required.iter().filter(|n| !map.contains_key(n)) {
                found.errors.push(FieldError::required(path.with(name), ""));
            }
        }
        _ => {}
    }
}

/// The item of the old list that is the same item: only lists of type map can tell.
pub(crate) fn old_item<'a>(schema: &Schema, old: &'a Value, item: &Value) -> Option<&'a Value> {
    if schema.list_type != Some(ListType::Map) {
        return None;
    }
    let same = |other: &&Value| schema.list_map_keys.iter().all(|k| other.get(k) == item.get(k));
    old.as_list()?.iter().find(same)
}

/// The member of the old map that is the same member: those of atomic maps are not told apart.
pub(crate) fn old_member<'a>(
    schema: &Schema,
    old: Option<&'a Value>,
    name: &str,
) -> Option<&'a Value> {
    old.filter(|_| schema.map_type() == MapType::Granular).and_then(|old| old.get(name))
}

#[cfg(test)]
mod tests;
