//! Which application is worked on next: one queue, each key at most once in it and at most once in work.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What comes first when several wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody waits for it: a commit that touches it, a drift, a request.
    Now,
    /// A first run, a dependency that became ready, a retry.
    Soon,
    /// Book-keeping: an unaffected application reports the new revision, an interval is over.
    Later,
}

/// A queue of keys with urgencies and delays.
///
/// A key that is added while it is being worked on is handed out again after [`Queue::done`]; nothing is lost and
/// nothing runs twice at once.
pub struct Queue<K> {
    state: Mutex<State<K>>,
    changed: Notify,
}

struct State<K> {
    ready: BTreeSet<(Urgency, u64, K)>,
    queued: HashMap<K, (Urgency, u64)>,
    working: HashMap<K, Working>,
    timers: BTreeMap<(Instant, u64), (K, Urgency)>,
    timer_of: HashMap<K, (Instant, u64)>,
    next: u64,
}

/// What is known of a key that is being worked on.
#[derive(Default)]
struct Working {
    /// It was added meanwhile, and is handed out again.
    again: Option<Urgency>,
    /// The delay it still had when it was handed out.
    delay: Option<(Instant, Urgency)>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        let state = State {
            ready: BTreeSet::new(),
            queued: HashMap::new(),
            working: HashMap::new(),
            timers: BTreeMap::new(),
            timer_of: HashMap::new(),
            next: 0,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Queue<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `key` in line. In line already: the more urgent of both wins.
    pub fn add(&self, key: K, urgency: Urgency) {
        self.state().add(key, urgency);
        self.changed.notify_one();
    }

    /// Puts `key` in line after `delay`; the earlier of two delays wins.
    pub fn add_after(&self, key: K, delay: Duration, urgency: Urgency) {
        let mut state = self.state();
        let at = Instant::now() + delay;
        if let Some(other) = state.timer_of.get(&key).copied() {
            if other.0 <= at {
                return;
            }
            state.timers.remove(&other);
        }
        state.next += 1;
        let slot = (at, state.next);
        state.timers.insert(slot, (key.clone(), urgency));
        state.timer_of.insert(key, slot);
        drop(state);
        self.changed.notify_one();
    }

    /// Forgets `key`: not handed out again unless added anew.
    pub fn forget(&self, key: &K) {
        let mut state = self.state();
        if let Some(slot) = state.timer_of.remove(key) {
            state.timers.remove(&slot);
        }
        if let Some((urgency, number)) = state.queued.remove(key) {
            state.ready.remove(&(urgency, number, key.clone()));
        }
        if let Some(working) = state.working.get_mut(key) {
            *working = Working::default();
        }
    }

    /// The next key to work on; waits for one. Its delay, if it had one, is over with this, unless
    /// [`Self::resume_delay`] puts it back.
    pub async fn next(&self) -> K {
        loop {
            let wait = {
                let mut state = self.state();
                state.fire(Instant::now());
                if let Some((_, _, key)) = state.ready.pop_first() {
                    state.queued.remove(&key);
                    let slot = state.timer_of.remove(&key);
                    let delay = slot.and_then(|slot| Some((slot.0, state.timers.remove(&slot)?.1)));
                    state.working.insert(key.clone(), Working { again: None, delay });
                    if !state.ready.is_empty() {
                        // One permit wakes one worker; there is more to do, so pass it on.
                        self.changed.notify_one();
                    }
                    return key;
                }
                state.timers.keys().next().map(|(at, _)| *at)
            };
            match wait {
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(at) => {}
                        () = self.changed.notified() => {}
                    }
                }
                None => self.changed.notified().await,
            }
        }
    }

    /// There was nothing to do for `key`: the delay it had when it was handed out goes on. Answers whether it had one.
    pub fn resume_delay(&self, key: &K) -> bool {
        let delay = self.state().working.get_mut(key).and_then(|working| working.delay.take());
        if let Some((at, urgency)) = delay {
            let rest = at.saturating_duration_since(Instant::now());
            self.add_after(key.clone(), rest, urgency);
        }
        delay.is_some()
    }

    /// The work on `key` is over.
    pub fn done(&self, key: &K) {
        let mut state = self.state();
        let again = state.working.remove(key).and_then(|working| working.again);
        if let Some(urgency) = again {
            state.add(key.clone(), urgency);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// How many wait in line, and how many are worked on.
    pub fn depth(&self) -> (usize, usize) {
        let state = self.state();
        (state.ready.len(), state.working.len())
    }
}

impl<K: Clone + Eq + Hash + Ord> State<K> {
    fn add(&mut self, key: K, urgency: Urgency) {
        if let Some(working) = self.working.get_mut(&key) {
            working.again = Some(working.again.map_or(urgency, |u| u.min(urgency)));
            return;
        }
        if let Some((old, number)) = self.queued.get(&key).copied() {
            if old <= urgency {
                return;
            }
            self.ready.remove(&(old, number, key.clone()));
        }
        self.next += 1;
        self.queued.insert(key.clone(), (urgency, self.next));
        self.ready.insert((urgency, self.next, key));
    }

    /// Moves what is due into line.
    fn fire(&mut self, now: Instant) {
        while let Some(slot) = self.timers.keys().next().copied().filter(|(at, _)| *at <= now) {
            if let Some((key, urgency)) = self.timers.remove(&slot) {
                self.timer_of.remove(&key);
                self.add(key, urgency);
            }
        }
    }
}

#[cfg(test)]
mod tests;
