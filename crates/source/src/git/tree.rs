//! A commit's tree read straight from the object database.
//!
//! Links are followed inside the tree only; submodules are directories, empty unless they were fetched.
//! Deliberately absent: filters of `.gitattributes` (no line-ending conversion, no LFS), as in Flux.

use super::objects::ObjectError;
use super::repository::Held;
use super::revision::CommitId;
use super::tree_objects::{Decoded, Mode, Node};
use gix::ObjectId;
use gix::objs::Kind;
use std::collections::VecDeque;
use std::sync::Arc;
use tree::{ContentId, Entry, EntryKind, Tree, TreeError, TreePath};

/// Links followed on the way to one path before it counts as a circle (the kernel's limit).
const MOST_LINKS: usize = 40;
/// The longest target of a link that is honest (PATH_MAX).
const LONGEST_TARGET: usize = 4096;
/// The deepest path that is walked recursively.
pub(crate) const DEEPEST: usize = 256;

/// The tree of a commit. Cheap to clone; keeps its objects from being collected while it lives.
#[derive(Clone)]
pub struct GitTree {
    pub(crate) held: Arc<Held>,
    pub(crate) root: ObjectId,
    pub(crate) submodules: bool,
}

/// What stands in Git at a path, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawKind {
    /// A regular file.
    File,
    /// A regular file with the execute bit.
    Executable,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A submodule: a directory, with content when it was fetched.
    Submodule,
}

/// A directory entry as Git has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: RawKind,
    pub(crate) id: ObjectId,
}

/// Where a path led.
#[derive(Debug)]
pub(crate) enum Found {
    /// A directory; `None` is a submodule that was not fetched.
    Directory(Option<ObjectId>),
    File(ObjectId),
    /// A link that leads nowhere inside the tree: its own id, and whether it leaves the tree or loops.
    Broken {
        id: ObjectId,
        escapes: bool,
    },
}

impl GitTree {
    /// The commit this is the tree of.
    pub fn commit(&self) -> CommitId {
        self.held.commit()
    }

    fn storage(path: &TreePath, error: ObjectError) -> TreeError {
        TreeError::Storage { path: path.clone(), source: Box::new(error) }
    }

    pub(crate) fn decoded(&self, id: ObjectId) -> Result<Arc<Decoded>, ObjectError> {
        self.held.trees().get(self.held.objects(), id)
    }

    /// The tree of a submodule when it is to be shown and is here.
    pub(crate) fn submodule(&self, commit: ObjectId) -> Option<ObjectId> {
        if !self.submodules {
            return None;
        }
        self.held.objects().tree_of(commit).ok()
    }

    /// Walks to `path`, links followed.
    pub(crate) fn find(&self, path: &TreePath) -> Result<Option<Found>, ObjectError> {
        let mut at = self.root;
        let mut segments = path.segments();
        while let Some(segment) = segments.next() {
            let tree = self.decoded(at)?;
            let Some(node) = tree.get(segment) else { return Ok(None) };
            match node.mode {
                Mode::Tree => at = node.id,
                Mode::File | Mode::Executable => {
                    return Ok(segments.next().is_none().then_some(Found::File(node.id)));
                }
                Mode::Submodule => match self.submodule(node.id) {
                    Some(tree) => at = tree,
                    None => return Ok(segments.next().is_none().then_some(Found::Directory(None))),
                },
                // Rare: begin again with the walk that can go up.
                Mode::Link => return self.find_through_links(path),
            }
        }
        Ok(Some(Found::Directory(Some(at))))
    }

    fn find_through_links(&self, path: &TreePath) -> Result<Option<Found>, ObjectError> {
        let mut stack = vec![self.root];
        let mut pending: VecDeque<String> = path.segments().map(str::to_owned).collect();
        let mut links = 0;
        // The link at the end of the path itself, should it lead nowhere; and the one followed last of all.
        let mut last_link: Option<ObjectId> = None;
        let mut followed = self.root;
        while let Some(segment) = pending.pop_front() {
            let dangling = || Ok(last_link.map(|id| Found::Broken { id, escapes: false }));
            match segment.as_str() {
                "" | "." => continue,
                ".." => {
                    if stack.len() == 1 {
                        return Ok(Some(Found::Broken { id: followed, escapes: true }));
                    }
                    stack.pop();
                    continue;
                }
                _ => {}
            }
            let tree = self.decoded(stack.last().copied().unwrap_or(self.root))?;
            let Some(node) = tree.get(&segment) else { return dangling() };
            match node.mode {
                Mode::Tree => stack.push(node.id),
                Mode::File | Mode::Executable
                    if pending.iter().all(|s| s.is_empty() || s == ".") =>
                {
                    return Ok(Some(Found::File(node.id)));
                }
                Mode::File | Mode::Executable => return dangling(),
                Mode::Submodule => match self.submodule(node.id) {
                    Some(tree) => stack.push(tree),
                    None if pending.is_empty() => return Ok(Some(Found::Directory(None))),
                    None => return dangling(),
                },
                Mode::Link => {
                    links += 1;
                    followed = node.id;
                    if last_link.is_none() && pending.is_empty() {
                        last_link = Some(node.id);
                    }
                    let target = self.target(node)?;
                    if links > MOST_LINKS || target.starts_with('/') {
                        return Ok(Some(Found::Broken { id: followed, escapes: true }));
                    }
                    for segment in target.split('/').rev() {
                        pending.push_front(segment.to_owned());
                    }
                }
            }
        }
        Ok(Some(Found::Directory(stack.last().copied())))
    }

