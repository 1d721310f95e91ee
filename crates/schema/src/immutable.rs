//! Fields of built-in kinds that an update may not change, refused in a real server's words.
//!
//! After the `Validate*Update` functions of `k8s.io/kubernetes/pkg/apis/*/validation`. Deliberately absent:
//! metadata ([`crate::names::metadata_update`]), custom kinds (their rules are CEL).

use crate::error::go_selector;
use crate::names::IMMUTABLE;
use crate::{FieldError, Kind};
use object::{Map, Value};

/// Fields that must equal the old object's, as `Invalid value: …: field is immutable`.
const FIXED: &[(&str, &str, &[&str])] = &[
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", &["spec.policyName"]),
    ("apps", "ControllerRevision", &["data"]),
    ("apps", "DaemonSet", &["spec.selector"]),
    ("apps", "Deployment", &["spec.selector"]),
    ("apps", "ReplicaSet", &["spec.selector"]),
    (
        "batch",
        "Job",
        &[
            "spec.backoffLimitPerIndex",
            "spec.completionMode",
            "spec.managedBy",
            "spec.podFailurePolicy",
            "spec.selector",
            "spec.successPolicy",
        ],
    ),
    ("certificates.k8s.io", "CertificateSigningRequest", &["spec"]),
    ("", "Secret", &["type"]),
    ("discovery.k8s.io", "EndpointSlice", &["addressType"]),
    ("networking.k8s.io", "IPAddress", &["spec.parentRef"]),
    ("networking.k8s.io", "IngressClass", &["spec.controller"]),
    ("node.k8s.io", "RuntimeClass", &["handler"]),
    ("scheduling.k8s.io", "PriorityClass", &["preemptionPolicy"]),
    ("storage.k8s.io", "CSIDriver", &["spec.attachRequired", "spec.volumeLifecycleModes"]),
    ("storage.k8s.io", "CSIStorageCapacity", &["nodeTopology", "storageClassName"]),
    ("storage.k8s.io", "StorageClass", &["volumeBindingMode"]),
    ("storage.k8s.io", "VolumeAttachment", &["spec"]),
];

/// Fields that must equal the old object's, as `Forbidden` with these words.
const FORBIDDEN: &[(&str, &str, &str, &str)] = &[
    ("scheduling.k8s.io", "PriorityClass", "value", "may not be changed in an update."),
    ("storage.k8s.io", "StorageClass", "parameters", "updates to parameters are forbidden."),
    ("storage.k8s.io", "StorageClass", "provisioner", "updates to provisioner are forbidden."),
    ("storage.k8s.io", "StorageClass", "reclaimPolicy", "updates to reclaimPolicy are forbidden."),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        "driverName",
        "updates to driverName are forbidden.",
    ),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        "parameters",
        "updates to parameters are forbidden.",
    ),
];

/// What `new` changes and may not. Both are as a server keeps them: decoded and defaulted.
pub fn immutable(kind: &Kind, new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (group, name) = (kind.group.as_str(), kind.kind.as_str());
    if let Some((_, _, paths)) = FIXED.iter().find(|(g, k, _)| (*g, *k) == (group, name)) {
        for path in *paths {
            fixed(path, new, old, &mut errors);
        }
    }
    for (_, _, path, words) in FORBIDDEN.iter().filter(|(g, k, ..)| (*g, *k) == (group, name)) {
        if at(new, path) != at(old, path) {
            errors.push(FieldError::forbidden(*path, *words));
        }
    }
    match (group, name) {
        ("", "ConfigMap") => sealed(new, old, &["data", "binaryData"], &mut errors),
        ("", "Secret") => sealed(new, old, &["data"], &mut errors),
        ("", "Node") => node(new, old, &mut errors),
        ("", "PersistentVolume") => volume(new, old, &mut errors),
        ("", "PersistentVolumeClaim") => claim(new, old, &mut errors),
        ("", "Pod") => pod(new, old, &mut errors),
        ("", "Service") => service(new, old, &mut errors),
        ("apps", "StatefulSet") => stateful_set(new, old, &mut errors),
        ("batch", "Job") => job(new, old, &mut errors),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding" | "RoleBinding") => {
            binding(new, old, &mut errors);
        }
        _ => {}
    }
    errors
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    value.at(path.split('.')).filter(|v| !v.is_null())
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

