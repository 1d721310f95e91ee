//! The record of what a render read, so that the next commit renders only what it must.

#[cfg(test)]
mod tests;

use crate::{ContentId, Entry, EntryKind, Tree, TreeError, TreePath};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What one read saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A file's content.
    File(ContentId),
    /// The names and kinds in a directory (not what the files hold).
    Listing(Vec<(String, EntryKind)>),
    /// Only what kind of thing stands there, `None` for nothing: a probe that must be repeated.
    Kind(Option<EntryKind>),
}

fn listing(entries: &[Entry]) -> Read {
    Read::Listing(entries.iter().map(|e| (e.name.clone(), e.kind)).collect())
}

/// Everything a render read, misses included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads(BTreeMap<(TreePath, u8), Read>);

impl Reads {
    /// Whether every recorded read would see the same in `tree`: then the render would give the same.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails.
    pub fn unchanged_in(&self, tree: &dyn Tree) -> Result<bool, TreeError> {
        for ((path, _), read) in &self.0 {
            let same = match read {
                Read::File(id) => tree.id(path)?.as_ref() == Some(id),
                Read::Kind(kind) => tree.kind(path)? == *kind,
                Read::Listing(_) => match tree.list(path) {
                    Ok(entries) => listing(&entries) == *read,
                    Err(TreeError::Storage { path, source }) => {
                        return Err(TreeError::Storage { path, source });
                    }
                    Err(_) => false,
                },
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The recorded reads in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Read)> {
        self.0.iter().map(|((path, _), read)| (path, read))
    }

    /// Number of recorded reads.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A tree that writes down what is read from it.
pub struct Traced<'a> {
    inner: &'a dyn Tree,
    reads: Mutex<Reads>,
}

impl<'a> Traced<'a> {
    /// Records the reads of `inner`.
    pub fn new(inner: &'a dyn Tree) -> Self {
        Self { inner, reads: Mutex::default() }
    }

    /// The record.
    pub fn into_reads(self) -> Reads {
        self.reads.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &TreePath, read: Read) {
        let tag = match read {
            Read::File(_) => 0,
            Read::Listing(_) => 1,
            Read::Kind(_) => 2,
        };
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.0.insert((path.clone(), tag), read);
    }
}

impl Tree for Traced<'_> {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        let answer = self.inner.file(path);
        match (&answer, self.inner.id(path)?) {
            (Ok(_), Some(id)) => self.note(path, Read::File(id)),
            _ => self.note(path, Read::Kind(self.inner.kind(path)?)),
        }
        answer
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let answer = self.inner.list(path);
        match &answer {
            Ok(entries) => self.note(path, listing(entries)),
            Err(_) => self.note(path, Read::Kind(self.inner.kind(path)?)),
        }
        answer
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        let answer = self.inner.kind(path)?;
        self.note(path, Read::Kind(answer));
        Ok(answer)
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        // Asking for the identity is depending on the content.
        let answer = self.inner.id(path)?;
        match &answer {
            Some(id) => self.note(path, Read::File(id.clone())),
            None => self.note(path, Read::Kind(None)),
        }
        Ok(answer)
    }
}
