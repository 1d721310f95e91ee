use super::*;
use crate::{default, prune};

fn crd() -> Value {
    object::from_json(
        br#"{"spec": {"group": "example.org", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{"name": "v1", "served": true, "storage": true, "deprecated": true,
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
                "selectableFields": [{"jsonPath": ".spec.color"}],
                "additionalPrinterColumns": [{"name": "Color", "type": "string", "jsonPath": ".spec.color"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
                    "color": {"type": "string", "default": "red"}, "size": {"type": "integer", "nullable": true},
                    "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
                    "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string", "default": "b"}}}},
                    "open": {"type": "object", "additionalProperties": true}}}}}}}]}}"#,
    )
    .unwrap()
}

#[test]
fn a_definition_becomes_a_kind() {
    let version = &versions(&crd())[0];
    let kind = &version.kind;
    assert_eq!(kind.gvk(), Gvk::new("example.org", "v1", "Widget"));
    assert_eq!((kind.list_kind.as_str(), kind.singular.as_str()), ("WidgetList", "widget"));
    assert_eq!(kind.group_resource(), "widgets.example.org");
    assert!(kind.has_status() && kind.namespaced && version.served && version.storage);
    assert_eq!(kind.scale.as_ref().unwrap().spec_replicas, "spec.replicas");
    assert_eq!(kind.selectable_fields, ["spec.color"]);
    assert_eq!(version.deprecation_warning.as_deref(), Some("example.org/v1 Widget is deprecated"));
    assert_eq!(version.printer_columns[0].json_path, ".spec.color");
}

#[test]
fn clients_see_metadata() {
    let version = &versions(&crd())[0];
    let whole = with_object_meta(&version.schema);
    assert!(whole.at(["metadata", "ownerReferences", "*", "uid"]).is_some());
    assert!(whole.at(["spec", "template", "metadata", "labels"]).is_some());
    assert!(version.schema.property("metadata").is_none());
}

#[test]
fn unknown_members_go_and_defaults_come() {
    let schema = &versions(&crd())[0].schema;
    let mut value = object::from_json(
        br#"{"apiVersion": "x", "kind": "y", "metadata": {"odd": 1}, "extra": 1, "spec": {"color": null, "size": null,
            "template": {"metadata": {"odd": 1}, "spec": {}}, "list": [{"a": null, "x": 1}, {}], "open": {"a": {"b": 1}}}}"#,
    )
    .unwrap();
    let unknown = prune(schema, &mut value);
    assert_eq!(unknown, ["extra", "spec.list[0].x", "spec.open.a.b"]);
    default(schema, &mut value);
    let expected = object::from_json(
        br#"{"apiVersion": "x", "kind": "y", "metadata": {"odd": 1}, "spec": {"color": "red", "size": null,
            "template": {"metadata": {"odd": 1}, "spec": {}}, "list": [{"a": "b"}, {"a": "b"}], "open": {"a": {}}}}"#,
    )
    .unwrap();
    assert_eq!(value, expected);
}

fn definition() -> Value {
    object::from_json(
        br#"{"metadata": {"name": "widgets.example.org"}, "spec": {"group": "example.org", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}"#,
    )
    .unwrap()
}

fn with(path: &[&str], value: &str) -> Vec<String> {
    let mut crd = definition();
    let (last, parents) = path.split_last().unwrap();
    let mut at = &mut crd;
    for key in parents {
        at = match at {
            Value::List(items) => &mut items[key.parse::<usize>().unwrap()],
            other => other.make_map().entry(key),
        };
    }
    at.make_map().insert(*last, object::from_json(value.as_bytes()).unwrap());
    definition_faults(&crd).iter().map(crate::FieldError::to_string).collect()
}

#[test]
fn faulty_definitions_are_refused_in_a_real_servers_words() {
    assert_eq!(definition_faults(&definition()), []);
    for (path, value, expected) in [
        (
            &["spec", "names", "plural"][..],
            r#""gadgets""#,
            r#"metadata.name: Invalid value: "widgets.example.org": must be spec.names.plural+"."+spec.group"#,
        ),
        (
            &["spec", "scope"],
            r#""Some""#,
            r#"spec.scope: Unsupported value: "Some": supported values: "Cluster", "Namespaced""#,
        ),
        (
            &["spec", "names", "listKind"],
            r#""Widget""#,
            r#"spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same"#,
        ),
        (
            &["spec", "versions", "0", "schema"],
            r#"{"openAPIV3Schema": {}}"#,
            "spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root",
        ),
        (
            &["spec", "versions", "0", "schema"],
            "{}",
            "spec.versions[0].schema.openAPIV3Schema: Required value",
        ),
        (
            &["spec", "versions", "0", "additionalPrinterColumns"],
            r#"[{"name": "a", "type": "string"}]"#,
            "spec.additionalPrinterColumns[0].JSONPath: Required value",
        ),
        (
            &["spec", "versions", "0", "subresources"],
            r#"{"scale": {"specReplicasPath": ".x.y", "statusReplicasPath": ".status.r"}}"#,
            r#"spec.subresources.scale.specReplicasPath: Invalid value: ".x.y": should be a json path under .spec"#,
        ),
        (
            &["spec", "conversion"],
            r#"{"strategy": "Webhook"}"#,
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
        ),
    ] {
        assert_eq!(with(path, value), [expected], "{path:?}");
    }
    assert!(
        with(&["spec", "versions", "0", "storage"], "false")[0]
            .ends_with("must have exactly one version marked as storage version")
    );
    let rule =
        r#"{"openAPIV3Schema": {"type": "object", "x-kubernetes-validations": [{"rule": "1 +"}]}}"#;
    assert!(with(&["spec", "versions", "0", "schema"], rule)[0].starts_with(
        "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value:"
    ));
}

#[test]
fn objects_are_checked_in_order() {
    let schema = object::from_json(
        br#"{"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}, "m": {"type": "string"},
            "list": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}},
            "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}},
            "x-kubernetes-validations": [{"rule": "self.n < 5", "message": "n is too large"}]}"#,
    )
    .unwrap();
    let schema = structural::parse(&schema);
    let rules = crate::rules::Rules::compile(&schema);
    let faults = |new: &str, old: Option<&str>| -> Vec<String> {
        let json = |text: &str| object::from_json(text.as_bytes()).unwrap();
        let errors = object_faults(&schema, &rules, &json(new), old.map(json).as_ref());
        errors.iter().map(crate::FieldError::to_string).collect()
    };
    assert_eq!(faults(r#"{"n": 2, "list": [1, 2]}"#, None), Vec::<String>::new());
    assert_eq!(
        faults(r#"{"n": 6, "list": [1, 1]}"#, None),
        ["list[1]: Duplicate value: 1", "<nil>: Invalid value: n is too large"]
    );
    assert_eq!(
        faults(r#"{"n": "6"}"#, None)[1],
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
    );
    assert_eq!(
        faults(r#"{"n": 0, "m": "new"}"#, Some(r#"{"n": 0, "m": "old"}"#)),
        Vec::<String>::new()
    );
    assert_eq!(faults(r#"{"n": 1, "template": {"kind": "A_b"}}"#, None).len(), 3);
}
