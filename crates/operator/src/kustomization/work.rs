//! An application's turn: taken from the queue, run, and what came of it written down.

use super::run::run;
use crate::context::{Context, kustomization_family, now};
use crate::fleet::{is_ready, source_of};
use crate::operator::wake_dependents;
use crate::{Id, Urgency, kinds, status};
use api::{InventoryEntry, Kustomization, names};
use cluster::ApiError;
use object::{ObjectKey, Value};
use reconcile::{
    Halt, Run, SyncSpec, Trigger, Verdict, conclude, depends::Dependency, inventory, progress,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// One turn of one application.
pub(super) struct Turn {
    pub(super) id: Id,
    pub(super) application: Arc<Kustomization>,
    pub(super) trigger: Trigger,
    pub(super) started: Instant,
    /// Our place among those that work at once; given up while waiting for health.
    permit: Option<OwnedSemaphorePermit>,
}

/// What a run's dependencies are like.
pub(super) struct Found {
    /// The depending object as it is; null unless an expression asks for it.
    pub(super) owner: Value,
    dependencies: HashMap<Id, (Arc<Kustomization>, Value)>,
}

/// After this many corrections of one application within [`FIGHT_WINDOW`], each further one waits longer.
const PEACEFUL_CORRECTIONS: u32 = 5;
const FIGHT_WINDOW: Duration = Duration::from_secs(60);
const LONGEST_TRUCE: Duration = Duration::from_secs(60);

/// Works on one application.
pub(crate) async fn work(context: Arc<Context>, id: Id, permit: OwnedSemaphorePermit) {
    // The reason first: what is noted from now on is for the next turn, which then sees the newer object.
    let trigger = context.fleet.take_trigger(&id);
    let Some(application) = context.fleet.application(&id) else {
        context.remember(&id, None);
        return;
    };
    let mut turn = Turn { trigger, id, application, started: Instant::now(), permit: Some(permit) };
    if turn.application.metadata.deletion_timestamp.is_some() {
        return super::delete::delete(&context, &turn).await;
    }
    if turn.is_false_alarm(&context) {
        if context.applications.resume_delay(&turn.id) {
            return;
        }
        turn.trigger = Trigger::Interval;
    }
    if turn.keeps_truce(&context) {
        return;
    }
    if let Err(error) = turn.hold_with_finalizer(&context).await {
        tracing::warn!(application = %turn.id, %error, "the finalizer cannot be set; trying again");
        let soon = Duration::from_secs(5);
        context.applications.add_after(turn.id.clone(), soon, Urgency::Soon);
        return;
    }
    let run = run(&context, &mut turn).await;
    if turn.trigger == Trigger::Drift && !run.plan.is_empty() {
        context.fleet.note_correction(&turn.id);
    }
    let previous = turn.previous_status();
    let verdict = conclude(&run, &previous, now());
    turn.finish(&context, &run, verdict).await;
}

impl Turn {
    /// What the last runs applied.
    pub(super) fn inventory(&self) -> &[InventoryEntry] {
        self.application.status.inventory.as_ref().map_or(&[], |i| &i.entries)
    }

    /// Whether this run looks at everything anew, because somebody asked for it or the spec is another.
    pub(super) fn is_thorough(&self) -> bool {
        matches!(self.trigger, Trigger::Request | Trigger::Spec | Trigger::Start)
    }

    pub(super) fn previous_status(&self) -> api::KustomizationStatus {
        self.application.status.clone()
    }

    /// A drift that was noticed but is none any more: our own apply was the cause, or a run in between mended it.
    fn is_false_alarm(&self, context: &Context) -> bool {
        let applied = || self.inventory().iter().filter_map(|e| inventory::parse(e).ok());
        let keys: Vec<ObjectKey> = applied().map(|(key, _)| key).collect();
        self.trigger == Trigger::Drift && context.observer.drifted(&keys).is_empty()
    }

    /// Somebody keeps undoing our corrections: correct less and less often, so that the two do not keep the API
    /// server busy. Answers whether this turn is put off.
    fn keeps_truce(&self, context: &Context) -> bool {
        if self.trigger != Trigger::Drift {
            return false;
        }
        let corrections = context.fleet.recent_corrections(&self.id, FIGHT_WINDOW);
        let Some(beyond) = corrections.checked_sub(PEACEFUL_CORRECTIONS) else { return false };
        let truce = Duration::from_secs(1 << beyond.min(6)).min(LONGEST_TRUCE);
        if context.fleet.since_correction(&self.id) >= truce {
            return false;
        }
        tracing::warn!(application = %self.id, ?truce, "others keep changing its objects; waiting");
        context.fleet.note_trigger(&self.id, Trigger::Drift);
        context.applications.add_after(self.id.clone(), truce, Urgency::Soon);
        true
    }

    async fn hold_with_finalizer(&self, context: &Context) -> Result<(), ApiError> {
        let metadata = &self.application.metadata;
        if metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
            return Ok(());
        }
        let manager = names::KUSTOMIZE_STATUS_MANAGER;
        status::write_finalizer(&context.client, &kinds::kustomization(), metadata, true, manager)
            .await
    }

    /// Why waiting for health is pointless, when something newer is to be applied.
    pub(super) fn superseded(&self, context: &Context, run: &Run) -> Option<String> {
        let current = context.fleet.application(&self.id)?;
        let (then, now) = (&self.application.metadata, &current.metadata);
        let asked = crate::fleet::requested_at(now) != crate::fleet::requested_at(then);
        if then.generation != now.generation || now.deletion_timestamp.is_some() || asked {
            return Some(format!("Kustomization/{}", self.id));
        }
        let source = source_of(&current);
        let held = context.fleet.held(&source)?;
        (Some(&held.revision) != run.revision.as_ref()).then(|| format!("GitRepository/{source}"))
    }

    /// Others may work while this one waits; its status says what it waits for. `faults` tell what is not healthy yet.
    pub(super) async fn wait_for_health(&mut self, context: &Context, run: &Run, faults: &str) {
        self.permit = None;
        let revision = run.revision.as_deref().unwrap_or_default();
        let timeout = api::Duration(run.spec.timeout);
        let mut activity =
            format!("Running health checks for revision {revision} with a timeout of {timeout}");
        if !faults.is_empty() {
            activity = format!("{activity}; {faults}");
        }
        let status = progress(run, &self.application.status, &activity, true, now());
        self.write_status(context, status).await;
    }

    /// The objects this application depends on, whole only where an expression reads them.
    pub(super) async fn dependencies(&self, context: &Context, spec: &SyncSpec) -> Found {
        let mut found = Found { owner: Value::Null, dependencies: HashMap::new() };
        for reference in &spec.depends_on {
            let namespace = reference.namespace.as_deref().unwrap_or(&self.id.namespace);
            let id = Id::new(namespace, reference.name.as_str());
            let Some(application) = context.fleet.application(&id) else { continue };
            let mut object = Value::Null;
            if reference.ready_expr.is_some() {
                object = whole(context, &id).await;
                found.owner = whole(context, &self.id).await;
            }
            found.dependencies.insert(id, (application, object));
        }
        found
    }

    /// Writes the verdict, sends its events and sees to the next run.
    async fn finish(&mut self, context: &Context, run: &Run, verdict: Verdict) {
        let Verdict { status, events, next_run } = verdict;
        log(&self.id, run);
        self.write_status(context, status).await;
        // A commit that touches nothing of an application is no news of it; its status says that it was seen.
        let untouched = run.halt.is_none()
            && run.plan.steps.is_empty()
            && matches!(run.trigger, Trigger::Revision | Trigger::Interval);
        if !untouched {
            let kind = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
            let reporter = names::KUSTOMIZE_MANAGER;
            let metadata = &self.application.metadata;
            status::send_events(&context.client, kind, metadata, reporter, &events).await;
        }
        if let Some(delay) = next_run {
            context.applications.add_after(self.id.clone(), delay, Urgency::Later);
        }
    }

    /// Writes the status, and tells those that wait for it.
    async fn write_status(&mut self, context: &Context, status: api::KustomizationStatus) {
        let values = (
            object::to_value(&self.application.status).unwrap_or_default(),
            object::to_value(&status).unwrap_or_default(),
        );
        let written = status::write_status(
            &context.client,
            &kinds::kustomization(),
            &self.id,
            (&values.0, &values.1),
            names::KUSTOMIZE_STATUS_MANAGER,
        )
        .await;
        if let Err(error) = written {
            tracing::warn!(application = %self.id, %error, "the status cannot be written; trying again");
            let soon = Duration::from_secs(5);
            context.applications.add_after(self.id.clone(), soon, Urgency::Soon);
            return;
        }
        let before =
            (is_ready(&self.application), self.application.status.last_applied_revision.clone());
        context.fleet.set_status(&self.id, status.clone());
        Arc::make_mut(&mut self.application).status = status;
        let after =
            (is_ready(&self.application), self.application.status.last_applied_revision.clone());
        if after.0 && before != after {
            wake_dependents(context, &self.id);
        }
    }
}

