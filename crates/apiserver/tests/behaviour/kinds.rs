//! What is particular to single kinds, and custom ones.
use super::*;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITION: &str = r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.org"},"spec":{"group":"example.org","scope":"Namespaced",
    "names":{"plural":"widgets","kind":"Widget"},"versions":[
    {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
     "selectableFields":[{"jsonPath":".spec.color"}],
     "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["color"],
        "x-kubernetes-validations":[{"rule":"self.size <= 10","message":"too large"}],
        "properties":{"color":{"type":"string","enum":["red","blue"]},"size":{"type":"integer","default":3}}},
        "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}},
    {"name":"v1alpha1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}"#;

#[tokio::test]
async fn custom_resources_are_served_at_once() {
    let api = server().await;
    let (code, crd) = api.post(DEFINITIONS, DEFINITION).await;
    assert_eq!(code, 201, "{crd:?}");
    assert_eq!(at(&crd, "status.storedVersions.0").as_str(), Some("v1"));
    assert_eq!(at(&crd, "spec.names.listKind").as_str(), Some("WidgetList"));
    let widgets = "/apis/example.org/v1/namespaces/default/widgets";
    let widget = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"example.org/v1","kind":"Widget","metadata":{{"name":"{name}"}},"spec":{spec}}}"#
        )
    };
    let (code, created) = api.post(widgets, &widget("a", r#"{"color":"red","extra":1}"#)).await;
    assert_eq!(code, 201, "{created:?}");
    assert_eq!(at(&created, "spec.size").as_int(), Some(3), "defaulted");
    assert_eq!(at(&created, "spec.extra"), &Value::Null, "pruned");
    for (spec, message) in [
        (r#"{"color":"green"}"#, "spec.color: Unsupported value: \"green\""),
        ("{}", "spec.color: Required value"),
        (r#"{"color":"red","size":11}"#, "too large"),
    ] {
        let (code, refused) = api.post(widgets, &widget("b", spec)).await;
        assert_eq!(code, 422);
        let found = at(&refused, "message").as_str().unwrap();
        assert!(found.contains(message), "{found}");
    }
    let (_, other) = api.get("/apis/example.org/v1alpha1/namespaces/default/widgets/a").await;
    assert_eq!(other.api_version(), "example.org/v1alpha1");
    let (_, list) = api.get(&format!("{widgets}?fieldSelector=spec.color=red")).await;
    assert_eq!(at(&list, "items").as_list().unwrap().len(), 1);
    let mut unconditional = created.clone();
    unconditional.metadata_mut().remove("resourceVersion");
    assert_eq!(api.put(&format!("{widgets}/a"), &unconditional).await.0, 422);
    let strategic = api.patch(&format!("{widgets}/a"), "strategic-merge-patch+json", "{}").await;
    assert_eq!(strategic.0, 415);
    let (_, group) = api.get("/apis/example.org").await;
    assert_eq!(at(&group, "preferredVersion.version").as_str(), Some("v1"));
    assert_eq!(api.delete(&format!("{DEFINITIONS}/widgets.example.org")).await.0, 200);
    api.gone(&format!("{DEFINITIONS}/widgets.example.org")).await;
    assert_eq!(api.get(widgets).await.0, 404);
    api.post(DEFINITIONS, DEFINITION).await;
    let (_, list) = api.get(widgets).await;
    assert_eq!(at(&list, "items").as_list().unwrap().len(), 0, "its objects went with it");
}

#[tokio::test]
async fn services_have_addresses_of_their_own() {
    let api = server().await;
    let services = "/api/v1/namespaces/default/services";
    let service = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}"}},"spec":{{"ports":[{{"port":80}}]{spec}}}}}"#
        )
    };
    let (_, a) = api.post(services, &service("a", "")).await;
    let (_, b) = api.post(services, &service("b", ",\"type\":\"NodePort\"")).await;
    let address = |s: &Value| at(s, "spec.clusterIP").as_str().unwrap().to_owned();
    assert!(address(&a).starts_with("10.96.") && address(&a) != address(&b));
    assert!(at(&b, "spec.ports.0.nodePort").as_int().unwrap() >= 30000);
    let trial = r#"{"metadata":{"labels":{"tried":"yes"}}}"#;
    for name in ["a", "b"] {
        let path = format!("{services}/{name}?dryRun=All");
        let (code, tried) =
            api.ask(Method::PATCH, &path, "application/merge-patch+json", trial).await;
        assert_eq!(code, 200, "a dry run keeps the Service's own address and port: {tried:?}");
    }
    let same = format!(",\"clusterIP\":\"{}\"", address(&a));
    let (code, _) = api.post(services, &service("c", &same)).await;
    assert_eq!(code, 422);
    api.delete(&format!("{services}/a")).await;
    assert_eq!(api.post(services, &service("c", &same)).await.0, 201);
}

#[tokio::test]
async fn secrets_fold_their_texts() {
    let api = server().await;
    let secret =
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"b"}}"#;
    let (_, created) = api.post("/api/v1/namespaces/default/secrets", secret).await;
    assert_eq!(at(&created, "data.a").as_str(), Some("Yg=="));
    assert_eq!(at(&created, "stringData"), &Value::Null);
    assert_eq!(at(&created, "type").as_str(), Some("Opaque"));
}

#[tokio::test]
async fn another_storage_version_leaves_old_objects_readable() {
    let api = server().await;
    api.post(DEFINITIONS, DEFINITION).await;
    let widgets = "/apis/example.org/v1/namespaces/default/widgets";
    let widget = r#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"color":"red"}}"#;
    api.post(widgets, widget).await;
    let swap = r#"[{"op":"replace","path":"/spec/versions/0/storage","value":false},
        {"op":"replace","path":"/spec/versions/1/storage","value":true}]"#;
    let path = format!("{DEFINITIONS}/widgets.example.org");
    let (code, swapped) = api.patch(&path, "json-patch+json", swap).await;
    assert_eq!((code, at(&swapped, "status.storedVersions.1").as_str()), (200, Some("v1alpha1")));
    for version in ["v1", "v1alpha1"] {
        let api_version = format!("example.org/{version}");
        let collection = format!("/apis/{api_version}/namespaces/default/widgets");
        let (_, one) = api.get(&format!("{collection}/a")).await;
        let (_, list) = api.get(&collection).await;
        assert_eq!(one.api_version(), api_version);
        assert_eq!(at(&list, "items.0").api_version(), api_version);
        let watch = api.raw(Method::GET, &format!("{collection}?watch=1"), &[], "").await;
        let event = lines(watch.into_body(), 1).await;
        assert_eq!(at(&event[0], "object").api_version(), api_version);
    }
}
