//! The form in which kustomize-controller applies built-in kinds: it reads every object into Go's types
//! and writes it out again before it applies it (`normalize.UnstructuredList` of fluxcd/pkg/ssa).
//!
//! What that adds and removes decides which fields our field manager owns, so an object that Flux applied
//! would be applied once more if it were not done the same way. Deliberately absent: dropping fields that
//! Go's types do not know; the API server names them, which tells a user more than silence.

use object::{Gvk, Map, Value};

/// Brings an object into that form.
pub(super) fn normalize(value: &mut Value, gvk: &Gvk) {
    let Some(root) = value.as_map_mut() else { return };
    let crd = gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition";
    if !crd {
        root.remove("status");
    }
    if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_map_mut) {
        for key in [
            "creationTimestamp",
            "managedFields",
            "resourceVersion",
            "uid",
            "generation",
            "selfLink",
        ] {
            metadata.remove(key);
        }
        for key in ["labels", "annotations"] {
            drop_if_empty(metadata, key);
        }
    }
    let Some(spec_path) = pod_spec_path(gvk) else {
        match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Service") => service(root),
            ("", "Secret") => secret(root),
            ("", "PersistentVolumeClaim") => {
                always_there(root, &["spec"], "resources");
            }
            _ => {}
        }
        return;
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "Deployment") => always_there(root, &["spec"], "strategy"),
        ("apps", "StatefulSet" | "DaemonSet") => always_there(root, &["spec"], "updateStrategy"),
        _ => {}
    }
    if gvk.kind == "StatefulSet" {
        claim_templates(root);
    }
    if let Some(spec) = descend(root, spec_path) {
        pod_spec(spec);
    }
}

fn drop_if_empty(map: &mut Map, key: &str) {
    let empty = match map.get(key) {
        Some(Value::Map(inner)) => inner.is_empty(),
        Some(Value::Null) => true,
        _ => false,
    };
    if empty {
        map.remove(key);
    }
}

fn pod_spec_path(gvk: &Gvk) -> Option<&'static [&'static str]> {
    Some(match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => &["spec"],
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            &["spec", "template", "spec"]
        }
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    })
}

fn descend<'a>(map: &'a mut Map, path: &[&str]) -> Option<&'a mut Map> {
    path.iter().try_fold(map, |map, key| map.get_mut(key).and_then(Value::as_map_mut))
}

/// A struct member that Go writes even when it is empty.
fn always_there(root: &mut Map, parent: &[&str], key: &str) {
    if let Some(parent) = descend(root, parent)
        && parent.get(key).is_none_or(Value::is_null)
    {
        parent.insert(key, Map::new());
    }
}

fn pod_spec(spec: &mut Map) {
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_list_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_map_mut) {
            always_there(container, &[], "resources");
            // Only of ordinary containers: `normalizePodProtoDefault` knows no others.
            if list == "containers" {
                default_protocol(container);
            }
        }
    }
}

fn default_protocol(parent: &mut Map) {
    let ports = parent.get_mut("ports").and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_map_mut) {
        let missing = match port.get("protocol") {
            None | Some(Value::Null) => true,
            Some(value) => value.as_str() == Some(""),
        };
        if missing {
            port.insert("protocol", "TCP");
        }
    }
}

fn service(root: &mut Map) {
    if let Some(spec) = descend(root, &["spec"]) {
        default_protocol(spec);
    }
}

fn claim_templates(root: &mut Map) {
    let Some(spec) = descend(root, &["spec"]) else { return };
    let claims = spec.get_mut("volumeClaimTemplates").and_then(Value::as_list_mut);
    for claim in claims.into_iter().flatten().filter_map(Value::as_map_mut) {
        always_there(claim, &["spec"], "resources");
        always_there(claim, &[], "status");
    }
}

/// `stringData` into `data`, which is what the API server stores.
fn secret(root: &mut Map) {
    let Some(Value::Map(texts)) = root.remove("stringData") else { return };
    if texts.is_empty() {
        return;
    }
    let data = root.entry("data").make_map();
    for (key, value) in texts {
        // Anything else than text is refused by the API server; it must see it.
        match value {
            Value::String(text) => data.insert(key, base64(text.as_bytes())),
            other => data.insert(key, other),
        };
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().enumerate().fold(0u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * i)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
