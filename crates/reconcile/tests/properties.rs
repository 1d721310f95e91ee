//! What holds for every input: of plans, and of a tiny model of a cluster that they are executed on.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use api::{InventoryEntry, KustomizationStatus, Timestamp};
use object::{Gvk, Map, ObjectKey, Value, map};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windlass_reconcile::conclude::conclude;
use windlass_reconcile::{
    Action, Desired, HealthRules, Live, Observed, OwnerRef, Plan, Rendered, Run, Scope, Sight,
    StepOutcome, StepResult, SyncSpec, Trigger, own, plan,
};

const US: &str = "kustomize-controller";

/// One ConfigMap: its fields with their values and who owns them.
#[derive(Clone, Debug, Default)]
struct Object {
    labels: BTreeMap<String, (String, BTreeSet<String>)>,
    data: BTreeMap<String, (String, BTreeSet<String>)>,
    annotations: BTreeMap<String, String>,
}

type Part<'a> = (&'static str, &'a BTreeMap<String, (String, BTreeSet<String>)>);

impl Object {
    fn parts(&self) -> [Part<'_>; 2] {
        [("labels", &self.labels), ("data", &self.data)]
    }

    fn managers(&self) -> BTreeSet<&str> {
        let owners = self.parts().into_iter().flat_map(|(_, m)| m.values());
        owners.flat_map(|(_, owners)| owners.iter().map(String::as_str)).collect()
    }

    fn fields_of(&self, manager: &str) -> Map {
        let owned = |fields: &BTreeMap<String, (String, BTreeSet<String>)>| {
            let mine = fields.iter().filter(|(_, (_, owners))| owners.contains(manager));
            Map::from_iter(mine.map(|(name, _)| (format!("f:{name}"), Value::map())))
        };
        let (labels, data) = (owned(&self.labels), owned(&self.data));
        let mut fields = Map::new();
        if !labels.is_empty() {
            fields.insert("f:metadata", map! {"f:labels": labels});
        }
        if !data.is_empty() {
            fields.insert("f:data", data);
        }
        fields
    }

    fn value(&self, name: &str) -> Value {
        let plain = |fields: &BTreeMap<String, (String, BTreeSet<String>)>| {
            Map::from_iter(fields.iter().map(|(k, (v, _))| (k.as_str(), v.as_str())))
        };
        let entries: Vec<Value> = self
            .managers()
            .into_iter()
            .map(|manager| {
                let operation = if manager == US { "Apply" } else { "Update" };
                let fields = self.fields_of(manager);
                map! {"manager": manager, "operation": operation, "fieldsV1": fields}.into()
            })
            .collect();
        map! {
            "apiVersion": "v1", "kind": "ConfigMap", "data": plain(&self.data),
            "metadata": map! {
                "name": name, "namespace": "n", "uid": name, "labels": plain(&self.labels),
                "annotations": Map::from_iter(self.annotations.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
                "managedFields": entries,
            },
        }
        .into()
    }

    /// Server-side apply by us, with force.
    fn apply(&mut self, desired: &Value, migrate: &BTreeSet<&str>) {
        let take = |fields: &mut BTreeMap<String, (String, BTreeSet<String>)>,
                    wanted: Option<&Map>| {
            for (_, owners) in fields.values_mut() {
                if owners.iter().any(|o| migrate.contains(o.as_str())) {
                    owners.retain(|o| !migrate.contains(o.as_str()));
                    owners.insert(US.into());
                }
                owners.remove(US);
            }
            for (name, value) in wanted.into_iter().flat_map(Map::iter) {
                let field = fields.entry(name.to_owned()).or_default();
                let value = value.as_str().unwrap();
                if field.0 != value {
                    *field = (value.to_owned(), BTreeSet::new());
                }
                field.1.insert(US.into());
            }
            fields.retain(|_, (_, owners)| !owners.is_empty());
        };
        take(&mut self.labels, desired.at(["metadata", "labels"]).and_then(Value::as_map));
        take(&mut self.data, desired.get("data").and_then(Value::as_map));
    }
}

type World = BTreeMap<String, Object>;

fn spec(prune: bool) -> SyncSpec {
    SyncSpec {
        owner: OwnerRef {
            group: "kustomize.toolkit.fluxcd.io".into(),
            kind: "Kustomization".into(),
            namespace: "flux-system".into(),
            name: "apps".into(),
        },
        generation: 1,
        field_manager: US.into(),
        prune,
        ..SyncSpec::default()
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_000_000)
}

fn key(name: &str) -> ObjectKey {
    ObjectKey {
        group: String::new(),
        kind: "ConfigMap".into(),
        namespace: "n".into(),
        name: name.into(),
    }
}

fn owned(
    declared: &BTreeMap<String, BTreeMap<String, String>>,
    reverse: bool,
    spec: &SyncSpec,
) -> Desired {
    let mut objects: Vec<Rendered> = declared
        .iter()
        .map(|(name, data)| {
            let data = Map::from_iter(data.iter().map(|(k, v)| (k.as_str(), v.as_str())));
            let value: Value = map! {
                "apiVersion": "v1", "kind": "ConfigMap", "data": data,
                "metadata": map! {"name": name.as_str(), "namespace": "n"},
            }
            .into();
            Rendered { value, origin: format!("{name}.yaml:1") }
        })
        .collect();
    if reverse {
        objects.reverse();
    }
    own(objects, spec, &|_: &Gvk| Some(Scope::Namespaced)).unwrap()
}

fn observe(
    world: &World,
    names: impl Iterator<Item = String>,
    spec: &SyncSpec,
    keep: bool,
) -> Observed {
    let rules = HealthRules::default();
    names
        .map(|name| {
            let sight = match world.get(&name) {
                None => Sight::Absent,
                Some(object) => {
                    let value = Arc::new(object.value(&name));
                    Sight::Present(Box::new(Live::read(&value, spec, &rules, now(), keep)))
                }
            };
            (key(&name), sight)
        })
        .collect()
}

fn names() -> impl Iterator<Item = String> {
    (0..6).map(|n| format!("o{n}"))
}

/// Executes a plan as far as `steps` go; those in `failing` fail.
fn execute(
    plan: &Plan,
    desired: &Desired,
    world: &mut World,
    failing: &BTreeSet<String>,
    steps: usize,
) -> Run {
    let mut run = Run::default();
    for step in plan.writes().take(steps) {
        let name = &step.key.name;
        let result = if failing.contains(name) {
            StepResult::Failed { error: "refused".into(), immutable: false }
        } else if step.action == Action::Delete {
            world.remove(name);
            StepResult::Deleted
        } else {
            let migrate = step.migrate.iter().map(|m| m.manager.as_str()).collect();
            let created = !world.contains_key(name);
            world
                .entry(name.clone())
                .or_default()
                .apply(&desired.get(&step.key).unwrap().value, &migrate);
            if created { StepResult::Created } else { StepResult::Configured }
        };
        run.outcome.results.push(StepOutcome { key: step.key.clone(), result, applied: None });
    }
    run
}

fn fields() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-c]", "[x-z]", 0..3)
}

