//! Decoded tree objects, shared and bounded: what most questions about a Git tree are answered from.

use super::objects::{ObjectError, Objects, read_with};
use gix::ObjectId;
use gix::objs::{Kind, tree::EntryKind as GitKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What an entry of a tree object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Tree,
    File,
    Executable,
    Link,
    Submodule,
}

/// One entry of a tree object.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: Box<str>,
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
}

/// A tree object, sorted by name as bytes (Git itself sorts directories as if a slash followed).
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) nodes: Box<[Node]>,
}

impl Decoded {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.nodes.binary_search_by(|node| (*node.name).cmp(name)).ok().map(|at| &self.nodes[at])
    }

    /// Reads a tree object. Names that no path of ours can say (not UTF-8, `.`, `..`, `.git`, with a slash or a
    /// line break) are left out: nothing can be read through them. Two entries of one name are an error.
    pub(crate) fn parse(id: ObjectId, data: &[u8]) -> Result<Self, ObjectError> {
        let malformed = |problem: String| ObjectError::Malformed { id, problem };
        let mut nodes = Vec::new();
        for entry in gix::objs::TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1) {
            let entry = entry.map_err(|e| malformed(e.to_string()))?;
            let mode = match entry.mode.kind() {
                GitKind::Tree => Mode::Tree,
                GitKind::Blob => Mode::File,
                GitKind::BlobExecutable => Mode::Executable,
                GitKind::Link => Mode::Link,
                GitKind::Commit => Mode::Submodule,
            };
            let bytes: &[u8] = entry.filename;
            match std::str::from_utf8(bytes) {
                Ok(name) if sayable(name) => {
                    nodes.push(Node { name: name.into(), mode, id: entry.oid.to_owned() })
                }
                _ => {}
            }
        }
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(twice) = nodes.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(malformed(format!("two entries named '{}'", twice[0].name)));
        }
        Ok(Self { nodes: nodes.into() })
    }
}

fn sayable(name: &str) -> bool {
    let special = matches!(name, "" | "." | "..") || name.eq_ignore_ascii_case(".git");
    !special && !name.contains(['/', '\0', '\n', '\r'])
}

const SHARDS: usize = 16;
/// Entries of one shard's generation, counted with one per tree on top: about 30 MB at the very worst in all.
const GENERATION: usize = 16_384;

#[derive(Default)]
struct Shard {
    young: HashMap<ObjectId, Arc<Decoded>>,
    old: HashMap<ObjectId, Arc<Decoded>>,
    weight: usize,
}

/// Trees by id, the least recently used half forgotten when it grows too large.
#[derive(Default)]
pub(crate) struct TreeCache {
    shards: [Mutex<Shard>; SHARDS],
}

impl TreeCache {
    /// The tree object, from memory or the database.
    pub(crate) fn get(&self, objects: &Objects, id: ObjectId) -> Result<Arc<Decoded>, ObjectError> {
        let shard = &self.shards[usize::from(id.as_slice()[19]) % SHARDS];
        {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = shard.young.get(&id) {
                return Ok(found.clone());
            }
            if let Some(found) = shard.old.remove(&id) {
                shard.insert(id, found.clone());
                return Ok(found);
            }
        }
        let decoded = objects.with(|handle| {
            read_with(handle, id, Kind::Tree, &mut Vec::new(), |data| Decoded::parse(id, data))
        })??;
        let decoded = Arc::new(decoded);
        shard.lock().unwrap_or_else(PoisonError::into_inner).insert(id, decoded.clone());
        Ok(decoded)
    }
}

impl Shard {
    fn insert(&mut self, id: ObjectId, tree: Arc<Decoded>) {
        self.weight += tree.nodes.len() + 1;
        if self.weight > GENERATION && !self.young.is_empty() {
            self.old = std::mem::take(&mut self.young);
            self.weight = tree.nodes.len() + 1;
        }
        self.young.insert(id, tree);
    }
}

#[cfg(test)]
mod tests;
