//! The simulation at work on a server's operations, in real time.

use super::*;
use crate::clock::Clock;
use crate::registry::Registry;
use crate::store::{ListQuery, Store, StoreOptions};
use crate::workloads::fields::{count, list, set, text};
use jiff::SignedDuration;
use object::from_json;
use std::time::Instant;

struct Running {
    api: Api,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn start() -> Running {
    let store = Store::open(&StoreOptions::default()).unwrap();
    let api = Api::new(store, Registry::default(), Clock::system());
    let namespace = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}}"#;
    create(&api, "", "namespaces", namespace).await;
    let settings = Settings { start: SignedDuration::from_millis(20), ..Settings::default() };
    let task = tokio::spawn(simulate(api.clone(), settings));
    Running { api, task }
}

async fn create(api: &Api, group: &str, plural: &str, json: &str) {
    let object = from_json(json.as_bytes()).unwrap();
    api.create_object(&ResourceId::new(group, plural), object, "test").await.unwrap();
}

fn deployment(name: &str, replicas: i64) -> String {
    let template = format!(
        r#"{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"c","image":"nginx:1"}}]}}}}"#
    );
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"default"}},
        "spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{template}}}}}"#
    )
}

fn get(api: &Api, resource: &ResourceId, name: &str) -> Value {
    let key = Key::new(resource, "default", name);
    api.store().get(&key).map(|stored| stored.value()).unwrap_or_default()
}

fn all(api: &Api, resource: &ResourceId) -> Vec<Value> {
    let found = api.store().list(resource, &ListQuery::default()).unwrap();
    found.items.iter().map(|o| o.value()).collect()
}

/// Waits until `done`, for some seconds at most.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "this did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until nothing is written any more, and answers how much has been since `before`.
async fn writes_until_quiet(api: &Api, before: u64) -> u64 {
    let mut last = api.store().revision();
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        match api.store().revision() {
            now if now == last => return now - before,
            now => last = now,
        }
    }
}

#[tokio::test]
async fn a_deployment_becomes_available_and_then_nothing_is_written() {
    let running = start().await;
    let api = &running.api;
    create(api, "apps", "deployments", &deployment("web", 3)).await;
    let deployments = ResourceId::new("apps", "deployments");
    until("three available replicas", || {
        count(&get(api, &deployments, "web"), ["status", "availableReplicas"]) == 3
    })
    .await;
    let web = get(api, &deployments, "web");
    assert_eq!(
        count(&web, ["status", "observedGeneration"]),
        count(&web, ["metadata", "generation"])
    );
    for pod in all(api, &ResourceId::new("", "pods")) {
        assert_eq!(pod.annotation("windlass.dev/simulated"), Some("true"));
        assert_eq!(text(&pod, ["spec", "nodeName"]), "simulated-node-1");
    }
    writes_until_quiet(api, 0).await;
    let quiet = api.store().revision();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(api.store().revision(), quiet);
}

#[tokio::test]
async fn deployments_without_replicas_cost_few_writes() {
    const COUNT: u64 = 200;
    let running = start().await;
    let api = &running.api;
    writes_until_quiet(api, 0).await;
    let before = api.store().revision();
    for number in 0..COUNT {
        create(api, "apps", "deployments", &deployment(&format!("app{number}"), 0)).await;
    }
    let writes = writes_until_quiet(api, before).await;
    // The Deployment itself, its ReplicaSet, a status of each, and one more for good measure.
    assert!(writes <= COUNT * 5, "{writes} writes for {COUNT} Deployments");
    for web in all(api, &ResourceId::new("apps", "deployments")) {
        let conditions = list(&web, ["status", "conditions"]);
        assert!(crate::workloads::condition::is_true(conditions, "Available"), "{}", web.name());
        let generation = count(&web, ["metadata", "generation"]);
        assert_eq!(count(&web, ["status", "observedGeneration"]), generation);
    }
}

#[tokio::test]
async fn a_replica_set_that_nobody_owns_is_taken_over() {
    let running = start().await;
    let api = &running.api;
    create(api, "apps", "deployments", &deployment("web", 0)).await;
    let sets = ResourceId::new("apps", "replicasets");
    let is_controlled = || {
        let sets = all(api, &sets);
        sets.len() == 1 && super::super::owner::controller(&sets[0]).is_some()
    };
    until("a ReplicaSet", is_controlled).await;
    let name = all(api, &sets)[0].name().to_owned();
    // What deleting the Deployment with `--cascade=orphan` leaves.
    let deployments = ResourceId::new("apps", "deployments");
    api.delete_object(
        &Key::new(&deployments, "default", "web"),
        &DeleteOptions::propagating(Propagation::Orphan),
    )
    .await
    .unwrap();
    let orphan = |set: &mut Value| {
        set.metadata_mut().remove("ownerReferences");
        set.metadata_mut().remove("resourceVersion");
    };
    let _ = api.modify_object(&Key::new(&sets, "default", &name), "", "test", orphan).await;
    let _ = api
        .modify_object(&Key::new(&deployments, "default", "web"), "", "test", |d| {
            set(d, ["metadata", "finalizers"], Value::List(Vec::new()));
        })
        .await;
    until("no Deployment", || get(api, &deployments, "web") == Value::Null).await;
    create(api, "apps", "deployments", &deployment("web", 0)).await;
    until("the ReplicaSet taken over", || {
        let uid = get(api, &deployments, "web").meta("uid").unwrap_or_default().to_owned();
        let set = get(api, &sets, &name);
        super::super::owner::is_controlled_by(&set, &uid)
    })
    .await;
    assert_eq!(all(api, &sets).len(), 1);
}
