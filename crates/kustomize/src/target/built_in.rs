//! The transformers a kustomization's own fields stand for.
//!
//! Source: `api/internal/target/kusttarget_configplugin.go` of kustomize v5.8.1.

use super::Target;
use crate::config::Config;
use crate::error::{BuildError, Fault};
use crate::fieldspec::{FieldSpec, merge_spec, merge_specs};
use crate::kustomization::Labels;
use crate::load::Loader;
use crate::plugin;
use crate::transform::{
    Affix, ImageTag, Namespace, Pairs, PatchText, ReplicaCount, Side, SubjectMode, Transformer,
};
use std::collections::BTreeMap;

/// The transformers the fields of a kustomization stand for, in the order they run.
pub(super) fn built_in(
    target: &Target,
    config: &Config,
    loader: &Loader<'_>,
) -> Result<Vec<Transformer>, BuildError> {
    let (k, root, file) = (&target.kustomization, &target.root, &target.file);
    let wrong = |field: &str, e: String| BuildError::new(Fault::Syntax, format!("{field}: {e}"));
    let mut out = patches(target, loader)?;
    if !k.namespace.is_empty() {
        out.push(Transformer::Namespace(Namespace {
            namespace: k.namespace.clone(),
            fields: config.namespace.clone(),
            unset_only: false,
            subjects: SubjectMode::Default,
        }));
    }
    for (side, text, fields) in [
        (Side::Prefix, &k.name_prefix, &config.name_prefix),
        (Side::Suffix, &k.name_suffix, &config.name_suffix),
    ] {
        if !text.is_empty() {
            let (text, fields) = (text.clone(), fields.clone());
            out.push(Transformer::Affix(Affix { side, text, fields }));
        }
    }
    for labels in &k.labels {
        let fields = label_fields(labels, config).map_err(|e| wrong("labels", e))?;
        out.push(Transformer::Labels(Pairs { pairs: labels.pairs.clone(), fields }));
    }
    let pairs = |pairs: &BTreeMap<String, String>, fields: &[FieldSpec]| Pairs {
        pairs: pairs.clone(),
        fields: fields.to_vec(),
    };
    if !k.labels.is_empty() || !k.common_labels.is_empty() {
        out.push(Transformer::Labels(pairs(&k.common_labels, &config.common_labels)));
    }
    if !k.common_annotations.is_empty() {
        let annotations = pairs(&k.common_annotations, &config.common_annotations);
        out.push(Transformer::Annotations(annotations));
    }
    for entry in &k.patches_json6902 {
        let target = entry.target.as_ref();
        let patch = plugin::json_entry(target, &entry.path, &entry.patch, loader, root, file)?;
        out.push(Transformer::JsonPatch(patch));
    }
    for replica in &k.replicas {
        let (replica, fields) = (replica.clone(), config.replicas.clone());
        out.push(Transformer::Replicas(ReplicaCount { replica, fields }));
    }
    for image in &k.images {
        let image = ImageTag::new(image.clone(), config.images.clone());
        out.push(Transformer::Image(image.map_err(|e| wrong("images", e))?));
    }
    if !k.replacements.is_empty() {
        let replacements = plugin::replacements(&k.replacements, loader, root)?;
        out.push(Transformer::Replacements(replacements));
    }
    Ok(out)
}

/// `patchesStrategicMerge` and `patches`, which run before everything else.
fn patches(target: &Target, loader: &Loader<'_>) -> Result<Vec<Transformer>, BuildError> {
    let (k, root, file) = (&target.kustomization, &target.root, &target.file);
    let mut out = Vec::new();
    if !k.patches_strategic_merge.is_empty() {
        let mut patches = Vec::new();
        for entry in &k.patches_strategic_merge {
            patches.push(plugin::strategic_entry(entry, loader, root, file)?);
        }
        if patches.iter().all(PatchText::is_empty) {
            let message = "patchesStrategicMerge: the patches are empty";
            return Err(BuildError::new(Fault::Syntax, message));
        }
        out.push(Transformer::StrategicMerge(patches));
    }
    for entry in &k.patches {
        out.push(Transformer::Patch(plugin::patch_entry(entry, loader, root, file)?));
    }
    Ok(out)
}

/// Where an entry of `labels` goes.
fn label_fields(labels: &Labels, config: &Config) -> Result<Vec<FieldSpec>, String> {
    let mut fields = labels.fields.clone();
    merge_specs(&mut fields, &config.labels)?;
    if labels.include_selectors {
        merge_specs(&mut fields, &config.common_labels)?;
        return Ok(fields);
    }
    if labels.include_templates {
        merge_specs(&mut fields, &config.template_labels)?;
    }
    merge_spec(&mut fields, FieldSpec::anywhere("metadata/labels", true))?;
    Ok(fields)
}
