//! Behaviour of the API server in process: requests in, answers out.
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use object::{Manifest, Value, from_json};
use std::time::Duration;
use tower::ServiceExt;
use windlass_apiserver::rest::ReplyBody;
use windlass_apiserver::{ApiServer, Identity, Options};

struct Asker(ApiServer);

async fn server() -> Asker {
    Asker(ApiServer::open(Options::default()).await.unwrap())
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    static NOTHING: Value = Value::Null;
    let step = |v: &'v Value, part: &str| match part.parse::<usize>() {
        Ok(index) => v.as_list()?.get(index),
        Err(_) => v.get(part),
    };
    path.split('.').try_fold(value, step).unwrap_or(&NOTHING)
}

impl Asker {
    async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response<ReplyBody> {
        let mut request = Request::builder().method(method).uri(path);
        for (key, value) in headers {
            request = request.header(*key, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        self.0.service(Identity::admin("test")).oneshot(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: &str) -> (u16, Value) {
        let reply = self.raw(method, path, &[("content-type", kind)], body).await;
        let code = reply.status().as_u16();
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        (code, from_json(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, "", "").await
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.ask(Method::POST, path, "application/json", body).await
    }

    async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let body = String::from_utf8(object::to_json(body)).unwrap();
        self.ask(Method::PUT, path, "application/json", &body).await
    }

    async fn patch(&self, path: &str, kind: &str, body: &str) -> (u16, Value) {
        self.ask(Method::PATCH, path, &format!("application/{kind}"), body).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        self.ask(Method::DELETE, path, "", "").await
    }

    async fn gone(&self, path: &str) {
        for _ in 0..200 {
            if self.get(path).await.0 == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} does not go: {:?}", self.get(path).await);
    }
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn config_map(name: &str, rest: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"{rest}}},"data":{{"a":"1"}}}}"#
    )
}

const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
    "spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
    "spec":{"containers":[{"name":"web","image":"nginx"}]}}}}"#;

#[tokio::test]
async fn create_read_update_delete() {
    let api = server().await;
    let (code, created) = api.post(MAPS, &config_map("a", "")).await;
    assert_eq!(code, 201);
    assert_eq!(created.meta("uid").unwrap().len(), 36);
    let (code, twice) = api.post(MAPS, &config_map("a", "")).await;
    assert_eq!((code, at(&twice, "reason").as_str()), (409, Some("AlreadyExists")));
    assert_eq!(at(&twice, "message").as_str(), Some("configmaps \"a\" already exists"));
    let path = format!("{MAPS}/a");
    let mut changed = created.clone();
    changed.make_map().entry("data").make_map().insert("a", "2");
    let (code, updated) = api.put(&path, &changed).await;
    assert_eq!(code, 200);
    assert_ne!(updated.meta("resourceVersion"), created.meta("resourceVersion"));
    let (code, conflict) = api.put(&path, &changed).await;
    assert_eq!((code, at(&conflict, "reason").as_str()), (409, Some("Conflict")));
    let (_, same) = api.put(&path, &updated).await;
    assert_eq!(same.meta("resourceVersion"), updated.meta("resourceVersion"), "nothing changed");
    let (code, deleted) = api.delete(&path).await;
    assert_eq!((code, at(&deleted, "status").as_str()), (200, Some("Success")));
    assert_eq!(at(&deleted, "details.uid").as_str(), created.meta("uid"));
    let (code, missing) = api.get(&path).await;
    assert_eq!(code, 404);
    assert_eq!(at(&missing, "message").as_str(), Some("configmaps \"a\" not found"));
    assert_eq!(at(&missing, "details.kind").as_str(), Some("configmaps"));
}

