//! The structural schema of a custom resource, out of the JSON schema in its definition.
//!
//! - [`from_crd_version`]: one version's schema, refused with the reasons when it is not structural
//! - [`parse`]: the same without the refusal, for schemas that were accepted before
//!
//! Deliberately absent: `$ref`, `definitions`, `dependencies`, `patternProperties`: they are forbidden in
//! definitions (`rules` says so).

mod rules;

use crate::{
    Additional, Branch, FieldError, Limits, ListType, MapType, Pattern, Presence, Property, Rule,
    Schema, Text, Type,
};
use object::Value;

/// The schema of one entry of `spec.versions` of a CustomResourceDefinition. Errors speak of places below
/// `base`, such as `spec.validation` (what a real server says when all versions have one schema) or
/// `spec.versions[1].schema`.
///
/// # Errors
/// Every offence against the rules of structural schemas, sorted.
pub fn from_crd_version(version: &Value, base: &str) -> Result<Schema, Vec<FieldError>> {
    let path = format!("{base}.openAPIV3Schema");
    let Some(json) = version.at(["schema", "openAPIV3Schema"]) else {
        return Err(vec![FieldError::required(path, "")]);
    };
    let errors = rules::offences(json, &path);
    if errors.is_empty() { Ok(parse(json)) } else { Err(errors) }
}

/// The schema written as JSON schema in a definition. Parts of unexpected types read as absent.
pub fn parse(json: &Value) -> Schema {
    let flag = |key| json.get(key).and_then(Value::as_bool).unwrap_or_default();
    let int_or_string = flag("x-kubernetes-int-or-string");
    Schema {
        type_: if int_or_string { Type::IntOrString } else { type_of(json) },
        nullable: flag("nullable"),
        format: text(json, "format"),
        properties: properties(json),
        required: texts(json, "required"),
        items: json.get("items").filter(|v| v.as_map().is_some()).map(branch),
        additional: match json.get("additionalProperties") {
            Some(Value::Bool(true)) => Additional::Anything,
            Some(of @ Value::Map(_)) => Additional::Of(branch(of)),
            _ => Additional::Unspecified,
        },
        default: json.get("default").filter(|v| !v.is_null()).cloned(),
        list_type: text(json, "x-kubernetes-list-type").map(|t| match t.as_str() {
            "map" => ListType::Map,
            "set" => ListType::Set,
            _ => ListType::Atomic,
        }),
        list_map_keys: texts(json, "x-kubernetes-list-map-keys"),
        map_type: text(json, "x-kubernetes-map-type")
            .map(|t| if t == "atomic" { MapType::Atomic } else { MapType::Granular }),
        preserve_unknown_fields: flag("x-kubernetes-preserve-unknown-fields"),
        embedded_resource: flag("x-kubernetes-embedded-resource"),
        limits: limits(json, int_or_string),
        rules: list(json, "x-kubernetes-validations").iter().map(rule).collect(),
        ..Schema::ANY
    }
}

fn branch(json: &Value) -> Branch {
    parse(json).into()
}

fn type_of(json: &Value) -> Type {
    match json.get("type").and_then(Value::as_str).unwrap_or_default() {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => Type::Any,
    }
}

fn properties(json: &Value) -> Vec<Property> {
    let Some(members) = json.get("properties").and_then(Value::as_map) else { return Vec::new() };
    members
        .iter()
        .map(|(name, member)| Property {
            name: name.into(),
            presence: Presence::Given,
            schema: branch(member),
        })
        .collect()
}

fn limits(json: &Value, int_or_string: bool) -> Option<Box<Limits>> {
    let count = |key| json.get(key).and_then(number).map(|n| n.max(0.0) as u64);
    let flag = |key| json.get(key).and_then(Value::as_bool).unwrap_or_default();
    let schemas = |key| list(json, key).iter().map(parse).collect();
    let mut any_of: Vec<Schema> = schemas("anyOf");
    // The customary way to write int-or-string for older readers says nothing that the type does not.
    if int_or_string && any_of.iter().all(|s| matches!(s.type_, Type::Integer | Type::String)) {
        any_of.clear();
    }
    let limits = Limits {
        enumeration: list(json, "enum").to_vec(),
        pattern: text(json, "pattern").filter(|p| !p.is_empty()).map(Pattern::new),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        unique_items: flag("uniqueItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
        minimum: json.get("minimum").and_then(number),
        exclusive_minimum: flag("exclusiveMinimum"),
        maximum: json.get("maximum").and_then(number),
        exclusive_maximum: flag("exclusiveMaximum"),
        multiple_of: json.get("multipleOf").and_then(number),
        all_of: schemas("allOf"),
        any_of,
        one_of: schemas("oneOf"),
        not: json.get("not").map(|v| Box::new(parse(v))),
    };
    (limits != Limits::default()).then(|| Box::new(limits))
}

fn rule(json: &Value) -> Rule {
    let string = |key| json.get(key).and_then(Value::as_str).map(str::to_owned);
    Rule {
        rule: string("rule").unwrap_or_default(),
        message: string("message").filter(|m| !m.is_empty()),
        message_expression: string("messageExpression").filter(|m| !m.is_empty()),
        reason: text(json, "reason"),
        field_path: string("fieldPath").filter(|p| !p.is_empty()),
        optional_old_self: json.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or_default(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

fn text(json: &Value, key: &str) -> Option<Text> {
    json.get(key).and_then(Value::as_str).map(Text::from)
}

fn texts(json: &Value, key: &str) -> Vec<Text> {
    list(json, key).iter().filter_map(Value::as_str).map(Text::from).collect()
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_list).unwrap_or_default()
}

#[cfg(test)]
mod tests;
