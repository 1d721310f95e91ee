//! Small parts for those who need them alone, and for the tests that compare them with kustomize's own.

pub use crate::merge::ListMode;
use crate::merge::Merged;
use crate::node::{self, Node};
use crate::schema::Schemas;
use object::Value;

/// Strategic merge of two YAML texts, patch into target; `None` when the patch deletes everything.
///
/// # Errors
/// What does not read or does not fit.
pub fn merge_patch(target: &str, patch: &str, mode: ListMode) -> Result<Option<Value>, String> {
    let read = |text: &str| -> Result<Node, String> {
        let documents = node::resources(text).map_err(|e| e.message)?;
        Ok(documents.into_iter().next().map_or_else(Node::null, |d| d.node))
    };
    let mut node = read(target)?;
    match crate::merge::merge(&mut node, read(patch)?, &Schemas::default(), mode)? {
        Merged::InPlace => {}
        Merged::Replaced(new) => node = new,
        Merged::Deleted => return Ok(None),
    }
    node.to_value().map(Some).map_err(|e| e.message)
}

/// What the name suffix of an object is computed from, and the suffix.
///
/// # Errors
/// What does not read.
pub fn name_hash(object: &str) -> Result<(String, String), String> {
    let documents = node::resources(object).map_err(|e| e.message)?;
    let node = documents.into_iter().next().map_or_else(Node::null, |d| d.node);
    Ok((crate::hash::encoded(&node)?, crate::hash::suffix(&node)?))
}

/// Whether the `name` of an `images` entry, a regular expression, means an image.
///
/// # Errors
/// When it is no regular expression.
pub fn image_matches(image: &str, name: &str) -> Result<bool, String> {
    Ok(crate::transform::image_pattern(name)?.is_match(image))
}

/// Name, tag and digest of an image reference.
pub fn split_image(image: &str) -> (&str, &str, &str) {
    crate::transform::split_image(image)
}
