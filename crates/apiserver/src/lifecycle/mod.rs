//! What a control plane keeps true behind the API: namespaces that end, dependents that go with their owners,
//! a ServiceAccount in each namespace, definitions that take their objects along, Events that expire.
//!
//! One task follows every change and derives idempotent [`Work`] from it; missing an event costs nothing but
//! time, because everything unfinished is looked for again now and then.
//!
//! Deliberately absent: what controllers of workloads do (`workloads`).

mod bootstrap;
mod collector;
mod definition;
mod events;
mod namespace;
mod token;

use crate::rest::{Api, ApiError};
use crate::server::Options;
use crate::store::{Event, EventKind, Key, ListQuery, ResourceId, StoreError, Stored};
use events::Expiry;
use futures::StreamExt;
use object::{Gvk, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many pieces of work are done at once: they wait for the disk together.
const AT_ONCE: usize = 64;
/// How often everything unfinished is looked for.
const SWEEP: Duration = Duration::from_secs(10);
const QUOTAS: &str = "resourcequotas";
const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
/// Field manager of what is written here.
const MANAGER: &str = "kube-controller-manager";

/// Something to bring to its end; doing it twice does no harm.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// A namespace that is being deleted.
    Namespace(String),
    /// A namespace that should have its ServiceAccount.
    Account(String),
    /// A definition that is being deleted.
    Definition(String),
    /// A Secret that holds a ServiceAccount's token, or is to.
    Token(Key),
    /// A CertificateSigningRequest that was approved.
    Certificate(Key),
    /// ClusterRoles that are made of others.
    Roles,
    /// What the quotas of a namespace say is used.
    Quotas(String),
    /// An object whose owners, or whose dependents, may be gone.
    Object(Key),
}

/// The running task.
pub struct Lifecycle {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Lifecycle {
    /// Creates what every cluster has and starts the task.
    pub(crate) async fn start(api: &Api, options: &Options) -> Result<Self, ApiError> {
        bootstrap::create(api).await?;
        let (stop, stopped) = watch::channel(false);
        let expiry = Expiry::new(api, options.event_ttl, options.event_limit);
        // Taken before the task runs: nothing that happens from here on is missed.
        let position = api.store().revision();
        let task = tokio::spawn(run(api.clone(), expiry, stopped, position));
        Ok(Self { stop, task })
    }

    /// Ends the task after the work in hand.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // A task that panicked has ended too.
        let _ = self.task.await;
    }
}

async fn run(api: Api, mut expiry: Expiry, mut stopped: watch::Receiver<bool>, mut position: u64) {
    let mut sweep = tokio::time::interval(SWEEP);
    // What an earlier process left undone.
    do_all(&api, unfinished(&api, true)).await;
    loop {
        let Ok(mut changes) = api.store().watch(None, None, position) else {
            // Forgotten: the sweep finds what was missed.
            position = api.store().revision();
            do_all(&api, unfinished(&api, true)).await;
            continue;
        };
        loop {
            let work = tokio::select! {
                _ = stopped.changed() => return,
                _ = sweep.tick() => {
                    expiry.expire(&api).await;
                    unfinished(&api, false)
                }
                events = changes.next() => match events {
                    Ok(events) => {
                        position = changes.position();
                        expiry.note(&api, &events);
                        derived(&api, &events)
                    }
                    Err(StoreError::Closed) => return,
                    Err(_) => break,
                },
            };
            do_all(&api, work).await;
        }
    }
}

async fn do_all(api: &Api, work: BTreeSet<Work>) {
    let all = futures::stream::iter(work);
    all.for_each_concurrent(AT_ONCE, |work| async move {
        let result = match &work {
            Work::Namespace(name) => namespace::finish(api, name).await,
            Work::Account(namespace) => bootstrap::account(api, namespace).await,
            Work::Definition(name) => definition::finish(api, name).await,
            Work::Token(key) => token::finish(api, key).await,
            Work::Quotas(namespace) => crate::admission::recount(api, namespace).await,
            Work::Certificate(key) => crate::access::sign_request(api, key).await,
            Work::Roles => crate::access::aggregate(api).await,
            Work::Object(key) => collector::settle(api, key).await,
        };
        match result {
            Ok(()) => {}
            // Somebody else did it, or it can no longer be done.
            Err(e) if matches!(e.reason, "NotFound" | "Conflict" | "AlreadyExists") => {}
            Err(error) => tracing::warn!(%error, "will be tried again"),
        }
    })
    .await;
}

fn namespaces() -> ResourceId {
    ResourceId::new("", "namespaces")
}

fn accounts() -> ResourceId {
    ResourceId::new("", "serviceaccounts")
}

