//! What differs between two trees, found by skipping equal subtrees, and which recorded reads that touches.
//!
//! The cost is that of the difference, not of the tree: a one-line commit in a repository of ten thousand
//! directories looks at the few tree objects between the root and the file.

use super::objects::ObjectError;
use super::tree::{DEEPEST, GitTree};
use super::tree_objects::{Mode, Node};
use gix::ObjectId;
use std::collections::{BTreeSet, HashSet};
use tree::{Read, Reads, Tree, TreeError, TreePath};

/// Pairs of tree objects compared before everything counts as changed: no honest commit differs in more, and a
/// tree object that holds itself many times over would otherwise be walked without end.
const MOST_STEPS: usize = 100_000;

/// The difference between two trees of one repository.
pub struct ChangedPaths {
    /// Files whose content, and any path whose kind, changed.
    content: HashSet<TreePath>,
    /// Paths that came, went or became another kind of thing.
    kinds: HashSet<TreePath>,
    /// Directories whose names or kinds changed.
    listings: HashSet<TreePath>,
    /// Directories that came or went whole: everything below them may differ.
    replaced: Vec<TreePath>,
    /// Every directory above a change.
    above: HashSet<TreePath>,
    /// Links of both trees: a read through one is looked at in the new tree itself.
    links: BTreeSet<TreePath>,
    everything: bool,
}

impl GitTree {
    /// What differs between this tree and `new`.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails.
    pub fn changes_to(&self, new: &Self) -> Result<ChangedPaths, TreeError> {
        let mut changes = ChangedPaths {
            content: HashSet::new(),
            kinds: HashSet::new(),
            listings: HashSet::new(),
            replaced: Vec::new(),
            above: HashSet::new(),
            links: BTreeSet::new(),
            everything: self.submodules != new.submodules,
        };
        let mut walk = Walk { old: self, new, changes: &mut changes, steps: 0 };
        let walked = walk.run();
        walked.map_err(|e| TreeError::Storage { path: TreePath::root(), source: Box::new(e) })?;
        Ok(changes)
    }
}

