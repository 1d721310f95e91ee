//! The kinds of administrators and of controllers: what is refused by a word, a number or a member that is not
//! there.

use super::{Check, has, list, map, number, pod, text};
use crate::FieldError;
use object::{Manifest, Value};

/// Checks an object of one of these kinds; others are left alone.
pub(super) fn check(c: &mut Check, group: &str, kind: &str, object: &Value) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    match (group, kind) {
        ("", "ReplicationController") => c.below("spec", |c| replication_controller(c, spec)),
        ("", "PodTemplate") => c.below("template", |c| template(c, object.get("template"))),
        ("", "PersistentVolume") => c.below("spec", |c| volume(c, spec)),
        ("", "Endpoints") => endpoints(c, object),
        ("", "LimitRange") => c.below("spec", |c| limits(c, spec)),
        ("", "Node") => taints(c, spec),
        ("", "Event") => event(c, object),
        ("apps", "ControllerRevision") => c.not_negative(object, "revision"),
        ("apps", "DaemonSet") => daemon_set(c, spec),
        ("networking.k8s.io", "IngressClass") => ingress_class(c, spec),
        ("networking.k8s.io", "NetworkPolicy") => c.below("spec", |c| network_policy(c, spec)),
        ("policy", "PodDisruptionBudget") => c.below("spec", |c| {
            maybe_one_of(
                c,
                spec,
                "unhealthyPodEvictionPolicy",
                &["AlwaysAllow", "IfHealthyBudget"],
            );
        }),
        ("storage.k8s.io", "StorageClass") => storage_class(c, object),
        ("storage.k8s.io", "CSIDriver") => c.below("spec", |c| csi_driver(c, spec)),
        ("storage.k8s.io", "CSINode") => c.below("spec", |c| {
            c.each(spec, "drivers", |c, driver| {
                if text(driver, "nodeID").is_empty() {
                    c.required("nodeID", "");
                }
            });
        }),
        ("scheduling.k8s.io", "PriorityClass") => priority_class(c, object),
        ("coordination.k8s.io", "Lease") => c.below("spec", |c| lease(c, spec)),
        ("discovery.k8s.io", "EndpointSlice") => endpoint_slice(c, object),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => flow_schema(c, spec),
        ("admissionregistration.k8s.io", _) => admission(c, kind, object, spec),
        _ => {}
    }
}

/// One of the known words, or nothing.
fn maybe_one_of(c: &mut Check, of: &Value, member: &str, known: &[&str]) {
    if !text(of, member).is_empty() {
        c.one_of(of, member, known);
    }
}

/// One of the words of a list is none of the known ones; the message does not say which it is.
fn some_of(c: &mut Check, of: &Value, member: &str, known: &[&str]) {
    for word in list(of, member).iter().filter_map(Value::as_str) {
        if !known.contains(&word) {
            let at = c.at(member);
            c.errors.push(FieldError::not_supported(at, word, known.iter().copied()));
        }
    }
}

fn template(c: &mut Check, template: Option<&Value>) {
    let spec = template.and_then(|t| t.get("spec")).unwrap_or(&Value::Null);
    c.below("spec", |c| pod::spec(c, spec));
}

fn replication_controller(c: &mut Check, spec: &Value) {
    c.not_negative(spec, "replicas");
    if !has(spec, "template") {
        c.required("template", "");
        return;
    }
    let of = spec.get("template");
    let labels = of.and_then(|t| t.at(["metadata", "labels"])).cloned().unwrap_or_default();
    let selected = map(spec, "selector").iter().all(|(key, value)| labels.get(key) == Some(value));
    c.below("template", |c| {
        if !selected {
            c.invalid("metadata.labels", labels, "`selector` does not match template `labels`");
        }
        template(c, of);
    });
}

fn volume(c: &mut Check, spec: &Value) {
    if list(spec, "accessModes").is_empty() {
        c.required("accessModes", "");
    }
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    some_of(c, spec, "accessModes", &modes);
    maybe_one_of(c, spec, "persistentVolumeReclaimPolicy", &["Delete", "Recycle", "Retain"]);
    maybe_one_of(c, spec, "volumeMode", &["Block", "Filesystem"]);
}

