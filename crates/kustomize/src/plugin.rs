//! Generators and transformers written as resources (`apiVersion: builtin`), in files or inline.
//!
//! Source: `api/internal/plugins/loader` and the `Config` methods of `api/internal/builtins`. What would have
//! to be executed (other API versions: programs, containers) is refused.

use crate::chart::HelmChart;
use crate::decode::{Decoded, Fields, Mode, Wrong};
use crate::error::{BuildError, Fault};
use crate::fieldspec::decode_specs;
use crate::generate::{What, generate};
use crate::ident::Selector;
use crate::kustomization::{GeneratorArgs, Image, Patch, Replacement, ReplacementField, Replica};
use crate::load::{Loader, Root};
use crate::node::Node;
use crate::resource::Resource;
use crate::schema::Schemas;
use crate::transform::{
    Affix, ImageTag, JsonPatchTarget, Namespace, Pairs, PatchEntry, PatchText, Replacements,
    ReplicaCount, Side, SubjectMode, Transformer, ValueAdd,
};
use object::{Dialect, Value};
use std::sync::Arc;
use tree::TreePath;

/// What a plugin is configured with.
pub(crate) struct Plugins<'a> {
    pub(crate) loader: &'a Loader<'a>,
    pub(crate) root: &'a Root,
    pub(crate) schemas: &'a Schemas,
}

const TRANSFORMERS: &[&str] = &[
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
];
const GENERATORS: &[&str] =
    &["ConfigMapGenerator", "HelmChartInflationGenerator", "IAMPolicyGenerator", "SecretGenerator"];

