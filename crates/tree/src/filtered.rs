//! A tree without what its source leaves out.

#[cfg(test)]
mod tests;

use crate::ignore::Fingerprint;
use crate::{ContentId, Entry, EntryKind, Ignore, Tree, TreeError, TreePath};
use std::sync::Arc;

/// A tree that hides ignored paths and, if wanted, everything outside of a list of directories.
///
/// A directory is visible when it is not ignored itself, or when something visible is below it.
pub struct Filtered<T> {
    inner: T,
    ignore: Ignore,
    sparse: Option<Sparse>,
    fingerprint: Fingerprint,
}

/// The directories of a sparse checkout (`spec.sparseCheckout`).
///
/// As go-git has it, a path is kept when it begins with one of the texts: `deploy` keeps `deploy.yaml` and
/// `deployments/` too, `deploy/` does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sparse {
    prefixes: Vec<String>,
}

impl Sparse {
    /// From the directories as the source names them; `./` in front does not count.
    pub fn new<S: AsRef<str>>(directories: impl IntoIterator<Item = S>) -> Self {
        let trim = |d: S| d.as_ref().strip_prefix("./").unwrap_or(d.as_ref()).to_owned();
        Self { prefixes: directories.into_iter().map(trim).collect() }
    }

    /// The first directory that does not exist in `tree`, which Flux reports as an error.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails.
    pub fn missing_in(&self, tree: &dyn Tree) -> Result<Option<&str>, TreeError> {
        for prefix in &self.prefixes {
            let exists = match TreePath::parse(prefix) {
                Ok(path) => tree.kind(&path)?.is_some(),
                Err(_) => false,
            };
            if !exists {
                return Ok(Some(prefix));
            }
        }
        Ok(None)
    }

    fn keeps(&self, path: &TreePath, is_directory: bool) -> bool {
        let text = path.as_str();
        self.prefixes.iter().any(|prefix| {
            text.starts_with(prefix.as_str())
                || (is_directory && prefix.strip_prefix(text).is_some_and(|r| r.starts_with('/')))
        })
    }
}

impl<T: Tree> Filtered<T> {
    /// `inner` without what `ignore` leaves out.
    pub fn new(inner: T, ignore: Ignore, sparse: Option<Sparse>) -> Self {
        let mut fingerprint = ignore.fingerprint();
        for prefix in sparse.iter().flat_map(|s| &s.prefixes) {
            fingerprint.add(prefix);
        }
        Self { inner, ignore, sparse, fingerprint }
    }

    /// The tree behind, with everything in it.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    fn is_visible(&self, path: &TreePath, kind: EntryKind) -> Result<bool, TreeError> {
        let is_directory = kind == EntryKind::Directory;
        if path.is_root() {
            return Ok(true);
        }
        if self.sparse.as_ref().is_some_and(|s| !s.keeps(path, is_directory)) {
            return Ok(false);
        }
        if !self.ignore.ignores(path, is_directory) {
            return Ok(true);
        }
        if !is_directory || !self.ignore.has_inclusion() {
            return Ok(false);
        }
        self.holds_something(path, &mut Vec::new())
    }

    /// Whether a file below the ignored directory is visible; `above` are the directories on the way, because
    /// a link may lead back up.
    fn holds_something(
        &self,
        directory: &TreePath,
        above: &mut Vec<ContentId>,
    ) -> Result<bool, TreeError> {
        let Some(id) = self.inner.id(directory)? else { return Ok(false) };
        if above.contains(&id) {
            return Ok(false);
        }
        above.push(id);
        let mut found = false;
        for entry in self.inner.list(directory)? {
            let Ok(path) = directory.join(&entry.name) else { continue };
            let is_directory = entry.kind == EntryKind::Directory;
            if self.sparse.as_ref().is_some_and(|s| !s.keeps(&path, is_directory)) {
                continue;
            }
            found = !self.ignore.ignores(&path, is_directory)
                || (is_directory && self.holds_something(&path, above)?);
            if found {
                break;
            }
        }
        above.pop();
        Ok(found)
    }

    /// Fails as if nothing stood at a path that is hidden.
    fn require(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        self.kind(path)?.ok_or_else(|| TreeError::NotFound(path.clone()))
    }
}

impl<T: Tree> Tree for Filtered<T> {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        self.require(path)?;
        self.inner.file(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        self.require(path)?;
        let mut entries = Vec::new();
        for entry in self.inner.list(path)? {
            let visible = match path.join(&entry.name) {
                Ok(below) => self.is_visible(&below, entry.kind)?,
                Err(_) => false,
            };
            if visible {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        Ok(match self.inner.kind(path)? {
            Some(kind) if self.is_visible(path, kind)? => Some(kind),
            _ => None,
        })
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let Some(kind) = self.kind(path)? else { return Ok(None) };
        let Some(id) = self.inner.id(path)? else { return Ok(None) };
        if kind != EntryKind::Directory {
            return Ok(Some(id));
        }
        // What is visible depends on the patterns as well as on what is there.
        let both: Vec<u8> = id.0.iter().copied().chain(self.fingerprint.to_bytes()).collect();
        Ok(Some(ContentId(both.into())))
    }
}
