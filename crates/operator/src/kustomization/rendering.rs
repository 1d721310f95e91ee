//! From a source's tree to objects; or the finding that nothing rendering read has changed.

use super::health;
use super::lower::{self, flux_build};
use super::substitution;
use super::work::Turn;
use crate::context::{Context, Memory};
use crate::external::Fetcher;
use crate::fleet::Held;
use kustomize::FluxBuild;
use object::{Gvk, Manifest, Value};
use reconcile::{Halt, Phase, Rendered};
use std::collections::BTreeSet;
use std::sync::Arc;
use tree::{Reads, Traced, Tree, TreePath};

/// What rendering gave: the objects with the place each comes from, their kinds, and what was read.
pub(crate) struct Objects {
    pub(crate) objects: Vec<Rendered>,
    pub(crate) kinds: Vec<Gvk>,
    pub(super) reads: Reads,
    pub(super) digest: String,
}

/// What rendering found.
pub(super) enum Rendering {
    /// The same as the last time, and the live objects are as they were applied.
    Unchanged(Arc<Memory>),
    /// Something to look at.
    New(Objects),
}

/// Renders the application's directory, unless the last successful run's record shows that it would give the same.
pub(super) async fn render(context: &Context, turn: &Turn, held: &Held) -> Result<Rendering, Halt> {
    if let Some(memory) = unchanged(context, turn, held)? {
        return Ok(Rendering::Unchanged(memory));
    }
    let spec = &turn.application.spec;
    let variables = substitution::read(&context.client, &turn.application).await?;
    let build = flux_build(spec, variables).map_err(|e| failed(&e))?;
    let path = path(spec)?;
    if held.tree.kind(&path).map_err(|e| failed(&e))?.is_none() {
        let revision = &held.revision;
        return Err(Halt::failed(
            Phase::Fetch,
            format!("kustomization path not found: '{path}' is not in revision {revision}"),
        ));
    }
    objects(&context.fetcher, &held.tree, &path, build).await.map(Rendering::New)
}

/// `spec.path` inside the source.
pub(crate) fn path(spec: &api::KustomizationSpec) -> Result<TreePath, Halt> {
    TreePath::parse(spec.path.as_deref().unwrap_or_default())
        .map_err(|error| Halt::failed(Phase::Fetch, format!("spec.path: {error}")))
}

/// Renders a directory, remote bases included.
pub(crate) async fn objects(
    fetcher: &Fetcher,
    tree: &Arc<dyn Tree>,
    path: &TreePath,
    build: FluxBuild,
) -> Result<Objects, Halt> {
    let (built, reads) = fetcher
        .render(tree, |tree, externals| {
            let build = FluxBuild { externals: externals.clone(), ..build.clone() };
            let traced = Traced::new(tree);
            let built = kustomize::build_flux(&traced, path, &build)?;
            Ok((built, traced.into_reads()))
        })
        .await
        .map_err(|e| failed(&e))?;
    let objects: Vec<Rendered> = built
        .objects
        .into_iter()
        .map(|o| Rendered {
            origin: format!("{}:{}", o.origin.file, o.origin.line),
            value: o.value,
        })
        .collect();
    let kinds: BTreeSet<Gvk> = objects.iter().map(|o| o.value.gvk()).collect();
    let digest = lower::digest(objects.iter().map(|o| &o.value));
    Ok(Objects { objects, kinds: kinds.into_iter().collect(), reads, digest })
}

/// The last run's memory when nothing it depends on has changed since.
fn unchanged(context: &Context, turn: &Turn, held: &Held) -> Result<Option<Arc<Memory>>, Halt> {
    let Some(memory) = context.memory(&turn.id) else { return Ok(None) };
    let spec = &turn.application.spec;
    let variables_elsewhere =
        spec.post_build.as_ref().is_some_and(|p| !p.substitute_from.is_empty());
    if turn.is_thorough() || variables_elsewhere || memory.spec != *spec {
        return Ok(None);
    }
    if !memory.reads.unchanged_in(&*held.tree).map_err(|e| failed(&e))? {
        return Ok(None);
    }
    let settled = context.observer.drifted(&memory.objects).is_empty()
        && health::at_a_glance(context, &memory.targets).is_none_or(|r| r.passed());
    Ok(settled.then_some(memory))
}

fn failed(error: &dyn std::error::Error) -> Halt {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Halt::failed(Phase::Render, text)
}

/// Reads a text member of a Secret's or ConfigMap's data.
pub(super) fn text_members(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let data = object.get("data").and_then(Value::as_map);
    data.into_iter().flat_map(|m| m.iter()).filter_map(|(k, v)| Some((k, v.as_str()?)))
}
