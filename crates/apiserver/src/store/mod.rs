//! Objects by resource, namespace and name: durable, versioned, watched.
//!
//! Objects stay encoded ([`Stored`]); one global revision orders all changes. A change is accepted under one
//! lock (compare and swap against the newest accepted version), becomes durable together with all others
//! that wait, and only then is visible to reads and watches and acknowledged.
//!
//! Deliberately absent: everything about Kubernetes kinds. Whether a change is allowed is decided above.

mod commit;
mod disk;
mod error;
mod index;
mod key;
mod log;
mod mirror;
mod stored;
#[cfg(test)]
mod tests;
mod watch;

pub use error::StoreError;
pub use key::{Key, ResourceId};
pub use log::Event;
pub use mirror::{Mirror, Reading, View};
pub use stored::{EventKind, LINE_END, Stored};
pub use watch::Watch;

use commit::{Queue, Shared};
use disk::Disk;
use index::{Index, as_str, path_range};
use object::Value;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard};
use stored::Encoded;
use tokio::sync::oneshot;

/// Where the store keeps its data, and its bounds.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The file; `None` keeps everything in memory only.
    pub path: Option<PathBuf>,
    /// Size of the file's page cache in bytes; reads are served from memory, so it can be small.
    pub cache_bytes: usize,
    /// Changes remembered per resource, for watches that resume.
    pub remembered_changes: usize,
    /// Bytes of objects remembered per resource, for watches that resume.
    pub remembered_bytes: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            path: None,
            cache_bytes: 4 << 20,
            remembered_changes: 4096,
            remembered_bytes: 8 << 20,
        }
    }
}

/// What must be true for a change to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such object.
    Absent,
    /// The object is there, at this revision.
    Revision(u64),
    /// The object is there, at whatever revision.
    Present,
}

/// A change of one object.
#[derive(Clone, Debug)]
pub enum Change {
    /// The object is there, as this. `metadata.resourceVersion` is set by the store.
    Put(Value),
    /// The object is gone; this is its last state, as watchers see it.
    Delete(Value),
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The revision at which the list is true.
    pub revision: u64,
    /// The objects in order of namespace and name.
    pub items: Vec<Arc<Stored>>,
    /// Whether there are more behind the last item.
    pub more: bool,
    /// How many more, when no predicate was given.
    pub remaining: Option<usize>,
}

/// Which objects to list.
#[derive(Default)]
pub struct ListQuery<'a> {
    /// Only this namespace.
    pub namespace: Option<&'a str>,
    /// Only behind this path (`namespace/name` or `name`).
    pub after: Option<&'a str>,
    /// As they were at this revision; the newest when `None`.
    pub revision: Option<u64>,
    /// At most so many; 0 is no limit.
    pub limit: usize,
    /// Only these.
    pub filter: Option<&'a (dyn Fn(&Stored) -> bool + Sync)>,
}

/// The store; clones share it. It is closed when the last clone is dropped, or by [`Store::close`].
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.close();
        if let Ok(Some(writer)) = self.writer.get_mut().map(Option::take) {
            // Only a panic of the writer is an error here, and everyone waiting was told already.
            let _ = writer.join();
        }
    }
}

