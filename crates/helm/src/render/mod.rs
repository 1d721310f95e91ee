//! A chart rendered: chart, values and facts about release and cluster to manifests, hooks, notes
//! (`helm.sh/helm/v4/pkg/engine`, `pkg/action`).
//!
//! Deliberately absent: clusters (an [`Env`] answers `lookup`), reading values from files, storing releases.

mod capabilities;
mod compile;
mod context;
mod error;
mod files;
mod glob;
pub(crate) mod instance;
mod post;
#[cfg(test)]
mod tests;

pub use capabilities::{Capabilities, KubeVersion, KubeVersionError};
pub(crate) use compile::Compiled;
pub use error::TemplateError;
pub use post::{PostRenderStrategy, PostRendered, PostRenderer};

use crate::Cause;
use crate::chart::Chart;
use crate::manifest::{self, Hook, Manifest, ManifestError};
use crate::schema::SchemaError;
use crate::values::coalesce::{Nulls, TypeMismatch, coalesce};
use compile::Reading;
use context::Contexts;
use gotemplate::{Entries, Env, Limits, Map, Numbers, Type, Value, contained};
use instance::Instance;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What templates are told of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// Its name.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// The number of this revision, from 1.
    pub revision: i64,
    /// Whether this is an upgrade or rollback rather than an installation.
    pub is_upgrade: bool,
}

/// How a chart is rendered.
#[derive(Clone, Debug, Default)]
pub struct RenderOptions {
    /// Values are not checked against `values.schema.json`.
    pub skip_schema_validation: bool,
    /// The notes of subcharts follow the chart's own.
    pub sub_notes: bool,
    /// A missing key is an error (Helm's engine has it, its commands do not).
    pub strict: bool,
    /// Bounds of the templates.
    pub limits: Limits,
}

/// What a chart becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The objects, in the order in which they are installed.
    pub manifests: Vec<Manifest>,
    /// The hooks, sorted by kind. Those of one event run in the order of [`manifest::execution_order`].
    pub hooks: Vec<Hook>,
    /// The text of `NOTES.txt`.
    pub notes: String,
    /// The files in `crds/` of the chart and its subcharts.
    pub crds: Vec<Crd>,
}

/// A file in `crds/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// Its path with those of the charts around it.
    pub path: String,
    /// Its text.
    pub data: Arc<[u8]>,
}

/// Why a chart does not render. Joined with the sources by `: ` the text is Helm's.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Conditions, tags or imports.
    #[error("chart dependencies processing failed")]
    Dependencies(#[source] TypeMismatch),
    /// A subchart's values are no table.
    #[error(transparent)]
    Values(TypeMismatch),
    /// The values are not what the schema wants.
    #[error(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{0}"
    )]
    Schema(SchemaError),
    /// The cluster is too old or too new.
    #[error(
        "chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}"
    )]
    KubeVersion {
        /// What the chart wants.
        constraint: String,
        /// What there is.
        version: String,
    },
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What a template made is no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The post-renderer.
    #[error("error while running post render on {on}")]
    PostRender {
        /// Files, manifests or hooks.
        on: &'static str,
        /// What it said.
        #[source]
        source: Cause,
    },
}

impl RenderError {
    /// Whether values and dependencies were all right and the templates made trouble. `helm template` then adds the
    /// advice to look at the output with `--debug`.
    pub const fn is_of_templates(&self) -> bool {
        !matches!(self, Self::Dependencies(_) | Self::Values(_) | Self::Schema(_))
    }
}

/// Renders `chart` with the user's `values` over its defaults.
///
/// # Errors
/// [`RenderError`] in Helm's words. Hostile templates end at the [`Limits`].
pub fn render(
    chart: &Chart,
    values: &object::Map,
    release: &ReleaseFacts,
    capabilities: &Capabilities,
    options: &RenderOptions,
    env: &mut dyn Env,
    post: Option<PostRenderer<'_>>,
) -> Result<Rendered, RenderError> {
    let (root, files) = contained(|| files(chart, values, release, capabilities, options, env))?;
    let (notes, files) = take_notes(files, &root.name, options.sub_notes);
    let files = match post {
        Some(post) => post::run(files, post)?,
        None => files,
    };
    let (hooks, manifests) = manifest::sort(files, manifest::Order::Install)?;
    let mut crds = Vec::new();
    collect_crds(&root, "", &mut crds);
    Ok(Rendered { manifests, hooks, notes, crds })
}

/// The rendered files by their names, partials left out: what Helm's engine gives.
///
/// # Errors
/// As [`render`].
pub fn render_files(
    chart: &Chart,
    values: &object::Map,
    release: &ReleaseFacts,
    capabilities: &Capabilities,
    options: &RenderOptions,
    env: &mut dyn Env,
) -> Result<BTreeMap<String, String>, RenderError> {
    contained(|| files(chart, values, release, capabilities, options, env)).map(|(_, files)| files)
}

