//! What can be reached from a commit: whether all of it is here, and what must stay when packs are merged.

use super::super::objects::{Handle, ObjectError, read_with};
use super::super::tree_objects::{Decoded, Mode};
use super::{Repository, lock};
use gix::ObjectId;
use gix::objs::{Exists, Kind};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Facts remembered before they are forgotten all at once: some tens of MB.
const MOST_REMEMBERED: usize = 400_000;

/// Which tree objects hold links.
#[derive(Default)]
pub(crate) struct LinkMemory(Mutex<HashMap<ObjectId, bool>>);

impl LinkMemory {
    pub(crate) fn get(&self, id: ObjectId) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    pub(crate) fn put(&self, id: ObjectId, has: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.clear();
        }
        known.insert(id, has);
    }
}

impl Repository {
    /// Every tree and file of `commit` is here, or an error names what is not. Subtrees found whole before are
    /// not looked at again, so that after an incremental fetch this costs what changed.
    pub(super) fn check_complete(&self, commit: ObjectId) -> Result<(), ObjectError> {
        let root = self.0.objects.tree_of(commit)?;
        let mut complete = lock(&self.0.complete);
        if complete.contains(&root) {
            return Ok(());
        }
        let mut found = Vec::new();
        self.0.objects.with(|handle| {
            let mut pending = vec![root];
            let mut seen = HashSet::new();
            while let Some(id) = pending.pop() {
                if complete.contains(&id) || !seen.insert(id) {
                    continue;
                }
                let tree = tree_object(handle, id)?;
                for node in &tree.nodes {
                    match node.mode {
                        Mode::Tree => pending.push(node.id),
                        Mode::Submodule => {}
                        _ if !seen.insert(node.id) => {}
                        _ if handle.exists(&node.id) => {}
                        _ => return Err(ObjectError::Missing(node.id)),
                    }
                }
                found.push(id);
            }
            Ok(())
        })?;
        if complete.len() + found.len() > MOST_REMEMBERED {
            complete.clear();
        }
        complete.extend(found);
        Ok(())
    }

    /// Everything that can be reached from `commits` and is here, submodules included.
    pub(super) fn reachable(
        &self,
        commits: &[ObjectId],
    ) -> Result<Vec<(ObjectId, Kind)>, ObjectError> {
        let handle = self.0.objects.handle();
        let mut seen = HashSet::new();
        let mut objects = Vec::new();
        let mut pending: Vec<(ObjectId, Kind)> =
            commits.iter().map(|id| (*id, Kind::Commit)).collect();
        while let Some((id, kind)) = pending.pop() {
            // A commit written down but gone is no reason to keep nothing of the others.
            if !seen.insert(id) || (kind == Kind::Commit && !handle.exists(&id)) {
                continue;
            }
            objects.push((id, kind));
            match kind {
                Kind::Commit => pending.push((self.0.objects.tree_of(id)?, Kind::Tree)),
                Kind::Tree => {
                    for node in &tree_object(&handle, id)?.nodes {
                        match node.mode {
                            Mode::Tree => pending.push((node.id, Kind::Tree)),
                            Mode::Submodule => pending.push((node.id, Kind::Commit)),
                            _ => pending.push((node.id, Kind::Blob)),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(objects)
    }
}

fn tree_object(handle: &Handle, id: ObjectId) -> Result<Decoded, ObjectError> {
    read_with(handle, id, Kind::Tree, &mut Vec::new(), |data| Decoded::parse(id, data))?
}
