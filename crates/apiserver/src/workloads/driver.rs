//! The part of the simulation that waits and writes: a watch over the whole store, one sleep, and the writes
//! of each round at once.

#[cfg(test)]
mod tests;

use super::owner::controller_key;
use super::{Change, Settings, Simulation};
use crate::rest::{Answer, Api, ApiError, DeleteOptions, Propagation};
use crate::store::{Key, ResourceId, StoreError, Watch};
use futures::StreamExt as _;
use object::{Manifest as _, Value};
use std::time::Duration;

/// Changes are gathered for this long before they are looked at, so that what comes together is counted, and
/// made durable, together.
const GATHER: Duration = Duration::from_millis(5);
/// Writes under way at once.
const WRITES: usize = 64;
/// Nothing is due: a long sleep, which a change ends.
const LONG: Duration = Duration::from_secs(3600);

/// Simulates workloads on the objects of `api` until its store is closed. Spawn it, and abort it to stop:
/// whatever moment that is, the next start goes on from what the store holds.
pub async fn simulate(api: Api, settings: Settings) {
    let mut driver = Driver { api, simulation: Simulation::new(settings) };
    loop {
        match driver.follow().await {
            // Too slow for the changes that came: everything is looked at again.
            Err(StoreError::Gone { .. }) => {}
            Err(StoreError::Closed) | Ok(()) => return,
            Err(error) => {
                tracing::error!(%error, "simulated workloads have stopped");
                return;
            }
        }
    }
}

struct Driver {
    api: Api,
    simulation: Simulation,
}

impl Driver {
    /// Looks at everything, then at what changes.
    async fn follow(&mut self) -> Result<(), StoreError> {
        let store = self.api.store().clone();
        let mut watch = store.watch(None, None, store.revision())?;
        let now = self.api.clock().now();
        let nodes = self.simulation.resync(&store, now);
        self.write(nodes).await;
        loop {
            self.observe(&mut watch)?;
            let now = self.api.clock().now();
            let changes = self.simulation.run(&store, now);
            if !changes.is_empty() {
                self.write(changes).await;
            } else if self.simulation.is_idle() {
                self.wait(&mut watch).await?;
            }
        }
    }

    /// Takes note of all changes that are there.
    fn observe(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        loop {
            let events = watch.ready()?;
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                self.simulation.observe(self.api.store(), event);
            }
        }
    }

    /// Waits for a change that concerns a workload, or for the next appointment.
    async fn wait(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        while self.simulation.is_idle() {
            let now = self.api.clock().now();
            let due = self.simulation.next_appointment();
            let wait = due.map_or(LONG, |time| {
                Duration::try_from(time.duration_since(now)).unwrap_or_default()
            });
            tokio::select! {
                events = watch.next() => {
                    for event in &events? {
                        self.simulation.observe(self.api.store(), event);
                    }
                }
                () = tokio::time::sleep(wait.min(LONG)) => return Ok(()),
            }
        }
        tokio::time::sleep(GATHER).await;
        Ok(())
    }

    async fn write(&mut self, changes: Vec<Change>) {
        let api = self.api.clone();
        let writes = changes.into_iter().map(|change| write(&api, change));
        let results: Vec<(Key, bool)> =
            futures::stream::iter(writes).buffer_unordered(WRITES).collect().await;
        let now = self.api.clock().now();
        for (key, accepted) in results {
            match accepted {
                true => self.simulation.accepted(&key),
                false => self.simulation.refused(&key, now),
            }
        }
    }
}

/// Makes one change; answers the object to look at again when it was refused, and whether it was accepted.
async fn write(api: &Api, change: Change) -> (Key, bool) {
    let Some(resource) = resource(change.object()) else {
        return (Key::new(&ResourceId::new("", ""), "", ""), true);
    };
    let own = key(&resource, change.object());
    let decided_for = match &change {
        Change::Create(object) => controller_key(object).unwrap_or_else(|| own.clone()),
        _ => own.clone(),
    };
    let is_event = change.object().kind() == "Event";
    let result = perform(api, &resource, &own, change).await;
    let accepted = match result {
        Ok(()) => true,
        // Gone already, or a namespace that ends: there is nothing to try again.
        Err(error) => {
            tracing::debug!(object = %own, error = %error.message, "a simulated write was refused");
            is_event || matches!(error.reason, "NotFound" | "Forbidden")
        }
    };
    (decided_for, accepted)
}

