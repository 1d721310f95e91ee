//! A directory of this machine as a tree: for `windlass build` and `windlass plan --dir`. The operator never reads one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::{ContentId, Entry, EntryKind, Tree, TreeError, TreePath};

/// A directory, read as it is at each moment. Links are followed as long as they stay inside.
#[derive(Clone, Debug)]
pub struct DirectoryTree {
    root: PathBuf,
}

impl DirectoryTree {
    /// The tree whose root is `root`.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        if root.is_dir() { Ok(Self { root }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Where `path` really is; `None` when nothing is there.
    fn resolve(&self, path: &TreePath) -> Result<Option<PathBuf>, TreeError> {
        match self.root.join(path.as_str()).canonicalize() {
            Ok(real) if real.starts_with(&self.root) => Ok(Some(real)),
            Ok(_) => Err(TreeError::Link(path.clone())),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                // ELOOP on Linux, which the standard library does not name yet.
                _ if error.raw_os_error() == Some(40) => Err(TreeError::Link(path.clone())),
                _ => Err(storage(path, error)),
            },
        }
    }

    fn entries(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let real = self.resolve(path)?.ok_or_else(|| TreeError::NotFound(path.clone()))?;
        if !real.is_dir() {
            return Err(TreeError::WrongKind(path.clone(), "file"));
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&real).map_err(|e| storage(path, e))? {
            let entry = entry.map_err(|e| storage(path, e))?;
            // Names that are no text cannot be named in a manifest either.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(below) = path.join(&name) else { continue };
            let kind = match self.kind(&below) {
                Ok(Some(kind)) => kind,
                Ok(None) | Err(TreeError::Link(_)) => EntryKind::BrokenLink,
                Err(error) => return Err(error),
            };
            entries.push(Entry { name, kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

impl Tree for DirectoryTree {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        let real = self.resolve(path)?.ok_or_else(|| TreeError::NotFound(path.clone()))?;
        if real.is_dir() {
            return Err(TreeError::WrongKind(path.clone(), "directory"));
        }
        std::fs::read(&real).map(Arc::from).map_err(|e| storage(path, e))
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        self.entries(path)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        Ok(self
            .resolve(path)?
            .map(|real| if real.is_dir() { EntryKind::Directory } else { EntryKind::File }))
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let mut hasher = DefaultHasher::new();
        match self.kind(path)? {
            None => return Ok(None),
            Some(EntryKind::Directory) => {
                for entry in self.entries(path)? {
                    entry.name.hash(&mut hasher);
                    if let Ok(below) = path.join(&entry.name)
                        && entry.kind != EntryKind::BrokenLink
                    {
                        self.id(&below)?.hash(&mut hasher);
                    }
                }
            }
            Some(_) => self.file(path)?.hash(&mut hasher),
        }
        Ok(Some(ContentId(hasher.finish().to_be_bytes().into())))
    }
}

/// The tree and the path in it for rendering `directory`: the tree is the repository around it, because an overlay
/// may name bases above itself; without a repository it is the whole file system, as for `kustomize build`.
///
/// # Errors
/// When there is no such directory.
pub fn open_for_build(directory: &Path) -> io::Result<(DirectoryTree, TreePath)> {
    let real = directory.canonicalize()?;
    let around = real.ancestors().find(|d| d.join(".git").exists());
    let root = around.map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    let inside = real.strip_prefix(&root).unwrap_or(&real);
    let path = TreePath::parse(&inside.to_string_lossy())
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    Ok((DirectoryTree::open(&root)?, path))
}

fn storage(path: &TreePath, error: io::Error) -> TreeError {
    TreeError::Storage { path: path.clone(), source: Box::new(error) }
}

#[cfg(test)]
mod tests;
