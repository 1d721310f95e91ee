//! `helmCharts`: what a chart is to be rendered with. Rendering is another crate's; here it is asked for
//! ([`crate::External::Chart`]) and the manifests that come back are taken in.
//!
//! Source: `internal/builtins/HelmChartInflationGenerator.go`, `types/helmchartargs.go`.

use crate::decode::{Decoded, Fields, Mode, Wrong};
use crate::error::{BuildError, Fault};
use crate::external::External;
use crate::load::{Loader, Root, resources_in};
use crate::plugin::named;
use crate::resource::Resource;
use crate::units::{ListMode, merge_patch};
use object::Value;
use std::sync::Arc;
use tree::TreePath;

/// A chart and what it is to be rendered with, as `helm template` would be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChartRequest {
    /// Its directory in the tree, when it is there.
    pub directory: Option<TreePath>,
    /// Name of the chart.
    pub name: String,
    /// Version wanted; empty is the newest.
    pub version: String,
    /// Repository to have it from when it is not in the tree: a URL, `oci://` too; empty is none.
    pub repository: String,
    /// Name of the release; helm makes one up when empty.
    pub release: String,
    /// Template of the release's name.
    pub name_template: String,
    /// Namespace of the release; helm's default when empty.
    pub namespace: String,
    /// YAML texts with values; later ones win.
    pub values: Vec<String>,
    /// API versions the cluster is said to have beside the known ones.
    pub api_versions: Vec<String>,
    /// Version of Kubernetes templates are told.
    pub kube_version: String,
    /// Whether the chart's `crds/` are wanted.
    pub include_crds: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// Whether versions under development may be chosen.
    pub devel: bool,
}

/// An entry of `helmCharts`, with the folder of charts from `helmGlobals`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HelmChart {
    request: ChartRequest,
    home: String,
    values_file: String,
    more_values_files: Vec<String>,
    values_inline: Option<Value>,
    values_merge: String,
}

/// Folder of charts when `helmGlobals.chartHome` names none.
const HOME: &str = "charts";

impl HelmChart {
    /// An entry of `helmCharts`, or a generator of its kind, where the globals stand beside the rest.
    pub(crate) fn decode(value: &Value, home: &str, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        let own_home = fields.text("chartHome")?;
        let home = [own_home.as_str(), home, HOME].into_iter().find(|h| !h.is_empty());
        Ok(Self {
            request: ChartRequest {
                directory: None,
                name: fields.text("name")?,
                version: fields.text("version")?,
                repository: fields.text("repo")?,
                release: fields.text("releaseName")?,
                name_template: fields.text("nameTemplate")?,
                namespace: fields.text("namespace")?,
                values: Vec::new(),
                api_versions: fields.texts("apiVersions")?,
                kube_version: fields.text("kubeVersion")?,
                include_crds: fields.truth("includeCRDs")?,
                skip_tests: fields.truth("skipTests")?,
                skip_hooks: fields.truth("skipHooks")?,
                devel: fields.truth("devel")?,
            },
            home: home.unwrap_or(HOME).to_owned(),
            values_file: fields.text("valuesFile")?,
            more_values_files: fields.texts("additionalValuesFiles")?,
            values_inline: fields.get("valuesInline").cloned(),
            values_merge: merge_rule(fields)?,
        })
    }

    /// An entry of the older `helmChartInflationGenerator`.
    pub(crate) fn decode_legacy(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        let home = fields.text("chartHome")?;
        Ok(Self {
            request: ChartRequest {
                name: fields.text("chartName")?,
                version: fields.text("chartVersion")?,
                repository: fields.text("chartRepoUrl")?,
                release: fields.text("releaseName")?,
                ..ChartRequest::default()
            },
            home: if home.is_empty() { HOME.to_owned() } else { home },
            values_file: fields.text("values")?,
            values_inline: fields.get("valuesLocal").cloned(),
            values_merge: merge_rule(fields)?,
            ..Self::default()
        })
    }

    /// The objects of the chart. `namespace` is that of the kustomization or of the nearest one above it.
    ///
    /// # Errors
    /// When a file is missing, values do not read, or the chart has not been rendered yet.
    pub(crate) fn inflate(
        &self,
        loader: &Loader<'_>,
        root: &Root,
        namespace: &str,
        file: &Arc<TreePath>,
    ) -> Result<Vec<Resource>, BuildError> {
        let request = self.request(loader, root, namespace)?;
        let external = External::Chart(Box::new(request));
        let (_, text) = loader.mounted(external, &self.request.name)?;
        let mut made = resources_in(&text, file)?;
        for resource in &mut made {
            resource.helm_generated = true;
            resource.line = 0;
        }
        Ok(made)
    }

    fn request(
        &self,
        loader: &Loader<'_>,
        root: &Root,
        namespace: &str,
    ) -> Result<ChartRequest, BuildError> {
        let mut request = self.request.clone();
        if request.name.is_empty() {
            return Err(BuildError::new(Fault::Syntax, "a chart has no name; add one"));
        }
        let version = if request.version.is_empty() || request.repository.is_empty() {
            String::new()
        } else {
            format!("/{}-{}", request.name, request.version)
        };
        let folder = format!("{}{version}/{}", self.home, request.name);
        let directory = loader.resolve(root, &folder)?.path;
        if loader.is_directory(&directory)? == Some(true) {
            request.directory = Some(directory);
        } else if request.repository.is_empty() {
            let message = format!("there is no chart at '{folder}', and no repo to have it from");
            return Err(BuildError::new(Fault::Missing, message));
        }
        if request.namespace.is_empty() {
            namespace.clone_into(&mut request.namespace);
        }
        let here = request.directory.is_some();
        request.values = self.values(loader, root, &folder, here)?;
        Ok(request)
    }

    fn values(
        &self,
        loader: &Loader<'_>,
        root: &Root,
        folder: &str,
        chart_is_here: bool,
    ) -> Result<Vec<String>, BuildError> {
        let read = |path: &str| {
            loader.text(root, path).map(|(_, text)| text).map_err(|e| named(e, "values file", path))
        };
        // The values of a chart that is elsewhere come with it.
        let base = match self.values_file.as_str() {
            "" if chart_is_here => read(&format!("{folder}/values.yaml"))?,
            "" => String::new(),
            path => read(path)?,
        };
        let inline =
            self.values_inline.as_ref().filter(|v| v.as_map().is_some_and(|m| !m.is_empty()));
        let first = match inline {
            None => base,
            Some(inline) => self.merged(&base, &object::to_yaml(inline))?,
        };
        let mut out = vec![first];
        for path in &self.more_values_files {
            out.push(read(path)?);
        }
        Ok(out)
    }

    fn merged(&self, base: &str, inline: &str) -> Result<String, BuildError> {
        if base.trim().is_empty() {
            return Ok(inline.to_owned());
        }
        let merged = match self.values_merge.as_str() {
            "replace" => return Ok(inline.to_owned()),
            "merge" => merge_patch(inline, base, ListMode { prepend: false, infer: false }),
            _ => merge_patch(base, inline, ListMode { prepend: false, infer: false }),
        };
        let wrong = |e: String| BuildError::new(Fault::Syntax, format!("the chart's values: {e}"));
        Ok(merged.map_err(wrong)?.map_or_else(String::new, |v| object::to_yaml(&v)))
    }
}

fn merge_rule(fields: Fields<'_>) -> Decoded<String> {
    let rule = fields.text("valuesMerge")?;
    if matches!(rule.as_str(), "" | "merge" | "override" | "replace") {
        return Ok(rule);
    }
    Err(Wrong::new("has to be merge, override or replace").under("valuesMerge"))
}