fn definitions() -> ResourceId {
    ResourceId::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// What follows from changes.
fn derived(api: &Api, events: &[Event]) -> BTreeSet<Work> {
    let mut work = BTreeSet::new();
    for event in events {
        let object = &event.object;
        if object.event == EventKind::Deleted {
            after_deletion(api, object, &mut work);
        } else {
            of_object(object, false, &mut work);
            if object.event == EventKind::Added && !object.owners.is_empty() {
                work.insert(Work::Object(object.key.clone()));
            }
        }
    }
    work
}

fn of_object(object: &Stored, swept: bool, work: &mut BTreeSet<Work>) {
    let name = object.name().to_owned();
    match object.key.resource.as_str() {
        "namespaces" if object.deleting => drop(work.insert(Work::Namespace(name))),
        "namespaces" if object.event == EventKind::Added => drop(work.insert(Work::Account(name))),
        "customresourcedefinitions.apiextensions.k8s.io" if object.deleting => {
            work.insert(Work::Definition(name));
        }
        CLUSTER_ROLES => drop(work.insert(Work::Roles)),
        "certificatesigningrequests.certificates.k8s.io"
            if crate::access::waits_for_certificate(&object.value()) =>
        {
            work.insert(Work::Certificate(object.key.clone()));
        }
        QUOTAS if swept || crate::admission::is_uncounted(&object.value()) => {
            work.insert(Work::Quotas(object.namespace().to_owned()));
        }
        "secrets" if token::may_hold_token(object) => {
            work.insert(Work::Token(object.key.clone()));
        }
        _ => {}
    }
    if object.deleting {
        work.insert(Work::Object(object.key.clone()));
    }
}

fn after_deletion(api: &Api, object: &Stored, work: &mut BTreeSet<Work>) {
    let store = api.store();
    if object.key.resource.as_str() == CLUSTER_ROLES {
        work.insert(Work::Roles);
    }
    if object.key.resource == accounts() {
        work.extend(token::of_namespace(api, object.namespace()).into_iter().map(Work::Token));
    }
    work.extend(store.dependents(&object.uid).into_iter().map(Work::Object));
    if !object.owners.is_empty() {
        let owners = owner_keys(api, &object.value(), object.namespace());
        let waiting = |key: &Key| store.get(key).is_some_and(|o| o.deleting);
        work.extend(owners.into_iter().flatten().filter(waiting).map(Work::Object));
    }
    let deleting = |resource: ResourceId, name: &str| {
        store.get(&Key::new(&resource, "", name)).is_some_and(|o| o.deleting)
    };
    let namespace = object.namespace();
    if crate::admission::is_counted(api, namespace) {
        work.insert(Work::Quotas(namespace.to_owned()));
    }
    if !namespace.is_empty() && deleting(namespaces(), namespace) {
        work.insert(Work::Namespace(namespace.to_owned()));
    } else if (object.key.resource == accounts() && object.name() == "default")
        || (object.key.resource.as_str() == "configmaps"
            && object.name() == bootstrap::ROOT_CERTIFICATE)
    {
        work.insert(Work::Account(namespace.to_owned()));
    }
    let definition = object.key.resource.as_str();
    if definition.contains('.') && deleting(definitions(), definition) {
        work.insert(Work::Definition(definition.to_owned()));
    }
}

/// Everything in the store that is not at rest; when `owned`, also what may have lost its owners.
fn unfinished(api: &Api, owned: bool) -> BTreeSet<Work> {
    let mut work = BTreeSet::new();
    let filter = |object: &Stored| {
        object.deleting
            || (owned && !object.owners.is_empty())
            || object.key.resource.as_str() == QUOTAS
    };
    for (resource, _) in api.store().resources() {
        let query = ListQuery { filter: Some(&filter), ..ListQuery::default() };
        if let Ok(listing) = api.store().list(&resource, &query) {
            for object in &listing.items {
                of_object(object, true, &mut work);
                if owned && !object.owners.is_empty() {
                    work.insert(Work::Object(object.key.clone()));
                }
            }
        }
    }
    work
}

/// Where the owners of an object are; `None` for one whose kind is not served.
fn owner_keys(api: &Api, object: &Value, namespace: &str) -> Vec<Option<Key>> {
    let snapshot = api.registry().snapshot();
    let owners = object.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
    let key = |owner: &Value| {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let gvk = Gvk::from_api_version(text("apiVersion"), text("kind"));
        let served = snapshot.kind(&gvk)?;
        let namespace = if served.kind.namespaced { namespace } else { "" };
        Some(Key::new(&served.id, namespace, text("name")))
    };
    owners.unwrap_or_default().iter().map(key).collect()
}
