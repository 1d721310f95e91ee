//! The committed state in memory, and the rings of what changed.

use super::log::{Bounds, Event, Log};
use super::stored::EventKind;
use super::{Key, ResourceId, StoreError, Stored};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// Of one resource.
pub(super) struct Table {
    pub(super) objects: BTreeMap<Arc<str>, Arc<Stored>>,
    pub(super) log: Log,
}

pub(super) struct Index {
    /// The newest committed revision.
    pub(super) revision: u64,
    tables: HashMap<ResourceId, Table>,
    /// Every change of every resource, for garbage collection.
    pub(super) all: Log,
    /// uid -> objects that name it as an owner.
    dependents: HashMap<CompactString, BTreeSet<Key>>,
    start: u64,
    bounds: Bounds,
}

impl Index {
    pub(super) fn new(revision: u64, bounds: Bounds) -> Self {
        Self {
            revision,
            tables: HashMap::new(),
            all: Log::new(revision, bounds),
            dependents: HashMap::new(),
            start: revision,
            bounds,
        }
    }

    pub(super) fn table(&self, resource: &ResourceId) -> Option<&Table> {
        self.tables.get(resource)
    }

    pub(super) fn table_mut(&mut self, resource: &ResourceId) -> &mut Table {
        let (start, bounds) = (self.start, self.bounds);
        self.tables
            .entry(resource.clone())
            .or_insert_with(|| Table { objects: BTreeMap::new(), log: Log::new(start, bounds) })
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = (&ResourceId, usize)> {
        self.tables.iter().map(|(resource, table)| (resource, table.objects.len()))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Stored>> {
        self.tables.get(&key.resource)?.objects.get(key.path())
    }

    /// An object found on disk at the start: no event.
    pub(super) fn load(&mut self, object: Arc<Stored>) {
        self.link(&object);
        let path = object.key.shared_path();
        self.table_mut(&object.key.resource.clone()).objects.insert(path, object);
    }

    /// A committed change.
    pub(super) fn apply(&mut self, object: Arc<Stored>) {
        self.revision = object.revision;
        let path = object.key.shared_path();
        let table = self.table_mut(&object.key.resource.clone());
        let previous = if object.event == EventKind::Deleted {
            table.objects.remove(&path)
        } else {
            table.objects.insert(path, object.clone())
        };
        let event = Event { object, previous };
        table.log.push(event.clone());
        if let Some(previous) = &event.previous {
            self.unlink(previous);
        }
        if event.object.event != EventKind::Deleted {
            self.link(&event.object);
        }
        self.all.push(event);
    }

    fn link(&mut self, object: &Stored) {
        for owner in &object.owners {
            self.dependents.entry(owner.clone()).or_default().insert(object.key.clone());
        }
    }

    fn unlink(&mut self, object: &Stored) {
        for owner in &object.owners {
            if let Some(keys) = self.dependents.get_mut(owner) {
                keys.remove(&object.key);
                if keys.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    pub(super) fn dependents(&self, uid: &str) -> Vec<Key> {
        self.dependents.get(uid).map(|keys| keys.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn announce(&self, resources: &BTreeSet<ResourceId>) {
        for table in resources.iter().filter_map(|r| self.tables.get(r)) {
            table.log.announce();
        }
        self.all.announce();
    }
}

/// The bounds of a range that holds the paths of `namespace` (every path when `None`) after `after`.
pub(super) fn path_range(
    namespace: Option<&str>,
    after: Option<&str>,
) -> (Bound<String>, Bound<String>) {
    let end = namespace.map_or(Bound::Unbounded, |n| Bound::Excluded(format!("{n}0")));
    let start = match (namespace, after) {
        (_, Some(after)) => Bound::Excluded(after.to_owned()),
        (Some(n), None) => Bound::Included(format!("{n}/")),
        (None, None) => Bound::Unbounded,
    };
    (start, end)
}

impl Table {
    /// The objects as they were at `revision`: the present with the newer changes undone.
    pub(super) fn at(
        &self,
        revision: u64,
        namespace: Option<&str>,
    ) -> Result<BTreeMap<Arc<str>, Arc<Stored>>, StoreError> {
        let newer = self
            .log
            .since(revision)
            .ok_or(StoreError::Gone { asked: revision, oldest: self.log.floor() })?;
        let (start, end) = path_range(namespace, None);
        let mut objects: BTreeMap<Arc<str>, Arc<Stored>> = self
            .objects
            .range::<str, _>((as_str(&start), as_str(&end)))
            .map(|(path, object)| (path.clone(), object.clone()))
            .collect();
        for event in newer.rev() {
            let path = event.object.key.shared_path();
            if namespace.is_some_and(|n| event.object.namespace() != n) {
                continue;
            }
            match &event.previous {
                Some(previous) => objects.insert(path, previous.clone()),
                None => objects.remove(&path),
            };
        }
        Ok(objects)
    }
}

pub(super) fn as_str(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Bound::Included(s) => Bound::Included(s.as_str()),
        Bound::Excluded(s) => Bound::Excluded(s.as_str()),
        Bound::Unbounded => Bound::Unbounded,
    }
}
