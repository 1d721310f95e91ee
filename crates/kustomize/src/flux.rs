//! What Flux's kustomize-controller adds around a build.
//!
//! Source: `github.com/fluxcd/pkg/kustomize` v1.41 (generator and variable substitution): a directory without
//! `kustomization.yaml` gets one that lists its manifests, the fields of the Kustomization object are put into
//! the file, unknown fields in it are dropped, files may be read from the whole source, nothing is sorted.

use crate::decode::Mode;
use crate::error::{BuildError, Fault};
use crate::ident::{Gvk, Selector};
use crate::kustomization::{FILE_NAMES, Image, Kustomization, Patch};
use crate::load::{Loader, Root, missing, resources_in};
use crate::plugin;
use crate::schema::Schemas;
use crate::substitute::{Strategy, SubstituteError, expand};
use crate::target::{Builder, Target, find_file};
use crate::{
    BuildOptions, Built, Externals, Limits, LoadRestrictions, Reorder, Transformation, run,
};
use object::{Dialect, Manifest, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::{EntryKind, Tree, TreePath};

/// The fields of a Flux Kustomization that decide what its objects are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FluxBuild {
    /// `spec.targetNamespace`: sets or overrides the namespace.
    pub target_namespace: Option<String>,
    /// `spec.namePrefix`.
    pub name_prefix: Option<String>,
    /// `spec.nameSuffix`.
    pub name_suffix: Option<String>,
    /// `spec.commonMetadata.labels`, put on every object after everything else.
    pub common_labels: BTreeMap<String, String>,
    /// `spec.commonMetadata.annotations`, likewise.
    pub common_annotations: BTreeMap<String, String>,
    /// `spec.patches`.
    pub patches: Vec<FluxPatch>,
    /// `spec.images`.
    pub images: Vec<FluxImage>,
    /// `spec.components`: paths relative to the built directory.
    pub components: Vec<String>,
    /// `spec.ignoreMissingComponents`: leave out components that do not exist.
    pub ignore_missing_components: bool,
    /// `spec.buildMetadata`.
    pub build_metadata: Vec<String>,
    /// `spec.postBuild`, variables already collected.
    pub substitute: Option<Substitution>,
    /// Bounds.
    pub limits: Limits,
    /// What of outside the tree is mounted in it.
    pub externals: Externals,
}

/// An entry of `spec.patches`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FluxPatch {
    /// A strategic merge or JSON patch.
    pub patch: String,
    /// What it is for; a strategic merge patch may leave it out.
    pub target: Option<FluxTarget>,
}

/// `target` of a patch: regular expressions for the identity, label selectors for the rest; empty is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FluxTarget {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Selects by annotations.
    pub annotation_selector: String,
    /// Selects by labels.
    pub label_selector: String,
}

/// An entry of `spec.images`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FluxImage {
    /// Which images, a regular expression.
    pub name: String,
    /// Another name, empty to keep it.
    pub new_name: String,
    /// Another tag, empty to keep it.
    pub new_tag: String,
    /// A digest in place of the tag.
    pub digest: String,
}

/// `spec.postBuild` with the variables of `substituteFrom` and `substitute` merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitution {
    /// The variables; line breaks in values are dropped.
    pub vars: BTreeMap<String, String>,
    /// Whether to substitute without variables.
    pub strategy: Strategy,
    /// Whether a variable that is not set and has no default is an error.
    pub strict: bool,
}

