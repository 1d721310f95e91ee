//! Files out of the tree: which may be read from where, and the resources in them.
//!
//! Source: `api/internal/loader/fileloader.go`, `api/resource/factory.go`, `kyaml/kio/byteio_reader.go`.

use crate::error::{BuildError, Fault};
use crate::node::{Kind, Node, resources};
use crate::resource::Resource;
use crate::{External, Externals, Limits, LoadRestrictions, external};
use std::cell::Cell;
use std::sync::Arc;
use tree::{EntryKind, PathError, Tree, TreePath};

/// A directory that is being built, with those it is built for.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) directory: TreePath,
    /// What nothing named here may lead out of: the whole tree, or the external it stands in.
    top: TreePath,
    /// Outermost first.
    parents: Vec<TreePath>,
}

impl Root {
    pub(crate) fn new(directory: TreePath) -> Self {
        Self { directory, top: TreePath::root(), parents: Vec::new() }
    }
}

/// What a path in a kustomization leads to.
pub(crate) struct Resolved {
    pub(crate) path: TreePath,
    /// The external's own root, when the path leads into one.
    mounted_at: Option<TreePath>,
}

/// Reads files within the limits.
pub(crate) struct Loader<'a> {
    pub(crate) tree: &'a dyn Tree,
    pub(crate) restrictions: LoadRestrictions,
    pub(crate) limits: Limits,
    externals: &'a Externals,
    read: Cell<usize>,
    entered: Cell<usize>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        tree: &'a dyn Tree,
        restrictions: LoadRestrictions,
        limits: Limits,
        externals: &'a Externals,
    ) -> Self {
        let (read, entered) = (Cell::new(0), Cell::new(0));
        Self { tree, restrictions, limits, externals, read, entered }
    }

    /// What a path leads to that may be a file or a directory, such as an entry of `resources`.
    ///
    /// # Errors
    /// When it is empty, absolute, leads out of the repository, or to an external that is not at hand.
    pub(crate) fn resolve(&self, root: &Root, path: &str) -> Result<Resolved, BuildError> {
        self.resolve_as(root, path, true)
    }

    fn resolve_as(&self, root: &Root, path: &str, base: bool) -> Result<Resolved, BuildError> {
        if path.is_empty() {
            return Err(BuildError::new(Fault::Syntax, "an empty path is named; remove it"));
        }
        let refused = |e: PathError| BuildError::new(Fault::Refused, e.to_string());
        if let Some(reference) = external::parse(path, base) {
            if !self.externals.contains(&reference.external) {
                return Err(BuildError::external_wanted(path, reference.external));
            }
            let mounted_at = reference.external.mounted_at().map_err(refused)?;
            let inner = mounted_at.join(&reference.path).map_err(refused)?;
            return stay_within(path, inner, &mounted_at)
                .map(|path| Resolved { path, mounted_at: Some(mounted_at) });
        }
        let inner = root.directory.join(path).map_err(refused)?;
        let path = stay_within(path, inner, &root.top)?;
        Ok(Resolved { path, mounted_at: None })
    }

    /// A file named in a kustomization.
    ///
    /// # Errors
    /// When it does not exist or may not be read.
    pub(crate) fn file(
        &self,
        root: &Root,
        path: &str,
    ) -> Result<(Arc<TreePath>, Arc<[u8]>), BuildError> {
        let Resolved { path: resolved, mounted_at } = self.resolve_as(root, path, false)?;
        let elsewhere = mounted_at.is_none() && !resolved.is_within(&root.directory);
        if self.restrictions == LoadRestrictions::RootOnly && elsewhere {
            let message = format!(
                "the file '{path}' is not in or below '{}'; move it, or allow it with \
                 --load-restrictor LoadRestrictionsNone",
                root.directory
            );
            return Err(BuildError::new(Fault::Refused, message));
        }
        self.content(resolved)
    }

    /// The file that an entry of `resources` leads to.
    ///
    /// # Errors
    /// As [`Loader::text`].
    pub(crate) fn resource(
        &self,
        root: &Root,
        path: &str,
    ) -> Result<(Arc<TreePath>, String), BuildError> {
        // One that is a file in a repository elsewhere is no URL of a file.
        let resolved = self.resolve(root, path)?;
        if resolved.mounted_at.is_none() {
            return self.text(root, path);
        }
        let (file, content) = self.content(resolved.path)?;
        let text = text(&content, &file)?.to_owned();
        Ok((file, text))
    }

    /// The file that stands for something external, which `name` names in messages.
    ///
    /// # Errors
    /// When it is not mounted.
    pub(crate) fn mounted(
        &self,
        external: External,
        name: &str,
    ) -> Result<(Arc<TreePath>, String), BuildError> {
        if !self.externals.contains(&external) {
            return Err(BuildError::external_wanted(name, external));
        }
        let at = external.mounted_at();
        let at = at.map_err(|e| BuildError::new(Fault::Refused, e.to_string()))?;
        let (file, content) = self.content(at)?;
        let text = text(&content, &file)?.to_owned();
        Ok((file, text))
    }

    fn content(&self, resolved: TreePath) -> Result<(Arc<TreePath>, Arc<[u8]>), BuildError> {
        let content = self.tree.file(&resolved).map_err(BuildError::tree)?;
        let read = self.read.get() + content.len();
        self.read.set(read);
        if read > self.limits.bytes {
            let message = format!("more than {} bytes are read", self.limits.bytes);
            return Err(BuildError::new(Fault::Limit, message).in_file(&resolved));
        }
        Ok((Arc::new(resolved), content))
    }

    /// A file that is text.
    ///
    /// # Errors
    /// As [`Loader::file`], and when it is not UTF-8.
    pub(crate) fn text(
        &self,
        root: &Root,
        path: &str,
    ) -> Result<(Arc<TreePath>, String), BuildError> {
        let (file, content) = self.file(root, path)?;
        let text = text(&content, &file)?.to_owned();
        Ok((file, text))
    }

    /// Whether a path leads to a directory, `None` when to nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) fn is_directory(&self, path: &TreePath) -> Result<Option<bool>, BuildError> {
        let kind = self.tree.kind(path).map_err(BuildError::tree)?;
        Ok(kind.map(|kind| kind == EntryKind::Directory))
    }

    /// Enters a base or component.
    ///
    /// # Errors
    /// When it is no directory, contains what it is built for, or there are too many.
    pub(crate) fn enter(&self, root: &Root, path: &str) -> Result<Root, BuildError> {
        let Resolved { path: directory, mounted_at } = self.resolve(root, path)?;
        match self.is_directory(&directory)? {
            Some(true) => {}
            Some(false) => {
                let message = format!("'{path}' is a file, a directory is expected");
                return Err(BuildError::new(Fault::Missing, message));
            }
            None => return Err(BuildError::new(Fault::Missing, missing(path))),
        }
        let mut parents = root.parents.clone();
        parents.push(root.directory.clone());
        if let Some(visited) = parents.iter().rev().find(|p| p.is_within(&directory)) {
            let message = format!(
                "'{path}' leads in a circle: {directory} contains {visited}, which is being built"
            );
            return Err(BuildError::new(Fault::Refused, message));
        }
        let entered = self.entered.get() + 1;
        self.entered.set(entered);
        if parents.len() > self.limits.depth || entered > self.limits.kustomizations {
            let message = format!(
                "bases are nested deeper than {} or more than {} in all",
                self.limits.depth, self.limits.kustomizations
            );
            return Err(BuildError::new(Fault::Limit, message));
        }
        let top = mounted_at.unwrap_or_else(|| root.top.clone());
        Ok(Root { directory, top, parents })
    }
}