fn live_object() -> impl Strategy<Value = Object> {
    let manager = prop::sample::select(vec![US, "kubectl-edit", "hpa"]);
    let field = ("[x-z]", prop::collection::btree_set(manager.prop_map(str::to_owned), 1..3));
    let annotation = prop::sample::select(vec!["", "", "prune", "reconcile"]);
    let owner = prop::sample::select(vec!["apps", "apps", "others", ""]);
    (prop::collection::btree_map("[a-c]", field, 0..4), annotation, owner).prop_map(
        |(data, annotation, owner)| {
            let mut object = Object { data, ..Object::default() };
            if !annotation.is_empty() {
                let annotation = format!("kustomize.toolkit.fluxcd.io/{annotation}");
                object.annotations.insert(annotation, "disabled".into());
            }
            if !owner.is_empty() {
                for (label, value) in [("name", owner), ("namespace", "flux-system")] {
                    let label = format!("kustomize.toolkit.fluxcd.io/{label}");
                    object.labels.insert(label, (value.into(), BTreeSet::from([US.to_owned()])));
                }
            }
            object
        },
    )
}

type Case = (World, BTreeMap<String, BTreeMap<String, String>>, BTreeSet<String>, bool);

fn case() -> impl Strategy<Value = Case> {
    (
        prop::collection::btree_map("o[0-5]", live_object(), 0..6),
        prop::collection::btree_map("o[0-5]", fields(), 0..6),
        prop::collection::btree_set("o[0-5]", 0..6),
        any::<bool>(),
    )
}

fn entries(names: &BTreeSet<String>) -> Vec<InventoryEntry> {
    names
        .iter()
        .map(|n| InventoryEntry { id: format!("n_{n}__ConfigMap"), v: "v1".into() })
        .collect()
}

