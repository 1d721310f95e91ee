//! A view of some resources that is never older than what a client has been told.

use super::{Event, EventKind, ListQuery, ResourceId, Store, StoreError, Stored, Watch};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// What is derived from the objects of some resources.
pub trait View: Default + Send + Sync {
    /// An object is there, in this version.
    fn put(&mut self, object: &Stored);

    /// An object is gone; this is its last version.
    fn remove(&mut self, object: &Stored);
}

/// A [`View`] that is brought up to date when it is read: whoever got an answer to a write finds it in the view,
/// and while nothing changes a reading costs a lock and one look per resource.
pub struct Mirror<V> {
    store: Store,
    resources: Vec<ResourceId>,
    state: RwLock<State<V>>,
}

struct State<V> {
    view: V,
    /// Empty until the first reading, and after changes were missed.
    watches: Vec<Watch>,
}

impl<V: View> Mirror<V> {
    /// A view of `resources`; nothing is read yet.
    pub fn new(store: &Store, resources: Vec<ResourceId>) -> Self {
        let state = State { view: V::default(), watches: Vec::new() };
        Self { store: store.clone(), resources, state: RwLock::new(state) }
    }

    /// The view, with every change in it that is visible now.
    pub fn read(&self) -> Reading<'_, V> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if !state.is_stale() {
            return Reading(state);
        }
        drop(state);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.catch_up().is_err() {
            self.rebuild(&mut state);
        }
        drop(state);
        Reading(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From nothing: at the first reading, and when changes were forgotten before they were looked at.
    fn rebuild(&self, state: &mut State<V>) {
        state.view = V::default();
        state.watches.clear();
        for resource in &self.resources {
            let Ok(listing) = self.store.list(resource, &ListQuery::default()) else { continue };
            listing.items.iter().for_each(|object| state.view.put(object));
            // What changed since the list comes with the first look at the watch.
            if let Ok(watch) = self.store.watch(Some(resource), None, listing.revision) {
                state.watches.push(watch);
            }
        }
    }
}

impl<V: View> State<V> {
    fn is_stale(&self) -> bool {
        self.watches.is_empty() || self.watches.iter().any(Watch::has_news)
    }

    fn catch_up(&mut self) -> Result<(), StoreError> {
        if self.watches.is_empty() {
            return Err(StoreError::Missing);
        }
        for watch in &mut self.watches {
            loop {
                let events = watch.take_news()?;
                if events.is_empty() {
                    break;
                }
                events.iter().for_each(|event| apply(&mut self.view, event));
            }
        }
        Ok(())
    }
}

fn apply<V: View>(view: &mut V, event: &Event) {
    if let Some(previous) = &event.previous {
        view.remove(previous);
    }
    if event.object.event != EventKind::Deleted {
        view.put(&event.object);
    }
}

/// A view while it is read; nothing should be awaited in the meantime.
pub struct Reading<'m, V>(RwLockReadGuard<'m, State<V>>);

impl<V> std::ops::Deref for Reading<'_, V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0.view
    }
}
