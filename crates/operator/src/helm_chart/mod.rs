//! `HelmChart`: one version of a chart, out of a Helm repository, a registry or a Git repository, loaded and held ready.

use crate::charts::HeldChart;
use crate::context::Context;
use crate::helm_repository::{self, helm_source};
use crate::oci_repository::{self, Wishes};
use crate::source_turn::{self as turn, Fault, Written};
use crate::{Id, Urgency};
use api::names::{condition, reason};
use api::{Artifact, HelmChart, HelmRepository};
use helm::Chart;
use source::blobs::Taken;
use source::helm::{HelmError, HelmRepository as Client, index};
use source::oci::{CHART_LAYER, OciSource, Registry, Repository, Want};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tree::{Tree, TreePath};

const MANAGER: &str = api::names::SOURCE_MANAGER;

/// Works on one chart.
pub(crate) async fn work(context: &Arc<Context>, id: &Id) {
    let registry = &context.charts.charts;
    let Some(object) = registry.get(id) else { return };
    if object.metadata.deletion_timestamp.is_some() {
        context.charts.drop_chart(id);
        if let Err(error) = context.charts.blobs.forget(&key(id)) {
            tracing::warn!(source = %id, %error, "its memory cannot be removed");
        }
        return turn::release(context, registry, &*object, MANAGER).await;
    }
    if object.spec.suspend || !turn::hold(context, registry, &*object, MANAGER).await {
        return;
    }
    let known = context.charts.held_chart(id).is_some();
    let found = look(context, id, &object).await;
    turn::schedule(registry, id, object.spec.interval.0, found.as_ref().err());
    let mut new = (*object).clone();
    new.status.last_handled_reconcile_at =
        turn::handled(&*object, &object.status.last_handled_reconcile_at);
    let generation = object.metadata.generation;
    let old = &object.status.conditions;
    let events = match &found {
        Ok(Found { artifact, message, source_revision, name, fresh }) => {
            let (mut conditions, events) =
                turn::stored(old, generation, Some(artifact), (message, *fresh));
            let why = if object.spec.source_ref.kind == "HelmRepository" {
                reason::CHART_PULL_SUCCEEDED
            } else {
                reason::CHART_PACKAGE_SUCCEEDED
            };
            conditions.iter_mut().for_each(|c| c.reason = why.to_owned());
            new.status.conditions = conditions;
            new.status.observed_generation = Some(generation);
            new.status.observed_source_artifact_revision = Some(source_revision.clone());
            new.status.observed_chart_name = Some(name.clone());
            new.status.observed_values_files.clone_from(&object.spec.values_files);
            new.status.artifact = Some(artifact.clone());
            new.status.url = Some(format!(
                "{}/helmchart/{}/{}/latest.tar.gz",
                context.settings.artifact_address, id.namespace, id.name
            ));
            events
        }
        Err(fault) => {
            let (conditions, events) = turn::failed(old, generation, fault);
            new.status.conditions = conditions;
            if fault.stalled {
                new.status.observed_generation = Some(generation);
            }
            events
        }
    };
    turn::write(context, registry, &object, Written { object: new, events }, (MANAGER, MANAGER))
        .await;
    if known && matches!(&found, Ok(found) if !found.fresh) {
        return;
    }
    let uses = |r: &api::HelmRelease| crate::charts::uses(r, "HelmChart", id);
    for release in context.charts.releases.which(uses) {
        context.charts.releases.queue.add(release, Urgency::Now);
    }
}

/// Charts out of a Git repository look at its new revision.
pub(crate) fn wake_users(context: &Context, repository: &Id) {
    let uses = |c: &HelmChart| {
        c.metadata.namespace == repository.namespace
            && c.spec.source_ref.kind == "GitRepository"
            && c.spec.source_ref.name == repository.name
    };
    for chart in context.charts.charts.which(uses) {
        context.charts.charts.queue.add(chart, Urgency::Now);
    }
}

