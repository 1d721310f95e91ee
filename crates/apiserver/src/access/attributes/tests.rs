use super::*;

/// Verb, group, resource with its subresource, namespace and name of a request; or its path.
fn read(method: &str, url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let a = Attributes::read(&method.parse().unwrap(), path, query);
    if !a.is_resource() {
        return format!("{} {}", a.verb, a.path);
    }
    let sub = if a.subresource.is_empty() { String::new() } else { format!("/{}", a.subresource) };
    format!("{} {:?} {}{sub} {:?} {:?}", a.verb, a.group, a.resource, a.namespace, a.name)
}

#[test]
fn requests_are_understood_as_upstream() {
    let cases = [
        ("GET", "/healthz", "get /healthz"),
        ("GET", "/api", "get /api"),
        ("GET", "/api/v1", "get /api/v1"),
        ("GET", "/apis/apps/v1", "get /apis/apps/v1"),
        ("GET", "/api/v1/namespaces", r#"list "" namespaces "" """#),
        ("GET", "/api/v1/namespaces/a", r#"get "" namespaces "a" "a""#),
        ("PUT", "/api/v1/namespaces/a/finalize", r#"update "" namespaces/finalize "a" "a""#),
        ("GET", "/api/v1/namespaces/a/pods", r#"list "" pods "a" """#),
        ("GET", "/api/v1/namespaces/a/pods?watch=1", r#"watch "" pods "a" """#),
        ("GET", "/api/v1/watch/namespaces/a/pods", r#"watch "" pods "a" """#),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dx", r#"list "" pods "" "x""#),
        ("GET", "/api/v1/namespaces/a/pods/x/log", r#"get "" pods/log "a" "x""#),
        ("POST", "/api/v1/namespaces/a/pods", r#"create "" pods "a" """#),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d",
            r#"patch "apps" deployments "a" "d""#,
        ),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/a/deployments/d",
            r#"delete "apps" deployments "a" "d""#,
        ),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/a/deployments",
            r#"deletecollection "apps" deployments "a" """#,
        ),
        ("GET", "/apis/x.io/v1/things/t/status", r#"get "x.io" things/status "" "t""#),
    ];
    for (method, url, expected) in cases {
        assert_eq!(read(method, url), expected, "{method} {url}");
    }
}

#[test]
fn refusals_have_the_words_of_a_real_server() {
    let jane = Identity::new("jane", &[]);
    let text = |method: &str, path: &str| {
        Attributes::read(&method.parse().unwrap(), path, "").forbidden(&jane, "").message
    };
    assert_eq!(
        text("GET", "/api/v1/namespaces/default/pods"),
        r#"pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default""#
    );
    assert_eq!(
        text("PUT", "/apis/apps/v1/namespaces/a/deployments/d/scale"),
        r#"deployments.apps "d" is forbidden: User "jane" cannot update resource "deployments/scale" in API group "apps" in the namespace "a""#
    );
    assert_eq!(
        text("GET", "/api/v1/nodes"),
        r#"nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope"#
    );
    assert_eq!(text("GET", "/metrics"), r#"forbidden: User "jane" cannot get path "/metrics""#);
}
