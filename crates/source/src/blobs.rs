//! Bytes by their digest: charts, indexes and layers as they came, and which source needs which.
//!
//! Layout: `sha256/<hex>` for content, `sources.json` for what every source took last. Content that no source needs
//! is removed when a source lets go of it. Deliberately absent: what the bytes mean.

use crate::store::replace;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SOURCES: &str = "sources.json";
/// Content this young may be on its way to a source that does not name it yet.
const YOUNG: Duration = Duration::from_secs(600);

/// What a source took last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taken {
    /// Where from, without credentials.
    pub url: String,
    /// The revision.
    pub revision: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// What is known besides, such as a server's `ETag`.
    pub notes: BTreeMap<String, String>,
}

/// A directory of content.
pub struct Blobs {
    directory: PathBuf,
    sources: Mutex<BTreeMap<String, Taken>>,
}

/// Numbers what is being received, so that two never share a file.
static RECEIVED: AtomicU64 = AtomicU64::new(0);

impl Blobs {
    /// Opens or makes the directory.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory.join("sha256"))?;
        let sources = match std::fs::read(directory.join(SOURCES)) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { directory: directory.to_owned(), sources: Mutex::new(sources) })
    }

    fn sources(&self) -> MutexGuard<'_, BTreeMap<String, Taken>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where content is, whether or not it is there. What is no digest leads nowhere.
    pub fn path(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        let fine = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        self.directory.join("sha256").join(if fine { hex } else { "none" })
    }

    /// Whether content is there.
    pub fn has(&self, digest: &str) -> bool {
        self.path(digest).is_file()
    }

    /// Content as a whole.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, digest: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(digest))
    }

    /// A place for content that arrives piece by piece.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn receive(&self) -> io::Result<Receiving<'_>> {
        let number = RECEIVED.fetch_add(1, Ordering::Relaxed);
        let path = self
            .directory
            .join("sha256")
            .join(format!("receiving-{}-{number}", std::process::id()));
        let file = File::create(&path)?;
        Ok(Receiving { blobs: self, path, file, hasher: Sha256::new(), length: 0, kept: false })
    }

    /// Keeps content that is at hand, and answers its digest.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, content: &[u8]) -> io::Result<String> {
        let mut receiving = self.receive()?;
        receiving.write(content)?;
        receiving.keep()
    }

    /// What a source took last.
    pub fn taken(&self, source: &str) -> Option<Taken> {
        self.sources().get(source).cloned()
    }

    /// Notes what a source took; what it took before may go.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn remember(&self, source: &str, taken: Taken) -> io::Result<()> {
        let mut sources = self.sources();
        if sources.get(source) == Some(&taken) {
            return Ok(());
        }
        sources.insert(source.to_owned(), taken);
        self.write(&sources)?;
        self.sweep(&sources)
    }

    /// Lets go of what a source took.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn forget(&self, source: &str) -> io::Result<()> {
        let mut sources = self.sources();
        if sources.remove(source).is_none() {
            return Ok(());
        }
        self.write(&sources)?;
        self.sweep(&sources)
    }

    fn write(&self, sources: &BTreeMap<String, Taken>) -> io::Result<()> {
        replace(&self.directory.join(SOURCES), &serde_json::to_vec_pretty(sources)?)
    }

    /// Removes content that nobody needs.
    fn sweep(&self, sources: &BTreeMap<String, Taken>) -> io::Result<()> {
        let needed: BTreeSet<&str> =
            sources.values().filter_map(|t| t.digest.strip_prefix("sha256:")).collect();
        for entry in std::fs::read_dir(self.directory.join("sha256"))? {
            let entry = entry?;
            let name = entry.file_name();
            let stem = name.to_str().unwrap_or_default();
            let stem = stem.split('.').next().unwrap_or_default();
            let old = entry
                .metadata()
                .and_then(|m| m.modified())
                .is_ok_and(|m| m.elapsed().is_ok_and(|age| age > YOUNG));
            if old && !needed.contains(stem) {
                // Whoever reads it has it open; a failure leaves it for the next time.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

/// Content that is arriving; dropped without [`Self::keep`] it is gone.
pub struct Receiving<'a> {
    blobs: &'a Blobs,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
    kept: bool,
}

impl Receiving<'_> {
    /// Takes a piece.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.hasher.update(piece);
        self.length += piece.len() as u64;
        self.file.write_all(piece)
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// `sha256:<hex>` of what arrived.
    pub fn digest(&self) -> String {
        digest_text(&self.hasher.clone().finalize())
    }

    /// It is complete: keeps it under its digest, which is answered.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn keep(mut self) -> io::Result<String> {
        let digest = self.digest();
        self.file.sync_data()?;
        std::fs::rename(&self.path, self.blobs.path(&digest))?;
        self.kept = true;
        Ok(digest)
    }
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// `sha256:<hex>` of bytes.
pub fn digest(content: &[u8]) -> String {
    digest_text(&Sha256::digest(content))
}

fn digest_text(hash: &[u8]) -> String {
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in hash {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests;