fn fixed(path: &str, new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let value = at(new, path);
    if value != at(old, path) {
        errors.push(match value {
            Some(selector) if path == "spec.selector" => {
                FieldError::invalid_shown(path, &go_selector(selector), IMMUTABLE)
            }
            _ => FieldError::invalid(path, value.cloned().unwrap_or_default(), IMMUTABLE),
        });
    }
}

/// `immutable: true` once set stays, and so do the data.
fn sealed(new: &Value, old: &Value, members: &[&str], errors: &mut Vec<FieldError>) {
    const WORDS: &str = "field is immutable when `immutable` is set";
    if at(old, "immutable") != Some(&Value::Bool(true)) {
        return;
    }
    if at(new, "immutable") != Some(&Value::Bool(true)) {
        errors.push(FieldError::forbidden("immutable", WORDS));
    }
    for member in members {
        if at(new, member) != at(old, member) {
            errors.push(FieldError::forbidden(*member, WORDS));
        }
    }
}

/// The members of `spec` that differ, apart from some: for messages that end in a difference.
fn differing(new: &Value, old: &Value, apart: &[&str]) -> Vec<String> {
    static EMPTY: Map = Map::new();
    let (new, old) = (
        new.get("spec").and_then(Value::as_map).unwrap_or(&EMPTY),
        old.get("spec").and_then(Value::as_map).unwrap_or(&EMPTY),
    );
    let mut names: Vec<&str> = new.keys().chain(old.keys()).collect();
    names.sort_unstable();
    names.dedup();
    fn value_of<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
        map.get(name).filter(|v| !v.is_null())
    }
    let shown = |v: Option<&Value>| v.map_or_else(|| "unset".to_owned(), crate::error::go_json);
    names
        .into_iter()
        .filter(|name| !apart.contains(name) && value_of(new, name) != value_of(old, name))
        .map(|name| {
            format!(
                "  spec.{name}: {} -> {}",
                shown(value_of(old, name)),
                shown(value_of(new, name))
            )
        })
        .collect()
}

