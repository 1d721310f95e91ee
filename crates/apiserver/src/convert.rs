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
pub fn from_storage(served: &Served, value: Value) -> Value {
    if served.is_storage() {
        return value;
    }
    convert(value, &served.storage, &served.kind.gvk())
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
