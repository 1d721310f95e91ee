//! Services, claims and budgets as users see them.

use super::super::fields::{count, flag, list, set, text};
use super::super::world::{World, conditions, millis, seconds, workload};
use object::{Manifest as _, Value};

fn service(spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"web","namespace":"default","labels":{{"team":"a"}}}},
        "spec":{{"selector":{{"app":"web"}},"ports":[{{"name":"http","port":80,"targetPort":8080}}]{spec}}}}}"#
    )
}

fn ready(slice: &Value) -> usize {
    list(slice, ["endpoints"]).iter().filter(|e| flag(e, ["conditions", "ready"])).count()
}

#[test]
fn endpoints_follow_the_pods() {
    let mut world = World::new();
    world.create(&service(""));
    world.pass(seconds(1));
    assert_eq!(world.writes, ["Service create"], "a Service that selects nothing costs nothing");
    world.create(&workload("Deployment", "web", 2, "web:1", ""));
    world.create(&workload("Deployment", "other", 1, "other:1", ""));
    world.pass(seconds(1));
    let slices = world.list("EndpointSlice");
    assert_eq!(slices.len(), 1);
    assert_eq!(ready(&slices[0]), 2);
    assert_eq!(slices[0].label("kubernetes.io/service-name"), Some("web"));
    assert_eq!(slices[0].label("team"), Some("a"));
    let port = &list(&slices[0], ["ports"])[0];
    assert_eq!((text(port, ["name"]), count(port, ["port"])), ("http", 8080));
    let target = &list(&slices[0], ["endpoints"])[0];
    assert!(text(target, ["targetRef", "name"]).starts_with("web-"));
    world.edit("Deployment", "web", |web| set(web, ["spec", "replicas"], 0));
    world.pass(seconds(1));
    let slices = world.list("EndpointSlice");
    assert_eq!((slices.len(), list(&slices[0], ["endpoints"]).len()), (1, 0));
    world.delete("Service", "web");
    assert_eq!(world.list("EndpointSlice").len(), 0);
}

#[test]
fn a_selector_that_changes_takes_other_pods() {
    let mut world = World::new();
    world.create(&workload("Deployment", "web", 1, "web:1", ""));
    world.create(&workload("Deployment", "green", 3, "web:2", ""));
    world.create(&service(""));
    world.pass(seconds(1));
    assert_eq!(ready(&world.list("EndpointSlice")[0]), 1);
    world.edit("Service", "web", |s| set(s, ["spec", "selector", "app"], "green"));
    world.pass(seconds(1));
    assert_eq!(ready(&world.list("EndpointSlice")[0]), 3);
    let pod = world.list("Pod").into_iter().find(|p| p.label("app") == Some("green")).unwrap();
    world.edit("Pod", pod.name(), |p| p.set_label("app", "none"));
    world.pass(seconds(1));
    assert_eq!(ready(&world.list("EndpointSlice")[0]), 2);
}

#[test]
fn a_pod_that_is_not_ready_is_listed_as_such() {
    let mut world = World::new();
    world.create(&service(""));
    world.create(&workload("Deployment", "web", 2, "web:unready", ""));
    world.pass(seconds(1));
    let slices = world.list("EndpointSlice");
    assert_eq!((list(&slices[0], ["endpoints"]).len(), ready(&slices[0])), (2, 0));
}

#[test]
fn large_services_have_several_slices() {
    let mut world = World::new();
    world.create(&service(""));
    world.create(&workload("Deployment", "web", 250, "web:1", ""));
    world.pass(seconds(1));
    let slices = world.list("EndpointSlice");
    assert_eq!(slices.iter().map(ready).sum::<usize>(), 250);
    assert_eq!(slices.len(), 3);
}

#[test]
fn load_balancers_and_ingresses_get_an_address() {
    let mut world = World::new();
    world.create(&service(r#","type":"LoadBalancer""#));
    let ingress = r#"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i","namespace":"default"},"spec":{}}"#;
    world.create(ingress);
    for (kind, name) in [("Service", "web"), ("Ingress", "i")] {
        let addresses = world.get(kind, name);
        let address = &list(&addresses, ["status", "loadBalancer", "ingress"])[0];
        assert!(text(address, ["ip"]).starts_with("198.51.100."), "{kind}");
    }
    world.edit("Service", "web", |s| set(s, ["spec", "type"], "ClusterIP"));
    let web = world.get("Service", "web");
    assert!(list(&web, ["status", "loadBalancer", "ingress"]).is_empty());
}

#[test]
fn a_claim_is_bound_and_its_volume_goes_with_it() {
    let mut world = World::new();
    let claim = |name: &str, class: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{{"name":"{name}","namespace":"default"}},
            "spec":{{"accessModes":["ReadWriteOnce"],"storageClassName":"{class}","resources":{{"requests":{{"storage":"5Gi"}}}}}}}}"#
        )
    };
    world.create(&claim("data", "fast"));
    world.create(&claim("never", "missing"));
    let data = world.get("PersistentVolumeClaim", "data");
    assert_eq!(text(&data, ["status", "phase"]), "Bound");
    assert_eq!(text(&data, ["status", "capacity", "storage"]), "5Gi");
    let volume = world.get("PersistentVolume", text(&data, ["spec", "volumeName"]));
    assert_eq!(text(&volume, ["spec", "claimRef", "name"]), "data");
    assert_ne!(text(&world.get("PersistentVolumeClaim", "never"), ["status", "phase"]), "Bound");
    assert_eq!(world.events("PersistentVolumeClaim"), ["ProvisioningFailed"]);
    world.delete("PersistentVolumeClaim", "data");
    world.pass(seconds(1));
    assert_eq!(world.list("PersistentVolume").len(), 0);
}

#[test]
fn a_budget_counts_the_healthy() {
    let mut world = World::new();
    let budget = r#"{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b","namespace":"default"},
        "spec":{"minAvailable":"50%","selector":{"matchExpressions":[{"key":"app","operator":"In","values":["web"]}]}}}"#;
    world.create(budget);
    assert_eq!(
        conditions(&world.get("PodDisruptionBudget", "b")),
        "DisruptionAllowed=False(InsufficientPods)"
    );
    world.create(&workload("Deployment", "web", 4, "web:1", ""));
    world.create(&workload("Deployment", "other", 4, "web:1", ""));
    world.pass(millis(300));
    let b = world.get("PodDisruptionBudget", "b");
    let status = ["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"];
    assert_eq!(status.map(|m| count(&b, ["status", m])), [4, 4, 2, 2]);
    assert_eq!(conditions(&b), "DisruptionAllowed=True(SufficientPods)");
}
