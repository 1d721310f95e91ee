//! Hooks: objects that are applied at their moment, waited for, and deleted as their policy says.

use super::apply::{Place, until_gone};
use super::records::moment;
use crate::context::now;
use cluster::{Propagation, Resource, WriteOptions};
use helm::release::{HookPhase, HookRun, Release};
use helm::{Hook, HookEvent};
use object::{Dialect, Gvk, Manifest, Value};
use reconcile::{HealthRules, HealthStatus};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(100);

fn has_policy(hook: &Hook, policy: &str) -> bool {
    // Without a word on it, the last run's object is deleted before the next is made.
    (hook.delete_policies.is_empty() && policy == "before-hook-creation")
        || hook.delete_policies.iter().any(|p| p == policy)
}

/// Runs the hooks of one event in the order of their weights, then of their names. What came of each is noted in the
/// record.
pub(super) async fn run(
    place: &Place<'_>,
    record: &mut Release,
    event: HookEvent,
    wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<(), String> {
    let all = &record.hooks;
    let mut due: Vec<usize> = (0..all.len())
        .filter(|at| all[*at].hook.events.contains(&event) && wanted(&all[*at].hook.name))
        .collect();
    due.sort_by(|a, b| {
        let (a, b) = (&all[*a].hook, &all[*b].hook);
        a.weight.cmp(&b.weight).then_with(|| a.name.cmp(&b.name))
    });
    for (done, at) in due.iter().enumerate() {
        let hook = record.hooks[*at].hook.clone();
        let started_at = moment();
        let outcome = run_one(place, &hook).await;
        let phase = if outcome.is_ok() { HookPhase::Succeeded } else { HookPhase::Failed };
        record.hooks[*at].last_run = HookRun { started_at, completed_at: moment(), phase };
        if let Err(problem) = outcome {
            let mut problem =
                format!("{} hook {}/{} failed: {problem}", event.name(), hook.kind, hook.name);
            if has_policy(&hook, "hook-failed")
                && let Err(error) = delete(place, &hook).await
            {
                problem.push_str(&format!("; and it cannot be deleted: {error}"));
            }
            // Those that succeeded before are cleaned up as if all had.
            for before in &due[..done] {
                let _ = clean(place, &record.hooks[*before].hook).await;
            }
            return Err(problem);
        }
    }
    for at in due.iter().rev() {
        clean(place, &record.hooks[*at].hook).await?;
    }
    Ok(())
}

async fn clean(place: &Place<'_>, hook: &Hook) -> Result<(), String> {
    if has_policy(hook, "hook-succeeded") { delete(place, hook).await } else { Ok(()) }
}

/// A hook's object and its kind.
async fn object_of(place: &Place<'_>, hook: &Hook) -> Result<(Value, Resource), String> {
    let mut object = object::from_yaml_one(&hook.manifest, Dialect::Sigs)
        .map_err(|e| format!("its manifest is no YAML: {e}"))?;
    let gvk = object.gvk();
    let discovery = place.context.charts.observer.discovery();
    let resource = discovery.resource(&gvk).await.map_err(|e| e.to_string())?;
    if resource.namespaced && object.namespace().is_empty() {
        object.metadata_mut().insert("namespace", place.namespace.as_str());
    }
    Ok((object, resource))
}

async fn run_one(place: &Place<'_>, hook: &Hook) -> Result<(), String> {
    let (object, resource) = object_of(place, hook).await?;
    if has_policy(hook, "before-hook-creation") {
        delete(place, hook).await?;
    }
    let options = WriteOptions {
        field_manager: api::names::HELM_MANAGER,
        force: true,
        ..WriteOptions::default()
    };
    let client = &place.context.client;
    let applied = client.apply(&resource, &object, options).await.map_err(|e| e.to_string())?;
    let deadline = Instant::now() + place.timeout;
    let gvk = object.gvk();
    let mut live = applied;
    loop {
        if is_done(&gvk, &live)? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(format!("it is not done after {} s", place.timeout.as_secs()));
        }
        tokio::time::sleep(LOOK).await;
        let found = client.get(&resource, object.namespace(), object.name()).await;
        live = found.map_err(|e| e.to_string())?.ok_or("it was deleted while it ran")?;
    }
}

/// A Job has to complete and a Pod to succeed; anything else has to be healthy.
fn is_done(gvk: &Gvk, live: &Value) -> Result<bool, String> {
    let condition = |kind: &str| {
        let conditions = live.at(["status", "conditions"]).and_then(Value::as_list);
        conditions.unwrap_or_default().iter().find(|c| {
            c.get("type").and_then(Value::as_str) == Some(kind)
                && c.get("status").and_then(Value::as_str) == Some("True")
        })
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("batch", "Job") => match condition("Failed") {
            Some(failed) => {
                let said = failed.get("message").and_then(Value::as_str);
                Err(said.unwrap_or("the Job failed").to_owned())
            }
            None => Ok(condition("Complete").is_some()),
        },
        ("", "Pod") => match live.at(["status", "phase"]).and_then(Value::as_str) {
            Some("Succeeded") => Ok(true),
            Some("Failed") => {
                let said = live.at(["status", "message"]).and_then(Value::as_str);
                Err(said.unwrap_or("the Pod failed").to_owned())
            }
            _ => Ok(false),
        },
        _ => {
            let health = HealthRules::default().assess(live, now());
            match health.status {
                HealthStatus::Failed => Err(health.message.into_owned()),
                status => Ok(status == HealthStatus::Current),
            }
        }
    }
}

/// Deletes a hook's object and waits until it is gone. Definitions stay: with them would go every object of their kind.
async fn delete(place: &Place<'_>, hook: &Hook) -> Result<(), String> {
    let (object, resource) = object_of(place, hook).await?;
    if resource.gvk.kind == "CustomResourceDefinition" {
        return Ok(());
    }
    let client = &place.context.client;
    let deleted = client
        .delete(&resource, object.namespace(), object.name(), None, Propagation::Background)
        .await;
    match deleted {
        Err(error) if !error.is_not_found() => return Err(error.to_string()),
        _ => {}
    }
    until_gone(client, &resource, &object.key(), place.timeout).await
}
