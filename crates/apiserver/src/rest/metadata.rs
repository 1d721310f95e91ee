//! The members of `metadata` that the server writes.

use super::error::ApiError;
use super::{Api, Target};
use object::{Manifest, Value};
use schema::FieldError;

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
const GENERATIONS: [&str; 24] = [
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
    if has_generation(target) {
        metadata.insert("generation", 1_i64);
    } else {
        metadata.remove("generation");
    }
    Ok(())
}

/// Carries over what an update cannot change, and counts the generation on.
pub(super) fn before_update(target: &Target, old: &Value, new: &mut Value) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let none = Value::map();
    let old_metadata = old.get("metadata").unwrap_or(&none);
    for key in ["uid", "creationTimestamp"] {
        let before = old_metadata.get(key);
        let after = new.meta(key);
        if let Some(after) = after
            && before.and_then(Value::as_str) != Some(after)
        {
            let field = format!("metadata.{key}");
            faults.push(FieldError::invalid(field, after, "field is immutable"));
        }
    }
    let kept = [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "namespace",
        "name",
        "resourceVersion",
    ];
    let metadata = new.metadata_mut();
    metadata.remove("selfLink");
    for key in kept {
        match old_metadata.get(key) {
            Some(value) => drop(metadata.insert(key, value.clone())),
            None => drop(metadata.remove(key)),
        }
    }
    if old.meta("deletionTimestamp").is_some() {
        faults.extend(new_finalizers(old, new));
    }
    if has_generation(target) && generation_changes(target, old, new) {
        let generation = old.at(["metadata", "generation"]).and_then(Value::as_int).unwrap_or(0);
        new.metadata_mut().insert("generation", generation + 1);
    }
    faults
}

fn finalizers(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.at(["metadata", "finalizers"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str)
}

fn new_finalizers(old: &Value, new: &Value) -> Option<FieldError> {
    let before: Vec<&str> = finalizers(old).collect();
    let added: Vec<String> =
        finalizers(new).filter(|f| !before.contains(f)).map(|f| format!("{f:?}")).collect();
    (!added.is_empty()).then(|| {
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{}}}",
            added.join(", ")
        );
        FieldError::forbidden("metadata.finalizers", detail)
    })
}

/// Whether something was changed that a controller has to act on.
fn generation_changes(target: &Target, old: &Value, new: &Value) -> bool {
    let status_apart = target.served.custom.is_none() || target.served.kind.has_status();
    let wanted = |key: &str| key != "metadata" && !(status_apart && key == "status");
    let (Some(before), Some(after)) = (old.as_map(), new.as_map()) else { return true };
    let differs = before.iter().any(|(k, v)| wanted(k) && after.get(k) != Some(v))
        || after.keys().any(|k| wanted(k) && !before.contains_key(k));
    // Of a Deployment the annotations count too: its controller copies them.
    let annotations = |v: &Value| v.at(["metadata", "annotations"]).cloned();
    differs
        || (target.served.kind.kind == "Deployment"
            && target.served.kind.group == "apps"
            && annotations(old) != annotations(new))
}
