//! The audit log and the figures.
use super::*;
use windlass_apiserver::audit::{AuditOptions, Policy};

async fn audited(policy: &str) -> (Asker, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut audit = AuditOptions::new(folder.path().join("audit.log"));
    audit.policy = Policy::parse(policy).unwrap();
    let options = Options { audit: Some(audit), ..Options::default() };
    (Asker(ApiServer::open(options).await.unwrap()), folder)
}

async fn events(folder: &tempfile::TempDir, count: usize) -> Vec<Value> {
    let path = folder.path().join("audit.log");
    for _ in 0..200 {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let found: Vec<Value> = text.lines().filter_map(|l| from_json(l.as_bytes()).ok()).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{}", std::fs::read_to_string(&path).unwrap_or_default());
}

const POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- {level: RequestResponse, resources: [{group: '', resources: [configmaps]}], verbs: [create]}
- {level: RequestResponse, resources: [{group: '', resources: ['*']}], verbs: [create, watch]}
- {level: Metadata, verbs: [list]}
";

#[tokio::test]
async fn requests_are_told() {
    let (api, folder) = audited(POLICY).await;
    api.post(MAPS, &config_map("a", "")).await;
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"hidden"}}"#;
    assert_eq!(api.post("/api/v1/namespaces/default/secrets", secret).await.0, 201);
    let jane = Identity::new("jane", &["system:authenticated"]);
    assert_eq!(api.by(&jane, Method::GET, MAPS, "").await.0, 403);
    api.get(&format!("{MAPS}/a")).await;
    let watch = api.raw(Method::GET, &format!("{MAPS}?watch=1"), &[], "").await;
    drop(watch);
    let events = events(&folder, 5).await;
    let stages: Vec<_> = events.iter().map(|e| at(e, "stage").as_str().unwrap()).collect();
    let complete = "ResponseComplete";
    assert_eq!(stages, [complete, complete, complete, "ResponseStarted", complete]);
    let first = &events[0];
    assert_eq!(at(first, "user.username").as_str(), Some("test"));
    assert_eq!(at(first, "verb").as_str(), Some("create"));
    assert_eq!(at(first, "objectRef.name").as_str(), Some("a"));
    assert_eq!(at(first, "requestObject.data.a").as_str(), Some("1"));
    assert_eq!(at(first, "responseObject.metadata.managedFields"), &Value::Null);
    assert!(at(first, "responseObject.metadata.uid").as_str().is_some());
    assert_eq!(at(first, "responseStatus.code").as_int(), Some(201));
    assert_eq!(
        first.at(["annotations", "authorization.k8s.io/decision"]).and_then(Value::as_str),
        Some("allow")
    );
    assert_eq!(at(&events[1], "level").as_str(), Some("Metadata"));
    let text = std::fs::read_to_string(folder.path().join("audit.log")).unwrap();
    assert!(!text.contains("hidden"), "{text}");
    let refused = &events[2];
    assert_eq!(at(refused, "responseStatus.reason").as_str(), Some("Forbidden"));
    assert_eq!(
        refused.at(["annotations", "authorization.k8s.io/decision"]).and_then(Value::as_str),
        Some("forbid")
    );
}

#[tokio::test]
async fn a_policy_in_the_data_folder_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("audit-policy.yaml"), POLICY).unwrap();
    let options = || Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let api = Asker(ApiServer::open(options()).await.unwrap());
    api.get(MAPS).await;
    assert_eq!(at(&events(&folder, 1).await[0], "level").as_str(), Some("Metadata"));
    api.0.shutdown().await;
    drop(api);
    std::fs::write(folder.path().join("audit-policy.yaml"), "a: b").unwrap();
    assert!(ApiServer::open(options()).await.is_err());
}

#[tokio::test]
async fn figures_for_prometheus() {
    let api = server().await;
    api.post(MAPS, &config_map("a", "")).await;
    api.post(MAPS, &config_map("a", "")).await;
    let _watch = api.raw(Method::GET, &format!("{MAPS}?watch=1"), &[], "").await;
    api.get("/api/v1/nothings").await;
    let reply = api.raw(Method::GET, "/metrics", &[], "").await;
    assert_eq!(reply.status().as_u16(), 200);
    let text = reply.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let own = r#"dry_run="",group="",version="v1",resource="configmaps",subresource="",scope="namespace",component="apiserver""#;
    for line in [
        format!("apiserver_request_total{{verb=\"POST\",{own},code=\"201\"}} 1"),
        format!("apiserver_request_total{{verb=\"POST\",{own},code=\"409\"}} 1"),
        format!("apiserver_request_duration_seconds_count{{verb=\"POST\",{own}}} 2"),
        format!("apiserver_request_duration_seconds_bucket{{verb=\"POST\",{own},le=\"+Inf\"}} 2"),
        "apiserver_longrunning_requests{verb=\"WATCH\",group=\"\",version=\"v1\",resource=\"configmaps\",scope=\"namespace\",component=\"apiserver\"} 1".to_owned(),
        "apiserver_current_inflight_requests{request_kind=\"readOnly\"} 1".to_owned(),
        "apiserver_storage_objects{resource=\"serviceaccounts\"} 4".to_owned(),
        "process_start_time_seconds ".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
    assert!(!text.contains("nothings"), "{text}");
    let jane = Identity::new("jane", &["system:authenticated"]);
    assert_eq!(api.by(&jane, Method::GET, "/metrics", "").await.0, 403);
}
