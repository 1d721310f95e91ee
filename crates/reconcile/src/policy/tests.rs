use super::*;

fn policy(yaml: &str) -> Policy {
    let object = object::from_json(yaml.as_bytes()).unwrap();
    Policy::of(&object, "kustomize.toolkit.fluxcd.io")
}

#[test]
fn labels_and_annotations_count_in_any_case() {
    assert_eq!(policy(r#"{"metadata":{}}"#), Policy::default());
    let p = policy(
        r#"{"metadata":{"annotations":{"kustomize.toolkit.fluxcd.io/ssa":"merge","kustomize.toolkit.fluxcd.io/force":"Enabled"},
            "labels":{"kustomize.toolkit.fluxcd.io/prune":"Disabled"}}}"#,
    );
    assert_eq!(p, Policy { ssa: Ssa::Merge, force: true, keep: true, disabled: false });
    assert!(
        policy(
            r#"{"metadata":{"annotations":{"kustomize.toolkit.fluxcd.io/reconcile":"disabled"}}}"#
        )
        .hands_off()
    );
    assert!(
        !policy(r#"{"metadata":{"annotations":{"helm.toolkit.fluxcd.io/reconcile":"disabled"}}}"#)
            .hands_off()
    );
    assert!(
        !policy(
            r#"{"metadata":{"annotations":{"kustomize.toolkit.fluxcd.io/reconcile":"enabled"}}}"#
        )
        .hands_off()
    );
}
