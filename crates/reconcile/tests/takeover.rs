//! Taking over what Flux left in a real cluster: nothing is written, nothing is lost.
//!
//! The state is that of the shared `flux-state` folder (`WINDLASS_FLUX_STATE`); the rendered objects are
//! those its repository renders to, written out here.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use api::{Kustomization, Timestamp};
use object::{Dialect, Gvk, Manifest, Value};
use std::path::PathBuf;
use std::sync::Arc;
use windlass_reconcile::conclude::conclude;
use windlass_reconcile::{
    Action, Desired, HealthReport, HealthRules, Live, Observed, Plan, Reason, Rendered, Run, Scope,
    Sight, StepOutcome, StepResult, SyncSpec, Trigger, own, plan,
};

const APP: &str = include_str!("app0000.yaml");

fn state(file: &str) -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/flux-state");
    let root = std::env::var_os("WINDLASS_FLUX_STATE")
        .map_or_else(|| PathBuf::from(default), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join(file)) else {
        eprintln!("SKIPPED: no {file}; set WINDLASS_FLUX_STATE to its folder");
        return None;
    };
    let list = object::from_yaml_one(&text, Dialect::Sigs).unwrap();
    Some(list.get("items").and_then(Value::as_list).unwrap().to_vec())
}

fn now() -> Timestamp {
    "2026-11-21T05:00:00Z".parse().unwrap()
}

fn kustomization(items: &[Value], name: &str) -> Kustomization {
    let found = items.iter().find(|i| i.kind() == "Kustomization" && i.name() == name).unwrap();
    object::from_value(found).unwrap()
}

fn desired(spec: &SyncSpec, text: &str) -> Desired {
    let objects = object::from_yaml(text, Dialect::Kyaml).unwrap().into_iter();
    let objects =
        objects.map(|d| Rendered { value: d.value, origin: format!("all.yaml:{}", d.line) });
    own(objects.collect(), spec, &|gvk: &Gvk| {
        Some(if gvk.kind == "Namespace" { Scope::Cluster } else { Scope::Namespaced })
    })
    .unwrap()
}

fn observed(spec: &SyncSpec, desired: &Desired, live: &[Value], keep: bool) -> Observed {
    let rules = HealthRules::default();
    let mut observed: Observed =
        desired.objects.iter().map(|o| (o.key.clone(), Sight::Absent)).collect();
    for value in live {
        let live = Live::read(&Arc::new(value.clone()), spec, &rules, now(), keep);
        observed.insert(value.key(), Sight::Present(Box::new(live)));
    }
    observed
}

struct World {
    ks: Kustomization,
    spec: SyncSpec,
    desired: Desired,
    live: Vec<Value>,
}

impl World {
    fn load() -> Option<Self> {
        let ks = kustomization(&state("flux-objects.yaml")?, "app0");
        let spec = SyncSpec::of_kustomization(&ks);
        let desired = desired(&spec, APP);
        Some(Self { ks, spec, desired, live: state("managed-objects.yaml")? })
    }

    fn plan(&self, trigger: &Trigger) -> Plan {
        self.plan_keeping(trigger, true)
    }

    /// With, or without, the live objects themselves at hand.
    fn plan_keeping(&self, trigger: &Trigger, keep: bool) -> Plan {
        let previous = &self.ks.status.inventory.as_ref().unwrap().entries;
        let observed = observed(&self.spec, &self.desired, &self.live, keep);
        plan(&self.desired, &observed, previous, &self.spec, trigger)
    }

    fn live_mut(&mut self, kind: &str, name: &str) -> &mut Value {
        self.live.iter_mut().find(|v| v.kind() == kind && v.name() == name).unwrap()
    }
}

