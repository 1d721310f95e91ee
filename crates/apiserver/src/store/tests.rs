//! Behaviour of the store; durability under kill -9 is tests/durability.rs.
use super::*;
use object::{Manifest, map};

fn pods() -> ResourceId {
    ResourceId::new("", "pods")
}

fn pod(name: &str, n: i64) -> Value {
    Value::Map(map! {
        "apiVersion": "v1", "kind": "Pod",
        "involvedObject": map!{"resourceVersion": ""},
        "metadata": map!{"name": name, "namespace": "a", "uid": format!("uid-{name}"), "labels": map!{"app": name}},
        "spec": map!{"n": n},
    })
}

fn key(name: &str) -> Key {
    Key::new(&pods(), "a", name)
}

fn memory() -> Store {
    Store::open(&StoreOptions::default()).unwrap()
}

#[test]
fn compare_and_swap() {
    let store = memory();
    let put = |p, n| store.write_blocking(&key("x"), p, Change::Put(pod("x", n)));
    assert!(matches!(put(Precondition::Present, 0), Err(StoreError::Missing)));
    let first = put(Precondition::Absent, 1).unwrap();
    assert_eq!(first.value().meta("resourceVersion"), Some("1"));
    assert_eq!(first.label("app"), Some("x"));
    assert!(matches!(put(Precondition::Absent, 2), Err(StoreError::Exists(_))));
    let second = put(Precondition::Revision(1), 2).unwrap();
    assert_eq!(second.revision, 2);
    assert!(
        matches!(put(Precondition::Revision(1), 3), Err(StoreError::Conflict(o)) if o.revision == 2)
    );
    let gone = store
        .write_blocking(&key("x"), Precondition::Present, Change::Delete(second.value()))
        .unwrap();
    assert_eq!((gone.revision, gone.event), (3, EventKind::Deleted));
    assert!(store.get(&key("x")).is_none());
}

#[test]
fn bytes_are_canonical_json() {
    let store = memory();
    let object =
        store.write_blocking(&key("x"), Precondition::Absent, Change::Put(pod("x", 1))).unwrap();
    assert_eq!(object.json(), object::to_json(&object.value()));
    let bare =
        store.write_blocking(&key("y"), Precondition::Absent, Change::Put(Value::map())).unwrap();
    assert_eq!(bare.json().as_ref(), br#"{"metadata":{"resourceVersion":"2"}}"#);
    assert_eq!(
        bare.line().as_ref(),
        b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"2\"}}}\n"
    );
}

#[tokio::test]
async fn watch_sees_every_change_in_order() {
    let store = memory();
    let mut watch = store.watch(Some(&pods()), Some("a"), 0).unwrap();
    for n in 0..600 {
        let p = if n == 0 { Precondition::Absent } else { Precondition::Present };
        store.write(&key("x"), p, Change::Put(pod("x", n))).await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 600 {
        seen.extend(watch.next().await.unwrap().iter().map(|e| e.object.revision));
    }
    assert_eq!(seen, (1..=600).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_slow_watcher_and_an_old_revision_are_gone() {
    let options = StoreOptions { remembered_changes: 10, ..StoreOptions::default() };
    let store = Store::open(&options).unwrap();
    let mut slow = store.watch(Some(&pods()), None, 0).unwrap();
    for n in 0..20 {
        let p = if n == 0 { Precondition::Absent } else { Precondition::Present };
        store.write(&key("x"), p, Change::Put(pod("x", n))).await.unwrap();
    }
    assert!(matches!(slow.next().await, Err(StoreError::Gone { asked: 0, oldest: 10 })));
    assert!(matches!(store.watch(Some(&pods()), None, 9), Err(StoreError::Gone { .. })));
    assert!(store.watch(Some(&pods()), None, 10).is_ok());
    assert!(matches!(store.watch(Some(&pods()), None, 21), Err(StoreError::Future { .. })));
}

#[test]
fn pages_of_one_revision() {
    let store = memory();
    for name in ["a", "b", "c", "d"] {
        store.write_blocking(&key(name), Precondition::Absent, Change::Put(pod(name, 1))).unwrap();
    }
    let names = |l: &Listing| l.items.iter().map(|o| o.name().to_owned()).collect::<String>();
    let first = store.list(&pods(), &ListQuery { limit: 2, ..ListQuery::default() }).unwrap();
    assert_eq!((names(&first).as_str(), first.more, first.remaining), ("ab", true, Some(2)));
    store.write_blocking(&key("bb"), Precondition::Absent, Change::Put(pod("bb", 1))).unwrap();
    let last = store.get(&key("d")).unwrap();
    store.write_blocking(&key("d"), Precondition::Present, Change::Delete(last.value())).unwrap();
    let rest = ListQuery {
        after: Some("a/b"),
        revision: Some(first.revision),
        namespace: Some("a"),
        ..ListQuery::default()
    };
    assert_eq!(names(&store.list(&pods(), &rest).unwrap()), "cd");
    assert_eq!(names(&store.list(&pods(), &ListQuery::default()).unwrap()), "abbbc");
    let other = ListQuery { namespace: Some("b"), ..ListQuery::default() };
    assert_eq!(names(&store.list(&pods(), &other).unwrap()), "");
}

#[test]
fn survives_a_restart_and_notices_a_flipped_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let options = StoreOptions { path: Some(path.clone()), ..StoreOptions::default() };
    let store = Store::open(&options).unwrap();
    for name in ["x", "y"] {
        store.write_blocking(&key(name), Precondition::Absent, Change::Put(pod(name, 7))).unwrap();
    }
    let y = store.get(&key("y")).unwrap();
    store.write_blocking(&key("y"), Precondition::Present, Change::Delete(y.value())).unwrap();
    store.close();
    drop(store);
    let store = Store::open(&options).unwrap();
    assert_eq!(store.revision(), 3);
    assert_eq!(store.get(&key("x")).unwrap().value().at(["spec", "n"]), Some(&Value::Int(7)));
    assert!(store.get(&key("y")).is_none());
    assert!(matches!(store.watch(Some(&pods()), None, 2), Err(StoreError::Gone { .. })));
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 8).filter(|i| bytes[*i..].starts_with(b"{\"n\":7}")).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place + 5] = b'8';
    }
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&options).err().unwrap().to_string();
    assert!(error.contains("pods/a/x"), "{error}");
}

#[test]
fn one_process_at_a_time_and_no_other_user() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let options = StoreOptions { path: Some(path.clone()), ..StoreOptions::default() };
    let store = Store::open(&options).unwrap();
    assert!(matches!(Store::open(&options), Err(StoreError::InUse { .. })));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(store);
    assert!(Store::open(&options).is_ok());
}

#[test]
fn dependents_follow_owner_references() {
    let store = memory();
    let mut child = pod("child", 1);
    let owner = Value::Map(map! {"uid": "uid-owner"});
    child.metadata_mut().insert("ownerReferences", vec![owner]);
    store.write_blocking(&key("child"), Precondition::Absent, Change::Put(child)).unwrap();
    assert_eq!(store.dependents("uid-owner"), vec![key("child")]);
    store
        .write_blocking(&key("child"), Precondition::Present, Change::Put(pod("child", 2)))
        .unwrap();
    assert!(store.dependents("uid-owner").is_empty());
}
