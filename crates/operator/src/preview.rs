//! What a revision, branch or directory would change on the live cluster, without changing it.

use crate::context::{kustomization_family, now};
use crate::external::{Allowed, Fetcher, cache_folder, user_cache};
use crate::git_repository::{self, AccessError};
use crate::kustomization::{Objects, flux_build, plan_input};
use crate::{Id, kinds, source_of};
use api::{GitRepository, Kustomization};
use cluster::{ApiError, Client, Discovery, Observer};
use object::Value;
use reconcile::{Halt, HealthRules, Plan, SyncSpec, Trigger, own, plan as decide};
use source::git::{GitError, Reference, Repository};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tree::{IgnoreFiles, Tree};

/// Which files to plan with.
#[derive(Clone, Debug)]
pub enum Files {
    /// What the source names.
    Current,
    /// The tip of a branch of the source's repository.
    Branch(String),
    /// A commit of the source's repository.
    Commit(String),
    /// A directory of this machine: a checkout of the repository.
    Directory(PathBuf),
}

/// A plan and what it is for.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The Kustomization.
    pub id: Id,
    /// The revision, or the directory.
    pub revision: String,
    /// What would be done.
    pub plan: Plan,
}

/// Why no plan could be made.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// An object that is needed is not there, or not of a kind that can be planned.
    #[error("{0}")]
    Object(String),
    /// The API refused.
    #[error("the Kubernetes API refused")]
    Api(#[from] ApiError),
    /// Git refused.
    #[error("the repository cannot be read")]
    Git(#[from] GitError),
    /// The credentials of the source cannot be had.
    #[error("the source's credentials cannot be had")]
    Access(#[from] AccessError),
    /// Ignore files or the sparse checkout cannot be read.
    #[error("the visible files cannot be told")]
    Visible(#[from] git_repository::FilesError),
    /// The directory cannot be read.
    #[error("{0} cannot be read")]
    Directory(String, #[source] std::io::Error),
    /// The files do not give objects that can be planned.
    #[error("the files cannot be planned")]
    Files(#[source] Halt),
}

/// Plans one Kustomization with other files than it has now.
///
/// # Errors
/// [`PreviewError`].
pub async fn plan(
    client: &Client,
    application: &Value,
    files: &Files,
) -> Result<Preview, PreviewError> {
    let application: Kustomization = object::from_value(application).map_err(|e| {
        PreviewError::Object(format!("the Kustomization cannot be understood: {e}"))
    })?;
    let (tree, revision) = open(client, &application, files).await?;
    let spec = SyncSpec::of_kustomization(&application);
    let rules = HealthRules::default();
    let (observer, _) =
        Observer::new(Discovery::new(client.clone()), client.clone(), kustomization_family(), now);
    let variables =
        crate::kustomization::variables(client, &application).await.map_err(PreviewError::Files)?;
    let desired = desired(&application, &tree, variables, &spec, observer.discovery()).await?;
    let previous =
        application.status.inventory.as_ref().map(|i| i.entries.clone()).unwrap_or_default();
    let (keys, whole) = plan_input(&desired, &previous);
    let observed = observer.observe(keys, &spec, &rules, whole).await;
    // A suspended Kustomization does nothing, but what it would do is just what is asked here.
    let spec = SyncSpec { suspend: false, ..spec };
    let plan = decide(&desired, &observed, &previous, &spec, &Trigger::Revision);
    Ok(Preview { id: Id::of(&application.metadata), revision, plan })
}

async fn desired(
    application: &Kustomization,
    tree: &Arc<dyn Tree>,
    variables: BTreeMap<String, String>,
    spec: &SyncSpec,
    discovery: &Discovery,
) -> Result<reconcile::Desired, PreviewError> {
    let build = flux_build(&application.spec, variables)
        .map_err(|e| PreviewError::Object(e.to_string()))?;
    let path = crate::kustomization::path(&application.spec).map_err(PreviewError::Files)?;
    let fetcher = Fetcher::new(user_cache().join("remote"), Allowed::RemoteAndLocal);
    let Objects { objects, kinds, .. } =
        crate::kustomization::objects(&fetcher, tree, &path, build)
            .await
            .map_err(PreviewError::Files)?;
    let scopes =
        crate::kustomization::scopes(discovery, &kinds).await.map_err(PreviewError::Files)?;
    own(objects, spec, &|gvk| scopes.get(gvk).copied()).map_err(PreviewError::Files)
}

/// The files, and what to call them.
async fn open(
    client: &Client,
    application: &Kustomization,
    files: &Files,
) -> Result<(Arc<dyn Tree>, String), PreviewError> {
    let id = source_of(application);
    let found = client.get(&kinds::git_repository(), &id.namespace, &id.name).await?;
    let object =
        found.ok_or_else(|| PreviewError::Object(format!("GitRepository {id} does not exist")))?;
    let source: GitRepository = object::from_value(&object).map_err(|e| {
        PreviewError::Object(format!("GitRepository {id} cannot be understood: {e}"))
    })?;
    if let Files::Directory(folder) = files {
        let shown = folder.display().to_string();
        let tree = source::directory::DirectoryTree::open(folder)
            .map_err(|e| PreviewError::Directory(shown.clone(), e))?;
        let tree = git_repository::visible(Arc::new(tree), &source.spec, &mut IgnoreFiles::new())?;
        return Ok((tree, shown));
    }
    let mut git = git_repository::git_source(client, &source).await?;
    match files {
        Files::Branch(branch) => git.reference = Reference::Branch(branch.clone()),
        Files::Commit(sha) => {
            let branch = source.spec.reference.as_ref().and_then(|r| r.branch.clone());
            git.reference = Reference::Commit { sha: sha.clone(), branch };
        }
        Files::Current | Files::Directory(_) => {}
    }
    let repository = Repository::open(
        &cache_folder(&user_cache().join("plan"), &git.url),
        source::git::Limits::default(),
    )?;
    let revision = repository.resolve(&git).await?;
    repository.fetch(&git, &revision).await?;
    let tree = repository.tree(revision.commit, git.recurse_submodules)?;
    let tree = git_repository::visible(Arc::new(tree), &source.spec, &mut IgnoreFiles::new())?;
    Ok((tree, revision.to_string()))
}