#[test]
fn what_flux_applied_is_left_alone() {
    let Some(world) = World::load() else { return };
    // A hash of what we own in each is enough; the objects themselves need not be fetched.
    for keep in [true, false] {
        let plan = world.plan_keeping(&Trigger::Start, keep);
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(plan.steps.len(), 5);
        assert!(plan.steps.iter().all(|s| s.reason == Reason::InSync), "{plan:?}");
    }
    assert_eq!(world.desired.inventory, world.ks.status.inventory.unwrap().entries);
}

#[test]
fn a_run_that_finds_nothing_to_do_changes_no_status() {
    let Some(world) = World::load() else { return };
    let run = Run {
        spec: world.spec.clone(),
        trigger: Trigger::Start,
        revision: world.ks.status.last_applied_revision.clone(),
        attempted: true,
        digest: Some("sha256:0".into()),
        inventory: Some(world.desired.inventory.clone()),
        plan: world.plan(&Trigger::Start),
        health: Some(HealthReport::default()),
        ..Run::default()
    };
    let verdict = conclude(&run, &world.ks.status, now());
    assert_eq!(verdict.status, world.ks.status);
    assert_eq!(verdict.events, []);
    assert_eq!(verdict.next_run.unwrap().as_secs(), 600);
}

#[test]
fn a_change_in_the_source_is_named_field_by_field() {
    let Some(mut world) = World::load() else { return };
    world.desired = desired(&world.spec, &APP.replace(":1.0.0", ":1.1.0"));
    let plan = world.plan(&Trigger::Revision);
    let steps: Vec<_> = plan.writes().collect();
    assert_eq!(steps.len(), 1, "{plan}");
    assert_eq!(steps[0].reason, Reason::Changed);
    assert_eq!(
        steps[0].changes[0].to_string(),
        r#".spec.template.spec.containers[name="web"].image: "registry.local/app0000:1.0.0" -> "registry.local/app0000:1.1.0""#
    );
    assert_eq!(steps[0].changes.len(), 1);
}

/// What `kubectl scale --replicas=3` leaves: the field moves to another manager.
fn scale(world: &mut World) {
    let deployment = world.live_mut("Deployment", "app0000");
    deployment.get_mut("spec").unwrap().make_map().insert("replicas", 3);
    let entries =
        deployment.metadata_mut().get_mut("managedFields").unwrap().as_list_mut().unwrap();
    entries[0]
        .get_mut("fieldsV1")
        .unwrap()
        .get_mut("f:spec")
        .unwrap()
        .make_map()
        .remove("f:replicas");
    entries.push(
        object::from_json(
            br#"{"manager":"kubectl","operation":"Update","apiVersion":"apps/v1","time":"2026-11-21T04:30:00Z",
            "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}},"subresource":"scale"}"#,
        )
        .unwrap(),
    );
}

#[test]
fn a_scaled_deployment_is_put_right_and_the_culprit_named() {
    let Some(mut world) = World::load() else { return };
    scale(&mut world);
    let plan = world.plan(&Trigger::Drift);
    let steps: Vec<_> = plan.writes().cloned().collect();
    assert_eq!(steps.len(), 1, "{plan}");
    assert_eq!(
        steps[0].to_string(),
        "change Deployment/bench/app0000 (all.yaml:11): changed in the cluster by kubectl at 2026-11-21T04:30:00Z"
    );
    assert_eq!(steps[0].changes[0].to_string(), ".spec.replicas: 3 -> 0");
    let run = Run {
        spec: world.spec.clone(),
        trigger: Trigger::Drift,
        revision: world.ks.status.last_applied_revision.clone(),
        attempted: true,
        inventory: Some(world.desired.inventory.clone()),
        plan,
        outcome: windlass_reconcile::Outcome {
            results: vec![StepOutcome {
                key: steps[0].key.clone(),
                result: StepResult::Configured,
                applied: None,
            }],
        },
        ..Run::default()
    };
    let verdict = conclude(&run, &world.ks.status, now());
    assert_eq!(verdict.events[0].reason, "DriftCorrected");
    assert_eq!(
        verdict.events[0].message,
        "Deployment/bench/app0000 configured: changed in the cluster by kubectl at \
         2026-11-21T04:30:00Z (.spec.replicas: 3 -> 0)"
    );
    let drifted = verdict.status.conditions.iter().find(|c| c.kind == "Drifted").unwrap();
    assert_eq!(drifted.reason, "DriftCorrected");
    assert!(
        drifted.message.starts_with("Deployment/bench/app0000: changed in the cluster by kubectl")
    );
}

