//! Which commits are here on purpose: a small file beside the objects.

use super::super::error::GitError;
use gix::ObjectId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "commits.json";
/// Commits told to a server: each is a line of a request.
const MOST_TOLD: usize = 16;

/// The commits fetched last, per remote, and those somebody holds on to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct HeldCommits {
    /// Remote -> commits, the newest last.
    fetched: BTreeMap<String, Vec<String>>,
    /// Owner -> commit.
    pinned: BTreeMap<String, String>,
}

fn ids<'a>(hex: impl Iterator<Item = &'a String>) -> Vec<ObjectId> {
    hex.filter_map(|hex| ObjectId::from_hex(hex.as_bytes()).ok()).collect()
}

impl HeldCommits {
    /// What was written; nothing when there is no file or it cannot be understood (then everything is fetched
    /// anew, which is slow but right).
    pub(super) fn read(directory: &Path) -> Result<Self, GitError> {
        match std::fs::read(directory.join(FILE)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => {
                Err(GitError::storage(format!("read '{}'", directory.join(FILE).display()), e))
            }
        }
    }

    pub(super) fn add(
        &mut self,
        directory: &Path,
        remote: &str,
        commit: ObjectId,
        keep: usize,
    ) -> Result<(), GitError> {
        let hex = commit.to_string();
        let commits = self.fetched.entry(remote.to_owned()).or_default();
        if commits.last() == Some(&hex) {
            return Ok(());
        }
        commits.retain(|held| *held != hex);
        commits.push(hex);
        let surplus = commits.len().saturating_sub(keep.max(1));
        commits.drain(..surplus);
        self.write(directory)
    }

    pub(super) fn pin(
        &mut self,
        directory: &Path,
        owner: &str,
        commit: Option<ObjectId>,
    ) -> Result<(), GitError> {
        let hex = commit.map(|id| id.to_string());
        if self.pinned.get(owner) == hex.as_ref() {
            return Ok(());
        }
        match hex {
            Some(hex) => self.pinned.insert(owner.to_owned(), hex),
            None => self.pinned.remove(owner),
        };
        self.write(directory)
    }

    /// Commits a server of `remote` is told of: the newest of that remote, then those kept for others, which may
    /// be of other branches of it.
    pub(super) fn to_tell(&self, remote: &str) -> Vec<ObjectId> {
        let mut told = ids(self.fetched.get(remote).into_iter().flatten().rev());
        for id in ids(self.pinned.values()) {
            if told.len() >= MOST_TOLD {
                break;
            }
            if !told.contains(&id) {
                told.push(id);
            }
        }
        told
    }

    /// Every commit that must stay.
    pub(super) fn all(&self) -> Vec<ObjectId> {
        ids(self.fetched.values().flatten().chain(self.pinned.values()))
    }

    fn write(&self, directory: &Path) -> Result<(), GitError> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|e| GitError::storage("write the held commits", e.into()))?;
        crate::store::replace(&directory.join(FILE), &bytes).map_err(|e| {
            GitError::storage(format!("write '{}'", directory.join(FILE).display()), e)
        })
    }
}
