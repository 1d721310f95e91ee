//! `vars`: values of fields in place of `$(NAME)`.
//!
//! Source: `api/filters/refvar` and `api/internal/accumulator` of kustomize v5.8.1.

use super::Context;
use crate::config::Config;
use crate::error::{BuildError, Fault};
use crate::fieldspec::split_field_path;
use crate::kustomization::Var;
use crate::node::{Node, Scalar, Style, Tag};
use crate::path;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::Schemas;
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::TreePath;

/// Vars by name, with the kustomization that declares each.
#[derive(Debug, Default)]
pub(crate) struct VarSet(BTreeMap<String, (Var, Arc<TreePath>)>);

impl VarSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, var: Var, file: &Arc<TreePath>) -> Result<(), BuildError> {
        if let Some((_, other)) = self.0.get(&var.name) {
            let message =
                format!("the var '{}' is declared in {other} already; rename one", var.name);
            return Err(BuildError::new(Fault::Conflict, message).in_file(file));
        }
        self.0.insert(var.name.clone(), (var, file.clone()));
        Ok(())
    }

    /// Takes in the vars of a base.
    ///
    /// # Errors
    /// When a name stands twice.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), BuildError> {
        other.0.into_values().try_for_each(|(var, file)| self.add(var, &file))
    }

    /// Takes in the vars of a kustomization and marks the resources they read from.
    ///
    /// # Errors
    /// When a name stands twice, or a var may mean several resources.
    pub(crate) fn declare(
        &mut self,
        vars: &[Var],
        file: &Arc<TreePath>,
        map: &mut ResMap,
        schemas: &Schemas,
    ) -> Result<(), BuildError> {
        for var in vars {
            let any_namespace = var.namespace.is_empty();
            let found = map.find_any(schemas, |id| {
                let namespace = if var.namespace.is_empty() { "default" } else { &var.namespace };
                id.name == var.object_name
                    && id.gvk == var.gvk
                    && (any_namespace || id.effective_namespace() == namespace)
            });
            match found[..] {
                [] => {}
                [index] => map.list_mut()[index].vars.push(var.name.clone()),
                _ => {
                    let message = format!(
                        "the var '{}' may mean {} objects; name the namespace in its objref",
                        var.name,
                        found.len()
                    );
                    return Err(BuildError::transform(message).in_file(file));
                }
            }
        }
        vars.iter().try_for_each(|var| self.add(var.clone(), file))
    }
}

/// Replaces `$(NAME)` in the places the configuration names.
///
/// # Errors
/// When a var has no field to read from, or a place holds something no var can be in.
pub(crate) fn resolve(
    map: &mut ResMap,
    vars: &VarSet,
    config: &Config,
    context: &Context<'_>,
) -> Result<(), BuildError> {
    let mut values: BTreeMap<String, Option<Scalar>> = BTreeMap::new();
    for (name, (var, file)) in &vars.0 {
        let value = value_of(var, map.list()).map_err(|message| {
            BuildError::transform(format!("the var '{name}' {message}")).in_file(file)
        })?;
        values.insert(name.clone(), value);
    }
    if values.is_empty() {
        return Ok(());
    }
    for resource in map.list_mut() {
        let gvk = resource.gvk();
        let mut changed = false;
        for spec in config.var_reference.iter().filter(|s| gvk.is_selected(&s.gvk)) {
            let done = spec.apply_to_any(&mut resource.node, None, &mut |node| {
                changed |= set(node, &values)?;
                Ok(())
            });
            done.map_err(|e| context.fail(resource, e))?;
            if changed {
                resource.align_shared();
            }
        }
        if changed {
            resource.note(context.by);
        }
    }
    Ok(())
}

