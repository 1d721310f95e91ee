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
