//! Knowing the live state instead of asking for it: one label-selected watch per kind, a few dozen bytes per
//! object, and a word to whoever listens when an object is no longer as it was applied.
//!
//! A read-only handle: nothing here can write to the cluster.

mod index;

use crate::{ApiError, Client, Discovery, Follow, Followed, Resource, follow};
use api::Timestamp;
use futures::StreamExt;
use index::{Index, Seen};
use object::{Gvk, ObjectKey, Value};
use reconcile::{Applied, HealthRules, Live, Observed, Refused, Sight, SyncSpec};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// What the watches noticed about an object that is managed.
#[derive(Clone, Debug)]
pub struct Noticed {
    /// The object.
    pub key: ObjectKey,
    /// Namespace and name of its owner.
    pub owner: (String, String),
    /// What changed.
    pub change: Change,
}

/// What changed about a managed object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Fields we own no longer have the values we applied, or the object is gone.
    Drift,
    /// Only its health is another.
    Health,
}

/// Watches every kind that is managed, for the objects that carry the owner labels.
#[derive(Clone)]
pub struct Observer {
    client: Client,
    discovery: Discovery,
    shared: Arc<Shared>,
}

struct Shared {
    /// Reads live objects: whose labels and field manager count. One family of owners per observer.
    family: SyncSpec,
    rules: HealthRules,
    index: Mutex<Index>,
    watches: Mutex<HashMap<Gvk, watch::Receiver<bool>>>,
    noticed: mpsc::UnboundedSender<Noticed>,
    now: fn() -> Timestamp,
}

/// How many objects are asked for at once.
const PARALLEL_READS: usize = 16;

impl Observer {
    /// An observer of the objects of `family`'s group and field manager, and what it notices. `now` is the
    /// clock, for health rules that know about time.
    pub fn new(
        discovery: Discovery,
        client: Client,
        family: SyncSpec,
        now: fn() -> Timestamp,
    ) -> (Self, mpsc::UnboundedReceiver<Noticed>) {
        let (noticed, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            family,
            rules: HealthRules::default(),
            index: Mutex::default(),
            watches: Mutex::default(),
            noticed,
            now,
        };
        (Self { client, discovery, shared: Arc::new(shared) }, receiver)
    }

    /// Where the kinds are served.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// What is known of `objects`. Objects that no watch shows are asked for one by one: they may be there without
    /// our labels. `whole` says which are to be fetched even so, because their content is needed.
    pub async fn observe(
        &self,
        objects: impl IntoIterator<Item = (ObjectKey, Gvk)>,
        spec: &SyncSpec,
        rules: &HealthRules,
        whole: impl Fn(&ObjectKey, &Live) -> bool,
    ) -> Observed {
        let mut observed = Observed::new();
        let mut to_ask = Vec::new();
        for (key, gvk) in objects {
            match self.watched(&gvk).await {
                Ok(Some(resource)) => match self.known(&key) {
                    Some(live) if !whole(&key, &live) => {
                        observed.insert(key, Sight::Present(Box::new(live)));
                    }
                    _ => to_ask.push((key, resource)),
                },
                Ok(None) => observed.insert(key, Sight::Absent),
                Err(error) => observed.insert(key, Sight::Failed(error.to_string())),
            }
        }
        let asking: Vec<_> =
            to_ask.iter().map(|(key, resource)| self.ask(key, resource, spec, rules)).collect();
        let sights: Vec<Sight> =
            futures::stream::iter(asking).buffered(PARALLEL_READS).collect().await;
        let keys = to_ask.into_iter().map(|(key, _)| key);
        for (key, sight) in keys.zip(sights) {
            observed.insert(key, sight);
        }
        observed
    }

    /// What the watch knows of one object.
    pub fn known(&self, key: &ObjectKey) -> Option<Live> {
        self.index().get(key)
    }

    /// The health of an object as the watch last saw it, without anything else of it.
    pub fn health(&self, key: &ObjectKey) -> Option<reconcile::Health> {
        self.index().health(key)
    }

    /// Asks the server for the object itself.
    async fn ask(
        &self,
        key: &ObjectKey,
        resource: &Resource,
        spec: &SyncSpec,
        rules: &HealthRules,
    ) -> Sight {
        match self.client.get(resource, &key.namespace, &key.name).await {
            Ok(None) => Sight::Absent,
            Ok(Some(object)) => {
                let object = Arc::new(object);
                let mut live = Live::read(&object, spec, rules, (self.shared.now)(), true);
                if let Some(memory) = self.index().memory(key) {
                    live.applied = memory.applied;
                    live.refused = memory.refused.clone();
                }
                Sight::Present(Box::new(live))
            }
            Err(error) => Sight::Failed(error.to_string()),
        }
    }

