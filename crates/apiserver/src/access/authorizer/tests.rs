use super::*;
use crate::store::{Change, Key, Precondition, ResourceId, StoreOptions};
use object::{Manifest, Value};

fn store() -> Store {
    Store::open(&StoreOptions::default()).unwrap()
}

fn put(store: &Store, plural: &str, text: &str) {
    let value: Value = object::from_yaml_one(text, object::Dialect::Sigs).unwrap();
    let id = ResourceId::new(super::super::RBAC, plural);
    let key = Key::new(&id, value.namespace(), value.name());
    let precondition = match store.get(&key) {
        Some(_) => Precondition::Present,
        None => Precondition::Absent,
    };
    store.write_blocking(&key, precondition, Change::Put(value)).unwrap();
}

fn asked(verb: &str, namespace: &str, resource: &str) -> Attributes {
    Attributes {
        verb: verb.to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        ..Attributes::default()
    }
}

const READER: &str =
    "{metadata: {name: reader}, rules: [{verbs: [get], apiGroups: [''], resources: [pods]}]}";

#[test]
fn bindings_take_effect_at_once_and_end_at_once() {
    let store = store();
    let access = Access::new(&store);
    let jane = Identity::new("jane", &["dev"]);
    let what = asked("get", "a", "pods");
    assert!(!access.allows(&jane, &what));
    put(&store, "clusterroles", READER);
    let binding = "{metadata: {name: b, namespace: a}, roleRef: {kind: ClusterRole, name: reader}, subjects: [SUBJECT]}";
    put(&store, "rolebindings", &binding.replace("SUBJECT", "{kind: User, name: jane}"));
    let decision = access.decide(&jane, &what);
    assert_eq!(
        decision.reason,
        r#"RBAC: allowed by RoleBinding "b/a" of ClusterRole "reader" to User "jane""#
    );
    assert!(!access.allows(&jane, &asked("get", "other", "pods")));
    assert!(!access.allows(&jane, &asked("get", "", "pods")));
    put(&store, "rolebindings", &binding.replace("SUBJECT", "{kind: Group, name: dev}"));
    assert!(access.allows(&jane, &what));
    assert!(!access.allows(&Identity::new("jane", &[]), &what));
    put(&store, "rolebindings", &binding.replace("SUBJECT", "{kind: ServiceAccount, name: s}"));
    assert!(!access.allows(&jane, &what));
    assert!(access.allows(&Identity::new("system:serviceaccount:a:s", &[]), &what));
    put(&store, "clusterroles", "{metadata: {name: reader}, rules: []}");
    assert!(!access.allows(&Identity::new("system:serviceaccount:a:s", &[]), &what));
}

#[test]
fn a_role_that_is_missing_is_named() {
    let store = store();
    let access = Access::new(&store);
    let binding = "{metadata: {name: b}, roleRef: {kind: ClusterRole, name: none}, subjects: [{kind: User, name: jane}]}";
    put(&store, "clusterrolebindings", binding);
    let decision = access.decide(&Identity::new("jane", &[]), &asked("get", "", "pods"));
    assert_eq!(decision.reason, r#"RBAC: clusterrole.rbac.authorization.k8s.io "none" not found"#);
}

#[test]
fn ten_thousand_bindings_cost_a_check_nothing() {
    let store = store();
    let access = Access::new(&store);
    put(&store, "clusterroles", READER);
    let resource = ResourceId::new(super::super::RBAC, "rolebindings");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let writes = (0..10_000).map(|n| {
            let text = format!(
                "{{metadata: {{name: b{n}, namespace: a}}, roleRef: {{kind: ClusterRole, name: reader}}, subjects: [{{kind: User, name: u{n}}}]}}"
            );
            let value = object::from_yaml_one(&text, object::Dialect::Sigs).unwrap();
            let key = Key::new(&resource, "a", value.name());
            let store = &store;
            async move { store.write(&key, Precondition::Absent, Change::Put(value)).await.unwrap() }
        });
        futures::future::join_all(writes).await;
    });
    let who = Identity::new("u7777", &["system:authenticated"]);
    assert!(access.allows(&who, &asked("get", "a", "pods")));
    let start = std::time::Instant::now();
    for _ in 0..1000 {
        assert!(access.allows(&who, &asked("get", "a", "pods")));
        assert!(!access.allows(&who, &asked("list", "a", "pods")));
    }
    let each = start.elapsed() / 2000;
    println!("a check among 10,000 bindings: {each:?}");
    // A scan of the bindings takes milliseconds, on the slowest machine more than this.
    assert!(each < std::time::Duration::from_micros(200), "{each:?}");
}
