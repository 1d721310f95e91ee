//! The data directory: object databases by URL, and the last verified revision of every source.
//!
//! What stands here survives a restart, so that with Git gone the tree of the last verified revision is still
//! at hand. One process owns the directory. Deliberately absent: archives (they are made while they are sent)
//! and anything secret.

use crate::git::{GitError, Limits, Location, Repository, Revision};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SOURCES: &str = "sources.json";
const LOCK: &str = "lock";

/// The revision of a source that was verified last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The URL it was fetched from, without credentials.
    pub url: String,
    /// What was fetched.
    pub revision: Revision,
    /// When it was verified: what makes a status say how stale it is.
    pub at: SystemTime,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Written {
    url: String,
    revision: String,
    /// Seconds since 1970.
    at: u64,
}

/// The data directory of the sources.
pub struct Store {
    directory: PathBuf,
    limits: Limits,
    repositories: Mutex<HashMap<String, Repository>>,
    sources: Mutex<BTreeMap<String, Written>>,
    /// Held for as long as the store is open.
    _lock: File,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store in `directory`, making it when it is not there.
    ///
    /// # Errors
    /// [`GitError::Storage`], also when another process has it open.
    pub fn open(directory: &Path, limits: Limits) -> Result<Self, GitError> {
        let failed = |e| GitError::storage(format!("open the store '{}'", directory.display()), e);
        std::fs::create_dir_all(directory).map_err(failed)?;
        let lock = File::create(directory.join(LOCK)).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(failed(io::Error::other("another process has it open")));
        }
        let sources = match std::fs::read(directory.join(SOURCES)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| failed(e.into()))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(e) => return Err(failed(e)),
        };
        Ok(Self {
            directory: directory.to_owned(),
            limits,
            repositories: Mutex::default(),
            sources: Mutex::new(sources),
            _lock: lock,
        })
    }

    /// The object database for a URL; the same for every source of that URL. Whoever reads from it has resolved
    /// the reference with their own credentials before ([`Repository::resolve`] always asks the server).
    ///
    /// # Errors
    /// [`GitError::Url`] and [`GitError::Storage`].
    pub fn repository(&self, url: &str) -> Result<Repository, GitError> {
        let name = directory_of(&Location::parse(url)?);
        let mut repositories = lock(&self.repositories);
        if let Some(repository) = repositories.get(&name) {
            return Ok(repository.clone());
        }
        let repository = Repository::open(&self.directory.join("git").join(&name), self.limits)?;
        repositories.insert(name, repository.clone());
        Ok(repository)
    }

    /// Writes down that `source` (a name of the caller's, such as `namespace/name`) was verified at `revision`.
    /// Its commit stays until another takes its place.
    ///
    /// # Errors
    /// [`GitError::Url`] and [`GitError::Storage`].
    pub fn remember(
        &self,
        source: &str,
        url: &str,
        revision: &Revision,
        at: SystemTime,
    ) -> Result<(), GitError> {
        self.repository(url)?.pin(source, Some(revision.commit))?;
        let shown = Location::parse(url)?.to_string();
        let written = Written {
            url: shown.clone(),
            revision: revision.to_string(),
            at: at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        };
        let before = {
            let mut sources = lock(&self.sources);
            let before = sources.insert(source.to_owned(), written);
            self.write(&sources)?;
            before
        };
        match before {
            Some(before) if before.url != shown => self.release(source, &before.url),
            _ => Ok(()),
        }
    }

    /// What was remembered of `source`.
    pub fn verified(&self, source: &str) -> Option<Verified> {
        let written = lock(&self.sources).get(source).cloned()?;
        Some(Verified {
            revision: written.revision.parse().ok()?,
            url: written.url,
            at: UNIX_EPOCH + Duration::from_secs(written.at),
        })
    }

    /// Lets go of `source`, and of the database of its URL when no other source is of that URL.
    ///
    /// # Errors
    /// [`GitError::Storage`].
    pub fn forget(&self, source: &str) -> Result<(), GitError> {
        let url = {
            let mut sources = lock(&self.sources);
            let Some(written) = sources.remove(source) else { return Ok(()) };
            self.write(&sources)?;
            written.url
        };
        self.release(source, &url)
    }

    /// Lets go of what `source` kept of `url`.
    fn release(&self, source: &str, url: &str) -> Result<(), GitError> {
        self.repository(url)?.pin(source, None)?;
        let mut repositories = lock(&self.repositories);
        if lock(&self.sources).values().any(|other| other.url == url) {
            return Ok(());
        }
        let name = directory_of(&Location::parse(url)?);
        repositories.remove(&name);
        let path = self.directory.join("git").join(name);
        // Trees still being read have their packs open; what they have not opened yet they will miss.
        std::fs::remove_dir_all(&path)
            .map_err(|e| GitError::storage(format!("remove '{}'", path.display()), e))
    }

    fn write(&self, sources: &BTreeMap<String, Written>) -> Result<(), GitError> {
        let path = self.directory.join(SOURCES);
        let failed = |e| GitError::storage(format!("write '{}'", path.display()), e);
        let bytes = serde_json::to_vec_pretty(sources).map_err(|e| failed(e.into()))?;
        replace(&path, &bytes).map_err(failed)
    }
}

/// A file name for a location: readable at its end, unique by a digest.
fn directory_of(location: &Location) -> String {
    let shown = location.to_string();
    let last = shown.trim_end_matches('/').rsplit('/').find(|s| *s != ".git").unwrap_or_default();
    let last = last.strip_suffix(".git").unwrap_or(last);
    let plain: String =
        last.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(40).collect();
    let digest = Sha256::digest(shown.as_bytes());
    let hex: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    format!("{plain}-{hex}")
}

/// Replaces a file as a whole: whoever reads sees the old content or the new, also after a crash.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("writing");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_data()?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests;
