//! Union, intersection and the two differences of field sets, each one pass over two sorted tries.

use super::{FieldSet, Node};
use std::cmp::Ordering;

/// Walks two sorted node lists together: left only, right only, or both.
fn zip<'a>(
    a: &'a FieldSet,
    b: &'a FieldSet,
    mut each: impl FnMut(Option<&'a Node>, Option<&'a Node>),
) {
    let (mut left, mut right) = (a.nodes.iter().peekable(), b.nodes.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(l), Some(r)) => l.element.cmp(&r.element),
        };
        match order {
            Ordering::Less => each(left.next(), None),
            Ordering::Greater => each(None, right.next()),
            Ordering::Equal => each(left.next(), right.next()),
        }
    }
}

impl FieldSet {
    fn keep(&mut self, like: &Node, member: bool, children: FieldSet) {
        if member || !children.is_empty() {
            self.nodes.push(Node { element: like.element.clone(), member, children });
        }
    }

    /// The members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        let mut out = Self { nodes: Vec::with_capacity(self.nodes.len().max(other.nodes.len())) };
        zip(self, other, |a, b| match (a, b) {
            (Some(a), Some(b)) => {
                out.keep(a, a.member || b.member, a.children.union(&b.children));
            }
            (Some(one), None) | (None, Some(one)) => out.nodes.push(one.clone()),
            (None, None) => {}
        });
        out
    }

    /// The members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut out = Self::new();
        zip(self, other, |a, b| {
            if let (Some(a), Some(b)) = (a, b) {
                out.keep(a, a.member && b.member, a.children.intersection(&b.children));
            }
        });
        out
    }

    /// The members that are no members of `other`. A field that goes takes nothing below it along.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        let mut out = Self::new();
        zip(self, other, |a, b| match (a, b) {
            (Some(a), Some(b)) => {
                out.keep(a, a.member && !b.member, a.children.difference(&b.children));
            }
            (Some(a), None) => out.nodes.push(a.clone()),
            _ => {}
        });
        out
    }

    /// The members that neither are members of `other` nor lie below one.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        let mut out = Self::new();
        zip(self, other, |a, b| match (a, b) {
            (Some(_), Some(b)) if b.member => {}
            (Some(a), Some(b)) => {
                out.keep(a, a.member, a.children.recursive_difference(&b.children));
            }
            (Some(a), None) => out.nodes.push(a.clone()),
            _ => {}
        });
        out
    }

    /// [`Self::difference`] in place: as cheap as `other` is small.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.subtract_nodes(other, |mine, theirs| {
            mine.member &= !theirs.member;
            mine.children.subtract(&theirs.children);
        });
    }

    /// [`Self::recursive_difference`] in place.
    pub(crate) fn subtract_recursively(&mut self, other: &Self) {
        self.subtract_nodes(other, |mine, theirs| {
            if theirs.member {
                mine.member = false;
                mine.children = Self::new();
            } else {
                mine.children.subtract_recursively(&theirs.children);
            }
        });
    }

    fn subtract_nodes(&mut self, other: &Self, subtract: impl Fn(&mut Node, &Node)) {
        for theirs in &other.nodes {
            let Ok(at) = self.find(&theirs.element) else {
                continue;
            };
            let mine = &mut self.nodes[at];
            subtract(mine, theirs);
            if !mine.member && mine.children.is_empty() {
                self.nodes.remove(at);
            }
        }
    }

    /// The members that have no members below them.
    #[must_use]
    pub fn leaves(&self) -> Self {
        let mut out = Self::new();
        for node in &self.nodes {
            out.keep(node, node.member && node.children.is_empty(), node.children.leaves());
        }
        out
    }

    /// Whether there is a common member, without making the intersection.
    pub fn intersects(&self, other: &Self) -> bool {
        let mut found = false;
        zip(self, other, |a, b| {
            if let (Some(a), Some(b)) = (a, b) {
                found = found || (a.member && b.member) || a.children.intersects(&b.children);
            }
        });
        found
    }
}
