use super::*;

fn spec(more: &str) -> SyncSpec {
    let json = format!(
        r#"{{"metadata":{{"name":"apps","namespace":"flux-system","generation":4}},
        "spec":{{"interval":"10m","prune":true,"sourceRef":{{"kind":"GitRepository","name":"mono"}}{more}}}}}"#
    );
    let k: Kustomization =
        object::from_value(&object::from_json(json.as_bytes()).unwrap()).unwrap();
    SyncSpec::of_kustomization(&k)
}

#[test]
fn what_is_not_given_is_as_in_flux() {
    let plain = spec("");
    assert_eq!(plain.timeout, Duration::from_secs(570));
    assert_eq!(plain.retry_interval, Duration::from_secs(600));
    assert_eq!(plain.source.namespace.as_deref(), Some("flux-system"));
    assert_eq!(plain.deletion_policy, DeletionPolicy::MirrorPrune);
    assert_eq!(plain.owner.name_label(), ("kustomize.toolkit.fluxcd.io/name".into(), "apps"));
    assert_eq!((plain.generation, plain.checks_health()), (4, false));
    assert_eq!(spec(r#","timeout":"5s""#).timeout, Duration::from_secs(30));
    assert_eq!(spec(r#","retryInterval":"2m""#).retry_interval, Duration::from_secs(120));
}

#[test]
fn references_are_completed() {
    let given = spec(
        r#","dependsOn":[{"name":"a"},{"name":"b","namespace":"n"}],
        "healthChecks":[{"kind":"Deployment","name":"web","namespace":"n"},{"apiVersion":"v1","kind":"Namespace","name":"n"}]"#,
    );
    let namespaces: Vec<_> =
        given.depends_on.iter().filter_map(|d| d.namespace.as_deref()).collect();
    assert_eq!(namespaces, ["flux-system", "n"]);
    let checks: Vec<String> = given.health_checks.iter().map(|(g, k)| format!("{g} {k}")).collect();
    assert_eq!(checks, ["apps/v1/Deployment Deployment/n/web", "v1/Namespace Namespace/n"]);
    assert!(given.checks_health());
}
