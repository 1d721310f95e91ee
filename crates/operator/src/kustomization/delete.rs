//! The end of an application: what it applied is deleted as its policy says, and only then is it let go.

use super::work::Turn;
use crate::context::Context;
use crate::{Urgency, kinds, status};
use api::names;
use object::{Gvk, ObjectKey};
use reconcile::conclude::farewell;
use reconcile::{HealthRules, Run, Severity, SyncSpec, inventory, plan_deletion};
use std::time::Duration;

const RETRY_OBJECTS: Duration = Duration::from_secs(10);
const RETRY_FINALIZER: Duration = Duration::from_secs(5);

/// Deletes what the application applied, as its policy says, and lets it go.
pub(super) async fn delete(context: &Context, turn: &Turn) {
    let metadata = &turn.application.metadata;
    if !metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
        return;
    }
    let run = delete_objects(context, turn).await;
    let events = farewell(&run, &turn.previous_status());
    let kind = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
    let reporter = names::KUSTOMIZE_MANAGER;
    status::send_events(&context.client, kind, metadata, reporter, &events).await;
    let failed: Vec<&str> =
        events.iter().filter(|e| e.severity == Severity::Error).map(|e| &*e.message).collect();
    if !failed.is_empty() {
        let error = failed.join("\n");
        tracing::warn!(application = %turn.id, error, "its objects cannot be deleted; trying again");
        context.applications.add_after(turn.id.clone(), RETRY_OBJECTS, Urgency::Soon);
        return;
    }
    context.remember(&turn.id, None);
    let manager = names::KUSTOMIZE_STATUS_MANAGER;
    let resource = kinds::kustomization();
    let released =
        status::write_finalizer(&context.client, &resource, metadata, false, manager).await;
    if let Err(error) = released {
        tracing::warn!(application = %turn.id, %error, "the finalizer cannot be removed; trying again");
        context.applications.add_after(turn.id.clone(), RETRY_FINALIZER, Urgency::Soon);
    }
}

/// What of the inventory was deleted. Nothing is when part of it could not be seen; the plan says why.
async fn delete_objects(context: &Context, turn: &Turn) -> Run {
    let spec = SyncSpec::of_kustomization(&turn.application);
    let entries: Vec<(ObjectKey, Gvk)> =
        turn.inventory().iter().filter_map(|e| inventory::parse(e).ok()).collect();
    let rules = HealthRules::default();
    let observed = context.observer.observe(entries, &spec, &rules, |_, _| false).await;
    let mut run = Run { plan: plan_deletion(turn.inventory(), &observed, &spec), ..Run::default() };
    if run.plan.prune_held.is_none() {
        let wait = spec.deletion_policy == api::DeletionPolicy::WaitForTermination;
        run.outcome = context.executor.prune(&run.plan, &spec, wait).await;
    }
    run.spec = spec;
    run
}