#[tokio::test]
async fn refusals() {
    let api = server().await;
    let ask = [
        (api.post(MAPS, &config_map("A_b", "")).await, 422, "Invalid"),
        (api.post(MAPS, "{").await, 400, "BadRequest"),
        (api.post(MAPS, DEPLOYMENT).await, 400, "BadRequest"),
        (api.get("/apis/none.example/v1/things").await, 404, "NotFound"),
        (api.ask(Method::POST, MAPS, "text/plain", "x").await, 415, "UnsupportedMediaType"),
        (api.ask(Method::PUT, MAPS, "application/json", "{}").await, 405, "MethodNotAllowed"),
        (api.get(&format!("{MAPS}?fieldSelector=data.x=1")).await, 400, "BadRequest"),
        (api.get(&format!("{MAPS}?resourceVersion=999999")).await, 504, "Timeout"),
        (api.get(&format!("{MAPS}?continue=xyz")).await, 400, "BadRequest"),
        (
            api.post("/api/v1/namespaces/none/configmaps", &config_map("a", "")).await,
            404,
            "NotFound",
        ),
    ];
    for ((code, status), expected, reason) in ask {
        assert_eq!((code, at(&status, "reason").as_str()), (expected, Some(reason)), "{status:?}");
        assert_eq!(at(&status, "kind").as_str(), Some("Status"));
        assert_eq!(at(&status, "code").as_int(), Some(i64::from(expected)));
    }
    let huge = config_map("a", "").replace("\"1\"", &format!("\"{}\"", "x".repeat(4 << 20)));
    assert_eq!(api.post(MAPS, &huge).await.0, 413);
    let unknown = config_map("u", "").replace("\"data\"", "\"dta\"");
    let strict = format!("{MAPS}?fieldValidation=Strict");
    let (code, status) = api.post(&strict, &unknown).await;
    assert_eq!(code, 400);
    assert!(at(&status, "message").as_str().unwrap().contains("unknown field \"dta\""));
    let json = [("content-type", "application/json")];
    let warned = api.raw(Method::POST, MAPS, &json, &unknown).await;
    assert_eq!(warned.status(), StatusCode::CREATED);
    assert_eq!(warned.headers()["warning"], "299 - \"unknown field \\\"dta\\\"\"");
}

#[tokio::test]
async fn names_are_generated_and_dry_runs_leave_nothing() {
    let api = server().await;
    let generated = config_map("", ",\"generateName\":\"x-\"").replace("\"name\":\"\",", "");
    let (code, one) = api.post(MAPS, &generated).await;
    assert_eq!(code, 201, "{one:?}");
    assert!(one.name().starts_with("x-") && one.name().len() == 7);
    let before = api.0.api().store().revision();
    let (code, dry) = api.post(&format!("{MAPS}?dryRun=All"), &config_map("dry", "")).await;
    assert_eq!((code, dry.name()), (201, "dry"));
    let path = format!("{MAPS}/{}?dryRun=All", one.name());
    let (_, patched) = api.patch(&path, "merge-patch+json", r#"{"data":{"b":"2"}}"#).await;
    assert_eq!(at(&patched, "data.b").as_str(), Some("2"));
    api.delete(&path).await;
    assert_eq!(api.0.api().store().revision(), before);
}

#[tokio::test]
async fn generation_status_and_scale() {
    let api = server().await;
    let (code, created) = api.post(DEPLOYMENTS, DEPLOYMENT).await;
    assert_eq!(code, 201, "{created:?}");
    assert_eq!(at(&created, "metadata.generation").as_int(), Some(1));
    assert_eq!(at(&created, "spec.replicas").as_int(), Some(1), "defaulted");
    let path = format!("{DEPLOYMENTS}/web");
    let status = r#"{"spec":{"replicas":7},"status":{"replicas":4}}"#;
    let (_, after) = api.patch(&format!("{path}/status"), "merge-patch+json", status).await;
    assert_eq!(at(&after, "spec.replicas").as_int(), Some(1));
    assert_eq!(at(&after, "status.replicas").as_int(), Some(4));
    assert_eq!(at(&after, "metadata.generation").as_int(), Some(1));
    let (_, after) = api.patch(&path, "merge-patch+json", status).await;
    assert_eq!(at(&after, "spec.replicas").as_int(), Some(7));
    assert_eq!(at(&after, "metadata.generation").as_int(), Some(2));
    let scale = format!("{path}/scale");
    let (_, mut found) = api.get(&scale).await;
    assert_eq!(at(&found, "kind").as_str(), Some("Scale"));
    assert_eq!(at(&found, "status.selector").as_str(), Some("app=web"));
    found.make_map().entry("spec").make_map().insert("replicas", 3_i64);
    let (code, found) = api.put(&scale, &found).await;
    assert_eq!((code, at(&found, "spec.replicas").as_int()), (200, Some(3)));
    let (_, after) = api.get(&path).await;
    assert_eq!(at(&after, "metadata.generation").as_int(), Some(3));
    assert_eq!(at(&after, "status.replicas").as_int(), Some(4));
    let selector = r#"{"spec":{"selector":{"matchLabels":{"x":"y"}}}}"#;
    let (code, refused) = api.patch(&path, "merge-patch+json", selector).await;
    assert_eq!(code, 422);
    assert!(at(&refused, "message").as_str().unwrap().contains("field is immutable"));
}

#[tokio::test]
async fn every_kind_of_patch() {
    let api = server().await;
    api.post(DEPLOYMENTS, DEPLOYMENT).await;
    let path = format!("{DEPLOYMENTS}/web");
    let image = "spec.template.spec.containers.0.image";
    let strategic = r#"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"b"}]}}}}"#;
    let (code, after) = api.patch(&path, "strategic-merge-patch+json", strategic).await;
    assert_eq!((code, at(&after, image).as_str()), (200, Some("b")));
    let json = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"c"}]"#;
    let (code, after) = api.patch(&path, "json-patch+json", json).await;
    assert_eq!((code, at(&after, image).as_str()), (200, Some("c")));
    let failing = r#"[{"op":"test","path":"/spec/replicas","value":9}]"#;
    assert_eq!(api.patch(&path, "json-patch+json", failing).await.0, 422);
    let stale = r#"{"metadata":{"resourceVersion":"1"}}"#;
    assert_eq!(api.patch(&path, "merge-patch+json", stale).await.0, 409);
}

