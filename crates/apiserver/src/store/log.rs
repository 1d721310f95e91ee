//! The last changes of one resource, in order, bounded.
//!
//! There is no buffer per watcher: each has a position in this ring. A watcher that is overtaken is told
//! that its version is gone, as a watcher with an old resourceVersion is.

use super::Stored;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::watch;

/// A change: the version it made, and the one before it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The version that the change made; for a deletion the last state with the deletion's revision.
    pub object: Arc<Stored>,
    /// The version before, absent for a creation.
    pub previous: Option<Arc<Stored>>,
}

/// Bounds of one ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

pub(super) struct Log {
    /// Changes up to and including this revision may be missing.
    floor: u64,
    events: VecDeque<Event>,
    bytes: usize,
    bounds: Bounds,
    changed: watch::Sender<u64>,
}

impl Log {
    pub(super) fn new(floor: u64, bounds: Bounds) -> Self {
        let (changed, _) = watch::channel(floor);
        Self { floor, events: VecDeque::new(), bytes: 0, bounds, changed }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.bytes += event.object.line().len();
        self.events.push_back(event);
        while self.events.len() > 1
            && (self.events.len() > self.bounds.events || self.bytes > self.bounds.bytes)
        {
            if let Some(old) = self.events.pop_front() {
                self.bytes -= old.object.line().len();
                self.floor = old.object.revision;
            }
        }
    }

    /// Wakes the watchers, after the whole batch is visible.
    pub(super) fn announce(&self) {
        if let Some(last) = self.events.back() {
            self.changed.send_replace(last.object.revision);
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// The changes after `revision`, oldest first; `None` when some of them are forgotten.
    pub(super) fn since(&self, revision: u64) -> Option<impl DoubleEndedIterator<Item = &Event>> {
        if revision < self.floor {
            return None;
        }
        let from = self.events.partition_point(|e| e.object.revision <= revision);
        Some(self.events.range(from..))
    }
}
