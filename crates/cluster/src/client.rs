//! Requests and answers: the connection, in values.

use crate::{ApiError, Resource, resource};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use kube::client::Body;
use object::Value;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A connection to one Kubernetes API server, over a socket or in process. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: kube::Client,
    requests: Arc<AtomicU64>,
}

/// How a write is to be carried out.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions<'a> {
    /// The field manager that owns what is written.
    pub field_manager: &'a str,
    /// Take over fields other managers own (server-side apply only).
    pub force: bool,
    /// Let the server do everything but store it.
    pub dry_run: bool,
}

/// How children are treated when an object is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// The object goes at once, children later.
    Background,
    /// The object goes after its children.
    Foreground,
    /// Children stay.
    Orphan,
}

impl Client {
    /// Over any HTTP service: how the embedded API server is used without a socket.
    pub fn in_process<S, B>(service: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<tower::BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<tower::BoxError>,
    {
        Self::over(kube::Client::new(service, "default"))
    }

    /// To the cluster of a kubeconfig file, or of the standard places (`KUBECONFIG`, `~/.kube/config`, the
    /// pod's service account) when `kubeconfig` is `None`.
    ///
    /// # Errors
    /// A sentence naming what could not be read or connected.
    pub async fn connect(
        kubeconfig: Option<&std::path::Path>,
        context: Option<&str>,
    ) -> Result<Self, ConnectError> {
        let options = kube::config::KubeConfigOptions {
            context: context.map(str::to_owned),
            ..Default::default()
        };
        let config = match kubeconfig {
            Some(path) => {
                let file = kube::config::Kubeconfig::read_from(path)
                    .map_err(|e| ConnectError(format!("kubeconfig {}: {e}", path.display())))?;
                kube::Config::from_custom_kubeconfig(file, &options)
                    .await
                    .map_err(|e| ConnectError(format!("kubeconfig {}: {e}", path.display())))?
            }
            None if context.is_some() => kube::Config::from_kubeconfig(&options)
                .await
                .map_err(|e| ConnectError(format!("kubeconfig: {e}")))?,
            None => kube::Config::infer()
                .await
                .map_err(|e| ConnectError(format!("no kubeconfig and no service account: {e}")))?,
        };
        let mut config = config;
        // Watches are open for minutes without a byte; a read timeout would cut them.
        config.read_timeout = None;
        kube::Client::try_from(config).map(Self::over).map_err(|e| ConnectError(e.to_string()))
    }

    fn over(inner: kube::Client) -> Self {
        Self { inner, requests: Arc::default() }
    }

    /// Requests sent since the start, watches included.
    pub fn request_count(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, ApiError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.send(request).await.map_err(|e| ApiError::Connection(chain(&e)))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let code = answer.status().as_u16();
        let wait = answer
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|v| v.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = collect(answer.into_body()).await?;
        Err(ApiError::from_answer(code, wait, &body))
    }

    async fn value(&self, request: Request<Body>) -> Result<Value, ApiError> {
        let body = collect(self.send(request).await?.into_body()).await?;
        object::from_json(&body).map_err(|e| ApiError::Answer(e.to_string()))
    }

    /// The JSON at any path of the API, such as `/version`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn raw(&self, path: &str, accept: &str) -> Result<Value, ApiError> {
        self.value(build(Method::GET, path, Some(accept), None, Vec::new())?).await
    }

    /// One object, `None` when it is not there.
    ///
    /// # Errors
    /// [`ApiError`], but for "not found".
    pub async fn get(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let request = build(Method::GET, &resource.path(namespace, name), None, None, Vec::new())?;
        match self.value(request).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of a collection; `query` holds selectors, `limit` and `continue`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn list(
        &self,
        resource: &Resource,
        namespace: &str,
        query: &[(&str, &str)],
    ) -> Result<Value, ApiError> {
        let path = with_query(resource.path(namespace, ""), query);
        self.value(build(Method::GET, &path, None, None, Vec::new())?).await
    }

    /// Opens a watch; the body is one JSON event a line.
    pub(crate) async fn watch(
        &self,
        resource: &Resource,
        namespace: &str,
        query: &[(&str, &str)],
    ) -> Result<Body, ApiError> {
        let path = with_query(resource.path(namespace, ""), query);
        Ok(self.send(build(Method::GET, &path, None, None, Vec::new())?).await?.into_body())
    }

    /// Server-side apply of `object`.
    ///
    /// # Errors
    /// [`ApiError`]; 409 when another manager owns a field and `force` is off.
    pub async fn apply(
        &self,
        resource: &Resource,
        object: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        use object::Manifest;
        let mut query = vec![("fieldManager", options.field_manager)];
        if options.force {
            query.push(("force", "true"));
        }
        if options.dry_run {
            query.push(("dryRun", "All"));
        }
        let path = with_query(resource.path(object.namespace(), object.name()), &query);
        let body = object::to_json(object);
        self.value(build(Method::PATCH, &path, None, Some("application/apply-patch+yaml"), body)?)
            .await
    }

    /// A JSON merge patch of an object, or of one of its subresources (`status`).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge_patch(
        &self,
        resource: &Resource,
        (namespace, name, subresource): (&str, &str, &str),
        patch: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        self.patch(
            resource,
            (namespace, name, subresource),
            "application/merge-patch+json",
            patch,
            options,
        )
        .await
    }

