//! The mistakes that people make most in the objects they apply every day, refused in the words of Kubernetes'
//! own validation (`pkg/apis/apps/validation`, `pkg/apis/core/validation`).
//!
//! Deliberately absent: the rest of that validation. What is not checked here is stored as it came.

use object::{Map, Value};
use schema::FieldError;
use std::collections::BTreeSet;

/// What is wrong with an object of a built-in kind.
pub(crate) fn faults(kind: &str, object: &Value) -> Vec<FieldError> {
    let mut faults = Vec::new();
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            workload(kind, object, &mut faults);
        }
        "Job" => {
            let spec = object.at(["spec", "template", "spec"]);
            pod_spec(spec, "spec.template.spec", &mut faults);
            restart_policy(spec, &["OnFailure", "Never"], &mut faults);
        }
        "Pod" => pod_spec(object.get("spec"), "spec", &mut faults),
        "Service" => service(object, &mut faults),
        _ => {}
    }
    faults
}

fn workload(kind: &str, object: &Value, faults: &mut Vec<FieldError>) {
    let replicas = object.at(["spec", "replicas"]).and_then(Value::as_int).unwrap_or(0);
    if replicas < 0 {
        let detail = "must be greater than or equal to 0";
        faults.push(FieldError::invalid("spec.replicas", replicas, detail));
    }
    let selector = object.at(["spec", "selector"]).and_then(Value::as_map);
    let labels = object.at(["spec", "template", "metadata", "labels"]).and_then(Value::as_map);
    match selector {
        None => faults.push(FieldError::required("spec.selector", "")),
        Some(selector) if is_empty(selector) => {
            let detail = format!("empty selector is invalid for {}", kind.to_lowercase());
            faults.push(FieldError::invalid("spec.selector", selector.clone(), detail));
        }
        Some(selector) if !selects(selector, labels.unwrap_or(&Map::new())) => {
            let shown = labels.cloned().map_or(Value::Null, Value::Map);
            let detail = "`selector` does not match template `labels`";
            faults.push(FieldError::invalid("spec.template.metadata.labels", shown, detail));
        }
        Some(_) => {}
    }
    let spec = object.at(["spec", "template", "spec"]);
    pod_spec(spec, "spec.template.spec", faults);
    restart_policy(spec, &["Always"], faults);
}

fn restart_policy(spec: Option<&Value>, allowed: &[&str], faults: &mut Vec<FieldError>) {
    let policy = spec.and_then(|s| s.get("restartPolicy")).and_then(Value::as_str);
    let field = "spec.template.spec.restartPolicy";
    match policy {
        // A Pod's default, which a Job does not allow.
        Some("Always") | None if !allowed.contains(&"Always") => {
            let detail = "valid values: \"OnFailure\", \"Never\"";
            faults.push(FieldError::required(field, detail));
        }
        Some(policy) if !allowed.contains(&policy) => {
            faults.push(FieldError::not_supported(field, policy, allowed.iter().copied()));
        }
        _ => {}
    }
}

fn is_empty(selector: &Map) -> bool {
    let empty = |v: &Value| match v {
        Value::Map(m) => m.is_empty(),
        Value::List(l) => l.is_empty(),
        v => v.is_null(),
    };
    selector.values().all(empty)
}

/// Whether a label selector selects the labels; an operator that is none selects nothing.
fn selects(selector: &Map, labels: &Map) -> bool {
    let pairs = selector.get("matchLabels").and_then(Value::as_map);
    let equal = pairs.is_none_or(|p| p.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let list = selector.get("matchExpressions").and_then(Value::as_list).unwrap_or_default();
    equal
        && list.iter().all(|expression| {
            let key = expression.get("key").and_then(Value::as_str).unwrap_or_default();
            let values = expression.get("values").and_then(Value::as_list).unwrap_or_default();
            let label = labels.get(key);
            match expression.get("operator").and_then(Value::as_str) {
                Some("In") => label.is_some_and(|l| values.contains(l)),
                Some("NotIn") => label.is_none_or(|l| !values.contains(l)),
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                _ => false,
            }
        })
}

fn pod_spec(spec: Option<&Value>, path: &str, faults: &mut Vec<FieldError>) {
    let list =
        |key: &str| spec.and_then(|s| s.get(key)).and_then(Value::as_list).unwrap_or_default();
    if list("containers").is_empty() {
        faults.push(FieldError::required(format!("{path}.containers"), ""));
    }
    let mut names = BTreeSet::new();
    for key in ["containers", "initContainers"] {
        for (index, container) in list(key).iter().enumerate() {
            let at = format!("{path}.{key}[{index}]");
            let text = |key: &str| container.get(key).and_then(Value::as_str).unwrap_or_default();
            let name = text("name");
            if name.is_empty() {
                faults.push(FieldError::required(format!("{at}.name"), ""));
            } else if !names.insert(name) {
                faults.push(FieldError::duplicate(format!("{at}.name"), name));
            } else {
                let words = schema::names::dns_label(name).into_iter();
                let fault = |word| FieldError::invalid(format!("{at}.name"), name, word);
                faults.extend(words.map(fault));
            }
            if text("image").is_empty() {
                faults.push(FieldError::required(format!("{at}.image"), ""));
            }
        }
    }
}

fn service(object: &Value, faults: &mut Vec<FieldError>) {
    const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    let text = |key: &str| object.at(["spec", key]).and_then(Value::as_str).unwrap_or_default();
    let kind = text("type");
    if !TYPES.contains(&kind) {
        faults.push(FieldError::not_supported("spec.type", kind, TYPES));
    }
    let ports = object.at(["spec", "ports"]).and_then(Value::as_list).unwrap_or_default();
    if ports.is_empty() && text("clusterIP") != "None" && kind != "ExternalName" {
        faults.push(FieldError::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let number = port.get("port").and_then(Value::as_int).unwrap_or(0);
        if !(1..=65535).contains(&number) {
            let detail = "must be between 1 and 65535, inclusive";
            faults.push(FieldError::invalid(format!("spec.ports[{index}].port"), number, detail));
        }
        let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() && ports.len() > 1 {
            faults.push(FieldError::required(format!("spec.ports[{index}].name"), ""));
        }
    }
}
