//! `replacements`: the value of one field into others.
//!
//! Source: `api/filters/replacement/replacement.go` of kustomize v5.8.1.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::split_field_path;
use crate::hash::go_json;
use crate::ident::{Id, Matcher, Selector};
use crate::kustomization::{FieldOptions, Replacement, Source, Target};
use crate::node::{Kind, MAX_DEPTH, Node, Tag, embedded};
use crate::path;
use crate::resmap::{ResMap, matches_labels};
use crate::resource::Resource;
use object::Value;
use std::cell::Cell;

/// All replacements of one kustomization or plugin.
#[derive(Debug)]
pub(crate) struct Replacements(pub(crate) Vec<Replacement>);

/// How many bytes all replacements of one kustomization may write: each may double an object.
const WRITTEN: usize = 128 << 20;

/// What is left of [`WRITTEN`].
struct Budget(Cell<usize>);

impl Budget {
    fn spend(&self, bytes: usize) -> Result<(), String> {
        let left = self.0.get().checked_sub(bytes).ok_or_else(|| {
            format!("the replacements write more than {WRITTEN} bytes; split the kustomization")
        })?;
        self.0.set(left);
        Ok(())
    }
}

const NAME: &str = "metadata.name";

impl Replacements {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        let budget = Budget(Cell::new(WRITTEN));
        for (number, replacement) in self.0.iter().enumerate() {
            let place = |error: BuildError| error.in_file(&context.by.file);
            let fail = |message: String| {
                place(BuildError::transform(format!("replacements[{number}]: {message}")))
            };
            let targets = replacement.targets.as_ref();
            let (Some(targets), true) =
                (targets, replacement.source.is_some() || replacement.source_value.is_some())
            else {
                return Err(fail("a source and at least one target are needed".to_owned()));
            };
            let value = match (&replacement.source, &replacement.source_value) {
                (Some(_), Some(_)) => {
                    return Err(fail("source and sourceValue exclude each other".to_owned()));
                }
                (None, value) => Node::untyped(value.as_deref().unwrap_or_default()),
                (Some(source), None) => read_source(map.list(), source).map_err(fail)?,
            };
            for target in targets {
                self.write(map, &value, target, &budget, context).map_err(
                    |(resource, message)| match resource.map(|i| &map.list()[i]) {
                        Some(r) => context.fail(r, format!("replacements[{number}]: {message}")),
                        None => fail(message),
                    },
                )?;
            }
        }
        map.drop_empty();
        Ok(())
    }

    /// Writes into every selected resource. The error says at which, when at one.
    fn write(
        &self,
        map: &mut ResMap,
        value: &Node,
        target: &Target,
        budget: &Budget,
        context: &Context<'_>,
    ) -> Result<(), (Option<usize>, String)> {
        let fail = |message: String| (None, message);
        let select = target.select.as_ref();
        let select = select.ok_or_else(|| fail("a target needs 'select'".to_owned()))?;
        let matcher = Matcher::new(select).map_err(fail)?;
        let reject: Vec<(Matcher, &Selector)> = target
            .reject
            .iter()
            .map(|s| Ok((Matcher::new(s)?, s)))
            .collect::<Result<_, String>>()
            .map_err(fail)?;
        let name = [NAME.to_owned()];
        let paths = if target.field_paths.is_empty() { &name[..] } else { &target.field_paths };
        for (index, resource) in map.list_mut().iter_mut().enumerate() {
            let ids = ids(resource);
            let picks = |m: &Matcher, id: &Id| {
                m.gvk(&id.gvk) && m.name(&id.name) && m.namespace(&id.namespace)
            };
            let rejected = reject.iter().any(|(m, selector)| {
                let by_labels = !(m.labels.is_empty() && m.annotations.is_empty());
                (by_labels && matches_labels(m, resource))
                    || (!selector.names_nothing() && ids.iter().any(|id| picks(m, id)))
            });
            if rejected || !matches_labels(&matcher, resource) {
                continue;
            }
            if ids.iter().any(|id| picks(&matcher, id)) {
                for path in paths {
                    copy(&mut resource.node, value, path, &target.options, budget)
                        .map_err(|e| (Some(index), e))?;
                    resource.align_shared();
                }
                resource.note(context.by);
            }
        }
        Ok(())
    }
}

/// Current and earlier identities, the current one with its namespace as written.
fn ids(resource: &Resource) -> Vec<Id> {
    let current = Id {
        gvk: resource.gvk(),
        name: resource.name().into(),
        namespace: resource.namespace().into(),
        cluster: false,
    };
    std::iter::once(current).chain(resource.previous_ids()).collect()
}

fn describe(selector: &Selector) -> String {
    let Selector { gvk, name, namespace, .. } = selector;
    let mut out = Vec::new();
    let parts = [
        ("group", &gvk.group),
        ("version", &gvk.version),
        ("kind", &gvk.kind),
        ("namespace", namespace),
        ("name", name),
    ];
    for (key, value) in parts.iter().filter(|(_, v)| !v.is_empty()) {
        out.push(format!("{key}: {value}"));
    }
    format!("{{{}}}", out.join(", "))
}

