//! `ValueAddTransformer`: a value into fields, or into a part of a path held by one.

use super::Context;
use super::namespace::{Namespace, SubjectMode};
use crate::error::BuildError;
use crate::fieldspec::split_path;
use crate::ident::Selector;
use crate::node::{Kind, Node, Tag};
use crate::resmap::ResMap;

/// The value and where it goes.
#[derive(Debug)]
pub(crate) struct ValueAdd {
    pub(crate) value: String,
    pub(crate) targets: Vec<ValueTarget>,
}

/// One place.
#[derive(Debug)]
pub(crate) struct ValueTarget {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    pub(crate) position: i64,
}

impl ValueAdd {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        for target in &self.targets {
            let selected = match &target.selector {
                None => (0..map.list().len()).collect(),
                Some(selector) => map
                    .select(selector, context.schemas)
                    .map_err(|e| BuildError::transform(e).in_file(&context.by.file))?,
            };
            let namespace = Namespace {
                namespace: self.value.clone(),
                fields: Vec::new(),
                unset_only: false,
                subjects: SubjectMode::Default,
            };
            for index in selected {
                let resource = &mut map.list_mut()[index];
                let done = if target.field_path == "metadata/namespace" {
                    namespace.set(resource, context)
                } else {
                    self.set(&mut resource.node, target)
                };
                done.map_err(|e| context.fail(resource, e))?;
                resource.note(context.by);
            }
        }
        Ok(())
    }

    fn set(&self, root: &mut Node, target: &ValueTarget) -> Result<(), String> {
        let path = split_path(&target.field_path, '/');
        let mut node = root;
        for (i, part) in path.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            let kind = if i + 1 == path.len() { Kind::Scalar } else { Kind::Map };
            node = step(node, part, kind, path.get(i + 1))?;
        }
        let text = if target.position > 0 {
            insert_part(node.text(), target.position as usize - 1, &self.value)
        } else {
            self.value.clone()
        };
        node.set_scalar(&text, Tag::Empty).map_err(|k| {
            format!("field '{}': a text is expected, there is {}", target.field_path, k.name())
        })
    }
}

/// One part of the path down, made when missing.
fn step<'a>(
    node: &'a mut Node,
    part: &str,
    kind: Kind,
    next: Option<&String>,
) -> Result<&'a mut Node, String> {
    let wants = |what: &str, kind: Kind| format!("'{part}' wants {what}, there is {}", kind.name());
    if let Some((field, value)) =
        part.strip_prefix('[').and_then(|p| p.strip_suffix(']')).and_then(|p| p.split_once('='))
    {
        let found = node.kind();
        let Node::List(list) = node else { return Err(wants("a list", found)) };
        let at =
            list.items.iter().position(|item| item.get(field).is_some_and(|n| n.text() == value));
        let at = at.unwrap_or_else(|| {
            let mut item = Node::map();
            item.make_map().push(field, Node::untyped(value));
            list.items.push(item);
            list.items.len() - 1
        });
        return Ok(&mut list.items[at]);
    }
    if let Ok(index) = part.parse::<usize>() {
        let found = node.kind();
        let Node::List(list) = node else { return Err(wants("a list", found)) };
        let count = list.items.len();
        return list.items.get_mut(index).ok_or(format!("there is no element {index} of {count}"));
    }
    if node.is_null() {
        *node = Node::map();
    }
    let found = node.kind();
    let Node::Map(map) = node else { return Err(wants("a map", found)) };
    let kind = if next.is_some_and(|n| n.starts_with('[')) { Kind::List } else { kind };
    Ok(map.get_or_add(part, || Node::empty(kind)))
}

/// Inserts a part into a file path; a leading slash is kept.
fn insert_part(path: &str, position: usize, part: &str) -> String {
    if part.is_empty() {
        return path.to_owned();
    }
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}
