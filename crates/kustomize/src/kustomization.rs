//! `kustomization.yaml` as data: every field kustomize v5.8.1 knows, legacy spellings folded into today's.
//!
//! Source: `api/types/kustomization.go`.

use crate::chart::HelmChart;
use crate::decode::{Decoded, Fields, Mode, Wrong};
use crate::fieldspec::{FieldSpec, decode_specs};
use crate::ident::{Gvk, Selector, split_api_version};
use object::Value;
use std::collections::BTreeMap;

/// Names of the file, of which a directory has exactly one.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization or component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) is_component: bool,
    pub(crate) openapi: Option<BTreeMap<String, String>>,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: BTreeMap<String, String>,
    pub(crate) labels: Vec<Labels>,
    pub(crate) common_annotations: BTreeMap<String, String>,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replacements: Vec<ReplacementField>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) vars: Vec<Var>,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) crds: Vec<String>,
    pub(crate) config_maps: Vec<GeneratorArgs>,
    pub(crate) secrets: Vec<GeneratorArgs>,
    pub(crate) helm_charts: Vec<HelmChart>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) configurations: Vec<String>,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) build_metadata: Vec<String>,
}

/// An entry of `labels`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

/// An entry of `patches`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) patch: String,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
}

/// An entry of `images`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

/// An entry of `replicas`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// An entry of `replacements`: a file or the thing itself.
#[derive(Clone, Debug)]
pub(crate) struct ReplacementField {
    pub(crate) path: String,
    pub(crate) replacement: Replacement,
}

/// From one field to others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<String>,
    pub(crate) targets: Option<Vec<Target>>,
}

/// Where a replacement's value comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) selector: Selector,
    pub(crate) field_path: String,
    pub(crate) options: FieldOptions,
}

/// Where it goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: FieldOptions,
}

/// Part of a text, and whether to create a field.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// An entry of `vars`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) gvk: Gvk,
    pub(crate) object_name: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
}

/// `sortOptions`.
#[derive(Clone, Debug, Default)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorArgs {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    pub(crate) options: Option<GeneratorOptions>,
    /// Of a Secret.
    pub(crate) secret_type: String,
}

/// `generatorOptions`, and `options` of one generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

const FIELDS: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

const SELECTOR: &[&str] =
    &["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"];

impl Kustomization {
    /// The file's content. Every field must be known.
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(FIELDS)?;
        let mut out = Self { is_component: check_type(fields)?, ..Self::default() };
        fields.inner("metadata", |v| decode_metadata(v, mode))?;
        out.openapi = fields.text_map_opt("openapi")?;
        out.name_prefix = fields.text("namePrefix")?;
        out.name_suffix = fields.text("nameSuffix")?;
        out.namespace = fields.text("namespace")?;
        out.common_labels = fields.text_map("commonLabels")?;
        out.labels = fields.list("labels", |v| Labels::decode(v, mode))?;
        out.common_annotations = fields.text_map("commonAnnotations")?;
        out.patches_strategic_merge = fields.texts("patchesStrategicMerge")?;
        out.patches_json6902 = fields.list("patchesJson6902", |v| Patch::decode(v, mode))?;
        out.patches = fields.list("patches", |v| Patch::decode(v, mode))?;
        out.images = fields.list("images", |v| Image::decode(v, mode))?;
        out.images.extend(fields.list("imageTags", |v| Image::decode(v, mode))?);
        out.replacements = fields.list("replacements", |v| ReplacementField::decode(v, mode))?;
        out.replicas = fields.list("replicas", |v| Replica::decode(v, mode))?;
        out.vars = fields.list("vars", |v| Var::decode(v, mode))?;
        out.sort_options = fields.inner("sortOptions", |v| SortOptions::decode(v, mode))?;
        out.resources = fields.texts("resources")?;
        out.resources.extend(fields.texts("bases")?);
        out.components = fields.texts("components")?;
        out.crds = fields.texts("crds")?;
        out.config_maps = fields.list("configMapGenerator", |v| {
            let args = GeneratorArgs::decode(v, mode)?;
            if mode == Mode::Strict && !args.secret_type.is_empty() {
                return Err(Wrong::new("is for Secrets only; remove it").under("type"));
            }
            Ok(args)
        })?;
        out.secrets = fields.list("secretGenerator", |v| GeneratorArgs::decode(v, mode))?;
        let home = fields.inner("helmGlobals", |v| Fields::of(v, mode)?.text("chartHome"))?;
        let home = home.unwrap_or_default();
        out.helm_charts = fields.list("helmCharts", |v| HelmChart::decode(v, &home, mode))?;
        out.helm_charts.extend(
            fields.list("helmChartInflationGenerator", |v| HelmChart::decode_legacy(v, mode))?,
        );
        out.generator_options =
            fields.inner("generatorOptions", |v| GeneratorOptions::decode(v, mode))?;
        out.configurations = fields.texts("configurations")?;
        out.generators = fields.texts("generators")?;
        out.transformers = fields.texts("transformers")?;
        out.validators = fields.texts("validators")?;
        out.build_metadata = fields.texts("buildMetadata")?;
        let nothing = FIELDS[2..].iter().all(|f| fields.get(f).is_none());
        // Flux writes more into it before anyone asks whether it is empty.
        if nothing && mode == Mode::Strict {
            return Err(Wrong::new("the kustomization is empty; name resources or something else"));
        }
        Ok(out)
    }
}

