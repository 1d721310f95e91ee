//! Trees put together: one inside another (`spec.include` of a `GitRepository`), or only a part of one.

use std::sync::Arc;
use tree::{ContentId, Entry, EntryKind, PathError, Tree, TreeError, TreePath};

/// Only what is below one directory of a tree. Links there may lead up and out, as long as they stay in the tree.
#[derive(Clone, Debug)]
pub struct Rooted<T> {
    inner: T,
    at: TreePath,
}

impl<T: Tree> Rooted<T> {
    /// `inner` from the directory `at` on.
    pub fn new(inner: T, at: TreePath) -> Self {
        Self { inner, at }
    }

    fn inner_path(&self, path: &TreePath) -> Result<TreePath, TreeError> {
        below(&self.at, path.as_str(), path)
    }
}

/// `directory` and then `rest`, which is normalised already.
fn below(directory: &TreePath, rest: &str, asked: &TreePath) -> Result<TreePath, TreeError> {
    directory
        .join(rest)
        .map_err(|e: PathError| TreeError::Storage { path: asked.clone(), source: Box::new(e) })
}

/// An error about a path of the inner tree, told with the path that was asked for.
fn renamed(error: TreeError, asked: &TreePath) -> TreeError {
    let path = asked.clone();
    match error {
        TreeError::NotFound(_) => TreeError::NotFound(path),
        TreeError::WrongKind(_, kind) => TreeError::WrongKind(path, kind),
        TreeError::Link(_) => TreeError::Link(path),
        TreeError::Storage { source, .. } => TreeError::Storage { path, source },
    }
}

impl<T: Tree> Tree for Rooted<T> {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        self.inner.file(&self.inner_path(path)?).map_err(|e| renamed(e, path))
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        self.inner.list(&self.inner_path(path)?).map_err(|e| renamed(e, path))
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        self.inner.kind(&self.inner_path(path)?).map_err(|e| renamed(e, path))
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        self.inner.id(&self.inner_path(path)?).map_err(|e| renamed(e, path))
    }
}

struct Mount {
    at: TreePath,
    from: TreePath,
    tree: Arc<dyn Tree>,
}

/// A tree with others mounted in it. What is mounted hides what the tree has there; later mounts hide earlier ones.
pub struct Overlay<T> {
    base: T,
    mounts: Vec<Mount>,
}

impl<T: Tree> Overlay<T> {
    /// `base` with nothing mounted.
    pub fn new(base: T) -> Self {
        Self { base, mounts: Vec::new() }
    }

    /// Mounts what stands at `from` in `tree` (a directory or a file) at `at`. The root cannot be a mount.
    #[must_use]
    pub fn mount(mut self, at: TreePath, tree: Arc<dyn Tree>, from: TreePath) -> Self {
        if !at.is_root() {
            self.mounts.push(Mount { at, from, tree });
        }
        self
    }

    /// The mount that `path` is in, and the path inside the mounted tree.
    fn mounted(&self, path: &TreePath) -> Result<Option<(&Mount, TreePath)>, TreeError> {
        let Some(mount) = self.mounts.iter().rev().find(|m| path.is_within(&m.at)) else {
            return Ok(None);
        };
        let rest = path.as_str()[mount.at.as_str().len()..].trim_start_matches('/');
        Ok(Some((mount, below(&mount.from, rest, path)?)))
    }

    /// Mounts strictly below `path`.
    fn mounts_below<'a>(&'a self, path: &'a TreePath) -> impl Iterator<Item = &'a Mount> {
        self.mounts.iter().filter(move |m| m.at != *path && m.at.is_within(path))
    }
}

impl<T: Tree> Tree for Overlay<T> {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        match self.mounted(path)? {
            Some((mount, inner)) => mount.tree.file(&inner).map_err(|e| renamed(e, path)),
            None if self.mounts_below(path).next().is_some() => {
                Err(TreeError::WrongKind(path.clone(), "directory"))
            }
            None => self.base.file(path),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let shown = match self.mounted(path)? {
            Some((mount, inner)) => mount.tree.list(&inner).map_err(|e| renamed(e, path)),
            None => self.base.list(path),
        };
        let mut below = self.mounts_below(path).peekable();
        if below.peek().is_none() {
            return shown;
        }
        let mut entries = match shown {
            Ok(entries) => entries,
            Err(error @ TreeError::Storage { .. }) => return Err(error),
            // The directory exists because something is mounted below it.
            Err(_) => Vec::new(),
        };
        for mount in below {
            let rest = mount.at.as_str()[path.as_str().len()..].trim_start_matches('/');
            let name = rest.split('/').next().unwrap_or(rest);
            let child = crate::overlay::below(path, name, path)?;
            let kind = self.kind(&child)?;
            entries.retain(|e| e.name != name);
            if let Some(kind) = kind {
                entries.push(Entry { name: name.to_owned(), kind });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        if self.mounts_below(path).next().is_some() {
            return Ok(Some(EntryKind::Directory));
        }
        match self.mounted(path)? {
            Some((mount, inner)) => mount.tree.kind(&inner).map_err(|e| renamed(e, path)),
            None => self.base.kind(path),
        }
    }

    /// The identity below, and for a directory with mounts in it those of what is mounted.
    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let own = match self.mounted(path)? {
            Some((mount, inner)) => mount.tree.id(&inner).map_err(|e| renamed(e, path))?,
            None => self.base.id(path)?,
        };
        let mut below = self.mounts_below(path).peekable();
        if below.peek().is_none() {
            return Ok(own);
        }
        let mut all: Vec<u8> = own.map(|id| id.0.into_vec()).unwrap_or_default();
        for mount in below {
            all.extend(mount.at.as_str().as_bytes());
            all.push(0);
            all.extend(mount.tree.id(&mount.from)?.map(|id| id.0.into_vec()).unwrap_or_default());
            all.push(0);
        }
        Ok(Some(ContentId(all.into())))
    }
}

#[cfg(test)]
mod tests;
