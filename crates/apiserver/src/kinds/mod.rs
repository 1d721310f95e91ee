//! What is particular to single built-in kinds: what their REST strategies and admission do in a real
//! server, apart from types, defaults and validation (crate `schema`).

mod definition;
mod job;
mod namespace;
mod pod;
mod request;
mod secret;
mod service;

pub(crate) use definition::faults as definition_faults;
pub use service::{Addresses, Reserved};

use crate::rest::{Api, ApiError, Call, Target};
use crate::store::Stored;
use object::{Manifest, Value, map};

/// The built-in kind of a target, empty for custom resources.
fn kind(target: &Target) -> &str {
    if target.served.custom.is_some() { "" } else { target.served.kind.kind.as_str() }
}

/// Prepares a new object.
pub(crate) fn before_create(
    api: &Api,
    call: &mut Call,
    target: &Target,
    value: &mut Value,
) -> Result<Reserved, ApiError> {
    let keeps_status = kind(target) == "Node";
    if target.served.kind.has_status() && !keeps_status {
        value.make_map().remove("status");
    }
    match kind(target) {
        "Namespace" => namespace::before_create(value),
        "Pod" => pod::before_create(api, target, value)?,
        "CertificateSigningRequest" => request::before_create(call, value),
        "Secret" => secret::fold_string_data(value),
        "PersistentVolumeClaim" => {
            value.make_map().insert("status", map! {"phase": "Pending"});
        }
        "PersistentVolume" => {
            let now = api.clock().now_text();
            let status = map! {"phase": "Pending", "lastPhaseTransitionTime": now};
            value.make_map().insert("status", status);
        }
        "Job" if target.served.kind.group == "batch" => job::before_create(value),
        "CustomResourceDefinition" => definition::before_write(api, None, value),
        "Service" => return service::before_create(api, call, target, value),
        _ => {}
    }
    Ok(Reserved::default())
}

/// Prepares a changed object.
pub(crate) fn before_update(
    api: &Api,
    call: &mut Call,
    target: &Target,
    old: &Value,
    new: &mut Value,
) -> Result<(), ApiError> {
    let plain = target.subresource.is_empty();
    match kind(target) {
        "Namespace" if plain => namespace::before_update(old, new),
        "Secret" => secret::fold_string_data(new),
        "Pod" if plain => {
            pod::tolerate(new.make_map().entry("spec").make_map().entry("tolerations"))
        }
        "DaemonSet" if plain => count_templates(old, new),
        "CustomResourceDefinition" if plain => definition::before_write(api, Some(old), new),
        "Service" if plain => service::before_update(api, call, target, old, new)?,
        _ => {}
    }
    Ok(())
}

/// A DaemonSet's template is counted in an annotation, which clients cannot set.
fn count_templates(old: &Value, new: &mut Value) {
    const COUNT: [&str; 3] =
        ["metadata", "annotations", "deprecated.daemonset.template.generation"];
    let count: i64 =
        old.at(COUNT).and_then(Value::as_str).and_then(|c| c.parse().ok()).unwrap_or(1);
    let template = |v: &Value| v.at(["spec", "template"]).cloned();
    let count = if template(old) == template(new) { count } else { count + 1 };
    let annotations = new.metadata_mut().entry("annotations").make_map();
    annotations.insert(COUNT[2], count.to_string());
}

/// Whether the object may be deleted at all.
pub(crate) fn before_delete(api: &Api, target: &Target, current: &Stored) -> Result<(), ApiError> {
    let _ = (api, current);
    if kind(target) == "Namespace" && namespace::PERMANENT.contains(&target.name.as_str()) {
        let why = "this namespace may not be deleted";
        return Err(ApiError::forbidden(&target.served, &target.name, why));
    }
    Ok(())
}

/// Seconds that the object has to end; 0 for all but Pods.
pub(crate) fn grace_period(target: &Target, object: &Value, asked: Option<i64>) -> i64 {
    if kind(target) == "Pod" { pod::grace_period(object, asked) } else { 0 }
}

/// Whether something other than a finalizer keeps a deleted object.
pub(crate) fn holds_back_deletion(target: &Target, object: &Value) -> bool {
    kind(target) == "Namespace" && namespace::is_held(object)
}

/// Changes an object that has just been marked for deletion.
pub(crate) fn mark_deleted(api: &Api, target: &Target, object: &mut Value) {
    match kind(target) {
        "Namespace" => namespace::mark_deleted(object),
        "CustomResourceDefinition" => definition::mark_deleted(api, object),
        _ => {}
    }
}

/// Finalizers that the server adds to an object when it is deleted.
pub(crate) fn deletion_finalizer(target: &Target) -> Option<&'static str> {
    (kind(target) == "CustomResourceDefinition").then_some(definition::FINALIZER)
}

/// Whether dependents stay when the client says nothing.
pub(crate) fn orphans_by_default(target: &Target) -> bool {
    matches!(kind(target), "Job" | "ReplicationController")
}

/// Whether a deletion answers the object that was deleted, and not a `Status`.
pub(crate) fn returns_deleted(target: &Target) -> bool {
    matches!(
        kind(target),
        "Pod"
            | "Namespace"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "PodTemplate"
            | "ResourceQuota"
            | "Service"
            | "ServiceAccount"
            | "StorageClass"
            | "CSIDriver"
            | "CSINode"
            | "VolumeAttachment"
            | "DeviceClass"
            | "ResourceClaim"
            | "ResourceClaimTemplate"
    )
}

/// After a change is durable: what must be true before the client hears of it.
pub(crate) fn after_write(api: &Api, target: &Target) {
    match kind(target) {
        "CustomResourceDefinition" => definition::after_write(api, &target.name),
        "Service" => service::after_write(api, target),
        _ => {}
    }
}

/// Serves the custom resources and reserves the addresses that the store holds at the start.
pub(crate) fn start(api: &Api) {
    definition::start(api);
}
