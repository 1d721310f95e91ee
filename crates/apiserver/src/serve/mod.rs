//! The socket: TLS, HTTP/1.1 and HTTP/2, credentials, compression.

mod credentials;

pub use credentials::{Credentials, CredentialsError};

use crate::handle::Origin;
use crate::rest::reply::{Reply, ReplyBody};
use crate::server::ApiServer;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Answers smaller than this are sent as they are (`defaultGzipThresholdBytes`).
const GZIP_FROM: usize = 128 << 10;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request, and stay idle between two.
const HEADERS: Duration = Duration::from_secs(90);
/// How often an HTTP/2 client is asked whether it is still there.
const ALIVE: Duration = Duration::from_secs(30);
/// How long open requests may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// Serves on `listener` until `stop` is ready, then lets requests end, for two seconds at most: watches
/// are cut off.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    server: ApiServer,
    tls: Arc<rustls::ServerConfig>,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            // Out of file descriptors, or a client that went: neither ends the server.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // An answer is small and awaited: it must not wait for the next one.
        let _ = socket.set_nodelay(true);
        let (acceptor, server, watcher) = (acceptor.clone(), server.clone(), graceful.watcher());
        tokio::spawn(async move {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await
            else {
                return;
            };
            let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let identity = certificate.and_then(|c| crate::access::certificate_identity(c));
            let origin = Origin { identity, peer: Some(peer.ip()), socket: true };
            let service = TowerToHyperService::new(server.connection_service(origin));
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
            builder
                .http2()
                .timer(TokioTimer::new())
                .keep_alive_interval(ALIVE)
                .max_concurrent_streams(1000);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            // A client that breaks off is its own affair.
            let _ = watcher.watch(connection).await;
        });
    }
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

/// Whether a client takes gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    accepted
        .is_some_and(|a| a.split(',').any(|e| e.split(';').next().map(str::trim) == Some("gzip")))
}

/// The answer compressed when it is large.
pub(crate) fn compressed(mut reply: Reply) -> Reply {
    let ReplyBody::Full(Some(bytes)) = reply.body() else { return reply };
    if bytes.len() < GZIP_FROM {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::new(1));
    // Writing into memory cannot fail; if it did the answer goes as it is.
    let Ok(packed) = encoder.write_all(bytes).and_then(|()| encoder.finish()) else { return reply };
    *reply.body_mut() = ReplyBody::Full(Some(packed.into()));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}