struct Walk<'a> {
    old: &'a GitTree,
    new: &'a GitTree,
    changes: &'a mut ChangedPaths,
    steps: usize,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), ObjectError> {
        if self.old.root == self.new.root {
            return Ok(());
        }
        self.directories(&TreePath::root(), self.old.root, self.new.root, 0)?;
        for tree in [self.old, self.new] {
            self.collect_links(tree, &TreePath::root(), tree.root, 0)?;
        }
        Ok(())
    }

    /// Whether there is no more patience; then everything counts as changed.
    fn weary(&mut self, depth: usize) -> bool {
        self.steps += 1;
        self.changes.everything |= self.steps > MOST_STEPS || depth > DEEPEST;
        self.changes.everything
    }

    fn directories(
        &mut self,
        path: &TreePath,
        old: ObjectId,
        new: ObjectId,
        depth: usize,
    ) -> Result<(), ObjectError> {
        if old == new || self.weary(depth) {
            return Ok(());
        }
        let (before, after) = (self.old.decoded(old)?, self.new.decoded(new)?);
        let (mut left, mut right) = (before.nodes.iter().peekable(), after.nodes.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a.name.cmp(&b.name),
            };
            let was = if order.is_le() { left.next() } else { None };
            let is = if order.is_ge() { right.next() } else { None };
            self.entry(path, was, is, depth)?;
        }
        self.changes.above.insert(path.clone());
        Ok(())
    }

    fn entry(
        &mut self,
        directory: &TreePath,
        was: Option<&Node>,
        is: Option<&Node>,
        depth: usize,
    ) -> Result<(), ObjectError> {
        if let (Some(was), Some(is)) = (was, is)
            && was.id == is.id
            && was.mode == is.mode
        {
            return Ok(());
        }
        let Some(name) = was.or(is).map(|node| &*node.name) else { return Ok(()) };
        // A name that is no path cannot have been read.
        let Ok(path) = directory.join(name) else { return Ok(()) };
        let (was_tree, is_tree) =
            (was.and_then(|n| tree_of(self.old, n)), is.and_then(|n| tree_of(self.new, n)));
        if let (Some(was_tree), Some(is_tree)) = (was_tree, is_tree) {
            return self.directories(&path, was_tree, is_tree, depth + 1);
        }
        let shape = |node: Option<&Node>| {
            node.map(|n| match n.mode {
                Mode::File | Mode::Executable => 0,
                Mode::Tree | Mode::Submodule => 1,
                Mode::Link => 2,
            })
        };
        if was_tree.is_some() || is_tree.is_some() {
            self.changes.replaced.push(path.clone());
        }
        if shape(was) != shape(is) {
            self.changes.kinds.insert(path.clone());
            self.changes.listings.insert(directory.clone());
        }
        self.changes.content.insert(path);
        Ok(())
    }

    fn collect_links(
        &mut self,
        tree: &GitTree,
        path: &TreePath,
        id: ObjectId,
        depth: usize,
    ) -> Result<(), ObjectError> {
        if !tree.has_links(id, 0)? || self.weary(depth) {
            return Ok(());
        }
        for node in &tree.decoded(id)?.nodes {
            let Ok(child) = path.join(&node.name) else { continue };
            match tree_of(tree, node) {
                Some(below) => self.collect_links(tree, &child, below, depth + 1)?,
                None if node.mode == Mode::Link => {
                    self.changes.links.insert(child);
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn tree_of(tree: &GitTree, node: &Node) -> Option<ObjectId> {
    match node.mode {
        Mode::Tree => Some(node.id),
        Mode::Submodule => tree.submodule(node.id),
        _ => None,
    }
}

impl ChangedPaths {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.content.is_empty()
    }

    /// The paths that changed, in no order; a directory that came or went stands for what is in it. `None` when
    /// the difference is too large to be told apart.
    pub fn paths(&self) -> Option<impl Iterator<Item = &TreePath>> {
        (!self.everything).then(|| self.content.iter())
    }

    /// Whether a render that read `reads` from the old tree might see something else in the new one, of which
    /// `view` is what renders are shown (the tree itself, or a filter over it whose patterns did not change).
    /// Exact for a tree shown as it is, but for paths below directories that came or went, where it may say yes
    /// without need.
    ///
    /// # Errors
    /// [`TreeError`] when the storage fails (only asked when links are involved).
    pub fn touches(&self, reads: &Reads, view: &dyn Tree) -> Result<bool, TreeError> {
        if self.everything {
            return Ok(true);
        }
        if self.content.is_empty() {
            return Ok(false);
        }
        for (path, read) in reads.iter() {
            let touched = if self.meets_link(path) {
                differs(path, read, view)?
            } else {
                let direct = match read {
                    Read::File(_) => self.content.contains(path) || self.above.contains(path),
                    Read::Kind(_) => self.kinds.contains(path),
                    Read::Listing(_) => self.listings.contains(path),
                };
                direct || self.replaced.iter().any(|replaced| path.is_within(replaced))
            };
            if touched {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a link stands on the way to `path`, at it, or below it.
    fn meets_link(&self, path: &TreePath) -> bool {
        if self.links.is_empty() {
            return false;
        }
        if path.is_root() || self.links.contains(path) {
            return true;
        }
        let mut up = path.parent();
        while let Some(directory) = up {
            if self.links.contains(&directory) {
                return true;
            }
            up = directory.parent();
        }
        // Not from `path` itself: a sibling such as `a-b` sorts between `a` and `a/c`.
        self.links.range(below(path)..).next().is_some_and(|link| link.is_within(path))
    }
}

/// Whether one read sees something else in `view`.
fn differs(path: &TreePath, read: &Read, view: &dyn Tree) -> Result<bool, TreeError> {
    Ok(match read {
        Read::File(id) => view.id(path)?.as_ref() != Some(id),
        Read::Kind(kind) => view.kind(path)? != *kind,
        Read::Listing(entries) => match view.list(path) {
            Ok(now) => {
                let same = |(e, (name, kind)): (&tree::Entry, &(String, _))| {
                    e.name == *name && e.kind == *kind
                };
                now.len() != entries.len() || !now.iter().zip(entries).all(same)
            }
            Err(TreeError::Storage { path, source }) => {
                return Err(TreeError::Storage { path, source });
            }
            Err(_) => true,
        },
    })
}

/// The first path that can stand below `path`.
fn below(path: &TreePath) -> TreePath {
    path.join("\u{1}").unwrap_or_else(|_| path.clone())
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
