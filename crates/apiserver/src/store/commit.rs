//! The one writer: takes every waiting change, makes them durable with one sync, shows them, answers.

use super::disk::{Disk, Record};
use super::index::Index;
use super::stored::{EventKind, Stored};
use super::{Key, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::oneshot;

pub(super) type Answer = oneshot::Sender<Result<(), StoreError>>;

/// A change that has its revision and waits for the disk.
struct Waiting {
    object: Arc<Stored>,
    answer: Answer,
}

/// What was accepted but is not yet committed.
pub(super) struct Queue {
    /// The newest revision given out.
    pub(super) revision: u64,
    /// The newest accepted version of objects that have one waiting; `Deleted` ones included.
    pending: HashMap<Key, Arc<Stored>>,
    waiting: Vec<Waiting>,
    /// Why nothing is accepted any more.
    refused: Option<StoreError>,
}

impl Queue {
    pub(super) fn new(revision: u64) -> Self {
        Self { revision, pending: HashMap::new(), waiting: Vec::new(), refused: None }
    }

    pub(super) fn pending(&self, key: &Key) -> Option<&Arc<Stored>> {
        self.pending.get(key)
    }

    pub(super) fn accepting(&self) -> Result<(), StoreError> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    pub(super) fn push(&mut self, object: Arc<Stored>, answer: Answer) {
        self.pending.insert(object.key.clone(), object.clone());
        self.waiting.push(Waiting { object, answer });
    }
}

/// What the store and its writer thread share.
pub(super) struct Shared {
    pub(super) queue: Mutex<Queue>,
    pub(super) wake: Condvar,
    pub(super) index: RwLock<Index>,
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.refused.get_or_insert(StoreError::Closed);
        self.wake.notify_all();
    }

    /// Runs until the store is closed and everything accepted is answered.
    pub(super) fn run_writer(&self, disk: Option<&Disk>) {
        loop {
            let mut queue = self.queue();
            while queue.waiting.is_empty() {
                if queue.refused.is_some() {
                    return;
                }
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            let batch = std::mem::take(&mut queue.waiting);
            drop(queue);
            self.commit(disk, batch);
        }
    }

    fn commit(&self, disk: Option<&Disk>, batch: Vec<Waiting>) {
        if let Some(disk) = disk
            && let Err(e) = write(disk, &batch)
        {
            self.fail(&disk.failed(&e), batch);
            return;
        }
        self.show(&batch);
        let mut queue = self.queue();
        for waiting in &batch {
            let newest = queue.pending.get(&waiting.object.key);
            if newest.is_some_and(|n| n.revision == waiting.object.revision) {
                queue.pending.remove(&waiting.object.key);
            }
        }
        drop(queue);
        for waiting in batch {
            // Whoever asked may have gone: the change stands all the same.
            let _ = waiting.answer.send(Ok(()));
        }
    }

    fn show(&self, batch: &[Waiting]) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let mut touched = BTreeSet::new();
        for waiting in batch {
            touched.insert(waiting.object.key.resource.clone());
            index.apply(waiting.object.clone());
        }
        index.announce(&touched);
    }

    /// After a failed sync nobody knows what is on the disk: nothing more is accepted.
    fn fail(&self, error: &StoreError, batch: Vec<Waiting>) {
        let mut queue = self.queue();
        queue.refused = Some(error.clone());
        let rest = std::mem::take(&mut queue.waiting);
        queue.pending.clear();
        drop(queue);
        for waiting in batch.into_iter().chain(rest) {
            let _ = waiting.answer.send(Err(error.clone()));
        }
    }
}

/// Writes the last version of each object of the batch.
fn write(disk: &Disk, batch: &[Waiting]) -> Result<(), redb::Error> {
    let mut last: HashMap<&Key, usize> = HashMap::with_capacity(batch.len());
    for (at, waiting) in batch.iter().enumerate() {
        last.insert(&waiting.object.key, at);
    }
    let records: Vec<Record> = batch
        .iter()
        .enumerate()
        .filter(|(at, waiting)| last.get(&waiting.object.key) == Some(at))
        .map(|(_, waiting)| Record {
            object: waiting.object.clone(),
            removed: waiting.object.event == EventKind::Deleted,
        })
        .collect();
    let revision = batch.last().map_or(0, |w| w.object.revision);
    disk.commit(&records, revision)
}