impl Plugins<'_> {
    fn check(
        &self,
        resource: &Resource,
        wanted: &[&str],
        other: &[&str],
    ) -> Result<(), BuildError> {
        let gvk = resource.gvk();
        let fail = |fault, message: String| {
            let error = BuildError::new(fault, message).on(resource.id(self.schemas));
            Err(error.at(&resource.origin, resource.line))
        };
        let kind = gvk.kind.as_str();
        if !gvk.group.is_empty() || gvk.version != "builtin" {
            let message = "only builtin plugins are run, no programs and no containers; replace it by \
                           a patch, a replacement or another builtin transformer";
            return fail(Fault::Refused, message.to_owned());
        }
        if wanted.contains(&kind) {
            return Ok(());
        }
        if other.contains(&kind) {
            let (is, list) = if other == GENERATORS {
                ("generator", "generators")
            } else {
                ("transformer", "transformers")
            };
            return fail(Fault::Syntax, format!("is a {is}; list it under {list}"));
        }
        fail(Fault::Syntax, format!("there is no builtin {kind}"))
    }

    fn value(&self, resource: &Resource) -> Result<Value, BuildError> {
        resource.node.to_value().map_err(|e| {
            let message = format!("{}: {}", e.field(), e.message);
            BuildError::new(Fault::Syntax, message).at(&resource.origin, resource.line)
        })
    }

    /// What a generator makes.
    ///
    /// # Errors
    /// When it is no builtin generator or its configuration is wrong.
    pub(crate) fn generate(&self, resource: &Resource) -> Result<Vec<Resource>, BuildError> {
        self.check(resource, GENERATORS, TRANSFORMERS)?;
        let value = self.value(resource)?;
        let wrong = |e: Wrong| self.wrong(resource, &e);
        let what = match resource.kind() {
            "ConfigMapGenerator" => What::ConfigMap,
            "SecretGenerator" => What::Secret,
            "IAMPolicyGenerator" => {
                return Ok(vec![iam_policy(&value, resource).map_err(wrong)?]);
            }
            _ => {
                let chart = HelmChart::decode(&value, "", Mode::Loose).map_err(wrong)?;
                return chart.inflate(self.loader, self.root, "", &resource.origin);
            }
        };
        let mut args = GeneratorArgs::decode(&value, Mode::Loose).map_err(wrong)?;
        let metadata = value.get("metadata").cloned().unwrap_or_default();
        let metadata = Fields::of(&metadata, Mode::Loose).map_err(wrong)?;
        if args.name.is_empty() {
            args.name = metadata.text("name").map_err(wrong)?;
        }
        if args.namespace.is_empty() {
            args.namespace = metadata.text("namespace").map_err(wrong)?;
        }
        let file = resource.origin.clone();
        let mut made = generate(what, &args, self.loader, self.root, &file)?;
        made.line = resource.line;
        Ok(vec![made])
    }

    fn wrong(&self, resource: &Resource, wrong: &Wrong) -> BuildError {
        BuildError::new(Fault::Syntax, wrong.text())
            .on(resource.id(self.schemas))
            .at(&resource.origin, resource.line)
    }

    /// The transformers a resource configures.
    ///
    /// # Errors
    /// When it is no builtin transformer, its configuration is wrong, or a file it names does not read.
    pub(crate) fn transformers(&self, resource: &Resource) -> Result<Vec<Transformer>, BuildError> {
        self.check(resource, TRANSFORMERS, GENERATORS)?;
        let value = self.value(resource)?;
        let result = match resource.kind() {
            "PatchTransformer" => self.patch(&value, resource),
            "PatchJson6902Transformer" => self.json_patch(&value, resource),
            "PatchStrategicMergeTransformer" => self.strategic_merge(&value, resource),
            "ReplacementTransformer" => self.replacements(&value, resource),
            "ValueAddTransformer" => self.value_add(&value),
            kind => plain(kind, &value).map_err(|e| self.wrong(resource, &e)),
        };
        result.map_err(|e| e.on(resource.id(self.schemas)).at(&resource.origin, resource.line))
    }

    fn fields<'v>(&self, value: &'v Value, resource: &Resource) -> Result<Fields<'v>, BuildError> {
        Fields::of(value, Mode::Loose).map_err(|e| self.wrong(resource, &e))
    }

    fn patch(&self, value: &Value, resource: &Resource) -> Result<Vec<Transformer>, BuildError> {
        let entry = Patch::decode(value, Mode::Loose).map_err(|e| self.wrong(resource, &e))?;
        patch_entry(&entry, self.loader, self.root, &resource.origin)
            .map(|p| vec![Transformer::Patch(p)])
    }

    fn json_patch(
        &self,
        value: &Value,
        resource: &Resource,
    ) -> Result<Vec<Transformer>, BuildError> {
        let fields = self.fields(value, resource)?;
        let wrong = |e: Wrong| self.wrong(resource, &e);
        let target = fields.inner("target", |v| Selector::decode(v, Mode::Loose)).map_err(wrong)?;
        let (path, text) =
            (fields.text("path").map_err(wrong)?, fields.text("jsonOp").map_err(wrong)?);
        json_entry(target.as_ref(), &path, &text, self.loader, self.root, &resource.origin)
            .map(|p| vec![Transformer::JsonPatch(p)])
    }

    fn strategic_merge(
        &self,
        value: &Value,
        resource: &Resource,
    ) -> Result<Vec<Transformer>, BuildError> {
        let fields = self.fields(value, resource)?;
        let wrong = |e: Wrong| self.wrong(resource, &e);
        let (paths, text) =
            (fields.texts("paths").map_err(wrong)?, fields.text("patches").map_err(wrong)?);
        let mut patches = Vec::new();
        for path in &paths {
            patches.push(strategic_entry(path, self.loader, self.root, &resource.origin)?);
        }
        if !text.is_empty() {
            patches.push(PatchText::parse(&text, &resource.origin)?);
        }
        if patches.iter().all(PatchText::is_empty) {
            return Err(BuildError::new(
                Fault::Syntax,
                "there is no patch; name a path or write patches",
            ));
        }
        Ok(vec![Transformer::StrategicMerge(patches)])
    }

    fn replacements(
        &self,
        value: &Value,
        resource: &Resource,
    ) -> Result<Vec<Transformer>, BuildError> {
        let fields = self.fields(value, resource)?;
        let list = fields.list("replacements", |v| ReplacementField::decode(v, Mode::Loose));
        let list = list.map_err(|e| self.wrong(resource, &e))?;
        replacements(&list, self.loader, self.root).map(|r| vec![Transformer::Replacements(r)])
    }

    fn value_add(&self, value: &Value) -> Result<Vec<Transformer>, BuildError> {
        let wrong = |e: Wrong| BuildError::new(Fault::Syntax, e.text());
        let fields = Fields::of(value, Mode::Loose).map_err(wrong)?;
        let mut targets = value_targets(fields).map_err(wrong)?;
        let path = fields.text("targetFilePath").map_err(wrong)?;
        if !path.is_empty() {
            let (file, text) = self.loader.text(self.root, &path)?;
            let more = parse(&text, &file)?;
            let fields = Fields::of(&more, Mode::Loose).map_err(|e| wrong_in(&e, &file, &text))?;
            targets.extend(value_targets(fields).map_err(|e| wrong_in(&e, &file, &text))?);
        }
        if targets.is_empty() {
            return Err(BuildError::new(Fault::Syntax, "at least one target is needed"));
        }
        let mut text = fields.text("value").map_err(wrong)?.trim().to_owned();
        if text.is_empty() {
            text = self.root.directory.file_name().to_owned();
        }
        Ok(vec![Transformer::ValueAdd(ValueAdd { value: text, targets })])
    }
}

