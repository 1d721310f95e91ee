//! Events are kept for an hour after their last change, and only so many.

use crate::rest::Api;
use crate::store::{Change, Event, EventKind, Key, ListQuery, Precondition, ResourceId};
use jiff::Timestamp;
use object::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// The Events in the order of their last change.
pub(super) struct Expiry {
    resource: ResourceId,
    changes: VecDeque<(Timestamp, Key, u64)>,
    ttl: Duration,
    limit: usize,
}

impl Expiry {
    pub(super) fn new(api: &Api, ttl: Duration, limit: usize) -> Self {
        let resource = ResourceId::new("", "events");
        let listing = api.store().list(&resource, &ListQuery::default());
        let mut changes: Vec<_> = listing
            .map(|l| l.items)
            .unwrap_or_default()
            .into_iter()
            .map(|event| (changed_at(&event.value(), api), event.key.clone(), event.revision))
            .collect();
        changes.sort_by_key(|(time, _, revision)| (*time, *revision));
        Self { resource, changes: changes.into(), ttl, limit }
    }

    pub(super) fn note(&mut self, api: &Api, events: &[Event]) {
        let now = api.clock().now();
        for event in events {
            let object = &event.object;
            if object.key.resource == self.resource && object.event != EventKind::Deleted {
                self.changes.push_back((now, object.key.clone(), object.revision));
            }
        }
    }

    /// Deletes what is too old, and the oldest when there are too many.
    pub(super) async fn expire(&mut self, api: &Api) {
        let now = api.clock().now();
        let mut deletions = Vec::new();
        while let Some((time, key, revision)) = self.changes.front() {
            let age = now.duration_since(*time).unsigned_abs();
            if age < self.ttl && self.changes.len() <= self.limit {
                break;
            }
            // A later entry of the queue stands for an Event that changed since.
            let current = api.store().get(key).filter(|e| e.revision == *revision);
            deletions.extend(current);
            self.changes.pop_front();
        }
        let writes = deletions.iter().map(|event| {
            let precondition = Precondition::Revision(event.revision);
            api.store().write(&event.key, precondition, Change::Delete(event.value()))
        });
        // One that changed at this moment stays; its change is in the queue.
        futures::future::join_all(writes).await;
    }
}

fn changed_at(event: &Value, api: &Api) -> Timestamp {
    let candidates = [
        event.at(["series", "lastObservedTime"]),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event.at(["metadata", "creationTimestamp"]),
    ];
    let times = candidates.into_iter().flatten().filter_map(|v| v.as_str()?.parse().ok());
    times.max().unwrap_or_else(|| api.clock().now())
}
