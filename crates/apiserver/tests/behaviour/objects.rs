//! One object: made, changed, refused.
use super::*;

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
        (api.get("/apis/apps/v1/things").await, 404, "NotFound"),
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
    // Nobody answers for a group that is not there.
    assert_eq!(api.get("/apis/none.example/v1/things").await, (404, Value::Null));
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
async fn everyday_mistakes_are_refused_in_the_words_of_kubernetes() {
    let api = server().await;
    let without = |text: &str, with: &str| DEPLOYMENT.replace(text, with);
    let mistakes = [
        (
            without(r#""selector":{"matchLabels":{"app":"web"}},"#, ""),
            "spec.selector: Required value",
        ),
        (
            without(r#"matchLabels":{"app":"web"}"#, r#"matchLabels":{"app":"x"}"#),
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match",
        ),
        (
            without(r#","image":"nginx""#, ""),
            "spec.template.spec.containers[0].image: Required value",
        ),
        (
            without(r#""spec":{"selector"#, r#""spec":{"replicas":-1,"selector"#),
            "spec.replicas: Invalid value: -1",
        ),
    ];
    for (body, words) in mistakes {
        let (code, status) = api.post(DEPLOYMENTS, &body).await;
        let message = at(&status, "message").as_str().unwrap_or_default();
        assert!(code == 422 && message.contains(words), "{code} {message}");
        assert!(message.starts_with("Deployment.apps \"web\" is invalid: "), "{message}");
    }
    let service = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"type":"Foo","ports":[{"port":0}]}}"#;
    let (code, status) = api.post("/api/v1/namespaces/default/services", service).await;
    assert_eq!(
        (code, at(&status, "details.causes").as_list().unwrap().len()),
        (422, 3),
        "{status:?}"
    );
}