/// Whether it is a component; checks `kind` and `apiVersion`, which may both be left out.
fn check_type(fields: Fields<'_>) -> Decoded<bool> {
    let (kind, api_version) = (fields.text("kind")?, fields.text("apiVersion")?);
    let wanted = match kind.as_str() {
        "" | "Kustomization" => "kustomize.config.k8s.io/v1beta1",
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        other => {
            let message = format!("'{other}' should be Kustomization or Component");
            return Err(Wrong::new(message).under("kind"));
        }
    };
    if !api_version.is_empty() && api_version != wanted {
        let message = format!("'{api_version}' should be {wanted}");
        return Err(Wrong::new(message).under("apiVersion"));
    }
    Ok(kind == "Component")
}

fn decode_metadata(value: &Value, mode: Mode) -> Decoded<()> {
    let fields = Fields::of(value, mode)?;
    fields.only(&["name", "namespace", "labels", "annotations"])?;
    fields.text("name")?;
    fields.text("namespace")?;
    fields.text_map("labels")?;
    fields.text_map("annotations")?;
    Ok(())
}

/// The inline fields of an identity.
fn decode_id(fields: Fields<'_>) -> Decoded<Selector> {
    let fields = fields.embedded();
    let gvk = Gvk::new(&fields.text("group")?, &fields.text("version")?, &fields.text("kind")?);
    let name = fields.text("name")?.into();
    let namespace = fields.text("namespace")?.into();
    Ok(Selector { gvk, name, namespace, ..Selector::default() })
}

impl Selector {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(SELECTOR)?;
        Ok(Self {
            annotations: fields.text("annotationSelector")?,
            labels: fields.text("labelSelector")?,
            ..decode_id(fields)?
        })
    }
}

impl Labels {
    fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["pairs", "includeSelectors", "includeTemplates", "fields"])?;
        Ok(Self {
            pairs: fields.text_map("pairs")?,
            include_selectors: fields.truth("includeSelectors")?,
            include_templates: fields.truth("includeTemplates")?,
            fields: decode_specs(fields, "fields")?,
        })
    }
}

impl Patch {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["path", "patch", "target", "options"])?;
        let options = fields.inner("options", |value| {
            let fields = Fields::of(value, mode)?;
            fields.only(&["allowNameChange", "allowKindChange"])?;
            Ok((fields.truth("allowNameChange")?, fields.truth("allowKindChange")?))
        })?;
        let (allow_name_change, allow_kind_change) = options.unwrap_or_default();
        Ok(Self {
            path: fields.text("path")?,
            patch: fields.text("patch")?,
            target: fields.inner("target", |v| Selector::decode(v, mode))?,
            allow_name_change,
            allow_kind_change,
        })
    }
}

impl Image {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["name", "newName", "tagSuffix", "newTag", "digest"])?;
        Ok(Self {
            name: fields.text("name")?,
            new_name: fields.text("newName")?,
            tag_suffix: fields.text("tagSuffix")?,
            new_tag: fields.text("newTag")?,
            digest: fields.text("digest")?,
        })
    }
}

impl Replica {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["name", "count"])?;
        Ok(Self { name: fields.text("name")?, count: fields.int("count")? })
    }
}

impl ReplacementField {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["path", "source", "targets", "sourceValue"])?;
        Ok(Self {
            path: fields.text("path")?,
            replacement: Replacement::decode_fields(fields, mode)?,
        })
    }
}

impl Replacement {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        Self::decode_fields(Fields::of(value, mode)?, mode)
    }

    fn decode_fields(fields: Fields<'_>, mode: Mode) -> Decoded<Self> {
        Ok(Self {
            source: fields.inner("source", |v| Source::decode(v, mode))?,
            source_value: fields.text_opt("sourceValue")?,
            targets: match fields.get("targets") {
                None => None,
                Some(_) => Some(fields.list("targets", |v| Target::decode(v, mode))?),
            },
        })
    }
}

