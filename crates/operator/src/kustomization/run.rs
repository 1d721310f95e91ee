//! One run of one Kustomization, in a straight line: fetch, render, own, observe, plan, execute, settle.
//!
//! | step | is | from |
//! |---|---|---|
//! | fetch | an effect, done before: the source's tree is at hand | `fleet` |
//! | render | pure (variables out of ConfigMaps are read first) | `rendering` |
//! | own | pure | `reconcile::own` |
//! | observe | an effect that never writes | `cluster::Observer` |
//! | plan | pure | `reconcile::plan` |
//! | execute | the only effect that writes | `cluster::Executor` |
//! | settle | observing again, until everything is healthy | `health` |
//!
//! Nothing here sets a condition: `reconcile::conclude` reads the record when the run is over.

use super::health::{self, Settled};
use super::rendering::{self, Rendering};
use crate::context::{Context, Memory};
use crate::fleet::{Held, source_of};
use crate::{Id, kustomization::work::Turn};
use api::InventoryEntry;
use cluster::Discovery;
use object::{Gvk, ObjectKey};
use reconcile::{
    Awaited, Desired, Halt, HealthRules, Live, Observed, Phase, Plan, Run, Scope, Stage, SyncSpec,
    depends, inventory, own, plan,
};
use std::collections::HashMap;

/// The stages in which objects are applied; pruning comes after all of them.
const STAGES: [Stage; 4] = [Stage::Definitions, Stage::Classes, Stage::Custom, Stage::Rest];

/// Runs an application and answers the record; how far it got is in it, whatever happened.
pub(super) async fn run(context: &Context, turn: &mut Turn) -> Run {
    let mut run = Run {
        spec: SyncSpec::of_kustomization(&turn.application),
        trigger: turn.trigger.clone(),
        requested_at: crate::fleet::requested_at(&turn.application.metadata).cloned(),
        ..Run::default()
    };
    let ended = steps(context, turn, &mut run).await;
    run.halt = ended.err();
    run.elapsed = turn.started.elapsed();
    run
}

async fn steps(context: &Context, turn: &mut Turn, run: &mut Run) -> Result<(), Halt> {
    if run.spec.suspend {
        return Ok(());
    }
    let held = fetch(context, turn, run)?;
    depend(context, turn, run).await?;
    let rules = HealthRules::new(&run.spec.health_exprs).map_err(stalled)?;
    run.attempted = true;
    let rendering = match rendering::render(context, turn, &held).await? {
        Rendering::Unchanged(memory) => {
            keep(context, turn, run, &memory);
            return Ok(());
        }
        Rendering::New(rendering) => rendering,
    };
    run.digest = Some(rendering.digest.clone());
    let scopes = scopes(context.observer.discovery(), &rendering.kinds).await?;
    let desired = own(rendering.objects, &run.spec, &|gvk| scopes.get(gvk).copied())?;
    run.inventory = Some(desired.inventory.clone());
    execute(context, turn, run, &desired, &rules).await?;
    let settled = health::settle(context, turn, run, &desired, &rules).await?;
    context.remember(
        &turn.id,
        (settled == Settled::Healthy).then(|| Memory {
            spec: turn.application.spec.clone(),
            reads: rendering.reads,
            digest: rendering.digest,
            objects: desired.objects.iter().map(|o| o.key.clone()).collect(),
            targets: reconcile::health::targets(&run.spec, &desired),
        }),
    );
    Ok(())
}

/// The source's files. They were fetched by the source's own run; here they are only looked up.
fn fetch(context: &Context, turn: &Turn, run: &mut Run) -> Result<Held, Halt> {
    let source = source_of(&turn.application);
    let retry = context.settings.dependency_retry;
    let reference = &turn.application.spec.source_ref;
    if reference.kind != "GitRepository" {
        return Err(Halt::Stalled {
            reason: api::names::reason::FEATURE_GATE_DISABLED.to_owned(),
            message: format!("sources of kind {} are not supported yet", reference.kind),
            fix: "use a GitRepository".to_owned(),
        });
    }
    let Some(held) = context.fleet.held(&source) else {
        let for_ = match context.fleet.source(&source) {
            Some(_) => Awaited::Artifact,
            None => Awaited::Source { message: format!("GitRepository '{source}' not found") },
        };
        return Err(Halt::Wait { for_, retry });
    };
    run.revision = Some(held.revision.clone());
    Ok(held)
}

/// Waits, by ending the run, for what this application depends on.
async fn depend(context: &Context, turn: &Turn, run: &Run) -> Result<(), Halt> {
    if run.spec.depends_on.is_empty() {
        return Ok(());
    }
    let found = turn.dependencies(context, &run.spec).await;
    let revision = run.revision.as_deref().unwrap_or_default();
    depends::check(
        &run.spec,
        &found.owner,
        revision,
        context.settings.dependency_retry,
        |namespace, name| found.dependency(&Id::new(namespace, name)),
    )
}