fn stateful_set(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let apart = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    if !differing(new, old, &apart).is_empty() {
        errors.push(FieldError::forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
    }
}

fn job(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let indexed = text(new, "spec.completionMode") == "Indexed";
    if !indexed {
        fixed("spec.completions", new, old, errors);
    }
    // While it is suspended and never ran, scheduling directives of the template may change.
    let suspended = at(old, "spec.suspend") == Some(&Value::Bool(true));
    let started = at(old, "status.startTime").is_some();
    let mut template = at(new, "spec.template").cloned().unwrap_or_default();
    if suspended && !started {
        keep_scheduling(&mut template, at(old, "spec.template"));
    }
    if Some(&template) != at(old, "spec.template") {
        let value = at(new, "spec.template").cloned().unwrap_or_default();
        errors.push(FieldError::invalid("spec.template", value, IMMUTABLE));
    }
}

fn keep_scheduling(template: &mut Value, old: Option<&Value>) {
    const PATHS: [(&str, &str); 6] = [
        ("metadata", "labels"),
        ("metadata", "annotations"),
        ("spec", "nodeSelector"),
        ("spec", "tolerations"),
        ("spec", "schedulingGates"),
        ("spec", "affinity"),
    ];
    for (part, member) in PATHS {
        let kept = old.and_then(|o| o.at([part, member])).cloned();
        let Some(part) = template.get_mut(part).and_then(Value::as_map_mut) else { continue };
        match kept {
            Some(value) => {
                part.insert(member, value);
            }
            None => {
                part.remove(member);
            }
        }
    }
}

fn volume(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    // The source is every member that is none of these.
    let apart = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    let changed = differing(new, old, &apart);
    if !changed.is_empty() {
        let detail = format!(
            "spec.persistentvolumesource is immutable after creation\n{}\n",
            changed.join("\n")
        );
        errors.push(FieldError::forbidden("spec.persistentvolumesource", detail));
    }
    if at(new, "spec.volumeMode") != at(old, "spec.volumeMode") {
        let value = at(new, "spec.volumeMode").cloned().unwrap_or_default();
        errors.push(FieldError::invalid("volumeMode", value, IMMUTABLE));
    }
}

fn claim(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let bound = text(new, "status.phase") == "Bound" || text(old, "status.phase") == "Bound";
    let mut compared = new.clone();
    if let Some(spec) = compared.get_mut("spec").and_then(Value::as_map_mut) {
        if text(old, "spec.volumeName").is_empty() {
            restore(spec, old, "volumeName");
        }
        if bound {
            restore(spec, old, "volumeAttributesClassName");
            let before = at(old, "spec.resources.requests.storage").cloned();
            let requests = spec
                .get_mut("resources")
                .and_then(|r| r.get_mut("requests"))
                .and_then(Value::as_map_mut);
            if let (Some(requests), Some(before)) = (requests, before) {
                requests.insert("storage", before);
            }
        }
    }
    let changed = differing(&compared, old, &[]);
    if !changed.is_empty() {
        let detail = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{}\n",
            changed.join("\n")
        );
        errors.push(FieldError::forbidden("spec", detail));
    }
    let size = |v: &Value, path| crate::quantity::Quantity::parse(text(v, path));
    let (wanted, before) = (
        size(new, "spec.resources.requests.storage"),
        size(old, "spec.resources.requests.storage"),
    );
    let actual = size(old, "status.capacity.storage");
    if wanted < before && wanted <= actual {
        let detail = "field can not be less than status.capacity";
        errors.push(FieldError::forbidden("spec.resources.requests.storage", detail));
    }
    if at(new, "spec.volumeMode") != at(old, "spec.volumeMode") {
        let value = at(new, "spec.volumeMode").cloned().unwrap_or_default();
        errors.push(FieldError::invalid("volumeMode", value, IMMUTABLE));
    }
}

/// Sets a member of `spec` back to what the old object has.
fn restore(spec: &mut Map, old: &Value, member: &str) {
    match old.at(["spec", member]) {
        Some(value) => {
            spec.insert(member, value.clone());
        }
        None => {
            spec.remove(member);
        }
    }
}

/// The value is shown as the server's inner type has it, without JSON names.
fn binding(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    if at(new, "roleRef") != at(old, "roleRef") {
        let shown = object::map! {
            "APIGroup": text(new, "roleRef.apiGroup"),
            "Kind": text(new, "roleRef.kind"),
            "Name": text(new, "roleRef.name"),
        };
        errors.push(FieldError::invalid("roleRef", shown, "cannot change roleRef"));
    }
}

fn containers<'a>(object: &'a Value, list: &str) -> &'a [Value] {
    object.at(["spec", list]).and_then(Value::as_list).unwrap_or_default()
}

fn pod(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    for list in ["containers", "initContainers"] {
        if containers(new, list).len() != containers(old, list).len() {
            let detail = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(format!("spec.{list}"), detail));
            return;
        }
    }
    let mut compared = new.clone();
    if let Some(spec) = compared.get_mut("spec").and_then(Value::as_map_mut) {
        for list in ["containers", "initContainers"] {
            let before = containers(old, list);
            let now = spec.get_mut(list).and_then(Value::as_list_mut);
            for (container, before) in now.into_iter().flatten().zip(before) {
                let container = container.make_map();
                match before.get("image") {
                    Some(image) => container.insert("image", image.clone()),
                    None => container.remove("image"),
                };
            }
        }
        for member in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
            restore(spec, old, member);
        }
        let seconds =
            |v: &Value| at(v, "spec.terminationGracePeriodSeconds").and_then(Value::as_int);
        if seconds(old).is_some_and(|s| s < 0) && seconds(new) == Some(1) {
            restore(spec, old, "terminationGracePeriodSeconds");
        }
    }
    tolerations(new, old, errors);
    let changed = differing(&compared, old, &[]);
    if !changed.is_empty() {
        let detail = format!(
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n{}\n",
            changed.join("\n")
        );
        errors.push(FieldError::forbidden("spec", detail));
    }
}