#[tokio::test]
async fn server_side_apply_with_owners_and_conflicts() {
    let api = server().await;
    let path = |manager: &str| format!("{DEPLOYMENTS}/web?fieldManager={manager}");
    let apply = "apply-patch+yaml";
    let (code, created) = api.patch(&path("alice"), apply, DEPLOYMENT).await;
    assert_eq!(code, 201, "{created:?}");
    let (code, again) = api.patch(&path("alice"), apply, DEPLOYMENT).await;
    assert_eq!(code, 200);
    assert_eq!(again.meta("resourceVersion"), created.meta("resourceVersion"), "no write");
    let other = DEPLOYMENT.replace("nginx", "caddy");
    let (code, conflict) = api.patch(&path("bob"), apply, &other).await;
    assert_eq!(code, 409);
    assert_eq!(at(&conflict, "details.causes.0.reason").as_str(), Some("FieldManagerConflict"));
    assert_eq!(
        at(&conflict, "details.causes.0.field").as_str(),
        Some(".spec.template.spec.containers[name=\"web\"].image")
    );
    let (code, forced) = api.patch(&format!("{}&force=true", path("bob")), apply, &other).await;
    assert_eq!((code, at(&forced, "spec.replicas").as_int()), (200, Some(1)));
    let managers: Vec<&str> = at(&forced, "metadata.managedFields")
        .as_list()
        .unwrap()
        .iter()
        .filter_map(|m| m.get("manager")?.as_str())
        .collect();
    assert_eq!(managers, ["alice", "bob"]);
    let nobody = format!("{DEPLOYMENTS}/web");
    assert_eq!(api.patch(&nobody, apply, DEPLOYMENT).await.0, 422, "a manager is required");
}

