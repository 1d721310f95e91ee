//! Values that are one and the same node in several places.
//!
//! kustomize puts a label or annotation that it adds to several fields of a resource there as one YAML node.
//! Whatever later changes the value in one of the places changes it in all of them: a patch of
//! `metadata.labels.app` over a base with `commonLabels: {app: ..}` changes the selector too. Clusters have been
//! filled that way, so it has to come out the same; here such scalars carry a group, and [`align`] brings a group
//! in line after one of its scalars was written.

use super::{Node, Scalar};
use std::collections::HashMap;

/// Gives every scalar of a group what was written to one of them last (in the order patches are applied: by
/// key).
pub(crate) fn align(root: &mut Node) {
    if !any_fresh(root) {
        return;
    }
    let mut written = HashMap::new();
    collect(root, &mut written);
    assign(root, &written);
}

fn any_fresh(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => scalar.fresh,
        Node::List(list) => list.items.iter().any(any_fresh),
        Node::Map(map) => map.entries.iter().any(|(_, value)| any_fresh(value)),
    }
}

fn collect(node: &Node, written: &mut HashMap<u16, Scalar>) {
    match node {
        Node::Scalar(scalar) if scalar.fresh => {
            written.insert(scalar.group, Scalar { fresh: false, ..scalar.clone() });
        }
        Node::Scalar(_) => {}
        Node::List(list) => list.items.iter().for_each(|item| collect(item, written)),
        Node::Map(map) => {
            let mut entries: Vec<_> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.0.text.cmp(&b.0.text));
            entries.iter().for_each(|(_, value)| collect(value, written));
        }
    }
}

fn assign(node: &mut Node, written: &HashMap<u16, Scalar>) {
    match node {
        Node::Scalar(scalar) => {
            if let Some(new) = written.get(&scalar.group) {
                *scalar = new.clone();
            }
        }
        Node::List(list) => list.items.iter_mut().for_each(|item| assign(item, written)),
        Node::Map(map) => map.entries.iter_mut().for_each(|(_, value)| assign(value, written)),
    }
}
