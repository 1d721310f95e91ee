use super::*;
use object::Manifest;

fn normal(json: &str) -> String {
    let mut value = object::from_json(json.as_bytes()).unwrap();
    let gvk = value.gvk();
    normalize(&mut value, &gvk);
    String::from_utf8(object::to_json(&value)).unwrap()
}

#[test]
fn a_deployment_is_written_as_go_writes_it() {
    assert_eq!(
        normal(
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"creationTimestamp":null,"name":"a","labels":{}},
            "spec":{"template":{"spec":{"containers":[{"name":"c","ports":[{"containerPort":1}]}]}}},"status":{}}"#
        ),
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"strategy":{},"template":{"spec":{"containers":[{"name":"c","ports":[{"containerPort":1,"protocol":"TCP"}],"resources":{}}]}}}}"#
    );
}

#[test]
fn a_secret_has_its_texts_in_data() {
    assert_eq!(
        normal(
            r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"eA=="},"stringData":{"b":"hello","c":"ab","d":"","e":"abc"}}"#
        ),
        r#"{"apiVersion":"v1","data":{"a":"eA==","b":"aGVsbG8=","c":"YWI=","d":"","e":"YWJj"},"kind":"Secret"}"#
    );
}

#[test]
fn custom_kinds_keep_everything_but_status() {
    let json = r#"{"apiVersion":"x.io/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}"#;
    assert_eq!(normal(json), json);
    let crd = r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","status":{"a":1}}"#;
    assert_eq!(normal(crd), crd);
}
