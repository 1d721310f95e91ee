//! The object database of one repository: thread-safe reading, packs in, packs merged.
//!
//! Readers borrow a handle from a small pool, because a handle keeps caches of its own. Deliberately absent:
//! references, loose objects written by us, replacement objects, alternates.

use super::error::GitError;
use gix::objs::Kind;
use gix::{ObjectId, oid};
use gix_pack::cache::lru::MemoryCappedHashmap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// At most this many packs can stand in one store; we merge long before.
const SLOTS: u16 = 512;
/// Decoded delta bases kept by each pooled handle.
const DELTA_CACHE: usize = 4 << 20;
/// Handles kept for reuse.
const POOL: usize = 8;

pub(crate) type Handle = gix::odb::HandleArc;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    #[error("object {0} is missing")]
    Missing(ObjectId),
    #[error("object {id} is a {found}, not a {wanted}")]
    Kind { id: ObjectId, found: Kind, wanted: Kind },
    #[error("object {id} is malformed: {problem}")]
    Malformed { id: ObjectId, problem: String },
    #[error("object {id} cannot be read: {problem}")]
    Read { id: ObjectId, problem: String },
}

/// What a handle remembers of the objects that others are stored as differences to.
pub(crate) fn delta_cache() -> Box<gix::odb::cache::PackCache> {
    Box::new(MemoryCappedHashmap::new(DELTA_CACHE))
}

/// A bare object database in a directory.
pub(crate) struct Objects {
    directory: PathBuf,
    store: Arc<gix::odb::Store>,
    idle: Mutex<Vec<Handle>>,
}

impl Objects {
    /// Opens the database in `directory`, making it when it is not there, and removes what an interrupted
    /// write left behind.
    pub(crate) fn open(directory: &Path, largest_object: u64) -> Result<Self, GitError> {
        let packs = directory.join("pack");
        std::fs::create_dir_all(&packs).map_err(|e| {
            GitError::storage(format!("make the directory '{}'", packs.display()), e)
        })?;
        remove_leftovers(&packs)
            .map_err(|e| GitError::storage(format!("tidy '{}'", packs.display()), e))?;
        let options = gix::odb::store::init::Options {
            slots: gix::odb::store::init::Slots::Given(SLOTS),
            use_multi_pack_index: false,
            alloc_limit_bytes: Some(usize::try_from(largest_object).unwrap_or(usize::MAX)),
            ..Default::default()
        };
        let store = gix::odb::Store::at_opts(
            directory.to_owned(),
            gix::hash::Kind::Sha1,
            &mut std::iter::empty(),
            options,
        )
        .map_err(|e| GitError::storage(format!("open '{}'", directory.display()), e))?;
        Ok(Self { directory: directory.to_owned(), store: Arc::new(store), idle: Mutex::default() })
    }

    /// Where the packs are.
    pub(crate) fn pack_directory(&self) -> PathBuf {
        self.directory.join("pack")
    }

    /// A handle of one's own.
    pub(crate) fn handle(&self) -> Handle {
        let mut handle = self.store.to_cache_arc();
        handle.set_pack_cache(delta_cache);
        handle
    }

    /// Runs `read` with a pooled handle.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Handle) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let handle = idle.unwrap_or_else(|| self.handle());
        let answer = read(&handle);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOL {
            idle.push(handle);
        }
        answer
    }

    /// Whether the object is here.
    pub(crate) fn contains(&self, id: &oid) -> bool {
        self.with(|handle| gix::objs::Exists::exists(handle, id))
    }

    /// The content of an object of the given kind.
    pub(crate) fn read<T>(
        &self,
        id: ObjectId,
        wanted: Kind,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ObjectError> {
        self.with(|handle| read_with(handle, id, wanted, &mut Vec::new(), take))
    }

    /// A copy of an object of the given kind.
    pub(crate) fn copy(&self, id: ObjectId, wanted: Kind) -> Result<Vec<u8>, ObjectError> {
        self.read(id, wanted, <[u8]>::to_vec)
    }

    /// The tree of a commit.
    pub(crate) fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, ObjectError> {
        self.read(commit, Kind::Commit, |data| {
            gix::objs::CommitRefIter::from_bytes(data, gix::hash::Kind::Sha1)
                .tree_id()
                .map_err(|e| ObjectError::Malformed { id: commit, problem: e.to_string() })
        })?
    }

    /// The packs that are complete, with their size in bytes.
    pub(crate) fn packs(&self) -> Result<Vec<(PathBuf, u64)>, GitError> {
        let directory = self.pack_directory();
        let failed = |e| GitError::storage(format!("list '{}'", directory.display()), e);
        let mut packs = Vec::new();
        for entry in std::fs::read_dir(&directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|e| e == "idx") {
                let pack = path.with_extension("pack");
                if let Ok(metadata) = pack.metadata() {
                    packs.push((pack, metadata.len()));
                }
            }
        }
        packs.sort();
        Ok(packs)
    }
}

/// Any object.
pub(crate) fn find<'a>(
    handle: &impl gix::objs::Find,
    id: ObjectId,
    buffer: &'a mut Vec<u8>,
) -> Result<(Kind, &'a [u8]), ObjectError> {
    match handle.try_find(&id, buffer) {
        Ok(Some(object)) => Ok((object.kind, object.data)),
        Ok(None) => Err(ObjectError::Missing(id)),
        Err(e) => Err(ObjectError::Read { id, problem: e.to_string() }),
    }
}

/// An object of one kind.
pub(crate) fn read_with<T>(
    handle: &impl gix::objs::Find,
    id: ObjectId,
    wanted: Kind,
    buffer: &mut Vec<u8>,
    take: impl FnOnce(&[u8]) -> T,
) -> Result<T, ObjectError> {
    match find(handle, id, buffer)? {
        (found, data) if found == wanted => Ok(take(data)),
        (found, _) => Err(ObjectError::Kind { id, found, wanted }),
    }
}

/// Removes temporary files, and packs without an index: a process died while it wrote them.
fn remove_leftovers(packs: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(packs)? {
        let path = entry?.path();
        let stale = match path.extension().and_then(|e| e.to_str()) {
            Some("idx") => !path.with_extension("pack").exists(),
            Some("pack") => !path.with_extension("idx").exists(),
            _ => true,
        };
        if stale && path.is_file() {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
