//! Helm's side of the operator: the kinds around a HelmRelease, the charts at hand, and the tasks that see to them.

use crate::context::Context;
use crate::registry::{Registry, Watched};
use crate::{Id, helm_chart, helm_release, helm_repository, oci_repository};
use api::HelmRelease;
use cluster::{Client, Discovery, Executor, Follow, Followed, Noticed, Observer, follow};
use helm::Chart;
use object::{Manifest, Map};
use reconcile::{OwnerRef, SyncSpec};
use source::blobs::Blobs;
use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// A chart that is ready to be rendered.
#[derive(Clone)]
pub(crate) struct HeldChart {
    pub(crate) chart: Arc<Chart>,
    /// Its version with what our sources add to it.
    pub(crate) version: String,
    /// Generation of the object that holds it.
    pub(crate) generation: i64,
    /// Defaults instead of the chart's own.
    pub(crate) values: Option<Map>,
    /// Digest of the artifact of a registry.
    pub(crate) oci_digest: String,
}

impl HeldChart {
    /// The chart as templates see it: with the version and the defaults that our sources give it.
    pub(crate) fn finished(self) -> Self {
        let same = self.chart.metadata.version == self.version && self.values.is_none();
        if same {
            return self;
        }
        let mut chart = copy(&self.chart);
        chart.metadata.version.clone_from(&self.version);
        if let Some(values) = self.values.clone() {
            chart.values = values;
        }
        Self { chart: Arc::new(chart), ..self }
    }
}

/// A chart that may be changed; files are shared.
fn copy(chart: &Chart) -> Chart {
    let mut copied = Chart::default();
    copied.metadata = chart.metadata.clone();
    copied.lock = chart.lock.clone();
    copied.templates = chart.templates.clone();
    copied.values = chart.values.clone();
    copied.schema = chart.schema.clone();
    copied.files = chart.files.clone();
    copied.dependencies = chart.dependencies.iter().map(copy).collect();
    copied.modified = chart.modified;
    copied.schema_modified = chart.schema_modified;
    copied
}

/// What the operator knows of charts and releases.
pub(crate) struct Charts {
    pub(crate) blobs: Blobs,
    pub(crate) repositories: Registry<api::HelmRepository>,
    pub(crate) charts: Registry<api::HelmChart>,
    pub(crate) artifacts: Registry<api::OciRepository>,
    pub(crate) releases: Registry<HelmRelease>,
    pub(crate) observer: Observer,
    pub(crate) executor: Executor,
    pub(crate) capabilities: tokio::sync::Mutex<Option<(std::time::Instant, helm::Capabilities)>>,
    noticed: Mutex<Option<mpsc::UnboundedReceiver<Noticed>>>,
    held: Mutex<HashMap<Id, HeldChart>>,
    /// Charts by the digest of their archive: those who use the same share it.
    loaded: Mutex<HashMap<String, Weak<Chart>>>,
}

/// The family of objects that HelmReleases manage.
fn family() -> SyncSpec {
    SyncSpec {
        owner: OwnerRef {
            group: api::names::HELM_GROUP.to_owned(),
            kind: "HelmRelease".to_owned(),
            ..OwnerRef::default()
        },
        field_manager: api::names::HELM_MANAGER.to_owned(),
        ..SyncSpec::default()
    }
}

impl Charts {
    pub(crate) fn new(
        client: &Client,
        discovery: Discovery,
        directory: &Path,
    ) -> std::io::Result<Self> {
        let (observer, noticed) =
            Observer::new(discovery, client.clone(), family(), crate::context::now);
        let executor = Executor::new(client.clone(), observer.clone());
        Ok(Self {
            blobs: Blobs::open(directory)?,
            repositories: Registry::default(),
            charts: Registry::default(),
            artifacts: Registry::default(),
            releases: Registry::default(),
            observer,
            executor,
            capabilities: tokio::sync::Mutex::default(),
            noticed: Mutex::new(Some(noticed)),
            held: Mutex::default(),
            loaded: Mutex::default(),
        })
    }

    /// The chart that a HelmChart holds.
    pub(crate) fn held_chart(&self, id: &Id) -> Option<HeldChart> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn hold_chart(&self, id: &Id, held: HeldChart) {
        let held = held.finished();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), held);
    }

    pub(crate) fn drop_chart(&self, id: &Id) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// The chart in an archive of the store, and the archive's size.
    pub(crate) async fn load(&self, digest: &str) -> Result<(Arc<Chart>, u64), String> {
        let path = self.blobs.path(digest);
        let size = std::fs::metadata(&path).map_or(0, |m| m.len());
        let known = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            loaded.retain(|_, chart| chart.strong_count() > 0);
            loaded.get(digest).and_then(Weak::upgrade)
        };
        if let Some(chart) = known {
            return Ok((chart, size));
        }
        let load = tokio::task::spawn_blocking(move || {
            let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
            Chart::from_archive(&bytes).map_err(|e| helm::chain(&e))
        });
        let chart = Arc::new(load.await.map_err(|e| e.to_string())??);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(digest.to_owned(), Arc::downgrade(&chart));
        Ok((chart, size))
    }
}