impl Source {
    fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        let known = ["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
        fields.only(&known)?;
        Ok(Self {
            selector: decode_id(fields)?,
            field_path: fields.text("fieldPath")?,
            options: FieldOptions::decode(fields, mode)?,
        })
    }
}

impl Target {
    fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["select", "reject", "fieldPaths", "options"])?;
        Ok(Self {
            select: fields.inner("select", |v| Selector::decode(v, mode))?,
            reject: fields.list("reject", |v| Selector::decode(v, mode))?,
            field_paths: fields.texts("fieldPaths")?,
            options: FieldOptions::decode(fields, mode)?,
        })
    }
}

impl FieldOptions {
    fn decode(fields: Fields<'_>, mode: Mode) -> Decoded<Self> {
        let read = |value| {
            let fields = Fields::of(value, mode)?;
            fields.only(&["delimiter", "index", "encoding", "create"])?;
            fields.text("encoding")?;
            let (delimiter, index) = (fields.text("delimiter")?, fields.int("index")?);
            Ok(Self { delimiter, index, create: fields.truth("create")? })
        };
        Ok(fields.inner("options", read)?.unwrap_or_default())
    }
}

impl Var {
    fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["name", "objref", "fieldref"])?;
        let mut var = fields.inner("objref", |v| Self::decode_object(v, mode))?.unwrap_or_default();
        var.name = fields.text("name")?;
        let path = fields.inner("fieldref", |value| {
            let fields = Fields::of(value, mode)?;
            fields.only(&["fieldPath"])?;
            fields.text("fieldPath")
        })?;
        var.field_path =
            path.filter(|p| !p.is_empty()).unwrap_or_else(|| "metadata.name".to_owned());
        Ok(var)
    }

    fn decode_object(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["apiVersion", "group", "version", "kind", "name", "namespace"])?;
        let id = decode_id(fields)?;
        let mut gvk = id.gvk;
        let api_version = fields.text("apiVersion")?;
        match api_version.matches('/').count() {
            0 if api_version.is_empty() => {}
            0 => gvk.version = api_version.as_str().into(),
            1 => {
                let (group, version) = split_api_version(&api_version);
                gvk = Gvk::new(group, version, &gvk.kind);
            }
            _ => {}
        }
        let (object_name, namespace) = (id.name.into_string(), id.namespace.into_string());
        Ok(Self { gvk, object_name, namespace, ..Self::default() })
    }
}

impl SortOptions {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["order", "legacySortOptions"])?;
        let legacy = fields.inner("legacySortOptions", |value| {
            let fields = Fields::of(value, mode)?;
            fields.only(&["orderFirst", "orderLast"])?;
            Ok((fields.texts("orderFirst")?, fields.texts("orderLast")?))
        })?;
        Ok(Self { order: fields.text("order")?, legacy })
    }
}

impl GeneratorArgs {
    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        let known = [
            "namespace",
            "name",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
            "type",
        ];
        fields.only(&known)?;
        let fields = fields.embedded();
        let mut envs = fields.texts("envs")?;
        let env = fields.text("env")?;
        if !env.is_empty() {
            envs.push(env);
        }
        Ok(Self {
            namespace: fields.text("namespace")?,
            name: fields.text("name")?,
            behavior: fields.text("behavior")?,
            literals: fields.texts("literals")?,
            files: fields.texts("files")?,
            envs,
            options: fields.inner("options", |v| GeneratorOptions::decode(v, mode))?,
            secret_type: fields.text("type")?,
        })
    }

    /// With what `generatorOptions` adds.
    pub(crate) fn with_global(mut self, global: Option<&GeneratorOptions>) -> Self {
        let Some(global) = global else { return self };
        let options = self.options.get_or_insert_default();
        let add = |local: &mut Option<BTreeMap<String, String>>,
                   global: &Option<BTreeMap<String, String>>| {
            for (key, value) in global.iter().flatten() {
                local.get_or_insert_default().entry(key.clone()).or_insert_with(|| value.clone());
            }
        };
        add(&mut options.labels, &global.labels);
        add(&mut options.annotations, &global.annotations);
        options.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        options.immutable |= global.immutable;
        self
    }
}

impl GeneratorOptions {
    fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["labels", "annotations", "disableNameSuffixHash", "immutable"])?;
        Ok(Self {
            labels: fields.text_map_opt("labels")?,
            annotations: fields.text_map_opt("annotations")?,
            disable_name_suffix_hash: fields.truth("disableNameSuffixHash")?,
            immutable: fields.truth("immutable")?,
        })
    }
}
