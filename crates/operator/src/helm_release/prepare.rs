//! What has to be there before anything is done to a release: its chart, what it depends on, its values.

use super::work::{End, Turn};
use super::{chart_id, values};
use crate::Id;
use crate::charts::HeldChart;
use crate::context::Context;
use crate::registry::{is_ready, ready};
use api::names::{self, reason};
use api::{ChartSourceReference, HelmChart, HelmChartSpec, HelmRelease};
use cluster::WriteOptions;
use object::{Map, Value, map};
use reconcile::depends::Dependency;
use reconcile::{Halt, HealthRules, OwnerRef, SyncSpec, depends};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything an action needs.
pub(super) struct Prepared {
    pub(super) held: HeldChart,
    pub(super) values: Map,
    pub(super) rules: HealthRules,
}

/// Gets everything ready, or says what is missing.
pub(super) async fn prepare(context: &Arc<Context>, turn: &mut Turn) -> Result<Prepared, End> {
    supported(&turn.release)?;
    let rules = HealthRules::new(&turn.release.spec.health_check_exprs).map_err(|e| {
        End::Stalled { reason: reason::INVALID_CEL_EXPRESSION, message: e.to_string() }
    })?;
    make_chart(context, turn).await?;
    depend(context, turn).await?;
    let held = held(context, turn).await?;
    let values = values::compose(&context.client, &turn.release)
        .await
        .map_err(|message| End::Failed { reason: reason::VALUES_ERROR, message })?;
    Ok(Prepared { held, values, rules })
}

fn supported(release: &HelmRelease) -> Result<(), End> {
    let spec = &release.spec;
    let account = spec.service_account_name.as_deref().is_some_and(|n| !n.is_empty());
    let fields = [
        (spec.kube_config.is_some(), "spec.kubeConfig is not supported yet"),
        (
            account,
            "spec.serviceAccountName is not supported yet, and using the operator's own rights \
             instead would grant more than was asked for",
        ),
    ];
    match fields.into_iter().find(|(set, _)| *set) {
        None => Ok(()),
        Some((_, text)) => {
            Err(End::Stalled { reason: reason::FEATURE_GATE_DISABLED, message: text.to_owned() })
        }
    }
}

/// Makes the HelmChart that `spec.chart` describes, and removes the one made before if that was another.
async fn make_chart(context: &Context, turn: &mut Turn) -> Result<(), End> {
    let wanted = chart_id(&turn.release);
    let failed = |message: String| End::Failed { reason: "HelmChartError", message };
    let old = turn.release.status.helm_chart.clone();
    let now = wanted.as_ref().map(ToString::to_string).unwrap_or_default();
    if !old.is_empty() && old != now {
        remove_chart(context, &old).await.map_err(failed)?;
    }
    turn.release.status.helm_chart = now;
    let (Some(id), Some(template)) = (wanted, &turn.release.spec.chart) else { return Ok(()) };
    let spec = &template.spec;
    let spec = HelmChartSpec {
        chart: spec.chart.clone(),
        version: spec.version.clone(),
        source_ref: ChartSourceReference {
            api_version: None,
            kind: spec.source_ref.kind.clone(),
            name: spec.source_ref.name.clone(),
        },
        interval: spec.interval.unwrap_or(turn.release.spec.interval),
        reconcile_strategy: spec.reconcile_strategy.clone(),
        values_files: spec.values_files.clone(),
        ignore_missing_values_files: spec.ignore_missing_values_files,
        suspend: false,
        verify: spec.verify.clone(),
    };
    let metadata = template.metadata.clone().unwrap_or_default();
    let labels = metadata.labels.iter().map(|(k, v)| (k.clone(), v.clone())).chain([
        (format!("{}/name", names::HELM_GROUP), turn.id.name.clone()),
        (format!("{}/namespace", names::HELM_GROUP), turn.id.namespace.clone()),
    ]);
    let labels: std::collections::BTreeMap<String, String> = labels.collect();
    let same = context.charts.charts.get(&id).is_some_and(|chart| {
        chart.spec == spec
            && labels.iter().all(|(k, v)| chart.metadata.labels.get(k) == Some(v))
            && metadata
                .annotations
                .iter()
                .all(|(k, v)| chart.metadata.annotations.get(k) == Some(v))
    });
    if same {
        return Ok(());
    }
    let text = |all: &std::collections::BTreeMap<String, String>| -> Map {
        all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
    };
    let chart = Value::Map(map! {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmChart",
        "metadata": map! {
            "name": id.name.as_str(),
            "namespace": id.namespace.as_str(),
            "labels": text(&labels),
            "annotations": text(&metadata.annotations),
        },
        "spec": object::to_value(&spec).unwrap_or_default(),
    });
    let options = WriteOptions {
        field_manager: names::HELM_STATUS_MANAGER,
        force: true,
        ..WriteOptions::default()
    };
    let resource = <HelmChart as crate::registry::Watched>::resource();
    let applied = context.client.apply(&resource, &chart, options).await;
    applied.map(drop).map_err(|e| failed(format!("HelmChart '{id}' cannot be made: {e}")))
}

