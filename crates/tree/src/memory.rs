//! A tree held in memory: tests, generated sources, local directories that were read in whole.

#[cfg(test)]
mod tests;

use crate::{ContentId, Entry, EntryKind, PathError, Tree, TreeError, TreePath};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Files by path; directories exist because something stands in them or because they were added.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<TreePath, Arc<[u8]>>,
    /// The names in each directory but the root's, which is always there.
    directories: BTreeMap<TreePath, BTreeMap<String, EntryKind>>,
    root: BTreeMap<String, EntryKind>,
}

impl MemoryTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    ///
    /// # Errors
    /// [`PathError`] when `path` leads outside, names the root, a directory, or something below a file.
    pub fn add(&mut self, path: &str, content: impl AsRef<[u8]>) -> Result<(), PathError> {
        let path = TreePath::parse(path)?;
        self.note(&path, EntryKind::File)?;
        self.files.insert(path, content.as_ref().into());
        Ok(())
    }

    /// Adds a directory, and those above it.
    ///
    /// # Errors
    /// [`PathError`] when `path` leads outside, or names a file or something below one.
    pub fn add_directory(&mut self, path: &str) -> Result<(), PathError> {
        let path = TreePath::parse(path)?;
        if path.is_root() {
            return Ok(());
        }
        self.note(&path, EntryKind::Directory)?;
        self.directories.entry(path).or_default();
        Ok(())
    }

    /// Every file, in path order.
    pub fn files(&self) -> impl Iterator<Item = (&TreePath, &Arc<[u8]>)> {
        self.files.iter()
    }

    fn children(&self, directory: &TreePath) -> Option<&BTreeMap<String, EntryKind>> {
        if directory.is_root() { Some(&self.root) } else { self.directories.get(directory) }
    }

    /// Enters the path into its directory, and that into the one above, up to the root.
    fn note(&mut self, path: &TreePath, kind: EntryKind) -> Result<(), PathError> {
        let occupied = || PathError::Occupied(path.to_string());
        let other = match kind {
            EntryKind::Directory => self.files.contains_key(path),
            _ => path.is_root() || self.directories.contains_key(path),
        };
        if other {
            return Err(occupied());
        }
        let (mut name, mut kind) = (path.file_name().to_owned(), kind);
        let mut above = path.parent();
        // All of it is checked before anything is changed.
        let mut directories = Vec::new();
        while let Some(directory) = above {
            if self.files.contains_key(&directory) {
                return Err(occupied());
            }
            above = directory.parent();
            directories.push(directory);
        }
        for directory in directories {
            let next = directory.file_name().to_owned();
            let children = if directory.is_root() {
                &mut self.root
            } else {
                self.directories.entry(directory).or_default()
            };
            children.insert(name, kind);
            (name, kind) = (next, EntryKind::Directory);
        }
        Ok(())
    }

    fn hash_directory(&self, path: &TreePath, hasher: &mut DefaultHasher) {
        for (name, kind) in self.children(path).into_iter().flatten() {
            let Ok(below) = path.join(name) else { continue };
            (name, *kind == EntryKind::Directory).hash(hasher);
            match self.files.get(&below) {
                Some(content) => content.hash(hasher),
                None => {
                    self.hash_directory(&below, hasher);
                    // The end of a directory counts: its last file is not its neighbour.
                    0xff_u8.hash(hasher);
                }
            }
        }
    }
}

impl Tree for MemoryTree {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        if let Some(content) = self.files.get(path) {
            return Ok(content.clone());
        }
        Err(match self.kind(path)? {
            Some(_) => TreeError::WrongKind(path.clone(), "directory"),
            None => TreeError::NotFound(path.clone()),
        })
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        if let Some(children) = self.children(path) {
            let entry =
                |(name, kind): (&String, &EntryKind)| Entry { name: name.clone(), kind: *kind };
            return Ok(children.iter().map(entry).collect());
        }
        Err(match self.kind(path)? {
            Some(_) => TreeError::WrongKind(path.clone(), "file"),
            None => TreeError::NotFound(path.clone()),
        })
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        Ok(if self.files.contains_key(path) {
            Some(EntryKind::File)
        } else {
            self.children(path).map(|_| EntryKind::Directory)
        })
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let mut hasher = DefaultHasher::new();
        match self.kind(path)? {
            None => return Ok(None),
            Some(EntryKind::File) => self.files.get(path).hash(&mut hasher),
            Some(_) => self.hash_directory(path, &mut hasher),
        }
        Ok(Some(ContentId(hasher.finish().to_be_bytes().into())))
    }
}
