use super::*;

pub(crate) fn rendered(json: &str, origin: &str) -> Rendered {
    Rendered { value: object::from_json(json.as_bytes()).unwrap(), origin: origin.to_owned() }
}

fn spec() -> SyncSpec {
    SyncSpec {
        owner: crate::OwnerRef {
            group: "kustomize.toolkit.fluxcd.io".into(),
            kind: "Kustomization".into(),
            namespace: "flux-system".into(),
            name: "apps".into(),
        },
        ..SyncSpec::default()
    }
}

fn builtin(gvk: &Gvk) -> Option<Scope> {
    match gvk.kind.as_str() {
        "Namespace"
        | "ClusterRole"
        | "StorageClass"
        | "CustomResourceDefinition"
        | "ValidatingWebhookConfiguration" => Some(Scope::Cluster),
        "ConfigMap" | "Deployment" | "Service" | "Ingress" => Some(Scope::Namespaced),
        _ => None,
    }
}

fn cm(name: &str) -> Rendered {
    let json = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"n"}}}}"#
    );
    rendered(&json, &format!("{name}.yaml:1"))
}

#[test]
fn objects_are_labelled_and_staged() {
    let crd = r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"ws.x.io","namespace":"oops"},
        "spec":{"group":"x.io","scope":"Cluster","names":{"kind":"W"},"versions":[{"name":"v1","served":true},{"name":"v0","served":false}]}}"#;
    let simple = |api: &str, kind: &str| {
        let json = format!(
            r#"{{"apiVersion":"{api}","kind":"{kind}","metadata":{{"name":"a","namespace":"n"}}}}"#
        );
        rendered(&json, "")
    };
    let objects = vec![
        simple("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
        simple("networking.k8s.io/v1", "Ingress"),
        simple("x.io/v1", "W"),
        simple("storage.k8s.io/v1", "StorageClass"),
        cm("b"),
        simple("v1", "Namespace"),
        rendered(crd, ""),
        cm("a"),
    ];
    let desired = own(objects.clone(), &spec(), &builtin).unwrap();
    let order: Vec<String> = desired.inventory.iter().map(|e| e.id.clone()).collect();
    assert_eq!(
        order,
        [
            "_ws.x.io_apiextensions.k8s.io_CustomResourceDefinition",
            "_a__Namespace",
            "_a_storage.k8s.io_StorageClass",
            "_a_x.io_W",
            "n_a__ConfigMap",
            "n_b__ConfigMap",
            "n_a_networking.k8s.io_Ingress",
            "_a_admissionregistration.k8s.io_ValidatingWebhookConfiguration",
        ]
    );
    assert_eq!(desired.objects[3].stage, Stage::Custom);
    assert_eq!(desired.objects[4].value.label("kustomize.toolkit.fluxcd.io/name"), Some("apps"));
    assert_eq!(
        desired.objects[4].value.label("kustomize.toolkit.fluxcd.io/namespace"),
        Some("flux-system")
    );
    let mut reversed = objects;
    reversed.reverse();
    assert_eq!(own(reversed, &spec(), &builtin).unwrap(), desired);
}

#[test]
fn common_metadata_comes_last() {
    let mut spec = spec();
    spec.common_metadata.labels.insert("team".into(), "a".into());
    spec.common_metadata.annotations.insert("note".into(), "b".into());
    let desired = own(vec![cm("a")], &spec, &builtin).unwrap();
    assert_eq!(desired.objects[0].value.label("team"), Some("a"));
    assert_eq!(desired.objects[0].value.annotation("note"), Some("b"));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place() {
    let objects = vec![
        cm("a"),
        cm("a"),
        rendered(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"#, "b.yaml:7"),
        rendered(r#"{"apiVersion":"x.io/v1","kind":"W","metadata":{"name":"c"}}"#, "c.yaml:1"),
        rendered(r#"{"apiVersion":"v1","metadata":{"name":"d"}}"#, "d.yaml:3"),
        rendered(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"#, ""),
    ];
    let Err(Halt::Failed { phase: Phase::Plan, error }) = own(objects, &spec(), &builtin) else {
        panic!("must fail");
    };
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 5, "{error}");
    assert!(lines[0].starts_with("ConfigMap/n/a is declared twice, in a.yaml:1 and in a.yaml:1"));
    assert!(lines[1].starts_with("ConfigMap/b (b.yaml:7) namespace not specified"));
    assert!(
        lines[2]
            .contains("W/c (c.yaml:1) is of kind W in x.io/v1, which the cluster does not know")
    );
    assert!(lines[3].starts_with("an object (d.yaml:3) lacks its kind"));
    assert!(lines[4].starts_with("an object lacks its metadata.name"));
}

#[test]
fn a_namespace_looks_as_the_server_completes_it() {
    let live = object::from_json(
        br#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"demo"},"spec":{"finalizers":["kubernetes"]}}"#,
    )
    .unwrap();
    let gvk = object::Gvk::new("", "v1", "Namespace");
    let declared = object::from_json(
        br#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"demo"},"spec":{}}"#,
    )
    .unwrap();
    let stored = crate::desired::stored(&declared, &gvk).unwrap();
    assert_eq!(stored.get("spec"), live.get("spec"));
}
