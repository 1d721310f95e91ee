//! The server as a whole: opened, asked, shut down.

use crate::access::{self, Attributes};
use crate::clock::Clock;
use crate::discovery;
use crate::kinds;
use crate::lifecycle::Lifecycle;
use crate::registry::Registry;
use crate::rest::reply::{self, Reply, ReplyBody};
use crate::rest::{self, Api, ApiError, Asked, Identity, Params, Target};
use crate::serve::{Credentials, CredentialsError};
use crate::store::{Store, StoreError, StoreOptions};
use crate::workloads::{Settings, simulate};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, StatusCode, header};
use http_body::Body;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a request that is no watch may take.
const PATIENCE: Duration = Duration::from_secs(60);

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
            store: StoreOptions::default(),
        }
    }
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
        let credentials = Credentials::open(options.data_dir.as_deref())?;
        let api = Api::new(store, Registry::default(), options.clock.clone());
        api.trust(credentials.authority()?);
        kinds::start(&api);
        let lifecycle = Lifecycle::start(&api, &options).await?;
        let workloads =
            options.workloads.map(|settings| tokio::spawn(simulate(api.clone(), settings)));
        let inner = Inner { api, credentials, lifecycle: Mutex::new(Some(lifecycle)), workloads };
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
        ApiService { server: self.clone(), identity: Some(identity), socket: false }
    }

    /// A service that asks as the request's bearer token says.
    pub fn authenticating_service(&self) -> ApiService {
        ApiService { server: self.clone(), identity: None, socket: true }
    }

    /// A service for one connection, whose client has shown a certificate or not.
    pub(crate) fn connection_service(&self, certified: Option<Identity>) -> ApiService {
        ApiService { server: self.clone(), identity: certified, socket: true }
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

    /// Who asks: the caller in process, else the certificate of the connection, else the bearer token, else nobody;
    /// and then whoever they want to be.
    fn identify(
        &self,
        parts: &http::request::Parts,
        given: Option<Identity>,
    ) -> Result<Identity, ApiError> {
        let who = given.or_else(|| parts.extensions.get::<Identity>().cloned());
        let who = match who {
            Some(who) => who,
            None => self.by_token(parts)?.unwrap_or_else(Identity::anonymous),
        };
        let other = access::impersonated(self.api().access(), &who, &parts.headers)?;
        Ok(other.unwrap_or(who))
    }

    /// Whom the bearer token stands for; `None` when there is none.
    fn by_token(&self, parts: &http::request::Parts) -> Result<Option<Identity>, ApiError> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let Some((scheme, token)) = header.and_then(|h| h.trim().split_once(' ')) else {
            return Ok(None);
        };
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Ok(None);
        }
        let known = access::authenticate(self.api(), token, &[access::ISSUER]);
        known.map(|(who, _)| Some(who)).map_err(|_| ApiError::unauthorized())
    }

    async fn answer<B>(&self, request: Request<B>, identity: Option<Identity>) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let who = match self.identify(&parts, identity) {
            Ok(who) => Arc::new(who),
            Err(error) => return error.into(),
        };
        let asked = Attributes::read(&parts.method, path, parts.uri.query().unwrap_or_default());
        let decision = self.api().access().decide(&who, &asked);
        if !decision.allowed {
            return asked.forbidden(&who, &decision.reason).into();
        }
        if let Some(reply) = plain_path(self.api(), path) {
            return reply;
        }
        let snapshot = self.api().registry().snapshot();
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
        let accept = accept.unwrap_or_default();
        let target = match Target::parse(path, &snapshot) {
            Some(Ok(target)) => target,
            Some(Err(error)) => return error.into(),
            None => {
                return discovery::answer(&snapshot, path, accept)
                    .or_else(|| discovery::openapi::answer(&snapshot, &parts))
                    .unwrap_or_else(|| match path {
                        "/" => reply::json(StatusCode::OK, &discovery::paths(&snapshot)),
                        _ => reply::text(StatusCode::NOT_FOUND, "404 page not found\n"),
                    });
            }
        };
        drop(snapshot);
        let work = async {
            let body = match parts.method {
                Method::GET | Method::HEAD => Bytes::new(),
                _ => match rest::body::collect(body).await {
                    Ok(body) => body,
                    Err(error) => return error.into(),
                },
            };
            let params = Params::parse(parts.uri.query().unwrap_or_default());
            let (method, headers) = (&parts.method, &parts.headers);
            let asked = Asked { method, headers, params, body, who: &who };
            rest::respond(self.api(), &target, &asked).await
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(reply) => reply,
            Err(_) => {
                let mut error = ApiError::unclassified(
                    "Timeout: request did not complete within the allotted timeout",
                );
                error.code = StatusCode::GATEWAY_TIMEOUT;
                error.reason = "Timeout";
                error.into()
            }
        }
    }
}

/// Paths behind which there is no resource and no document of the API.
fn plain_path(api: &Api, path: &str) -> Option<Reply> {
    match path {
        "/healthz" | "/livez" | "/readyz" => Some(reply::text(StatusCode::OK, "ok")),
        "/version" | "/version/" => Some(reply::json(StatusCode::OK, &discovery::version())),
        "/.well-known/openid-configuration" => {
            Some(reply::json(StatusCode::OK, &access::openid_configuration()))
        }
        "/openid/v1/jwks" => {
            let keys = object::to_json(&api.authority()?.key_set());
            Some(reply::full(StatusCode::OK, "application/jwk-set+json", keys))
        }
        _ => None,
    }
}

/// The API server as a tower service, with or without a socket.
#[derive(Clone)]
pub struct ApiService {
    server: ApiServer,
    identity: Option<Identity>,
    socket: bool,
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = http::Response<ReplyBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (server, identity) = (self.server.clone(), self.identity.clone());
        let gzip = self.socket && crate::serve::accepts_gzip(request.headers());
        Box::pin(async move {
            let reply = server.answer(request, identity).await;
            Ok(if gzip { crate::serve::compressed(reply) } else { reply })
        })
    }
}