/// What this chart's archive is called in the store.
fn key(id: &Id) -> String {
    format!("helmchart/{id}")
}

struct Found {
    artifact: Artifact,
    message: String,
    source_revision: String,
    name: String,
    fresh: bool,
}

/// A chart's archive, before it is loaded.
struct Pulled {
    chart: Arc<Chart>,
    digest: String,
    size: u64,
    source_revision: String,
    /// What is added to the version behind a plus sign.
    suffix: Option<String>,
}

async fn look(context: &Arc<Context>, id: &Id, object: &HelmChart) -> Result<Found, Fault> {
    let spec = &object.spec;
    let source = Id::new(id.namespace.as_str(), spec.source_ref.name.as_str());
    let pulled = match spec.source_ref.kind.as_str() {
        "HelmRepository" => {
            let repository = context.charts.repositories.get(&source).ok_or_else(|| {
                unavailable(format!("HelmRepository '{source}' does not exist; create it"))
            })?;
            if repository.spec.is_oci() {
                from_registry(context, object, &repository).await?
            } else {
                from_repository(context, &source, object, &repository).await?
            }
        }
        "GitRepository" => from_git(context, &source, object).await?,
        other => {
            return Err(Fault::unsupported(&format!(
                "sources of kind {other} are not supported yet"
            )));
        }
    };
    let mut version = pulled.chart.metadata.version.clone();
    if !spec.values_files.is_empty() {
        version = format!("{version}+{}", object.metadata.generation);
    }
    if let Some(suffix) = &pulled.suffix {
        let joint = if version.contains('+') { '.' } else { '+' };
        version = format!("{version}{joint}{suffix}");
    }
    let name = pulled.chart.metadata.name.clone();
    let values = values_files(&pulled.chart, object)?;
    let taken = Taken {
        url: spec.source_ref.name.clone(),
        revision: version.clone(),
        digest: pulled.digest.clone(),
        notes: BTreeMap::new(),
    };
    context.charts.blobs.remember(&key(id), taken).map_err(|e| Fault {
        condition: condition::STORAGE_OPERATION_FAILED,
        ..Fault::fetch(reason::FAILED, &e)
    })?;
    let verb = if spec.source_ref.kind == "HelmRepository" { "pulled" } else { "packaged" };
    let message = format!("{verb} '{name}' chart with version '{version}'");
    let path = format!("helmchart/{}/{}/{name}-{version}.tgz", id.namespace, id.name);
    let old = object.status.artifact.as_ref();
    let artifact = turn::artifact(
        context,
        old,
        path,
        (&version, &pulled.digest),
        (pulled.size, BTreeMap::new()),
    );
    let fresh = old.is_none_or(|a| a.revision != artifact.revision || a.digest != artifact.digest);
    let held = HeldChart {
        chart: pulled.chart,
        version,
        generation: object.metadata.generation,
        values,
        oci_digest: String::new(),
    };
    context.charts.hold_chart(id, held);
    Ok(Found { artifact, message, source_revision: pulled.source_revision, name, fresh })
}

fn unavailable(message: String) -> Fault {
    Fault {
        condition: condition::FETCH_FAILED,
        reason: reason::SOURCE_UNAVAILABLE,
        message,
        stalled: false,
    }
}

fn pull_error(error: &dyn std::error::Error) -> Fault {
    Fault::fetch(reason::CHART_PULL_ERROR, error)
}

