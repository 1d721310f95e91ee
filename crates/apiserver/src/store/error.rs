//! What can go wrong in the store.

use super::Stored;
use std::path::PathBuf;
use std::sync::Arc;

/// Why the store refused, or could not do, what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The object exists already.
    #[error("the object exists already")]
    Exists(Arc<Stored>),
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// The object is no longer at the revision that was named; what is there now is enclosed.
    #[error("the object has been modified")]
    Conflict(Arc<Stored>),
    /// The revision is older than what the store remembers.
    #[error("too old resource version: {asked} ({oldest})")]
    Gone {
        /// The revision asked for.
        asked: u64,
        /// The oldest revision that can be asked for.
        oldest: u64,
    },
    /// The revision is not reached yet.
    #[error("too large resource version: {asked}, current: {current}")]
    Future {
        /// The revision asked for.
        asked: u64,
        /// The newest revision.
        current: u64,
    },
    /// The file cannot be read or written.
    #[error("store {path}: {what}; free space or repair the disk, then restart", path = path.display())]
    Disk {
        /// The store's file.
        path: PathBuf,
        /// What the file system or database said.
        what: String,
    },
    /// Another process has the file open.
    #[error("store {path}: another process uses it; stop that one, or name another data folder", path = path.display())]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// A record does not match its checksum.
    #[error("record {record} of the store is damaged: {what}; restore the file from a backup")]
    Corrupt {
        /// The record's key.
        record: String,
        /// What does not match.
        what: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}
