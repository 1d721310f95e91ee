use super::*;
use crate::builtin;

fn json(text: &str) -> Value {
    object::from_json(text.as_bytes()).unwrap()
}

fn faults(kind: &str, object: &str) -> Vec<String> {
    let kind = builtin::kinds().iter().find(|k| k.kind == kind).unwrap();
    metadata(kind, &json(object)).iter().map(FieldError::to_string).collect()
}

#[test]
fn names_are_refused_in_a_real_servers_words() {
    assert_eq!(
        faults("ConfigMap", r#"{"metadata": {"name": "a.b-c", "namespace": "n"}}"#),
        Vec::<String>::new()
    );
    assert_eq!(
        faults("ConfigMap", r#"{"metadata": {"name": "A", "namespace": "n"}}"#),
        [
            r#"metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
        ]
    );
    assert_eq!(
        faults("Namespace", r#"{"metadata": {"name": "a.b"}}"#),
        [r#"metadata.name: Invalid value: "a.b": must not contain dots"#]
    );
    assert_eq!(
        faults("Service", r#"{"metadata": {"name": "1", "namespace": "n"}}"#),
        [
            r#"metadata.name: Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"#
        ]
    );
    assert_eq!(
        faults("Role", r#"{"metadata": {"name": "a:b/c", "namespace": "n"}}"#),
        [r#"metadata.name: Invalid value: "a:b/c": may not contain '/'"#]
    );
    assert_eq!(
        faults("ConfigMap", "{}"),
        [
            "metadata.name: Required value: name or generateName is required",
            "metadata.namespace: Required value"
        ]
    );
    assert_eq!(
        faults("ClusterRole", r#"{"metadata": {"name": "a", "namespace": "n"}}"#),
        ["metadata.namespace: Forbidden: not allowed on this type"]
    );
}

#[test]
fn a_prefix_may_end_in_a_dash() {
    let kind = builtin::kind("", "v1", "Pod").unwrap();
    assert!(name(kind, "web-", true).is_empty());
    assert!(!name(kind, "web-", false).is_empty());
    assert!(!name(kind, "Web-", true).is_empty());
}

#[test]
fn labels_annotations_and_finalizers() {
    assert_eq!(label_key("example.com/App_1.x"), Vec::<String>::new());
    assert_eq!(label_key("a/b/c").len(), 1);
    assert_eq!(label_key("/b"), ["prefix part must be non-empty"]);
    assert_eq!(label_key("a/").len(), 2);
    assert_eq!(label_value(""), Vec::<String>::new());
    assert_eq!(label_value(&"a".repeat(64)), ["must be no more than 63 bytes"]);
    let long = "x".repeat(256 * 1024);
    let object = format!(
        r#"{{"metadata": {{"name": "a", "namespace": "n", "annotations": {{"K": "{long}"}}}}}}"#
    );
    assert_eq!(
        faults("ConfigMap", &object),
        ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    );
    assert_eq!(faults("ConfigMap", r#"{"metadata": {"name": "a", "namespace": "n", "labels": {"k": "-"}, "finalizers": ["x/a b"]}}"#).len(), 2);
}

#[test]
fn updates_keep_what_must_stay() {
    let old = json(
        r#"{"metadata": {"name": "a", "uid": "1", "generation": 2, "deletionTimestamp": "2024-01-01T00:00:00Z"}}"#,
    );
    let new =
        json(r#"{"metadata": {"name": "b", "uid": "1", "generation": 1, "finalizers": ["x/y"]}}"#);
    let errors: Vec<String> =
        metadata_update(&new, &old).iter().map(FieldError::to_string).collect();
    assert_eq!(
        errors,
        [
            r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/y"}"#,
            r#"metadata.resourceVersion: Invalid value: "": must be specified for an update"#,
            "metadata.generation: Invalid value: 1: must not be decremented",
            r#"metadata.name: Invalid value: "b": field is immutable"#,
            "metadata.deletionTimestamp: Invalid value: null: field is immutable",
        ]
    );
}
