//! Waiting until a release's objects are healthy, and saying in one line which is not and why.

use super::apply::Place;
use crate::context::now;
use crate::kustomization::cause;
use object::{ObjectKey, Value};
use reconcile::health::{HealthTarget, targets};
use reconcile::{Desired, Halt, Health, HealthStatus, Phase, Stage};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_millis(500);
const LONGEST_ESTABLISHING: Duration = Duration::from_secs(60);

/// Waits for the health of everything that counts.
pub(super) async fn settle(place: &Place<'_>, desired: &Desired) -> Result<(), String> {
    let mut wanted = targets(&place.spec, desired);
    // A Job that was only begun is healthy to the health rules, but done is what Helm waits for.
    let jobs: Vec<HealthTarget> = wanted.iter().filter(|t| is_job(&t.key)).cloned().collect();
    wanted.retain(|t| !is_job(&t.key));
    let jobs = if place.jobs { jobs } else { Vec::new() };
    if wanted.is_empty() && jobs.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + place.timeout;
    loop {
        let mut unhealthy = Vec::new();
        for target in &wanted {
            let health = health(place, target).await;
            if health.status != HealthStatus::Current {
                unhealthy.push((target.key.clone(), health));
            }
        }
        for job in &jobs {
            if let Some(health) = job_health(place, &job.key).await {
                unhealthy.push((job.key.clone(), health));
            }
        }
        if unhealthy.is_empty() {
            return Ok(());
        }
        if place.superseded() {
            return Err(
                "waiting for health was given up: something newer is to be applied".to_owned()
            );
        }
        let failed = unhealthy.iter().any(|(_, h)| h.status == HealthStatus::Failed);
        if failed || Instant::now() >= deadline {
            unhealthy.retain(|(_, h)| !failed || h.status == HealthStatus::Failed);
            return Err(faults(place, unhealthy, failed).await);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_job(key: &ObjectKey) -> bool {
    key.group == "batch" && key.kind == "Job"
}

async fn health(place: &Place<'_>, target: &HealthTarget) -> Health {
    let observer = &place.context.charts.observer;
    let custom = !place.spec.health_exprs.is_empty();
    let found = match observer.health(&target.key) {
        Some(health) if !custom => health,
        _ => {
            let found = match observer.fetch(&target.key).await {
                Ok(Some(live)) => place.rules.assess(&live, now()),
                Ok(None) => Health::not_found(),
                Err(error) => Health::unknown(error.to_string()),
            };
            if found.status != HealthStatus::Current {
                tokio::time::sleep(ASK).await;
            }
            found
        }
    };
    target.judge(found)
}

/// `None` when the Job is done.
async fn job_health(place: &Place<'_>, key: &ObjectKey) -> Option<Health> {
    let observer = &place.context.charts.observer;
    let live = match observer.fetch(key).await {
        Ok(Some(live)) => live,
        // With a time to live it may be gone already.
        Ok(None) => return None,
        Err(error) => return Some(Health::unknown(error.to_string())),
    };
    let conditions = live.at(["status", "conditions"]).and_then(Value::as_list);
    let holds = |kind: &str| {
        conditions.unwrap_or_default().iter().any(|c| {
            c.get("type").and_then(Value::as_str) == Some(kind)
                && c.get("status").and_then(Value::as_str) == Some("True")
        })
    };
    if holds("Complete") {
        return None;
    }
    if holds("Failed") {
        return Some(place.rules.assess(&live, now()));
    }
    tokio::time::sleep(ASK).await;
    Some(Health::unknown("the Job is not complete"))
}

async fn faults(place: &Place<'_>, unhealthy: Vec<(ObjectKey, Health)>, failed: bool) -> String {
    let mut lines = Vec::new();
    for (key, health) in unhealthy {
        let why = cause(&place.context.charts.observer, &key).await;
        let why = why.unwrap_or_else(|| health.message.to_string());
        lines.push(format!("{key} is {}: {why}", health.status));
    }
    let faults = lines.join("; ");
    if failed {
        faults
    } else {
        format!("timed out after {} s waiting for {faults}", place.timeout.as_secs())
    }
}

/// Waits until the objects of a stage are there for good.
pub(super) async fn established(
    place: &Place<'_>,
    desired: &Desired,
    stage: Stage,
) -> Result<(), Halt> {
    let keys: Vec<ObjectKey> =
        desired.objects.iter().filter(|o| o.stage == stage).map(|o| o.key.clone()).collect();
    established_keys(place, &keys).await
}

/// Waits until these objects are there for good.
pub(super) async fn established_keys(place: &Place<'_>, keys: &[ObjectKey]) -> Result<(), Halt> {
    let deadline = Instant::now() + LONGEST_ESTABLISHING.min(place.timeout);
    loop {
        let mut waiting = Vec::new();
        for key in keys {
            let health = match place.context.charts.observer.fetch(key).await {
                Ok(Some(live)) => place.rules.assess(&live, now()),
                Ok(None) => Health::not_found(),
                Err(error) => Health::unknown(error.to_string()),
            };
            if health.status != HealthStatus::Current {
                waiting.push(format!("{key} is {}: {}", health.status, health.message));
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Halt::failed(Phase::Apply, waiting.join("\n")));
        }
        tokio::time::sleep(LOOK).await;
    }
}
