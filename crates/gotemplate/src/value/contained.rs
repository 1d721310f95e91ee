//! Freeing maps that contain themselves.
//!
//! `set $d "self" $d` makes a cycle, which reference counts never free. Go's collector does; an embedder that renders
//! charts of strangers for months must, too.

use super::{Entries, Map};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// The maps made since the outermost [`contained`] began.
struct Maps {
    made: Vec<Weak<Map>>,
    /// When so many are there, those that are gone are forgotten.
    sweep_at: usize,
}

thread_local! {
    static MAPS: RefCell<Option<Maps>> = const { RefCell::new(None) };
}

/// Runs `f`, then empties every map that was made meanwhile on this thread and still lives, so that none outlives it
/// in a cycle. What `f` returns must therefore hold no values made inside; text and data are fine.
pub fn contained<T>(f: impl FnOnce() -> T) -> T {
    /// Empties the maps also when `f` panics.
    struct Outermost;
    impl Drop for Outermost {
        fn drop(&mut self) {
            let maps = MAPS.take();
            for map in maps.into_iter().flat_map(|m| m.made) {
                if let Some(map) = map.upgrade() {
                    drop(map.take_entries());
                }
            }
        }
    }
    let outermost = MAPS.with_borrow_mut(|maps| {
        let none = maps.is_none();
        if none {
            *maps = Some(Maps { made: Vec::new(), sweep_at: 1024 });
        }
        none
    });
    let _guard = outermost.then_some(Outermost);
    f()
}

/// A shared map that [`contained`] knows.
pub(super) fn share(map: Map) -> Rc<Map> {
    let map = Rc::new(map);
    MAPS.with_borrow_mut(|maps| {
        if let Some(maps) = maps {
            if maps.made.len() >= maps.sweep_at {
                maps.made.retain(|m| m.strong_count() > 0);
                maps.sweep_at = 1024.max(2 * maps.made.len());
            }
            maps.made.push(Rc::downgrade(&map));
        }
    });
    map
}

impl Map {
    /// A map that several values can share.
    pub fn shared(entries: Entries) -> Rc<Self> {
        share(Self::new(super::Type::Any, entries))
    }
}