/// Which of the kinds live in a namespace, as far as the server serves them.
pub(crate) async fn scopes(
    discovery: &Discovery,
    kinds: &[Gvk],
) -> Result<HashMap<Gvk, Scope>, Halt> {
    let mut scopes = HashMap::new();
    for gvk in kinds {
        match discovery.resource(gvk).await {
            Ok(r) if r.namespaced => scopes.insert(gvk.clone(), Scope::Namespaced),
            Ok(_) => scopes.insert(gvk.clone(), Scope::Cluster),
            Err(cluster::ApiError::UnknownKind(_)) => None,
            Err(error) => return Err(Halt::failed(Phase::Plan, error.to_string())),
        };
    }
    Ok(scopes)
}

/// Stage by stage: look, decide, do, and wait where the next stage needs it.
async fn execute(
    context: &Context,
    turn: &Turn,
    run: &mut Run,
    desired: &Desired,
    rules: &HealthRules,
) -> Result<(), Halt> {
    let (mut observed, mut planned) = look(context, turn, run, desired, rules).await;
    for stage in STAGES {
        run.plan.steps.extend(planned.stage(stage).cloned());
        refuse_unseen(&planned, stage)?;
        let outcome =
            context.executor.apply(stage, &planned, (desired, &observed), &run.spec).await;
        let failures: Vec<String> = outcome.failures().map(|(_, e)| e.to_owned()).collect();
        let wrote = planned.stage(stage).any(reconcile::Step::writes);
        run.outcome.results.extend(outcome.results);
        if !failures.is_empty() {
            return Err(Halt::failed(Phase::Apply, failures.join("\n")));
        }
        if stage.is_waited_for() && planned.stage(stage).next().is_some() {
            health::established(context, run, desired, stage, rules).await?;
            if wrote {
                context.observer.discovery().expect_new_kinds().await;
                (observed, planned) = look(context, turn, run, desired, rules).await;
            }
        }
    }
    run.plan.steps.extend(planned.stage(Stage::Prune).cloned());
    run.plan.held = planned.held.clone();
    run.plan.prune_held = planned.prune_held.clone();
    let outcome = context.executor.prune(&planned, &run.spec, false).await;
    let failures: Vec<String> = outcome.failures().map(|(_, e)| e.to_owned()).collect();
    run.outcome.results.extend(outcome.results);
    if failures.is_empty() {
        return Ok(());
    }
    Err(Halt::failed(Phase::Prune, failures.join("\n")))
}

/// An object that could not be seen may be anybody's: nothing of its stage is touched.
fn refuse_unseen(plan: &Plan, stage: Stage) -> Result<(), Halt> {
    let unseen: Vec<String> = plan
        .stage(stage)
        .filter_map(|s| match &s.reason {
            reconcile::Reason::NotObserved { error } => {
                Some(format!("{}: its live state cannot be read: {error}", s.key))
            }
            _ => None,
        })
        .collect();
    if unseen.is_empty() {
        return Ok(());
    }
    Err(Halt::failed(Phase::Plan, unseen.join("\n")))
}

/// Observes everything desired and everything that was applied before, and plans.
async fn look(
    context: &Context,
    turn: &Turn,
    run: &Run,
    desired: &Desired,
    rules: &HealthRules,
) -> (Observed, Plan) {
    let previous = turn.inventory();
    let (keys, whole) = plan_input(desired, previous);
    let observed = context.observer.observe(keys, &run.spec, rules, whole).await;
    let plan = plan(desired, &observed, previous, &run.spec, &run.trigger);
    (observed, plan)
}

/// What has to be observed for a plan: everything desired and everything that was applied before; and which objects
/// are needed whole, because their fields will be compared.
pub(crate) fn plan_input<'a>(
    desired: &'a Desired,
    previous: &[InventoryEntry],
) -> (Vec<(ObjectKey, Gvk)>, impl Fn(&ObjectKey, &Live) -> bool + use<'a>) {
    let wanted: HashMap<&ObjectKey, u64> =
        desired.objects.iter().map(|o| (&o.key, o.hash)).collect();
    let mut keys: Vec<(ObjectKey, Gvk)> =
        desired.objects.iter().map(|o| (o.key.clone(), o.gvk.clone())).collect();
    let gone = previous.iter().filter_map(|entry| inventory::parse(entry).ok());
    keys.extend(gone.filter(|(key, _)| !wanted.contains_key(key)));
    let whole = move |key: &ObjectKey, live: &Live| {
        wanted.get(key).is_some_and(|hash| {
            let known = live.applied.is_some_and(|a| a.desired == *hash && a.owned == live.owned);
            (live.owned != *hash && !known) || !live.migrate.is_empty()
        })
    };
    (keys, whole)
}

/// Nothing that rendering read has changed and nothing has drifted: only the revision is another.
fn keep(context: &Context, turn: &Turn, run: &mut Run, memory: &Memory) {
    run.digest = Some(memory.digest.clone());
    run.inventory = Some(turn.inventory().to_vec());
    run.health = health::at_a_glance(context, &memory.targets);
}

fn stalled(error: reconcile::health::HealthRulesError) -> Halt {
    Halt::Stalled {
        reason: api::names::reason::INVALID_CEL_EXPRESSION.to_owned(),
        message: error.to_string(),
        fix: "mend spec.healthCheckExprs".to_owned(),
    }
}