fn value_targets(fields: Fields<'_>) -> Decoded<Vec<crate::transform::ValueTarget>> {
    fields.list("targets", |value| {
        let fields = Fields::of(value, Mode::Loose)?;
        let target = crate::transform::ValueTarget {
            selector: fields.inner("selector", |v| Selector::decode(v, Mode::Loose))?,
            field_path: fields.text("fieldPath")?,
            position: fields.int("filePathPosition")?,
        };
        if target.field_path.len() > 2 * crate::node::MAX_DEPTH {
            return Err(Wrong::new("the path is too long").under("fieldPath"));
        }
        if target.field_path.is_empty() {
            return Err(Wrong::new("a field path is needed").under("fieldPath"));
        }
        if target.position < 0 {
            return Err(Wrong::new("cannot be negative").under("filePathPosition"));
        }
        Ok(target)
    })
}

/// Transformers whose configuration names no files.
fn plain(kind: &str, value: &Value) -> Decoded<Vec<Transformer>> {
    let fields = Fields::of(value, Mode::Loose)?;
    let specs = || decode_specs(fields, "fieldSpecs");
    let affix = |side: Side, field: &str| {
        if fields.get("fieldSpecs").is_none() {
            return Err(Wrong::new("is needed: the fields to change").under("fieldSpecs"));
        }
        Ok(Transformer::Affix(Affix { side, text: fields.text(field)?, fields: specs()? }))
    };
    Ok(vec![match kind {
        "PrefixTransformer" => affix(Side::Prefix, "prefix")?,
        "SuffixTransformer" => affix(Side::Suffix, "suffix")?,
        "PrefixSuffixTransformer" => {
            return Ok(vec![affix(Side::Prefix, "prefix")?, affix(Side::Suffix, "suffix")?]);
        }
        "LabelTransformer" => {
            Transformer::Labels(Pairs { pairs: fields.text_map("labels")?, fields: specs()? })
        }
        "AnnotationsTransformer" => Transformer::Annotations(Pairs {
            pairs: fields.text_map("annotations")?,
            fields: specs()?,
        }),
        "NamespaceTransformer" => Transformer::Namespace(Namespace {
            namespace: fields
                .inner("metadata", |v| Fields::of(v, Mode::Loose)?.text("namespace"))?
                .unwrap_or_default(),
            fields: specs()?,
            unset_only: fields.truth("unsetOnly")?,
            subjects: subject_mode(&fields.text("setRoleBindingSubjects")?)?,
        }),
        "ReplicaCountTransformer" => Transformer::Replicas(ReplicaCount {
            replica: fields
                .inner("replica", |v| Replica::decode(v, Mode::Loose))?
                .unwrap_or_default(),
            fields: specs()?,
        }),
        "ImageTagTransformer" => {
            let image =
                fields.inner("imageTag", |v| Image::decode(v, Mode::Loose))?.unwrap_or_default();
            let image = ImageTag::new(image, specs()?);
            Transformer::Image(image.map_err(|e| Wrong::new(e).under("imageTag"))?)
        }
        _ => Transformer::Hash,
    }])
}

fn subject_mode(text: &str) -> Decoded<SubjectMode> {
    match text {
        "" | "defaultOnly" => Ok(SubjectMode::Default),
        "allServiceAccounts" => Ok(SubjectMode::AllServiceAccounts),
        "none" => Ok(SubjectMode::None),
        other => {
            let message = format!("'{other}' should be defaultOnly, allServiceAccounts or none");
            Err(Wrong::new(message).under("setRoleBindingSubjects"))
        }
    }
}

/// A Google service account bound to a Kubernetes one.
fn iam_policy(value: &Value, resource: &Resource) -> Decoded<Resource> {
    let fields = Fields::of(value, Mode::Loose)?;
    let cloud = fields.text("cloud")?;
    if cloud != "gke" {
        return Err(Wrong::new(format!("'{cloud}' is not supported, only gke is")).under("cloud"));
    }
    let text = |field: &str, key: &str| {
        fields
            .inner(field, |v| Fields::of(v, Mode::Loose)?.text(key))
            .map(Option::unwrap_or_default)
    };
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        text("serviceAccount", "name")?,
        text("serviceAccount", "projectId")?
    );
    let mut metadata = object::map! {
        "name": text("kubernetesService", "name")?,
        "annotations": object::map! {"iam.gke.io/gcp-service-account": account},
    };
    let namespace = text("kubernetesService", "namespace")?;
    if !namespace.is_empty() {
        metadata.insert("namespace", namespace);
    }
    let object = object::map! {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata,
    };
    Ok(Resource::new(Node::from_value(&Value::Map(object)), resource.origin.clone(), resource.line))
}

/// A YAML document in a file of configuration.
///
/// # Errors
/// When it does not read.
pub(crate) fn parse(text: &str, file: &TreePath) -> Result<Value, BuildError> {
    object::from_yaml_one(text, Dialect::Sigs)
        .map_err(|e| BuildError::new(Fault::Syntax, e.message).at(file, e.line))
}

