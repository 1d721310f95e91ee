//! What every run has at hand.

use crate::charts::Charts;
use crate::external::{Allowed, Fetcher};
use crate::git_repository::SourceMemory;
use crate::{Fleet, Id, Queue};
use api::Timestamp;
use cluster::{Client, Executor, Observer};
use reconcile::SyncSpec;
use reconcile::health::HealthTarget;
use source::artifact::Descriptions;
use source::store::Store;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the operator is to work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where fetched sources are kept.
    pub data: PathBuf,
    /// Only this namespace's sources and applications; empty means all.
    pub namespace: String,
    /// How many applications are worked on at once.
    pub concurrency: usize,
    /// Whether a GitRepository may name a path of this machine (`file://`). Only for a server of one's own:
    /// whoever may create sources could read any repository on the machine.
    pub local_sources: bool,
    /// Whether kustomizations may name bases and files of other machines.
    pub remote_bases: bool,
    /// Time until an application looks again at a dependency that is not ready. It is told at once when the
    /// dependency becomes ready; this is for what no watch shows.
    pub dependency_retry: Duration,
    /// Base URL under which artifacts are served, such as `http://127.0.0.1:9790`.
    pub artifact_address: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./.windlass"),
            namespace: String::new(),
            concurrency: 16,
            local_sources: false,
            remote_bases: true,
            dependency_retry: Duration::from_secs(30),
            artifact_address: String::new(),
        }
    }
}

/// What every run has at hand. One per operator.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) observer: Observer,
    pub(crate) executor: Executor,
    pub(crate) store: Store,
    pub(crate) fetcher: Fetcher,
    pub(crate) settings: Settings,
    pub(crate) fleet: Fleet,
    pub(crate) sources: Queue<Id>,
    pub(crate) applications: Queue<Id>,
    pub(crate) descriptions: Descriptions,
    pub(crate) charts: Charts,
    memory: Mutex<HashMap<Id, Arc<Memory>>>,
    source_memory: Mutex<HashMap<Id, SourceMemory>>,
}

/// What the last successful run of an application leaves, so that the next need not do it again.
pub(crate) struct Memory {
    /// What the run was asked to do: another spec renders anew.
    pub(crate) spec: api::KustomizationSpec,
    /// What rendering read.
    pub(crate) reads: tree::Reads,
    /// Digest of what came out.
    pub(crate) digest: String,
    /// The objects, in order.
    pub(crate) objects: Vec<object::ObjectKey>,
    /// What it waited for.
    pub(crate) targets: Vec<HealthTarget>,
}

impl Context {
    pub(crate) fn new(
        client: Client,
        observer: Observer,
        executor: Executor,
        (store, charts): (Store, Charts),
        settings: Settings,
    ) -> Self {
        let allowed = match (settings.remote_bases, settings.local_sources) {
            (false, _) => Allowed::Nothing,
            (true, false) => Allowed::Remote,
            (true, true) => Allowed::RemoteAndLocal,
        };
        let fetcher = Fetcher::new(settings.data.join("remote"), allowed);
        Self {
            client,
            observer,
            executor,
            store,
            fetcher,
            settings,
            fleet: Fleet::default(),
            sources: Queue::default(),
            applications: Queue::default(),
            descriptions: Descriptions::default(),
            charts,
            memory: Mutex::default(),
            source_memory: Mutex::default(),
        }
    }

    fn memories(&self) -> MutexGuard<'_, HashMap<Id, Arc<Memory>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn memory(&self, id: &Id) -> Option<Arc<Memory>> {
        self.memories().get(id).cloned()
    }

    /// What is kept of a source; it is put back with [`Self::put_source`] when its turn is over.
    pub(crate) fn take_source(&self, id: &Id) -> SourceMemory {
        let mut all = self.source_memory.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(id).unwrap_or_default()
    }

    pub(crate) fn put_source(&self, id: &Id, memory: SourceMemory) {
        let mut all = self.source_memory.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id.clone(), memory);
    }

    pub(crate) fn remember(&self, id: &Id, memory: Option<Memory>) {
        match memory {
            Some(memory) => self.memories().insert(id.clone(), Arc::new(memory)),
            None => self.memories().remove(id),
        };
    }
}

/// The family of objects that Kustomizations manage: what marks them and whose fields they are.
pub(crate) fn kustomization_family() -> SyncSpec {
    SyncSpec::of_kustomization(&api::Kustomization::default())
}

/// The wall clock, in the API's whole seconds.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(jiff::Timestamp::now().as_second())
}
