//! The end of a CustomResourceDefinition: its objects go, then its finalizer, then it.

use super::collector::remove_finalizer;
use super::definitions;
use crate::rest::{Api, ApiError, DeleteOptions};
use crate::store::{Key, ListQuery, ResourceId};
use futures::StreamExt;

const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

pub(super) async fn finish(api: &Api, name: &str) -> Result<(), ApiError> {
    let key = Key::new(&definitions(), "", name);
    if api.store().get(&key).is_none_or(|d| !d.deleting) {
        return Ok(());
    }
    let resource = ResourceId::parse(name);
    let listing = api.store().list(&resource, &ListQuery::default());
    let items = listing.map(|l| l.items).unwrap_or_default();
    if items.is_empty() {
        return remove_finalizer(api, &key, FINALIZER).await;
    }
    let fresh = items.into_iter().filter(|object| !object.deleting);
    let deletions = futures::stream::iter(fresh).map(|object| async move {
        api.delete_object(&object.key, &DeleteOptions::default()).await
    });
    let results: Vec<_> = deletions.buffer_unordered(super::AT_ONCE).collect().await;
    let failed = results.into_iter().filter_map(Result::err).find(|e| e.reason != "NotFound");
    failed.map_or(Ok(()), Err)
}