/// A wrong field in a file of configuration.
pub(crate) fn wrong_in(wrong: &Wrong, file: &TreePath, text: &str) -> BuildError {
    BuildError::new(Fault::Syntax, wrong.text()).at(file, wrong.line(text))
}

/// Says which entry of a kustomization named a file that is missing.
pub(crate) fn named(error: BuildError, what: &str, path: &str) -> BuildError {
    if error.fault() == Fault::Missing && error.file().is_none() {
        return BuildError::new(
            Fault::Missing,
            format!("the {what} {}", crate::load::missing(path)),
        );
    }
    error
}

/// An entry of `patches`.
///
/// # Errors
/// When it says both or neither of path and patch, or the patch does not read.
pub(crate) fn patch_entry(
    entry: &Patch,
    loader: &Loader<'_>,
    root: &Root,
    file: &Arc<TreePath>,
) -> Result<PatchEntry, BuildError> {
    let inline = entry.patch.trim();
    match (inline.is_empty(), entry.path.is_empty()) {
        (true, true) => {
            Err(BuildError::new(Fault::Syntax, "a patch is empty; give it a path or a patch"))
        }
        (false, false) => {
            let message = "a patch has both a path and an inline patch; keep one of the two";
            Err(BuildError::new(Fault::Syntax, message))
        }
        (false, true) => PatchEntry::new(entry, inline, file),
        (true, false) => {
            let (file, text) =
                loader.text(root, &entry.path).map_err(|e| named(e, "patch", &entry.path))?;
            PatchEntry::new(entry, &text, &file)
        }
    }
}

/// An entry of `patchesJson6902`.
///
/// # Errors
/// As [`patch_entry`], and when the target has no name.
pub(crate) fn json_entry(
    target: Option<&Selector>,
    path: &str,
    inline: &str,
    loader: &Loader<'_>,
    root: &Root,
    file: &Arc<TreePath>,
) -> Result<JsonPatchTarget, BuildError> {
    match (inline.is_empty(), path.is_empty()) {
        (true, true) => Err(BuildError::new(
            Fault::Syntax,
            "a JSON patch is empty; give it a path or operations",
        )),
        (false, false) => {
            let message = "a JSON patch has both a path and operations; keep one of the two";
            Err(BuildError::new(Fault::Syntax, message))
        }
        (false, true) => JsonPatchTarget::new(target, inline, file),
        (true, false) => {
            let (file, text) = loader.text(root, path).map_err(|e| named(e, "patch", path))?;
            JsonPatchTarget::new(target, &text, &file)
        }
    }
}

/// An entry of `patchesStrategicMerge`: a patch, or else a path to one.
///
/// # Errors
/// When it is neither.
pub(crate) fn strategic_entry(
    entry: &str,
    loader: &Loader<'_>,
    root: &Root,
    file: &Arc<TreePath>,
) -> Result<PatchText, BuildError> {
    if let Ok(patch) = PatchText::parse(entry, file) {
        return Ok(patch);
    }
    if entry.contains('\n') {
        return PatchText::parse(entry, file);
    }
    let (file, text) = loader.text(root, entry).map_err(|e| named(e, "patch", entry))?;
    PatchText::parse(&text, &file)
}

/// Replacements, those in files read.
///
/// # Errors
/// When a file does not read, or an entry is both a path and a replacement.
pub(crate) fn replacements(
    list: &[ReplacementField],
    loader: &Loader<'_>,
    root: &Root,
) -> Result<Replacements, BuildError> {
    let mut out = Vec::new();
    for entry in list {
        if entry.path.is_empty() {
            out.push(entry.replacement.clone());
            continue;
        }
        let inline = &entry.replacement;
        if inline.source.is_some() || inline.targets.as_ref().is_some_and(|t| !t.is_empty()) {
            let message = "a replacement has both a path and a source; keep one of the two";
            return Err(BuildError::new(Fault::Syntax, message));
        }
        let (file, text) =
            loader.text(root, &entry.path).map_err(|e| named(e, "replacement", &entry.path))?;
        let value = parse(&text, &file)?;
        match &value {
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    let one = Replacement::decode(item, Mode::Loose);
                    out.push(one.map_err(|e| wrong_in(&e.at(i), &file, &text))?);
                }
            }
            Value::Map(_) => {
                let one = Replacement::decode(&value, Mode::Loose);
                out.push(one.map_err(|e| wrong_in(&e, &file, &text))?);
            }
            _ => {
                let message = "a replacement or a list of them is expected";
                return Err(BuildError::new(Fault::Syntax, message).in_file(&file));
            }
        }
    }
    Ok(Replacements(out))
}
