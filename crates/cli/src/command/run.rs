//! `windlass run`: the operator on an existing cluster.

use super::install::NAMESPACE;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::process;
use clap::Args;
use cluster::{Client, LeaseOptions, lead};
use operator::{Operator, Settings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Run the operator on an existing cluster
///
/// Connects with --kubeconfig, or with the pod's service account. Several replicas elect one that works.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Where fetched sources are kept; may be lost
    #[arg(long, default_value = "./.windlass-run", value_name = "DIR")]
    data_dir: PathBuf,

    /// Only the sources and Kustomizations of this namespace
    #[arg(long, value_name = "NAME")]
    watch_namespace: Option<String>,

    /// How many Kustomizations are worked on at once
    #[arg(long, default_value_t = 16, value_name = "N")]
    concurrency: usize,

    /// Address of the status page, health endpoint and artifacts
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    web_listen: SocketAddr,

    /// URL under which other consumers reach this address, for the artifact URLs in statuses
    #[arg(long, value_name = "URL")]
    artifact_address: Option<String>,

    /// Let sources name paths of this machine
    #[arg(long)]
    local_sources: bool,

    /// Refuse kustomizations that name bases or files of other machines
    #[arg(long)]
    no_remote_bases: bool,

    /// Work without asking for the lease
    #[arg(long)]
    no_leader_election: bool,

    /// Namespace of the lease [default: the pod's own, else windlass-system]
    #[arg(long, env = "POD_NAMESPACE", default_value = NAMESPACE, value_name = "NAME", hide_env = true)]
    lease_namespace: String,
}

/// How long giving the lease back may take.
const GRACE: Duration = Duration::from_secs(3);

impl Run {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        process::log_to_stderr(process::Verbosity::Operator);
        let client = connection.connect().await?;
        let version = client.raw("/version", "application/json").await?;
        let version = version.get("gitVersion").and_then(object::Value::as_str).unwrap_or_default();
        say!("Connected to Kubernetes {version}.");
        let (pages, page) = process::listen(self.web_listen, "the status page").await?;
        let operator = self.operator(&client, page)?;
        process::serve_pages(pages, &client, "a Kubernetes cluster", false, operator.artifacts());
        say!("Status page: http://{page}/");
        // Asked to stop, the work itself ends and gives the lease back; this is for when that takes too long.
        let patience = async {
            process::asked_to_stop().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            result = self.work(&client, operator) => result,
            () = patience => Ok(0),
        }
    }

    fn operator(&self, client: &Client, page: SocketAddr) -> Result<Operator, Failure> {
        let address = self.artifact_address.clone();
        let settings = Settings {
            data: self.data_dir.clone(),
            namespace: self.watch_namespace.clone().unwrap_or_default(),
            concurrency: self.concurrency.max(1),
            local_sources: self.local_sources,
            remote_bases: !self.no_remote_bases,
            artifact_address: address.unwrap_or_else(|| format!("http://{page}")),
            ..Settings::default()
        };
        Operator::new(client.clone(), settings).map_err(|e| {
            Failure::new(format!("{} cannot be used", self.data_dir.display())).because(&e)
        })
    }

    async fn work(&self, client: &Client, operator: Operator) -> Result<u8, Failure> {
        let work = async {
            tokio::select! {
                () = operator.run() => {}
                () = process::asked_to_stop() => say!("Stopped."),
            }
        };
        if self.no_leader_election {
            work.await;
            return Ok(0);
        }
        let pod = std::env::var("POD_NAME").unwrap_or_else(|_| process::host_name());
        let identity = format!("{pod}_{}", std::process::id());
        let lease = LeaseOptions::new(&self.lease_namespace, "windlass-leader", &identity);
        match lead(client, &lease, work).await {
            Some(()) => Ok(0),
            // Whoever leads now must not meet a second writer: end, and be started anew.
            None => Err(Failure::new("another replica leads now")
                .hint("nothing to do: the process is started again and waits for its turn")),
        }
    }
}
