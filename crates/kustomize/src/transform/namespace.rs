//! The namespace of everything that has one, and of what refers to it.

use super::Context;
use crate::error::{BuildError, Fault};
use crate::fieldspec::{CREATE_TEXT, FieldSpec};
use crate::ident::Id;
use crate::node::{Node, Tag};
use crate::resmap::ResMap;
use crate::resource::Resource;
use std::collections::HashMap;

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubjectMode {
    /// Those named `default`.
    #[default]
    Default,
    /// Every service account.
    AllServiceAccounts,
    None,
}

/// A namespace to set.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) namespace: String,
    pub(crate) fields: Vec<FieldSpec>,
    pub(crate) unset_only: bool,
    pub(crate) subjects: SubjectMode,
}

impl Namespace {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        if self.namespace.is_empty() {
            return Ok(());
        }
        let schemas = context.schemas;
        let list = map.list_mut();
        let mut counts: HashMap<Id, usize> = HashMap::new();
        for resource in list.iter() {
            *counts.entry(resource.id(schemas).effective()).or_default() += 1;
        }
        for resource in list.iter_mut() {
            if resource.node.is_empty() || resource.helm_generated {
                continue;
            }
            let before = resource.id(schemas).effective();
            resource.store_previous_id(schemas);
            self.set(resource, context).map_err(|e| context.fail(resource, e))?;
            resource.note(context.by);
            let after = resource.id(schemas).effective();
            if let Some(count) = counts.get_mut(&before) {
                *count -= 1;
            }
            let count = counts.entry(after).or_default();
            *count += 1;
            if *count != 1 {
                let message = format!(
                    "the namespace '{}' gives two objects one identity; rename or remove one of them",
                    self.namespace
                );
                let error = BuildError::new(Fault::Conflict, message);
                let error = error.on(resource.id(schemas)).at(&resource.origin, resource.line);
                return Err(error.through(&context.by.file));
            }
        }
        Ok(())
    }

    pub(super) fn set(&self, resource: &mut Resource, context: &Context<'_>) -> Result<(), String> {
        let is_core = resource.node.get("apiVersion").map_or("", Node::text) == "v1";
        let id = resource.id(context.schemas);
        let mut setter = |node: &mut Node| self.set_value(node);
        if !id.cluster {
            FieldSpec::anywhere("metadata/namespace", true).apply_to_any(
                &mut resource.node,
                CREATE_TEXT,
                &mut setter,
            )?;
        }
        let is_binding = matches!(id.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.set_subjects(&mut resource.node)?;
        }
        for spec in self.fields.iter().filter(|s| id.gvk.is_selected(&s.gvk)) {
            let is_name = spec.path == "metadata/name" && !is_core;
            let names_binding =
                matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
            let is_subject = is_binding && names_binding && spec.path == "subjects/namespace";
            if spec.path == "metadata/namespace" || is_name || is_subject {
                continue;
            }
            spec.apply_to_any(&mut resource.node, CREATE_TEXT, &mut setter)?;
        }
        Ok(())
    }

    fn set_value(&self, node: &mut Node) -> Result<(), String> {
        if self.unset_only && !node.is_empty() && !node.text().is_empty() {
            return Ok(());
        }
        node.set_scalar(&self.namespace, Tag::Str)
            .map_err(|k| format!("a namespace is expected, there is {}", k.name()))
    }

    fn set_subjects(&self, root: &mut Node) -> Result<(), String> {
        let (key, wanted) = match self.subjects {
            SubjectMode::None => return Ok(()),
            SubjectMode::Default => ("name", "default"),
            SubjectMode::AllServiceAccounts => ("kind", "ServiceAccount"),
        };
        let subjects = match root.get_mut("subjects") {
            Some(Node::List(list)) => &mut list.items,
            Some(node) if !node.is_null() => {
                return Err(format!(
                    "field 'subjects': a list is expected, there is {}",
                    node.kind().name()
                ));
            }
            _ => return Ok(()),
        };
        for subject in subjects.iter_mut() {
            match subject.get(key) {
                Some(Node::Scalar(scalar)) if scalar.text == wanted => {}
                None | Some(Node::Scalar(_)) => continue,
                Some(other) => {
                    let kind = other.kind().name();
                    return Err(format!(
                        "field 'subjects': '{key}' should be text, there is {kind}"
                    ));
                }
            }
            let field = subject.make_map().get_or_add("namespace", || Node::untyped(""));
            self.set_value(field)?;
        }
        Ok(())
    }
}
