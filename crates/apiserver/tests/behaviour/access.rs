//! Who may do what.
use super::*;

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";

fn role(name: &str, rules: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{{"name":"{name}"}},"rules":{rules}}}"#
    )
}

fn binding(name: &str, kind: &str, role: &str, user: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{{"name":"{name}"}},
        "roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"{kind}","name":"{role}"}},
        "subjects":[{{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"{user}"}}]}}"#
    )
}

fn jane() -> Identity {
    Identity::new("jane", &["system:authenticated"])
}

fn message(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, at(&answer.1, "message").as_str().unwrap_or_default())
}

#[tokio::test]
async fn roles_decide() {
    let api = server().await;
    let refused = api.by(&jane(), Method::GET, MAPS, "").await;
    assert_eq!(
        message(&refused),
        (
            403,
            r#"configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default""#
        )
    );
    assert_eq!(at(&refused.1, "details.kind").as_str(), Some("configmaps"));
    assert_eq!(at(&refused.1, "reason").as_str(), Some("Forbidden"));
    assert_eq!(api.post(BINDINGS, &binding("b", "ClusterRole", "view", "jane")).await.0, 201);
    assert_eq!(api.by(&jane(), Method::GET, MAPS, "").await.0, 200);
    assert_eq!(api.by(&jane(), Method::GET, "/api/v1/configmaps", "").await.0, 403);
    assert_eq!(api.by(&jane(), Method::POST, MAPS, &config_map("m", "")).await.0, 403);
    let secrets = "/api/v1/namespaces/default/secrets";
    assert_eq!(api.by(&jane(), Method::GET, secrets, "").await.0, 403);
    // Everybody may look around, and nobody may see whether an unknown resource exists.
    assert_eq!(api.by(&jane(), Method::GET, "/apis", "").await.0, 200);
    assert_eq!(api.by(&jane(), Method::GET, "/api/v1/nothings", "").await.0, 403);
    let nobody = Identity::anonymous();
    assert_eq!(api.by(&nobody, Method::GET, "/healthz", "").await.0, 200);
    let refused = api.by(&nobody, Method::GET, "/apis", "").await;
    assert_eq!(
        message(&refused),
        (403, r#"forbidden: User "system:anonymous" cannot get path "/apis""#)
    );
    assert_eq!(api.delete(&format!("{BINDINGS}/b")).await.0, 200);
    assert_eq!(api.by(&jane(), Method::GET, MAPS, "").await.0, 403);
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let api = server().await;
    api.post(BINDINGS, &binding("admin", "ClusterRole", "admin", "jane")).await;
    let maps = r#"[{"verbs":["get"],"apiGroups":[""],"resources":["configmaps"]}]"#;
    assert_eq!(api.by(&jane(), Method::POST, ROLES, &role("a", maps)).await.0, 201);
    let nodes = r#"[{"verbs":["get","list"],"apiGroups":[""],"resources":["nodes"]}]"#;
    let refused = api.by(&jane(), Method::POST, ROLES, &role("b", nodes)).await;
    assert_eq!(
        message(&refused),
        (
            403,
            "roles.rbac.authorization.k8s.io \"b\" is forbidden: user \"jane\" (groups=[\"system:authenticated\"]) is \
             attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes\"], \
             Verbs:[\"get\" \"list\"]}"
        )
    );
    let more = r#"{"rules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]}"#;
    let path = format!("{ROLES}/a");
    let patched = async |body: &str| {
        let request = Request::patch(&path)
            .header("content-type", "application/merge-patch+json")
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        api.0.service(jane()).oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(patched(more).await, 403);
    assert_eq!(patched(r#"{"metadata":{"labels":{"a":"b"}}}"#).await, 200);
    let all = binding("c", "ClusterRole", "cluster-admin", "jane");
    assert_eq!(api.by(&jane(), Method::POST, BINDINGS, &all).await.0, 403);
    let own = binding("d", "ClusterRole", "view", "joe");
    assert_eq!(api.by(&jane(), Method::POST, BINDINGS, &own).await.0, 201);
    let missing = binding("e", "ClusterRole", "none", "joe");
    let refused = api.by(&jane(), Method::POST, BINDINGS, &missing).await;
    assert_eq!(
        message(&refused),
        (404, r#"rolebindings.rbac.authorization.k8s.io "none" not found"#)
    );
    // Told that they may bind any role, they may.
    let bind = r#"[{"verbs":["bind"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"]}]"#;
    api.post(ROLES, &role("binder", bind)).await;
    api.post(BINDINGS, &binding("binder", "Role", "binder", "jane")).await;
    assert_eq!(api.by(&jane(), Method::POST, BINDINGS, &all).await.0, 201);
}

#[tokio::test]
async fn cluster_roles_gather_others() {
    let api = server().await;
    let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    let view = api.get(&format!("{roles}/view")).await.1;
    assert!(at(&view, "rules").as_list().unwrap().len() > 5, "{view:?}");
    let widgets = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"widgets",
        "labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
        "rules":[{"verbs":["get"],"apiGroups":["example.org"],"resources":["widgets"]}]}"#;
    assert_eq!(api.post(roles, widgets).await.0, 201);
    let has_widgets = |role: &Value| {
        let rules = at(role, "rules").as_list().unwrap();
        rules.iter().any(|r| at(r, "resources.0").as_str() == Some("widgets"))
    };
    for name in ["view", "edit", "admin"] {
        for _ in 0..100 {
            if has_widgets(&api.get(&format!("{roles}/{name}")).await.1) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(has_widgets(&api.get(&format!("{roles}/{name}")).await.1), "{name}");
    }
}
