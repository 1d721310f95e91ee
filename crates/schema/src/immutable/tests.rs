use super::*;
use crate::builtin;

fn refused(kind: &str, old: &str, new: &str) -> Vec<String> {
    let kind = builtin::kinds().iter().find(|k| k.kind == kind).unwrap();
    let json = |text: &str| object::from_json(text.as_bytes()).unwrap();
    immutable(kind, &json(new), &json(old)).iter().map(FieldError::to_string).collect()
}

#[test]
fn what_may_not_change_is_refused_in_a_real_servers_words() {
    for (kind, old, new, expected) in [
        (
            "Deployment",
            r#"{"spec": {"selector": {"matchLabels": {"a": "1"}}, "replicas": 1}}"#,
            r#"{"spec": {"selector": {"matchLabels": {"a": "2"}}, "replicas": 2}}"#,
            &[r#"spec.selector: Invalid value: {"matchLabels":{"a":"2"}}: field is immutable"#][..],
        ),
        ("Deployment", r#"{"spec": {"replicas": 1}}"#, r#"{"spec": {"replicas": 2}}"#, &[]),
        (
            "StatefulSet",
            r#"{"spec": {"serviceName": "a", "replicas": 1}}"#,
            r#"{"spec": {"serviceName": "b", "replicas": 2}}"#,
            &[
                "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
            ],
        ),
        (
            "ConfigMap",
            r#"{"immutable": true, "data": {"a": "1"}}"#,
            r#"{"data": {"a": "2"}}"#,
            &[
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "data: Forbidden: field is immutable when `immutable` is set",
            ],
        ),
        (
            "Secret",
            r#"{"type": "Opaque"}"#,
            r#"{"type": "kubernetes.io/tls"}"#,
            &[r#"type: Invalid value: "kubernetes.io/tls": field is immutable"#],
        ),
        (
            "Service",
            r#"{"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}}"#,
            r#"{"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.2"]}}"#,
            &[r#"spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set"#],
        ),
        (
            "StorageClass",
            r#"{"provisioner": "a"}"#,
            r#"{"provisioner": "b"}"#,
            &["provisioner: Forbidden: updates to provisioner are forbidden."],
        ),
        (
            "RoleBinding",
            r#"{"roleRef": {"name": "a"}}"#,
            r#"{"roleRef": {"name": "b"}}"#,
            &[
                r#"roleRef: Invalid value: {"APIGroup":"","Kind":"","Name":"b"}: cannot change roleRef"#,
            ],
        ),
        (
            "Job",
            r#"{"spec": {"suspend": true, "template": {"spec": {"nodeSelector": {"a": "1"}}}}}"#,
            r#"{"spec": {"suspend": true, "template": {"spec": {"nodeSelector": {"a": "2"}}}}}"#,
            &[],
        ),
        (
            "Job",
            r#"{"spec": {"template": {"spec": {"a": 1}}}}"#,
            r#"{"spec": {"template": {"spec": {"a": 2}}}}"#,
            &[r#"spec.template: Invalid value: {"spec":{"a":2}}: field is immutable"#],
        ),
        (
            "Pod",
            r#"{"spec": {"containers": [{"name": "a", "image": "1"}]}}"#,
            r#"{"spec": {"containers": [{"name": "a", "image": "2"}], "tolerations": [{"key": "k"}]}}"#,
            &[],
        ),
        (
            "PersistentVolumeClaim",
            r#"{"spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}"#,
            r#"{"spec": {"resources": {"requests": {"storage": "2Gi"}}}, "status": {"phase": "Bound"}}"#,
            &[],
        ),
    ] {
        assert_eq!(refused(kind, old, new), expected, "{kind}");
    }
    let pod = refused("Pod", r#"{"spec": {"nodeName": "a"}}"#, r#"{"spec": {"nodeName": "b"}}"#);
    assert!(
        pod[0].starts_with("spec: Forbidden: pod updates may not change fields other than"),
        "{pod:?}"
    );
    assert!(pod[0].contains(r#"spec.nodeName: "a" -> "b""#), "{pod:?}");
}
