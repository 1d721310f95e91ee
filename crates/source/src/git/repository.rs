//! One repository of somebody else's, held here as a bare object database: resolve, fetch, read.
//!
//! A fetch asks for one commit without its history and tells the server which commits are here, so that only
//! what changed travels. What arrives becomes visible as a whole or not at all. Deliberately absent: references
//! and configuration on disk; which commits are held stands in one small file of ours.

use super::error::GitError;
use super::location::{Location, Way};
use super::objects::{Objects, find};
use super::pack::PackWriter;
use super::protocol::{self, Capabilities, Transport, Wants};
use super::revision::{CommitId, Revision};
use super::select::RemoteRef;
use super::transport::http::{HttpClient, HttpTransport};
use super::transport::local;
use super::transport::ssh::{KeptConnection, SshTransport};
use super::tree::GitTree;
use super::tree_objects::TreeCache;
use super::{Credentials, GitSource};
use gix::ObjectId;
use gix::objs::Kind;
use held::HeldCommits;
use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

mod held;
mod merge;
mod reach;
mod receive;

pub(crate) use reach::LinkMemory;

/// What one repository may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one answer of a server.
    pub answer: u64,
    /// Bytes of one object, unpacked.
    pub object: u64,
    /// Packs before they are merged and what no kept revision needs is dropped.
    pub packs: usize,
    /// Commits kept per remote, the newest; those pinned or being read stay besides.
    pub revisions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { answer: 2 << 30, object: 256 << 20, packs: 16, revisions: 4 }
    }
}

/// What a fetch moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Objects that were new.
    pub objects: usize,
    /// Bytes that travelled, or were copied.
    pub bytes: u64,
}

/// The object database of one remote repository (and its submodules). Cheap to clone, safe to share.
#[derive(Clone)]
pub struct Repository(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    limits: Limits,
    objects: Objects,
    trees: TreeCache,
    links: LinkMemory,
    /// Tree objects known to be here with all that is below them.
    complete: Mutex<std::collections::HashSet<ObjectId>>,
    held: Mutex<HeldCommits>,
    /// Commits being read, with the number of readers.
    live: Mutex<HashMap<ObjectId, usize>>,
    client: Mutex<Option<HttpClient>>,
    connection: KeptConnection,
    /// What servers said they can do, by location.
    capabilities: Mutex<HashMap<String, Capabilities>>,
    fetching: tokio::sync::Mutex<()>,
}

/// A commit that is being read.
pub(crate) struct Held {
    inner: Arc<Inner>,
    commit: ObjectId,
}

impl Held {
    pub(crate) fn commit(&self) -> CommitId {
        CommitId(self.commit)
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.inner.objects
    }

    pub(crate) fn trees(&self) -> &TreeCache {
        &self.inner.trees
    }

    pub(crate) fn links(&self) -> &LinkMemory {
        &self.inner.links
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut live = lock(&self.inner.live);
        if let Some(readers) = live.get_mut(&self.commit) {
            *readers -= 1;
            if *readers == 0 {
                live.remove(&self.commit);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `work`, but not longer than the source allows.
async fn timed<T>(
    source: &GitSource,
    location: &Location,
    work: impl Future<Output = Result<T, GitError>>,
) -> Result<T, GitError> {
    match tokio::time::timeout(source.timeout, work).await {
        Ok(answer) => answer,
        Err(_) => Err(GitError::Timeout { url: location.to_string(), after: source.timeout }),
    }
}

/// Runs what waits for the disk where it disturbs nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GitError> + Send + 'static,
) -> Result<T, GitError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| {
        Err(GitError::storage("finish the work on the object database", std::io::Error::other(e)))
    })
}

impl Repository {
    /// Opens the object database in `directory`, making it when it is not there.
    ///
    /// # Errors
    /// [`GitError::Storage`].
    pub fn open(directory: &Path, limits: Limits) -> Result<Self, GitError> {
        let objects = Objects::open(&directory.join("objects"), limits.object)?;
        let held = HeldCommits::read(directory)?;
        Ok(Self(Arc::new(Inner {
            directory: directory.to_owned(),
            limits,
            objects,
            trees: TreeCache::default(),
            links: LinkMemory::default(),
            complete: Mutex::default(),
            held: Mutex::new(held),
            live: Mutex::default(),
            client: Mutex::default(),
            connection: KeptConnection::default(),
            capabilities: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })))
    }

