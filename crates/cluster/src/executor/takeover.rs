//! Taking over fields that others applied with `kubectl`, before our apply: otherwise what leaves Git would stay,
//! because two managers own it.

use crate::{ApiError, Client, Resource, WriteOptions};
use object::{Manifest, Map, Value, map};
use reconcile::{ManagerEntry, Step, SyncSpec};
use ssa::FieldSet;

/// Rewrites `managedFields` of the live object as the step says, in one JSON patch that fails when the object changed
/// meanwhile.
pub(super) async fn hand_over(
    client: &Client,
    resource: &Resource,
    step: &Step,
    spec: &SyncSpec,
) -> Result<(), ApiError> {
    let (namespace, name) = (step.key.namespace.as_str(), step.key.name.as_str());
    // Someone may write between our read and our patch; the patch tests the version, so look again.
    for _ in 0..5 {
        let Some(live) = client.get(resource, namespace, name).await? else { return Ok(()) };
        let Some(patch) = patch(&live, step, &spec.field_manager) else { return Ok(()) };
        let options =
            WriteOptions { field_manager: &spec.field_manager, ..WriteOptions::default() };
        match client.json_patch(resource, (namespace, name), &patch, options).await {
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
    Err(ApiError::Refused {
        code: 409,
        reason: "Conflict".to_owned(),
        message: "the object keeps changing while its fields are to be taken over".to_owned(),
        causes: Vec::new(),
        retry_after: None,
    })
}

/// The JSON patch; `None` when nothing is to be done any more.
fn patch(live: &Value, step: &Step, our_manager: &str) -> Option<Value> {
    let mut operations = Vec::new();
    for path in &step.remove {
        let (part, key) = path.split_once('/')?;
        if live.at(["metadata", part, key]).is_some() {
            let key = key.replace('~', "~0").replace('/', "~1");
            let path = format!("/metadata/{part}/{key}");
            operations.push(Value::Map(map! {"op": "remove", "path": path}));
        }
    }
    let before =
        live.at(["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    let after = migrated(before, &step.migrate, our_manager);
    if after.as_slice() != before {
        operations.push(Value::Map(
            map! {"op": "replace", "path": "/metadata/managedFields", "value": after},
        ));
    }
    if operations.is_empty() {
        return None;
    }
    let version = live.meta("resourceVersion").unwrap_or_default();
    operations.push(Value::Map(
        map! {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ));
    Some(Value::List(operations))
}

/// The entries after the named managers' fields became ours.
fn migrated(entries: &[Value], migrate: &[ManagerEntry], our_manager: &str) -> Vec<Value> {
    let text =
        |e: &Value, key: &str| e.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let moves = |e: &Value| {
        text(e, "subresource").is_empty()
            && migrate
                .iter()
                .any(|m| m.manager == text(e, "manager") && m.operation == text(e, "operation"))
    };
    let ours = |e: &Value| {
        text(e, "subresource").is_empty()
            && text(e, "manager") == our_manager
            && text(e, "operation") == "Apply"
    };
    let taken: Vec<&Value> = entries.iter().filter(|e| moves(e)).collect();
    let Some(model) = entries.iter().find(|e| ours(e)).or(taken.first().copied()) else {
        return entries.to_vec();
    };
    let set = |e: &Value| {
        e.get("fieldsV1").and_then(|f| FieldSet::from_fields_v1(f).ok()).unwrap_or_default()
    };
    let all = entries
        .iter()
        .filter(|e| ours(e) || moves(e))
        .fold(FieldSet::new(), |all, e| all.union(&set(e)));
    let mut entry: Map = model.as_map().cloned().unwrap_or_default();
    entry.insert("manager", our_manager);
    entry.insert("operation", "Apply");
    entry.insert("fieldsV1", all.to_fields_v1());
    let mut after = vec![Value::Map(entry)];
    after.extend(entries.iter().filter(|e| !ours(e) && !moves(e)).cloned());
    after
}

#[cfg(test)]
mod tests;
