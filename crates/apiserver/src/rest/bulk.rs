//! `DELETE` of a collection.

use super::error::ApiError;
use super::{Answer, Api, Call, DeleteOptions, Selector, Target};
use crate::store::{ListQuery, Stored};
use std::sync::Arc;

impl Api {
    /// Deletes every selected object of the target's collection, and answers those that were there.
    ///
    /// # Errors
    /// The first refusal; objects before it are gone.
    pub async fn delete_collection(
        &self,
        call: &mut Call,
        target: &Target,
        selector: &Selector,
        options: &DeleteOptions,
    ) -> Result<Vec<Arc<Stored>>, ApiError> {
        let filter = |object: &Stored| selector.matches(object);
        let query = ListQuery {
            namespace: target.namespace(),
            filter: Some(&filter),
            ..ListQuery::default()
        };
        let listing = self.store().list(&target.served.id, &query);
        let listing = listing.map_err(|e| ApiError::from_store(&e, &target.served, ""))?;
        let deletions = listing.items.iter().map(|object| {
            let one = Target {
                namespace: object.namespace().to_owned(),
                name: object.name().to_owned(),
                ..target.clone()
            };
            let (dry_run, who) = (call.dry_run, call.who.clone());
            let mut call = Call { dry_run, who, ..Call::default() };
            async move { self.delete(&mut call, &one, options).await }
        });
        // All at once: they share commits.
        for result in futures::future::join_all(deletions).await {
            match result {
                Err(e) if e.reason == "NotFound" => {}
                Err(e) => return Err(e),
                Ok(Answer::Stored(_) | Answer::Value(_)) => {}
            }
        }
        Ok(listing.items)
    }
}
