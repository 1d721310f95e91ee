//! A store, a clock that tests turn, and the little of an API server that the simulation needs: tests only.

use super::{Change, Settings, Simulation};
use crate::store::{self, Key, ListQuery, Precondition, ResourceId, Store, StoreOptions, Watch};
use jiff::{SignedDuration, Timestamp};
use object::{Manifest as _, Value, from_json};

pub(super) struct World {
    pub(super) store: Store,
    simulation: Simulation,
    watch: Watch,
    pub(super) now: Timestamp,
    /// Writes so far, by kind and what was written: `Deployment status`.
    pub(super) writes: Vec<String>,
    uids: u64,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let store = Store::open(&StoreOptions::default()).unwrap();
        let watch = store.watch(None, None, 0).unwrap();
        let mut world = Self {
            store,
            simulation: Simulation::new(settings),
            watch,
            now: "2026-05-01T12:00:00Z".parse().unwrap(),
            writes: Vec::new(),
            uids: 0,
        };
        let nodes = world.simulation.resync(&world.store, world.now);
        world.apply(nodes);
        world.settle();
        world.writes.clear();
        world
    }

    /// Creates an object as a user would.
    pub(super) fn create(&mut self, json: &str) {
        let object = from_json(json.as_bytes()).unwrap();
        self.write(Change::Create(object)).unwrap();
        self.settle();
    }

    /// Changes an object as a user would.
    pub(super) fn edit(&mut self, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.get(kind, name);
        change(&mut object);
        self.write(Change::Update(object)).unwrap();
        self.settle();
    }

    pub(super) fn delete(&mut self, kind: &str, name: &str) {
        let object = self.get(kind, name);
        self.write(Change::Delete(object)).unwrap();
        self.settle();
    }

    /// Lets time pass, everything at its moment.
    pub(super) fn pass(&mut self, duration: SignedDuration) {
        let end = self.now.checked_add(duration).unwrap();
        while let Some(next) = self.simulation.next_appointment().filter(|t| *t <= end) {
            self.now = self.now.max(next);
            self.settle();
        }
        self.now = end;
    }

    /// Lets everything happen that needs no time.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            for event in self.watch.ready().unwrap() {
                self.simulation.observe(&self.store, &event);
            }
            if self.simulation.is_idle()
                && self.simulation.next_appointment().is_none_or(|t| t > self.now)
            {
                return;
            }
            let changes = self.simulation.run(&self.store, self.now);
            self.apply(changes);
        }
        panic!(
            "the simulation does not come to rest: {:?}",
            &self.writes[self.writes.len() - 20..]
        );
    }

    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            let key = key(change.object());
            if self.write(change).is_err() {
                self.simulation.refused(&key, self.now);
            }
        }
    }

    fn count(&mut self, change: &Change) {
        let what = match change {
            Change::Create(_) => "create",
            Change::Update(_) => "update",
            Change::Status(_) => "status",
            Change::Delete(_) => "delete",
            Change::Remove(_) => "remove",
        };
        if change.object().kind() != "Event" {
            self.writes.push(format!("{} {what}", change.object().kind()));
        }
    }

    fn write(&mut self, change: Change) -> Result<(), store::StoreError> {
        let key = key(change.object());
        self.count(&change);
        let revision = |v: &Value| v.meta("resourceVersion").and_then(|r| r.parse().ok());
        let present = |v: &Value| revision(v).map_or(Precondition::Present, Precondition::Revision);
        match change {
            Change::Create(mut object) => {
                self.uids += 1;
                let uid = format!("uid-{}", self.uids);
                let metadata = object.metadata_mut();
                metadata.insert("uid", uid);
                metadata.insert("generation", 1);
                metadata.insert("creationTimestamp", crate::clock::seconds(self.now));
                let put = store::Change::Put(object);
                self.store.write_blocking(&key, Precondition::Absent, put)?;
            }
            Change::Update(mut object) => {
                let before = self.store.get(&key).map(|s| s.value()).unwrap_or_default();
                if before.get("spec") != object.get("spec") {
                    let next = super::fields::generation(&before) + 1;
                    object.metadata_mut().insert("generation", next);
                }
                let precondition = present(&object);
                self.store.write_blocking(&key, precondition, store::Change::Put(object))?;
            }
            Change::Status(object) => {
                let precondition = present(&object);
                self.store.write_blocking(&key, precondition, store::Change::Put(object))?;
            }
            // A Pod that may run gets its grace period.
            Change::Delete(mut object)
                if object.kind() == "Pod"
                    && !super::fields::text(&object, ["spec", "nodeName"]).is_empty()
                    && super::replicas::is_active(&object) =>
            {
                let end = super::fields::stamp(super::fields::after(self.now, 30));
                object.metadata_mut().insert("deletionTimestamp", end);
                self.store.write_blocking(
                    &key,
                    Precondition::Present,
                    store::Change::Put(object),
                )?;
            }
            Change::Delete(object) | Change::Remove(object) => {
                let uid = object.meta("uid").unwrap_or_default().to_owned();
                let delete = store::Change::Delete(object);
                self.store.write_blocking(&key, Precondition::Present, delete)?;
                for dependent in self.store.dependents(&uid) {
                    let object = self.store.get(&dependent).unwrap().value();
                    self.write(Change::Delete(object))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Value {
        self.list(kind).into_iter().find(|o| o.name() == name).unwrap_or_else(|| {
            panic!("there is no {kind} {name}");
        })
    }

    pub(super) fn list(&self, kind: &str) -> Vec<Value> {
        let found = self.store.list(&resource(kind), &ListQuery::default()).unwrap();
        found.items.iter().map(|o| o.value()).collect()
    }

    /// The reasons of all Events about objects of a kind, in order.
    pub(super) fn events(&self, kind: &str) -> Vec<String> {
        let about = |e: &Value| super::fields::text(e, ["involvedObject", "kind"]) == kind;
        let mut events: Vec<Value> = self.list("Event").into_iter().filter(about).collect();
        events.sort_by_key(|e| e.meta("resourceVersion").unwrap().parse::<u64>().unwrap());
        events.iter().map(|e| super::fields::text(e, ["reason"]).to_owned()).collect()
    }
}

fn key(object: &Value) -> Key {
    Key::new(&resource(object.kind()), object.namespace(), object.name())
}

fn resource(kind: &str) -> ResourceId {
    let group = match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ControllerRevision" => "apps",
        "Job" | "CronJob" => "batch",
        "EndpointSlice" => "discovery.k8s.io",
        "Ingress" => "networking.k8s.io",
        "HorizontalPodAutoscaler" => "autoscaling",
        "PodDisruptionBudget" => "policy",
        _ => "",
    };
    let plural = match kind.to_lowercase() {
        kind if kind.ends_with("ss") => format!("{kind}es"),
        kind => format!("{kind}s"),
    };
    ResourceId::new(group, &plural)
}

pub(super) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub(super) fn millis(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

/// A workload with one container `web` of `image`.
pub(super) fn workload(kind: &str, name: &str, replicas: i64, image: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"{kind}","metadata":{{"name":"{name}","namespace":"default"}},
        "spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"{name}"}}}},
        "template":{{"metadata":{{"labels":{{"app":"{name}"}}}},
        "spec":{{"restartPolicy":"Always","containers":[{{"name":"web","image":"{image}"}}]}}}}{comma}{more}}}}}"#
    )
}

/// `type=status(reason)` of the conditions of an object, joined with blanks.
pub(super) fn conditions(object: &Value) -> String {
    let conditions = super::fields::list(object, ["status", "conditions"]).iter().map(|c| {
        let text = |m| super::fields::text(c, [m]);
        match text("reason") {
            "" => format!("{}={}", text("type"), text("status")),
            reason => format!("{}={}({reason})", text("type"), text("status")),
        }
    });
    let mut conditions: Vec<String> = conditions.collect();
    conditions.sort();
    conditions.join(" ")
}
