//! Labels and annotations.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::{CREATE_MAP, FieldSpec};
use crate::node::Node;
use crate::resmap::ResMap;
use std::collections::BTreeMap;

/// Entries to put into maps.
#[derive(Debug)]
pub(crate) struct Pairs {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) fields: Vec<FieldSpec>,
}

impl Pairs {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        for resource in map.list_mut() {
            let gvk = resource.gvk();
            for spec in self.fields.iter().filter(|s| gvk.is_selected(&s.gvk)) {
                let found =
                    spec.apply_to_any(&mut resource.node, CREATE_MAP, &mut |node| self.put(node));
                match found {
                    Ok(true) => resource.note(context.by),
                    Ok(false) => {}
                    Err(message) => return Err(context.fail(resource, message)),
                }
            }
        }
        Ok(())
    }

    fn put(&self, node: &mut Node) -> Result<(), String> {
        if node.is_null() {
            return Ok(());
        }
        let kind = node.kind();
        let Some(map) = node.as_map_mut() else {
            return Err(format!("a map is expected, there is {}", kind.name()));
        };
        for (key, text) in &self.pairs {
            map.set_field(key, Node::string(text.as_str()));
        }
        Ok(())
    }
}
