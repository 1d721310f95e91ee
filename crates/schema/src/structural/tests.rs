use super::*;

fn json(text: &str) -> Value {
    object::from_json(text.as_bytes()).unwrap()
}

fn errors(schema: &str) -> Vec<String> {
    let version = json(&format!(r#"{{"schema": {{"openAPIV3Schema": {schema}}}}}"#));
    match from_crd_version(&version, "v") {
        Ok(_) => Vec::new(),
        Err(errors) => {
            errors.iter().map(|e| e.to_string().replace("v.openAPIV3Schema", "$")).collect()
        }
    }
}

#[test]
fn a_structural_schema_is_read() {
    let schema = parse(&json(
        r#"{"type": "object", "required": ["spec"], "properties": {"spec": {"type": "object", "properties": {
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}], "default": 80},
            "hosts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a", "maxLength": 3}}}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "map": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}},
            "x-kubernetes-validations": [{"rule": "true", "message": "m"}]}}}"#,
    ));
    let spec = schema.property("spec").unwrap();
    let port = spec.property("port").unwrap();
    assert_eq!(
        (port.type_, &port.limits, &port.default),
        (Type::IntOrString, &None, &Some(Value::Int(80)))
    );
    let name = spec.at(["hosts", "*", "name"]).unwrap();
    assert_eq!(name.limits.as_ref().unwrap().max_length, Some(3));
    assert_eq!(spec.property("hosts").unwrap().list_type(), ListType::Map);
    assert!(spec.property("free").unwrap().keeps_unknown());
    assert_eq!(spec.at(["map", "x"]).unwrap().limits.as_ref().unwrap().minimum, Some(1.0));
    assert_eq!(spec.rules[0].message.as_deref(), Some("m"));
}

#[test]
fn what_is_not_structural_is_named() {
    assert_eq!(errors(r#"{"type": "object"}"#), Vec::<String>::new());
    assert_eq!(
        errors(r#"{"properties": {"a": {}}}"#),
        [
            "$.properties[a].type: Required value: must not be empty for specified object fields",
            "$.type: Required value: must not be empty at the root",
        ]
    );
    assert_eq!(
        errors(
            r#"{"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "array", "items": {}}}}"#
        ),
        [
            "$.properties[a].items: Required value: must be specified",
            "$.properties[b].items.type: Required value: must not be empty for specified array items",
        ]
    );
    assert_eq!(
        errors(r#"{"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}]}"#),
        [
            "$.anyOf[0].properties[a].type: Forbidden: must be empty to be structural",
            "$.properties[a]: Required value: because it is defined in $.anyOf[0].properties[a]",
        ]
    );
    assert_eq!(
        errors(
            r#"{"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}}"#
        ),
        [
            "$.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
        ]
    );
    assert_eq!(
        errors(
            r##"{"type": "object", "properties": {"a": {"type": "object", "additionalProperties": false, "$ref": "#/x"}}}"##
        ),
        [
            "$.properties[a].$ref: Forbidden: $ref is not supported",
            "$.properties[a].additionalProperties: Forbidden: additionalProperties cannot be set to false",
        ]
    );
    assert_eq!(
        errors(
            r#"{"type": "object", "properties": {"a": {"type": "array", "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["n"], "items": {"type": "object", "properties": {"n": {"type": "string"}}}}}}"#
        ),
        [
            "$.properties[a].items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
        ]
    );
}

#[test]
fn the_customary_int_or_string_is_fine_only_with_the_extension() {
    let any_of = r#""anyOf": [{"type": "integer"}, {"type": "string"}]"#;
    let schema =
        |with: &str| format!(r#"{{"type": "object", "properties": {{"a": {{{with}{any_of}}}}}}}"#);
    assert!(errors(&schema(r#""x-kubernetes-int-or-string": true, "#)).is_empty());
    assert_eq!(errors(&schema(r#""type": "string", "#)).len(), 2);
}
