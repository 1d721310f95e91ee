//! The way of one HTTP request: who asks, may they, the answer, and what is told of it.

use crate::access::{self, Attributes, Identity};
use crate::audit::{self, Trace};
use crate::discovery;
use crate::metrics::{OpenWatch, Query};
use crate::rest::reply::{self, Reply, ReplyBody};
use crate::rest::{self, ApiError, Asked, Params, Target};
use crate::server::ApiServer;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body::Body;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long a request that is no watch may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where requests come from.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    /// Who asks, where that is known before the request.
    pub(crate) identity: Option<Identity>,
    /// The address at the other end; `None` in process.
    pub(crate) peer: Option<IpAddr>,
    /// Whether answers go over a socket.
    pub(crate) socket: bool,
}

/// The API server as a tower service, with or without a socket.
#[derive(Clone)]
pub struct ApiService {
    pub(crate) server: ApiServer,
    pub(crate) origin: Arc<Origin>,
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
        let (server, origin) = (self.server.clone(), self.origin.clone());
        let gzip = origin.socket && crate::serve::accepts_gzip(request.headers());
        Box::pin(async move {
            let reply = server.answer(request, &origin).await;
            Ok(if gzip { crate::serve::compressed(reply) } else { reply })
        })
    }
}

/// What is known of a request whose sender is known.
struct Known<'a> {
    parts: &'a Parts,
    who: Arc<Identity>,
    asked: Attributes,
    trace: Option<Trace>,
    /// Whether there is such a resource.
    served: bool,
}

impl ApiServer {
    async fn answer<B>(&self, request: Request<B>, origin: &Origin) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default();
        let asked = Attributes::read(&parts.method, parts.uri.path(), query);
        let _in_flight = self.metrics().enter(&asked);
        let who = match self.identify(&parts, origin) {
            Ok(who) => who,
            Err(error) => {
                let code = error.code.as_u16();
                let nobody = Query::default();
                self.metrics().answered(&asked, false, nobody, code, started.elapsed());
                return error.into();
            }
        };
        let other = match access::impersonated(self.api().access(), &who, &parts.headers) {
            Ok(other) => other,
            Err(error) => return error.into(),
        };
        let trace = self.audit().and_then(|audit| {
            let uri = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
            let request = audit::Asked { uri, headers: &parts.headers, peer: origin.peer };
            audit.begin(&who, other.as_ref(), &asked, &request)
        });
        let who = Arc::new(other.unwrap_or(who));
        let mut known = Known { parts: &parts, who, asked, trace, served: false };
        let mut reply = self.authorized(&mut known, body).await;
        let Known { asked, trace, served, .. } = known;
        let header = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let content = header(header::CONTENT_TYPE).unwrap_or_default();
        let counted =
            Query { apply: content.contains("apply-patch"), dry_run: query.contains("dryRun=All") };
        self.metrics().answered(
            &asked,
            served,
            counted,
            reply.status().as_u16(),
            started.elapsed(),
        );
        let trace = trace.and_then(|trace| trace.answered(&reply));
        if let ReplyBody::Stream(_) = reply.body() {
            let watch = self.metrics().watching(&asked);
            reply = followed(reply, watch, trace);
        }
        reply
    }

    /// Who asks: the caller in process, else the certificate of the connection, else the bearer token, else nobody.
    fn identify(&self, parts: &Parts, origin: &Origin) -> Result<Identity, ApiError> {
        let given = origin.identity.as_ref().or_else(|| parts.extensions.get::<Identity>());
        match given {
            Some(who) => Ok(who.clone()),
            None => Ok(self.by_token(parts)?.unwrap_or_else(Identity::anonymous)),
        }
    }

    /// Whom the bearer token stands for; `None` when there is none.
    fn by_token(&self, parts: &Parts) -> Result<Option<Identity>, ApiError> {
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

    async fn authorized<B>(&self, known: &mut Known<'_>, body: B) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let decision = self.api().access().decide(&known.who, &known.asked);
        if let Some(trace) = &mut known.trace {
            trace.decided(decision.allowed, &decision.reason);
        }
        if !decision.allowed {
            return known.asked.forbidden(&known.who, &decision.reason).into();
        }
        let parts = known.parts;
        let path = parts.uri.path();
        if let Some(reply) = self.plain_path(path) {
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
                    .or_else(|| discovery::openapi::answer(&snapshot, parts))
                    .unwrap_or_else(|| match path {
                        "/" => reply::json(StatusCode::OK, &discovery::paths(&snapshot)),
                        _ => reply::text(StatusCode::NOT_FOUND, "404 page not found\n"),
                    });
            }
        };
        drop(snapshot);
        known.served = true;
        match tokio::time::timeout(PATIENCE, self.respond(known, &target, body)).await {
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

    async fn respond<B>(&self, known: &mut Known<'_>, target: &Target, body: B) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let parts = known.parts;
        let body = match parts.method {
            Method::GET | Method::HEAD => Bytes::new(),
            _ => match rest::body::collect(body).await {
                Ok(body) => body,
                Err(error) => return error.into(),
            },
        };
        if let Some(trace) = &mut known.trace {
            let content = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
            trace.received(&body, content.unwrap_or_default());
        }
        let params = Params::parse(parts.uri.query().unwrap_or_default());
        let (method, headers) = (&parts.method, &parts.headers);
        let asked = Asked { method, headers, params, body, who: &known.who };
        rest::respond(self.api(), target, &asked).await
    }

    /// Paths behind which there is no resource and no document of the API.
    fn plain_path(&self, path: &str) -> Option<Reply> {
        match path {
            "/healthz" | "/livez" | "/readyz" => Some(reply::text(StatusCode::OK, "ok")),
            "/version" | "/version/" => Some(reply::json(StatusCode::OK, &discovery::version())),
            "/metrics" => {
                let audit = self.audit().map(audit::Audit::counts);
                let text = self.metrics().render(self.api(), audit);
                let kind = "text/plain; version=0.0.4; charset=utf-8";
                Some(reply::full(StatusCode::OK, kind, text))
            }
            "/.well-known/openid-configuration" => {
                Some(reply::json(StatusCode::OK, &access::openid_configuration()))
            }
            "/openid/v1/jwks" => {
                let keys = object::to_json(&self.api().authority()?.key_set());
                Some(reply::full(StatusCode::OK, "application/jwk-set+json", keys))
            }
            _ => None,
        }
    }
}

/// The stream of a watch, counted while it is open and told of when it ends.
fn followed(reply: Reply, watch: OpenWatch, trace: Option<Trace>) -> Reply {
    struct End(Option<Trace>);
    impl Drop for End {
        fn drop(&mut self) {
            if let Some(trace) = &self.0 {
                trace.tell("ResponseComplete");
            }
        }
    }
    let end = End(trace);
    reply.map(|body| match body {
        ReplyBody::Stream(stream) => ReplyBody::Stream(Box::pin(stream.inspect(move |_| {
            let _ = &end;
            watch.0.sent();
        }))),
        full => full,
    })
}
