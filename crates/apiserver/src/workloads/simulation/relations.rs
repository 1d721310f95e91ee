//! Who is concerned when an object changes: its controller, and those who select or wait for it.

use super::super::owner::controller_key;
use crate::store::{Key, Stored};
use std::collections::{HashMap, HashSet};

/// What must be known of objects without reading them.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// Pods that wait for a ConfigMap or Secret, by namespace.
    blocked: HashMap<String, HashSet<Key>>,
}

impl Relations {
    /// Takes note of what an object selects or points to.
    pub(super) fn learn(&mut self, _object: &Stored) {}

    pub(super) fn forget(&mut self, key: &Key) {
        if let Some(blocked) = self.blocked.get_mut(key.namespace()) {
            blocked.remove(key);
            if blocked.is_empty() {
                self.blocked.remove(key.namespace());
            }
        }
    }

    /// Those that have to look again because `object` changed or went.
    pub(super) fn concerned(&self, object: &Stored) -> Vec<Key> {
        let mut found = Vec::new();
        if !object.owners.is_empty() {
            found.extend(controller_key(&object.value()));
        }
        found
    }

    /// A Pod waits for a ConfigMap or Secret.
    pub(super) fn block(&mut self, pod: &Key) {
        self.blocked.entry(pod.namespace().to_owned()).or_default().insert(pod.clone());
    }

    /// The Pods of a namespace that waited.
    pub(super) fn unblock(&mut self, namespace: &str) -> HashSet<Key> {
        self.blocked.remove(namespace).unwrap_or_default()
    }
}
