//! Subresources and what is particular to single kinds.

use super::{Case, Step};
use serde_json::{Value, json};

const APPS: &str = "/apis/apps/v1/namespaces/default";
const CORE: &str = "/api/v1/namespaces/default";

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ["deployments", "replicasets", "statefulsets"]
        .iter()
        .map(|resource| scale(resource))
        .collect();
    cases.extend([status(), binding(), eviction(), services(), versions(), events(), tokens()]);
    cases
}

fn workload(resource: &str, name: &str) -> Value {
    let kind = match resource {
        "deployments" => "Deployment",
        "replicasets" => "ReplicaSet",
        _ => "StatefulSet",
    };
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {
        "replicas": 1, "selector": {"matchLabels": {"a": name}},
        "template": {"metadata": {"labels": {"a": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}})
}

fn scale(resource: &str) -> Case {
    let at = format!("{APPS}/{resource}/scaled");
    let scale = format!("{at}/scale");
    let steps = vec![
        Step::post(&format!("{APPS}/{resource}?fieldManager=one"), &workload(resource, "scaled")),
        Step::get(&scale),
        Step::patch("merge", &format!("{scale}?fieldManager=two"), &json!({"spec": {"replicas": 4}})),
        Step::get(&at),
        Step::new("PUT", &scale, "application/json", super::Body::Text(json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "scaled", "namespace": "default"}, "spec": {"replicas": 2}}).to_string())),
        Step::get(&at),
        Step::patch("merge", &scale, &json!({"spec": {"replicas": -1}})),
        Step::patch("merge", &scale, &json!({"spec": {"replicas": "x"}})),
        Step::patch("merge", &scale, &json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}})),
        Step::apply(&scale, "three", true, &json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "scaled"}, "spec": {"replicas": 6}})),
        Step::get(&at),
        Step::apply(&at, "one", false, &workload(resource, "scaled")).named("conflict with the scaler"),
        Step::get(&scale).accepting(super::objects::TABLE),
        Step::delete(&at, &Value::Null),
    ];
    Case { name: format!("special/scale/{resource}"), steps }
}

fn status() -> Case {
    let at = format!("{APPS}/deployments/stat");
    let (status, ready) = (
        format!("{at}/status"),
        json!({"status": {"replicas": 3, "readyReplicas": 2, "conditions": [{"type": "Available", "status": "True", "reason": "R", "message": "m", "lastTransitionTime": "2024-01-01T00:00:00Z"}]}}),
    );
    let mut both = workload("deployments", "stat");
    super::merge(&mut both, &json!({"spec": {"replicas": 9}, "status": {"replicas": 7}}));
    let steps = vec![
        Step::post(&format!("{APPS}/deployments"), &workload("deployments", "stat")),
        Step::patch("merge", &format!("{status}?fieldManager=kubelet"), &ready),
        Step::patch(
            "strategic",
            &status,
            &json!({"status": {"conditions": [{"type": "Progressing", "status": "False"}]}}),
        ),
        Step::put(&status, json!({"spec": {"replicas": 5}, "status": {"replicas": 1}}))
            .named("spec is left alone"),
        Step::put(&at, json!({"spec": {"replicas": 5}, "status": {"replicas": 8}}))
            .named("status is left alone"),
        Step::apply(
            &status,
            "ctrl",
            false,
            &json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stat"}, "status": {"observedGeneration": 1}}),
        ),
        Step::apply(&status, "ctrl", true, &both),
        Step::patch("merge", &status, &json!({"status": {"replicas": -1}})),
        Step::patch("merge", &status, &json!({"status": {"readyReplicas": 100}})),
        Step::patch("merge", &status, &json!({"metadata": {"labels": {"by": "status"}}})),
        Step::delete(&status, &Value::Null),
        Step::delete(&at, &Value::Null),
    ];
    Case { name: "special/status".into(), steps }
}

fn binding() -> Case {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bound"}, "spec": {"automountServiceAccountToken": false, "containers": [{"name": "c", "image": "i"}]}});
    let bind = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "bound"}, "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"}});
    let at = format!("{CORE}/pods/bound");
    let steps = vec![
        Step::post(&format!("{CORE}/pods"), &pod),
        Step::post(&format!("{at}/binding"), &bind),
        Step::get(&at),
        Step::post(&format!("{at}/binding"), &bind).named("bind again"),
        Step::patch(
            "merge",
            &format!("{at}/status"),
            &json!({"status": {"phase": "Running", "podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}}),
        ),
        Step::patch("merge", &at, &json!({"spec": {"nodeName": "n2"}})),
        Step::patch(
            "strategic",
            &at,
            &json!({"spec": {"containers": [{"name": "c", "image": "j"}]}}),
        ),
        Step::patch("merge", &at, &json!({"spec": {"hostNetwork": true}})),
        Step::delete(&at, &json!({"gracePeriodSeconds": 5})).named("graceful"),
        Step::get(&at),
        Step::delete(&at, &json!({"gracePeriodSeconds": 0})),
        Step::get(&at),
    ];
    Case { name: "special/binding".into(), steps }
}

fn eviction() -> Case {
    let at = format!("{CORE}/pods/evicted");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "evicted"}, "spec": {"automountServiceAccountToken": false, "containers": [{"name": "c", "image": "i"}]}});
    let evict =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "evicted"}});
    let steps = vec![
        Step::post(&format!("{CORE}/pods"), &pod),
        Step::post(&format!("{at}/eviction"), &evict),
        Step::get(&at),
        Step::post(&format!("{at}/eviction"), &evict).named("evict nothing"),
    ];
    Case { name: "special/eviction".into(), steps }
}

