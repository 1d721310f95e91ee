//! A source's turn: resolve, fetch if need be, hold what arrived ready, and write down what was found.

use super::access::{AccessError, git_source};
use super::files::{FilesError, visible};
use super::verdict::{Finding, conclude};
use crate::artifacts;
use crate::context::{Context, now};
use crate::fleet::Held;
use crate::operator::announce;
use crate::{Id, Urgency, kinds, status};
use api::names::{condition, reason};
use api::{Artifact, GitRepository, GitRepositorySpec, Timestamp, names};
use source::artifact::{ArtifactError, Described};
use source::git::{ChangedPaths, GitError, GitSource, GitTree, Location, Repository, Revision};
use source::store::Verified;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tree::{IgnoreFiles, Tree, TreePath};

/// What is kept of a source between its turns.
#[derive(Default)]
pub(crate) struct SourceMemory {
    /// What the held tree was made of.
    made_of: Option<MadeOf>,
    /// The repository's own tree, for telling what a commit changes.
    tree: Option<GitTree>,
    ignore_files: IgnoreFiles,
    /// When the server last said that what is held is its newest.
    confirmed: Option<Timestamp>,
}

/// Everything that decides what a source holds: while it is the same, so are the files.
#[derive(Clone, PartialEq)]
struct MadeOf {
    revision: Revision,
    spec: GitRepositorySpec,
    included: Vec<String>,
}

/// Pause after a failure that may pass, doubling up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// Works on one source.
pub(crate) async fn work(context: &Arc<Context>, id: &Id) {
    let Some(source) = context.fleet.source(id) else { return };
    if source.metadata.deletion_timestamp.is_some() {
        return release(context, &source).await;
    }
    recall(context, id, &source).await;
    if source.spec.suspend {
        return;
    }
    if let Err(error) = hold_with_finalizer(context, &source).await {
        tracing::warn!(source = %id, %error, "the finalizer cannot be set; trying again");
        context.sources.add_after(id.clone(), FIRST_RETRY, Urgency::Soon);
        return;
    }
    let mut memory = context.take_source(id);
    let finding = look(context, id, &source, &mut memory).await;
    let failed = matches!(finding, Finding::Failed { .. });
    if !failed {
        memory.confirmed = Some(now());
    }
    let confirmed = memory.confirmed;
    context.put_source(id, memory);
    write(context, &source, &finding, confirmed).await;
    let delay = if failed { retry_delay(context, id, &source) } else { source.spec.interval.0 };
    if !failed {
        context.fleet.forget_failures(id);
    }
    context.sources.add_after(id.clone(), delay, Urgency::Later);
}

fn retry_delay(context: &Context, id: &Id, source: &GitRepository) -> Duration {
    let failures = context.fleet.count_failure(id).min(16);
    if failures == 0 {
        keep_confirmed(context, id, source);
    }
    (FIRST_RETRY * (1 << failures)).min(source.spec.interval.0.max(FIRST_RETRY))
}

/// The server is lost: when it last answered is written down, so that the staleness told after a restart is right.
/// While it answers nothing is written.
fn keep_confirmed(context: &Context, id: &Id, source: &GitRepository) {
    let memory = context.take_source(id);
    let confirmed = memory.confirmed;
    context.put_source(id, memory);
    let (Some(confirmed), Some(verified)) = (confirmed, context.store.verified(&id.to_string()))
    else {
        return;
    };
    if !is_of(source, &verified) {
        return;
    }
    let at = UNIX_EPOCH + Duration::from_secs(confirmed.unix().unsigned_abs());
    let url = &source.spec.url;
    if let Err(error) = context.store.remember(&id.to_string(), url, &verified.revision, at) {
        tracing::warn!(source = %id, %error, "when it was last confirmed cannot be kept");
    }
}

/// Whether what was verified came from where the source points now.
fn is_of(source: &GitRepository, verified: &Verified) -> bool {
    Location::parse(&source.spec.url).is_ok_and(|l| l.to_string() == verified.url)
}

fn timestamp(at: SystemTime) -> Timestamp {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or_default())
}

/// After a start: what was verified last is in force at once, whether or not the server can be reached.
async fn recall(context: &Context, id: &Id, source: &GitRepository) {
    if context.fleet.held(id).is_some() {
        return;
    }
    let Some(verified) = context.store.verified(&id.to_string()) else { return };
    if !is_of(source, &verified) {
        return;
    }
    let mut memory = context.take_source(id);
    let held = hold(context, id, source, &verified.revision, &mut memory);
    memory.confirmed = Some(timestamp(verified.at));
    context.put_source(id, memory);
    match held {
        Ok(_) => announce(context, id, |_| true),
        Err(error) => {
            tracing::warn!(source = %id, %error, "the last verified revision cannot be read")
        }
    }
}

