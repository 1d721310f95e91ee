//! A read-only file tree and the record of what was read from it; paths that cannot leave it.
//!
//! Renderers read through [`Tree`] and never know whether the bytes come from Git's object database, a
//! store or a directory. Deliberately absent: writing, the file system (a caller brings it as a `Tree`).

mod filtered;
mod ignore;
mod memory;
mod path;
mod trace;

pub use filtered::{Filtered, Sparse};
pub use ignore::{IGNORE_FILE, Ignore, IgnoreError, IgnoreFiles};
pub use memory::MemoryTree;
pub use path::{PathError, TreePath};
pub use trace::{Read, Reads, Traced};

use std::sync::Arc;

/// The identity of content: Git's object id, or any digest that changes when the content does.
/// For a directory it must change whenever anything below it does (as Git's tree ids do).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(pub Box<[u8]>);

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link that could not be resolved inside the tree. Links that stay inside are followed
    /// by the tree and appear as what they point at.
    BrokenLink,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last path segment.
    pub name: String,
    /// What it is, links followed.
    pub kind: EntryKind,
}

/// Why a tree could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Nothing stands at the path.
    #[error("{0}: no such file or directory")]
    NotFound(TreePath),
    /// A directory where a file was wanted, or the reverse.
    #[error("{0}: is a {1}")]
    WrongKind(TreePath, &'static str),
    /// A symbolic link that leaves the tree or loops.
    #[error("{0}: the symbolic link leads outside the tree or in a circle")]
    Link(TreePath),
    /// The storage behind the tree failed.
    #[error("{path}: cannot be read")]
    Storage {
        /// What was to be read.
        path: TreePath,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A tree that somebody else holds.
impl<T: Tree + ?Sized> Tree for Arc<T> {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        (**self).file(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        (**self).list(path)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        (**self).kind(path)
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        (**self).id(path)
    }
}

/// A tree that is borrowed.
impl<T: Tree + ?Sized> Tree for &T {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        (**self).file(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        (**self).list(path)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        (**self).kind(path)
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        (**self).id(path)
    }
}

/// A read-only file tree. Reads are by [`TreePath`], which cannot point outside; links are resolved
/// inside the tree only.
pub trait Tree: Send + Sync {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// [`TreeError`] when there is no such file.
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError>;

    /// The entries of the directory at `path`, sorted by name (bytes).
    ///
    /// # Errors
    /// [`TreeError`] when there is no such directory.
    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError>;

    /// What stands at `path`, `None` when nothing does.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails.
    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError>;

    /// The identity of what stands at `path`, `None` when nothing does.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails.
    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError>;
}