async fn from_repository(
    context: &Context,
    source: &Id,
    object: &HelmChart,
    repository: &HelmRepository,
) -> Result<Pulled, Fault> {
    if object.spec.verify.is_some() {
        return Err(Fault::unsupported("spec.verify is for charts in a registry"));
    }
    let blobs = &context.charts.blobs;
    let taken = blobs
        .taken(&helm_repository::key(source))
        .filter(|t| blobs.has(&t.digest))
        .ok_or_else(|| unavailable(format!("HelmRepository '{source}' has no index yet")))?;
    let path = blobs.path(&taken.digest);
    let wanted = object.spec.chart.clone();
    let entries = tokio::task::spawn_blocking(move || index::versions(&path, &wanted)).await;
    let bad = |e: HelmError| match &e {
        HelmError::Index(_) => Fault::fetch(reason::INVALID_CHART_REFERENCE, &e),
        HelmError::Web(web) if web.is_refusal() => Fault::fetch(reason::AUTHENTICATION_FAILED, &e),
        _ => pull_error(&e),
    };
    let entries = entries.map_err(|e| pull_error(&e))?.map_err(|e| bad(e.into()))?;
    let range = object.spec.version.as_deref().unwrap_or("*");
    let entry = index::choose(&entries, &object.spec.chart, range).map_err(|e| bad(e.into()))?;
    let client = Client::new(helm_source(context, repository).await?).map_err(bad)?;
    let digest = client.chart(blobs, entry).await.map_err(bad)?;
    let (chart, size) = context.charts.load(&digest).await.map_err(pull_error_text)?;
    let source_revision = taken.revision;
    Ok(Pulled { chart, digest, size, source_revision, suffix: None })
}

fn pull_error_text(message: String) -> Fault {
    Fault { message, ..unavailable(String::new()) }.because(reason::CHART_PULL_ERROR)
}

impl Fault {
    fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }
}

async fn from_registry(
    context: &Context,
    object: &HelmChart,
    repository: &HelmRepository,
) -> Result<Pulled, Fault> {
    let spec = &repository.spec;
    let wishes = Wishes {
        verify: object.spec.verify.is_some(),
        provider: spec.provider.as_deref(),
        proxy: false,
        account: None,
    };
    wishes.supported()?;
    let url = format!("{}/{}", spec.url.trim_end_matches('/'), object.spec.chart);
    let place = Repository::parse(&url).map_err(|e| oci_repository::fault(&e))?;
    let namespace = repository.metadata.namespace.as_str();
    let secret = spec.secret_ref.as_ref().map(|r| Id::new(namespace, r.name.as_str()));
    let certificates = spec.cert_secret_ref.as_ref().map(|r| Id::new(namespace, r.name.as_str()));
    let source = OciSource {
        url,
        insecure: spec.insecure,
        login: oci_repository::login(context, secret.as_ref(), &place).await?,
        tls: oci_repository::tls(context, certificates.as_ref()).await?,
        timeout: spec.timeout.map_or(Duration::from_secs(60), |t| t.0),
    };
    let failed = |e: &source::oci::OciError| {
        let fault = oci_repository::fault(e);
        if fault.reason == reason::OCI_ARTIFACT_PULL_FAILED {
            fault.because(reason::CHART_PULL_ERROR)
        } else {
            fault
        }
    };
    let registry = Registry::at(place, &source).map_err(|e| failed(&e))?;
    let version = object.spec.version.as_deref().unwrap_or("*");
    let exact = semver::Version::parse_strict(version).is_ok();
    let want = if exact {
        Want::Tag(version.replace('+', "_"))
    } else {
        Want::Semver { range: version.to_owned(), filter: None }
    };
    let resolved = registry.resolve(&want).await.map_err(|e| failed(&e))?;
    let manifest = registry.manifest(&resolved.digest).await.map_err(|e| failed(&e))?;
    let layer = manifest.layer(Some(CHART_LAYER)).map_err(|e| failed(&e))?.clone();
    registry.layer(&context.charts.blobs, &layer).await.map_err(|e| failed(&e))?;
    let (chart, size) = context.charts.load(&layer.digest).await.map_err(pull_error_text)?;
    let source_revision = resolved.to_string();
    Ok(Pulled { chart, digest: layer.digest, size, source_revision, suffix: None })
}

