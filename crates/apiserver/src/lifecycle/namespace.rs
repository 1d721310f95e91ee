//! The end of a namespace: its content goes, then its finalizer, then it.

use super::{MANAGER, namespaces};
use crate::rest::{Api, ApiError, DeleteOptions, Propagation};
use crate::store::{Key, ListQuery};
use futures::StreamExt;
use object::Value;

pub(super) async fn finish(api: &Api, name: &str) -> Result<(), ApiError> {
    let key = Key::new(&namespaces(), "", name);
    let Some(namespace) = api.store().get(&key).filter(|n| n.deleting) else { return Ok(()) };
    let snapshot = api.registry().snapshot();
    let mut content = Vec::new();
    for served in snapshot.all_stored().filter(|s| s.kind.namespaced) {
        let query = ListQuery { namespace: Some(name), ..ListQuery::default() };
        if let Ok(listing) = api.store().list(&served.id, &query) {
            content.extend(listing.items);
        }
    }
    if content.is_empty() {
        return release(api, &key, &namespace.value()).await;
    }
    let options = DeleteOptions::propagating(Propagation::Background);
    let fresh = content.into_iter().filter(|object| !object.deleting);
    let deletions = futures::stream::iter(fresh).map(|object| {
        let options = &options;
        async move { api.delete_object(&object.key, options).await }
    });
    let results: Vec<_> = deletions.buffer_unordered(super::AT_ONCE).collect().await;
    let failed = results.into_iter().filter_map(Result::err).find(|e| e.reason != "NotFound");
    // The deletions' own events bring this back here for the last step.
    failed.map_or(Ok(()), Err)
}

async fn release(api: &Api, key: &Key, namespace: &Value) -> Result<(), ApiError> {
    let finalizers = namespace.at(["spec", "finalizers"]).and_then(Value::as_list);
    if finalizers.is_none_or(<[Value]>::is_empty) {
        return Ok(());
    }
    let change = |value: &mut Value| {
        let spec = value.make_map().entry("spec").make_map();
        if let Some(Value::List(list)) = spec.get_mut("finalizers") {
            list.retain(|f| f.as_str() != Some("kubernetes"));
        }
    };
    api.modify_object(key, "finalize", MANAGER, change).await.map(drop)
}