    /// Asks the server where the reference stands: one small request once the server is known. Also a commit
    /// asked for by id asks the server, so that nobody reads what their credentials do not open.
    ///
    /// # Errors
    /// [`GitError`], classified by [`GitError::reason`].
    pub async fn resolve(&self, source: &GitSource) -> Result<Revision, GitError> {
        let location = Location::parse(&source.url)?;
        let prefixes = source.reference.prefixes()?;
        let refs = timed(source, &location, self.list(source, &location, prefixes)).await?;
        source.reference.select(&refs, &location)
    }

    async fn list(
        &self,
        source: &GitSource,
        location: &Location,
        prefixes: Vec<String>,
    ) -> Result<Vec<RemoteRef>, GitError> {
        match &location.way {
            Way::Local(path) => {
                let (path, location) = (path.clone(), location.clone());
                blocking(move || local::list(&path, &location, &prefixes)).await
            }
            Way::Http { .. } => {
                let mut transport = self.http(source, location, &source.credentials)?;
                self.list_over(&mut transport, &prefixes).await
            }
            Way::Ssh { .. } => {
                let mut transport = self.ssh(source, location, &source.credentials).await?;
                self.list_over(&mut transport, &prefixes).await
            }
        }
    }

    async fn list_over<T: Transport>(
        &self,
        transport: &mut T,
        prefixes: &[String],
    ) -> Result<Vec<RemoteRef>, GitError> {
        let key = transport.location().key();
        let known = lock(&self.0.capabilities).get(&key).cloned();
        let (refs, capabilities) = protocol::list(transport, prefixes, known).await?;
        lock(&self.0.capabilities).insert(key, capabilities);
        Ok(refs)
    }

    fn http(
        &self,
        source: &GitSource,
        location: &Location,
        credentials: &Credentials,
    ) -> Result<HttpTransport, GitError> {
        let mut kept = lock(&self.0.client);
        let client = match kept.as_ref().filter(|client| client.serves(source)) {
            Some(client) => client.clone(),
            None => kept.insert(HttpClient::new(source, location)?).clone(),
        };
        HttpTransport::new(client, location, credentials, self.0.limits.answer)
    }

    async fn ssh(
        &self,
        source: &GitSource,
        location: &Location,
        credentials: &Credentials,
    ) -> Result<SshTransport, GitError> {
        SshTransport::connect(
            source,
            location,
            credentials,
            &self.0.connection,
            self.0.limits.answer,
        )
        .await
    }

    /// Brings the commit of `revision` here, with its submodules when the source wants them. Asks nobody when
    /// it is here already. When this fails, or is dropped halfway, the database is as it was.
    ///
    /// # Errors
    /// [`GitError`], classified by [`GitError::reason`].
    pub async fn fetch(
        &self,
        source: &GitSource,
        revision: &Revision,
    ) -> Result<Fetched, GitError> {
        let location = Location::parse(&source.url)?;
        timed(source, &location, async {
            let _one_at_a_time = self.0.fetching.lock().await;
            let mut fetched =
                self.fetch_commit(source, &location, &source.credentials, revision).await?;
            if source.recurse_submodules {
                self.fetch_submodules(source, &location, revision.commit, &mut fetched).await?;
            }
            let this = self.clone();
            blocking(move || this.merge_packs()).await?;
            Ok(fetched)
        })
        .await
    }

    /// Brings one commit of one remote here and writes down that it is.
    pub(crate) async fn fetch_commit(
        &self,
        source: &GitSource,
        location: &Location,
        credentials: &Credentials,
        revision: &Revision,
    ) -> Result<Fetched, GitError> {
        let (key, commit) = (location.key(), revision.commit.0);
        let mut fetched = Fetched::default();
        // What is here and whole needs no server; what is here and broken is fetched anew, in full.
        let mut have = true;
        let mut whole = self.check(location, commit).await;
        for _ in 0..2 {
            let tag_is_here = revision.tag.is_none_or(|tag| self.0.objects.contains(&tag));
            if whole.is_ok() && tag_is_here {
                break;
            }
            have &= whole.is_ok() || !self.0.objects.contains(&commit);
            let moved = self.transfer(source, location, credentials, revision, have).await?;
            fetched.objects += moved.objects;
            fetched.bytes += moved.bytes;
            if !self.0.objects.contains(&commit) {
                return Err(GitError::NotFound {
                    url: location.to_string(),
                    wanted: format!("commit {commit}"),
                    hint: ", or not on the branch of spec.ref".to_owned(),
                });
            }
            whole = self.check(location, commit).await;
            have = false;
        }
        whole?;
        lock(&self.0.held).add(&self.0.directory, &key, commit, self.0.limits.revisions)?;
        Ok(fetched)
    }

