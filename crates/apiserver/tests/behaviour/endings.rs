//! Deletion: finalizers, owners, namespaces.
use super::*;

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
