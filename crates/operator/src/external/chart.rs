//! Charts that kustomizations name (`helmCharts`), rendered as `helm template` would.

use gotemplate::{Env, FunctionError, Functions, Options, Set};
use helm::{Capabilities, Chart, KubeVersion, ReleaseFacts, RenderOptions, values};
use kustomize::ChartRequest;
use source::blobs::Blobs;
use source::helm::{HelmError, HelmRepository, HelmSource, index};
use source::oci::{CHART_LAYER, OciError, OciLogin, OciSource, Registry, Repository, Want};
use source::web::{Login, Tls};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tree::Tree;

/// Why a chart cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum ChartRenderError {
    /// The chart, its values or its templates are at fault; helm's words.
    #[error("{0}")]
    Helm(String),
    /// It cannot be had.
    #[error(transparent)]
    Repository(#[from] HelmError),
    /// The folder for fetched charts.
    #[error("fetched charts cannot be kept")]
    Storage(#[from] std::io::Error),
    /// It cannot be had from a registry.
    #[error(transparent)]
    Registry(#[from] OciError),
}

impl ChartRenderError {
    fn helm(error: &dyn std::error::Error) -> Self {
        Self::Helm(helm::chain(error))
    }
}

/// What helm calls a release that nobody named.
const UNNAMED: &str = "release-name";
const TIMEOUT: Duration = Duration::from_secs(60);

/// The manifests of a chart, as `helm template` prints them. Charts of repositories are kept under `folder`.
pub(super) async fn manifests(
    request: &ChartRequest,
    tree: &dyn Tree,
    folder: &Path,
) -> Result<String, ChartRenderError> {
    let chart = match &request.directory {
        Some(directory) => Chart::from_tree(tree, directory),
        None => Chart::from_archive(&fetch(request, folder).await?),
    };
    let chart = chart.map_err(|e| ChartRenderError::helm(&e))?;
    chart.check_installable().map_err(|e| ChartRenderError::helm(&e))?;
    chart.check_dependencies().map_err(|e| ChartRenderError::helm(&e))?;
    render(request, &chart)
}

fn render(request: &ChartRequest, chart: &Chart) -> Result<String, ChartRenderError> {
    let mut given = object::Map::new();
    for text in &request.values {
        let more = values::read(text.as_bytes()).map_err(|e| ChartRenderError::helm(&e))?;
        values::merge(&mut given, more);
    }
    let mut capabilities =
        Capabilities::default().with_api_versions(request.api_versions.iter().cloned());
    if !request.kube_version.is_empty() {
        capabilities.kube_version =
            KubeVersion::parse(&request.kube_version).map_err(|e| ChartRenderError::helm(&e))?;
    }
    let name = match (request.release.as_str(), request.name_template.as_str()) {
        ("", "") => UNNAMED.to_owned(),
        ("", template) => release_name(template).map_err(|e| ChartRenderError::helm(&e))?,
        (name, _) => name.to_owned(),
    };
    let namespace = if request.namespace.is_empty() { "default" } else { &request.namespace };
    let facts =
        ReleaseFacts { name, namespace: namespace.to_owned(), revision: 1, is_upgrade: false };
    let options = RenderOptions::default();
    let mut rendered =
        helm::render(chart, &given, &facts, &capabilities, &options, &mut Machine, None)
            .map_err(|e| ChartRenderError::helm(&e))?;
    if request.skip_hooks {
        rendered.hooks.clear();
    }
    Ok(rendered.print(request.include_crds, request.skip_tests))
}

/// The archive of a chart that is not in the tree.
async fn fetch(request: &ChartRequest, folder: &Path) -> Result<Vec<u8>, ChartRenderError> {
    let blobs = Blobs::open(folder)?;
    if request.repository.starts_with("oci://") {
        return pull(request, &blobs).await;
    }
    let repository = HelmRepository::new(HelmSource {
        url: request.repository.clone(),
        login: Login::None,
        pass_credentials: false,
        tls: Tls::default(),
        timeout: TIMEOUT,
    })?;
    let known = blobs.taken(&request.repository);
    let indexed = repository.index(&blobs, known.as_ref()).await?;
    blobs.remember(&request.repository, indexed.taken.clone())?;
    let entries = index::versions(&blobs.path(&indexed.taken.digest), &request.name);
    let entries = entries.map_err(HelmError::from)?;
    let entry = index::choose(&entries, &request.name, range(request)).map_err(HelmError::from)?;
    let digest = repository.chart(&blobs, entry).await?;
    Ok(blobs.read(&digest)?)
}

/// The archive of a chart in a registry.
async fn pull(request: &ChartRequest, blobs: &Blobs) -> Result<Vec<u8>, ChartRenderError> {
    let source = OciSource {
        url: request.repository.clone(),
        insecure: false,
        login: OciLogin::Anonymous,
        tls: Tls::default(),
        timeout: TIMEOUT,
    };
    let repository = Repository::parse(request.repository.trim_end_matches('/'))?;
    let registry = Registry::at(repository.below(&request.name), &source)?;
    let want = match semver::Version::parse_strict(&request.version) {
        // Tags cannot hold a plus; helm writes an underscore for it.
        Ok(_) => Want::Tag(request.version.replace('+', "_")),
        Err(_) => Want::Semver { range: range(request).to_owned(), filter: None },
    };
    let resolved = registry.resolve(&want).await?;
    let manifest = registry.manifest(&resolved.digest).await?;
    let layer = manifest.layer(Some(CHART_LAYER))?;
    registry.layer(blobs, layer).await?;
    Ok(blobs.read(&layer.digest)?)
}

/// The versions that may be chosen. Where none is named these are helm's: any release, and with `devel` any version.
fn range(request: &ChartRequest) -> &str {
    match (request.version.as_str(), request.devel) {
        ("", false) => ">0.0.0",
        ("", true) => ">0.0.0-0",
        (version, _) => version,
    }
}

/// The name that a template makes for a release (`--name-template`, `nameTemplate`).
///
/// # Errors
/// When it does not parse or fails.
pub fn release_name(template: &str) -> Result<String, gotemplate::Error> {
    let mut set = Set::new(Options::new(Arc::new(Functions::sprig())));
    set.parse("name-template", template)?;
    set.execute("name-template", &gotemplate::Value::Nil, &mut Machine)
}

/// What templates may ask where there is no cluster: this machine's clock and randomness.
pub struct Machine;

impl Env for Machine {
    fn now(&mut self) -> (i64, u32) {
        let now = jiff::Timestamp::now();
        (now.as_second(), u32::try_from(now.subsec_nanosecond()).unwrap_or_default())
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<(), FunctionError> {
        getrandom::fill(buffer).map_err(|e| FunctionError::new(e.to_string()))
    }
}