fn services() -> Case {
    let object = |name: &str, spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec});
    let at = format!("{CORE}/services");
    let ports = json!([{"port": 80}]);
    let steps = vec![
        Step::post(&at, &object("fixed", json!({"clusterIP": "10.96.7.7", "ports": ports}))),
        Step::post(&at, &object("fixed2", json!({"clusterIP": "10.96.7.7", "ports": ports})))
            .named("address taken"),
        Step::post(&at, &object("headless", json!({"clusterIP": "None", "ports": ports}))),
        Step::patch(
            "merge",
            &format!("{at}/headless"),
            &json!({"spec": {"clusterIP": "10.96.7.8"}}),
        ),
        Step::patch("merge", &format!("{at}/fixed"), &json!({"spec": {"clusterIP": null}})),
        Step::patch("merge", &format!("{at}/fixed"), &json!({"spec": {"clusterIP": "10.96.7.9"}})),
        Step::put(&format!("{at}/fixed"), json!({"spec": {"clusterIP": null, "clusterIPs": null}}))
            .named("put without address"),
        Step::post(
            &at,
            &object("np", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30555}]})),
        ),
        Step::post(
            &at,
            &object("np2", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30555}]})),
        )
        .named("port taken"),
        Step::patch("merge", &format!("{at}/np"), &json!({"spec": {"type": "ClusterIP"}})),
        Step::patch(
            "merge",
            &format!("{at}/np"),
            &json!({"spec": {"type": "ExternalName", "externalName": "x.example.com"}}),
        ),
        Step::post(&at, &object("noport", json!({"selector": {"a": "b"}}))),
        Step::post(
            &at,
            &object(
                "lb",
                json!({"type": "LoadBalancer", "ports": ports, "externalTrafficPolicy": "Local"}),
            ),
        ),
        Step::patch(
            "merge",
            &format!("{at}/lb/status"),
            &json!({"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}),
        ),
        Step::post(&format!("{at}?dryRun=All"), &object("dry", json!({"ports": ports}))),
        Step::get(&format!("{at}/kubernetes")),
        Step::delete(&format!("{at}/fixed"), &Value::Null),
        Step::delete(&format!("{at}/headless"), &Value::Null),
        Step::delete(&format!("{at}/np"), &Value::Null),
        Step::delete(&format!("{at}/noport"), &Value::Null),
        Step::delete(&format!("{at}/lb"), &Value::Null),
    ];
    Case { name: "special/services".into(), steps }
}

/// The same object in several versions.
fn versions() -> Case {
    let v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
    let v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    let object = json!({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "both"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}});
    let newer = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "both"}, "spec": {"minReplicas": 2}});
    let steps = vec![
        Step::post(v1, &object),
        Step::get(&format!("{v2}/both")),
        Step::apply(&format!("{v2}/both"), "two", false, &newer),
        Step::get(&format!("{v1}/both")),
        Step::patch(
            "merge",
            &format!("{v1}/both"),
            &json!({"spec": {"targetCPUUtilizationPercentage": 70}}),
        ),
        Step::get(&format!("{v2}/both")),
        Step::post(v2, &object).named("the wrong version"),
        Step::delete(&format!("{v1}/both"), &Value::Null),
    ];
    Case { name: "special/versions".into(), steps }
}

fn events() -> Case {
    let old = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "old.1"}, "involvedObject": {"kind": "Pod", "name": "x", "namespace": "default"}, "reason": "R", "message": "m", "type": "Warning", "source": {"component": "me"}});
    let new = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "new.1"}, "eventTime": "2024-01-01T00:00:00.000000Z", "action": "A", "reason": "R", "type": "Normal", "reportingController": "example.com/me", "reportingInstance": "i", "regarding": {"kind": "Pod", "name": "x", "namespace": "default"}, "note": "n"});
    let newer = "/apis/events.k8s.io/v1/namespaces/default/events";
    let steps = vec![
        Step::post(&format!("{CORE}/events"), &old),
        Step::get(&format!("{newer}/old.1")),
        Step::post(newer, &new),
        Step::get(&format!("{CORE}/events/new.1")),
        Step::get(&format!("{CORE}/events?fieldSelector=involvedObject.name%3Dx,reason%3DR")),
        Step::post(
            newer,
            &json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "bad.1"}, "regarding": {"namespace": "default"}}),
        ),
        Step::delete(&format!("{CORE}/events/old.1"), &Value::Null),
        Step::delete(&format!("{CORE}/events/new.1"), &Value::Null),
    ];
    Case { name: "special/events".into(), steps }
}

/// Pods as admission completes them: the token's volume, tolerations, priority.
fn tokens() -> Case {
    let at = format!("{CORE}/pods");
    let pod = |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let steps = vec![
        Step::post(&at, &pod("token")),
        Step::get(&format!("{at}/token")),
        Step::post(&format!("{at}?dryRun=All"), &pod("token2")),
        Step::apply(&format!("{at}/token3"), "one", false, &pod("token3")),
        Step::delete(&format!("{at}/token"), &json!({"gracePeriodSeconds": 0})),
        Step::delete(&format!("{at}/token3"), &json!({"gracePeriodSeconds": 0})),
    ];
    Case { name: "special/tokens".into(), steps }
}
