//! Routes, headers and the socket.

use crate::live::Live;
use crate::pages::{ApplicationPage, Fleet};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use cluster::{ApiError, Client};
use futures::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What the pages say of the place they show.
#[derive(Clone)]
pub struct Options {
    /// Shown in the header, such as the API server's address.
    pub place: String,
    /// Whether workloads are simulated there.
    pub simulated: bool,
    /// Where the artifacts of sources come from.
    pub tarballs: Arc<dyn Tarballs>,
}

/// Makes the artifacts of sources for other consumers.
pub trait Tarballs: Send + Sync {
    /// The tarball at a path such as `gitrepository/NAMESPACE/NAME/COMMIT.tar.gz`; `None` when there is none.
    fn tarball(&self, path: String) -> BoxFuture<'static, Option<Vec<u8>>>;
}

#[derive(Clone)]
struct Pages {
    client: Client,
    options: Options,
    live: Live,
}

/// Serves the pages until `stop` is done.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    client: Client,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(client, options)).with_graceful_shutdown(stop).await
}

fn router(client: Client, options: Options) -> Router {
    let live = Live::start(&client);
    Router::new()
        .route("/", get(fleet))
        .route("/kustomization/{namespace}/{name}", get(application))
        .route("/gitrepository/{namespace}/{name}/{file}", get(tarball))
        .route("/live", get(async |State(pages): State<Pages>| pages.live.stream()))
        .route("/style.css", get(async || asset("text/css", include_str!("../assets/style.css"))))
        .route(
            "/live.js",
            get(async || asset("text/javascript", include_str!("../assets/live.js"))),
        )
        .route("/healthz", get(async || "ok"))
        .layer(middleware::from_fn(secure))
        .with_state(Pages { client, options, live })
}

async fn fleet(State(pages): State<Pages>) -> Response {
    let Options { place, simulated, .. } = &pages.options;
    match Fleet::load(&pages.client, place, *simulated).await {
        Ok(page) => html(&page),
        Err(error) => failed(&error),
    }
}

async fn application(
    State(pages): State<Pages>,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    let Options { place, simulated, .. } = &pages.options;
    match ApplicationPage::load(&pages.client, place, *simulated, (&namespace, &name)).await {
        Ok(Some(page)) => html(&page),
        Ok(None) => (StatusCode::NOT_FOUND, "There is no such Kustomization.\n").into_response(),
        Err(error) => failed(&error),
    }
}

async fn tarball(
    State(pages): State<Pages>,
    Path((namespace, name, file)): Path<(String, String, String)>,
) -> Response {
    let path = format!("gitrepository/{namespace}/{name}/{file}");
    match pages.options.tarballs.tarball(path).await {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/gzip")], bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such artifact.\n").into_response(),
    }
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn failed(error: &ApiError) -> Response {
    let text = format!("The Kubernetes API cannot be read: {error}\n");
    (StatusCode::BAD_GATEWAY, text).into_response()
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

/// Nothing but our own files may be loaded, and nobody may frame the pages.
async fn secure(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
             img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