fn endpoints(c: &mut Check, object: &Value) {
    let mut index = 0;
    c.each(object, "subsets", |c, subset| {
        if list(subset, "addresses").is_empty() && list(subset, "notReadyAddresses").is_empty() {
            let detail = "must specify `addresses` or `notReadyAddresses`";
            c.errors.push(FieldError::required(format!("subsets[{index}]"), detail));
        }
        index += 1;
        c.each(subset, "ports", |c, port| {
            c.port_number("port", number(port, "port").unwrap_or_default());
        });
    });
}

fn limits(c: &mut Check, spec: &Value) {
    let mut types: Vec<String> = Vec::new();
    c.each(spec, "limits", |c, limit| {
        let of = text(limit, "type");
        if types.iter().any(|t| t == of) {
            let at = c.at("type");
            c.errors.push(FieldError::duplicate(at, of));
        }
        types.push(of.to_owned());
        if of == "Pod" {
            for member in ["default", "defaultRequest"] {
                if !map(limit, member).is_empty() {
                    c.forbidden(member, "may not be specified when `type` is 'Pod'");
                }
            }
        }
    });
}

fn taints(c: &mut Check, spec: &Value) {
    // The path is the real server's, although taints stand in the spec.
    c.below("metadata", |c| {
        c.each(spec, "taints", |c, taint| {
            let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            maybe_one_of(c, taint, "effect", &known);
        });
    });
}

fn event(c: &mut Check, object: &Value) {
    let about =
        object.at(["involvedObject", "namespace"]).and_then(Value::as_str).unwrap_or_default();
    if !about.is_empty() && about != object.namespace() {
        c.invalid("involvedObject.namespace", about, "does not match event.namespace");
    }
}

fn daemon_set(c: &mut Check, spec: &Value) {
    let rolling = |member: &str| spec.at(["updateStrategy", "rollingUpdate", member]);
    let is_zero = |v: Option<&Value>| {
        v.is_some_and(|v| v.as_int() == Some(0) || matches!(v.as_str(), Some("0" | "0%")))
    };
    let surge = rolling("maxSurge");
    if is_zero(rolling("maxUnavailable")) && (surge.is_none() || is_zero(surge)) {
        let member = "spec.updateStrategy.rollingUpdate.maxUnavailable";
        c.required(member, "cannot be 0 when maxSurge is 0");
    }
}

fn ingress_class(c: &mut Check, spec: &Value) {
    let controller = text(spec, "controller");
    if !controller.contains('/') {
        let detail = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        c.invalid("spec.controller", controller, detail);
    }
    let Some(parameters) = spec.get("parameters").filter(|p| !p.is_null()) else { return };
    for member in ["kind", "name"] {
        if text(parameters, member).is_empty() {
            c.required(&format!("spec.parameters.{member}"), "");
        }
    }
}

fn network_policy(c: &mut Check, spec: &Value) {
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        c.each(spec, rules, |c, rule| {
            c.each(rule, "ports", |c, port| {
                maybe_one_of(c, port, "protocol", &["TCP", "UDP", "SCTP"]);
                let (first, last) = (number(port, "port"), number(port, "endPort"));
                if let (Some(first), Some(last)) = (first, last)
                    && last < first
                {
                    c.invalid("endPort", first, "must be greater than or equal to `port`");
                }
            });
            for (index, peer) in list(rule, peers).iter().enumerate() {
                let members = ["podSelector", "namespaceSelector", "ipBlock"];
                if !members.iter().any(|m| has(peer, m)) {
                    c.required(&format!("{peers}[{index}]"), "must specify a peer");
                }
            }
        });
    }
    for (index, of) in list(spec, "policyTypes").iter().filter_map(Value::as_str).enumerate() {
        if !matches!(of, "Ingress" | "Egress") {
            let at = c.at(&format!("policyTypes[{index}]"));
            c.errors.push(FieldError::not_supported(at, of, ["Ingress", "Egress"]));
        }
    }
}