    /// A JSON patch (RFC 6902) of an object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn json_patch(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        patch: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        self.patch(resource, (namespace, name, ""), "application/json-patch+json", patch, options)
            .await
    }

    async fn patch(
        &self,
        resource: &Resource,
        (namespace, name, subresource): (&str, &str, &str),
        content_type: &str,
        patch: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        let mut path = resource.path(namespace, name);
        if !subresource.is_empty() {
            path.push('/');
            path.push_str(subresource);
        }
        let mut query = vec![("fieldManager", options.field_manager)];
        if options.dry_run {
            query.push(("dryRun", "All"));
        }
        let path = with_query(path, &query);
        self.value(build(Method::PATCH, &path, None, Some(content_type), object::to_json(patch))?)
            .await
    }

    /// Creates an object.
    ///
    /// # Errors
    /// [`ApiError`]; 409 when it exists.
    pub async fn create(
        &self,
        resource: &Resource,
        object: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        use object::Manifest;
        let mut query = vec![("fieldManager", options.field_manager)];
        if options.dry_run {
            query.push(("dryRun", "All"));
        }
        let path = with_query(resource.path(object.namespace(), ""), &query);
        self.value(build(Method::POST, &path, None, Some(JSON), object::to_json(object))?).await
    }

    /// Replaces an object; its `resourceVersion` must be the live one.
    ///
    /// # Errors
    /// [`ApiError`]; 409 when it changed meanwhile.
    pub async fn replace(
        &self,
        resource: &Resource,
        object: &Value,
        options: WriteOptions<'_>,
    ) -> Result<Value, ApiError> {
        use object::Manifest;
        let query = [("fieldManager", options.field_manager)];
        let path = with_query(resource.path(object.namespace(), object.name()), &query);
        self.value(build(Method::PUT, &path, None, Some(JSON), object::to_json(object))?).await
    }

    /// Deletes an object if it still has this `uid` (when given). Gone already counts as done.
    ///
    /// # Errors
    /// [`ApiError`], but for "not found".
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        uid: Option<&str>,
        propagation: Propagation,
    ) -> Result<(), ApiError> {
        let mut body = object::map! {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": match propagation {
                Propagation::Background => "Background",
                Propagation::Foreground => "Foreground",
                Propagation::Orphan => "Orphan",
            },
        };
        if let Some(uid) = uid {
            body.insert("preconditions", object::map! {"uid": uid});
        }
        let path = resource.path(namespace, name);
        let body = object::to_json(&Value::Map(body));
        match self.send(build(Method::DELETE, &path, None, Some(JSON), body)?).await {
            Ok(answer) => {
                collect(answer.into_body()).await?;
                Ok(())
            }
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Why no client could be made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConnectError(String);

const JSON: &str = "application/json";

fn build(
    method: Method,
    path: &str,
    accept: Option<&str>,
    content_type: Option<&str>,
    body: Vec<u8>,
) -> Result<Request<Body>, ApiError> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ACCEPT, accept.unwrap_or(JSON))
        .header(header::USER_AGENT, concat!("windlass/", env!("CARGO_PKG_VERSION")));
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(Body::from(body)).map_err(|e| ApiError::Connection(format!("{path}: {e}")))
}

fn with_query(mut path: String, query: &[(&str, &str)]) -> String {
    for (i, (key, value)) in query.iter().enumerate() {
        let mark = if i == 0 { '?' } else { '&' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{mark}{key}={}", resource::encode(value));
    }
    path
}

async fn collect(body: Body) -> Result<Bytes, ApiError> {
    body.collect().await.map(|b| b.to_bytes()).map_err(|e| ApiError::Connection(chain(&e)))
}

/// An error with its causes in one line, a cause that repeats its effect's text left out.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
