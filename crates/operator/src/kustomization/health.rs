//! Waiting until what was applied is healthy, and saying what is not and why.

use super::work::Turn;
use crate::context::{Context, now};
use object::{Gvk, Manifest, ObjectKey, Value};
use reconcile::health::{HealthTarget, targets};
use reconcile::{
    Awaited, Desired, Halt, Health, HealthReport, HealthRules, HealthStatus, Phase, Run, Stage,
};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Everything is healthy, or nothing was to be waited for.
    Healthy,
    /// The report says what is not.
    Unhealthy,
}

/// Longest wait for definitions and classes (Flux's figure).
const LONGEST_ESTABLISHING: Duration = Duration::from_secs(60);
/// How often the watch's index is looked at while waiting. It costs no request.
const LOOK: Duration = Duration::from_millis(50);
/// How often objects that no watch shows are asked for.
const ASK: Duration = Duration::from_secs(1);

/// When a wait first says what holds it up; again after twice that time, and so on: looking for causes costs requests.
const FIRST_CAUSES: Duration = Duration::from_secs(2);

/// Waits for the health that the spec asks for.
pub(super) async fn settle(
    context: &Context,
    turn: &mut Turn,
    run: &mut Run,
    desired: &Desired,
    rules: &HealthRules,
) -> Result<Settled, Halt> {
    let wanted = targets(&run.spec, desired);
    if wanted.is_empty() {
        return Ok(Settled::Healthy);
    }
    let started = Instant::now();
    let deadline = started + run.spec.timeout;
    let mut patience = Duration::ZERO;
    loop {
        let objects = assess(context, &wanted, rules, run).await;
        let mut report = HealthReport {
            elapsed: started.elapsed(),
            timed_out: Instant::now() >= deadline,
            objects,
        };
        if report.settled() || report.timed_out {
            name_causes(context, &mut report).await;
            let settled = if report.passed() { Settled::Healthy } else { Settled::Unhealthy };
            run.health = Some(report);
            return Ok(settled);
        }
        if let Some(trigger) = turn.superseded(context, run) {
            run.health = Some(report);
            let for_ = Awaited::Newer { trigger };
            return Err(Halt::Wait { for_, retry: Duration::ZERO });
        }
        if started.elapsed() >= patience {
            let faults = if patience.is_zero() {
                String::new()
            } else {
                name_causes(context, &mut report).await;
                report.faults()
            };
            turn.wait_for_health(context, run, &faults).await;
            patience = (2 * patience).max(FIRST_CAUSES);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn assess(
    context: &Context,
    wanted: &[HealthTarget],
    rules: &HealthRules,
    run: &Run,
) -> Vec<(ObjectKey, Health)> {
    let custom = !run.spec.health_exprs.is_empty();
    let mut objects = Vec::with_capacity(wanted.len());
    let mut asked = false;
    for target in wanted {
        let key = &target.key;
        let health = match context.observer.health(key) {
            Some(health) if !custom => health,
            _ => {
                asked = true;
                match context.observer.fetch(key).await {
                    Ok(Some(live)) => rules.assess(&live, now()),
                    Ok(None) => Health::not_found(),
                    Err(error) => Health::unknown(error.to_string()),
                }
            }
        };
        objects.push((key.clone(), target.judge(health)));
    }
    if asked && objects.iter().any(|(_, h)| h.status != HealthStatus::Current) {
        tokio::time::sleep(ASK).await;
    }
    objects
}

/// Puts the reason of the deepest failing object behind what an unhealthy workload says of itself.
async fn name_causes(context: &Context, report: &mut HealthReport) {
    for (key, health) in &mut report.objects {
        if health.status == HealthStatus::Current || !owns_pods(key) {
            continue;
        }
        if let Some(cause) = cause(&context.observer, key).await {
            health.message = Cow::Owned(cause);
        }
    }
}

fn owns_pods(key: &ObjectKey) -> bool {
    matches!(
        (key.group.as_str(), key.kind.as_str()),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job" | "CronJob")
    )
}

/// The reason of the deepest object below `key` that fails.
pub(crate) async fn cause(observer: &cluster::Observer, key: &ObjectKey) -> Option<String> {
    if !owns_pods(key) {
        return None;
    }
    let owner = observer.fetch(key).await.ok()??;
    let labels = owner.at(["spec", "selector", "matchLabels"]).and_then(Value::as_map)?;
    let selector: Vec<String> =
        labels.iter().filter_map(|(k, v)| Some(format!("{k}={}", v.as_str()?))).collect();
    let selector = selector.join(",");
    let mut children = Vec::new();
    for gvk in [Gvk::new("apps", "v1", "ReplicaSet"), Gvk::new("", "v1", "Pod")] {
        let found = observer.select(&gvk, owner.namespace(), &selector).await.ok()?;
        children.extend(found.into_iter().map(|mut child| {
            // Items of a list come without their kind.
            child.make_map().insert("apiVersion", gvk.api_version());
            child.make_map().insert("kind", gvk.kind.as_str());
            child
        }));
    }
    let children: Vec<&Value> = children.iter().collect();
    reconcile::health::deepest_failure(&owner, &children, now())
}

/// Waits until the objects of a stage are there for good: definitions established, namespaces active.
pub(super) async fn established(
    context: &Context,
    run: &Run,
    desired: &Desired,
    stage: Stage,
    rules: &HealthRules,
) -> Result<(), Halt> {
    let wanted: Vec<HealthTarget> = desired
        .objects
        .iter()
        .filter(|o| o.stage == stage && !o.policy.hands_off())
        .map(|o| HealthTarget { key: o.key.clone(), gvk: o.gvk.clone(), vanishes: false })
        .collect();
    let deadline = Instant::now() + LONGEST_ESTABLISHING.min(run.spec.timeout);
    loop {
        let objects = assess(context, &wanted, rules, run).await;
        let waiting: Vec<String> = objects
            .iter()
            .filter(|(_, h)| h.status != HealthStatus::Current)
            .map(|(key, h)| format!("{key} is {}: {}", h.status, h.message))
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Halt::failed(Phase::Apply, waiting.join("\n")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The health of what a run waited for, as the watch knows it now: nothing is asked. An object it does not show counts
/// as unknown. `None` when nothing is to be waited for.
pub(super) fn at_a_glance(context: &Context, targets: &[HealthTarget]) -> Option<HealthReport> {
    let health = |target: &HealthTarget| {
        let known = context.observer.health(&target.key);
        target.judge(known.unwrap_or_else(|| Health::unknown("it is not watched")))
    };
    let objects: Vec<(ObjectKey, Health)> =
        targets.iter().map(|t| (t.key.clone(), health(t))).collect();
    (!objects.is_empty()).then(|| HealthReport { objects, ..HealthReport::default() })
}
