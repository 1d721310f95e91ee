//! The custom resource definitions of `api`, as an API server reads them: what they accept, refuse, fill in
//! and drop, and that the structs read what passes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use object::Value;
use schema::structural::from_crd_version;

fn schema_of(kind: &str) -> schema::Schema {
    let crds = api::crds();
    let of_kind =
        |c: &&Value| c.at(["spec", "names", "kind"]).and_then(Value::as_str) == Some(kind);
    let crd = crds.iter().find(of_kind).unwrap();
    let versions = crd.at(["spec", "versions"]).and_then(Value::as_list).unwrap();
    from_crd_version(&versions[0], "spec.versions[0]").unwrap()
}

/// The object as it is stored, or what is wrong with it.
fn admit(kind: &str, spec: &str) -> Result<Value, Vec<String>> {
    let json = format!(r#"{{"metadata":{{"name":"a"}},"spec":{spec}}}"#);
    let mut value = object::from_json(json.as_bytes()).unwrap();
    let schema = schema_of(kind);
    schema::prune(&schema, &mut value);
    schema::default(&schema, &mut value);
    let errors = schema::validate(&schema, &value);
    if errors.is_empty() { Ok(value) } else { Err(errors.iter().map(|e| e.path.clone()).collect()) }
}

fn refused(kind: &str, spec: &str) -> Vec<String> {
    admit(kind, spec).unwrap_err()
}

#[test]
fn a_git_repository() {
    const KIND: &str = "GitRepository";
    let stored = admit(KIND, r#"{"url":"ssh://git@h/r","interval":"1m","unknown":1,"verify":{"secretRef":{"name":"k"}}}"#).unwrap();
    assert_eq!(
        String::from_utf8(object::to_json(&stored)).unwrap(),
        r#"{"metadata":{"name":"a"},"spec":{"interval":"1m","timeout":"60s","url":"ssh://git@h/r","verify":{"mode":"HEAD","secretRef":{"name":"k"}}},"status":{"observedGeneration":-1}}"#
    );
    let typed: api::GitRepository = object::from_value(&stored).unwrap();
    assert_eq!(typed.spec.timeout, Some(api::Duration::from_secs(60)));
    assert_eq!(typed.status.observed_generation, Some(-1));
    assert_eq!(refused(KIND, r#"{"url":"git@h:r","interval":"1m"}"#), ["spec.url"]);
    assert_eq!(refused(KIND, r#"{"url":"http://h"}"#), ["spec.interval"]);
    assert_eq!(refused(KIND, r#"{"url":"http://h","interval":"1d"}"#), ["spec.interval"]);
    assert_eq!(
        refused(KIND, r#"{"url":"http://h","interval":"1m","timeout":"1h"}"#),
        ["spec.timeout"]
    );
    assert_eq!(
        refused(KIND, r#"{"url":"http://h","interval":"1m","provider":"x"}"#),
        ["spec.provider"]
    );
}

#[test]
fn a_kustomization() {
    const KIND: &str = "Kustomization";
    let with = |more: &str| {
        format!(
            r#"{{"interval":"10m","prune":true,"sourceRef":{{"kind":"GitRepository","name":"m"}}{more}}}"#
        )
    };
    let stored = admit(
        KIND,
        &with(r#","postBuild":{"substituteFrom":[{"kind":"Secret","name":"s"}],"substitute":{"a":"b"}},"x":1"#),
    )
    .unwrap();
    let spec = stored.get("spec").unwrap();
    assert_eq!(spec.get("force").and_then(Value::as_bool), Some(false));
    assert!(spec.get("x").is_none());
    let typed: api::Kustomization = object::from_value(&stored).unwrap();
    let post_build = typed.spec.post_build.unwrap();
    assert_eq!(
        (post_build.substitute["a"].as_str(), post_build.substitute_from[0].optional),
        ("b", false)
    );
    for (more, path) in [
        (r#","deletionPolicy":"Keep""#, "spec.deletionPolicy"),
        (r#","targetNamespace":"""#, "spec.targetNamespace"),
        (r#","dependsOn":[{"namespace":"n"}]"#, "spec.dependsOn[0].name"),
        (r#","images":[{"newTag":"1"}]"#, "spec.images[0].name"),
        (r#","decryption":{"provider":"age"}"#, "spec.decryption.provider"),
        (r#","healthCheckExprs":[{"apiVersion":"v1"}]"#, "spec.healthCheckExprs[0].current"),
        (r#","timeout":1"#, "spec.timeout"),
    ] {
        assert_eq!(refused(KIND, &with(more)), [path], "{more}");
    }
    let source = r#"{"interval":"10m","prune":true,"sourceRef":{"kind":"HelmChart","name":"m"}}"#;
    assert_eq!(refused(KIND, source), ["spec.sourceRef.kind"]);
}