/// To be called in [`contained`]: a template may put a map into itself.
fn files<'c>(
    chart: &'c Chart,
    values: &object::Map,
    release: &ReleaseFacts,
    capabilities: &Capabilities,
    options: &RenderOptions,
    env: &mut dyn Env,
) -> Result<(Instance<'c>, BTreeMap<String, String>), RenderError> {
    let user = Rc::new(Map::new(Type::Any, Entries::from_object(values, Numbers::Int64)));
    let mut root = Instance::whole(chart);
    root.choose(&user, "").map_err(RenderError::Dependencies)?;
    let reading = Reading { strict: options.strict, limits: options.limits };
    // A chart that does not parse fails after the checks of its values.
    let program = chart.compiled.program(&mut root, reading);
    if let Err(error @ RenderError::Dependencies(_)) = program {
        return Err(error);
    }
    coalesce(&root, &user, Nulls::Remove).map_err(RenderError::Values)?;
    if !options.skip_schema_validation {
        crate::schema::validate(&root, &user).map_err(RenderError::Schema)?;
    }
    check_kube_version(chart, &capabilities.kube_version)?;
    let program = program?;
    let values = context::named(std::mem::take(&mut *user.entries_mut()));
    let contexts = Contexts::new(&root, values, release.object(), capabilities.object());
    let rendered = execute(&program, &contexts, env)?;
    Ok((root, rendered))
}

/// Renders with a root object made elsewhere: nothing is coalesced, chosen or checked. `top` has `Values`, `Release` and
/// `Capabilities`. What Helm's engine does by itself.
///
/// # Errors
/// [`RenderError::Template`].
pub fn render_with_root(
    chart: &Chart,
    top: &object::Value,
    options: &RenderOptions,
    env: &mut dyn Env,
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut root = Instance::whole(chart);
    let reading = Reading { strict: options.strict, limits: options.limits };
    let program = Compiled::default().program(&mut root, reading)?;
    let member =
        |name: &str| top.get(name).map_or(Value::Nil, |v| Value::from_object(v, Numbers::Int));
    contained(|| {
        let contexts =
            Contexts::new(&root, member("Values"), member("Release"), member("Capabilities"));
        execute(&program, &contexts, env)
    })
}

fn execute(
    program: &compile::Program,
    contexts: &Contexts,
    env: &mut dyn Env,
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut rendered = BTreeMap::new();
    for template in &program.templates {
        if crate::path::base(&template.name).starts_with('_') {
            continue;
        }
        let Some(context) = contexts.0.get(template.chart) else { continue };
        let entries: [(&str, Value); 2] = [
            ("BasePath", template.base_path.as_str().into()),
            ("Name", template.name.as_str().into()),
        ];
        context.insert("Template", context::named(entries.into_iter().collect()));
        let dot = Value::Map(Rc::clone(context));
        let text = program.set.execute(&template.name, &dot, env);
        let mut text = text.map_err(|e| error::exec_error(&template.name, &e))?;
        if text.contains("<no value>") {
            text = text.replace("<no value>", "");
        }
        rendered.insert(template.name.clone(), text);
    }
    Ok(rendered)
}

fn check_kube_version(chart: &Chart, version: &KubeVersion) -> Result<(), RenderError> {
    let constraint = &chart.metadata.kube_version;
    if constraint.is_empty() || instance::in_range(constraint, &version.normalized) {
        return Ok(());
    }
    Err(RenderError::KubeVersion {
        constraint: constraint.clone(),
        version: version.version.clone(),
    })
}

const NOTES: &str = "NOTES.txt";

/// Takes the notes out of the files.
fn take_notes(
    mut files: BTreeMap<String, String>,
    chart: &str,
    of_subcharts: bool,
) -> (String, BTreeMap<String, String>) {
    let own = format!("{chart}/templates/{NOTES}");
    let mut notes = String::new();
    files.retain(|name, text| {
        if !name.ends_with(NOTES) {
            return true;
        }
        if of_subcharts || *name == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
        false
    });
    (notes, files)
}

fn collect_crds(chart: &Instance<'_>, above: &str, out: &mut Vec<Crd>) {
    let own = if above.is_empty() {
        chart.name.clone()
    } else {
        format!("{above}/charts/{}", chart.name)
    };
    for file in &chart.chart.files {
        let extension = crate::path::extension(&file.name);
        let is_manifest =
            [".yaml", ".yml", ".json"].iter().any(|e| extension.eq_ignore_ascii_case(e));
        if file.name.starts_with("crds/") && is_manifest {
            let path = crate::path::clean(&format!("{own}/{}", file.name));
            out.push(Crd { path, data: Arc::clone(&file.data) });
        }
    }
    for sub in &chart.dependencies {
        collect_crds(sub, &own, out);
    }
}

impl Rendered {
    /// The manifest as Helm stores it in a release and `helm template` prints it, hooks left out.
    pub fn manifest(&self, include_crds: bool) -> String {
        let mut out = String::new();
        if include_crds {
            for crd in &self.crds {
                let text = String::from_utf8_lossy(&crd.data);
                section(&mut out, &crd.path, &text);
            }
        }
        for manifest in &self.manifests {
            section(&mut out, &manifest.path, &manifest.content);
        }
        out
    }
}

impl Rendered {
    /// What `helm template` prints.
    pub fn print(&self, include_crds: bool, skip_tests: bool) -> String {
        let mut out = self.manifest(include_crds).trim().to_owned();
        out.push('\n');
        for hook in self.hooks.iter().filter(|h| !(skip_tests && h.is_test())) {
            section(&mut out, &hook.path, &hook.manifest);
        }
        out
    }
}

/// `---`, where it comes from, the text.
pub(crate) fn section(out: &mut String, path: &str, content: &str) {
    out.push_str("---\n# Source: ");
    out.push_str(path);
    out.push('\n');
    out.push_str(content);
    out.push('\n');
}
