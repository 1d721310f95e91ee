//! What a write through a subresource may change, and what a plain one may not.

use super::Target;
use object::{Manifest, Value};

/// Keeps `new` within what the target's URL may write.
pub(super) fn confine(target: &Target, old: &Value, new: &mut Value) {
    let kind = &target.served.kind;
    match target.subresource.as_str() {
        "" | "scale" if kind.has_status() => copy(old, new, "status"),
        // Conditions only.
        "approval" => {
            let conditions = new.at(["status", "conditions"]).cloned();
            let mut result = old.clone();
            for key in ["managedFields", "resourceVersion"] {
                copy_metadata(new, &mut result, key);
            }
            let status = result.make_map().entry("status").make_map();
            match conditions {
                Some(conditions) => drop(status.insert("conditions", conditions)),
                None => drop(status.remove("conditions")),
            }
            *new = result;
        }
        "status" if target.served.custom.is_some() => only_status(old, new, &[]),
        "status" => only_status(old, new, &["annotations", "finalizers", "ownerReferences"]),
        "finalize" => {
            let finalizers = new.at(["spec", "finalizers"]).cloned();
            let version = new.meta("resourceVersion").map(str::to_owned);
            *new = old.clone();
            if let Some(version) = version {
                new.metadata_mut().insert("resourceVersion", version);
            }
            if let Some(spec) = new.make_map().get_mut("spec") {
                match finalizers {
                    Some(finalizers) => drop(spec.make_map().insert("finalizers", finalizers)),
                    None => drop(spec.make_map().remove("finalizers")),
                }
            }
        }
        _ => {}
    }
}

/// `new` becomes `old` with the status (and some metadata) of `new`.
fn only_status(old: &Value, new: &mut Value, metadata: &[&str]) {
    let mut result = old.clone();
    copy(new, &mut result, "status");
    let none = Value::map();
    let given = new.get("metadata").unwrap_or(&none);
    for key in ["managedFields", "resourceVersion"].iter().chain(metadata) {
        match given.get(key) {
            Some(value) => drop(result.metadata_mut().insert(*key, value.clone())),
            None => drop(result.metadata_mut().remove(key)),
        }
    }
    *new = result;
}

fn copy_metadata(from: &Value, to: &mut Value, key: &str) {
    match from.at(["metadata", key]) {
        Some(value) => drop(to.metadata_mut().insert(key, value.clone())),
        None => drop(to.metadata_mut().remove(key)),
    }
}

fn copy(from: &Value, to: &mut Value, key: &str) {
    match from.get(key) {
        Some(value) => drop(to.make_map().insert(key, value.clone())),
        None => drop(to.make_map().remove(key)),
    }
}
