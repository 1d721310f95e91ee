//! A release's objects on the cluster: the same plan, execute and health path as a Kustomization's.

use super::settle::{established, settle};
use crate::context::Context;
use crate::kustomization::{plan_input, scopes};
use cluster::{Client, Propagation, Resource, WriteOptions};
use object::{Dialect, Gvk, Manifest, ObjectKey, Value};
use reconcile::{
    Desired, Halt, HealthRules, Rendered, Scope, Stage, Step, SyncSpec, Trigger, own, plan,
};
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

const STAGES: [Stage; 4] = [Stage::Definitions, Stage::Classes, Stage::Custom, Stage::Rest];

/// Where and how a release's objects are applied.
pub(super) struct Place<'a> {
    pub(super) context: &'a Context,
    /// Name of the release.
    pub(super) name: String,
    /// Its namespace, also that of objects that say none.
    pub(super) namespace: String,
    /// How long each wait may take.
    pub(super) timeout: Duration,
    /// What is applied for whom.
    pub(super) spec: SyncSpec,
    pub(super) rules: &'a HealthRules,
    /// Whether Jobs are waited for.
    pub(super) jobs: bool,
    /// Whether objects of others are taken over.
    pub(super) take_ownership: bool,
    /// How what depends on objects is deleted.
    pub(super) propagation: Propagation,
}

/// What applying did, also when it failed.
#[derive(Default)]
pub(super) struct Applied {
    /// Objects that were not there before.
    pub(super) created: Vec<(ObjectKey, Gvk)>,
    /// What was changed, a line each.
    pub(super) changes: Vec<String>,
}