#[test]
fn kubectl_edits_are_undone_and_foreign_fields_left() {
    let Some(mut world) = World::load() else { return };
    let add = |world: &mut World, manager: &str| {
        let config = world.live_mut("ConfigMap", "app0000-cfg");
        config.get_mut("data").unwrap().make_map().insert("extra", "x");
        let entries =
            config.metadata_mut().get_mut("managedFields").unwrap().as_list_mut().unwrap();
        let entry = format!(
            r#"{{"manager":"{manager}","operation":"Update","apiVersion":"v1","time":"2026-11-21T04:30:00Z",
            "fieldsType":"FieldsV1","fieldsV1":{{"f:data":{{"f:extra":{{}}}}}}}}"#
        );
        entries.push(object::from_json(entry.as_bytes()).unwrap());
    };
    add(&mut world, "someone-else");
    assert!(world.plan(&Trigger::Drift).is_empty());
    add(&mut world, "kubectl-edit");
    let plan = world.plan(&Trigger::Drift);
    let steps: Vec<_> = plan.writes().collect();
    assert_eq!(steps.len(), 1, "{plan}");
    assert_eq!(steps[0].migrate[0].manager, "kubectl-edit");
    // Somebody else has it too, so it stays even though kubectl's claim becomes ours and is given up.
    assert_eq!(steps[0].changes, []);
    world
        .live_mut("ConfigMap", "app0000-cfg")
        .metadata_mut()
        .get_mut("managedFields")
        .unwrap()
        .as_list_mut()
        .unwrap()
        .remove(1);
    let plan = world.plan(&Trigger::Drift);
    let step = plan.writes().next().unwrap();
    assert!(matches!(&step.reason, Reason::Drift { by } if by[0].manager == "kubectl-edit"));
    assert_eq!(step.changes[0].to_string(), r#".data.extra: removed (was "x")"#);
}

#[test]
fn a_deleted_object_is_made_again_and_one_that_left_the_source_is_pruned() {
    let Some(mut world) = World::load() else { return };
    world.live.retain(|v| !(v.kind() == "Service" && v.name() == "app0000"));
    let without_config: Vec<&str> =
        APP.split("---\n").filter(|d| !d.contains("app0000-cfg")).collect();
    world.desired = desired(&world.spec, &without_config.join("---\n"));
    let previous = &world.ks.status.inventory.as_ref().unwrap().entries;
    let observed = observed(&world.spec, &world.desired, &world.live, true);
    let plan = plan(&world.desired, &observed, previous, &world.spec, &Trigger::Revision);
    let steps: Vec<String> = plan.writes().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        [
            "create Service/bench/app0000 (all.yaml:27): somebody deleted it",
            "delete ConfigMap/bench/app0000-cfg: no longer in the source",
        ]
    );
    assert_eq!(plan.writes().last().unwrap().action, Action::Delete);
    assert!(plan.writes().last().unwrap().uid.is_some());
}

#[test]
fn every_status_of_flux_can_be_read_and_written() {
    let Some(items) = state("flux-objects.yaml") else { return };
    for item in items {
        let status = item.get("status").unwrap();
        let written = if item.kind() == "Kustomization" {
            let typed: Kustomization = object::from_value(&item).unwrap();
            object::to_value(&typed.status).unwrap()
        } else {
            let typed: api::GitRepository = object::from_value(&item).unwrap();
            object::to_value(&typed.status).unwrap()
        };
        assert_eq!(&written, status);
    }
}