async fn from_git(context: &Context, source: &Id, object: &HelmChart) -> Result<Pulled, Fault> {
    let held = context
        .fleet
        .held(source)
        .ok_or_else(|| unavailable(format!("GitRepository '{source}' has no artifact yet")))?;
    let packed = |message: String| unavailable(message).because(reason::CHART_PACKAGE_ERROR);
    let path = TreePath::parse(&object.spec.chart).map_err(|e| packed(e.to_string()))?;
    let (tree, at) = (held.tree.clone(), path.clone());
    let loaded = tokio::task::spawn_blocking(move || {
        let chart = Chart::from_tree(&*tree, &at).map_err(|e| helm::chain(&e))?;
        chart.check_dependencies().map_err(|e| helm::chain(&e))?;
        let mut files = tree::MemoryTree::new();
        let root = TreePath::parse(chart.name()).map_err(|e| e.to_string())?;
        copy(&*tree, &at, &root, &mut files)?;
        let mut bytes = Vec::new();
        source::artifact::write_plain(&files, &mut bytes).map_err(|e| turn::chain(&e))?;
        Ok::<_, String>((chart, bytes))
    });
    let (chart, bytes) = loaded.await.map_err(|e| packed(e.to_string()))?.map_err(packed)?;
    let digest = context.charts.blobs.put(&bytes).map_err(|e| packed(e.to_string()))?;
    let revision = held.revision.clone();
    let suffix = (object.spec.reconcile_strategy.as_deref() == Some("Revision")).then(|| {
        let commit = revision.rsplit(':').next().unwrap_or_default();
        commit.chars().take(12).collect()
    });
    let size = bytes.len() as u64;
    Ok(Pulled { chart: Arc::new(chart), digest, size, source_revision: revision, suffix })
}

/// Copies what is below `from` to below `to`.
fn copy(
    tree: &dyn Tree,
    from: &TreePath,
    to: &TreePath,
    into: &mut tree::MemoryTree,
) -> Result<(), String> {
    for entry in tree.list(from).map_err(|e| e.to_string())? {
        let below = from.join(&entry.name).map_err(|e| e.to_string())?;
        let there = to.join(&entry.name).map_err(|e| e.to_string())?;
        match entry.kind {
            tree::EntryKind::Directory => copy(tree, &below, &there, into)?,
            tree::EntryKind::File => {
                let content = tree.file(&below).map_err(|e| e.to_string())?;
                into.add(there.as_str(), content).map_err(|e| e.to_string())?;
            }
            tree::EntryKind::BrokenLink => {}
        }
    }
    Ok(())
}

/// `spec.valuesFiles` merged: they take the place of the chart's `values.yaml`.
fn values_files(chart: &Chart, object: &HelmChart) -> Result<Option<object::Map>, Fault> {
    let spec = &object.spec;
    if spec.values_files.is_empty() {
        return Ok(None);
    }
    let wrong = |message: String| unavailable(message).because("ValuesFilesError");
    let mut values = object::Map::new();
    for name in &spec.values_files {
        let inside = name.trim_start_matches("./");
        let inside = match spec.source_ref.kind.as_str() {
            // In a repository of files the path is from its root.
            "HelmRepository" => inside,
            _ => inside
                .strip_prefix(spec.chart.trim_start_matches("./").trim_end_matches('/'))
                .map_or(inside, |rest| rest.trim_start_matches('/')),
        };
        if inside == "values.yaml" {
            helm::values::merge(&mut values, chart.values.clone());
            continue;
        }
        let Some(file) = chart.files.iter().find(|f| f.name == inside) else {
            if spec.ignore_missing_values_files {
                continue;
            }
            return Err(wrong(format!("no values file found at path '{name}' in the chart")));
        };
        let read = helm::values::read(&file.data)
            .map_err(|e| wrong(format!("values file '{name}': {}", helm::chain(&e))))?;
        helm::values::merge(&mut values, read);
    }
    Ok(Some(values))
}
