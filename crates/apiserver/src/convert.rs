//! One object in several versions.
//!
//! Custom resources are converted by changing `apiVersion` (strategy `None`); of the built-in kinds only
//! those that have two views here: Event and HorizontalPodAutoscaler.

mod autoscaling;
mod events;

use crate::registry::Served;
use object::{Gvk, Value};

/// From the version of `served` to the storage version.
pub fn to_storage(served: &Served, value: Value) -> Value {
    if served.is_storage() {
        return value;
    }
    convert(value, &served.kind.gvk(), &served.storage)
}

/// From the storage version to the version of `served`.
pub(crate) fn from_storage(served: &Served, mut value: Value) -> Value {
    if !served.is_storage() {
        return convert(value, &served.storage, &served.kind.gvk());
    }
    // A custom resource may have been stored in what was the storage version then.
    if served.custom.is_some() {
        value.make_map().insert("apiVersion", served.kind.api_version());
    }
    value
}

/// Whether the bytes of a stored object are those of its form in the version of `served`.
pub(crate) fn is_stored_form(served: &Served, json: &[u8]) -> bool {
    served.is_storage()
        && (served.custom.is_none() || {
            let rest = json.strip_prefix(b"{\"apiVersion\":\"").unwrap_or_default();
            let rest = rest.strip_prefix(served.kind.api_version().as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"\""))
        })
}

fn convert(mut value: Value, from: &Gvk, to: &Gvk) -> Value {
    match (from.group.as_str(), to.group.as_str(), to.version.as_str()) {
        ("", "events.k8s.io", _) => events::to_events_group(&mut value),
        ("events.k8s.io", "", _) => events::to_core(&mut value),
        ("autoscaling", "autoscaling", "v1") => autoscaling::to_v1(&mut value),
        ("autoscaling", "autoscaling", "v2") => autoscaling::to_v2(&mut value),
        _ => {}
    }
    value.make_map().insert("apiVersion", to.api_version());
    value
}
