use super::*;
use crate::{GitRepository, Kustomization};

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |v, key| match key.parse::<usize>() {
        Ok(index) => &v.as_list().unwrap()[index],
        Err(_) => v.get(key).unwrap_or_else(|| panic!("no {key} of {path}")),
    })
}

/// The members of the schema of `kind` at `path`, such as `spec.ref`.
fn members(definition: &Value, path: &str) -> Vec<String> {
    let mut schema = at(definition, "spec.versions.0.schema.openAPIV3Schema");
    for name in path.split('.') {
        schema = at(schema, "properties").get(name).unwrap_or_else(|| panic!("no {name}"));
        schema = schema.get("items").unwrap_or(schema);
    }
    at(schema, "properties").as_map().unwrap().keys().map(str::to_owned).collect()
}

/// The members that serde writes and reads, found by filling in nothing but what the test gives.
fn written<T: serde::Serialize + serde::de::DeserializeOwned>(
    json: &str,
    part: &str,
) -> Vec<String> {
    let typed: T = object::from_value(&object::from_json(json.as_bytes()).unwrap()).unwrap();
    let value = object::to_value(&typed).unwrap();
    at(&value, part).as_map().unwrap().keys().map(str::to_owned).collect()
}

#[test]
fn names_are_those_of_flux() {
    let crds = crds();
    assert_eq!(
        at(&crds[0], "metadata.name").as_str(),
        Some("gitrepositories.source.toolkit.fluxcd.io")
    );
    assert_eq!(
        at(&crds[1], "metadata.name").as_str(),
        Some("kustomizations.kustomize.toolkit.fluxcd.io")
    );
    assert_eq!(at(&crds[1], "spec.names.shortNames.0").as_str(), Some("ks"));
    assert_eq!(at(&crds[0], "spec.names.listKind").as_str(), Some("GitRepositoryList"));
}

#[test]
fn every_text_of_a_definition_is_described() {
    fn walk(schema: &Value, path: &str) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_map) {
            for (name, member) in properties.iter() {
                let path = format!("{path}.{name}");
                assert!(member.get("description").is_some() || name == "metadata", "{path}");
                walk(member, &path);
            }
        }
        if let Some(items) = schema.get("items") {
            assert!(items.get("description").is_some(), "{path}[]");
            walk(items, path);
        }
    }
    for crd in crds() {
        walk(
            at(&crd, "spec.versions.0.schema.openAPIV3Schema"),
            at(&crd, "metadata.name").as_str().unwrap(),
        );
    }
}

