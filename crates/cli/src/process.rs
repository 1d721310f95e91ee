//! What the long-running commands share: logs, signals, the pages' socket.

use crate::failure::Failure;
use cluster::Client;
use futures::future::BoxFuture;
use operator::Artifacts;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How much is logged unless `WINDLASS_LOG` says otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verbosity {
    /// The operator's log: one line per run that did something.
    Operator,
    /// Warnings only; the command prints its own progress.
    Quiet,
}

/// Sends logs to standard error.
pub(crate) fn log_to_stderr(verbosity: Verbosity) {
    let usual = match verbosity {
        Verbosity::Operator => "warn,windlass_operator=info,windlass_cluster=info",
        Verbosity::Quiet => "warn",
    };
    let filter = EnvFilter::try_from_env("WINDLASS_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // A second subscriber is refused, which is what is wanted: the first stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// Returns on Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Serves pages and artifacts in the background.
pub(crate) fn serve_pages(
    listener: TcpListener,
    client: &Client,
    place: &str,
    simulated: bool,
    artifacts: Artifacts,
) {
    let tarballs = Arc::new(Tarballs(artifacts));
    let options = web::Options { place: place.to_owned(), simulated, tarballs };
    let client = client.clone();
    tokio::spawn(async move {
        let served = web::serve(listener, client, options, std::future::pending());
        if let Err(error) = served.await {
            tracing::error!(%error, "the status page stopped");
        }
    });
}

/// The operator's artifacts, for the page server.
struct Tarballs(Artifacts);

impl web::Tarballs for Tarballs {
    fn tarball(&self, path: String) -> BoxFuture<'static, Option<Vec<u8>>> {
        let artifacts = self.0.clone();
        Box::pin(async move { artifacts.tarball(&path).await })
    }
}

/// A socket on `address`; when its port is taken, and is not 0, on a free one of the same host.
pub(crate) async fn listen(
    address: SocketAddr,
    what: &str,
) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let any = SocketAddr::new(address.ip(), 0);
            say!("Port {} is taken; {what} gets another one.", address.port());
            TcpListener::bind(any)
                .await
                .map_err(|e| Failure::new(format!("no port for {what}")).because(&e))?
        }
        Err(error) => {
            return Err(Failure::new(format!("{what} cannot listen on {address}")).because(&error));
        }
    };
    let bound = listener
        .local_addr()
        .map_err(|e| Failure::new(format!("no address for {what}")).because(&e))?;
    Ok((listener, bound))
}

/// The machine's name, for telling replicas apart.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "windlass".to_owned(), |name| name.trim().to_owned())
}