impl Found {
    /// What is known of one dependency.
    pub(super) fn dependency(&self, id: &Id) -> Option<Dependency<'_>> {
        let (application, object) = self.dependencies.get(id)?;
        let status = &application.status;
        Some(Dependency {
            object,
            generation: application.metadata.generation,
            observed_generation: status.observed_generation.unwrap_or(-1),
            conditions: &status.conditions,
            source: SyncSpec::of_kustomization(application).source,
            last_applied_revision: status.last_applied_revision.as_deref(),
        })
    }
}

/// An application as the server has it; null when it cannot be had.
async fn whole(context: &Context, id: &Id) -> Value {
    let resource = kinds::kustomization();
    let object = context.client.get(&resource, &id.namespace, &id.name).await;
    object.ok().flatten().unwrap_or_default()
}

fn log(id: &Id, run: &Run) {
    debug_assert!(run.spec.owner.group == kustomization_family().owner.group);
    let revision = run.revision.as_deref().unwrap_or_default();
    let writes = run.plan.writes().count();
    let unhealthy = run.health.as_ref().is_some_and(|health| !health.passed());
    match &run.halt {
        None if unhealthy => {
            tracing::warn!(application = %id, revision, writes, elapsed = ?run.elapsed, "unhealthy");
        }
        None => {
            tracing::info!(application = %id, revision, writes, elapsed = ?run.elapsed, "reconciled")
        }
        Some(Halt::Wait { .. }) => {
            tracing::debug!(application = %id, revision, halt = %halt(run), "waiting");
        }
        Some(_) => tracing::warn!(application = %id, revision, writes, halt = %halt(run), "failed"),
    }
}

fn halt(run: &Run) -> String {
    run.halt.as_ref().map(ToString::to_string).unwrap_or_default()
}
