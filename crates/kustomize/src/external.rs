//! What a kustomization asks for from outside of its tree, as data: this crate fetches nothing.
//!
//! A build that meets something external that is not at hand ends with an error that carries it
//! ([`crate::BuildError::external`]). Whoever has a network fetches it, mounts it in the tree at
//! [`External::mounted_at`], notes it in [`Externals`] and builds again. Everything else about the build stays a pure
//! function of the tree.
//!
//! Source of how references are written: `api/internal/git/repospec.go`, `api/internal/loader/loader.go`.

use crate::chart::ChartRequest;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use tree::{PathError, TreePath};

/// Something outside of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum External {
    /// A Git repository, of which a directory is used.
    Repository {
        /// URL to clone: `https://github.com/org/repo.git`, `ssh://git@host/repo`, `file:///srv/repo.git`.
        url: String,
        /// Branch, tag or commit; the server's default branch when absent.
        reference: Option<String>,
        /// Whether submodules are wanted (`submodules=false` in the query says no).
        submodules: bool,
    },
    /// A file at a `http` or `https` URL.
    File(String),
    /// The manifests of a chart, as `helm template` prints them.
    Chart(Box<ChartRequest>),
}

/// The externals that are mounted in the tree of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Externals(BTreeSet<External>);

impl Externals {
    /// Notes that `external` is mounted at its place.
    pub fn insert(&mut self, external: External) {
        self.0.insert(external);
    }

    /// Whether `external` is mounted.
    pub fn contains(&self, external: &External) -> bool {
        self.0.contains(external)
    }

    /// Whether nothing is mounted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A reference as it is written: the external, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) external: External,
    /// Below the external's root; empty for the root and for files.
    pub(crate) path: String,
}

/// Where externals are mounted. No Git tree can hold a directory of this name, so nothing is hidden by one.
const MOUNTS: &str = ".git/remote";

impl External {
    /// Where it is to be mounted: a directory for a repository, else a file. The name is readable, because
    /// messages about files in it show it, and unique for each external.
    ///
    /// # Errors
    /// Never for what a build asked for; [`PathError`] for one made by hand with a NUL in it.
    pub fn mounted_at(&self) -> Result<TreePath, PathError> {
        let (url, reference) = match self {
            Self::Repository { url, reference, .. } => (url, reference.as_deref()),
            Self::File(url) => (url, None),
            Self::Chart(request) => (&request.name, None),
        };
        let digest = Sha256::digest(format!("{self:?}"));
        let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let place = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let plain = |text: &str| -> String {
            let keep = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
            text.chars().map(|c| if keep(c) { c } else { '_' }).collect()
        };
        let segments = place.split('/').filter(|s| !matches!(*s, "" | "." | ".."));
        let name: Vec<String> = segments.map(plain).collect();
        let at = reference.map(|r| format!("@{}", plain(r))).unwrap_or_default();
        TreePath::parse(&format!("{MOUNTS}/{}{at}-{hash}", name.join("/")))
    }
}

impl fmt::Display for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository { url, reference: Some(reference), .. } => {
                write!(f, "{url} at {reference}")
            }
            Self::Repository { url, .. } | Self::File(url) => f.write_str(url),
            Self::Chart(request) => match &request.directory {
                Some(directory) => write!(f, "the chart {directory}"),
                None => write!(f, "the chart {} of {}", request.name, request.repository),
            },
        }
    }
}

/// What a path in a kustomization refers to, when it is outside of the tree. `base` says that a directory may be meant:
/// everywhere else a URL is that of a file.
pub(crate) fn parse(path: &str, base: bool) -> Option<Reference> {
    let is_http = path.starts_with("https://") || path.starts_with("http://");
    if is_http && (!base || names_a_file(path)) {
        return Some(Reference { external: External::File(path.to_owned()), path: String::new() });
    }
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let place = place.strip_prefix("git::").unwrap_or(place);
    let (host, rest) = split_host(place)?;
    let (repository, inner) = split_repository(&host, rest);
    if repository.is_empty() {
        return None;
    }
    let github = host == "https://github.com/" && !repository.ends_with(".git");
    let suffix = if github { ".git" } else { "" };
    let value =
        |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    let reference = value("ref").or_else(|| value("version")).filter(|r| !r.is_empty());
    Some(Reference {
        external: External::Repository {
            url: format!("{host}{repository}{suffix}"),
            reference: reference.map(str::to_owned),
            submodules: value("submodules") != Some("false"),
        },
        path: inner.trim_matches('/').to_owned(),
    })
}

/// Whether a URL looks like that of one manifest rather than that of a repository. kustomize tries the one and then
/// the other; a repository's URL names a reference, a `.git` or a `//`.
fn names_a_file(url: &str) -> bool {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    let names_revision =
        query.split('&').any(|q| q.starts_with("ref=") || q.starts_with("version="));
    let file = [".yaml", ".yml", ".json"].iter().any(|end| rest.ends_with(end));
    file && !names_revision && !rest.contains("//") && !rest.contains(".git/")
}

/// The beginning of a URL, with the scheme, and what follows the host.
fn split_host(place: &str) -> Option<(String, &str)> {
    for alias in ["gh:", "github.com/", "github.com:"] {
        if let Some(rest) = place.strip_prefix(alias) {
            return Some(("https://github.com/".to_owned(), rest));
        }
    }
    if let Some(rest) = place.strip_prefix("file://") {
        return Some(("file://".to_owned(), rest));
    }
    for scheme in ["https://", "http://", "ssh://"] {
        if let Some(rest) = place.strip_prefix(scheme) {
            let (host, rest) = rest.split_once('/')?;
            return Some((format!("{scheme}{host}/"), rest));
        }
    }
    // `git@host:org/repo`, or with a slash.
    let (user, rest) = place.split_once('@')?;
    if user.is_empty() || user.contains('/') {
        return None;
    }
    let (host, rest) = rest.split_once([':', '/'])?;
    Some((format!("ssh://{user}@{host}/"), rest))
}

/// The repository and the path in it.
fn split_repository<'a>(host: &str, rest: &'a str) -> (&'a str, &'a str) {
    if let Some((repository, inner)) = rest.split_once("//") {
        return (repository, inner);
    }
    if let Some(at) = rest.find(".git/") {
        return (&rest[..at + 4], &rest[at + 5..]);
    }
    if rest.ends_with(".git") || host == "file://" {
        return (rest, "");
    }
    // Azure DevOps and CodeCommit: everything up to the segment behind the marker.
    let skip = ["_git/", "repos/"].iter().find_map(|mark| Some(rest.find(mark)? + mark.len()));
    let (from, segments) = match skip {
        Some(from) if host.contains("dev.azure.com") || host.contains("visualstudio.com") => {
            (from, 1)
        }
        Some(from) if host.contains("amazonaws.com") => (from, 1),
        _ => (0, 2),
    };
    let ends = rest[from..].match_indices('/').nth(segments - 1);
    match ends {
        Some((at, _)) => (&rest[..from + at], &rest[from + at + 1..]),
        None => (rest, ""),
    }
}

#[cfg(test)]
mod tests;
