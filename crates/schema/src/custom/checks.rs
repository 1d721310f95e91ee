//! Everything that can be wrong with an object of a custom kind, in the order a real server asks.
//!
//! After `k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go`.

use crate::path::Path;
use crate::rules::Rules;
use crate::{
    Additional, FieldError, FieldErrorKind, Schema, duplicates, names, validate, validate_update,
};
use object::Value;

/// What is wrong with `new`, an object of a custom kind: its schema, embedded resources, lists of type set and map,
/// and its rules. With `old` it is an update: transition rules run, and parts that did not change are not held
/// against it. Metadata of the object itself is [`names::metadata`]'s.
pub fn object_faults(
    schema: &Schema,
    rules: &Rules,
    new: &Value,
    old: Option<&Value>,
) -> Vec<FieldError> {
    let mut errors = match old {
        Some(old) => validate_update(schema, new, old),
        None => validate(schema, new),
    };
    embedded(schema, new, &mut Path::default(), &mut errors);
    if old.is_none_or(|old| duplicates(schema, old).is_empty()) {
        errors.extend(duplicates(schema, new));
    }
    if rules.is_empty() {
        return errors;
    }
    if errors.iter().any(|e| stops_rules(e.kind)) {
        let detail = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        errors.push(FieldError::invalid("<nil>", Value::Null, detail));
    } else {
        errors.extend(rules.check(new, old));
    }
    errors
}

/// Errors after which rules might see values they do not expect.
fn stops_rules(kind: FieldErrorKind) -> bool {
    use FieldErrorKind::{NotSupported, Required, TooLong, TooMany, TypeInvalid};
    matches!(kind, NotSupported | Required | TooLong | TooMany | TypeInvalid)
}

/// Checks `apiVersion`, `kind` and `metadata` of embedded resources.
fn embedded(schema: &Schema, value: &Value, path: &mut Path, errors: &mut Vec<FieldError>) {
    match value {
        Value::Map(map) => {
            if schema.embedded_resource {
                resource(value, path, errors);
            }
            for (name, member) in map.iter() {
                if let Some(of) = schema.property(name) {
                    path.member(name, |path| embedded(of, member, path, errors));
                } else if let Additional::Of(of) = &schema.additional {
                    path.key(name, |path| embedded(of, member, path, errors));
                }
            }
        }
        Value::List(items) => {
            let Some(of) = schema.items.as_deref() else { return };
            for (index, item) in items.iter().enumerate() {
                path.item(index, |path| embedded(of, item, path, errors));
            }
        }
        _ => {}
    }
}

fn resource(value: &Value, path: &Path, errors: &mut Vec<FieldError>) {
    for member in ["apiVersion", "kind"] {
        let place = path.with(member);
        let Some(given) = value.get(member) else {
            errors.push(FieldError::required(place, ""));
            continue;
        };
        let Some(text) = given.as_str() else {
            errors.push(FieldError::invalid(place, given.clone(), "must be a string"));
            continue;
        };
        if text.is_empty() {
            errors.push(FieldError::invalid(place, text, "must not be empty"));
        } else if member == "apiVersion" && text.matches('/').count() > 1 {
            let detail = format!("unexpected GroupVersion string: {text}");
            errors.push(FieldError::invalid(place, text, detail));
        } else if member == "kind" {
            let faults = names::dns_1035_label(&text.to_lowercase());
            if !faults.is_empty() {
                let detail = format!(
                    "may have mixed case, but should otherwise match: {}",
                    faults.join(",")
                );
                errors.push(FieldError::invalid(place, text, detail));
            }
        }
    }
    if let Some(metadata) = value.get("metadata") {
        let labels = names::labels(metadata.get("labels"), &path.with("metadata.labels"));
        errors.extend(labels);
    }
}
