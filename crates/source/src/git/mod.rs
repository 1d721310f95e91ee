//! Git without a working copy: references over the wire, objects in a bare database, trees read from it.
//!
//! The way is [`Repository::resolve`] (one small request) then [`Repository::fetch`] (what is missing, and only
//! that) then [`Repository::tree`]. Deliberately absent: pushing, histories deeper than the commits asked for,
//! the `git` and `ssh` programs.

mod changes;
mod credentials;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod location;
mod objects;
mod pack;
mod protocol;
mod repository;
mod revision;
mod select;
mod signature;
mod submodules;
pub(crate) mod transport;
mod tree;
mod tree_objects;

pub use changes::ChangedPaths;
pub use credentials::{ClientCertificate, Credentials, Secret};
pub(crate) use error::remote_words;
pub use error::{GitError, Reason};
pub use location::Location;
pub use repository::{Fetched, Limits, Repository};
pub use revision::{CommitId, Revision};
pub use select::Reference;
pub use signature::{VerifyError, VerifyMode};
pub use tree::{GitTree, RawEntry, RawKind};

use std::time::Duration;

/// A repository, what to take from it and how to get at it: the fetch side of a Flux `GitRepository` spec.
#[derive(Clone, Debug)]
pub struct GitSource {
    /// Where: `https://`, `http://`, `ssh://`, `user@host:path`, `file://` or a path of this machine.
    pub url: String,
    /// Which commit.
    pub reference: Reference,
    /// What to show the server.
    pub credentials: Credentials,
    /// PEM certificates trusted beside the machine's own, for `https`.
    pub ca: Option<Vec<u8>>,
    /// A certificate of ours to show, for `https`.
    pub client_certificate: Option<ClientCertificate>,
    /// The longest a resolve or a fetch may take, each on its own.
    pub timeout: Duration,
    /// Whether submodules are fetched and appear as directories with content.
    pub recurse_submodules: bool,
}

impl GitSource {
    /// A source without credentials, with Flux's default timeout of one minute.
    pub fn new(url: impl Into<String>, reference: Reference) -> Self {
        Self {
            url: url.into(),
            reference,
            credentials: Credentials::None,
            ca: None,
            client_certificate: None,
            timeout: Duration::from_secs(60),
            recurse_submodules: false,
        }
    }
}