/// Looks what the server has, and takes it in.
async fn look(
    context: &Arc<Context>,
    id: &Id,
    source: &GitRepository,
    memory: &mut SourceMemory,
) -> Finding {
    match try_look(context, id, source, memory).await {
        Ok(finding) => finding,
        Err(failure) => failure.into_finding(),
    }
}

async fn try_look(
    context: &Arc<Context>,
    id: &Id,
    source: &GitRepository,
    memory: &mut SourceMemory,
) -> Result<Finding, Failure> {
    let git = git_source(&context.client, source).await?;
    if Location::parse(&git.url)?.is_local() && !context.settings.local_sources {
        return Err(Failure::Local(git.url));
    }
    let repository = context.store.repository(&git.url)?;
    let revision = repository.resolve(&git).await?;
    let included = included(context, id, source)?;
    let made_of = MadeOf {
        revision: revision.clone(),
        spec: source.spec.clone(),
        included: included.iter().map(|a| a.revision.clone()).collect(),
    };
    let same = memory.made_of.as_ref() == Some(&made_of) && context.fleet.held(id).is_some();
    if same && let Some(artifact) = &source.status.artifact {
        let artifact = artifact.clone();
        return Ok(Finding::Stored { artifact, included, fresh: false });
    }
    fetch(context, id, source, (&git, &repository, &revision), memory).await?;
    memory.made_of = Some(made_of);
    let artifact = pack(context, id, source, &revision).await?;
    let fresh = source.status.artifact.as_ref().is_none_or(|a| a.revision != artifact.revision);
    Ok(Finding::Stored { artifact, included, fresh })
}

/// Fetches what is missing and holds it ready; those whose reads changed hear of it first.
async fn fetch(
    context: &Context,
    id: &Id,
    source: &GitRepository,
    (git, repository, revision): (&GitSource, &Repository, &Revision),
    memory: &mut SourceMemory,
) -> Result<(), Failure> {
    let fetched = repository.fetch(git, revision).await?;
    let changes = hold(context, id, source, revision, memory)?;
    context.store.remember(&id.to_string(), &git.url, revision, SystemTime::now())?;
    tracing::info!(source = %id, %revision, objects = fetched.objects, "fetched");
    announce(context, id, |application| affects(context, id, changes.as_ref(), application));
    for includer in context.fleet.includers(id) {
        context.sources.add(includer, Urgency::Now);
    }
    Ok(())
}

/// Puts the revision's files into the fleet. Answers what changed against the tree held before, when that is known.
fn hold(
    context: &Context,
    id: &Id,
    source: &GitRepository,
    revision: &Revision,
    memory: &mut SourceMemory,
) -> Result<Option<ChangedPaths>, Failure> {
    let repository = context.store.repository(&source.spec.url)?;
    let tree = repository.tree(revision.commit, source.spec.recurse_submodules)?;
    let changes = memory.tree.as_ref().and_then(|old| old.changes_to(&tree).ok());
    let own: Arc<dyn Tree> = Arc::new(tree.clone());
    let whole = with_includes(context, id, source, own)?;
    let files = visible(whole, &source.spec, &mut memory.ignore_files)?;
    memory.tree = Some(tree.clone());
    let held = Held { revision: revision.to_string(), tree: files, repository: tree };
    context.fleet.hold(id.clone(), held);
    Ok(changes)
}

/// Whether a commit touches what an application's last rendering read.
fn affects(
    context: &Context,
    source: &Id,
    changes: Option<&ChangedPaths>,
    application: &Id,
) -> bool {
    let (Some(changes), Some(memory)) = (changes, context.memory(application)) else {
        return true;
    };
    // Only the order of work hangs on this: what cannot be told counts as affected.
    let held = context.fleet.held(source);
    held.is_none_or(|held| changes.touches(&memory.reads, &*held.tree).unwrap_or(true))
}

/// The artifacts of the repositories that are put into this one.
fn included(context: &Context, id: &Id, source: &GitRepository) -> Result<Vec<Artifact>, Failure> {
    let artifact = |include: &api::GitInclude| {
        let other = Id::new(id.namespace.as_str(), include.repository.name.as_str());
        let found = context.fleet.source(&other).and_then(|s| s.status.artifact.clone());
        found.ok_or_else(|| Failure::Include(other.to_string()))
    };
    source.spec.include.iter().map(artifact).collect()
}

fn with_includes(
    context: &Context,
    id: &Id,
    source: &GitRepository,
    tree: Arc<dyn Tree>,
) -> Result<Arc<dyn Tree>, Failure> {
    if source.spec.include.is_empty() {
        return Ok(tree);
    }
    let mut overlay = source::overlay::Overlay::new(tree);
    for include in &source.spec.include {
        let other = Id::new(id.namespace.as_str(), include.repository.name.as_str());
        let held = context.fleet.held(&other).ok_or_else(|| Failure::Include(other.to_string()))?;
        let path = |text: &Option<String>, absent: &str| {
            TreePath::parse(text.as_deref().unwrap_or(absent))
                .map_err(|e| Failure::Path(format!("spec.include: {e}")))
        };
        let from = path(&include.from_path, "")?;
        let to = path(&include.to_path, &include.repository.name)?;
        overlay = overlay.mount(to, held.tree, from);
    }
    Ok(Arc::new(overlay))
}

