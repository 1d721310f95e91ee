//! Which object to look at, when: a queue and a clock's worth of appointments over the store.
//!
//! Nothing of an object is kept but what must be known when it is gone or when something else changes: the
//! labels a Service selects by, the stage a Pod is in until it settles, appointments.

mod look;
mod relations;

use super::change::Change;
use super::fields::later;
use super::{Settings, node};
use crate::store::{Event, EventKind, Key, ListQuery, ResourceId, Store};
use jiff::{SignedDuration, Timestamp};
use relations::Relations;
use std::collections::{BTreeSet, HashMap};

/// A kind with a controller here. The order is that of the work: Pods first, so that those who count them
/// count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Controller {
    Pod,
    ReplicaSet,
    Job,
    StatefulSet,
    DaemonSet,
    Deployment,
    CronJob,
    Service,
    Budget,
    Autoscaler,
    Claim,
    Volume,
    Ingress,
}

/// Every controller and the resource it looks after.
const CONTROLLERS: [(&str, Controller); 13] = [
    ("pods", Controller::Pod),
    ("replicasets.apps", Controller::ReplicaSet),
    ("jobs.batch", Controller::Job),
    ("statefulsets.apps", Controller::StatefulSet),
    ("daemonsets.apps", Controller::DaemonSet),
    ("deployments.apps", Controller::Deployment),
    ("cronjobs.batch", Controller::CronJob),
    ("services", Controller::Service),
    ("poddisruptionbudgets.policy", Controller::Budget),
    ("horizontalpodautoscalers.autoscaling", Controller::Autoscaler),
    ("persistentvolumeclaims", Controller::Claim),
    ("persistentvolumes", Controller::Volume),
    ("ingresses.networking.k8s.io", Controller::Ingress),
];

impl Controller {
    fn of(resource: &ResourceId) -> Option<Self> {
        let name = resource.as_str();
        CONTROLLERS.iter().find(|(plural, _)| *plural == name).map(|(_, c)| *c)
    }
}

/// How long an object is left alone after a refused write; doubles with each in a row.
const RETRY: SignedDuration = SignedDuration::from_millis(100);
/// Doublings of that, at most: about a minute and a half.
const RETRY_DOUBLINGS: u32 = 10;

/// The state of the simulation beside the store.
#[derive(Debug)]
pub struct Simulation {
    settings: Settings,
    queue: BTreeSet<(Controller, Key)>,
    appointments: BTreeSet<(Timestamp, Key)>,
    appointed: HashMap<Key, Timestamp>,
    /// The stage of each Pod that is not settled, and since when it is in it.
    stages: HashMap<Key, (u64, Timestamp)>,
    /// Refused writes in a row.
    refusals: HashMap<Key, u32>,
    relations: Relations,
    started: bool,
    nodes: Vec<String>,
    open_nodes: Vec<String>,
}