/// Removes the HelmChart that a release made.
pub(super) async fn remove_chart(context: &Context, name: &str) -> Result<(), String> {
    let Some((namespace, name)) = name.split_once('/') else { return Ok(()) };
    let resource = <HelmChart as crate::registry::Watched>::resource();
    let background = cluster::Propagation::Background;
    match context.client.delete(&resource, namespace, name, None, background).await {
        Err(error) if !error.is_not_found() => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Waits, by ending the run, for what this release depends on.
async fn depend(context: &Context, turn: &Turn) -> Result<(), End> {
    let release = &turn.release;
    if release.spec.depends_on.is_empty() {
        return Ok(());
    }
    let spec = SyncSpec {
        owner: OwnerRef {
            group: names::HELM_GROUP.to_owned(),
            kind: "HelmRelease".to_owned(),
            namespace: turn.id.namespace.clone(),
            name: turn.id.name.clone(),
        },
        depends_on: release.spec.depends_on.clone(),
        ..SyncSpec::default()
    };
    let mut found: HashMap<Id, (Arc<HelmRelease>, Value)> = HashMap::new();
    for reference in &release.spec.depends_on {
        let namespace = reference.namespace.as_deref().unwrap_or(&turn.id.namespace);
        let id = Id::new(namespace, reference.name.as_str());
        let Some(other) = context.charts.releases.get(&id) else { continue };
        let object = object::to_value(&*other).unwrap_or_default();
        found.insert(id, (other, object));
    }
    let owner = object::to_value(release).unwrap_or_default();
    let retry = context.settings.dependency_retry;
    let checked = depends::check(&spec, &owner, "", retry, |namespace, name| {
        let (other, object) = found.get(&Id::new(namespace, name))?;
        Some(Dependency {
            object,
            generation: other.metadata.generation,
            observed_generation: other.status.observed_generation.unwrap_or(-1),
            conditions: &other.status.conditions,
            // Releases do not share revisions: only readiness counts.
            source: api::SourceReference { kind: "none".to_owned(), ..Default::default() },
            last_applied_revision: None,
        })
    });
    checked.map_err(|halt| match halt {
        Halt::Stalled { message, .. } => {
            End::Stalled { reason: reason::INVALID_CEL_EXPRESSION, message }
        }
        Halt::Wait { for_: reconcile::Awaited::Dependency { message }, .. } => {
            End::Wait { reason: reason::DEPENDENCY_NOT_READY, message, retry }
        }
        other => {
            End::Wait { reason: reason::DEPENDENCY_NOT_READY, message: other.to_string(), retry }
        }
    })
}

/// The chart, once its source has it.
async fn held(context: &Context, turn: &Turn) -> Result<HeldChart, End> {
    let retry = context.settings.dependency_retry;
    let wait = |message: String| End::Wait { reason: "SourceNotReady", message, retry };
    let release = &turn.release;
    let id = match (&release.spec.chart_ref, chart_id(release)) {
        (Some(reference), _) => {
            let own = &release.metadata.namespace;
            let namespace = reference.namespace.as_ref().unwrap_or(own);
            let id = Id::new(namespace.as_str(), reference.name.as_str());
            match reference.kind.as_str() {
                "HelmChart" => id,
                "OCIRepository" => return from_artifact(context, &id).await,
                other => {
                    return Err(End::Stalled {
                        reason: reason::FEATURE_GATE_DISABLED,
                        message: format!("charts of kind {other} are not supported yet"),
                    });
                }
            }
        }
        (None, Some(id)) => id,
        (None, None) => {
            return Err(End::Stalled {
                reason: reason::INVALID_CHART_REFERENCE,
                message: "either spec.chart or spec.chartRef has to be set".to_owned(),
            });
        }
    };
    let Some(chart) = context.charts.charts.get(&id) else {
        return Err(wait(format!("HelmChart '{id}' is not ready: it does not exist yet")));
    };
    let message = ready(&chart.status.conditions).map(|(_, _, m)| m).unwrap_or_default();
    let not_ready = || {
        let message = if message.is_empty() {
            "latest generation of object has not been reconciled"
        } else {
            &message
        };
        wait(format!("HelmChart '{id}' is not ready: {message}"))
    };
    let held = context.charts.held_chart(&id).ok_or_else(not_ready)?;
    if held.generation != chart.metadata.generation
        || !is_ready(&*chart) && chart.status.artifact.is_none()
    {
        return Err(not_ready());
    }
    Ok(held)
}

async fn from_artifact(context: &Context, id: &Id) -> Result<HeldChart, End> {
    let retry = context.settings.dependency_retry;
    let wait = |message: String| End::Wait { reason: "SourceNotReady", message, retry };
    let Some(source) = context.charts.artifacts.get(id) else {
        return Err(wait(format!("OCIRepository '{id}' is not ready: it does not exist yet")));
    };
    let taken = context.charts.blobs.taken(&crate::oci_repository::key(id));
    let taken = taken.filter(|t| {
        source.status.artifact.as_ref().is_some_and(|a| a.revision == t.revision)
            && source.status.observed_generation == Some(source.metadata.generation)
    });
    let Some(taken) = taken else {
        let message = ready(&source.status.conditions).map(|(_, _, m)| m).unwrap_or_default();
        return Err(wait(format!("OCIRepository '{id}' is not ready: {message}")));
    };
    let (chart, _) = context.charts.load(&taken.digest).await.map_err(|message| End::Failed {
        reason: reason::ARTIFACT_FAILED,
        message: format!("Could not load chart: {message}"),
    })?;
    let digest = taken.revision.rsplit('@').next().unwrap_or_default().to_owned();
    let short: String = digest.rsplit(':').next().unwrap_or_default().chars().take(12).collect();
    let version =
        format!("{}+{short}", chart.metadata.version.split('+').next().unwrap_or_default());
    let held = HeldChart {
        chart,
        version,
        generation: source.metadata.generation,
        values: None,
        oci_digest: digest,
    };
    Ok(held.finished())
}
