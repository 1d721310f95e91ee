//! Patches: strategic merge or JSON, by target or by the name the patch itself has.

use super::Context;
use super::json_patch::JsonPatch;
use crate::error::{BuildError, Fault};
use crate::ident::{Id, Selector};
use crate::kustomization::Patch;
use crate::node::Node;
use crate::resmap::ResMap;
use crate::resource::Resource;
use std::sync::Arc;
use tree::TreePath;

/// The text of a patch and where it stands.
#[derive(Debug)]
pub(crate) struct PatchText {
    resources: Vec<Resource>,
}

/// An entry of `patches`.
#[derive(Debug)]
pub(crate) struct PatchEntry {
    target: Option<Selector>,
    content: Content,
    file: Arc<TreePath>,
}

#[derive(Debug)]
enum Content {
    StrategicMerge(Vec<Resource>),
    Json(JsonPatch),
}

/// An entry of `patchesJson6902`.
#[derive(Debug)]
pub(crate) struct JsonPatchTarget {
    target: Selector,
    patch: JsonPatch,
    file: Arc<TreePath>,
}

fn syntax(file: &TreePath, message: impl Into<String>) -> BuildError {
    BuildError::new(Fault::Syntax, message).in_file(file)
}

impl PatchText {
    /// Strategic merge patches in a text.
    ///
    /// # Errors
    /// When it does not read, or a document has no kind or name.
    pub(crate) fn parse(text: &str, file: &Arc<TreePath>) -> Result<Self, BuildError> {
        Ok(Self { resources: crate::load::resources_in(text, file)? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

impl PatchEntry {
    /// # Errors
    /// When the text is neither kind of patch, or both.
    pub(crate) fn new(entry: &Patch, text: &str, file: &Arc<TreePath>) -> Result<Self, BuildError> {
        let merge = crate::load::resources_in(text, file);
        let json =
            if text.is_empty() { Err("it is empty".to_owned()) } else { JsonPatch::parse(text) };
        let content = match (merge, json) {
            (Ok(resources), Ok(json)) if !resources.is_empty() && !json.is_empty() => {
                let message = "reads as a strategic merge patch and as a JSON patch; split it";
                return Err(syntax(file, message));
            }
            (Ok(mut resources), _) => {
                for resource in &mut resources {
                    resource.allow_name_change |= entry.allow_name_change;
                    resource.allow_kind_change |= entry.allow_kind_change;
                }
                Content::StrategicMerge(resources)
            }
            (Err(_), Ok(json)) => Content::Json(json),
            (Err(merge), Err(json)) => {
                // Which of the two was meant shows in the text.
                let looks_like_json = text.trim_start().starts_with(['[', '-']);
                return Err(if looks_like_json {
                    syntax(file, format!("is no JSON patch: {json}"))
                } else {
                    merge
                });
            }
        };
        if let (Content::Json(_), None) = (&content, &entry.target) {
            let message = "a JSON patch needs a target; add target: with kind and name";
            return Err(syntax(file, message));
        }
        Ok(Self { target: entry.target.clone(), content, file: file.clone() })
    }

    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        match (&self.content, &self.target) {
            (Content::StrategicMerge(patches), Some(target)) => {
                let patch = match &patches[..] {
                    [] => return Ok(()),
                    [patch] => patch,
                    _ => {
                        let message = "several strategic merge patches under one target; give each \
                                       its own entry";
                        return Err(syntax(&self.file, message));
                    }
                };
                let selected = map
                    .select(target, context.schemas)
                    .map_err(|e| BuildError::transform(e).in_file(&self.file))?;
                merge_into(map, &selected, patch, context)
            }
            (Content::StrategicMerge(patches), None) => {
                for patch in patches {
                    let index = only_match(map, patch, context)?;
                    let target = &mut map.list_mut()[index];
                    target
                        .apply_patch(patch, context.schemas)
                        .map_err(|e| patch_failed(patch, target, &e, context))?;
                    target.note(context.by);
                }
                Ok(())
            }
            (Content::Json(patch), target) => {
                let target = target.clone().unwrap_or_default();
                run_json(map, &target, patch, &self.file, true, context)
            }
        }
    }
}

impl JsonPatchTarget {
    /// # Errors
    /// When the target has no name or the patch does not read.
    pub(crate) fn new(
        target: Option<&Selector>,
        text: &str,
        file: &Arc<TreePath>,
    ) -> Result<Self, BuildError> {
        let target = target.filter(|t| !t.name.is_empty()).ok_or_else(|| {
            syntax(file, "a JSON patch under patchesJson6902 needs a target with a name")
        })?;
        let patch =
            JsonPatch::parse(text).map_err(|e| syntax(file, format!("is no JSON patch: {e}")))?;
        if patch.is_empty() {
            return Err(syntax(file, "the JSON patch has no operations"));
        }
        Ok(Self { target: target.clone(), patch, file: file.clone() })
    }

    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        run_json(map, &self.target, &self.patch, &self.file, false, context)
    }
}

/// `patchesStrategicMerge`.
pub(super) fn run_strategic_merge(
    patches: &[PatchText],
    map: &mut ResMap,
    context: &Context<'_>,
) -> Result<(), BuildError> {
    for patch in patches.iter().flat_map(|p| &p.resources) {
        let index = only_match(map, patch, context)?;
        merge_into(map, &[index], patch, context)?;
    }
    Ok(())
}

/// The one resource a patch names.
fn only_match(map: &ResMap, patch: &Resource, context: &Context<'_>) -> Result<usize, BuildError> {
    let id = patch.original_id(context.schemas);
    let found = map.find_any(context.schemas, |other| id.equals(other));
    let message = match found[..] {
        [index] => return Ok(index),
        [] => no_match(map, &id, context),
        _ => "the patch fits several objects; add a target or a namespace".to_owned(),
    };
    Err(BuildError::transform(message)
        .on(&id)
        .at(&patch.origin, patch.line)
        .through(&context.by.file))
}

/// Says what is nearest to what a patch wants.
fn no_match(map: &ResMap, id: &Id, context: &Context<'_>) -> String {
    let near = map
        .list()
        .iter()
        .map(|r| r.id(context.schemas))
        .find(|other| other.name == id.name && other.gvk.kind == id.gvk.kind);
    match near {
        Some(near) => format!("no object fits the patch; there is {near}"),
        None => "no object fits the patch; correct kind and name, or add a target".to_owned(),
    }
}

fn patch_failed(
    patch: &Resource,
    target: &Resource,
    message: &str,
    context: &Context<'_>,
) -> BuildError {
    let message = format!("the patch does not fit {}:{}: {message}", target.origin, target.line);
    BuildError::transform(message)
        .on(target.id(context.schemas))
        .at(&patch.origin, patch.line)
        .through(&context.by.file)
}

/// Merges a patch into the resources at `selected`, as kustomize does for patches with a target.
fn merge_into(
    map: &mut ResMap,
    selected: &[usize],
    patch: &Resource,
    context: &Context<'_>,
) -> Result<(), BuildError> {
    let schemas = context.schemas;
    // kustomize selects by identity: whatever shares it is meant too.
    let ids: Vec<Id> = selected.iter().map(|&i| map.list()[i].id(schemas)).collect();
    let mut renamed = false;
    for target in map.list_mut() {
        if !ids.contains(&target.id(schemas)) {
            continue;
        }
        let mut copy = patch.clone();
        copy.texts_only();
        let mut gvk = target.gvk();
        gvk.kind = patch.kind().into();
        copy.set_gvk(&gvk);
        target.apply_patch(&copy, schemas).map_err(|e| patch_failed(patch, target, &e, context))?;
        target.note(context.by);
        renamed |= patch.allow_name_change || patch.allow_kind_change;
    }
    map.drop_empty();
    if renamed {
        let list = std::mem::take(map.list_mut());
        map.reset(list, schemas)?;
    }
    Ok(())
}

fn run_json(
    map: &mut ResMap,
    target: &Selector,
    patch: &JsonPatch,
    file: &TreePath,
    remember: bool,
    context: &Context<'_>,
) -> Result<(), BuildError> {
    let selected =
        map.select(target, context.schemas).map_err(|e| BuildError::transform(e).in_file(file))?;
    for index in selected {
        let resource = &mut map.list_mut()[index];
        if remember {
            resource.store_previous_id(context.schemas);
        }
        let fail = |resource: &Resource, message: String| {
            let at =
                format!("the patch does not fit {}:{}: {message}", resource.origin, resource.line);
            BuildError::transform(at)
                .on(resource.id(context.schemas))
                .in_file(file)
                .through(&context.by.file)
        };
        let mut value = resource.node.to_value().map_err(|e| fail(resource, e.message))?;
        patch.apply(&mut value).map_err(|e| fail(resource, e))?;
        if value.as_map().is_none() {
            return Err(fail(resource, "nothing that is an object is left".to_owned()));
        }
        resource.node = Node::from_json_value(&value);
        resource.texts_only_annotations();
        resource.note(context.by);
    }
    Ok(())
}