impl Simulation {
    /// A simulation that knows nothing yet; [`Simulation::resync`] comes next.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            queue: BTreeSet::new(),
            appointments: BTreeSet::new(),
            appointed: HashMap::new(),
            stages: HashMap::new(),
            refusals: HashMap::new(),
            relations: Relations::default(),
            started: false,
            nodes: Vec::new(),
            open_nodes: Vec::new(),
        }
    }

    /// Looks at everything there is: at the start, and when changes were missed. Answers the Nodes that
    /// are to be created at the start; one that is deleted later stays away until the next start.
    pub fn resync(&mut self, store: &Store, now: Timestamp) -> Vec<Change> {
        self.relations = Relations::default();
        self.read_nodes(store);
        for (resource, _) in store.resources() {
            let Ok(found) = store.list(&resource, &ListQuery::default()) else { continue };
            for object in found.items {
                self.relations.learn(&object);
                self.look(&object.key);
            }
        }
        let wanted = if self.started { 0 } else { self.settings.nodes };
        self.started = true;
        let missing = (0..wanted).filter(|n| !self.nodes.contains(&node::name(*n)));
        missing.map(|n| Change::Create(node::node(n, now))).collect()
    }

    /// Takes note of a change in the store.
    pub fn observe(&mut self, store: &Store, event: &Event) {
        let object = &event.object;
        let resource = object.key.resource.as_str();
        match resource {
            "nodes" => self.node_changed(store),
            "configmaps" | "secrets" if object.event == EventKind::Added => {
                for pod in self.relations.unblock(object.namespace()) {
                    self.look(&pod);
                }
            }
            _ => {}
        }
        let is_ours = Controller::of(&object.key.resource).is_some()
            || object.key.resource.as_str() == "endpointslices.discovery.k8s.io";
        if !is_ours {
            return;
        }
        if object.event == EventKind::Deleted {
            self.forget(&object.key);
        } else {
            self.relations.learn(object);
            self.look(&object.key);
        }
        let mut concerned = self.relations.concerned(object);
        if let Some(previous) = event.previous.as_ref().filter(|p| p.labels != object.labels) {
            concerned.extend(self.relations.concerned(previous));
        }
        for key in concerned {
            self.look(&key);
        }
    }

    /// A write for the object at `key` was refused: it is looked at again a little later.
    pub fn refused(&mut self, key: &Key, now: Timestamp) {
        if Controller::of(&key.resource).is_some() {
            let times = self.refusals.entry(key.clone()).or_default();
            let delay = RETRY.saturating_mul(1 << (*times).min(RETRY_DOUBLINGS));
            *times += 1;
            self.appoint(key, later(now, delay));
        }
    }

    /// A write for the object at `key` was accepted.
    pub fn accepted(&mut self, key: &Key) {
        self.refusals.remove(key);
    }

    /// The writes of the next controller that has something to look at; empty when nothing is to be written,
    /// though [`Simulation::is_idle`] may still say no. To be called again after the writes are done and
    /// their changes observed.
    pub fn run(&mut self, store: &Store, now: Timestamp) -> Vec<Change> {
        self.keep_appointments(now);
        let Some((first, _)) = self.queue.first() else { return Vec::new() };
        let first = *first;
        let mut changes = Vec::new();
        while let Some((controller, key)) = self.queue.pop_first() {
            if controller != first {
                self.queue.insert((controller, key));
                break;
            }
            let Some(step) = self.step(controller, &key, store, now) else {
                self.forget(&key);
                continue;
            };
            if let Some(wake) = step.wake {
                self.appoint(&key, wake);
            }
            changes.extend(step.changes);
        }
        changes
    }

    /// Whether there is nothing to look at before [`Simulation::next_appointment`].
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// When time alone makes something happen.
    pub fn next_appointment(&self) -> Option<Timestamp> {
        self.appointments.first().map(|(time, _)| *time)
    }

    fn look(&mut self, key: &Key) {
        if let Some(controller) = Controller::of(&key.resource) {
            self.queue.insert((controller, key.clone()));
        }
    }

    fn appoint(&mut self, key: &Key, time: Timestamp) {
        if let Some(before) = self.appointed.insert(key.clone(), time) {
            self.appointments.remove(&(before, key.clone()));
        }
        self.appointments.insert((time, key.clone()));
    }

    fn keep_appointments(&mut self, now: Timestamp) {
        while let Some((time, key)) = self.appointments.pop_first() {
            if time > now {
                self.appointments.insert((time, key));
                break;
            }
            self.appointed.remove(&key);
            self.look(&key);
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(time) = self.appointed.remove(key) {
            self.appointments.remove(&(time, key.clone()));
        }
        self.stages.remove(key);
        self.refusals.remove(key);
        self.relations.forget(key);
    }

    fn read_nodes(&mut self, store: &Store) {
        let found = store.list(&ResourceId::new("", "nodes"), &ListQuery::default());
        let nodes = found.map(|f| f.items).unwrap_or_default();
        self.nodes = nodes.iter().map(|n| n.name().to_owned()).collect();
        let open =
            nodes.iter().filter(|n| !super::fields::flag(&n.value(), ["spec", "unschedulable"]));
        self.open_nodes = open.map(|n| n.name().to_owned()).collect();
    }

    /// A Node came, went, or was cordoned: Pods may have a place now, or none any more.
    fn node_changed(&mut self, store: &Store) {
        let before = (std::mem::take(&mut self.nodes), std::mem::take(&mut self.open_nodes));
        self.read_nodes(store);
        if before == (self.nodes.clone(), self.open_nodes.clone()) {
            return;
        }
        for resource in ["pods", "daemonsets.apps"].map(ResourceId::parse) {
            let found = store.list(&resource, &ListQuery::default());
            for object in found.map(|f| f.items).unwrap_or_default() {
                self.look(&object.key);
            }
        }
    }
}
