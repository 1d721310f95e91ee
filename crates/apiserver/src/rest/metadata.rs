//! The members of `metadata` that the server writes.

use super::error::ApiError;
use super::{Api, Target};
use object::{Manifest, Value};

/// A random (version 4) UUID.
pub(crate) fn new_uid() -> String {
    let mut bytes = [0_u8; 16];
    // Without the system's randomness there is no safe way on; zeros would collide and be noticed.
    let _ = getrandom::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Five characters for `generateName`, of the alphabet without vowels and look-alikes.
pub(crate) fn name_suffix() -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut bytes = [0_u8; 5];
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect()
}

/// The longest name that `generateName` may begin with (`names.MaxGeneratedNameLength`).
const GENERATED_BASE: usize = 63 - 5;

/// Kinds of Kubernetes whose objects have a generation.
const GENERATIONS: [&str; 25] = [
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "ReplicationController",
    "Pod",
    "Job",
    "CronJob",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "PriorityClass",
    "EndpointSlice",
    "ResourceSlice",
    "DeviceClass",
    "PodTemplate",
    "CSIDriver",
];

pub(super) fn has_generation(target: &Target) -> bool {
    target.served.custom.is_some() || GENERATIONS.contains(&target.served.kind.kind.as_str())
}

/// Gives a new object its identity.
pub(super) fn before_create(api: &Api, target: &Target, value: &mut Value) -> Result<(), ApiError> {
    if value.meta("resourceVersion").is_some_and(|v| !v.is_empty()) {
        return Err(ApiError::unclassified(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let generate = value.name().is_empty();
    let base = value.meta("generateName").unwrap_or_default().to_owned();
    let metadata = value.metadata_mut();
    if generate && !base.is_empty() {
        let base: String = base.chars().take(GENERATED_BASE).collect();
        metadata.insert("name", format!("{base}{}", name_suffix()));
    }
    if target.served.kind.namespaced {
        metadata.insert("namespace", target.namespace.as_str());
    } else {
        metadata.remove("namespace");
    }
    for key in ["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        metadata.remove(key);
    }
    metadata.insert("uid", new_uid());
    metadata.insert("creationTimestamp", api.clock().now_text());
    // The generation of a CSIDriver begins to be counted with its first change.
    if has_generation(target) && target.served.kind.kind != "CSIDriver" {
        metadata.insert("generation", 1_i64);
    } else {
        metadata.remove("generation");
    }
    Ok(())
}

/// Carries over what an update cannot change (`rest.BeforeUpdate`), and counts the generation on.
pub(super) fn before_update(target: &Target, old: &Value, new: &mut Value) {
    let none = Value::map();
    let before = old.get("metadata").unwrap_or(&none);
    let metadata = new.metadata_mut();
    metadata.remove("selfLink");
    let absent = |v: Option<&Value>| v.is_none_or(|v| v.is_null() || v.as_str() == Some(""));
    for key in ["uid", "deletionGracePeriodSeconds"] {
        if let Some(value) = before.get(key).filter(|_| absent(metadata.get(key))) {
            metadata.insert(key, value.clone());
        }
    }
    for key in ["creationTimestamp", "deletionTimestamp"] {
        if let Some(value) = before.get(key) {
            metadata.insert(key, value.clone());
        }
    }
    for key in ["generation", "resourceVersion"] {
        match before.get(key) {
            Some(value) => drop(metadata.insert(key, value.clone())),
            None => drop(metadata.remove(key)),
        }
    }
    if target.subresource != "status"
        && has_generation(target)
        && target.served.kind.kind != "PriorityClass"
        && generation_changes(target, old, new)
    {
        let generation = old.at(["metadata", "generation"]).and_then(Value::as_int).unwrap_or(0);
        new.metadata_mut().insert("generation", generation + 1);
    }
}

/// Whether something was changed that a controller has to act on.
fn generation_changes(target: &Target, old: &Value, new: &Value) -> bool {
    let status_apart = target.served.custom.is_none() || target.served.kind.has_status();
    let wanted = |key: &str| key != "metadata" && !(status_apart && key == "status");
    let (Some(before), Some(after)) = (old.as_map(), new.as_map()) else { return true };
    let differs = before.iter().any(|(k, v)| wanted(k) && after.get(k) != Some(v))
        || after.keys().any(|k| wanted(k) && !before.contains_key(k));
    // Of a Deployment the annotations count too: its controller copies them.
    let labels = |v: &Value| v.at(["metadata", "labels"]).cloned();
    let annotations = |v: &Value| v.at(["metadata", "annotations"]).cloned();
    differs
        || (target.served.kind.kind == "Deployment"
            && target.served.kind.group == "apps"
            && annotations(old) != annotations(new))
        // And of an EndpointSlice the labels: they say whose it is.
        || (target.served.kind.kind == "EndpointSlice" && labels(old) != labels(new))
}
