//! One object in several versions.
//!
//! Custom resources are converted by changing `apiVersion` (strategy `None`) or by their webhook (`webhook`); of the
//! built-in kinds only those that have two views here: Event and HorizontalPodAutoscaler.

mod autoscaling;
mod events;
mod webhook;

pub use webhook::Conversion;

use crate::registry::Served;
use crate::rest::ApiError;
use object::{Gvk, Value};
use std::sync::Arc;

/// From the version of `served` to the storage version.
///
/// # Errors
/// When a webhook does not convert it.
pub fn to_storage(served: &Served, value: Value) -> Result<Value, ApiError> {
    if served.is_storage() {
        return Ok(value);
    }
    if let Some(conversion) = conversion(served) {
        return conversion.convert(value, &served.storage.api_version());
    }
    Ok(convert(value, &served.kind.gvk(), &served.storage))
}

/// From the version that an object is stored in to the version of `served`.
///
/// # Errors
/// When a webhook does not convert it.
pub(crate) fn from_storage(served: &Served, mut value: Value) -> Result<Value, ApiError> {
    if let Some(conversion) = conversion(served) {
        return conversion.convert(value, &served.kind.api_version());
    }
    if !served.is_storage() {
        return Ok(convert(value, &served.storage, &served.kind.gvk()));
    }
    // A custom resource may have been stored in what was the storage version then.
    if served.custom.is_some() {
        value.make_map().insert("apiVersion", served.kind.api_version());
    }
    Ok(value)
}

/// As [`from_storage`] for several objects at once: a webhook is asked once.
///
/// # Errors
/// When a webhook does not convert them.
pub(crate) fn all_from_storage(
    served: &Served,
    values: Vec<Value>,
) -> Result<Vec<Value>, ApiError> {
    match conversion(served) {
        Some(conversion) => conversion.convert_all(values, &served.kind.api_version()),
        None => values.into_iter().map(|value| from_storage(served, value)).collect(),
    }
}

/// Has a webhook convert objects together that will be asked for one by one.
///
/// # Errors
/// When it does not convert them.
pub(crate) fn remember(
    served: &Served,
    values: impl Iterator<Item = Value>,
) -> Result<(), ApiError> {
    match conversion(served) {
        Some(conversion) => {
            conversion.convert_all(values.collect(), &served.kind.api_version()).map(drop)
        }
        None => Ok(()),
    }
}

fn conversion(served: &Served) -> Option<&Arc<Conversion>> {
    served.custom.as_ref()?.conversion.as_ref()
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
