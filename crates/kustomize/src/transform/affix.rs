//! Name prefixes and suffixes.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::{CREATE_TEXT, FieldSpec};
use crate::ident::Gvk;
use crate::node::Tag;
use crate::resmap::ResMap;

/// Where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Prefix,
    Suffix,
}

/// A prefix or suffix.
#[derive(Debug)]
pub(crate) struct Affix {
    pub(crate) side: Side,
    pub(crate) text: String,
    pub(crate) fields: Vec<FieldSpec>,
}

/// Kinds whose name means something else than a name.
fn is_skipped(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

impl Affix {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        for resource in map.list_mut() {
            let original = resource.original_id(context.schemas);
            if is_skipped(&original.gvk) {
                continue;
            }
            for spec in self.fields.iter().filter(|s| original.gvk.is_selected(&s.gvk)) {
                if spec.path == "metadata/name" {
                    match self.side {
                        Side::Prefix => resource.add_prefix(&self.text),
                        Side::Suffix => resource.add_suffix(&self.text),
                    }
                    if !self.text.is_empty() {
                        resource.store_previous_id(context.schemas);
                    }
                }
                let found = spec.apply(&mut resource.node, CREATE_TEXT, &mut |node| {
                    let text = match self.side {
                        Side::Prefix => format!("{}{}", self.text, node.text()),
                        Side::Suffix => format!("{}{}", node.text(), self.text),
                    };
                    node.set_scalar(&text, Tag::Empty)
                        .map_err(|k| format!("a name is expected, there is {}", k.name()))
                });
                match found {
                    Ok(true) => resource.note(context.by),
                    Ok(false) => {}
                    Err(message) => return Err(context.fail(resource, message)),
                }
            }
        }
        Ok(())
    }
}