async fn perform(
    api: &Api,
    resource: &ResourceId,
    key: &Key,
    change: Change,
) -> Result<(), ApiError> {
    let done = |_: Answer| ();
    match change {
        Change::Create(object) => {
            let wanted = object.clone();
            match api.create_object(resource, object, CONTROLLERS).await {
                Err(error) if error.reason == "AlreadyExists" && wanted.kind() != "Event" => {
                    adopt(api, key, &wanted, error).await
                }
                result => result.map(drop),
            }
        }
        Change::Update(object) => {
            let manager = if object.kind() == "Pod" { SCHEDULER } else { CONTROLLERS };
            let replace = |value: &mut Value| value.clone_from(&object);
            api.modify_object(key, "", manager, replace).await.map(done)
        }
        Change::Status(object) => {
            let manager = if object.kind() == "Pod" { KUBELET } else { CONTROLLERS };
            let replace = |value: &mut Value| value.clone_from(&object);
            api.modify_object(key, "status", manager, replace).await.map(done)
        }
        Change::Delete(object) => {
            let mut options = DeleteOptions::propagating(Propagation::Background);
            options.uid = object.meta("uid").map(str::to_owned);
            api.delete_object(key, &options).await.map(done)
        }
        Change::Remove(object) => {
            let mut options = DeleteOptions::immediately();
            options.uid = object.meta("uid").map(str::to_owned);
            api.delete_object(key, &options).await.map(done)
        }
    }
}

/// Field managers, by the names of the components that write in a real cluster.
const CONTROLLERS: &str = "kube-controller-manager";
const SCHEDULER: &str = "kube-scheduler";
const KUBELET: &str = "kubelet";

/// A child that is there already and that nobody controls gets the controller it was to be made for: what
/// `kubectl delete --cascade=orphan` left is taken over by the next owner of the name.
async fn adopt(api: &Api, key: &Key, wanted: &Value, refusal: ApiError) -> Result<(), ApiError> {
    let owner = super::owner::controller(wanted);
    let existing = api.store().get(key).map(|stored| stored.value());
    let (Some(owner), Some(existing)) = (owner, existing) else { return Err(refusal) };
    if super::owner::controller(&existing).is_some() {
        return Err(refusal);
    }
    let take = |value: &mut Value| {
        let mut owners = super::fields::list(value, ["metadata", "ownerReferences"]).to_vec();
        owners.push(owner.clone());
        value.metadata_mut().insert("ownerReferences", owners);
    };
    api.modify_object(key, "", CONTROLLERS, take).await.map(drop)
}

/// The resource of an object that the simulation writes.
fn resource(object: &Value) -> Option<ResourceId> {
    let (group, plural) = match object.kind() {
        "Pod" => ("", "pods"),
        "Node" => ("", "nodes"),
        "Event" => ("", "events"),
        "Service" => ("", "services"),
        "PersistentVolume" => ("", "persistentvolumes"),
        "PersistentVolumeClaim" => ("", "persistentvolumeclaims"),
        "Deployment" => ("apps", "deployments"),
        "ReplicaSet" => ("apps", "replicasets"),
        "StatefulSet" => ("apps", "statefulsets"),
        "DaemonSet" => ("apps", "daemonsets"),
        "ControllerRevision" => ("apps", "controllerrevisions"),
        "Job" => ("batch", "jobs"),
        "CronJob" => ("batch", "cronjobs"),
        "EndpointSlice" => ("discovery.k8s.io", "endpointslices"),
        "Ingress" => ("networking.k8s.io", "ingresses"),
        "HorizontalPodAutoscaler" => ("autoscaling", "horizontalpodautoscalers"),
        "PodDisruptionBudget" => ("policy", "poddisruptionbudgets"),
        _ => return None,
    };
    Some(ResourceId::new(group, plural))
}

fn key(resource: &ResourceId, object: &Value) -> Key {
    Key::new(resource, object.namespace(), object.name())
}
