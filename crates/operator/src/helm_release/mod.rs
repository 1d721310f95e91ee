//! `HelmRelease`: a chart, rendered and kept installed.
//!
//! `work` takes a release from the queue: it prepares (chart, dependencies, values), then acts as long as
//! `reconcile::release` says what follows, and writes down what came of it. `actions` carries out one action, `records`
//! is Helm's storage, `apply`, `hooks` and `settle` are what touches the cluster. Deliberately absent: deciding.

mod actions;
mod apply;
mod hooks;
mod prepare;
mod records;
mod render;
mod settle;
mod values;
mod work;

pub(crate) use work::work;

use crate::context::Context;
use crate::{Id, Urgency};
use api::HelmRelease;

/// The HelmChart that a release with `spec.chart` makes.
pub(crate) fn chart_id(release: &HelmRelease) -> Option<Id> {
    let template = release.spec.chart.as_ref()?;
    let own = &release.metadata.namespace;
    let namespace = template.spec.source_ref.namespace.as_ref().unwrap_or(own);
    Some(Id::new(namespace.as_str(), format!("{own}-{}", release.metadata.name)))
}

/// Those that depend on a release need not wait for their next look.
pub(crate) fn wake_dependents(context: &Context, id: &Id) {
    let depends = |release: &HelmRelease| {
        release.spec.depends_on.iter().any(|d| {
            let namespace = d.namespace.as_ref().unwrap_or(&release.metadata.namespace);
            *namespace == id.namespace && d.name == id.name
        })
    };
    for dependent in context.charts.releases.which(depends) {
        context.charts.releases.queue.add(dependent, Urgency::Soon);
    }
}

/// An object of a release is not as it was applied: looked at if the release wants to know.
pub(crate) fn notice_drift(context: &Context, id: &Id) {
    let wants = context.charts.releases.get(id).is_some_and(|release| {
        reconcile::release::drift_mode(&release) != reconcile::release::DriftMode::Disabled
    });
    if wants {
        context.charts.releases.queue.add(id.clone(), Urgency::Now);
    }
}
