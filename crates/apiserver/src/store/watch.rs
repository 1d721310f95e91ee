//! Following the changes of a resource.

use super::commit::Shared;
use super::log::{Event, Log};
use super::{ResourceId, StoreError};
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;

/// Changes handed out at once, at most.
const BATCH: usize = 256;

/// A position in the changes of one resource, or of all.
pub struct Watch {
    pub(super) shared: Arc<Shared>,
    /// `None`: every resource.
    pub(super) resource: Option<ResourceId>,
    pub(super) namespace: Option<String>,
    pub(super) position: u64,
    pub(super) changed: watch::Receiver<u64>,
}

impl Watch {
    /// The next changes in order, at least one; waits until there is one. Cancel safe.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when this watcher was too slow and changes after its position are forgotten;
    /// [`StoreError::Closed`] when the store is closed.
    pub async fn next(&mut self) -> Result<Vec<Event>, StoreError> {
        loop {
            self.changed.borrow_and_update();
            let events = self.ready()?;
            if !events.is_empty() {
                return Ok(events);
            }
            self.changed.changed().await.map_err(|_| StoreError::Closed)?;
        }
    }

    /// The changes that are there already, possibly none, at most a few hundred.
    ///
    /// # Errors
    /// As [`Watch::next`].
    pub fn ready(&mut self) -> Result<Vec<Event>, StoreError> {
        let shared = self.shared.clone();
        let index = shared.index.read().unwrap_or_else(PoisonError::into_inner);
        let log = match &self.resource {
            None => Some(&index.all),
            Some(resource) => index.table(resource).map(|t| &t.log),
        };
        log.map_or(Ok(Vec::new()), |log| self.take(log, index.revision))
    }

    /// Whether something of the resource changed since [`Watch::take_news`]; costs no lock.
    pub fn has_news(&self) -> bool {
        self.changed.has_changed().unwrap_or(false)
    }

    /// As [`Watch::ready`], and [`Watch::has_news`] is false afterwards until there is more.
    ///
    /// # Errors
    /// As [`Watch::next`].
    pub fn take_news(&mut self) -> Result<Vec<Event>, StoreError> {
        self.changed.borrow_and_update();
        self.ready()
    }

    fn take(&mut self, log: &Log, newest: u64) -> Result<Vec<Event>, StoreError> {
        let gone = StoreError::Gone { asked: self.position, oldest: log.floor() };
        let mut events = Vec::new();
        let mut all = true;
        for event in log.since(self.position).ok_or(gone)? {
            if events.len() == BATCH {
                all = false;
                break;
            }
            self.position = event.object.revision;
            if self.namespace.as_ref().is_none_or(|n| event.object.namespace() == n) {
                events.push(event.clone());
            }
        }
        if all {
            // Nothing of this resource happened up to here: the position of a bookmark.
            self.position = self.position.max(newest);
        }
        Ok(events)
    }

    /// Every change of the resource up to this revision has been handed out.
    pub fn position(&self) -> u64 {
        self.position
    }
}
