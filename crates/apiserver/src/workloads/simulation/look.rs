//! One look at one object: what its controller needs is read, and its step taken.

use super::super::change::Step;
use super::super::fields::{list, text};
use super::super::pod::{self, Nodes, Reference, Surroundings};
use super::super::selector::{has_pairs, matches};
use super::super::{
    autoscaler, budget, claim, cron_job, daemon_set, deployment, job, replica_set, service,
    stateful_set,
};
use super::relations::scale_target;
use super::{Controller, Simulation};
use crate::store::{Key, ListQuery, ResourceId, Store, Stored};
use jiff::Timestamp;
use object::{Manifest as _, Value};

impl Simulation {
    /// `None` when the object is gone.
    pub(super) fn step(
        &mut self,
        controller: Controller,
        key: &Key,
        store: &Store,
        now: Timestamp,
    ) -> Option<Step> {
        let object = store.get(key)?.value();
        let nodes = Nodes { all: &self.nodes, open: &self.open_nodes };
        Some(match controller {
            Controller::Pod => return Some(self.pod(key, &object, store, now)),
            Controller::ReplicaSet => {
                let pods = owned(store, &object, "pods");
                replica_set::step(&object, pods, nodes, &self.settings, now)
            }
            Controller::Job => {
                job::step(&object, owned(store, &object, "pods"), nodes, &self.settings, now)
            }
            Controller::CronJob => {
                cron_job::step(&object, owned(store, &object, "jobs.batch"), now)
            }
            Controller::StatefulSet => {
                let claims = ResourceId::new("", "persistentvolumeclaims");
                let has_claim =
                    |name: &str| store.get(&Key::new(&claims, key.namespace(), name)).is_some();
                let around = stateful_set::Surroundings {
                    pods: owned(store, &object, "pods"),
                    revisions: owned(store, &object, "controllerrevisions.apps"),
                    has_claim: &has_claim,
                    nodes,
                };
                stateful_set::step(&object, around, &self.settings, now)
            }
            Controller::DaemonSet => {
                let pods = owned(store, &object, "pods");
                let revisions = owned(store, &object, "controllerrevisions.apps");
                daemon_set::step(&object, pods, revisions, nodes, now)
            }
            Controller::Deployment => {
                deployment::step(&object, owned(store, &object, "replicasets.apps"), now)
            }
            _ => surrounding(controller, key, &object, store, now),
        })
    }

    fn pod(&mut self, key: &Key, pod: &Value, store: &Store, now: Timestamp) -> Step {
        let stage = pod::stage(pod);
        let since = match self.stages.get(key) {
            Some((known, since)) if *known == stage => *since,
            _ => now,
        };
        let missing = missing_reference(pod, store);
        let around = Surroundings {
            since,
            nodes: Nodes { all: &self.nodes, open: &self.open_nodes },
            missing: missing.as_ref(),
        };
        let step = pod::step(pod, &around, &self.settings, now);
        if missing.is_some() {
            self.relations.block(key);
        }
        if step.wake.is_some() {
            self.stages.insert(key.clone(), (stage, since));
        } else {
            self.stages.remove(key);
        }
        step
    }
}

/// The kinds around workloads, which need nothing of the simulation but the store.
fn surrounding(
    controller: Controller,
    key: &Key,
    object: &Value,
    store: &Store,
    now: Timestamp,
) -> Step {
    match controller {
        Controller::Service => {
            let pods = match object.at(["spec", "selector"]).and_then(Value::as_map) {
                Some(pairs) => selected(store, key, &|pod| has_pairs(&pod.labels, pairs)),
                None => Vec::new(),
            };
            let slices = owned(store, object, "endpointslices.discovery.k8s.io");
            service::step(object, pods, slices, now)
        }
        Controller::Ingress => service::ingress(object),
        Controller::Budget => {
            let pods = match object.at(["spec", "selector"]) {
                Some(selector) => selected(store, key, &|pod| matches(&pod.labels, selector)),
                None => Vec::new(),
            };
            budget::step(object, &pods, now)
        }
        Controller::Autoscaler => {
            let target = scale_target(object, key.namespace()).and_then(|t| store.get(&t));
            autoscaler::step(object, target.map(|t| t.value()).as_ref(), now)
        }
        Controller::Claim => {
            let volumes = ResourceId::new("", "persistentvolumes");
            let has = |name: &str| store.get(&Key::new(&volumes, "", name)).is_some();
            claim::step(object, has, now)
        }
        Controller::Volume => {
            let reference = |member| text(object, ["spec", "claimRef", member]);
            let claims = ResourceId::new("", "persistentvolumeclaims");
            let claim = Key::new(&claims, reference("namespace"), reference("name"));
            claim::volume_step(object, store.get(&claim).as_ref().map(|c| c.uid.as_str()))
        }
        // The workloads themselves are looked at above.
        _ => Step::default(),
    }
}

/// The objects of a resource that name `owner` as an owner.
fn owned(store: &Store, owner: &Value, resource: &str) -> Vec<Value> {
    let uid = owner.meta("uid").unwrap_or_default();
    let dependents = store.dependents(uid).into_iter();
    let of_resource = dependents.filter(|key| key.resource.as_str() == resource);
    of_resource.filter_map(|key| Some(store.get(&key)?.value())).collect()
}

/// The Pods of the namespace of `key` that a selector selects.
fn selected(store: &Store, key: &Key, selects: &(dyn Fn(&Stored) -> bool + Sync)) -> Vec<Value> {
    let query = ListQuery {
        namespace: Some(key.namespace()),
        filter: Some(selects),
        ..ListQuery::default()
    };
    let found = store.list(&ResourceId::new("", "pods"), &query);
    found.map(|f| f.items.iter().map(|p| p.value()).collect()).unwrap_or_default()
}

/// The first ConfigMap or Secret a Pod needs that is not there, while it still waits to start.
fn missing_reference(pod: &Value, store: &Store) -> Option<Reference> {
    let waits =
        |member| list(pod, ["status", member]).iter().any(|c| c.at(["state", "waiting"]).is_some());
    if !waits("containerStatuses") && !waits("initContainerStatuses") {
        return None;
    }
    pod::references(pod).into_iter().find(|reference| {
        let resource = ResourceId::new("", reference.plural);
        store.get(&Key::new(&resource, pod.namespace(), &reference.name)).is_none()
    })
}
