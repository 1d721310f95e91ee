//! The form in which kustomize-controller applies built-in kinds: it reads every object into Go's types
//! and writes it out again before it applies it (`normalize.UnstructuredList` of fluxcd/pkg/ssa).
//!
//! What that adds and removes decides which fields our field manager owns, so an object that Flux applied
//! would be applied once more if it were not done the same way.

use object::{Gvk, Map, Value};
use schema::{builtin, native};

/// Brings an object into that form. Returns the paths of members that no type has: they are left out, as
/// Flux does it, because the API server would refuse the whole object for them.
pub(super) fn normalize(value: &mut Value, gvk: &Gvk) -> Vec<String> {
    let mut unknown = Vec::new();
    if is_typed(gvk)
        && let Some(schema) = builtin::schema(&gvk.group, &gvk.version, &gvk.kind)
    {
        let mut typed = value.clone();
        // What Go cannot read is sent as it is; the API server says what is wrong with it.
        if let Ok(dropped) = native::decode(schema, &mut typed) {
            if let Some(root) = typed.as_map_mut() {
                protocols(root, gvk);
                match (gvk.group.as_str(), gvk.kind.as_str()) {
                    ("", "Secret") => {
                        one_line(root, "data");
                        secret(root);
                    }
                    ("", "ConfigMap") => one_line(root, "binaryData"),
                    _ => {}
                }
            }
            native::encode(schema, &mut typed);
            *value = typed;
            unknown = dropped;
            unknown.retain(|path| !path.starts_with("status"));
        }
    }
    let Some(root) = value.as_map_mut() else { return unknown };
    if !(gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition") {
        root.remove("status");
    }
    if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_map_mut) {
        // Never the applier's to say.
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
        metadata
            .retain(|key, member| !(matches!(key, "labels" | "annotations") && is_empty(member)));
    }
    unknown
}

/// The kinds Flux reads into types: those of client-go, except the roles it leaves alone because Go would
/// not write their rules as they were.
fn is_typed(gvk: &Gvk) -> bool {
    match gvk.group.as_str() {
        "apiextensions.k8s.io" | "apiregistration.k8s.io" => false,
        "rbac.authorization.k8s.io" => !matches!(gvk.kind.as_str(), "Role" | "ClusterRole"),
        _ => true,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_map().is_some_and(Map::is_empty)
}

/// Ports without a protocol get one: it is part of what tells them apart.
fn protocols(root: &mut Map, gvk: &Gvk) {
    let pod: &[&str] = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => {
            if let Some(spec) = descend(root, &["spec"]) {
                default_protocol(spec);
            }
            return;
        }
        ("", "Pod") => &["spec"],
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            &["spec", "template", "spec"]
        }
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return,
    };
    let Some(spec) = descend(root, pod) else { return };
    let containers = spec.get_mut("containers").and_then(Value::as_list_mut);
    containers.into_iter().flatten().filter_map(Value::as_map_mut).for_each(default_protocol);
}

fn descend<'a>(map: &'a mut Map, path: &[&str]) -> Option<&'a mut Map> {
    path.iter().try_fold(map, |map, key| map.get_mut(key).and_then(Value::as_map_mut))
}

fn default_protocol(parent: &mut Map) {
    let ports = parent.get_mut("ports").and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_map_mut) {
        if port.get("protocol").is_none_or(|p| p.is_null() || p.as_str() == Some("")) {
            port.insert("protocol", "TCP");
        }
    }
}

/// Go reads bytes in base64 over any line breaks and writes them without.
fn one_line(root: &mut Map, member: &str) {
    let entries = root.get_mut(member).and_then(Value::as_map_mut);
    for (_, value) in entries.into_iter().flat_map(Map::iter_mut) {
        if let Value::String(text) = value {
            text.retain(|c| c != '\n' && c != '\r');
        }
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
        data.insert(key, base64(value.as_str().unwrap_or_default().as_bytes()));
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