/// The value of a var; `None` for a list or map, which is left alone with the reference.
fn value_of(var: &Var, list: &[Resource]) -> Result<Option<Scalar>, String> {
    let resource = list
        .iter()
        .find(|r| r.vars.contains(&var.name))
        .ok_or("names an object that is not there; correct its objref")?;
    let path = with_indices(split_field_path(&var.field_path));
    let node = path::get(&resource.node, &path)?
        .ok_or_else(|| format!("reads field '{}', which is not there", var.field_path))?;
    let Node::Scalar(scalar) = node else { return Ok(None) };
    let mut scalar = scalar.clone();
    (scalar.style, scalar.tagged) = (Style::Plain, false);
    match scalar.tag {
        Tag::Int => {
            let int: i64 =
                scalar.text.parse().map_err(|_| "reads a number that is no decimal one")?;
            scalar.text = compact_str::format_compact!("{int}");
        }
        Tag::Float => {
            let float: f64 =
                scalar.text.parse().map_err(|_| "reads a number that is no decimal one")?;
            scalar.text = compact_str::format_compact!("{float}");
        }
        Tag::Bool => {
            scalar.text = if scalar.text.starts_with(['t', 'T']) { "true" } else { "false" }.into();
        }
        _ => scalar.tag = Tag::Str,
    }
    Ok(Some(scalar))
}

/// `ports[0]` is `ports` and `0`.
fn with_indices(path: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(path.len());
    for part in path {
        let index = part
            .strip_suffix(']')
            .and_then(|p| p.rsplit_once('['))
            .filter(|(_, i)| !i.is_empty() && i.bytes().all(|b| b.is_ascii_digit()));
        match index {
            Some((name, index)) => {
                if !name.is_empty() {
                    out.push(name.to_owned());
                }
                out.push(index.to_owned());
            }
            None => out.push(part),
        }
    }
    out
}

type Values = BTreeMap<String, Option<Scalar>>;

fn set(node: &mut Node, values: &Values) -> Result<bool, String> {
    match node {
        Node::Scalar(scalar) if scalar.tag == Tag::Null => Ok(false),
        Node::Scalar(scalar) => Ok(replace(scalar, values)),
        Node::Map(map) => {
            let mut changed = false;
            for (_, value) in &mut map.entries {
                if let Node::Scalar(scalar) = value {
                    changed |= replace(scalar, values);
                }
            }
            Ok(changed)
        }
        Node::List(list) => {
            let mut changed = false;
            for item in &mut list.items {
                match item {
                    Node::Scalar(scalar) if scalar.is_text() => changed |= replace(scalar, values),
                    other => {
                        return Err(format!(
                            "only texts are expected in this list, there is {}",
                            if other.kind() == crate::node::Kind::Scalar {
                                "another scalar"
                            } else {
                                other.kind().name()
                            }
                        ));
                    }
                }
            }
            Ok(changed)
        }
    }
}

/// Replaces what stands in one text; a text that is one reference takes the value with its type.
fn replace(scalar: &mut Scalar, values: &Values) -> bool {
    if !scalar.is_text() || !scalar.text.contains('$') || is_bomb(&scalar.text, values) {
        return false;
    }
    let text = scalar.text.clone();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        out.push_str(before);
        rest = after;
        match after.as_bytes().first() {
            None => out.push('$'),
            Some(b'$') => {
                out.push('$');
                rest = &after[1..];
            }
            Some(b'(') => match after.find(')') {
                Some(end) => {
                    let name = &after[1..end];
                    rest = &after[end + 1..];
                    match values.get(name) {
                        Some(Some(value)) if text.len() == name.len() + 3 => {
                            let (group, fresh) = (scalar.group, scalar.group != 0);
                            *scalar = Scalar { group, fresh, ..value.clone() };
                            return true;
                        }
                        Some(Some(value)) => out.push_str(&value.text),
                        _ => {
                            out.push_str("$(");
                            out.push_str(name);
                            out.push(')');
                        }
                    }
                }
                None => {
                    out.push_str("$(");
                    rest = &after[1..];
                }
            },
            Some(_) => out.push('$'),
        }
    }
    out.push_str(rest);
    if out == text.as_str() {
        return false;
    }
    let (group, fresh) = (scalar.group, scalar.group != 0);
    *scalar = Scalar { group, fresh, ..Scalar::new(out, Tag::Str) };
    true
}

/// Whether so many references to so long values stand in one text that the result would be no use to anyone.
fn is_bomb(text: &str, values: &Values) -> bool {
    const LONGEST: usize = 16 << 20;
    let longest = values.values().flatten().map(|v| v.text.len()).max().unwrap_or(0);
    text.matches("$(").count().saturating_mul(longest) > LONGEST
}
