//! Field sets: which fields somebody owns, as a trie of path elements, and their FieldsV1 form.
//!
//! Deliberately absent: types. What a set means for a value with a schema is the merge engine's task.

mod algebra;
mod fields_v1;

pub use fields_v1::FieldSetError;

use crate::path::{FieldPath, PathElement};

/// A set of fields. A field and the fields below it are members independently of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Sorted by element; a node that is no member has children.
    pub(crate) nodes: Vec<Node>,
}

/// One field: whether it is a member itself, and which fields below it are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) element: PathElement,
    pub(crate) member: bool,
    pub(crate) children: FieldSet,
}

impl FieldSet {
    /// The set without members.
    pub const fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// A set of these paths.
    pub fn of(paths: impl IntoIterator<Item = FieldPath>) -> Self {
        let mut set = Self::new();
        for path in paths {
            set.insert(&path.0);
        }
        set
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.nodes.iter().map(|n| usize::from(n.member) + n.children.len()).sum()
    }

    pub(crate) fn find(&self, element: &PathElement) -> Result<usize, usize> {
        self.nodes.binary_search_by(|n| n.element.cmp(element))
    }

    pub(crate) fn find_field(&self, name: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|n| match &n.element {
            PathElement::Field(have) => have.as_str().cmp(name),
            _ => std::cmp::Ordering::Greater,
        })
    }

    pub(crate) fn node(&self, element: &PathElement) -> Option<&Node> {
        self.find(element).ok().map(|i| &self.nodes[i])
    }

    pub(crate) fn field_node(&self, name: &str) -> Option<&Node> {
        self.find_field(name).ok().map(|i| &self.nodes[i])
    }

    /// Whether `path` is a member. The empty path, the whole object, never is.
    pub fn contains(&self, path: &[PathElement]) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        let mut set = self;
        for element in parents {
            match set.node(element) {
                Some(node) => set = &node.children,
                None => return false,
            }
        }
        set.node(last).is_some_and(|n| n.member)
    }

    /// The members below `element`, without that prefix; `None` when there are none.
    pub fn below(&self, element: &PathElement) -> Option<&FieldSet> {
        self.node(element).map(|n| &n.children).filter(|c| !c.is_empty())
    }

    /// Makes `path` a member; its parents do not become members by that. The empty path is ignored.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let at = match self.find(first) {
            Ok(at) => at,
            Err(at) => {
                let node =
                    Node { element: first.clone(), member: false, children: FieldSet::new() };
                self.nodes.insert(at, node);
                at
            }
        };
        if rest.is_empty() {
            self.nodes[at].member = true;
        } else {
            self.nodes[at].children.insert(rest);
        }
    }

    /// Adds a node; the children of one that is there already are united with it. Appending in order,
    /// which is what every walk does, costs one comparison.
    pub(crate) fn push(&mut self, node: Node) {
        if !node.member && node.children.is_empty() {
            return;
        }
        match self.nodes.last() {
            Some(last) if last.element >= node.element => {}
            _ => return self.nodes.push(node),
        }
        match self.find(&node.element) {
            Ok(at) => {
                let have = &mut self.nodes[at];
                have.member |= node.member;
                if have.children.is_empty() {
                    have.children = node.children;
                } else {
                    have.children = have.children.union(&node.children);
                }
            }
            Err(at) => self.nodes.insert(at, node),
        }
    }

    /// All members: those of one level before those below them, each level in order.
    pub fn paths(&self) -> Vec<FieldPath> {
        let mut out = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut out);
        out
    }

    fn collect_paths(&self, prefix: &mut Vec<PathElement>, out: &mut Vec<FieldPath>) {
        for node in self.nodes.iter().filter(|n| n.member) {
            let mut path = prefix.clone();
            path.push(node.element.clone());
            out.push(FieldPath(path));
        }
        for node in self.nodes.iter().filter(|n| !n.children.is_empty()) {
            prefix.push(node.element.clone());
            node.children.collect_paths(prefix, out);
            prefix.pop();
        }
    }
}

#[cfg(test)]
mod tests;
