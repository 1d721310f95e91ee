//! A [`Schema`] as OpenAPI writes it.

use super::Dialect;
use crate::{Additional, Limits, ListType, MapType, PatchRule, Rule, Schema, Text, Type, builtin};
use object::{Map, Value, map};
use std::collections::BTreeSet;

/// The schema itself; what it refers to by name goes to `waiting`.
pub(super) fn definition(
    schema: &Schema,
    dialect: Dialect,
    waiting: &mut BTreeSet<String>,
) -> Value {
    let mut out = Map::new();
    let builtin = schema.name.is_some();
    type_(schema, dialect, builtin, &mut out);
    // Version 2 cannot say "or null", and says nothing rather than something too strict.
    let vague = dialect == Dialect::V2 && (schema.nullable || schema.preserve_unknown_fields);
    if vague {
        out.remove("type");
    } else {
        if !schema.properties.is_empty() {
            let property = |p: &crate::Property| {
                (p.name.clone(), reference_or_inline(&p.schema, dialect, waiting))
            };
            out.insert("properties", schema.properties.iter().map(property).collect::<Map>());
        }
        if let Some(items) = schema.items.as_deref() {
            out.insert("items", reference_or_inline(items, dialect, waiting));
        }
        match &schema.additional {
            Additional::Of(of) => {
                out.insert("additionalProperties", reference_or_inline(of, dialect, waiting));
            }
            Additional::Anything => {
                out.insert("additionalProperties", true);
            }
            Additional::Unspecified => {}
        }
        if !schema.required.is_empty() {
            out.insert("required", texts(&schema.required));
        }
    }
    if schema.nullable && dialect == Dialect::V3 {
        out.insert("nullable", true);
    }
    if let Some(default) = &schema.default
        && !vague
    {
        out.insert("default", default.clone());
    }
    extensions(schema, builtin, &mut out);
    if let Some(limits) = &schema.limits {
        self::limits(limits, dialect, waiting, &mut out);
    }
    out.into()
}

/// A schema inside another: a reference when it has a name, with what this place says beyond the definition.
fn reference_or_inline(schema: &Schema, dialect: Dialect, waiting: &mut BTreeSet<String>) -> Value {
    let Some(name) = &schema.name else { return definition(schema, dialect, waiting) };
    waiting.insert(name.to_string());
    let mut beyond = Map::new();
    let base = builtin::definition(name);
    if let Some(default) = &schema.default {
        beyond.insert("default", default.clone());
    }
    if schema.patch != base.and_then(|b| b.patch.clone()) {
        patch_rule(schema.patch.as_deref(), &mut beyond);
    }
    if schema.map_type != base.and_then(|b| b.map_type) {
        map_type(schema.map_type, &mut beyond);
    }
    let reference = dialect.reference(name);
    if beyond.is_empty() {
        return reference;
    }
    if dialect == Dialect::V3 {
        beyond.insert("allOf", vec![reference]);
    } else if let Value::Map(reference) = reference {
        reference.into_iter().for_each(|(key, value)| {
            beyond.insert(key, value);
        });
    }
    beyond.into()
}

fn type_(schema: &Schema, dialect: Dialect, builtin: bool, out: &mut Map) {
    let name = match schema.type_ {
        Type::Any => None,
        Type::Object => Some("object"),
        Type::Array => Some("array"),
        Type::String => Some("string"),
        Type::Integer => Some("integer"),
        Type::Number => Some("number"),
        Type::Boolean => Some("boolean"),
        Type::IntOrString => return int_or_string(schema, dialect, builtin, out),
    };
    if let Some(name) = name {
        out.insert("type", name);
    }
    if let Some(format) = &schema.format {
        out.insert("format", format.clone());
    }
}

fn int_or_string(schema: &Schema, dialect: Dialect, builtin: bool, out: &mut Map) {
    if !builtin {
        out.insert("x-kubernetes-int-or-string", true);
        return;
    }
    let quantity = schema.format.as_deref() == Some("quantity");
    let of = |name: &str| Value::from(map! {"type": name});
    match (dialect, quantity) {
        (Dialect::V2, _) => {
            out.insert("type", "string");
        }
        (Dialect::V3, true) => {
            out.insert("oneOf", vec![of("string"), of("number")]);
        }
        (Dialect::V3, false) => {
            out.insert("oneOf", vec![of("integer"), of("string")]);
        }
    }
    if !quantity {
        out.insert("format", "int-or-string");
    }
}