    /// The whole object, for reading what the index does not keep.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn fetch(&self, key: &ObjectKey) -> Result<Option<Value>, ApiError> {
        let resource = self.discovery.any_version(&key.group, &key.kind).await?;
        self.client.get(&resource, &key.namespace, &key.name).await
    }

    /// The objects of a kind in a namespace that a label selector chooses.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn select(
        &self,
        gvk: &Gvk,
        namespace: &str,
        labels: &str,
    ) -> Result<Vec<Value>, ApiError> {
        let resource = self.discovery.resource(gvk).await?;
        let mut list = self.client.list(&resource, namespace, &[("labelSelector", labels)]).await?;
        match list.get_mut("items").map(std::mem::take) {
            Some(Value::List(items)) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// Remembers what an apply taught, so that the event it causes is not taken for a drift.
    pub fn learn(&self, answer: &Value, applied: Applied) {
        let live = Live::read(
            &Arc::new(answer.clone()),
            &self.shared.family,
            &self.shared.rules,
            (self.shared.now)(),
            false,
        );
        self.index().learn(object::Manifest::key(answer), live, applied);
    }

    /// Remembers that an object was found as declared: from now on any other owned value is a drift. After a
    /// restart this is how the memory of earlier applies comes back without a request.
    pub fn confirm(&self, key: &ObjectKey, found: Applied) {
        self.index().confirm(key, found);
    }

    /// Remembers that an apply was refused for an immutable field.
    pub fn learn_refusal(&self, key: &ObjectKey, refused: Refused) {
        self.index().learn_refusal(key, refused);
    }

    /// Those of `keys` that are no longer as they were applied.
    pub fn drifted<'a>(&self, keys: impl IntoIterator<Item = &'a ObjectKey>) -> Vec<ObjectKey> {
        let index = self.index();
        keys.into_iter().filter(|key| index.is_drifted(key)).cloned().collect()
    }

    fn index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.shared.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure the kind is watched and its first list complete. `None` when the server does not serve it.
    async fn watched(&self, gvk: &Gvk) -> Result<Option<Resource>, ApiError> {
        let resource = match self.discovery.resource(gvk).await {
            Ok(resource) => resource,
            Err(ApiError::UnknownKind(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !resource.watchable {
            return Ok(Some(resource));
        }
        let mut synced = {
            let mut watches = self.shared.watches.lock().unwrap_or_else(PoisonError::into_inner);
            watches.entry(gvk.clone()).or_insert_with(|| self.start(resource.clone())).clone()
        };
        // The sender lives in the watch's task; a closed channel means the task ended, and asking one by
        // one still gives the truth.
        let _ = synced.wait_for(|done| *done).await;
        Ok(Some(resource))
    }

    fn start(&self, resource: Resource) -> watch::Receiver<bool> {
        let (synced, receiver) = watch::channel(false);
        let shared = self.shared.clone();
        let client = self.client.clone();
        let labels = shared.family.owner.name_label().0;
        tokio::spawn(async move {
            let what = Follow { resource: resource.clone(), namespace: String::new(), labels };
            tracing::debug!(kind = %resource.gvk, "watching");
            follow(&client, &what, |told| {
                shared.take(&resource, told, &synced);
                true
            })
            .await;
        });
        receiver
    }
}

impl Shared {
    fn take(&self, resource: &Resource, told: Followed, synced: &watch::Sender<bool>) {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match told {
            Followed::Restarted => {
                index.begin(&resource.gvk);
                return;
            }
            Followed::Synced => {
                let gone = index.finish(&resource.gvk);
                drop(index);
                for seen in gone {
                    self.notice(seen);
                }
                let _ = synced.send(true);
                return;
            }
            Followed::Applied(object) => {
                let object = Arc::new(object);
                let live = Live::read(&object, &self.family, &self.rules, (self.now)(), false);
                index.see(object::Manifest::key(&*object), live)
            }
            Followed::Deleted(object) => index.lose(&object::Manifest::key(&object)),
            Followed::Failed(error) => {
                tracing::warn!(kind = %resource.gvk, %error, "the watch failed; trying again");
                // A kind whose list cannot be had must not hold up everybody: asking one by one
                // tells its own errors.
                let _ = synced.send(true);
                return;
            }
        };
        drop(index);
        if let Some(seen) = seen {
            self.notice(seen);
        }
    }

    fn notice(&self, seen: Seen) {
        let Seen { key, owner, change } = seen;
        // Nobody listens any more when the operator stops.
        let _ = self.noticed.send(Noticed { key, owner, change });
    }
}