/// What to say of a path that leads to nothing.
pub(crate) fn missing(path: &str) -> String {
    format!("'{path}' does not exist; correct the path or remove the entry")
}

/// # Errors
/// When `inner`, written as `path`, is not in or below `top`.
fn stay_within(path: &str, inner: TreePath, top: &TreePath) -> Result<TreePath, BuildError> {
    if inner.is_within(top) {
        return Ok(inner);
    }
    let message = format!("'{path}' leads out of {top}, the repository it is written in");
    Err(BuildError::new(Fault::Refused, message))
}

/// A file's text.
///
/// # Errors
/// When it is not UTF-8.
pub(crate) fn text<'a>(content: &'a [u8], file: &TreePath) -> Result<&'a str, BuildError> {
    std::str::from_utf8(content).map_err(|e| {
        let line = content[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        BuildError::new(Fault::Syntax, "is not UTF-8 text").at(file, line)
    })
}

/// The resources in a text: lists taken apart, each with kind and name.
///
/// # Errors
/// When it is no YAML, or a document is no resource.
pub(crate) fn resources_in(text: &str, file: &Arc<TreePath>) -> Result<Vec<Resource>, BuildError> {
    let at = |line: usize, message: String| BuildError::new(Fault::Syntax, message).at(file, line);
    let documents = resources(text).map_err(|e| at(e.line, e.message))?;
    let single = documents.len() == 1 && !text.contains("\n---");
    let mut queue: std::collections::VecDeque<(Node, usize)> = Default::default();
    for document in documents {
        let kind = document.node.get("kind").map_or("", Node::text);
        let unwraps = single && matches!(kind, "List" | "ResourceList");
        let (line, mut node) = (document.line, document.node);
        let has = |key: &str| node.get(key).is_some();
        if !unwraps || !(has("items") || has("functionConfig")) {
            queue.push_back((node, line));
        } else if let Some(Node::List(items)) = node.get_mut("items") {
            queue.extend(std::mem::take(&mut items.items).into_iter().map(|n| (n, line)));
        }
    }
    let mut out = Vec::new();
    while let Some((node, line)) = queue.pop_front() {
        if node.is_empty() {
            continue;
        }
        validate(&node).map_err(|message| at(line, message))?;
        let is_list = node.get("kind").map_or("", Node::text).ends_with("List");
        let items = node.get("items").filter(|_| is_list);
        match items.map(Node::kind) {
            None => out.push(Resource::new(node, file.clone(), line)),
            Some(Kind::List) => {
                let items = items.and_then(Node::as_list).unwrap_or_default();
                for item in items {
                    let value = item
                        .to_value()
                        .map_err(|e| at(line, format!("{}: {}", e.field(), e.message)))?;
                    queue.push_back((Node::from_value(&value), line));
                }
            }
            Some(_) if items.is_some_and(Node::is_null) => {}
            Some(other) => {
                let message = format!("'items' of a list has to be a list, it is {}", other.name());
                return Err(at(line, message));
            }
        }
    }
    Ok(out)
}

/// # Errors
/// When a document has no kind, or no name where one is needed.
pub(crate) fn validate(node: &Node) -> Result<(), String> {
    if node.kind() != Kind::Map {
        return Err(format!(
            "an object with apiVersion, kind and metadata is expected, this is {}",
            node.kind().name()
        ));
    }
    let kind = node.get("kind").map_or("", Node::text_or_empty);
    let name = node.get("metadata").and_then(|m| m.get("name"));
    let name = name.filter(|n| !n.is_empty()).map_or("", Node::text);
    if kind.is_empty() {
        let named = if name.is_empty() { String::new() } else { format!(" '{name}'") };
        return Err(format!(
            "the object{named} has no kind; add one, or do not list this file as a resource"
        ));
    }
    if name.is_empty() && !kind.ends_with("List") {
        return Err(format!("the {kind} has no name; add metadata.name"));
    }
    Ok(())
}