fn extensions(schema: &Schema, builtin: bool, out: &mut Map) {
    if let Some(list_type) = schema.list_type {
        out.insert(
            "x-kubernetes-list-type",
            match list_type {
                ListType::Atomic => "atomic",
                ListType::Set => "set",
                ListType::Map => "map",
            },
        );
    }
    if !schema.list_map_keys.is_empty() {
        out.insert("x-kubernetes-list-map-keys", texts(&schema.list_map_keys));
    }
    map_type(schema.map_type, out);
    patch_rule(schema.patch.as_deref(), out);
    if builtin {
        return;
    }
    if schema.preserve_unknown_fields {
        out.insert("x-kubernetes-preserve-unknown-fields", true);
    }
    if schema.embedded_resource {
        out.insert("x-kubernetes-embedded-resource", true);
    }
    if !schema.rules.is_empty() {
        let rules: Vec<Value> = schema.rules.iter().map(rule).collect();
        out.insert("x-kubernetes-validations", rules);
    }
}

fn map_type(map_type: Option<MapType>, out: &mut Map) {
    if let Some(map_type) = map_type {
        let name = if map_type == MapType::Atomic { "atomic" } else { "granular" };
        out.insert("x-kubernetes-map-type", name);
    }
}

fn patch_rule(rule: Option<&PatchRule>, out: &mut Map) {
    let Some(rule) = rule else { return };
    let strategies =
        [(rule.merge, "merge"), (rule.retain_keys, "retainKeys"), (rule.replace, "replace")];
    let strategies: Vec<&str> = strategies.iter().filter(|s| s.0).map(|s| s.1).collect();
    if !strategies.is_empty() {
        out.insert("x-kubernetes-patch-strategy", strategies.join(","));
    }
    if let Some(key) = &rule.merge_key {
        out.insert("x-kubernetes-patch-merge-key", key.clone());
    }
}

fn rule(rule: &Rule) -> Value {
    let mut out = map! {"rule": rule.rule.as_str()};
    for (key, text) in [
        ("message", &rule.message),
        ("messageExpression", &rule.message_expression),
        ("fieldPath", &rule.field_path),
    ] {
        if let Some(text) = text {
            out.insert(key, text.as_str());
        }
    }
    if let Some(reason) = &rule.reason {
        out.insert("reason", reason.clone());
    }
    if rule.optional_old_self {
        out.insert("optionalOldSelf", true);
    }
    out.into()
}

fn limits(limits: &Limits, dialect: Dialect, waiting: &mut BTreeSet<String>, out: &mut Map) {
    let counts = [
        ("minLength", limits.min_length),
        ("maxLength", limits.max_length),
        ("minItems", limits.min_items),
        ("maxItems", limits.max_items),
        ("minProperties", limits.min_properties),
        ("maxProperties", limits.max_properties),
    ];
    for (key, count) in counts {
        if let Some(count) = count {
            out.insert(key, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    let numbers = [
        ("minimum", limits.minimum),
        ("maximum", limits.maximum),
        ("multipleOf", limits.multiple_of),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            out.insert(key, number);
        }
    }
    for (key, flag) in [
        ("exclusiveMinimum", limits.exclusive_minimum),
        ("exclusiveMaximum", limits.exclusive_maximum),
        ("uniqueItems", limits.unique_items),
    ] {
        if flag {
            out.insert(key, true);
        }
    }
    if !limits.enumeration.is_empty() {
        out.insert("enum", limits.enumeration.clone());
    }
    if let Some(pattern) = &limits.pattern {
        out.insert("pattern", pattern.text());
    }
    if dialect == Dialect::V2 {
        return;
    }
    for (key, schemas) in
        [("allOf", &limits.all_of), ("anyOf", &limits.any_of), ("oneOf", &limits.one_of)]
    {
        if !schemas.is_empty() {
            let schemas: Vec<Value> =
                schemas.iter().map(|s| definition(s, dialect, waiting)).collect();
            out.insert(key, schemas);
        }
    }
    if let Some(not) = &limits.not {
        out.insert("not", definition(not, dialect, waiting));
    }
}

fn texts(texts: &[Text]) -> Vec<Value> {
    texts.iter().map(|t| t.clone().into()).collect()
}
