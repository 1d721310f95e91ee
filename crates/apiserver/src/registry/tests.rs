//! What is served, and in which order.
use super::*;

#[test]
fn built_in_kinds_are_served_and_stored() {
    let snapshot = Registry::default().snapshot();
    let deployments = snapshot.resource("apps", "v1", "deployments").unwrap();
    assert!(deployments.is_storage() && deployments.kind.has_status());
    assert_eq!(deployments.group_kind(), "Deployment.apps");
    let events = snapshot.resource("events.k8s.io", "v1", "events").unwrap();
    assert_eq!(events.id.as_str(), "events");
    assert!(!events.is_storage());
    let versions: Vec<&str> =
        snapshot.group("autoscaling").unwrap().iter().map(|v| v.version.as_str()).collect();
    assert_eq!(versions, ["v2", "v1"]);
}

#[test]
fn versions_in_order_of_priority() {
    let mut versions = ["foo1", "v1alpha1", "v1", "v10", "v2beta1", "v2", "v1beta2", "foo10"];
    versions.sort_by(|a, b| compare_versions(a, b));
    assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "foo1", "foo10"]);
}
