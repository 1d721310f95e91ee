//! A tree held in memory: tests, generated sources, local directories that were read in whole.

use crate::{ContentId, Entry, EntryKind, PathError, Tree, TreeError, TreePath};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Files by path; directories exist because something stands in them or because they were added.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<TreePath, Arc<[u8]>>,
    directories: BTreeMap<TreePath, ()>,
}

impl MemoryTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    ///
    /// # Errors
    /// [`PathError`] when `path` leads outside.
    pub fn add(&mut self, path: &str, content: impl AsRef<[u8]>) -> Result<(), PathError> {
        let path = TreePath::parse(path)?;
        let mut up = path.parent();
        while let Some(directory) = up {
            up = directory.parent();
            self.directories.insert(directory, ());
        }
        self.files.insert(path, content.as_ref().into());
        Ok(())
    }

    /// Adds a directory, and those above it.
    ///
    /// # Errors
    /// [`PathError`] when `path` leads outside.
    pub fn add_directory(&mut self, path: &str) -> Result<(), PathError> {
        let mut up = Some(TreePath::parse(path)?);
        while let Some(directory) = up {
            up = directory.parent();
            self.directories.insert(directory, ());
        }
        Ok(())
    }

    /// Every file, in path order.
    pub fn files(&self) -> impl Iterator<Item = (&TreePath, &Arc<[u8]>)> {
        self.files.iter()
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
        match self.kind(path)? {
            Some(EntryKind::Directory) => {}
            Some(_) => return Err(TreeError::WrongKind(path.clone(), "file")),
            None => return Err(TreeError::NotFound(path.clone())),
        }
        let child =
            |p: &TreePath| (p.parent().as_ref() == Some(path)).then(|| p.file_name().to_owned());
        let mut entries: Vec<Entry> = self
            .files
            .keys()
            .filter_map(child)
            .map(|name| Entry { name, kind: EntryKind::File })
            .chain(
                self.directories
                    .keys()
                    .filter_map(child)
                    .map(|name| Entry { name, kind: EntryKind::Directory }),
            )
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        Ok(if self.files.contains_key(path) {
            Some(EntryKind::File)
        } else if path.is_root() || self.directories.contains_key(path) {
            Some(EntryKind::Directory)
        } else {
            None
        })
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let mut hasher = DefaultHasher::new();
        match self.kind(path)? {
            None => return Ok(None),
            Some(EntryKind::File) => self.files.get(path).hash(&mut hasher),
            Some(_) => {
                for (file, content) in self.files.iter().filter(|(f, _)| f.is_within(path)) {
                    (file, content).hash(&mut hasher);
                }
            }
        }
        Ok(Some(ContentId(hasher.finish().to_be_bytes().into())))
    }
}
