//! OCI registries: tags, manifests and blobs, as the distribution specification 1.1 and Docker's token dance have it.
//!
//! Content is checked against its digest before anybody sees it. Deliberately absent: pushing, signatures, and cloud
//! logins (what needs one is refused by the caller).

mod client;
mod login;
mod name;

pub use client::{Layer, Manifest, Registry, Resolved, Want};
pub use login::{OciLogin, docker_config};
pub use name::Repository;

use crate::web::{Tls, WebError};
use std::io;
use std::time::Duration;

/// Media type of a layer that is a Helm chart.
pub const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The largest layer that is taken.
pub const LARGEST_LAYER: u64 = 512 << 20;

/// Something in a registry and how to get at it.
#[derive(Clone, Debug)]
pub struct OciSource {
    /// `oci://registry/name`.
    pub url: String,
    /// Speaks plain HTTP.
    pub insecure: bool,
    /// Shown to the registry.
    pub login: OciLogin,
    /// Whom to trust and who we are.
    pub tls: Tls,
    /// The longest one answer may take.
    pub timeout: Duration,
}

/// Why something cannot be had from a registry.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// The name cannot be one.
    #[error("'{url}' names nothing in a registry: {problem}")]
    Name {
        /// What was written.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The server.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The registry does not accept what we show it.
    #[error("'{registry}' refuses access to '{repository}'{hint}")]
    Refused {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// Its words, and the remedy.
        hint: String,
    },
    /// An answer that no registry gives.
    #[error("'{url}' does not answer as a registry does: {problem}")]
    Protocol {
        /// The address.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// Content that is not what its digest says.
    #[error("what '{url}' sends has the digest {found} and not {wanted}")]
    Digest {
        /// The address.
        url: String,
        /// What was asked for.
        wanted: String,
        /// What came.
        found: String,
    },
    /// No tag fits.
    #[error("no tag of '{repository}' matches '{range}'")]
    NoTag {
        /// The repository.
        repository: String,
        /// What was asked for.
        range: String,
    },
    /// What was asked for is no range, or no regular expression.
    #[error("'{text}' is no {what}: {problem}")]
    Pattern {
        /// What was asked for.
        text: String,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        problem: String,
    },
    /// No such layer.
    #[error("{0}")]
    Layer(String),
    /// The disk.
    #[error("the content cannot be stored")]
    Storage(#[from] io::Error),
}

impl OciError {
    /// Whether the registry refused for lack of rights.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Web(error) => error.is_refusal(),
            _ => false,
        }
    }

    /// Whether no retry can help before somebody changes something.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Name { .. } | Self::Pattern { .. } => true,
            Self::Web(error) => error.is_terminal(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
