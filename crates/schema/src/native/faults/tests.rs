use super::*;
use crate::{builtin, native};

fn told(kind: &str, text: &str) -> Vec<String> {
    let kind = builtin::kinds().iter().find(|k| k.kind == kind).unwrap();
    let mut object = object::from_json(text.as_bytes()).unwrap();
    native::admit(&kind.group, &kind.version, &kind.kind, &mut object).unwrap();
    faults(kind, &object, false).iter().map(FieldError::to_string).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn workloads() {
    let deployment = |selector: &str, pod: &str| {
        told(
            "Deployment",
            &format!(
                r#"{{"spec": {{{selector} "template": {{"metadata": {{"labels": {{"a": "1"}}}}, "spec": {pod}}}}}}}"#
            ),
        )
    };
    let fine = r#""selector": {"matchLabels": {"a": "1"}},"#;
    let pod = r#"{"containers": [{"name": "c", "image": "i"}]}"#;
    assert_eq!(deployment(fine, pod), NONE);
    assert_eq!(
        deployment("", pod),
        [
            "spec.selector: Required value",
            r#"spec.template.metadata.labels: Invalid value: {"a":"1"}: `selector` does not match template `labels`"#,
        ]
    );
    assert_eq!(
        deployment(r#""selector": {"matchLabels": {"a": "2"}},"#, pod),
        [
            r#"spec.template.metadata.labels: Invalid value: {"a":"1"}: `selector` does not match template `labels`"#
        ]
    );
    assert_eq!(
        deployment(r#""selector": {},"#, pod),
        ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]
    );
    assert_eq!(deployment(fine, "{}"), ["spec.template.spec.containers: Required value"]);
    assert_eq!(
        deployment(
            fine,
            r#"{"containers": [{"name": "c"}, {"name": "c", "image": "i"}], "restartPolicy": "Never"}"#
        ),
        [
            "spec.template.spec.containers[0].image: Required value",
            r#"spec.template.spec.containers[1].name: Duplicate value: "c""#,
            r#"spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always""#,
        ]
    );
    assert_eq!(
        told(
            "Job",
            r#"{"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}}"#
        ),
        [r#"spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never""#]
    );
    assert_eq!(
        told(
            "CronJob",
            r#"{"spec": {"schedule": "* *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}}}"#
        ),
        [r#"spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]"#]
    );
}

#[test]
fn pods() {
    let container = |more: &str| {
        told(
            "Pod",
            &format!(
                r#"{{"spec": {{"volumes": [{{"name": "v"}}], "containers": [{{"name": "c", "image": "i", {more}}}]}}}}"#
            ),
        )
    };
    for (more, expected) in [
        (
            r#""ports": [{"containerPort": 0}]"#,
            "spec.containers[0].ports[0].containerPort: Required value",
        ),
        (
            r#""ports": [{"containerPort": 70000}]"#,
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            r#""volumeMounts": [{"name": "w", "mountPath": "/m"}]"#,
            r#"spec.containers[0].volumeMounts[0].name: Not found: "w""#,
        ),
        (
            r#""imagePullPolicy": "Often""#,
            r#"spec.containers[0].imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never""#,
        ),
        (
            r#""resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}"#,
            r#"spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1"#,
        ),
        (
            r#""livenessProbe": {}"#,
            "spec.containers[0].livenessProbe: Required value: must specify a handler type",
        ),
        (
            r#""env": [{"name": "a=b"}]"#,
            r#"spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='"#,
        ),
        (
            r#""envFrom": [{}]"#,
            r#"spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`"#,
        ),
    ] {
        assert_eq!(container(more), [expected], "{more}");
    }
    assert_eq!(container(r#""volumeMounts": [{"name": "v", "mountPath": "/m"}]"#), NONE);
}

#[test]
fn services_data_and_access() {
    for (kind, text, expected) in [
        ("Service", r#"{"spec": {}}"#, "spec.ports: Required value"),
        (
            "Service",
            r#"{"spec": {"ports": [{"port": 80, "nodePort": 30000}]}}"#,
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        ("Service", r#"{"spec": {"type": "ExternalName"}}"#, "spec.externalName: Required value"),
        (
            "ConfigMap",
            r#"{"data": {"a b": ""}}"#,
            r#"data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"#,
        ),
        (
            "Secret",
            r#"{"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}"#,
            "data[tls.key]: Required value",
        ),
        (
            "PersistentVolumeClaim",
            r#"{"spec": {"accessModes": ["ReadWriteOnce"]}}"#,
            "spec.resources[storage]: Required value",
        ),
        (
            "Role",
            r#"{"rules": [{"apiGroups": [""], "resources": ["pods"]}]}"#,
            "rules[0].verbs: Required value: verbs must contain at least one value",
        ),
        (
            "ClusterRoleBinding",
            r#"{"roleRef": {"kind": "Role", "name": "a"}}"#,
            r#"roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole""#,
        ),
        (
            "Ingress",
            r#"{"spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]}}"#,
            "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
        ),
    ] {
        assert_eq!(told(kind, text), [expected], "{kind} {text}");
    }
    // The first kind of that name is of autoscaling/v1.
    assert_eq!(
        told(
            "HorizontalPodAutoscaler",
            r#"{"spec": {"minReplicas": 3, "maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}}"#
        ),
        ["spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"]
    );
}
