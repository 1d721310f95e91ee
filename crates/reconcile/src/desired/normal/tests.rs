use super::*;
use object::Manifest;

fn normal(json: &str) -> (String, Vec<String>) {
    let mut value = object::from_json(json.as_bytes()).unwrap();
    let gvk = value.gvk();
    let unknown = normalize(&mut value, &gvk);
    (String::from_utf8(object::to_json(&value)).unwrap(), unknown)
}

#[test]
fn a_deployment_is_written_as_go_writes_it() {
    let (json, unknown) = normal(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"creationTimestamp":null,"name":"a","labels":{}},
        "spec":{"paused":false,"replica":1,"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{"containers":[{"name":"c","ports":[{"containerPort":1}],
        "resources":{"limits":{"cpu":"1000m","memory":"0.5Gi"}}}]}}},"status":{"x":1}}"#,
    );
    assert_eq!(
        json,
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"selector":{"matchLabels":{"a":"b"}},"strategy":{},"template":{"metadata":{},"spec":{"containers":[{"name":"c","ports":[{"containerPort":1,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1","memory":"512Mi"}}}]}}}}"#
    );
    assert_eq!(unknown, ["spec.replica"]);
}

#[test]
fn what_go_cannot_read_stays_as_it_is() {
    let json = r#"{"apiVersion":"v1","data":{"a":1},"kind":"ConfigMap"}"#;
    assert_eq!(normal(json).0, json);
}

#[test]
fn a_secret_has_its_texts_in_data() {
    assert_eq!(
        normal(r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"eA==","b":"eA=="},"stringData":{"b":"hello","c":"ab","d":"","e":"abc"}}"#).0,
        r#"{"apiVersion":"v1","data":{"a":"eA==","b":"aGVsbG8=","c":"YWI=","d":"","e":"YWJj"},"kind":"Secret","metadata":{"name":"s"}}"#
    );
}

#[test]
fn custom_kinds_and_roles_keep_everything_but_status() {
    for json in [
        r#"{"apiVersion":"x.io/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}"#,
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","rules":null}"#,
        r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","status":{"a":1}}"#,
    ] {
        assert_eq!(normal(json), (json.to_owned(), Vec::new()));
    }
    let (json, _) = normal(r#"{"apiVersion":"x.io/v1","kind":"W","status":{"a":1}}"#);
    assert_eq!(json, r#"{"apiVersion":"x.io/v1","kind":"W"}"#);
}

#[test]
fn an_empty_map_is_not_written() {
    assert_eq!(
        normal(r#"{"apiVersion":"v1","data":{},"kind":"ConfigMap","metadata":{"name":"s"}}"#).0,
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"}}"#
    );
}

#[test]
fn bytes_are_written_in_one_line() {
    assert_eq!(
        normal("{\"apiVersion\":\"v1\",\"binaryData\":{\"a\":\"aGVs\\nbG8=\\n\"},\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"s\"}}").0,
        r#"{"apiVersion":"v1","binaryData":{"a":"aGVsbG8="},"kind":"ConfigMap","metadata":{"name":"s"}}"#
    );
}