fn tolerations(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let now = containers(new, "tolerations");
    let apart_from_time = |toleration: &Value| {
        let mut bare = toleration.clone();
        bare.make_map().remove("tolerationSeconds");
        bare
    };
    let kept = |before: &Value| now.iter().any(|n| apart_from_time(n) == apart_from_time(before));
    if !containers(old, "tolerations").iter().all(kept) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden("spec.tolerations", detail));
    }
}

fn node(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    for (path, named, words) in [
        ("spec.podCIDRs", "spec.podCIDRs", "podCIDR"),
        ("spec.providerID", "spec.providerID", "providerID"),
    ] {
        if let Some(before) = at(old, path).filter(|v| v.as_str() != Some(""))
            && at(new, path) != Some(before)
        {
            let detail = format!("node updates may not change {words} except from \"\" to valid");
            errors.push(FieldError::forbidden(named, detail));
        }
    }
}

fn service(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    const SET: &str = "may not change once set";
    let external = |v: &Value| text(v, "spec.type") == "ExternalName";
    if !external(new) && !external(old) {
        let headless = |v: &Value| text(v, "spec.clusterIP") == "None";
        if !(headless(new) && headless(old)) {
            addresses(new, old, errors);
        }
        let family =
            |v: &Value| at(v, "spec.ipFamilies").and_then(|l| l.as_list()?.first().cloned());
        if let (Some(before), Some(now)) = (family(old), family(new))
            && before != now
        {
            let value = at(new, "spec.ipFamilies").cloned().unwrap_or_default();
            errors.push(FieldError::invalid("spec.ipFamilies[0]", value, SET));
        }
    }
    let balancer = |v: &Value| text(v, "spec.type") == "LoadBalancer";
    if balancer(new)
        && balancer(old)
        && at(old, "spec.loadBalancerClass") != at(new, "spec.loadBalancerClass")
    {
        let value = at(new, "spec.loadBalancerClass").cloned().unwrap_or_default();
        errors.push(FieldError::invalid("spec.loadBalancerClass", value, SET));
    }
    let local = |v: &Value| balancer(v) && text(v, "spec.externalTrafficPolicy") == "Local";
    if local(new)
        && local(old)
        && at(old, "spec.healthCheckNodePort") != at(new, "spec.healthCheckNodePort")
    {
        errors.push(FieldError::forbidden("spec.healthCheckNodePort", IMMUTABLE));
    }
}

fn addresses(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    const SET: &str = "may not change once set";
    let list = |v: &Value| -> Vec<Value> {
        at(v, "spec.clusterIPs").and_then(Value::as_list).unwrap_or_default().to_vec()
    };
    let (before, now) = (list(old), list(new));
    let mut invalid = |index: usize, words: &str| {
        let path = format!("spec.clusterIPs[{index}]");
        let shown = if now.is_empty() { Value::Null } else { Value::List(now.clone()) };
        errors.push(FieldError::invalid(path, shown, words));
    };
    if before.len() == now.len() {
        for (index, _) in before.iter().zip(&now).enumerate().filter(|(_, (b, n))| b != n) {
            invalid(index, SET);
        }
        return;
    }
    if now.is_empty() {
        invalid(0, "primary clusterIP can not be unset");
    } else if before.first().is_some_and(|first| first != &now[0]) {
        invalid(0, SET);
    }
    if before.len() > now.len()
        && now.len() == 1
        && text(new, "spec.ipFamilyPolicy") != "SingleStack"
    {
        let value = at(new, "spec.ipFamilyPolicy").cloned().unwrap_or_default();
        let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        errors.push(FieldError::invalid("spec.ipFamilyPolicy", value, detail));
    }
}

#[cfg(test)]
mod tests;
