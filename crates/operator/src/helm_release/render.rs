//! From chart and values to the release's objects: templates, then patches, images, metadata and origin labels.

use super::work::Turn;
use crate::charts::HeldChart;
use crate::context::Context;
use crate::kustomization::{image, patch};
use api::names::HELM_GROUP;
use gotemplate::{Env, FunctionError};
use helm::render::{PostRenderStrategy, PostRendered, PostRenderer};
use helm::{Capabilities, KubeVersion, ReleaseFacts, RenderOptions, Rendered};
use kustomize::FluxBuild;
use object::{Gvk, Manifest, Map, ObjectKey, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tree::{MemoryTree, TreePath};

/// How long what is known of the server's kinds may be used.
const FRESH: Duration = Duration::from_secs(30);

/// What the server can do, as templates see it.
pub(super) async fn capabilities(context: &Context) -> Result<Capabilities, String> {
    let mut known = context.charts.capabilities.lock().await;
    if let Some((at, capabilities)) = known.as_ref()
        && at.elapsed() < FRESH
    {
        return Ok(capabilities.clone());
    }
    let version = context.client.raw("/version", "application/json").await;
    let version = version.map_err(|e| format!("the server's version cannot be had: {e}"))?;
    let text = version.get("gitVersion").and_then(Value::as_str).unwrap_or_default();
    let resources = context.charts.observer.discovery().all().await;
    let resources = resources.map_err(|e| format!("the server's kinds cannot be had: {e}"))?;
    let mut versions = Vec::with_capacity(resources.len() * 2);
    for resource in &resources {
        let version = resource.gvk.api_version();
        versions.push(format!("{version}/{}", resource.gvk.kind));
        versions.push(version);
    }
    versions.sort_unstable();
    versions.dedup();
    let capabilities = Capabilities {
        kube_version: KubeVersion::parse(text).map_err(|e| e.to_string())?,
        api_versions: versions.into(),
        ..Capabilities::default()
    };
    *known = Some((Instant::now(), capabilities.clone()));
    Ok(capabilities)
}

/// Renders the release as it would be with that number.
pub(super) async fn render(
    context: &Arc<Context>,
    turn: &Turn,
    held: &HeldChart,
    values: &Map,
    facts: ReleaseFacts,
    skip_schema: bool,
) -> Result<Rendered, String> {
    let capabilities = capabilities(context).await?;
    let chart = held.chart.clone();
    let values = values.clone();
    let spec = turn.release.spec.clone();
    let owner = turn.id.clone();
    let world = World { context: context.clone(), handle: tokio::runtime::Handle::current() };
    let rendered = tokio::task::spawn_blocking(move || {
        let mut world = world;
        let mut run = |documents: Vec<PostRendered>| {
            let mut documents = documents;
            for step in spec.post_renderers.iter().filter_map(|r| r.kustomize.as_ref()) {
                documents = kustomized(documents, step)?;
            }
            for document in &mut documents {
                label(&mut document.object, &spec, &owner);
            }
            Ok(documents)
        };
        let strategy = match spec.post_render_strategy.as_deref() {
            Some("nohooks") => PostRenderStrategy::NoHooks,
            Some("separate") => PostRenderStrategy::Separate,
            _ => PostRenderStrategy::Combined,
        };
        let post = PostRenderer { strategy, run: &mut run };
        let options =
            RenderOptions { skip_schema_validation: skip_schema, ..RenderOptions::default() };
        helm::render(&chart, &values, &facts, &capabilities, &options, &mut world, Some(post))
            .map_err(|e| helm::chain(&e))
    });
    rendered.await.map_err(|e| e.to_string())?
}

/// Common metadata first, then the labels that tell whose it is: those win.
fn label(object: &mut Value, spec: &api::HelmReleaseSpec, owner: &crate::Id) {
    if let Some(common) = &spec.common_metadata {
        for (key, text) in &common.labels {
            object.set_label(key, text);
        }
        for (key, text) in &common.annotations {
            object.set_annotation(key, text);
        }
    }
    object.set_label(&format!("{HELM_GROUP}/name"), &owner.name);
    object.set_label(&format!("{HELM_GROUP}/namespace"), &owner.namespace);
}

/// Patches and images over all documents.
fn kustomized(
    documents: Vec<PostRendered>,
    step: &api::KustomizePostRenderer,
) -> Result<Vec<PostRendered>, String> {
    let mut text = String::new();
    let mut paths: HashMap<(ObjectKey, Gvk), String> = HashMap::new();
    for document in documents {
        text.push_str("---\n");
        text.push_str(&object::to_yaml(&document.object));
        paths.insert((document.object.key(), document.object.gvk()), document.path);
    }
    let mut tree = MemoryTree::new();
    tree.add("all.yaml", &text).map_err(|e| e.to_string())?;
    let build = FluxBuild {
        patches: step.patches.iter().map(patch).collect(),
        images: step.images.iter().map(image).collect(),
        ..FluxBuild::default()
    };
    let built = kustomize::build_flux(&tree, &TreePath::root(), &build)
        .map_err(|e| crate::source_turn::chain(&e))?;
    let path = |object: &Value| {
        let found = paths.get(&(object.key(), object.gvk())).cloned();
        found.unwrap_or_else(|| "post-rendered.yaml".to_owned())
    };
    let objects = built.objects.into_iter().map(|o| o.value);
    Ok(objects.map(|object| PostRendered { path: path(&object), object }).collect())
}

/// What templates may ask of the world: the clock, randomness, and the cluster.
struct World {
    context: Arc<Context>,
    handle: tokio::runtime::Handle,
}

impl Env for World {
    fn now(&mut self) -> (i64, u32) {
        let now = jiff::Timestamp::now();
        (now.as_second(), u32::try_from(now.subsec_nanosecond()).unwrap_or_default())
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<(), FunctionError> {
        getrandom::fill(buffer).map_err(|e| FunctionError::new(e.to_string()))
    }

    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<gotemplate::Value, FunctionError> {
        let gvk = Gvk::from_api_version(api_version, kind);
        let found = self.handle.block_on(async {
            let discovery = self.context.charts.observer.discovery();
            let resource = match discovery.resource(&gvk).await {
                Ok(resource) => resource,
                Err(cluster::ApiError::UnknownKind(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            if name.is_empty() {
                return self.context.client.list(&resource, namespace, &[]).await.map(Some);
            }
            self.context.client.get(&resource, namespace, name).await
        });
        let found = found.map_err(|e| FunctionError::new(e.to_string()))?;
        let found = found.unwrap_or_else(|| Value::Map(Map::new()));
        Ok(gotemplate::Value::from_object(&found, gotemplate::Numbers::Int64))
    }
}
