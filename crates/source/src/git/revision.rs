//! A commit and the name it was reached by, printed as Flux prints it.

use std::fmt;
use std::str::FromStr;

/// The id of a commit (SHA-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitId(pub(crate) gix::ObjectId);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_hex())
    }
}

/// The text is no full object id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no commit id of 40 hexadecimal digits")]
pub struct CommitIdError(String);

impl FromStr for CommitId {
    type Err = CommitIdError;

    fn from_str(text: &str) -> Result<Self, CommitIdError> {
        let text = text.trim();
        if text.len() != 40 {
            return Err(CommitIdError(text.to_owned()));
        }
        gix::ObjectId::from_hex(text.as_bytes())
            .map(Self)
            .map_err(|_| CommitIdError(text.to_owned()))
    }
}

/// A commit and how it was named: prints as `main@sha1:<id>`, `v1.2.0@sha1:<id>`, `refs/pull/1/head@sha1:<id>`
/// or, with no name, `sha1:<id>` (Flux's RFC-0005).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    /// The branch, the tag, or the whole reference name when asked for by name.
    pub name: Option<String>,
    /// The commit; annotated tags are peeled.
    pub commit: CommitId,
    /// The full reference it was read from, for servers that give no commit by its id alone.
    pub(crate) full_name: Option<String>,
    /// The annotated tag that leads to the commit.
    pub(crate) tag: Option<gix::ObjectId>,
}

impl Revision {
    /// A commit under a name as it is to be printed.
    pub fn new(name: Option<String>, commit: CommitId) -> Self {
        Self { name, commit, full_name: None, tag: None }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}@sha1:{}", self.commit),
            None => write!(f, "sha1:{}", self.commit),
        }
    }
}

impl FromStr for Revision {
    type Err = CommitIdError;

    fn from_str(text: &str) -> Result<Self, CommitIdError> {
        let wrong = || CommitIdError(text.to_owned());
        let (name, digest) = match text.rsplit_once('@') {
            Some((name, digest)) => (Some(name.to_owned()), digest),
            None => (None, text),
        };
        let hex = digest.strip_prefix("sha1:").ok_or_else(wrong)?;
        Ok(Self::new(name, hex.parse().map_err(|_| wrong())?))
    }
}

#[cfg(test)]
mod tests;