fn storage_class(c: &mut Check, object: &Value) {
    if text(object, "provisioner").is_empty() {
        c.required("provisioner", "");
    }
    maybe_one_of(c, object, "reclaimPolicy", &["Delete", "Retain"]);
    maybe_one_of(c, object, "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"]);
}

fn csi_driver(c: &mut Check, spec: &Value) {
    some_of(c, spec, "volumeLifecycleModes", &["Persistent", "Ephemeral"]);
    maybe_one_of(c, spec, "fsGroupPolicy", &["File", "None", "ReadWriteOnceWithFSType"]);
}

fn priority_class(c: &mut Check, object: &Value) {
    let name = object.name();
    let ours = matches!(name, "system-cluster-critical" | "system-node-critical");
    if name.starts_with("system-") && !ours {
        c.forbidden(
            "metadata.name",
            &format!(
                "priority class names with 'system-' prefix are reserved for system use only. \
                 error: {name} is not a known system priority class"
            ),
        );
    }
    if !ours && number(object, "value").is_some_and(|v| v > 1_000_000_000) {
        c.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    maybe_one_of(c, object, "preemptionPolicy", &["PreemptLowerPriority", "Never"]);
}

fn lease(c: &mut Check, spec: &Value) {
    if let Some(seconds) = number(spec, "leaseDurationSeconds").filter(|s| *s <= 0) {
        c.invalid("leaseDurationSeconds", seconds, "must be greater than 0");
    }
    c.not_negative(spec, "leaseTransitions");
}

fn endpoint_slice(c: &mut Check, object: &Value) {
    c.each(object, "endpoints", |c, endpoint| {
        if list(endpoint, "addresses").is_empty() {
            c.required("addresses", "must contain at least 1 address");
        }
    });
    let mut names: Vec<String> = Vec::new();
    c.each(object, "ports", |c, port| {
        let name = text(port, "name");
        if names.iter().any(|n| n == name) {
            let at = c.at("name");
            c.errors.push(FieldError::duplicate(at, name));
        }
        names.push(name.to_owned());
    });
}

fn flow_schema(c: &mut Check, spec: &Value) {
    let level = spec.at(["priorityLevelConfiguration", "name"]).and_then(Value::as_str);
    if level.unwrap_or_default().is_empty() {
        c.required("spec.priorityLevelConfiguration.name", "must reference a priority level");
    }
}

fn admission(c: &mut Check, kind: &str, object: &Value, spec: &Value) {
    match kind {
        "ValidatingAdmissionPolicy" => c.below("spec", |c| {
            let none = |member| list(spec, member).is_empty();
            if none("validations") && none("auditAnnotations") {
                let detail = "validations or auditAnnotations must contain at least one item";
                c.required("validations", detail);
                c.required("auditAnnotations", detail);
            }
            maybe_one_of(c, spec, "failurePolicy", &["Fail", "Ignore"]);
        }),
        "ValidatingAdmissionPolicyBinding" => c.below("spec", |c| {
            if text(spec, "policyName").is_empty() {
                c.required("policyName", "");
            }
            let actions = list(spec, "validationActions");
            let has = |word: &str| actions.iter().any(|a| a.as_str() == Some(word));
            if actions.is_empty() {
                c.required("validationActions", "at least one validation action is required");
            }
            if has("Deny") && has("Warn") {
                let detail = "must not contain both Deny and Warn (repeating the same validation \
                              failure information in the API response and headers serves no purpose)";
                c.invalid("validationActions", Value::List(actions.to_vec()), detail);
            }
        }),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            c.each(object, "webhooks", |c, webhook| {
                if text(webhook, "sideEffects").is_empty() {
                    c.required("sideEffects", "must specify one of None, NoneOnDryRun");
                }
                maybe_one_of(c, webhook, "sideEffects", &["None", "NoneOnDryRun"]);
                maybe_one_of(c, webhook, "reinvocationPolicy", &["IfNeeded", "Never"]);
                if webhook.get("clientConfig").is_none_or(|w| has(w, "url") == has(w, "service")) {
                    c.required("clientConfig", "exactly one of url or service is required");
                }
            });
        }
        _ => {}
    }
}