fn is_ours(object: &Object) -> bool {
    let label = |l: &str| {
        object.labels.get(&format!("kustomize.toolkit.fluxcd.io/{l}")).map(|(v, _)| v.as_str())
    };
    label("name") == Some("apps") && label("namespace") == Some("flux-system")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_was_executed_leaves_nothing_to_do((mut world, declared, previous, prune) in case(), keep in any::<bool>()) {
        let spec = spec(prune);
        let desired = owned(&declared, false, &spec);
        let previous = entries(&previous);
        let first = plan(&desired, &observe(&world, names(), &spec, keep), &previous, &spec, &Trigger::Revision);
        execute(&first, &desired, &mut world, &BTreeSet::new(), usize::MAX);
        // What was applied is known to be right without looking at it field by field.
        for keep in [false, true] {
            let seen = observe(&world, names(), &spec, keep);
            let second = plan(&desired, &seen, &desired.inventory, &spec, &Trigger::Interval);
            prop_assert!(second.is_empty(), "{second}");
        }
    }

    #[test]
    fn nothing_is_deleted_that_is_not_ours((world, declared, previous, prune) in case()) {
        let spec = spec(prune);
        let desired = owned(&declared, false, &spec);
        let plan = plan(&desired, &observe(&world, names(), &spec, true), &entries(&previous), &spec, &Trigger::Revision);
        for step in plan.writes().filter(|s| s.action == Action::Delete) {
            let name = &step.key.name;
            prop_assert!(prune && previous.contains(name) && !declared.contains_key(name));
            prop_assert!(is_ours(&world[name]) && world[name].annotations.is_empty());
            prop_assert_eq!(step.uid.as_deref(), Some(name.as_str()));
        }
    }

    #[test]
    fn the_order_of_inputs_does_not_matter((world, declared, previous, prune) in case()) {
        let spec = spec(prune);
        let seen = observe(&world, names(), &spec, true);
        let mut listed = entries(&previous);
        let (a, b) = (owned(&declared, false, &spec), owned(&declared, true, &spec));
        prop_assert_eq!(&a, &b);
        let forward = plan(&a, &seen, &listed, &spec, &Trigger::Interval);
        listed.reverse();
        prop_assert_eq!(forward, plan(&b, &seen, &listed, &spec, &Trigger::Interval));
    }

    #[test]
    fn a_failed_observation_deletes_nothing((world, declared, previous, prune) in case(), blind in "o[0-5]", lost in any::<bool>()) {
        let spec = spec(prune);
        let desired = owned(&declared, false, &spec);
        let visible = names().filter(|n| *n != blind);
        let mut seen = observe(&world, visible, &spec, true);
        if !lost {
            seen.insert(key(&blind), Sight::Failed("no answer".into()));
        }
        let plan = plan(&desired, &seen, &entries(&previous), &spec, &Trigger::Interval);
        let needed = declared.contains_key(&blind);
        let deleted = plan.writes().any(|s| s.action == Action::Delete);
        prop_assert!(!(needed && deleted), "{}", plan);
        prop_assert!(plan.writes().all(|s| s.key.name != blind));
    }

    /// Whatever fails and whenever the process dies, the inventory keeps all that is ours and the next
    /// undisturbed run brings everything right.
    #[test]
    fn runs_that_fail_lose_nothing_and_converge(
        (mut world, declared, previous, _) in case(),
        failing in prop::collection::btree_set("o[0-5]", 0..3),
        steps in 0usize..8,
    ) {
        let spec = spec(true);
        let desired = owned(&declared, false, &spec);
        let mut status = KustomizationStatus {
            inventory: Some(api::Inventory { entries: entries(&previous) }),
            ..KustomizationStatus::default()
        };
        for failing in [failing, BTreeSet::new()] {
            let before = status.inventory.clone().unwrap().entries;
            let steps = if failing.is_empty() { usize::MAX } else { steps };
            let plan = plan(&desired, &observe(&world, names(), &spec, true), &before, &spec, &Trigger::Interval);
            let run = execute(&plan, &desired, &mut world, &failing, steps);
            let died = plan.writes().count() > run.outcome.results.len();
            let run = Run {
                spec: spec.clone(),
                inventory: Some(desired.inventory.clone()),
                revision: Some("main@sha1:a".into()),
                halt: died.then(|| windlass_reconcile::Halt::failed(windlass_reconcile::Phase::Apply, "stopped")),
                plan,
                ..run
            };
            status = conclude(&run, &status, now()).status;
            let kept: BTreeSet<String> = status.inventory.clone().unwrap().entries.into_iter().map(|e| e.id).collect();
            for result in &run.outcome.results {
                if matches!(result.result, StepResult::Created | StepResult::Configured) {
                    let id = format!("n_{}__ConfigMap", result.key.name);
                    prop_assert!(kept.contains(&id), "{id} lost");
                }
            }
            for entry in &before {
                let name = entry.id.trim_start_matches("n_").trim_end_matches("__ConfigMap");
                let prunable = world.get(name).is_some_and(|o| is_ours(o) && o.annotations.is_empty());
                prop_assert!(!prunable || kept.contains(&entry.id), "{name} lost, kept {kept:?}");
            }
        }
        let wanted: Vec<String> = desired.inventory.iter().map(|e| e.id.clone()).collect();
        let kept: Vec<String> = status.inventory.unwrap().entries.into_iter().map(|e| e.id).collect();
        prop_assert_eq!(kept, wanted);
    }
}
