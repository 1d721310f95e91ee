use super::*;

fn document(group: &str, version: &str) -> Value {
    let kinds: Vec<Described<'_>> = builtin::kinds()
        .iter()
        .filter(|k| k.group == group && k.version == version)
        .map(|kind| Described { kind, custom: None })
        .collect();
    object::from_json(&v3(&kinds)).unwrap()
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Map(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|v| references(v, found));
        }
        Value::List(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[test]
fn every_reference_of_every_document_resolves() {
    let versions: BTreeSet<(&str, &str)> =
        builtin::kinds().iter().map(|k| (k.group.as_str(), k.version.as_str())).collect();
    for (group, version) in versions {
        let document = document(group, version);
        let schemas = document.at(["components", "schemas"]).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.get(name).is_some(), "{group}/{version}: {name}");
        }
    }
}

#[test]
fn clients_find_what_they_decide_by() {
    let document = document("apps", "v1");
    let path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    let patch = document.at(["paths", path, "patch"]).unwrap();
    let kind = patch.at(["x-kubernetes-group-version-kind", "kind"]);
    assert_eq!(kind.and_then(Value::as_str), Some("Deployment"));
    let names: Vec<&str> = patch
        .get("parameters")
        .unwrap()
        .as_list()
        .unwrap()
        .iter()
        .filter_map(|p| p.get("name")?.as_str())
        .collect();
    assert!(names.contains(&"fieldValidation") && names.contains(&"dryRun"));
    assert!(
        patch.at(["requestBody", "content", "application/strategic-merge-patch+json"]).is_some()
    );
    let spec = document
        .at(["components", "schemas", "io.k8s.api.apps.v1.DeploymentSpec", "properties"])
        .unwrap();
    assert_eq!(
        spec.at(["strategy", "x-kubernetes-patch-strategy"]).and_then(Value::as_str),
        Some("retainKeys")
    );
    let containers = document
        .at(["components", "schemas", "io.k8s.api.core.v1.PodSpec", "properties", "containers"])
        .unwrap();
    assert_eq!(
        containers.get("x-kubernetes-patch-merge-key").and_then(Value::as_str),
        Some("name")
    );
}

#[test]
fn custom_kinds_have_names_of_their_group_and_full_metadata() {
    let crd = object::from_json(
        br#"{"spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
            "properties": {"port": {"x-kubernetes-int-or-string": true}, "n": {"type": "string", "nullable": true, "pattern": "^a"}}}}}}}]}}"#,
    )
    .unwrap();
    let version = &custom::versions(&crd)[0];
    let described = Described { kind: &version.kind, custom: Some(&version.schema) };
    let document = object::from_json(&v3(&[described])).unwrap();
    let widget =
        document.at(["components", "schemas", "org.example.v1.Widget", "properties"]).unwrap();
    assert!(widget.at(["metadata", "$ref"]).is_some());
    assert_eq!(widget.at(["spec", "properties", "n", "nullable"]), Some(&Value::Bool(true)));
    let patch = document
        .at([
            "paths",
            "/apis/example.org/v1/namespaces/{namespace}/widgets/{name}",
            "patch",
            "requestBody",
            "content",
        ])
        .unwrap();
    assert!(patch.get("application/strategic-merge-patch+json").is_none());
    let v2 = object::from_json(&v2(&[described])).unwrap();
    let n = v2
        .at(["definitions", "org.example.v1.Widget", "properties", "spec", "properties", "n"])
        .unwrap();
    assert_eq!(n.get("type"), None);
    assert!(!v2_protobuf(&[described]).is_empty());
}

#[test]
fn the_index_names_every_document() {
    let index = object::from_json(&v3_index([("api/v1", "A"), ("apis/apps/v1", "B")])).unwrap();
    let url = index.at(["paths", "apis/apps/v1", "serverRelativeURL"]).and_then(Value::as_str);
    assert_eq!(url, Some("/openapi/v3/apis/apps/v1?hash=B"));
}
