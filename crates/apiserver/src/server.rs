//! The server as a whole: opened, asked, shut down.

use crate::audit::{Audit, AuditOptions, Policy, PolicyError};
use crate::clock::Clock;
use crate::handle::{ApiService, Origin};
use crate::kinds;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::rest::{Api, ApiError, Identity};
use crate::serve::{Credentials, CredentialsError};
use crate::store::{Store, StoreError, StoreOptions};
use crate::workloads::{Settings, simulate};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a server is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the data; `None` keeps everything in memory only.
    pub data_dir: Option<PathBuf>,
    /// The time.
    pub clock: Clock,
    /// How long an Event is kept.
    pub event_ttl: Duration,
    /// How many Events are kept at most.
    pub event_limit: usize,
    /// How workloads are simulated; `None` leaves them to somebody else.
    pub workloads: Option<Settings>,
    /// The audit log; `None` for none. When the data folder holds `audit-policy.yaml`, it is kept there by that policy.
    pub audit: Option<AuditOptions>,
    /// Bounds of the store; its path is derived from `data_dir`.
    pub store: StoreOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            clock: Clock::system(),
            event_ttl: Duration::from_secs(3600),
            event_limit: 20_000,
            workloads: None,
            audit: None,
            store: StoreOptions::default(),
        }
    }
}

/// The audit log that was asked for, or that a policy in the data folder asks for.
fn audit_options(options: &Options) -> Result<Option<AuditOptions>, OpenError> {
    let Some(folder) = options.data_dir.as_ref().filter(|_| options.audit.is_none()) else {
        return Ok(options.audit.clone());
    };
    let path = folder.join("audit-policy.yaml");
    let text = match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let policy = Policy::parse(&text);
    let policy = policy.map_err(|source| OpenError::AuditPolicy { path, source })?;
    Ok(Some(AuditOptions { policy, ..AuditOptions::new(folder.join("audit.log")) }))
}

/// Why a server could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store.
    #[error("the API server's store cannot be opened")]
    Store(#[from] StoreError),
    /// Certificates and tokens.
    #[error("the API server's credentials cannot be made")]
    Credentials(#[from] CredentialsError),
    /// The audit log.
    #[error("the audit log cannot be written")]
    Audit(#[from] std::io::Error),
    /// The audit policy.
    #[error("the audit policy {path} cannot be used", path = path.display())]
    AuditPolicy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: PolicyError,
    },
    /// What every cluster has could not be created.
    #[error("the API server's first objects cannot be created")]
    Bootstrap(#[from] ApiError),
}

/// A running API server; clones share it.
#[derive(Clone)]
pub struct ApiServer {
    inner: Arc<Inner>,
}

struct Inner {
    api: Api,
    credentials: Credentials,
    metrics: Metrics,
    audit: Option<Audit>,
    lifecycle: Mutex<Option<Lifecycle>>,
    workloads: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(workloads) = &self.workloads {
            workloads.abort();
        }
    }
}

impl ApiServer {
    /// Opens the data, creates what every cluster has, starts what works behind the API. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    /// When the data cannot be read or written.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let store_options = StoreOptions {
            path: options.data_dir.as_ref().map(|dir| dir.join("apiserver.redb")),
            ..options.store.clone()
        };
        let store = tokio::task::spawn_blocking(move || Store::open(&store_options))
            .await
            .map_err(|_| StoreError::Closed)??;
        let audit = match audit_options(&options)? {
            Some(audit) => Some(Audit::open(audit, options.clock.clone())?),
            None => None,
        };
        let credentials = Credentials::open(options.data_dir.as_deref())?;
        let api = Api::new(store, Registry::default(), options.clock.clone());
        api.trust(credentials.authority()?);
        kinds::start(&api);
        let lifecycle = Lifecycle::start(&api, &options).await?;
        let workloads =
            options.workloads.map(|settings| tokio::spawn(simulate(api.clone(), settings)));
        let (lifecycle, metrics) = (Mutex::new(Some(lifecycle)), Metrics::new());
        let inner = Inner { api, credentials, metrics, audit, lifecycle, workloads };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The operations behind the requests, for the server's own parts.
    pub fn api(&self) -> &Api {
        &self.inner.api
    }

    /// Certificates and token.
    pub fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    /// A service that asks as `identity`, in process: `kube::Client::new(server.service(..), "default")`.
    pub fn service(&self, identity: Identity) -> ApiService {
        let origin = Origin { identity: Some(identity), ..Origin::default() };
        ApiService { server: self.clone(), origin: Arc::new(origin) }
    }

    /// A service that asks as the request's bearer token says.
    pub fn authenticating_service(&self) -> ApiService {
        let origin = Origin { socket: true, ..Origin::default() };
        ApiService { server: self.clone(), origin: Arc::new(origin) }
    }

    /// A service for one connection.
    pub(crate) fn connection_service(&self, origin: Origin) -> ApiService {
        ApiService { server: self.clone(), origin: Arc::new(origin) }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.inner.audit.as_ref()
    }

    /// A kubeconfig for the server at `address` (`host:port`).
    pub fn kubeconfig(&self, address: &str) -> String {
        self.inner.credentials.kubeconfig(address)
    }

    /// Stops what works behind the API, makes accepted changes durable, closes the data. Requests that come
    /// later are refused.
    pub async fn shutdown(&self) {
        let lifecycle = self.inner.lifecycle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(workloads) = &self.inner.workloads {
            workloads.abort();
        }
        if let Some(lifecycle) = lifecycle {
            lifecycle.stop().await;
        }
        let store = self.api().store().clone();
        // Only a panic in `close` is an error here, and then there is nothing left to close.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}
