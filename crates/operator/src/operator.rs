//! The operator as a whole: watches in, queues, workers out.

use crate::charts::Charts;
use crate::context::{Context, Settings, kustomization_family, now};
use crate::fleet::{News, is_ready, source_of};
use crate::{Id, Urgency, git_repository, kinds, kustomization};
use cluster::{Change, Client, Discovery, Executor, Follow, Followed, Noticed, Observer, follow};
use object::{Manifest, ObjectKey, Value};
use reconcile::{HealthStatus, Trigger};
use source::git::{GitError, Limits};
use source::store::Store;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// The operator. Dropping the future of [`Operator::run`] stops it; whatever moment that is, a restart goes on.
pub struct Operator {
    context: Arc<Context>,
    noticed: mpsc::UnboundedReceiver<Noticed>,
}

/// How many sources are fetched at once.
const PARALLEL_SOURCES: usize = 8;

impl Operator {
    /// An operator over `client`'s cluster. Nothing happens before [`Self::run`].
    ///
    /// # Errors
    /// When the store of fetched sources cannot be opened.
    pub fn new(client: Client, settings: Settings) -> Result<Self, GitError> {
        let discovery = Discovery::new(client.clone());
        let (observer, noticed) =
            Observer::new(discovery, client.clone(), kustomization_family(), now);
        let executor = Executor::new(client.clone(), observer.clone());
        let store = Store::open(&settings.data.join("sources"), Limits::default())?;
        let directory = settings.data.join("charts");
        let charts =
            Charts::new(&client, observer.discovery().clone(), &directory).map_err(|source| {
                GitError::Storage {
                    doing: format!("open the store '{}'", directory.display()),
                    source,
                }
            })?;
        let context = Arc::new(Context::new(client, observer, executor, (store, charts), settings));
        Ok(Self { context, noticed })
    }

    /// The door to artifacts, for serving them to other consumers.
    pub fn artifacts(&self) -> crate::Artifacts {
        crate::Artifacts::new(self.context.clone())
    }

    /// Works until dropped.
    pub async fn run(self) {
        let Self { context, noticed } = self;
        let mut tasks = JoinSet::new();
        tasks.spawn(watch_sources(context.clone()));
        tasks.spawn(watch_applications(context.clone()));
        tasks.spawn(listen(context.clone(), noticed));
        tasks.spawn(work_on_sources(context.clone()));
        crate::charts::start(&mut tasks, &context);
        tasks.spawn(work_on_applications(context));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "a part of the operator stopped; restart it");
            }
        }
    }
}

fn everything(context: &Context, resource: cluster::Resource) -> Follow {
    Follow { resource, namespace: context.settings.namespace.clone(), labels: String::new() }
}

async fn watch_sources(context: Arc<Context>) {
    let what = everything(&context, kinds::git_repository());
    follow(&context.client, &what, |told| {
        match told {
            Followed::Applied(object) => see_source(&context, &object),
            Followed::Deleted(object) => {
                let id = Id::new(object.namespace(), object.name());
                context.sources.forget(&id);
                context.fleet.lose_source(&id);
            }
            Followed::Failed(error) => tracing::warn!(%error, "GitRepositories cannot be watched"),
            Followed::Restarted | Followed::Synced => {}
        }
        true
    })
    .await;
}

fn see_source(context: &Context, object: &Value) {
    match object::from_value(object) {
        Ok(source) => {
            if context.fleet.see_source(source) {
                let id = Id::new(object.namespace(), object.name());
                context.sources.add(id, Urgency::Now);
            }
        }
        Err(error) => {
            tracing::error!(object = %object.key(), %error, "this object cannot be understood");
        }
    }
}

async fn watch_applications(context: Arc<Context>) {
    let what = everything(&context, kinds::kustomization());
    follow(&context.client, &what, |told| {
        match told {
            Followed::Applied(object) => see_application(&context, &object),
            Followed::Deleted(object) => {
                let id = Id::new(object.namespace(), object.name());
                context.applications.forget(&id);
                context.fleet.lose_application(&id);
                context.remember(&id, None);
            }
            Followed::Failed(error) => tracing::warn!(%error, "Kustomizations cannot be watched"),
            Followed::Restarted | Followed::Synced => {}
        }
        true
    })
    .await;
}