    /// Whether `commit` and everything it needs is here.
    async fn check(&self, location: &Location, commit: ObjectId) -> Result<(), GitError> {
        let (this, location) = (self.clone(), location.clone());
        blocking(move || {
            this.check_complete(commit).map_err(|e| GitError::Damaged {
                url: location.to_string(),
                problem: e.to_string(),
            })
        })
        .await
    }

    async fn transfer(
        &self,
        source: &GitSource,
        location: &Location,
        credentials: &Credentials,
        revision: &Revision,
        have: bool,
    ) -> Result<Fetched, GitError> {
        // An annotated tag brings its commit along.
        let commit = revision.tag.unwrap_or(revision.commit.0);
        match &location.way {
            Way::Local(path) => {
                let (this, path, location) = (self.clone(), path.clone(), location.clone());
                blocking(move || this.copy_from(&path, &location, commit, have)).await
            }
            Way::Http { .. } => {
                let wants = self.wants(location, revision, have);
                let mut transport = self.http(source, location, credentials)?;
                self.receive(&mut transport, wants).await
            }
            Way::Ssh { .. } => {
                let wants = self.wants(location, revision, have);
                let mut transport = self.ssh(source, location, credentials).await?;
                self.receive(&mut transport, wants).await
            }
        }
    }

    fn copy_from(
        &self,
        path: &Path,
        location: &Location,
        commit: ObjectId,
        have: bool,
    ) -> Result<Fetched, GitError> {
        let failed = |e| GitError::storage("write a pack", e);
        let mut pack = PackWriter::create(&self.0.objects.pack_directory()).map_err(failed)?;
        let mut handle = self.0.objects.handle();
        // Most answers are no, which must not make it look at the disk anew each time.
        handle.refresh_never();
        let here = |id: ObjectId| have && gix::objs::Exists::exists(&handle, &id);
        let (objects, bytes) = local::copy(path, location, commit, &here, &mut pack)?;
        pack.finish().map_err(failed)?;
        Ok(Fetched { objects, bytes })
    }

    fn wants(&self, location: &Location, revision: &Revision, have: bool) -> Wants {
        let have: Vec<ObjectId> =
            if have { lock(&self.0.held).to_tell(&location.key()) } else { Vec::new() };
        let have: Vec<ObjectId> =
            have.into_iter().filter(|id| self.0.objects.contains(id)).collect();
        let shallow = self.0.objects.with(|handle| {
            let mut buffer = Vec::new();
            have.iter()
                .copied()
                .filter(|id| {
                    let Ok((Kind::Commit, data)) = find(handle, *id, &mut buffer) else {
                        return true;
                    };
                    gix::objs::CommitRefIter::from_bytes(data, gix::hash::Kind::Sha1)
                        .parent_ids()
                        .any(|parent| !gix::objs::Exists::exists(handle, &parent))
                })
                .collect()
        });
        Wants {
            commit: revision.tag.unwrap_or(revision.commit.0),
            name: revision.full_name.clone(),
            have,
            shallow,
        }
    }

    /// The tree of a commit that was fetched; with `submodules`, those fetched with it have content.
    ///
    /// # Errors
    /// [`GitError::NotFound`] when the commit is not here.
    pub fn tree(&self, commit: CommitId, submodules: bool) -> Result<GitTree, GitError> {
        let root = self.0.objects.tree_of(commit.0).map_err(|e| GitError::NotFound {
            url: self.0.directory.display().to_string(),
            wanted: format!("commit {commit}"),
            hint: format!(": {e}"),
        })?;
        *lock(&self.0.live).entry(commit.0).or_insert(0) += 1;
        let held = Arc::new(Held { inner: self.0.clone(), commit: commit.0 });
        Ok(GitTree { held, root, submodules })
    }

    /// Whether the commit is here.
    pub fn holds(&self, commit: CommitId) -> bool {
        self.0.objects.contains(&commit.0)
    }

    pub(crate) fn object(
        &self,
        id: ObjectId,
        kind: Kind,
    ) -> Result<Vec<u8>, super::objects::ObjectError> {
        self.0.objects.copy(id, kind)
    }

    /// Keeps `commit` for `owner`, and no longer the one kept for that owner before; `None` lets go.
    ///
    /// # Errors
    /// [`GitError::Storage`].
    pub fn pin(&self, owner: &str, commit: Option<CommitId>) -> Result<(), GitError> {
        lock(&self.0.held).pin(&self.0.directory, owner, commit.map(|c| c.0))
    }
}

#[cfg(test)]
mod tests;
