//! What `windlass up` puts into its API server: the definitions, a source and a Kustomization.

use super::super::target::Kind;
use crate::failure::Failure;
use cluster::{Client, Resource, WriteOptions};
use object::{Manifest, Value, map};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The namespace of the source and the Kustomization, as Flux's bootstrap has it.
const NAMESPACE: &str = "flux-system";
const WRITE: WriteOptions<'static> =
    WriteOptions { field_manager: "windlass", force: true, dry_run: false };

/// The repository to reconcile.
pub(super) struct Origin {
    name: &'static str,
    url: String,
    branch: Option<String>,
    path: String,
    folder: Option<PathBuf>,
}

impl Origin {
    /// A repository of this machine.
    pub(super) fn local(
        name: &'static str,
        folder: &Path,
        branch: &str,
        path: &str,
    ) -> Result<Self, Failure> {
        let absolute = folder.canonicalize().map_err(|e| {
            Failure::new(format!("{} cannot be found", folder.display()))
                .because(&e)
                .hint("--repo takes the URL or the path of a Git repository")
        })?;
        Ok(Self {
            name,
            url: format!("file://{}", absolute.display()),
            branch: Some(branch.to_owned()),
            path: path.to_owned(),
            folder: Some(folder.to_owned()),
        })
    }

    /// A repository on a server.
    pub(super) fn remote(name: &'static str, url: &str, branch: Option<&str>, path: &str) -> Self {
        // Flux knows SSH addresses in URL form only.
        let url = match url.split_once(':') {
            Some((host, rest)) if !url.contains("://") => format!("ssh://{host}/{rest}"),
            _ => url.to_owned(),
        };
        let branch = branch.map(str::to_owned);
        Self { name, url, branch, path: path.to_owned(), folder: None }
    }

    /// Name of the source and the Kustomization.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The folder to edit, when the repository is one of this machine.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        match &self.folder {
            Some(folder) => format!("{} (edit and commit there)", folder.display()),
            None => self.url.clone(),
        }
    }

    fn source(&self) -> Value {
        // A repository of this machine costs nothing to look at.
        let interval = if self.folder.is_some() { "1s" } else { "30s" };
        let mut spec = map! {"url": self.url.as_str(), "interval": interval};
        if let Some(branch) = &self.branch {
            spec.insert("ref", map! {"branch": branch.as_str()});
        } else {
            spec.insert("ref", map! {"name": "HEAD"});
        }
        object(Kind::GitRepository, self.name, spec)
    }

    fn kustomization(&self) -> Value {
        let source = map! {"kind": "GitRepository", "name": self.name};
        let spec = map! {
            "interval": "10m",
            "path": self.path.as_str(),
            "prune": true,
            "wait": true,
            "timeout": "5m",
            "sourceRef": source,
        };
        object(Kind::Kustomization, self.name, spec)
    }
}

fn object(kind: Kind, name: &str, spec: object::Map) -> Value {
    Value::Map(map! {
        "apiVersion": kind.resource().gvk.api_version(),
        "kind": kind.name(),
        "metadata": map!{"name": name, "namespace": NAMESPACE},
        "spec": spec,
    })
}

/// The branch a local repository is on.
pub(super) fn current_branch(folder: &Path) -> Result<String, Failure> {
    let repository = gix::open(folder).map_err(|e| {
        Failure::new(format!("{} is no Git repository", folder.display()))
            .because(&e)
            .hint("--repo takes the URL or the path of a Git repository")
    })?;
    let head = repository.head_name().ok().flatten();
    head.map(|name| name.shorten().to_string()).ok_or_else(|| {
        Failure::new(format!("{} is on no branch", folder.display()))
            .hint("say which one with --branch")
    })
}

/// Applies the CustomResourceDefinitions and waits until they are served.
pub(super) async fn definitions(client: &Client) -> Result<(), Failure> {
    let resource = Resource::known(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    );
    let definitions = api::crds();
    for definition in &definitions {
        client.apply(&resource, definition, WRITE).await?;
    }
    for definition in &definitions {
        let name = definition.name();
        for attempt in 0.. {
            let live = client.get(&resource, "", name).await?;
            let established = live.is_some_and(|live| {
                super::super::get::condition(&live, "Established")
                    .and_then(|c| c.get("status"))
                    .and_then(Value::as_str)
                    == Some("True")
            });
            if established {
                break;
            }
            if attempt > 500 {
                return Err(Failure::new(format!("the definition {name} is not established")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

/// Applies the namespace, the source and the Kustomization.
pub(super) async fn declare(client: &Client, origin: &Origin) -> Result<(), Failure> {
    let namespaces = Resource::known("", "v1", "Namespace", "namespaces", false);
    let namespace = Value::Map(map! {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": map!{"name": NAMESPACE},
    });
    client.apply(&namespaces, &namespace, WRITE).await?;
    client.apply(&Kind::GitRepository.resource(), &origin.source(), WRITE).await?;
    client.apply(&Kind::Kustomization.resource(), &origin.kustomization(), WRITE).await?;
    Ok(())
}
