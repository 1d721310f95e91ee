//! Lists and watches.
use super::*;

#[tokio::test]
async fn lists_in_parts_and_by_selectors() {
    let api = server().await;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")] {
        api.post(MAPS, &config_map(name, &format!(",\"labels\":{{\"app\":\"{app}\"}}"))).await;
    }
    let names = |list: &Value| {
        let items = at(list, "items").as_list().unwrap();
        let own = items.iter().map(Manifest::name).filter(|name| *name != ROOT_CERTIFICATE);
        own.collect::<Vec<_>>().join("")
    };
    for (selector, expected) in [
        ("labelSelector=app%3Dx", "ac"),
        ("labelSelector=app!=x", "bd"),
        ("labelSelector=app+in+(y,z)", "bd"),
        ("labelSelector=app+notin+(y,z)", "ac"),
        ("labelSelector=app,!other", "abcd"),
        ("fieldSelector=metadata.name=b", "b"),
        ("fieldSelector=metadata.name!=b", "acd"),
    ] {
        let (code, list) = api.get(&format!("{MAPS}?{selector}")).await;
        assert_eq!((code, names(&list).as_str()), (200, expected), "{selector}");
    }
    let (_, first) = api.get(&format!("{MAPS}?limit=3")).await;
    assert_eq!(names(&first), "abc");
    assert_eq!(at(&first, "metadata.remainingItemCount").as_int(), Some(2));
    api.post(MAPS, &config_map("cc", "")).await;
    let token = at(&first, "metadata.continue").as_str().unwrap();
    let (_, rest) = api.get(&format!("{MAPS}?limit=3&continue={token}")).await;
    assert_eq!(names(&rest), "d", "the list is of one revision");
    assert_eq!(rest.meta("resourceVersion"), first.meta("resourceVersion"));
    let (_, gone) = api
        .ask(Method::DELETE, &format!("{MAPS}?labelSelector=app=x"), "application/json", "")
        .await;
    assert_eq!(names(&gone), "ac");
    let (_, left) = api.get(MAPS).await;
    assert_eq!(names(&left), "bccd");
}

#[tokio::test]
async fn tables_and_metadata_by_accept() {
    let api = server().await;
    api.post(MAPS, &config_map("a", "")).await;
    let accept = |text| [("accept", text)];
    let table = accept("application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    let reply = api.raw(Method::GET, MAPS, &table, "").await;
    let table = from_json(&reply.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(at(&table, "kind").as_str(), Some("Table"));
    assert_eq!(at(&table, "rows.0.cells.0").as_str(), Some("a"));
    let meta = accept("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
    let reply = api.raw(Method::GET, MAPS, &meta, "").await;
    let list = from_json(&reply.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(at(&list, "kind").as_str(), Some("PartialObjectMetadataList"));
    assert_eq!(at(&list, "items.0.data"), &Value::Null);
    let none = accept("image/png");
    assert_eq!(api.raw(Method::GET, MAPS, &none, "").await.status().as_u16(), 406);
}

#[tokio::test]
async fn watches_see_what_their_selector_selects() {
    let api = server().await;
    let watch = format!("{MAPS}?watch=true&labelSelector=app=x");
    let all = api.raw(Method::GET, &format!("{MAPS}?watch=1"), &[], "").await.into_body();
    let some = api.raw(Method::GET, &watch, &[], "").await.into_body();
    api.post(MAPS, &config_map("a", "")).await;
    let path = format!("{MAPS}/a");
    let label = |value: &str| format!(r#"{{"metadata":{{"labels":{{"app":{value}}}}}}}"#);
    api.patch(&path, "merge-patch+json", &label("\"x\"")).await;
    api.patch(&path, "merge-patch+json", r#"{"data":{"b":"2"}}"#).await;
    let (_, last) = api.patch(&path, "merge-patch+json", &label("null")).await;
    api.delete(&path).await;
    let kinds = |events: &[Value]| {
        events.iter().map(|e| at(e, "type").as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let some = lines(some, 3).await;
    assert_eq!(kinds(&some), ["ADDED", "MODIFIED", "DELETED"]);
    assert_eq!(
        at(&some[2], "object.metadata.resourceVersion").as_str(),
        last.meta("resourceVersion")
    );
    assert_eq!(at(&some[2], "object.metadata.labels.app").as_str(), Some("x"));
    let all = lines(all, 6).await;
    // The first is the ConfigMap that every namespace has.
    let all = &all[1..];
    assert_eq!(kinds(all), ["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]);
}

#[tokio::test]
async fn streaming_lists_end_with_a_bookmark() {
    let api = server().await;
    api.post(MAPS, &config_map("a", "")).await;
    let path = format!(
        "{MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let events = lines(api.raw(Method::GET, &path, &[], "").await.into_body(), 3).await;
    assert_eq!(at(&events[0], "type").as_str(), Some("ADDED"));
    assert_eq!(at(&events[2], "type").as_str(), Some("BOOKMARK"));
    let end = at(&events[2], "object").annotation("k8s.io/initial-events-end");
    assert_eq!(end, Some("true"));
    let wrong = format!("{MAPS}?watch=1&sendInitialEvents=true");
    assert_eq!(api.get(&wrong).await.0, 422);
}

#[tokio::test]
async fn old_versions_are_gone() {
    let mut options = Options::default();
    options.store.remembered_changes = 5;
    let api = Asker(ApiServer::open(options).await.unwrap());
    for n in 0..20 {
        api.post(MAPS, &config_map(&format!("m{n}"), "")).await;
    }
    let path = format!("{MAPS}?watch=1&resourceVersion=1");
    let events = lines(api.raw(Method::GET, &path, &[], "").await.into_body(), 1).await;
    assert_eq!(at(&events[0], "type").as_str(), Some("ERROR"));
    assert_eq!(at(&events[0], "object.code").as_int(), Some(410));
    assert_eq!(at(&events[0], "object.reason").as_str(), Some("Expired"));
    let path = format!("{MAPS}?resourceVersion=1&resourceVersionMatch=Exact");
    assert_eq!(api.get(&path).await.0, 410);
}
