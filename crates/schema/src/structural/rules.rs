//! What makes a schema structural, and the other rules for schemas in definitions.
//!
//! After `k8s.io/apiextensions-apiserver/pkg/apiserver/schema` (`validation.go`, `complete.go`) and
//! `pkg/apis/apiextensions/validation` (the checks of one schema). They read the JSON, not the
//! [`Schema`](crate::Schema), because much of what is forbidden has no place in it.

use crate::path::Path;
use crate::{FieldError, Pattern};
use object::{Map, Value};

/// Everything wrong with the schema at `path`, sorted by message, each once.
pub(super) fn offences(json: &Value, path: &str) -> Vec<FieldError> {
    let mut check = Check { path: Path::below(path), errors: Vec::new(), patterns: Vec::new() };
    check.structural(json, Level::Root);
    check.complete(json, json, path, path);
    check.errors.sort_by_cached_key(FieldError::to_string);
    check.errors.dedup();
    check.errors
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

struct Check {
    path: Path,
    errors: Vec<FieldError>,
    /// Kept until the end, so that equal ones are compiled once.
    patterns: Vec<Pattern>,
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Keywords of JSON schema that definitions may not use.
const UNSUPPORTED: [&str; 5] =
    ["additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

const JUNCTORS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

impl Check {
    fn required(&mut self, key: &str, detail: &str) {
        self.errors.push(FieldError::required(self.path.with(key), detail));
    }

    fn forbidden(&mut self, key: &str, detail: &str) {
        self.errors.push(FieldError::forbidden(self.path.with(key), detail));
    }

    fn invalid(&mut self, key: &str, value: impl Into<Value>, detail: &str) {
        self.errors.push(FieldError::invalid(self.path.with(key), value, detail));
    }

    /// Runs `walk` below `key` of the schema.
    fn below(&mut self, key: &str, walk: impl FnOnce(&mut Self)) {
        let mut path = std::mem::take(&mut self.path);
        path.member(key, |path| {
            std::mem::swap(&mut self.path, path);
            walk(self);
            std::mem::swap(&mut self.path, path);
        });
        self.path = path;
    }

    /// Runs `walk` below `key[name]` or `key[0]` of the schema.
    fn below_entry(&mut self, key: &str, name: &str, walk: impl FnOnce(&mut Self)) {
        self.below(&format!("{key}[{name}]"), walk);
    }

    /// A schema outside of junctors: it gives the structure.
    fn structural(&mut self, json: &Value, level: Level) {
        let type_ = string(json, "type");
        let embedded = flag(json, "x-kubernetes-embedded-resource");
        let preserve = flag(json, "x-kubernetes-preserve-unknown-fields");
        let int_or_string = flag(json, "x-kubernetes-int-or-string");
        self.any_schema(json);
        if type_ == "array" && json.get("items").is_none() {
            self.required("items", "must be specified");
        }
        if let Some(items) = json.get("items") {
            self.below("items", |c| c.structural(items, Level::Item));
        }
        let properties = map(json, "properties");
        for (name, property) in properties.iter() {
            self.below_entry("properties", name, |c| c.structural(property, Level::Field));
        }
        if let Some(additional) = json.get("additionalProperties") {
            if level == Level::Root {
                self.forbidden("additionalProperties", "must not be used at the root");
            }
            if embedded {
                let detail = "must not be used if x-kubernetes-embedded-resource is set";
                self.forbidden("additionalProperties", detail);
            }
            if additional.as_map().is_some() {
                self.below("additionalProperties", |c| c.structural(additional, Level::Field));
            }
        }
        if int_or_string && preserve {
            let key = "x-kubernetes-preserve-unknown-fields";
            self.invalid(key, true, "must be false if x-kubernetes-int-or-string is true");
        }
        if int_or_string && embedded {
            let key = "x-kubernetes-embedded-resource";
            self.invalid(key, true, "must be false if x-kubernetes-int-or-string is true");
        }
        self.type_given(type_, level, embedded, int_or_string || preserve);
        if embedded && !preserve && properties.is_empty() {
            let detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
            self.required("properties", detail);
        }
        self.meta(properties, level, embedded);
        self.values(json, int_or_string);
    }

    fn type_given(&mut self, type_: &str, level: Level, embedded: bool, may_lack: bool) {
        let object = "must be object if x-kubernetes-embedded-resource is true";
        match (type_, level) {
            ("object", _) => {}
            ("", _) if embedded => self.required("type", object),
            (_, _) if embedded => self.invalid("type", type_, object),
            ("", _) if may_lack => {}
            ("", Level::Root) => self.required("type", "must not be empty at the root"),
            ("", Level::Item) => {
                self.required("type", "must not be empty for specified array items");
            }
            ("", Level::Field) => {
                self.required("type", "must not be empty for specified object fields");
            }
            (_, Level::Root) => self.invalid("type", type_, "must be object at the root"),
            _ => {}
        }
    }

    /// `apiVersion`, `kind` and `metadata` are the server's business at the root and in embedded resources.
    fn meta(&mut self, properties: &Map, level: Level, embedded: bool) {
        if level != Level::Root && !embedded {
            return;
        }
        for name in ["kind", "apiVersion"] {
            if let Some(property) = properties.get(name)
                && string(property, "type") != "string"
            {
                let type_ = string(property, "type");
                self.invalid(&format!("properties[{name}].type"), type_, "must be string");
            }
        }
        let Some(metadata) = properties.get("metadata") else { return };
        let type_ = string(metadata, "type");
        if type_ != "object" {
            self.invalid("properties[metadata].type", type_, "must be object");
        }
        let fine = |key: &str, value: &Value| match key {
            "type" | "default" => true,
            "properties" => value
                .as_map()
                .is_some_and(|m| m.keys().all(|k| ["name", "generateName"].contains(&k))),
            _ => false,
        };
        if level == Level::Root
            && metadata.as_map().is_some_and(|m| m.iter().any(|(k, v)| !fine(k, v)))
        {
            let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
            self.forbidden("properties[metadata]", detail);
        }
    }

    /// The junctors of a schema, and its pattern.
    fn values(&mut self, json: &Value, int_or_string: bool) {
        for junctor in JUNCTORS {
            for (index, schema) in list(json, junctor).iter().enumerate() {
                // The two customary ways to write int-or-string may name types.
                let customary = int_or_string
                    && (junctor == "anyOf" && is_int_or_string(list(json, "anyOf"))
                        || junctor == "allOf"
                            && index == 0
                            && is_int_or_string(list(schema, "anyOf")));
                if !customary {
                    self.below_entry(junctor, &index.to_string(), |c| c.nested(schema));
                }
            }
        }
        if let Some(not) = json.get("not") {
            self.below("not", |c| c.nested(not));
        }
        let text = string(json, "pattern");
        if text.is_empty() {
            return;
        }
        let pattern = Pattern::new(text);
        if let Some(fault) = pattern.fault() {
            let detail = format!("must be a valid regular expression, but isn't: {fault}");
            self.invalid("pattern", text, &detail);
        }
        self.patterns.push(pattern);
    }

    /// A schema inside a junctor: it may only look at values.
    fn nested(&mut self, json: &Value) {
        for (key, detail) in [
            ("type", "must be empty to be structural"),
            ("title", "must be empty to be structural"),
            ("description", "must be empty to be structural"),
            ("additionalProperties", "must be undefined to be structural"),
            ("default", "must be undefined to be structural"),
            ("nullable", "must be false to be structural"),
            ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
            ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"),
            ("x-kubernetes-list-map-keys", "must be empty to be structural"),
            ("x-kubernetes-list-type", "must be undefined to be structural"),
            ("x-kubernetes-map-type", "must be undefined to be structural"),
            ("x-kubernetes-validations", "must be empty to be structural"),
        ] {
            if json.get(key).is_some_and(said) {
                self.forbidden(key, detail);
            }
        }
        self.values(json, false);
        if let Some(items) = json.get("items") {
            self.below("items", |c| c.nested(items));
        }
        for (name, property) in map(json, "properties").iter() {
            self.below_entry("properties", name, |c| c.nested(property));
        }
        if map(json, "properties").contains_key("metadata") {
            self.forbidden("properties[metadata]", "must not be specified in a nested context");
        }
    }

    /// What holds for every schema that gives structure, beyond structure itself.
    fn any_schema(&mut self, json: &Value) {
        for key in UNSUPPORTED {
            if json.get(key).is_some_and(said) {
                self.forbidden(key, &format!("{key} is not supported"));
            }
        }
        let type_ = string(json, "type");
        if type_ == "null" {
            self.forbidden("type", "type cannot be set to null, use nullable as an alternative");
        } else if !type_.is_empty() && !TYPES.contains(&type_) {
            let path = self.path.with("type");
            self.errors.push(FieldError::not_supported(path, type_, TYPES));
        }
        if flag(json, "uniqueItems") {
            let detail =
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            self.forbidden("uniqueItems", detail);
        }
        match json.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                self.forbidden(
                    "additionalProperties",
                    "additionalProperties cannot be set to false",
                );
            }
            Some(_) if !map(json, "properties").is_empty() => {
                let detail = "additionalProperties and properties are mutual exclusive";
                self.forbidden("additionalProperties", detail);
            }
            _ => {}
        }
        if json.get("items").is_some_and(|i| i.as_list().is_some()) {
            self.forbidden("items", "items must be a schema object and not an array");
        }
        let preserve = "x-kubernetes-preserve-unknown-fields";
        if json.get(preserve) == Some(&Value::Bool(false)) {
            self.invalid(preserve, false, "must be true or undefined");
        }
        self.map_type(json, type_);
        self.list_type(json, type_);
        self.rules(json);
    }

    fn map_type(&mut self, json: &Value, type_: &str) {
        let key = "x-kubernetes-map-type";
        let map_type = string(json, key);
        if map_type.is_empty() {
            return;
        }
        let detail = "must be object if x-kubernetes-map-type is specified";
        match type_ {
            "object" => {}
            "" => self.required("type", detail),
            _ => self.invalid("type", type_, detail),
        }
        if !["atomic", "granular"].contains(&map_type) {
            let path = self.path.with(key);
            self.errors.push(FieldError::not_supported(path, map_type, ["atomic", "granular"]));
        }
    }

    fn list_type(&mut self, json: &Value, type_: &str) {
        let key = "x-kubernetes-list-type";
        let list_type = string(json, key);
        let keys = list(json, "x-kubernetes-list-map-keys");
        if !keys.is_empty() && list_type != "map" {
            let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            match list_type {
                "" => self.required(key, detail),
                other => self.invalid(key, other, detail),
            }
        }
        if list_type.is_empty() {
            return;
        }
        let detail = "must be array if x-kubernetes-list-type is specified";
        match type_ {
            "array" => {}
            "" => self.required("type", detail),
            _ => self.invalid("type", type_, detail),
        }
        let items = json.get("items");
        match list_type {
            "atomic" => {}
            "set" => {
                let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
                let Some(items) = items else { return };
                let atomic = |key| string(items, key) == "atomic";
                if string(items, "type") == "array" && !atomic("x-kubernetes-list-type") {
                    self.invalid("items.x-kubernetes-list-type", Value::Null, detail);
                }
                if string(items, "type") == "object" && !atomic("x-kubernetes-map-type") {
                    self.invalid("items.x-kubernetes-map-type", Value::Null, detail);
                }
            }
            "map" => self.map_keys(json, keys),
            other => {
                let path = self.path.with(key);
                let known = ["atomic", "set", "map"];
                self.errors.push(FieldError::not_supported(path, other, known));
            }
        }
    }

    fn map_keys(&mut self, json: &Value, keys: &[Value]) {
        let word = "x-kubernetes-list-map-keys";
        if keys.is_empty() {
            self.required(word, "must not be empty if x-kubernetes-list-type is map");
        }
        let Some(items) = json.get("items") else {
            return self.required("items", "must have a schema if x-kubernetes-list-type is map");
        };
        let type_ = string(items, "type");
        if type_ != "object" {
            let detail = "must be object if parent array's x-kubernetes-list-type is map";
            self.invalid("items.type", type_, detail);
        }
        let properties = map(items, "properties");
        let required = list(items, "required");
        for (index, key) in keys.iter().enumerate() {
            let name = key.as_str().unwrap_or_default();
            match properties.get(name) {
                None => {
                    let detail = "entries must all be names of item properties";
                    self.invalid(word, Value::List(keys.to_vec()), detail);
                }
                Some(property) => {
                    if ["object", "array"].contains(&string(property, "type")) {
                        let place = format!("items.properties[{name}].type");
                        let detail =
                            "must be a scalar type if parent array's x-kubernetes-list-type is map";
                        self.invalid(&place, type_, detail);
                    }
                    if property.get("default").is_none() && !required.contains(key) {
                        let place = format!("items.properties[{name}].default");
                        let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                        self.required(&place, detail);
                    }
                }
            }
            if keys[..index].contains(key) {
                self.invalid(
                    word,
                    Value::List(keys.to_vec()),
                    "must not contain duplicate entries",
                );
            }
        }
    }

    fn rules(&mut self, json: &Value) {
        for (index, rule) in list(json, "x-kubernetes-validations").iter().enumerate() {
            let place = |key: &str| format!("x-kubernetes-validations[{index}].{key}");
            let (text, message) = (string(rule, "rule"), string(rule, "message"));
            if text.trim().is_empty() {
                self.required(&place("rule"), "rule is not specified");
            } else if !message.is_empty() && message.trim().is_empty() {
                self.invalid(&place("message"), message, "must be non-empty if specified");
            } else if message.trim().contains(['\n', '\r']) {
                self.invalid(&place("message"), message, "must not contain line breaks");
            } else if text.trim().contains(['\n', '\r']) && message.is_empty() {
                let detail = "message must be specified if rule contains line breaks";
                self.required(&place("message"), detail);
            }
            let expression = string(rule, "messageExpression");
            if !expression.is_empty() && expression.trim().is_empty() {
                let detail = "messageExpression must be non-empty if specified";
                self.required(&place("messageExpression"), detail);
            }
            let reason = string(rule, "reason");
            let known = [
                "FieldValueDuplicate",
                "FieldValueForbidden",
                "FieldValueInvalid",
                "FieldValueRequired",
            ];
            if !reason.is_empty() && !known.contains(&reason) {
                let path = self.path.with(&place("reason"));
                self.errors.push(FieldError::not_supported(path, reason, known));
            }
        }
    }

    /// What a junctor looks at must be specified outside of it too.
    fn complete(&mut self, values: &Value, structure: &Value, at: &str, because: &str) {
        for junctor in JUNCTORS {
            for (index, schema) in list(values, junctor).iter().enumerate() {
                let because = format!("{because}.{junctor}[{index}]");
                self.complete_nested(schema, structure, at, &because);
            }
        }
        if let Some(not) = values.get("not") {
            self.complete_nested(not, structure, at, &format!("{because}.not"));
        }
        // Junctors stand at every level of the structure.
        if std::ptr::eq(values, structure) {
            if let Some(items) = structure.get("items") {
                let at = format!("{at}.items");
                self.complete(items, items, &at, &at);
            }
            for (name, property) in map(structure, "properties").iter() {
                let at = format!("{at}.properties[{name}]");
                self.complete(property, property, &at, &at);
            }
            if let Some(of) = structure.get("additionalProperties") {
                let at = format!("{at}.additionalProperties");
                self.complete(of, of, &at, &at);
            }
        }
    }

    fn complete_nested(&mut self, values: &Value, structure: &Value, at: &str, because: &str) {
        self.complete(values, structure, at, because);
        if let Some(items) = values.get("items") {
            let (at, because) = (format!("{at}.items"), format!("{because}.items"));
            match structure.get("items") {
                Some(of) => self.complete_nested(items, of, &at, &because),
                None => self.lacking(&at, &because),
            }
        }
        for (name, property) in map(values, "properties").iter() {
            let at = format!("{at}.properties[{name}]");
            let because = format!("{because}.properties[{name}]");
            match map(structure, "properties").get(name) {
                Some(of) => self.complete_nested(property, of, &at, &because),
                None => self.lacking(&at, &because),
            }
        }
    }

    fn lacking(&mut self, at: &str, because: &str) {
        self.errors.push(FieldError::required(at, format!("because it is defined in {because}")));
    }
}

fn is_int_or_string(any_of: &[Value]) -> bool {
    let only = |schema: &Value, type_: &str| {
        schema.as_map().is_some_and(|m| m.len() == 1) && string(schema, "type") == type_
    };
    matches!(any_of, [one, two] if only(one, "integer") && only(two, "string"))
}

/// Whether a keyword says anything: false and empty are as good as absent.
fn said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Bool(true) | Value::Int(_) | Value::Float(_) => true,
    }
}

fn string<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn flag(json: &Value, key: &str) -> bool {
    json.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn map<'a>(json: &'a Value, key: &str) -> &'a Map {
    static EMPTY: Map = Map::new();
    json.get(key).and_then(Value::as_map).unwrap_or(&EMPTY)
}