#[test]
fn structs_and_definitions_have_the_same_members() {
    let git = r#"{"spec":{"url":"u","interval":"1m","secretRef":{"name":"a"},"provider":"aws","serviceAccountName":"s",
        "timeout":"1m","ref":{"branch":"a","tag":"b","semver":"c","name":"d","commit":"e"},
        "verify":{"mode":"HEAD","secretRef":{"name":"a"}},"proxySecretRef":{"name":"a"},"ignore":"x","suspend":true,
        "recurseSubmodules":true,"include":[{"repository":{"name":"a"},"fromPath":"x","toPath":"y"}],"sparseCheckout":["a"]},
        "status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","reason":"R","message":"m","lastTransitionTime":"2026-11-21T04:06:03Z"}],
        "artifact":{"path":"a","url":"b","revision":"c","digest":"d","lastUpdateTime":"2026-11-21T04:06:03Z"},
        "includedArtifacts":[{"path":"a","url":"b","revision":"c","lastUpdateTime":"2026-11-21T04:06:03Z"}],
        "observedIgnore":"x","observedRecurseSubmodules":true,"observedInclude":[{"repository":{"name":"a"}}],
        "observedSparseCheckout":["a"],"sourceVerificationMode":"HEAD","lastHandledReconcileAt":"t"}}"#;
    let crds = crds();
    for path in ["spec", "status", "spec.ref", "spec.verify"] {
        assert_eq!(written::<GitRepository>(git, path), members(&crds[0], path), "{path}");
    }
    let reference = r#"{"kind":"k","name":"n","namespace":"s","apiVersion":"a"}"#;
    let selector = r#"{"group":"a","version":"b","kind":"c","name":"d","namespace":"e","labelSelector":"f","annotationSelector":"g"}"#;
    let ks = format!(
        r#"{{"spec":{{"commonMetadata":{{"labels":{{"a":"b"}},"annotations":{{"a":"b"}}}},"dependsOn":[{{"name":"a","namespace":"b","readyExpr":"c"}}],
        "decryption":{{"provider":"sops","serviceAccountName":"s","secretRef":{{"name":"a"}}}},"interval":"1m","retryInterval":"1m",
        "kubeConfig":{{"configMapRef":{{"name":"a"}},"secretRef":{{"name":"a","key":"b"}}}},"path":"p",
        "postBuild":{{"substituteStrategy":"Always","substitute":{{"a":"b"}},"substituteFrom":[{{"kind":"Secret","name":"a","optional":true}}]}},
        "prune":true,"deletionPolicy":"Orphan","healthChecks":[{reference}],"namePrefix":"a","nameSuffix":"b",
        "patches":[{{"patch":"p","target":{selector}}}],"images":[{{"name":"a","newName":"b","newTag":"c","digest":"d"}}],
        "serviceAccountName":"s","sourceRef":{reference},"suspend":true,"targetNamespace":"t","timeout":"1m","force":true,"wait":true,
        "buildMetadata":["originAnnotations"],"components":["c"],"ignoreMissingComponents":true,
        "healthCheckExprs":[{{"apiVersion":"a","kind":"b","current":"c","failed":"d","inProgress":"e"}}],
        "ignore":[{{"paths":["/a"],"target":{selector}}}]}},
        "status":{{"lastHandledReconcileAt":"t","observedGeneration":1,"conditions":[{{"type":"Ready","status":"True","reason":"R","message":"m","observedGeneration":3,"lastTransitionTime":"2026-11-21T04:06:03Z"}}],
        "lastAppliedRevision":"a","lastAppliedOriginRevision":"b","lastAttemptedRevision":"c","inventory":{{"entries":[{{"id":"a","v":"v1"}}]}},
        "history":[{{"digest":"d","firstReconciled":"2026-11-21T04:06:03Z","lastReconciled":"2026-11-21T04:06:03Z",
        "lastReconciledDuration":"5.2s","lastReconciledStatus":"s","totalReconciliations":1,"metadata":{{"revision":"a"}}}}]}}}}"#
    );
    for path in [
        "spec",
        "status",
        "spec.commonMetadata",
        "spec.decryption",
        "spec.kubeConfig",
        "spec.postBuild",
        "spec.sourceRef",
        "status.inventory",
    ] {
        assert_eq!(written::<Kustomization>(&ks, path), members(&crds[1], path), "{path}");
    }
    for (part, path) in [
        ("spec.dependsOn.0", "spec.dependsOn"),
        ("spec.healthChecks.0", "spec.healthChecks"),
        ("spec.patches.0", "spec.patches"),
        ("spec.patches.0.target", "spec.patches.target"),
        ("spec.images.0", "spec.images"),
        ("spec.healthCheckExprs.0", "spec.healthCheckExprs"),
        ("spec.postBuild.substituteFrom.0", "spec.postBuild.substituteFrom"),
        ("status.conditions.0", "status.conditions"),
        ("status.history.0", "status.history"),
        ("status.inventory.entries.0", "status.inventory.entries"),
    ] {
        assert_eq!(written::<Kustomization>(&ks, part), members(&crds[1], path), "{path}");
    }
}

/// A value with every member that a schema has.
fn sample(schema: &Value) -> Value {
    if let Some(choices) = schema.get("enum").and_then(Value::as_list) {
        return choices[0].clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            if let Some(properties) = schema.get("properties").and_then(Value::as_map) {
                return Map::from_iter(properties.iter().map(|(k, v)| {
                    let text = k.ends_with("Duration");
                    (k, if text { "1m0s".into() } else { sample(v) })
                }))
                .into();
            }
            let of = schema.get("additionalProperties");
            of.map_or(Value::Map(Map::new()), |of| map! {"key": sample(of)}.into())
        }
        Some("array") => vec![sample(at(schema, "items"))].into(),
        Some("integer") => 7.into(),
        Some("boolean") => true.into(),
        Some("string") if schema.get("format").is_some() => "2026-11-21T04:06:03Z".into(),
        Some("string") => {
            let pattern = schema.get("pattern").and_then(Value::as_str).unwrap_or_default();
            if pattern.contains("ms|s|m") { "1m0s".into() } else { "text".into() }
        }
        _ => map! {"any": vec![Value::from(1)]}.into(),
    }
}

/// Whatever a definition lets through, its struct keeps.
fn keeps_all<T: Typed + serde::Serialize + serde::de::DeserializeOwned>(crds: &[Value]) {
    let crd = crds
        .iter()
        .find(|crd| at(crd, "spec.names.kind").as_str() == Some(T::KIND))
        .expect("a definition");
    let root = at(crd, "spec.versions.0.schema.openAPIV3Schema.properties");
    let whole: Value =
        map! {"spec": sample(at(root, "spec")), "status": sample(at(root, "status"))}.into();
    let typed: T = object::from_value(&whole).expect(T::KIND);
    let back = object::to_value(&typed).expect(T::KIND);
    for part in ["spec", "status"] {
        assert_eq!(at(&back, part), at(&whole, part), "{} {part}", T::KIND);
    }
}

#[test]
fn structs_keep_whatever_definitions_let_through() {
    let crds = crds();
    keeps_all::<GitRepository>(&crds);
    keeps_all::<Kustomization>(&crds);
    keeps_all::<crate::HelmRepository>(&crds);
    keeps_all::<crate::HelmChart>(&crds);
    keeps_all::<crate::OciRepository>(&crds);
    keeps_all::<crate::HelmRelease>(&crds);
}