/// The artifact as others see it. Nothing of ours reads the tarball; its digest is stated because Flux's consumers
/// check it.
async fn pack(
    context: &Arc<Context>,
    id: &Id,
    source: &GitRepository,
    revision: &Revision,
) -> Result<Artifact, Failure> {
    let held = context.fleet.held(id).ok_or_else(|| Failure::Include(id.to_string()))?;
    let Described { digest, size } = artifacts::describe(context, held).await?;
    let path = artifacts::path(id, &revision.commit.to_string());
    let stored = source.status.artifact.as_ref().filter(|a| a.digest == digest && a.path == path);
    Ok(Artifact {
        url: format!("{}/{path}", context.settings.artifact_address),
        path,
        revision: revision.to_string(),
        digest,
        last_update_time: stored.map_or_else(now, |a| a.last_update_time),
        size: i64::try_from(size).ok(),
        metadata: std::collections::BTreeMap::new(),
    })
}

async fn hold_with_finalizer(
    context: &Context,
    source: &GitRepository,
) -> Result<(), cluster::ApiError> {
    if source.metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
        return Ok(());
    }
    let resource = kinds::git_repository();
    status::write_finalizer(
        &context.client,
        &resource,
        &source.metadata,
        true,
        names::SOURCE_MANAGER,
    )
    .await
}

/// Lets a deleted source go. What was applied from it stays: nothing is pruned because a source is gone.
async fn release(context: &Context, source: &GitRepository) {
    let id = Id::of(&source.metadata);
    context.take_source(&id);
    if let Err(error) = context.store.forget(&id.to_string()) {
        tracing::warn!(source = %id, %error, "its memory cannot be removed");
    }
    if !source.metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
        return;
    }
    let resource = kinds::git_repository();
    let released = status::write_finalizer(
        &context.client,
        &resource,
        &source.metadata,
        false,
        names::SOURCE_MANAGER,
    )
    .await;
    if let Err(error) = released {
        tracing::warn!(source = %id, %error, "the finalizer cannot be removed; trying again");
        context.sources.add_after(id, FIRST_RETRY, Urgency::Soon);
    }
}

async fn write(
    context: &Context,
    source: &GitRepository,
    finding: &Finding,
    confirmed: Option<Timestamp>,
) {
    let id = Id::of(&source.metadata);
    if let Finding::Failed { message, .. } = finding {
        tracing::warn!(source = %id, message, "the source cannot be had");
    }
    let (status, events) = conclude(source, finding, confirmed, now());
    let values = (
        object::to_value(&source.status).unwrap_or_default(),
        object::to_value(&status).unwrap_or_default(),
    );
    if values.0 == values.1 {
        return;
    }
    let written = status::write_status(
        &context.client,
        &kinds::git_repository(),
        &id,
        (&values.0, &values.1),
        names::SOURCE_MANAGER,
    )
    .await;
    if let Err(error) = written {
        tracing::warn!(source = %id, %error, "the status cannot be written");
    }
    let kind = ("source.toolkit.fluxcd.io/v1", "GitRepository");
    status::send_events(&context.client, kind, &source.metadata, names::SOURCE_MANAGER, &events)
        .await;
}

/// Why a source cannot be had.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("included repository '{0}' has no artifact yet")]
    Include(String),
    #[error("{0}")]
    Path(String),
    #[error("the artifact cannot be described")]
    Pack(#[from] ArtifactError),
    #[error(
        "'{0}' is a path of the operator's machine, which sources may not name here; use a URL"
    )]
    Local(String),
}

impl Failure {
    fn into_finding(self) -> Finding {
        let (condition, reason, stalled) = match &self {
            Self::Access(AccessError::Unsupported(_)) => {
                (condition::FETCH_FAILED, reason::FEATURE_GATE_DISABLED, true)
            }
            Self::Access(_) => (condition::FETCH_FAILED, reason::AUTHENTICATION_FAILED, false),
            Self::Git(error) => {
                (condition::FETCH_FAILED, error.reason().as_str(), error.is_terminal())
            }
            Self::Local(_) => (condition::FETCH_FAILED, reason::URL_INVALID, true),
            Self::Include(_) => {
                (condition::INCLUDE_UNAVAILABLE, reason::DEPENDENCY_NOT_READY, false)
            }
            Self::Path(_) => (condition::FETCH_FAILED, reason::INVALID_PATH, true),
            Self::Files(_) => (condition::FETCH_FAILED, reason::GIT_OPERATION_FAILED, false),
            Self::Pack(_) => (condition::STORAGE_OPERATION_FAILED, reason::FAILED, false),
        };
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(&self);
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Finding::Failed { condition, reason: reason.to_owned(), message, stalled }
    }
}
