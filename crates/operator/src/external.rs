//! What a kustomization names outside of its source, fetched: remote bases and files, and charts, rendered.
//!
//! The renderer fetches nothing. It ends with what it lacks, [`Fetcher::render`] gets that, mounts it in the tree and
//! has it rendered again. Nobody's credentials are used: what is not public is made a source of its own.

mod chart;

pub use chart::{ChartRenderError, Machine, release_name};

use kustomize::{BuildError, External, Externals};
use source::git::{GitError, GitSource, Limits, Reference, Repository};
use source::overlay::Overlay;
use source::web::{Question, Tls, Web, WebError};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tree::{MemoryTree, PathError, Tree, TreePath};

/// Gets what kustomizations name outside of their sources.
pub struct Fetcher {
    folder: PathBuf,
    allowed: Allowed,
    /// What was fetched a moment ago, and one fetch at a time: many applications may share a base.
    fetched: Mutex<HashMap<External, Kept>>,
}

struct Kept {
    at: Instant,
    tree: Arc<dyn Tree>,
}

/// Which externals are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// None.
    Nothing,
    /// Those with a URL of another machine.
    Remote,
    /// `file://` too.
    RemoteAndLocal,
}

/// Why something could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The files are at fault, or name something external that is not allowed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Something external cannot be had.
    #[error("{wanted}: {external} cannot be had")]
    Fetch {
        /// File of the kustomization that wants it.
        wanted: String,
        /// What it is.
        external: External,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// More externals than anybody means.
    #[error("more than {MOST} remote files and bases are named")]
    TooMany,
}

/// Why something external cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The web server refused.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Its place in the tree cannot be named.
    #[error(transparent)]
    Place(#[from] PathError),
    /// A chart.
    #[error(transparent)]
    Chart(#[from] ChartRenderError),
}

/// Most externals of one rendering.
const MOST: usize = 100;
/// How long what was fetched counts as the newest there is.
const FRESH: Duration = Duration::from_secs(20);
/// kustomize's limit for cloning a base.
const TIMEOUT: Duration = Duration::from_secs(27);
/// Largest file taken from a URL, in bytes.
const LARGEST_FILE: u64 = 64 << 20;

impl Fetcher {
    /// A fetcher that keeps repositories under `folder`, which may be deleted while it does not run.
    pub fn new(folder: PathBuf, allowed: Allowed) -> Self {
        Self { folder, allowed, fetched: Mutex::default() }
    }

    /// Renders `tree`, with everything external that `render` asks for mounted in it.
    ///
    /// # Errors
    /// [`RenderError`].
    pub async fn render<T>(
        &self,
        tree: &Arc<dyn Tree>,
        render: impl Fn(&dyn Tree, &Externals) -> Result<T, BuildError>,
    ) -> Result<T, RenderError> {
        let mut mounted = tree.clone();
        let mut externals = Externals::default();
        for _ in 0..=MOST {
            let (external, wanted) = match render(&*mounted, &externals) {
                Ok(done) => return Ok(done),
                Err(error) => match error.external().filter(|e| self.allows(e)) {
                    Some(external) => {
                        let wanted = error.file().map(ToString::to_string).unwrap_or_default();
                        (external.clone(), wanted)
                    }
                    None => return Err(error.into()),
                },
            };
            mounted = self.mount(mounted, &external).await.map_err(|source| {
                RenderError::Fetch { wanted, external: external.clone(), source }
            })?;
            externals.insert(external);
        }
        Err(RenderError::TooMany)
    }

    fn allows(&self, external: &External) -> bool {
        let url = match external {
            External::Repository { url, .. } | External::File(url) => url,
            // A chart in the tree is nobody else's.
            External::Chart(request) if request.directory.is_some() => return true,
            External::Chart(request) => &request.repository,
        };
        match self.allowed {
            Allowed::Nothing => false,
            Allowed::Remote => !url.starts_with("file://"),
            Allowed::RemoteAndLocal => true,
        }
    }

    async fn mount(
        &self,
        tree: Arc<dyn Tree>,
        external: &External,
    ) -> Result<Arc<dyn Tree>, FetchError> {
        let (found, from) = match external {
            External::Repository { url, reference, submodules } => {
                let folder = cache_folder(&self.folder, url);
                let get = repository(folder, url, reference.as_deref(), *submodules);
                (self.recent(external, get).await?, TreePath::root())
            }
            External::File(url) => {
                (self.recent(external, file(url)).await?, TreePath::parse(FILE)?)
            }
            // Rendered anew each time: its templates may stand in a tree that has changed.
            External::Chart(request) => {
                let text = chart::manifests(request, &*tree, &self.folder.join("charts")).await?;
                (single(text)?, TreePath::parse(FILE)?)
            }
        };
        Ok(Arc::new(Overlay::new(tree).mount(external.mounted_at()?, found, from)))
    }

    /// What was fetched a moment ago, else what `get` gets.
    async fn recent(
        &self,
        external: &External,
        get: impl Future<Output = Result<Arc<dyn Tree>, FetchError>>,
    ) -> Result<Arc<dyn Tree>, FetchError> {
        let mut fetched = self.fetched.lock().await;
        fetched.retain(|_, kept| kept.at.elapsed() < FRESH);
        if let Some(kept) = fetched.get(external) {
            return Ok(kept.tree.clone());
        }
        let tree = get.await?;
        fetched.insert(external.clone(), Kept { at: Instant::now(), tree: tree.clone() });
        Ok(tree)
    }
}

async fn repository(
    folder: PathBuf,
    url: &str,
    reference: Option<&str>,
    submodules: bool,
) -> Result<Arc<dyn Tree>, FetchError> {
    let repository = Repository::open(&folder, Limits::default())?;
    let reference = reference.map_or_else(
        || Reference::Name("HEAD".to_owned()),
        |reference| Reference::Any(reference.to_owned()),
    );
    let mut git = GitSource::new(url, reference);
    git.timeout = TIMEOUT;
    git.recurse_submodules = submodules;
    let revision = repository.resolve(&git).await?;
    repository.fetch(&git, &revision).await?;
    Ok(Arc::new(repository.tree(revision.commit, submodules)?))
}

/// Name of a fetched file in its tree.
const FILE: &str = "content";

async fn file(url: &str) -> Result<Arc<dyn Tree>, FetchError> {
    let web = Web::new(&Tls::default(), TIMEOUT)?;
    single(web.ask(Question::get(url)).await?.accepted().await?.collect(LARGEST_FILE).await?)
}

/// A tree of one file.
fn single(content: impl AsRef<[u8]>) -> Result<Arc<dyn Tree>, FetchError> {
    let mut tree = MemoryTree::new();
    tree.add(FILE, content)?;
    Ok(Arc::new(tree))
}

/// Where fetched objects of a repository are kept under `base`.
pub(crate) fn cache_folder(base: &std::path::Path, url: &str) -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    base.join(format!("{:016x}", hasher.finish()))
}

/// This user's folder for what can be fetched again.
pub fn user_cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("windlass")
}