impl Place<'_> {
    /// The objects of a manifest as they are to exist: in their namespaces, marked as the release's.
    pub(super) async fn desired(&self, manifest: &str) -> Result<Desired, String> {
        let mut objects = parse(manifest)?;
        let kinds: BTreeSet<Gvk> = objects.iter().map(|o| o.value.gvk()).collect();
        let kinds: Vec<Gvk> = kinds.into_iter().collect();
        let discovery = self.context.charts.observer.discovery();
        let scopes = scopes(discovery, &kinds).await.map_err(|e| e.to_string())?;
        let own_kinds = namespaced_definitions(&objects);
        for object in &mut objects {
            let gvk = object.value.gvk();
            let namespaced = match scopes.get(&gvk) {
                Some(scope) => *scope == Scope::Namespaced,
                None => own_kinds.contains(&(gvk.group.clone(), gvk.kind.clone())),
            };
            if namespaced && object.value.namespace().is_empty() {
                object.value.metadata_mut().insert("namespace", self.namespace.as_str());
            }
            object.value.set_label("app.kubernetes.io/managed-by", "Helm");
            object.value.set_annotation(api::names::annotation::RELEASE_NAME, &self.name);
            object.value.set_annotation(api::names::annotation::RELEASE_NAMESPACE, &self.namespace);
        }
        own(objects, &self.spec, &|gvk| scopes.get(gvk).copied()).map_err(|e| e.to_string())
    }

    /// What differs from the cluster: the steps that would write.
    pub(super) async fn differences(&self, desired: &Desired) -> Vec<Step> {
        let (keys, whole) = plan_input(desired, &[]);
        let observer = &self.context.charts.observer;
        let observed = observer.observe(keys, &self.spec, self.rules, whole).await;
        let plan = plan(desired, &observed, &[], &self.spec, &Trigger::Drift);
        plan.writes().cloned().collect()
    }

    /// Applies the objects, stage by stage, and deletes those of `before` that are none of them.
    pub(super) async fn apply(
        &self,
        desired: &Desired,
        before: Option<&str>,
        applied: &mut Applied,
    ) -> Result<(), String> {
        if !self.take_ownership {
            self.refuse_others(desired).await?;
        }
        self.stages(desired, applied).await.map_err(|e| e.to_string())?;
        if let Some(before) = before.filter(|b| !b.trim().is_empty()) {
            let keep: HashSet<&ObjectKey> = desired.objects.iter().map(|o| &o.key).collect();
            let old = self.desired(before).await?;
            let gone: Vec<(ObjectKey, Gvk)> = old
                .objects
                .iter()
                .filter(|o| !keep.contains(&o.key))
                .map(|o| (o.key.clone(), o.gvk.clone()))
                .collect();
            self.delete(&gone, false).await?;
        }
        Ok(())
    }

    async fn stages(&self, desired: &Desired, applied: &mut Applied) -> Result<(), Halt> {
        let charts = &self.context.charts;
        let trigger = Trigger::Spec;
        let look = async || {
            let (keys, whole) = plan_input(desired, &[]);
            let observed = charts.observer.observe(keys, &self.spec, self.rules, whole).await;
            let plan = plan(desired, &observed, &[], &self.spec, &trigger);
            (observed, plan)
        };
        let (mut observed, mut planned) = look().await;
        for stage in STAGES {
            if let Some(step) = planned
                .stage(stage)
                .find(|s| matches!(s.reason, reconcile::Reason::NotObserved { .. }))
            {
                let text = format!("{}: its live state cannot be read", step.key);
                return Err(Halt::failed(reconcile::Phase::Plan, text));
            }
            let outcome =
                charts.executor.apply(stage, &planned, (desired, &observed), &self.spec).await;
            for result in &outcome.results {
                if result.result == reconcile::StepResult::Created
                    && let Some(object) = desired.get(&result.key)
                {
                    applied.created.push((object.key.clone(), object.gvk.clone()));
                }
                match result.result {
                    reconcile::StepResult::Created => {
                        applied.changes.push(format!("{} created", result.key));
                    }
                    reconcile::StepResult::Configured => {
                        applied.changes.push(format!("{} configured", result.key));
                    }
                    _ => {}
                }
            }
            let failures: Vec<&str> = outcome.failures().map(|(_, e)| e).collect();
            if !failures.is_empty() {
                return Err(Halt::failed(reconcile::Phase::Apply, failures.join("\n")));
            }
            let wrote = planned.stage(stage).any(Step::writes);
            if stage.is_waited_for() && wrote {
                established(self, desired, stage).await?;
                charts.observer.discovery().expect_new_kinds().await;
                (observed, planned) = look().await;
            }
        }
        Ok(())
    }

    /// Objects that are there and belong to no release, or to another, where that is not to be taken over.
    async fn refuse_others(&self, desired: &Desired) -> Result<(), String> {
        for object in &desired.objects {
            let live = self.context.charts.observer.fetch(&object.key).await;
            let Ok(Some(live)) = live else { continue };
            let annotation = |name| live.annotation(name).unwrap_or_default().to_owned();
            let owner = (
                annotation(api::names::annotation::RELEASE_NAMESPACE),
                annotation(api::names::annotation::RELEASE_NAME),
            );
            if owner != (self.namespace.clone(), self.name.clone()) {
                return Err(format!(
                    "{} exists and cannot be imported into the current release: it is not annotated \
                     as belonging to {}/{}; remove it, or allow taking it over \
                     (disableTakeOwnership: false)",
                    object.key, self.namespace, self.name
                ));
            }
        }
        Ok(())
    }

    /// Deletes objects of the release, unless they are to be kept or belong to another release now.
    pub(super) async fn delete(
        &self,
        objects: &[(ObjectKey, Gvk)],
        wait: bool,
    ) -> Result<(), String> {
        let client = &self.context.client;
        let discovery = self.context.charts.observer.discovery();
        let mut failures = Vec::new();
        let mut leaving = Vec::new();
        for (key, gvk) in objects {
            let Ok(resource) = discovery.resource(gvk).await else { continue };
            let live = match client.get(&resource, &key.namespace, &key.name).await {
                Ok(Some(live)) => live,
                Ok(None) => continue,
                Err(error) => {
                    failures.push(format!("{key}: {error}"));
                    continue;
                }
            };
            let annotation = |name: &str| live.annotation(name);
            let other = |name: &str, ours: &str| annotation(name).is_some_and(|n| n != ours);
            let keep = annotation(api::names::annotation::RESOURCE_POLICY)
                .is_some_and(|p| p.trim().eq_ignore_ascii_case("keep"));
            if keep
                || other(api::names::annotation::RELEASE_NAME, &self.name)
                || other(api::names::annotation::RELEASE_NAMESPACE, &self.namespace)
            {
                continue;
            }
            let uid = live.meta("uid").map(str::to_owned);
            let deleted = client
                .delete(&resource, &key.namespace, &key.name, uid.as_deref(), self.propagation)
                .await;
            match deleted {
                Err(error) if !error.is_not_found() => failures.push(format!("{key}: {error}")),
                _ => leaving.push((key, resource)),
            }
        }
        if wait && failures.is_empty() {
            for (key, resource) in leaving {
                if let Err(error) = until_gone(client, &resource, key, self.timeout).await {
                    failures.push(format!("{key}: {error}"));
                }
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    }

    /// Whether the HelmRelease is another by now, or is to go.
    pub(super) fn superseded(&self) -> bool {
        let owner = &self.spec.owner;
        let id = crate::Id::new(owner.namespace.as_str(), owner.name.as_str());
        super::work::is_superseded(self.context, &id, self.spec.generation)
    }

    /// Waits for health, when that is asked for.
    pub(super) async fn wait(&self, desired: &Desired) -> Result<(), String> {
        settle(self, desired).await
    }

    /// The definitions in a chart's `crds/`.
    pub(super) async fn definitions(
        &self,
        crds: &[helm::render::Crd],
        policy: reconcile::release::Crds,
    ) -> Result<(), String> {
        use reconcile::release::Crds;
        if policy == Crds::Skip || crds.is_empty() {
            return Ok(());
        }
        let client = &self.context.client;
        let discovery = self.context.charts.observer.discovery();
        let mut wanted = Vec::new();
        for crd in crds {
            let text = String::from_utf8_lossy(&crd.data);
            for object in parse(&text).map_err(|e| format!("{}: {e}", crd.path))? {
                let gvk = object.value.gvk();
                let resource = discovery.resource(&gvk).await.map_err(|e| e.to_string())?;
                let name = object.value.name().to_owned();
                let there = client.get(&resource, "", &name).await.map_err(|e| e.to_string())?;
                if there.is_some() && policy == Crds::Create {
                    continue;
                }
                let options = WriteOptions {
                    field_manager: &self.spec.field_manager,
                    force: true,
                    ..WriteOptions::default()
                };
                let applied = client.apply(&resource, &object.value, options).await;
                applied.map_err(|e| format!("{}: {e}", object.value.key()))?;
                wanted.push(object.value.key());
            }
        }
        if !wanted.is_empty() {
            super::settle::established_keys(self, &wanted).await.map_err(|e| e.to_string())?;
            discovery.expect_new_kinds().await;
        }
        Ok(())
    }
}

/// The documents of a manifest; lists are taken apart.
fn parse(manifest: &str) -> Result<Vec<Rendered>, String> {
    let mut objects = Vec::new();
    for document in helm::manifest::split(manifest) {
        let origin = document
            .lines()
            .find_map(|l| l.strip_prefix("# Source: "))
            .unwrap_or_default()
            .to_owned();
        let value = object::from_yaml_one(document, Dialect::Sigs)
            .map_err(|e| format!("the manifest is no YAML ({origin}): {e}"))?;
        if value.is_null() {
            continue;
        }
        let list = value.kind().ends_with("List") && value.get("items").is_some();
        match value.get("items").and_then(Value::as_list) {
            Some(items) if list => objects.extend(
                items.iter().map(|v| Rendered { value: v.clone(), origin: origin.clone() }),
            ),
            _ => objects.push(Rendered { value, origin }),
        }
    }
    Ok(objects)
}

/// Kinds in namespaces that the set itself defines.
fn namespaced_definitions(objects: &[Rendered]) -> HashSet<(String, String)> {
    let text = |value: &Value, path: &[&str]| {
        value.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    objects
        .iter()
        .map(|o| &o.value)
        .filter(|v| v.kind() == "CustomResourceDefinition")
        .filter(|v| text(v, &["spec", "scope"]) == "Namespaced")
        .map(|v| (text(v, &["spec", "group"]), text(v, &["spec", "names", "kind"])))
        .collect()
}

/// Waits until an object is gone.
pub(super) async fn until_gone(
    client: &Client,
    resource: &Resource,
    key: &ObjectKey,
    limit: Duration,
) -> Result<(), String> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(10);
    while client
        .get(resource, &key.namespace, &key.name)
        .await
        .map_err(|e| e.to_string())?
        .is_some()
    {
        if Instant::now() >= deadline {
            return Err(format!("{key} is still there after {} s", limit.as_secs()));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
    Ok(())
}