/// Whether a release takes its chart from an object.
pub(crate) fn uses(release: &HelmRelease, kind: &str, id: &Id) -> bool {
    let own = &release.metadata.namespace;
    if let Some(reference) = &release.spec.chart_ref {
        let namespace = reference.namespace.as_ref().unwrap_or(own);
        return reference.kind == kind && *namespace == id.namespace && reference.name == id.name;
    }
    kind == "HelmChart" && helm_release::chart_id(release).as_ref() == Some(id)
}

/// Starts what sees to charts and releases.
pub(crate) fn start(tasks: &mut JoinSet<()>, context: &Arc<Context>) {
    let c = context.clone();
    tasks.spawn(watch(c.clone(), |c| &c.charts.repositories, |_, _| {}));
    tasks.spawn(watch(c.clone(), |c| &c.charts.charts, |_, _| {}));
    tasks.spawn(watch(c.clone(), |c| &c.charts.artifacts, |_, _| {}));
    tasks.spawn(watch(c.clone(), |c| &c.charts.releases, helm_release::wake_dependents));
    tasks.spawn(serve(
        c.clone(),
        |c| &c.charts.repositories,
        4,
        async |c, id| {
            helm_repository::work(&c, &id).await;
        },
    ));
    tasks.spawn(serve(
        c.clone(),
        |c| &c.charts.charts,
        8,
        async |c, id| {
            helm_chart::work(&c, &id).await;
        },
    ));
    tasks.spawn(serve(
        c.clone(),
        |c| &c.charts.artifacts,
        8,
        async |c, id| {
            oci_repository::work(&c, &id).await;
        },
    ));
    let places = context.settings.concurrency.max(1) * 4;
    tasks.spawn(serve(
        c.clone(),
        |c| &c.charts.releases,
        places,
        async |c, id| {
            helm_release::work(&c, &id).await;
        },
    ));
    tasks.spawn(listen(c));
}

/// Drift of a release's objects becomes work.
async fn listen(context: Arc<Context>) {
    let receiver = context.charts.noticed.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut noticed) = receiver else { return };
    while let Some(Noticed { owner, change, .. }) = noticed.recv().await {
        let id = Id::new(owner.0, owner.1);
        if change == cluster::Change::Drift {
            helm_release::notice_drift(&context, &id);
        }
    }
}

async fn watch<T: Watched>(
    context: Arc<Context>,
    registry: fn(&Context) -> &Registry<T>,
    changed: fn(&Context, &Id),
) {
    let what = Follow {
        resource: T::resource(),
        namespace: context.settings.namespace.clone(),
        labels: String::new(),
    };
    follow(&context.client, &what, |told| {
        let registry = registry(&context);
        match told {
            Followed::Applied(object) => {
                if registry.see(&object) {
                    changed(&context, &Id::new(object.namespace(), object.name()));
                }
            }
            Followed::Deleted(object) => {
                registry.lose(&Id::new(object.namespace(), object.name()));
            }
            Followed::Failed(error) => {
                tracing::warn!(kind = T::KIND, %error, "cannot be watched");
            }
            Followed::Restarted | Followed::Synced => {}
        }
        true
    })
    .await;
}

async fn serve<T: Watched, F: Future<Output = ()> + Send + 'static>(
    context: Arc<Context>,
    registry: fn(&Context) -> &Registry<T>,
    places: usize,
    work: impl Fn(Arc<Context>, Id) -> F + Send + 'static,
) {
    let places = Arc::new(Semaphore::new(places));
    let mut running = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let id = loop {
            tokio::select! {
                id = registry(&context).queue.next() => break id,
                Some(_) = running.join_next() => {}
            }
        };
        let turn = Turnover { context: context.clone(), registry, id: id.clone() };
        let work = work(context.clone(), id);
        running.spawn(async move {
            work.await;
            drop(turn);
            drop(place);
        });
    }
}

/// Ends a turn whatever happens in it.
struct Turnover<T: Watched> {
    context: Arc<Context>,
    registry: fn(&Context) -> &Registry<T>,
    id: Id,
}

impl<T: Watched> Drop for Turnover<T> {
    fn drop(&mut self) {
        (self.registry)(&self.context).queue.done(&self.id);
    }
}