/// Label or annotation that keeps an object from substitution.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Builds the directory `path` as Flux's kustomize-controller does.
///
/// # Errors
/// As [`crate::build`], and when a variable cannot be substituted.
pub fn build_flux(tree: &dyn Tree, path: &TreePath, flux: &FluxBuild) -> Result<Built, BuildError> {
    let loader = Loader::new(tree, LoadRestrictions::None, flux.limits, &flux.externals);
    let builder = Builder { loader: &loader, schemas: Schemas::default(), work: 0 };
    let target = root_target(&loader, path, flux)?;
    let options = BuildOptions {
        load_restrictions: LoadRestrictions::None,
        reorder: Reorder::None,
        limits: flux.limits,
        ..BuildOptions::default()
    };
    let file = target.file.clone();
    let mut built = run(builder, target, &options)?;
    let note = |name: &str| Transformation { file: (*file).clone(), transformer: name.to_owned() };
    for object in &mut built.objects {
        if let Some(substitution) = &flux.substitute {
            let done = substitute(&object.value, substitution).map_err(|e| {
                let name = object.value.key().to_string();
                let error = BuildError::new(Fault::Transform, format!("postBuild: {e}")).on(name);
                error.at(&object.origin.file, object.origin.line)
            })?;
            if let Some(value) = done {
                object.value = value;
                object.origin.transformed_by.push(note("postBuild"));
            }
        }
        for (key, text) in &flux.common_labels {
            object.value.set_label(key, text);
        }
        for (key, text) in &flux.common_annotations {
            object.value.set_annotation(key, text);
        }
        if !flux.common_labels.is_empty() || !flux.common_annotations.is_empty() {
            object.origin.transformed_by.push(note("commonMetadata"));
        }
    }
    Ok(built)
}