    fn target(&self, node: &Node) -> Result<String, ObjectError> {
        self.held.objects().read(node.id, Kind::Blob, |data| {
            if data.len() > LONGEST_TARGET {
                return Err(ObjectError::Malformed {
                    id: node.id,
                    problem: "a link target of more than 4096 bytes".into(),
                });
            }
            // A target that is not UTF-8 cannot name anything in the tree.
            Ok(std::str::from_utf8(data).unwrap_or("/").to_owned())
        })?
    }

    /// The entries of a directory as Git has them, links not followed, sorted by name.
    ///
    /// # Errors
    /// [`TreeError`] when there is no such directory.
    pub fn raw_list(&self, path: &TreePath) -> Result<Vec<RawEntry>, TreeError> {
        let found = self.find(path).map_err(|e| Self::storage(path, e))?;
        let Some(id) = directory(path, found)? else { return Ok(Vec::new()) };
        let tree = self.decoded(id).map_err(|e| Self::storage(path, e))?;
        Ok(tree.nodes.iter().map(RawEntry::from).collect())
    }

    /// Whether any link stands in the tree object `id` or below, remembered per tree object.
    pub(crate) fn has_links(&self, id: ObjectId, depth: usize) -> Result<bool, ObjectError> {
        if let Some(known) = self.held.links().get(id) {
            return Ok(known);
        }
        if depth > DEEPEST {
            // Too deep to look: the careful answer.
            return Ok(true);
        }
        let tree = self.decoded(id)?;
        let mut has = false;
        for node in &tree.nodes {
            has |= match node.mode {
                Mode::Link => true,
                Mode::Tree => self.has_links(node.id, depth + 1)?,
                // What stands in a submodule may change without this tree object (it may arrive later).
                Mode::Submodule => true,
                Mode::File | Mode::Executable => false,
            };
            if has {
                break;
            }
        }
        self.held.links().put(id, has);
        Ok(has)
    }
}

fn directory(path: &TreePath, found: Option<Found>) -> Result<Option<ObjectId>, TreeError> {
    match found {
        Some(Found::Directory(id)) => Ok(id),
        Some(Found::File(_)) => Err(TreeError::WrongKind(path.clone(), "file")),
        Some(Found::Broken { escapes: true, .. }) => Err(TreeError::Link(path.clone())),
        Some(Found::Broken { .. }) | None => Err(TreeError::NotFound(path.clone())),
    }
}

impl From<&Node> for RawEntry {
    fn from(node: &Node) -> Self {
        let kind = match node.mode {
            Mode::Tree => RawKind::Directory,
            Mode::File => RawKind::File,
            Mode::Executable => RawKind::Executable,
            Mode::Link => RawKind::Link,
            Mode::Submodule => RawKind::Submodule,
        };
        Self { name: node.name.to_string(), kind, id: node.id }
    }
}

impl Tree for GitTree {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        match self.find(path).map_err(|e| Self::storage(path, e))? {
            Some(Found::File(id)) => self
                .held
                .objects()
                .read(id, Kind::Blob, |data| Arc::from(data))
                .map_err(|e| Self::storage(path, e)),
            Some(Found::Directory(_)) => Err(TreeError::WrongKind(path.clone(), "directory")),
            Some(Found::Broken { escapes: true, .. }) => Err(TreeError::Link(path.clone())),
            Some(Found::Broken { .. }) | None => Err(TreeError::NotFound(path.clone())),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let found = self.find(path).map_err(|e| Self::storage(path, e))?;
        let Some(id) = directory(path, found)? else { return Ok(Vec::new()) };
        let tree = self.decoded(id).map_err(|e| Self::storage(path, e))?;
        let mut entries = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let kind = match node.mode {
                Mode::Tree | Mode::Submodule => EntryKind::Directory,
                Mode::File | Mode::Executable => EntryKind::File,
                Mode::Link => match path.join(&node.name) {
                    Ok(child) => self.kind(&child)?.unwrap_or(EntryKind::BrokenLink),
                    Err(_) => continue,
                },
            };
            entries.push(Entry { name: node.name.to_string(), kind });
        }
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        Ok(self.find(path).map_err(|e| Self::storage(path, e))?.map(|found| match found {
            Found::Directory(_) => EntryKind::Directory,
            Found::File(_) => EntryKind::File,
            Found::Broken { .. } => EntryKind::BrokenLink,
        }))
    }

    /// Git's object id. For a directory that holds links the id of the whole tree is added, because what its
    /// links lead to may change without it.
    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        let found = self.find(path).map_err(|e| Self::storage(path, e))?;
        let id = match found {
            None => return Ok(None),
            Some(Found::File(id) | Found::Broken { id, .. }) => id,
            Some(Found::Directory(None)) => ObjectId::null(gix::hash::Kind::Sha1),
            Some(Found::Directory(Some(id))) => {
                if self.has_links(id, 0).map_err(|e| Self::storage(path, e))? {
                    let both = [id.as_slice(), self.root.as_slice(), &[u8::from(self.submodules)]]
                        .concat();
                    return Ok(Some(ContentId(both.into())));
                }
                id
            }
        };
        Ok(Some(ContentId(id.as_slice().into())))
    }
}

#[cfg(test)]
mod tests;
