//! Which cluster a command talks to.

use crate::failure::Failure;
use clap::Args;
use cluster::Client;
use std::path::PathBuf;

/// Where `windlass up` keeps its data, and with it the kubeconfig other commands find.
pub(crate) const DATA_DIRECTORY: &str = ".windlass";

/// The cluster to talk to.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Kubeconfig file [default: ./.windlass/kubeconfig where `windlass up` runs, else $KUBECONFIG, else ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    context: Option<String>,
}

impl Connection {
    /// Connects; nothing is sent yet.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        let beside = PathBuf::from(DATA_DIRECTORY).join("kubeconfig");
        let chosen = self.kubeconfig.clone().or_else(|| beside.exists().then_some(beside));
        Client::connect(chosen.as_deref(), self.context.as_deref()).await.map_err(|error| {
            Failure::new("no cluster to talk to")
                .because(&error)
                .hint("start one with `windlass up`, or name a kubeconfig with --kubeconfig FILE")
        })
    }
}