/// The object with variables substituted in its YAML text; `None` when it opts out or nothing is to be done.
///
/// # Errors
/// [`SubstituteError`], and [`SubstituteError::Syntax`] when the result is no object any more.
pub fn substitute(
    object: &Value,
    substitution: &Substitution,
) -> Result<Option<Value>, SubstituteError> {
    let disabled = |text: Option<&str>| text == Some("disabled");
    if disabled(object.label(SUBSTITUTE)) || disabled(object.annotation(SUBSTITUTE)) {
        return Ok(None);
    }
    if substitution.vars.is_empty() && substitution.strategy == Strategy::WithVariables {
        return Ok(None);
    }
    let mut vars = BTreeMap::new();
    for (name, value) in &substitution.vars {
        let letter = |b: u8| b == b'_' || b.is_ascii_alphabetic();
        let mut bytes = name.bytes();
        if !bytes.next().is_some_and(letter) || !bytes.all(|b| letter(b) || b.is_ascii_digit()) {
            return Err(SubstituteError::Name(name.clone()));
        }
        vars.insert(name.clone(), value.replace('\n', ""));
    }
    let text = expand(&object::to_yaml(object), &vars, substitution.strict)?;
    match object::from_yaml_one(&text, Dialect::Sigs) {
        Ok(value @ Value::Map(_)) => Ok(Some(value)),
        Ok(_) => Err(SubstituteError::Limit("after substitution it is no object any more")),
        Err(e) => {
            let line =
                text.lines().nth(e.line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
            Err(SubstituteError::Syntax(line, "after substitution this line is no YAML"))
        }
    }
}

/// The root kustomization with the object's fields put in, found or generated.
fn root_target(
    loader: &Loader<'_>,
    path: &TreePath,
    flux: &FluxBuild,
) -> Result<Target, BuildError> {
    let root = Root::new(path.clone());
    if loader.is_directory(path)? != Some(true) {
        let message = format!("the path {}", missing(path.as_str()));
        return Err(BuildError::new(Fault::Missing, message));
    }
    let exists = FILE_NAMES.iter().any(|name| {
        loader
            .resolve(&root, name)
            .is_ok_and(|r| matches!(loader.is_directory(&r.path), Ok(Some(false))))
    });
    let (mut k, file) = if exists { read(loader, &root)? } else { generate(loader, &root)? };
    if let Some(namespace) = &flux.target_namespace {
        k.namespace = namespace.clone();
    }
    if let Some(prefix) = &flux.name_prefix {
        k.name_prefix = prefix.clone();
    }
    if let Some(suffix) = &flux.name_suffix {
        k.name_suffix = suffix.clone();
    }
    k.patches.extend(flux.patches.iter().map(|p| Patch {
        patch: p.patch.clone(),
        target: p.target.as_ref().map(FluxTarget::selector),
        ..Patch::default()
    }));
    for component in &flux.components {
        let resolved = match loader.resolve(&root, component) {
            Ok(resolved) => resolved,
            // What would stand outside of the repository does not exist.
            Err(_) if flux.ignore_missing_components && component.starts_with("..") => continue,
            Err(error) => return Err(error.in_file(&file)),
        };
        if flux.ignore_missing_components && loader.is_directory(&resolved.path)?.is_none() {
            continue;
        }
        k.components.push(component.clone());
    }
    for image in &flux.images {
        image.put_into(&mut k.images);
    }
    if !flux.build_metadata.is_empty() {
        k.build_metadata = flux.build_metadata.clone();
    }
    Ok(Target { kustomization: k, file, root, origin: None, outer_namespace: String::new() })
}

impl FluxTarget {
    fn selector(&self) -> Selector {
        Selector {
            gvk: Gvk::new(&self.group, &self.version, &self.kind),
            name: self.name.as_str().into(),
            namespace: self.namespace.as_str().into(),
            annotations: self.annotation_selector.clone(),
            labels: self.label_selector.clone(),
        }
    }
}

impl FluxImage {
    fn put_into(&self, images: &mut Vec<Image>) {
        let Some(image) = images.iter_mut().find(|i| i.name == self.name) else {
            images.push(Image {
                name: self.name.clone(),
                new_name: self.new_name.clone(),
                new_tag: self.new_tag.clone(),
                digest: self.digest.clone(),
                tag_suffix: String::new(),
            });
            return;
        };
        if !self.new_name.is_empty() {
            image.new_name = self.new_name.clone();
        }
        if !self.new_tag.is_empty() || !self.digest.is_empty() {
            image.new_tag = self.new_tag.clone();
            image.digest = self.digest.clone();
        }
    }
}

/// The kustomization that is there; fields that do not exist are dropped.
fn read(loader: &Loader<'_>, root: &Root) -> Result<(Kustomization, Arc<TreePath>), BuildError> {
    // Of several files Flux takes the first and kustomize then refuses them all.
    let name = find_file(loader, root)?;
    let (file, text) = loader.text(root, name)?;
    let value = plugin::parse(&text, &file)?;
    let mut k = Kustomization::decode(&value, Mode::Loose)
        .map_err(|e| plugin::wrong_in(&e, &file, &text))?;
    // `bases` is folded into the resources only later in Flux.
    if value.get("resources").and_then(Value::as_list).is_none_or(<[_]>::is_empty) {
        k.build_metadata = vec!["originAnnotations".to_owned()];
    }
    Ok((k, file))
}

/// A kustomization that lists what is in a directory and below: subdirectories with a kustomization of their
/// own, and every manifest elsewhere.
fn generate(
    loader: &Loader<'_>,
    root: &Root,
) -> Result<(Kustomization, Arc<TreePath>), BuildError> {
    let file = root.directory.join(FILE_NAMES[0]);
    let file = Arc::new(file.map_err(|e| BuildError::new(Fault::Refused, e.to_string()))?);
    let mut k = Kustomization::default();
    scan(loader, root, &root.directory, 0, &mut k.resources)?;
    if k.resources.is_empty() {
        k.namespace = "_placeholder".to_owned();
    }
    Ok((k, file))
}

fn scan(
    loader: &Loader<'_>,
    root: &Root,
    directory: &TreePath,
    depth: usize,
    out: &mut Vec<String>,
) -> Result<(), BuildError> {
    if depth > 100 {
        return Err(BuildError::new(Fault::Limit, "directories are nested deeper than 100")
            .in_file(directory));
    }
    let entries = loader.tree.list(directory).map_err(BuildError::tree)?;
    let is_kustomization =
        |e: &tree::Entry| e.kind == EntryKind::File && FILE_NAMES.contains(&e.name.as_str());
    let relative = |path: &TreePath| {
        let inside = &path.as_str()[root.directory.as_str().len()..];
        format!("./{}", inside.trim_start_matches('/'))
    };
    if depth > 0 && entries.iter().any(is_kustomization) {
        out.push(relative(directory));
        return Ok(());
    }
    for entry in entries {
        let path = directory.join(&entry.name);
        let path = path.map_err(|e| BuildError::new(Fault::Refused, e.to_string()))?;
        match entry.kind {
            EntryKind::Directory => scan(loader, root, &path, depth + 1, out)?,
            EntryKind::File if entry.name.ends_with(".yaml") || entry.name.ends_with(".yml") => {
                let name = relative(&path);
                let (file, text) = loader.text(root, &name)?;
                resources_in(&text, &file)?;
                out.push(name);
            }
            _ => {}
        }
    }
    Ok(())
}
