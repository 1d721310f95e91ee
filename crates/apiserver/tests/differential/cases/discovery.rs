//! What is served, and what types look like.

use super::{Case, Step};
use crate::catalog::entries;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

pub(super) fn cases() -> Vec<Case> {
    let versions: BTreeSet<String> = entries(10)
        .iter()
        .map(|e| e.object["apiVersion"].as_str().unwrap().to_owned())
        .chain(
            [
                "authentication.k8s.io/v1",
                "authorization.k8s.io/v1",
                "events.k8s.io/v1",
                "autoscaling/v1",
                "apiextensions.k8s.io/v1",
            ]
            .map(String::from),
        )
        .collect();
    let mut steps = vec![
        Step::get("/version"),
        Step::get("/api"),
        Step::get("/apis"),
        Step::get("/api").accepting(AGGREGATED),
        Step::get("/apis").accepting(AGGREGATED),
        Step::get("/apis/none.example.com"),
        Step::get("/apis/apps/v9"),
        Step::get("/api/v1/nothings"),
        Step::get("/apis/apps/v1/namespaces/default/nothings/x"),
        Step::get("/nowhere"),
        Step::get("/healthz"),
        Step::get("/livez"),
        Step::get("/readyz"),
    ];
    let mut specification = vec![Step::get("/openapi/v3").named("index")];
    for version in &versions {
        let at = if version.contains('/') {
            format!("/apis/{version}")
        } else {
            format!("/api/{version}")
        };
        if let Some((group, _)) = version.split_once('/') {
            steps.push(Step::get(&format!("/apis/{group}")));
        }
        steps.push(Step::get(&at));
        specification.push(Step::get(&format!("/openapi/v3{at}")));
    }
    vec![
        Case { name: "discovery/documents".into(), steps },
        Case { name: "openapi/documents".into(), steps: specification },
        Case { name: "discovery/methods".into(), steps: methods() },
    ]
}

/// Requests that no resource answers.
fn methods() -> Vec<Step> {
    let maps = "/api/v1/namespaces/default/configmaps";
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "default"}}});
    let whoami = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    vec![
        Step::new("PUT", maps, "application/json", super::Body::Text("{}".into())),
        Step::new("PATCH", maps, "application/merge-patch+json", super::Body::Text("{}".into())),
        Step::new("POST", &format!("{maps}/x"), "application/json", super::Body::Text("{}".into())),
        Step::new("POST", maps, "text/plain", super::Body::Text("x".into())),
        Step::new("POST", maps, "application/json", super::Body::Text("{".into())),
        Step::new("POST", maps, "application/json", super::Body::Text("[]".into())),
        Step::new("POST", maps, "application/json", super::Body::Text("null".into())),
        Step::new("POST", maps, "application/json", super::Body::Text(String::new())),
        Step::new(
            "POST",
            maps,
            "application/yaml",
            super::Body::Text(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yam}\ndata: {a: b}\n".into(),
            ),
        ),
        Step::new("PATCH", &format!("{maps}/yam"), "text/plain", super::Body::Text("{}".into())),
        Step::new(
            "PATCH",
            &format!("{maps}/yam"),
            "application/merge-patch+json",
            super::Body::Text("{".into()),
        ),
        Step::get(&format!("{maps}/yam")).accepting("application/yaml"),
        Step::get(&format!("{maps}/yam")).accepting("text/plain"),
        Step::get(&format!("{maps}/yam")).accepting("*/*"),
        Step::get(&format!("{maps}/yam?pretty=true")),
        Step::delete(&format!("{maps}/yam"), &Value::Null),
        Step::post(
            "/api/v1/namespaces/absent/configmaps",
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}),
        ),
        Step::post(
            maps,
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "other"}}),
        ),
        Step::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review),
        Step::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &whoami),
        Step::get("/api/v1/namespaces/default/pods/none/log"),
        Step::get("/api/v1/namespaces/default/services/none/status"),
    ]
}
