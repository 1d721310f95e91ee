//! `windlass up`: API server, operator and pages in one process, on an empty machine.

mod bootstrap;
mod progress;

use crate::connection::DATA_DIRECTORY;
use crate::failure::Failure;
use crate::{process, sample};
use apiserver::ApiServer;
use bootstrap::Origin;
use clap::Args;
use cluster::Client;
use operator::{Operator, Settings};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Start everything on this machine: API server, operator and pages, in one process
///
/// Without --repo a small sample repository is made beside the data and reconciled. Workloads are simulated: the API
/// server keeps Deployments and Pods and plays their states through, but runs no container.
#[derive(Args, Debug)]
pub(crate) struct Up {
    /// Git repository to reconcile: URL or path [default: a sample made beside the data]
    #[arg(long, value_name = "URL|PATH")]
    repo: Option<String>,

    /// Branch to follow
    #[arg(long, value_name = "NAME", requires = "repo")]
    branch: Option<String>,

    /// Directory in the repository
    #[arg(long, value_name = "PATH", requires = "repo", default_value = "./")]
    path: String,

    /// Where the API server's data and the fetched sources are kept
    #[arg(long, default_value = DATA_DIRECTORY, value_name = "DIR")]
    data_dir: PathBuf,

    /// Address of the API server
    #[arg(long, default_value = "127.0.0.1:6443", value_name = "ADDRESS")]
    api_listen: SocketAddr,

    /// Address of the status page
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    web_listen: SocketAddr,

    /// Number of simulated nodes
    #[arg(long, default_value_t = 1, value_name = "N")]
    nodes: usize,
}

impl Up {
    pub(crate) async fn run(&self) -> Result<u8, Failure> {
        process::log_to_stderr(process::Verbosity::Quiet);
        let started = Instant::now();
        let server = self.open_server().await?;
        let client =
            Client::in_process(server.service(apiserver::Identity::admin("windlass-operator")));
        let kubeconfig = self.serve_api(&server).await?;
        bootstrap::definitions(&client).await?;
        let origin = self.origin()?;
        // The socket comes first: artifact URLs must name the port it really got.
        let (pages, page) = process::listen(self.web_listen, "the status page").await?;
        let operator = self.operator(&client, page)?;
        let place = "Embedded API server";
        process::serve_pages(pages, &client, place, true, operator.artifacts());
        say!("  status page   http://{page}/");
        say!("  repository    {}", origin.shown());
        bootstrap::declare(&client, &origin).await?;
        let working = tokio::spawn(operator.run());
        tokio::select! {
            () = process::asked_to_stop() => {}
            () = self.accompany(&client, &kubeconfig, &origin, started) => {}
        }
        say!("\nStopping; `windlass up` goes on where this was.");
        working.abort();
        server.shutdown().await;
        Ok(0)
    }

    /// Shows how things become ready, then what to try; never ends by itself.
    async fn accompany(
        &self,
        client: &Client,
        kubeconfig: &Path,
        origin: &Origin,
        started: Instant,
    ) {
        progress::show(client, started).await;
        let kubectl = format!("kubectl --kubeconfig {}", kubeconfig.display());
        say!("\nTry next, in another terminal:");
        say!("  {kubectl} get kustomizations,deployments -A");
        say!("  windlass tree kustomization/{}", origin.name());
        match origin.folder() {
            Some(folder) => say!(
                "  cd {} && edit a file, `git commit -a`, and `windlass get` there and then\n",
                folder.display()
            ),
            None => say!("  windlass plan kustomization/{}\n", origin.name()),
        }
        say!("Ctrl-C stops it.");
        std::future::pending::<()>().await;
    }

    async fn open_server(&self) -> Result<ApiServer, Failure> {
        std::fs::create_dir_all(&self.data_dir).map_err(|e| self.unusable(&e))?;
        let workloads = apiserver::workloads::Settings {
            nodes: self.nodes,
            ..apiserver::workloads::Settings::default()
        };
        let options = apiserver::Options {
            data_dir: Some(self.data_dir.join("apiserver")),
            workloads: Some(workloads),
            ..apiserver::Options::default()
        };
        ApiServer::open(options).await.map_err(|e| {
            self.unusable(&e).hint("is another `windlass up` running on the same --data-dir?")
        })
    }

    fn unusable(&self, error: &dyn std::error::Error) -> Failure {
        Failure::new(format!("the data directory {} cannot be used", self.data_dir.display()))
            .because(error)
    }

    /// Opens the socket and writes the kubeconfig.
    async fn serve_api(&self, server: &ApiServer) -> Result<PathBuf, Failure> {
        let (listener, address) = process::listen(self.api_listen, "the API server").await?;
        let names = [address.ip().to_string()];
        let tls = server.credentials().tls(&names).map_err(|e| self.unusable(&e))?;
        tokio::spawn(apiserver::serve(listener, server.clone(), tls, std::future::pending()));
        let kubeconfig = self.data_dir.join("kubeconfig");
        let text = server.kubeconfig(&address.to_string());
        write_private(&kubeconfig, &text).map_err(|e| self.unusable(&e))?;
        say!("Windlass is starting. Workloads on this server are simulated: no container runs.");
        say!("  API server    https://{address}");
        say!("  kubeconfig    {}", kubeconfig.display());
        Ok(kubeconfig)
    }

    fn operator(&self, client: &Client, page: SocketAddr) -> Result<Operator, Failure> {
        let settings = Settings {
            data: self.data_dir.clone(),
            local_sources: true,
            artifact_address: format!("http://{page}"),
            ..Settings::default()
        };
        Operator::new(client.clone(), settings).map_err(|e| self.unusable(&e))
    }

    /// The user's repository, or the sample.
    fn origin(&self) -> Result<Origin, Failure> {
        let Some(repository) = &self.repo else {
            let folder = self.data_dir.join("sample");
            sample::create(&folder)
                .map_err(|e| Failure::new("the sample cannot be made").because(&e))?;
            return Origin::local("sample", &folder, sample::BRANCH, sample::PATH);
        };
        if repository.contains("://") || is_scp_like(repository) {
            return Ok(Origin::remote("main", repository, self.branch.as_deref(), &self.path));
        }
        let folder = Path::new(repository);
        let branch = match &self.branch {
            Some(branch) => branch.clone(),
            None => bootstrap::current_branch(folder)?,
        };
        Origin::local("main", folder, &branch, &self.path)
    }
}

/// The kubeconfig holds the administrator's token: nobody else may read it.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let temporary = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&temporary, path)
}

/// `git@host:path`, as Git writes SSH addresses.
fn is_scp_like(text: &str) -> bool {
    let before_slash = text.split('/').next().unwrap_or_default();
    before_slash.contains('@') && before_slash.contains(':')
}