fn see_application(context: &Context, object: &Value) {
    let application: api::Kustomization = match object::from_value(object) {
        Ok(application) => application,
        Err(error) => {
            tracing::error!(object = %object.key(), %error, "this object cannot be understood");
            return;
        }
    };
    let id = Id::of(&application.metadata);
    let first = context.fleet.application(&id);
    let trigger = trigger(first.as_deref(), &application);
    let ready = is_ready(&application);
    match context.fleet.see_application(application) {
        News::Status => {}
        News::Readiness => {
            if ready {
                wake_dependents(context, &id);
            }
        }
        News::Work => {
            let urgency = if first.is_none() { Urgency::Soon } else { Urgency::Now };
            context.fleet.note_trigger(&id, trigger);
            context.applications.add(id, urgency);
        }
    }
}

fn trigger(old: Option<&api::Kustomization>, new: &api::Kustomization) -> Trigger {
    match old {
        None => Trigger::Start,
        Some(old) if old.metadata.generation != new.metadata.generation => Trigger::Spec,
        Some(_) => Trigger::Request,
    }
}

/// Those that wait for an application need not wait for their next look. Whether one waits is not asked: it may be
/// about to find out that it must, and a run that has nothing to do costs nothing.
pub(crate) fn wake_dependents(context: &Context, id: &Id) {
    for dependent in context.fleet.dependents(id) {
        context.fleet.note_trigger(&dependent, Trigger::Dependency);
        context.applications.add(dependent, Urgency::Soon);
    }
}

/// Turns what the watches noticed about managed objects into work.
async fn listen(context: Arc<Context>, mut noticed: mpsc::UnboundedReceiver<Noticed>) {
    while let Some(Noticed { owner, change, key }) = noticed.recv().await {
        let id = Id::new(owner.0, owner.1);
        let Some(application) = context.fleet.application(&id) else { continue };
        let trigger = match change {
            Change::Drift => Trigger::Drift,
            Change::Health if matters(&context, &application, &key) => Trigger::Interval,
            Change::Health => continue,
        };
        tracing::debug!(application = %id, object = %key, ?change, "noticed");
        context.fleet.note_trigger(&id, trigger);
        context.applications.add(id, Urgency::Now);
    }
}

/// Whether a change of health is news: an object of an application that waits for health failed, or one of an
/// application that is not ready may have recovered. A rollout that is merely on its way is not.
fn matters(context: &Context, application: &api::Kustomization, key: &ObjectKey) -> bool {
    let checks = application.spec.wait || !application.spec.health_checks.is_empty();
    let failed = context.observer.health(key).is_some_and(|h| h.status == HealthStatus::Failed);
    checks && (failed || !is_ready(application))
}

async fn work_on_sources(context: Arc<Context>) {
    let places = Arc::new(Semaphore::new(PARALLEL_SOURCES));
    let mut running = JoinSet::new();
    loop {
        let id = tokio::select! {
            id = context.sources.next() => id,
            Some(_) = running.join_next() => continue,
        };
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let context = context.clone();
        running.spawn(async move {
            git_repository::work(&context, &id).await;
            context.sources.done(&id);
            drop(place);
        });
    }
}

async fn work_on_applications(context: Arc<Context>) {
    let places = Arc::new(Semaphore::new(context.settings.concurrency));
    let mut running = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let id = loop {
            tokio::select! {
                id = context.applications.next() => break id,
                Some(_) = running.join_next() => {}
            }
        };
        let context = context.clone();
        running.spawn(async move {
            let guard = Turnover { context: context.clone(), id: id.clone() };
            kustomization::work(context, id, place).await;
            drop(guard);
        });
    }
}

/// Ends an application's turn whatever happens in it: one that panics must be handed out again.
struct Turnover {
    context: Arc<Context>,
    id: Id,
}

impl Drop for Turnover {
    fn drop(&mut self) {
        self.context.applications.done(&self.id);
    }
}

/// Those that take their files from a source hear of its new revision. `affected` tells which of them may render
/// differently now; they come first.
pub(crate) fn announce(context: &Context, source: &Id, affected: impl Fn(&Id) -> bool) {
    crate::helm_chart::wake_users(context, source);
    for id in context.fleet.users(source) {
        debug_assert!(context.fleet.application(&id).is_none_or(|a| source_of(&a) == *source));
        let urgency = if affected(&id) { Urgency::Now } else { Urgency::Later };
        context.fleet.note_trigger(&id, Trigger::Revision);
        context.applications.add(id, urgency);
    }
}
