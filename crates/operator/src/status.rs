//! Writing statuses, finalizers and events: the only things the operator writes besides what plans say.

use crate::{Id, kinds};
use cluster::{ApiError, Client, Resource, WriteOptions};
use object::{Map, Value, map};
use reconcile::{EventRecord, Severity};
use std::sync::atomic::{AtomicU64, Ordering};

/// The merge patch (RFC 7386) that turns `before` into `after`; `None` when they are equal.
pub fn merge_patch_between(before: &Value, after: &Value) -> Option<Value> {
    let (Value::Map(old), Value::Map(new)) = (before, after) else {
        return (before != after).then(|| after.clone());
    };
    let mut patch = Map::new();
    for (key, value) in new.iter() {
        match old.get(key) {
            Some(was) => {
                if let Some(change) = merge_patch_between(was, value) {
                    patch.insert(key, change);
                }
            }
            None => {
                patch.insert(key, value.clone());
            }
        }
    }
    for key in old.keys().filter(|k| !new.contains_key(k)) {
        patch.insert(key, Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Map(patch))
}

/// Writes what changed between two statuses; nothing when nothing did.
pub(crate) async fn write_status(
    client: &Client,
    resource: &Resource,
    id: &Id,
    (before, after): (&Value, &Value),
    manager: &str,
) -> Result<(), ApiError> {
    let Some(change) = merge_patch_between(before, after) else { return Ok(()) };
    let patch = Value::Map(map! {"status": change});
    let options = WriteOptions { field_manager: manager, ..WriteOptions::default() };
    let at = (id.namespace.as_str(), id.name.as_str(), "status");
    match client.merge_patch(resource, at, &patch, options).await {
        // Deleted meanwhile: nobody reads that status any more.
        Err(error) if error.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}

/// Sets or takes away our finalizer.
pub(crate) async fn write_finalizer(
    client: &Client,
    resource: &Resource,
    metadata: &api::ObjectMeta,
    present: bool,
    manager: &str,
) -> Result<(), ApiError> {
    let ours = api::names::FINALIZER;
    let mut finalizers: Vec<Value> = metadata
        .finalizers
        .iter()
        .filter(|f| *f != ours)
        .map(|f| Value::from(f.as_str()))
        .collect();
    if present {
        finalizers.push(Value::from(ours));
    }
    let patch = Value::Map(map! {"metadata": map!{
        "finalizers": finalizers,
        "resourceVersion": metadata.resource_version.as_str(),
    }});
    let options = WriteOptions { field_manager: manager, ..WriteOptions::default() };
    let at = (metadata.namespace.as_str(), metadata.name.as_str(), "");
    match client.merge_patch(resource, at, &patch, options).await {
        Err(error) if error.is_not_found() => Ok(()),
        // Somebody wrote meanwhile; the watch shows it and the next run does this again.
        Err(error) if error.is_conflict() => Ok(()),
        other => other.map(drop),
    }
}

/// Makes each event's name unique even when several are sent in one nanosecond.
static SENT: AtomicU64 = AtomicU64::new(0);

/// Sends events about an object. One that cannot be sent is logged: events are news, not state.
pub(crate) async fn send_events(
    client: &Client,
    (api_version, kind): (&str, &str),
    metadata: &api::ObjectMeta,
    reporter: &str,
    events: &[EventRecord],
) {
    for event in events {
        let object = event_object((api_version, kind), metadata, reporter, event);
        let options = WriteOptions { field_manager: reporter, ..WriteOptions::default() };
        if let Err(error) = client.create(&kinds::event(), &object, options).await {
            tracing::debug!(%error, object = %Id::of(metadata), "an event was not sent");
        }
    }
}

fn event_object(
    (api_version, kind): (&str, &str),
    metadata: &api::ObjectMeta,
    reporter: &str,
    event: &EventRecord,
) -> Value {
    let now = jiff::Timestamp::now();
    let number = SENT.fetch_add(1, Ordering::Relaxed) & 0xfff;
    let moment = now.as_nanosecond() & !0xfff;
    let stamp = api::Timestamp::from_unix(now.as_second()).to_string();
    let annotations: Map = event.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Value::Map(map! {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": map! {
            "name": format!("{}.{:x}", metadata.name, moment | i128::from(number)),
            "namespace": metadata.namespace.as_str(),
            "annotations": annotations,
        },
        "involvedObject": map! {
            "apiVersion": api_version,
            "kind": kind,
            "namespace": metadata.namespace.as_str(),
            "name": metadata.name.as_str(),
            "uid": metadata.uid.as_str(),
            "resourceVersion": metadata.resource_version.as_str(),
        },
        "reason": event.reason.as_str(),
        "message": event.message.as_str(),
        "type": if event.severity == Severity::Error { "Warning" } else { "Normal" },
        "count": 1,
        "firstTimestamp": stamp.as_str(),
        "lastTimestamp": stamp.as_str(),
        "source": map! {"component": reporter},
        "reportingComponent": reporter,
        "reportingInstance": "",
    })
}

#[cfg(test)]
mod tests;
