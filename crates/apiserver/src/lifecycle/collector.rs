//! Garbage collection by owner references: background, foreground, orphaning
//! (`pkg/controller/garbagecollector`).

use super::{MANAGER, owner_keys};
use crate::rest::{Api, ApiError, DeleteOptions, Propagation};
use crate::store::{Key, Stored};
use object::{Manifest, Value};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Does what the owners and dependents of an object ask for now.
pub(super) async fn settle(api: &Api, key: &Key) -> Result<(), ApiError> {
    let Some(stored) = api.store().get(key) else { return Ok(()) };
    let object = stored.value();
    if stored.deleting && has_finalizer(&object, ORPHAN) {
        orphan(api, &stored).await?;
        return remove_finalizer(api, key, ORPHAN).await;
    }
    if stored.deleting && has_finalizer(&object, FOREGROUND) {
        return foreground(api, key, &stored).await;
    }
    if stored.owners.is_empty() || stored.deleting {
        Ok(())
    } else {
        owned(api, &stored, &object).await
    }
}

fn has_finalizer(object: &Value, name: &str) -> bool {
    let list = object.at(["metadata", "finalizers"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().any(|f| f.as_str() == Some(name))
}

/// Removes a finalizer; the object goes with its last one.
pub(super) async fn remove_finalizer(api: &Api, key: &Key, name: &str) -> Result<(), ApiError> {
    let change = |value: &mut Value| {
        let metadata = value.metadata_mut();
        if let Some(Value::List(list)) = metadata.get_mut("finalizers") {
            list.retain(|f| f.as_str() != Some(name));
            if list.is_empty() {
                metadata.remove("finalizers");
            }
        }
    };
    api.modify_object(key, "", MANAGER, change).await.map(drop)
}

/// Sets the dependents of an object free.
async fn orphan(api: &Api, owner: &Stored) -> Result<(), ApiError> {
    let releases = api.store().dependents(&owner.uid).into_iter().map(|key| async move {
        let uids = [owner.uid.as_str()];
        drop_owners(api, &key, &uids).await
    });
    for result in futures::future::join_all(releases).await {
        match result {
            Err(e) if e.reason != "NotFound" => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

async fn drop_owners(api: &Api, key: &Key, uids: &[&str]) -> Result<(), ApiError> {
    let change = |value: &mut Value| {
        let metadata = value.metadata_mut();
        if let Some(Value::List(list)) = metadata.get_mut("ownerReferences") {
            list.retain(|o| {
                let uid = o.get("uid").and_then(Value::as_str).unwrap_or_default();
                !uids.contains(&uid)
            });
            if list.is_empty() {
                metadata.remove("ownerReferences");
            }
        }
    };
    api.modify_object(key, "", MANAGER, change).await.map(drop)
}

/// An object waits for its dependents that block it; when none is left it goes.
async fn foreground(api: &Api, key: &Key, owner: &Stored) -> Result<(), ApiError> {
    let mut blocking = Vec::new();
    for dependent in api.store().dependents(&owner.uid) {
        let Some(stored) = api.store().get(&dependent) else { continue };
        let object = stored.value();
        let owners = object.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
        let blocks = owners.unwrap_or_default().iter().any(|o| {
            o.get("uid").and_then(Value::as_str) == Some(&owner.uid)
                && o.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true)
        });
        if blocks {
            blocking.push((stored, object));
        }
    }
    if blocking.is_empty() {
        return remove_finalizer(api, key, FOREGROUND).await;
    }
    let deletions = blocking
        .iter()
        .filter(|(stored, _)| !stored.deleting)
        .map(|(stored, object)| owned(api, stored, object));
    for result in futures::future::join_all(deletions).await {
        match result {
            Err(e) if e.reason != "NotFound" => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

/// What the owners of an object are.
#[derive(Default)]
struct Owners<'a> {
    solid: usize,
    dangling: Vec<&'a str>,
    waiting: Vec<&'a str>,
}

/// Deletes an object that no owner keeps; frees one that some owners no longer keep.
async fn owned(api: &Api, stored: &Stored, object: &Value) -> Result<(), ApiError> {
    let mut owners = Owners::default();
    let references = object.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
    let keys = owner_keys(api, object, stored.namespace());
    for (reference, key) in references.unwrap_or_default().iter().zip(keys) {
        let uid = reference.get("uid").and_then(Value::as_str).unwrap_or_default();
        // An owner of a kind that is not served may exist elsewhere: it keeps what it owns.
        let Some(key) = key else {
            owners.solid += 1;
            continue;
        };
        match api.store().newest(&key).filter(|owner| owner.uid == uid) {
            None => owners.dangling.push(uid),
            Some(owner) if owner.deleting && has_finalizer(&owner.value(), FOREGROUND) => {
                owners.waiting.push(uid);
            }
            Some(_) => owners.solid += 1,
        }
    }
    if owners.solid > 0 {
        let gone: Vec<&str> = owners.dangling.into_iter().chain(owners.waiting).collect();
        return if gone.is_empty() { Ok(()) } else { drop_owners(api, &stored.key, &gone).await };
    }
    let waited_for = !owners.waiting.is_empty() && !api.store().dependents(&stored.uid).is_empty();
    let propagation = if waited_for || has_finalizer(object, FOREGROUND) {
        Propagation::Foreground
    } else if has_finalizer(object, ORPHAN) {
        Propagation::Orphan
    } else {
        Propagation::Background
    };
    let options = DeleteOptions {
        uid: Some(stored.uid.to_string()),
        ..DeleteOptions::propagating(propagation)
    };
    api.delete_object(&stored.key, &options).await.map(drop)
}