impl Store {
    /// Opens or creates the store and starts its writer thread.
    ///
    /// # Errors
    /// When the file cannot be opened or written, or a record in it is damaged.
    pub fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let disk = match &options.path {
            Some(path) => Some(Disk::open(path, options.cache_bytes)?),
            None => None,
        };
        let (revision, objects) = match &disk {
            Some(disk) => disk.load()?,
            None => (0, Vec::new()),
        };
        let bounds =
            log::Bounds { events: options.remembered_changes, bytes: options.remembered_bytes };
        let mut index = Index::new(revision, bounds);
        for object in objects {
            index.load(Arc::new(object));
        }
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(revision)),
            wake: Condvar::new(),
            index: RwLock::new(index),
        });
        let of_writer = shared.clone();
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || of_writer.run_writer(disk.as_ref()))
            .map_err(|e| StoreError::Disk {
                path: options.path.clone().unwrap_or_default(),
                what: format!("the writer thread cannot be started: {e}"),
            })?;
        let inner = Inner { shared, writer: Mutex::new(Some(writer)) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Accepts no more changes, waits until those accepted are durable, closes the file. Blocks.
    pub fn close(&self) {
        self.inner.shared.close();
        let writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.inner.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest committed revision.
    pub fn revision(&self) -> u64 {
        self.index().revision
    }

    /// The committed version of an object.
    pub fn get(&self, key: &Key) -> Option<Arc<Stored>> {
        self.index().get(key).cloned()
    }

    /// The newest accepted version of an object, which may not be durable yet: what a
    /// read-modify-write has to start from. A change based on it is acknowledged only when both are durable.
    pub fn newest(&self, key: &Key) -> Option<Arc<Stored>> {
        let queue = self.inner.shared.queue();
        match queue.pending(key) {
            Some(object) if object.event == EventKind::Deleted => None,
            Some(object) => Some(object.clone()),
            None => self.get(key),
        }
    }

    /// Every resource that has, or had since the start, objects, with their number.
    pub fn resources(&self) -> Vec<(ResourceId, usize)> {
        self.index().resources().map(|(r, n)| (r.clone(), n)).collect()
    }

    /// The objects that name `uid` as an owner.
    pub fn dependents(&self, uid: &str) -> Vec<Key> {
        self.index().dependents(uid)
    }

    /// The objects of a resource in order.
    ///
    /// # Errors
    /// [`StoreError::Gone`] or [`StoreError::Future`] when the revision asked for is not known.
    pub fn list(
        &self,
        resource: &ResourceId,
        query: &ListQuery<'_>,
    ) -> Result<Listing, StoreError> {
        let index = self.index();
        let revision = query.revision.unwrap_or(index.revision);
        if revision > index.revision {
            return Err(StoreError::Future { asked: revision, current: index.revision });
        }
        let Some(table) = index.table(resource) else {
            return Ok(Listing { revision, items: Vec::new(), more: false, remaining: Some(0) });
        };
        let (start, end) = path_range(query.namespace, query.after);
        let range = (as_str(&start), as_str(&end));
        if revision == index.revision {
            return Ok(page(table.objects.range::<str, _>(range), query, revision));
        }
        let objects = table.at(revision, query.namespace)?;
        drop(index);
        Ok(page(objects.range::<str, _>(range), query, revision))
    }

    /// Follows the changes of `resource` (of all when `None`) in `namespace` (in all when `None`) after
    /// revision `from`.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when changes after `from` are forgotten, [`StoreError::Future`] when `from`
    /// is not reached yet.
    pub fn watch(
        &self,
        resource: Option<&ResourceId>,
        namespace: Option<&str>,
        from: u64,
    ) -> Result<Watch, StoreError> {
        let shared = self.inner.shared.clone();
        let mut index = shared.index.write().unwrap_or_else(PoisonError::into_inner);
        let current = index.revision;
        if from > current {
            return Err(StoreError::Future { asked: from, current });
        }
        let log = match resource {
            None => &index.all,
            Some(resource) => &index.table_mut(resource).log,
        };
        if from < log.floor() {
            return Err(StoreError::Gone { asked: from, oldest: log.floor() });
        }
        let changed = log.subscribe();
        drop(index);
        Ok(Watch {
            shared,
            resource: resource.cloned(),
            namespace: namespace.map(str::to_owned),
            position: from,
            changed,
        })
    }

    /// Makes a change when `precondition` holds against the newest accepted version, and returns when
    /// it is durable and visible.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Missing`] or [`StoreError::Conflict`] when the
    /// precondition does not hold; [`StoreError::Disk`] when it could not be made durable.
    pub async fn write(
        &self,
        key: &Key,
        precondition: Precondition,
        change: Change,
    ) -> Result<Arc<Stored>, StoreError> {
        let (object, done) = self.accept(key, precondition, &change)?;
        done.await.map_err(|_| StoreError::Closed)??;
        Ok(object)
    }

    /// As [`Store::write`], blocking the thread: not for asynchronous code.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking(
        &self,
        key: &Key,
        precondition: Precondition,
        change: Change,
    ) -> Result<Arc<Stored>, StoreError> {
        let (object, done) = self.accept(key, precondition, &change)?;
        done.blocking_recv().map_err(|_| StoreError::Closed)??;
        Ok(object)
    }

    fn accept(&self, key: &Key, precondition: Precondition, change: &Change) -> Accepted {
        let shared = &self.inner.shared;
        let (value, removes) = match change {
            Change::Put(value) => (value, false),
            Change::Delete(value) => (value, true),
        };
        let encoded = Encoded::new(value);
        let (answer, done) = oneshot::channel();
        let mut queue = shared.queue();
        queue.accepting()?;
        let current = match queue.pending(key) {
            Some(object) => Some(object.clone()),
            None => self.get(key),
        };
        let current = current.filter(|object| object.event != EventKind::Deleted);
        check(precondition, current.as_ref())?;
        let event = match (removes, current) {
            (true, _) => EventKind::Deleted,
            (false, None) => EventKind::Added,
            (false, Some(_)) => EventKind::Modified,
        };
        queue.revision += 1;
        let object = encoded.finish(key.clone(), queue.revision, event);
        queue.push(object.clone(), answer);
        shared.wake.notify_one();
        Ok((object, done))
    }
}

type Accepted = Result<(Arc<Stored>, oneshot::Receiver<Result<(), StoreError>>), StoreError>;

fn check(precondition: Precondition, current: Option<&Arc<Stored>>) -> Result<(), StoreError> {
    match (precondition, current) {
        (Precondition::Absent, Some(object)) => Err(StoreError::Exists(object.clone())),
        (Precondition::Absent, None) | (Precondition::Present, Some(_)) => Ok(()),
        (Precondition::Revision(_) | Precondition::Present, None) => Err(StoreError::Missing),
        (Precondition::Revision(revision), Some(object)) if object.revision == revision => Ok(()),
        (Precondition::Revision(_), Some(object)) => Err(StoreError::Conflict(object.clone())),
    }
}

fn page<'a>(
    objects: impl Iterator<Item = (&'a Arc<str>, &'a Arc<Stored>)>,
    query: &ListQuery<'_>,
    revision: u64,
) -> Listing {
    let wanted = |object: &&'a Arc<Stored>| query.filter.is_none_or(|f| f(object));
    let mut objects = objects.map(|(_, object)| object).filter(wanted);
    let limit = if query.limit == 0 { usize::MAX } else { query.limit };
    let mut items: Vec<Arc<Stored>> = objects.by_ref().take(limit).cloned().collect();
    items.shrink_to_fit();
    let (more, remaining) = match query.filter {
        Some(_) => (objects.next().is_some(), None),
        None => {
            let count = objects.count();
            (count > 0, Some(count))
        }
    };
    Listing { revision, items, more, remaining }
}
