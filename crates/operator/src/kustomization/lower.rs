//! From a Kustomization's spec to what the renderer is asked for.

use api::KustomizationSpec;
use kustomize::{FluxBuild, FluxImage, FluxPatch, FluxTarget, Strategy, Substitution};
use object::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Why a spec cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    /// A field that is not supported yet.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// What the renderer is asked for: the spec's additions to a build, with the variables at hand.
///
/// # Errors
/// [`LowerError`] for fields that are not supported yet: leaving them out would apply something else than was meant.
pub fn flux_build(
    spec: &KustomizationSpec,
    variables: BTreeMap<String, String>,
) -> Result<FluxBuild, LowerError> {
    unsupported(spec)?;
    let metadata = spec.common_metadata.clone().unwrap_or_default();
    Ok(FluxBuild {
        target_namespace: spec.target_namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        common_labels: metadata.labels,
        common_annotations: metadata.annotations,
        patches: spec.patches.iter().map(patch).collect(),
        images: spec.images.iter().map(image).collect(),
        components: spec.components.clone(),
        ignore_missing_components: spec.ignore_missing_components,
        build_metadata: spec.build_metadata.clone(),
        substitute: spec.post_build.as_ref().map(|post_build| Substitution {
            vars: variables,
            strategy: match post_build.substitute_strategy.as_deref() {
                Some("Always") => Strategy::Always,
                _ => Strategy::WithVariables,
            },
            // Flux's default since 2.9: a variable that is not set is an error, not an empty text.
            strict: true,
        }),
        ..FluxBuild::default()
    })
}

fn unsupported(spec: &KustomizationSpec) -> Result<(), LowerError> {
    let fields = [
        (spec.decryption.is_some(), "spec.decryption is not supported yet"),
        (spec.kube_config.is_some(), "spec.kubeConfig is not supported yet"),
        (
            spec.service_account_name.as_ref().is_some_and(|n| !n.is_empty()),
            "spec.serviceAccountName is not supported yet, and using the operator's own rights \
             instead would grant more than was asked for",
        ),
    ];
    match fields.into_iter().find(|(set, _)| *set) {
        Some((_, text)) => Err(LowerError::Unsupported(text)),
        None => Ok(()),
    }
}

pub(crate) fn patch(patch: &api::Patch) -> FluxPatch {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    FluxPatch {
        patch: patch.patch.clone(),
        target: patch.target.as_ref().map(|t| FluxTarget {
            group: text(&t.group),
            version: text(&t.version),
            kind: text(&t.kind),
            name: text(&t.name),
            namespace: text(&t.namespace),
            annotation_selector: text(&t.annotation_selector),
            label_selector: text(&t.label_selector),
        }),
    }
}

pub(crate) fn image(image: &api::Image) -> FluxImage {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    FluxImage {
        name: image.name.clone(),
        new_name: text(&image.new_name),
        new_tag: text(&image.new_tag),
        digest: text(&image.digest),
    }
}

/// `sha256:<hex>` of the rendered objects, in order.
pub(super) fn digest<'a>(objects: impl Iterator<Item = &'a Value>) -> String {
    let mut hasher = Sha256::new();
    for object in objects {
        hasher.update(object::to_json(object));
        hasher.update(b"\n");
    }
    let mut text = String::from("sha256:");
    for byte in hasher.finalize() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