fn read_source(list: &[Resource], source: &Source) -> Result<Node, String> {
    let selector = &source.selector;
    let namespace = |namespace: &str| {
        if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() }
    };
    let fits = |id: &Id| {
        (selector.name.is_empty() || selector.name == id.name)
            && (selector.namespace.is_empty()
                || namespace(&selector.namespace) == namespace(&id.namespace))
            && id.gvk.is_selected(&selector.gvk)
    };
    let mut found = list.iter().filter(|r| ids(r).iter().any(fits));
    let resource = found.next().ok_or_else(|| {
        format!("the source {} selects no object; correct it", describe(selector))
    })?;
    if found.next().is_some() {
        return Err(format!(
            "the source {} selects several objects; be more precise",
            describe(selector)
        ));
    }
    let field = if source.field_path.is_empty() { NAME } else { &source.field_path };
    let node = path::get(&resource.node, &split_field_path(field))
        .map_err(|e| format!("the source's fieldPath '{field}': {e}"))?
        .filter(|n| !n.is_empty())
        .ok_or_else(|| format!("the source {} has no field '{field}'", describe(selector)))?;
    let FieldOptions { delimiter, index, .. } = &source.options;
    if delimiter.is_empty() {
        return Ok(node.clone());
    }
    if node.kind() != Kind::Scalar {
        return Err(format!(
            "the source's field '{field}' is no text that a delimiter could split"
        ));
    }
    let parts: Vec<&str> = node.text_or_empty().split(delimiter.as_str()).collect();
    let part = usize::try_from(*index).ok().and_then(|i| parts.get(i)).ok_or_else(|| {
        format!("the source's options.index {index} is outside of '{}'", node.text())
    })?;
    let mut out = node.clone();
    let tag = match node {
        Node::Scalar(scalar) => scalar.tag,
        _ => Tag::Str,
    };
    let _ = out.set_scalar(part, tag);
    Ok(out)
}

/// Writes the value to the field or fields of one path.
fn copy(
    root: &mut Node,
    value: &Node,
    path: &str,
    options: &FieldOptions,
    budget: &Budget,
) -> Result<(), String> {
    let create = options.create.then(|| value.kind());
    let parts = split_field_path(path);
    let room = MAX_DEPTH.checked_sub(parts.len());
    let weight = room
        .and_then(|room| value.weight(room))
        .ok_or_else(|| format!("the object would nest deeper than {MAX_DEPTH} levels"))?;
    budget.spend(weight)?;
    if copy_into_text(root, value, &parts, create).is_ok() {
        return Ok(());
    }
    let missing = || {
        let verb = if options.create { "find or create" } else { "find" };
        format!("cannot {verb} the field '{path}'")
    };
    let found = path::visit(root, &parts, create, &mut |node| {
        budget.spend(weight + node.text().len())?;
        set(node, value, options)
    })
    .map_err(|e| format!("{}: {e}", missing()))?;
    if found == 0 {
        return Err(format!("{}; correct the path, or add options.create", missing()));
    }
    Ok(())
}

fn set(field: &mut Node, value: &Node, options: &FieldOptions) -> Result<(), String> {
    let mut text = value.text().to_owned();
    if !options.delimiter.is_empty() {
        if field.kind() != Kind::Scalar {
            return Err("a delimiter is for texts only".to_owned());
        }
        let value = value.text_or_empty();
        let mut parts: Vec<&str> = field.text().split(options.delimiter.as_str()).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, value),
            Ok(i) if i >= parts.len() => parts.push(value),
            Ok(i) => parts[i] = value,
        }
        text = parts.join(&options.delimiter);
    }
    match field {
        Node::Scalar(scalar) => scalar.write(&text, scalar.tag),
        field => *field = value.clone(),
    }
    Ok(())
}

/// Writes into YAML or JSON that a text on the way holds.
///
/// # Errors
/// When there is none, or the path does not fit it.
fn copy_into_text(
    root: &mut Node,
    value: &Node,
    path: &[String],
    create: Option<Kind>,
) -> Result<(), String> {
    for length in 1..path.len() {
        let Ok(Some(positions)) = path::find(root, &path[..length]) else { continue };
        let holder = path::at_mut(root, &positions);
        let Node::Scalar(scalar) = holder else { continue };
        let Some(mut inner) = embedded(&scalar.text) else { continue };
        let set = &mut |node: &mut Node| {
            match node {
                Node::Scalar(scalar) => scalar.text = value.text().into(),
                other => *other = value.clone(),
            }
            Ok(())
        };
        if path::visit(&mut inner, &path[length..], create, set)? == 0 {
            return Err("the text has no such field".to_owned());
        }
        let text = print(&inner, &scalar.text)?;
        scalar.write(&text, scalar.tag);
        return Ok(());
    }
    Err("there is no text on the way".to_owned())
}

/// Prints embedded data the way it was written: JSON (on one line or indented) or YAML.
fn print(inner: &Node, original: &str) -> Result<String, String> {
    if !original.trim_start().starts_with(['{', '[']) {
        return Ok(inner.to_text().trim().to_owned());
    }
    let value = inner.to_value().map_err(|e| e.message)?;
    let mut out = String::new();
    if original.contains('\n') && original.contains("  ") {
        indented_json(&value, 0, &mut out);
    } else {
        go_json(&value, &mut out);
    }
    Ok(out)
}

fn indented_json(value: &Value, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(out, depth + 1);
                indented_json(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(out, depth + 1);
                go_json(&Value::from(key), out);
                out.push_str(": ");
                indented_json(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        other => go_json(other, out),
    }
}