#[tokio::test]
async fn lists_in_parts_and_by_selectors() {
    let api = server().await;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")] {
        api.post(MAPS, &config_map(name, &format!(",\"labels\":{{\"app\":\"{app}\"}}"))).await;
    }
    let names = |list: &Value| {
        let items = at(list, "items").as_list().unwrap();
        items.iter().map(|i| i.name().to_owned()).collect::<Vec<_>>().join("")
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
    assert_eq!(at(&first, "metadata.remainingItemCount").as_int(), Some(1));
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

async fn lines(body: ReplyBody, count: usize) -> Vec<Value> {
    let mut body = body;
    let mut text = Vec::new();
    loop {
        let found: Vec<Value> =
            text.split(|b| *b == b'\n').filter_map(|line: &[u8]| from_json(line).ok()).collect();
        if found.len() >= count {
            return found;
        }
        let frame = tokio::time::timeout(Duration::from_secs(5), body.frame()).await;
        text.extend_from_slice(&frame.expect("an event").unwrap().unwrap().into_data().unwrap());
    }
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
    let all = lines(all, 5).await;
    assert_eq!(kinds(&all), ["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]);
}

#[tokio::test]
async fn streaming_lists_end_with_a_bookmark() {
    let api = server().await;
    api.post(MAPS, &config_map("a", "")).await;
    let path = format!(
        "{MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let events = lines(api.raw(Method::GET, &path, &[], "").await.into_body(), 2).await;
    assert_eq!(at(&events[0], "type").as_str(), Some("ADDED"));
    assert_eq!(at(&events[1], "type").as_str(), Some("BOOKMARK"));
    let end = at(&events[1], "object").annotation("k8s.io/initial-events-end");
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

#[tokio::test]
async fn finalizers_hold_an_object() {
    let api = server().await;
    api.post(MAPS, &config_map("a", ",\"finalizers\":[\"example.org/x\"]")).await;
    let path = format!("{MAPS}/a");
    let (code, marked) = api.delete(&path).await;
    assert_eq!(code, 200);
    assert!(marked.meta("deletionTimestamp").is_some());
    let more = r#"{"metadata":{"finalizers":["example.org/x","example.org/y"]}}"#;
    assert_eq!(api.patch(&path, "merge-patch+json", more).await.0, 422);
    let (code, _) =
        api.patch(&path, "merge-patch+json", r#"{"metadata":{"finalizers":null}}"#).await;
    assert_eq!(code, 200);
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn deletion_preconditions() {
    let api = server().await;
    let (_, created) = api.post(MAPS, &config_map("a", "")).await;
    let path = format!("{MAPS}/a");
    let wrong = r#"{"preconditions":{"uid":"other"}}"#;
    assert_eq!(api.ask(Method::DELETE, &path, "application/json", wrong).await.0, 409);
    let right = format!(r#"{{"preconditions":{{"uid":"{}"}}}}"#, created.meta("uid").unwrap());
    assert_eq!(api.ask(Method::DELETE, &path, "application/json", &right).await.0, 200);
}

fn owned(name: &str, owner: &Value) -> String {
    let uid = owner.meta("uid").unwrap();
    config_map(
        name,
        &format!(
            r#","ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"{}","uid":"{uid}","blockOwnerDeletion":true}}]"#,
            owner.name()
        ),
    )
}

#[tokio::test]
async fn dependents_go_stay_or_go_first() {
    let api = server().await;
    for (policy, stays) in [("Background", false), ("Foreground", false), ("Orphan", true)] {
        let (_, owner) = api.post(MAPS, &config_map("owner", "")).await;
        let (_, child) = api.post(MAPS, &owned("child", &owner)).await;
        api.post(MAPS, &owned("grandchild", &child)).await;
        let path = format!("{MAPS}/owner?propagationPolicy={policy}");
        assert_eq!(api.delete(&path).await.0, 200);
        api.gone(&format!("{MAPS}/owner")).await;
        if stays {
            let (code, child) = api.get(&format!("{MAPS}/child")).await;
            assert_eq!((code, at(&child, "metadata.ownerReferences")), (200, &Value::Null));
        } else {
            api.gone(&format!("{MAPS}/child")).await;
            api.gone(&format!("{MAPS}/grandchild")).await;
        }
    }
    let (_, ghost) = api.post(MAPS, &config_map("ghost", "")).await;
    api.delete(&format!("{MAPS}/ghost")).await;
    api.post(MAPS, &owned("late", &ghost)).await;
    api.gone(&format!("{MAPS}/late")).await;
}

#[tokio::test]
async fn a_namespace_ends_with_its_content() {
    let api = server().await;
    let namespace = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}"#;
    let (_, created) = api.post("/api/v1/namespaces", namespace).await;
    assert_eq!(at(&created, "status.phase").as_str(), Some("Active"));
    let maps = "/api/v1/namespaces/n/configmaps";
    for n in 0..50 {
        api.post(maps, &config_map(&format!("m{n}"), "")).await;
    }
    api.post(maps, &config_map("held", ",\"finalizers\":[\"example.org/x\"]")).await;
    let (_, ending) = api.delete("/api/v1/namespaces/n").await;
    assert_eq!(at(&ending, "status.phase").as_str(), Some("Terminating"));
    let (code, refused) = api.post(maps, &config_map("late", "")).await;
    assert_eq!(code, 403);
    assert_eq!(at(&refused, "details.causes.0.reason").as_str(), Some("NamespaceTerminating"));
    api.gone(&format!("{maps}/m0")).await;
    assert_eq!(api.get("/api/v1/namespaces/n").await.0, 200);
    let free = r#"{"metadata":{"finalizers":null}}"#;
    api.patch(&format!("{maps}/held"), "merge-patch+json", free).await;
    api.gone("/api/v1/namespaces/n").await;
    assert_eq!(api.delete("/api/v1/namespaces/default").await.0, 403);
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITION: &str = r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.org"},"spec":{"group":"example.org","scope":"Namespaced",
    "names":{"plural":"widgets","kind":"Widget"},"versions":[
    {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
     "selectableFields":[{"jsonPath":".spec.color"}],
     "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["color"],
        "x-kubernetes-validations":[{"rule":"self.size <= 10","message":"too large"}],
        "properties":{"color":{"type":"string","enum":["red","blue"]},"size":{"type":"integer","default":3}}},
        "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}},
    {"name":"v1alpha1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}"#;

#[tokio::test]
async fn custom_resources_are_served_at_once() {
    let api = server().await;
    let (code, crd) = api.post(DEFINITIONS, DEFINITION).await;
    assert_eq!(code, 201, "{crd:?}");
    assert_eq!(at(&crd, "status.storedVersions.0").as_str(), Some("v1"));
    assert_eq!(at(&crd, "spec.names.listKind").as_str(), Some("WidgetList"));
    let widgets = "/apis/example.org/v1/namespaces/default/widgets";
    let widget = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"example.org/v1","kind":"Widget","metadata":{{"name":"{name}"}},"spec":{spec}}}"#
        )
    };
    let (code, created) = api.post(widgets, &widget("a", r#"{"color":"red","extra":1}"#)).await;
    assert_eq!(code, 201, "{created:?}");
    assert_eq!(at(&created, "spec.size").as_int(), Some(3), "defaulted");
    assert_eq!(at(&created, "spec.extra"), &Value::Null, "pruned");
    for (spec, message) in [
        (r#"{"color":"green"}"#, "spec.color: Unsupported value: \"green\""),
        ("{}", "spec.color: Required value"),
        (r#"{"color":"red","size":11}"#, "too large"),
    ] {
        let (code, refused) = api.post(widgets, &widget("b", spec)).await;
        assert_eq!(code, 422);
        let found = at(&refused, "message").as_str().unwrap();
        assert!(found.contains(message), "{found}");
    }
    let (_, other) = api.get("/apis/example.org/v1alpha1/namespaces/default/widgets/a").await;
    assert_eq!(other.api_version(), "example.org/v1alpha1");
    let (_, list) = api.get(&format!("{widgets}?fieldSelector=spec.color=red")).await;
    assert_eq!(at(&list, "items").as_list().unwrap().len(), 1);
    let mut unconditional = created.clone();
    unconditional.metadata_mut().remove("resourceVersion");
    assert_eq!(api.put(&format!("{widgets}/a"), &unconditional).await.0, 422);
    let strategic = api.patch(&format!("{widgets}/a"), "strategic-merge-patch+json", "{}").await;
    assert_eq!(strategic.0, 415);
    let (_, group) = api.get("/apis/example.org").await;
    assert_eq!(at(&group, "preferredVersion.version").as_str(), Some("v1"));
    assert_eq!(api.delete(&format!("{DEFINITIONS}/widgets.example.org")).await.0, 200);
    api.gone(&format!("{DEFINITIONS}/widgets.example.org")).await;
    assert_eq!(api.get(widgets).await.0, 404);
    api.post(DEFINITIONS, DEFINITION).await;
    let (_, list) = api.get(widgets).await;
    assert_eq!(at(&list, "items").as_list().unwrap().len(), 0, "its objects went with it");
}

#[tokio::test]
async fn services_have_addresses_of_their_own() {
    let api = server().await;
    let services = "/api/v1/namespaces/default/services";
    let service = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}"}},"spec":{{"ports":[{{"port":80}}]{spec}}}}}"#
        )
    };
    let (_, a) = api.post(services, &service("a", "")).await;
    let (_, b) = api.post(services, &service("b", ",\"type\":\"NodePort\"")).await;
    let address = |s: &Value| at(s, "spec.clusterIP").as_str().unwrap().to_owned();
    assert!(address(&a).starts_with("10.96.") && address(&a) != address(&b));
    assert!(at(&b, "spec.ports.0.nodePort").as_int().unwrap() >= 30000);
    let same = format!(",\"clusterIP\":\"{}\"", address(&a));
    let (code, _) = api.post(services, &service("c", &same)).await;
    assert_eq!(code, 422);
    api.delete(&format!("{services}/a")).await;
    assert_eq!(api.post(services, &service("c", &same)).await.0, 201);
}

#[tokio::test]
async fn secrets_fold_their_texts() {
    let api = server().await;
    let secret =
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"b"}}"#;
    let (_, created) = api.post("/api/v1/namespaces/default/secrets", secret).await;
    assert_eq!(at(&created, "data.a").as_str(), Some("Yg=="));
    assert_eq!(at(&created, "stringData"), &Value::Null);
    assert_eq!(at(&created, "type").as_str(), Some("Opaque"));
}

#[tokio::test]
async fn discovery_and_documents() {
    let api = server().await;
    let aggregated =
        [("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")];
    let reply = api.raw(Method::GET, "/apis", &aggregated, "").await;
    let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.contains("as=APIGroupDiscoveryList"), "{kind}");
    let (_, core) = api.get("/api/v1").await;
    assert_eq!(at(&core, "kind").as_str(), Some("APIResourceList"));
    let (_, version) = api.get("/version").await;
    assert!(at(&version, "gitVersion").as_str().unwrap().starts_with("v1.35."));
    let (_, index) = api.get("/openapi/v3").await;
    let url = index.at(["paths", "apis/apps/v1", "serverRelativeURL"]).unwrap().as_str().unwrap();
    let (code, document) = api.get(url).await;
    assert_eq!(code, 200);
    assert!(document.at(["paths", "/apis/apps/v1/namespaces/{namespace}/deployments"]).is_some());
    assert_eq!(api.get("/nothing").await.0, 404);
    let open = api.0.authenticating_service();
    for (path, expected) in [("/healthz", 200), ("/version", 200), ("/api/v1/nodes", 401)] {
        let request = Request::get(path).body(Full::new(Bytes::new())).unwrap();
        assert_eq!(open.clone().oneshot(request).await.unwrap().status().as_u16(), expected);
    }
}

#[tokio::test]
async fn a_kube_client_works_in_process() {
    use k8s_openapi::api::core::v1::ConfigMap;
    let api = server().await;
    let client = kube::Client::new(api.0.service(Identity::admin("kube")), "default");
    let maps: kube::Api<ConfigMap> = kube::Api::default_namespaced(client);
    let watched = maps.clone();
    let watch = tokio::spawn(async move {
        use futures::TryStreamExt;
        let stream = watched.watch(&kube::api::WatchParams::default(), "0").await.unwrap();
        let mut stream = std::pin::pin!(stream);
        loop {
            if let kube::api::WatchEvent::Added(map) = stream.try_next().await.unwrap().unwrap() {
                return map.metadata.name.unwrap();
            }
        }
    });
    let map = serde_json::from_str(&config_map("from-kube", "")).unwrap();
    maps.create(&Default::default(), &map).await.unwrap();
    assert_eq!(watch.await.unwrap(), "from-kube");
    let patch = kube::api::Patch::Apply(&map);
    maps.patch("from-kube", &kube::api::PatchParams::apply("me"), &patch).await.unwrap();
    assert_eq!(maps.list(&Default::default()).await.unwrap().items.len(), 1);
}
