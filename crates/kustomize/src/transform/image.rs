//! Names, tags and digests of images.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::FieldSpec;
use crate::kustomization::Image;
use crate::node::{Node, Tag};
use crate::resmap::ResMap;
use regex::Regex;

/// One entry of `images`, ready to match.
#[derive(Debug)]
pub(crate) struct ImageTag {
    image: Image,
    pattern: Regex,
    fields: Vec<FieldSpec>,
}

impl ImageTag {
    /// # Errors
    /// When the name, which is a regular expression, does not read.
    pub(crate) fn new(image: Image, fields: Vec<FieldSpec>) -> Result<Self, String> {
        let pattern = pattern(&image.name)?;
        Ok(Self { image, pattern, fields })
    }

    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        for resource in map.list_mut() {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            let changed = self.transform(&mut resource.node);
            match changed {
                Ok(true) => resource.note(context.by),
                Ok(false) => {}
                Err(message) => return Err(context.fail(resource, message)),
            }
        }
        Ok(())
    }

    /// Twice over: the containers wherever they stand, then the declared fields. A suffix is added twice,
    /// as kustomize does.
    fn transform(&self, root: &mut Node) -> Result<bool, String> {
        let mut changed = self.containers(root)?;
        for spec in &self.fields {
            spec.apply(root, None, &mut |node| {
                changed |= self.set(node)?;
                Ok(())
            })?;
        }
        Ok(changed)
    }

    /// `containers` and `initContainers` at any depth.
    fn containers(&self, node: &mut Node) -> Result<bool, String> {
        let mut changed = false;
        match node {
            Node::Scalar(_) => {}
            Node::List(list) => {
                for item in &mut list.items {
                    changed |= self.containers(item)?;
                }
            }
            Node::Map(map) => {
                for (key, value) in &mut map.entries {
                    changed |= self.containers(value)?;
                    if !matches!(key.text.as_str(), "containers" | "initContainers") {
                        continue;
                    }
                    let Node::List(list) = value else { continue };
                    for item in &mut list.items {
                        if let (Node::Scalar(_) | Node::List(_), false) = (&*item, item.is_null()) {
                            return Err(format!(
                                "field '{}': maps are expected in this list",
                                key.text
                            ));
                        }
                        if let Some(image) = item.get_mut("image") {
                            changed |= self.set(image)?;
                        }
                    }
                }
            }
        }
        Ok(changed)
    }

    fn set(&self, node: &mut Node) -> Result<bool, String> {
        if node.kind() != crate::node::Kind::Scalar {
            return Err(format!("an image is expected, there is {}", node.kind().name()));
        }
        if !self.pattern.is_match(node.text()) {
            return Ok(false);
        }
        let text = self.rename(node.text());
        // The kind was looked at above.
        let _ = node.set_scalar(&text, Tag::Empty);
        Ok(true)
    }

    fn rename(&self, image: &str) -> String {
        let (name, mut tag, mut digest) = split(image);
        let Image { new_name, tag_suffix, new_tag, digest: new_digest, .. } = &self.image;
        let suffixed;
        match (new_tag.as_str(), new_digest.as_str()) {
            ("", "") if !tag_suffix.is_empty() => {
                suffixed = format!("{tag}{tag_suffix}");
                (tag, digest) = (&suffixed, "");
            }
            ("", "") => {}
            (new_tag, new_digest) => (tag, digest) = (new_tag, new_digest),
        }
        let mut out = if new_name.is_empty() { name.to_owned() } else { new_name.clone() };
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                out.push(mark);
                out.push_str(part);
            }
        }
        out
    }
}

/// The expression an image must match to be meant by `name`.
///
/// # Errors
/// When `name` is no regular expression.
pub(crate) fn pattern(name: &str) -> Result<Regex, String> {
    Regex::new(&format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")).map_err(
        |_| {
            format!(
                "the image name '{name}' is no regular expression; escape its special characters"
            )
        },
    )
}

/// Name, tag and digest of an image reference; a colon before the first slash is a port.
pub(crate) fn split(image: &str) -> (&str, &str, &str) {
    let start = image.find('/').filter(|i| *i > 0).unwrap_or(0);
    let at = image[start..].find('@').map(|i| i + start);
    let colon = image[start..].find(':').map(|i| i + start);
    match (colon, at) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(at)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
    }
}
