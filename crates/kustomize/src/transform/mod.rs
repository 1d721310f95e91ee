//! The built-in transformers, each a function over the resources.
//!
//! Source: `api/internal/builtins` and `api/filters` of kustomize v5.8.1. A transformer is configured first
//! (files read, patterns checked) and run later, so that an error in a file is told before anything changes.

mod affix;
mod image;
mod json_patch;
mod metadata;
mod names;
mod namespace;
mod patch;
mod replacement;
mod replica;
mod sort;
mod value_add;
mod vars;

pub(crate) use affix::{Affix, Side};
pub(crate) use image::{ImageTag, pattern as image_pattern, split as split_image};
pub(crate) use metadata::Pairs;
pub(crate) use names::update_references;
pub(crate) use namespace::{Namespace, SubjectMode};
pub(crate) use patch::{JsonPatchTarget, PatchEntry, PatchText};
pub(crate) use replacement::Replacements;
pub(crate) use replica::ReplicaCount;
pub(crate) use sort::sort;
pub(crate) use value_add::{ValueAdd, ValueTarget};
pub(crate) use vars::{VarSet, resolve as resolve_vars};

use crate::Transformation;
use crate::error::BuildError;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::Schemas;
use std::sync::Arc;

/// A configured transformer.
#[derive(Debug)]
pub(crate) enum Transformer {
    Namespace(Namespace),
    Affix(Affix),
    Labels(Pairs),
    Annotations(Pairs),
    Patch(PatchEntry),
    JsonPatch(JsonPatchTarget),
    StrategicMerge(Vec<PatchText>),
    Replicas(ReplicaCount),
    Image(ImageTag),
    Replacements(Replacements),
    ValueAdd(ValueAdd),
    Hash,
}

/// What every transformer needs besides the resources.
pub(crate) struct Context<'a> {
    pub(crate) schemas: &'a Schemas,
    /// Who transforms, for the provenance.
    pub(crate) by: &'a Arc<Transformation>,
}

impl Context<'_> {
    /// An error of a transformer at one resource.
    pub(crate) fn fail(&self, resource: &Resource, message: impl Into<String>) -> BuildError {
        BuildError::transform(message)
            .on(resource.id(self.schemas))
            .at(&resource.origin, resource.line)
            .through(&self.by.file)
    }
}

impl Transformer {
    /// The name of kustomize's plugin.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "NamespaceTransformer",
            Self::Affix(affix) if affix.side == Side::Prefix => "PrefixTransformer",
            Self::Affix(_) => "SuffixTransformer",
            Self::Labels(_) => "LabelTransformer",
            Self::Annotations(_) => "AnnotationsTransformer",
            Self::Patch(_) => "PatchTransformer",
            Self::JsonPatch(_) => "PatchJson6902Transformer",
            Self::StrategicMerge(_) => "PatchStrategicMergeTransformer",
            Self::Replicas(_) => "ReplicaCountTransformer",
            Self::Image(_) => "ImageTagTransformer",
            Self::Replacements(_) => "ReplacementTransformer",
            Self::ValueAdd(_) => "ValueAddTransformer",
            Self::Hash => "HashTransformer",
        }
    }

    /// # Errors
    /// What does not fit; the resources are then in no defined state.
    pub(crate) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        match self {
            Self::Namespace(namespace) => namespace.run(map, context),
            Self::Affix(affix) => affix.run(map, context),
            Self::Labels(pairs) | Self::Annotations(pairs) => pairs.run(map, context),
            Self::Patch(patch) => patch.run(map, context),
            Self::JsonPatch(patch) => patch.run(map, context),
            Self::StrategicMerge(patches) => patch::run_strategic_merge(patches, map, context),
            Self::Replicas(count) => count.run(map, context),
            Self::Image(image) => image.run(map, context),
            Self::Replacements(replacements) => replacements.run(map, context),
            Self::ValueAdd(add) => add.run(map, context),
            Self::Hash => add_hashes(map, context),
        }
    }
}

/// Appends the hash of its content to the name of every generated resource that wants one.
pub(crate) fn add_hashes(map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
    if !map.list().iter().any(|r| r.needs_hash) {
        return Ok(());
    }
    for resource in map.list_mut() {
        if !resource.needs_hash {
            continue;
        }
        let hash = crate::hash::suffix(&resource.node).map_err(|e| context.fail(resource, e))?;
        resource.store_previous_id(context.schemas);
        let name = format!("{}-{hash}", resource.name());
        let metadata =
            resource.node.make_map().get_or_add("metadata", crate::node::Node::map).make_map();
        metadata.set_field("name", crate::node::Node::untyped(name));
        resource.note(context.by);
    }
    Ok(())
}
