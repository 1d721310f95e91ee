//! Labels and annotations.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::{CREATE_MAP, FieldSpec};
use crate::node::{Node, Scalar, Tag};
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
            let groups: Vec<u16> = self.pairs.iter().map(|_| resource.new_group()).collect();
            for spec in self.fields.iter().filter(|s| gvk.is_selected(&s.gvk)) {
                let found = spec.apply_to_any(&mut resource.node, CREATE_MAP, &mut |node| {
                    self.put(node, &groups)
                });
                match found {
                    Ok(true) => resource.note(context.by),
                    Ok(false) => {}
                    Err(message) => return Err(context.fail(resource, message)),
                }
            }
            resource.align_shared();
        }
        Ok(())
    }

    /// Sets the entries; those that are new share their value with what else is new in this resource.
    fn put(&self, node: &mut Node, groups: &[u16]) -> Result<(), String> {
        if node.is_null() {
            return Ok(());
        }
        let kind = node.kind();
        let Some(map) = node.as_map_mut() else {
            return Err(format!("a map is expected, there is {}", kind.name()));
        };
        for ((key, text), group) in self.pairs.iter().zip(groups) {
            let value = Node::string(text.as_str());
            match map.get_mut(key) {
                Some(field) => field.replace_keeping_style(value),
                None => {
                    let scalar = Scalar { group: *group, ..Scalar::new(text.as_str(), Tag::Str) };
                    map.push(key, Node::Scalar(scalar));
                }
            }
        }
        Ok(())
    }
}
