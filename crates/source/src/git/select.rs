//! From the references a server lists to the one revision that was asked for.

use super::error::GitError;
use super::location::Location;
use super::revision::{CommitId, Revision};
use gix::ObjectId;
use semver::{Constraint, Version};

/// Which commit of a repository. Of several fields of a Flux `spec.ref` one decides: commit, then name, then
/// semver, then tag, then branch (the precedence the CRD documents).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The tip of a branch.
    Branch(String),
    /// A tag; annotated tags are peeled.
    Tag(String),
    /// The newest tag that is a version in this range.
    Semver(String),
    /// One commit; the branch is where to look for it on servers that give no commit by id.
    Commit {
        /// 40 hexadecimal digits.
        sha: String,
        /// The branch, which also names the revision.
        branch: Option<String>,
    },
    /// A full reference name, such as `refs/pull/420/head`.
    Name(String),
    /// What people write where kind does not matter: a commit in full, a reference name, a tag or a branch, in this order.
    Any(String),
}

impl Default for Reference {
    /// Flux's default branch.
    fn default() -> Self {
        Self::Branch("master".to_owned())
    }
}

/// One reference of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteRef {
    pub(crate) name: String,
    pub(crate) id: ObjectId,
    /// What an annotated tag leads to.
    pub(crate) peeled: Option<ObjectId>,
}

impl RemoteRef {
    fn commit(&self) -> CommitId {
        CommitId(self.peeled.unwrap_or(self.id))
    }
}

impl Reference {
    /// The reference that the fields of a Flux `spec.ref` mean together; empty fields count as absent.
    pub fn choose(branch: &str, tag: &str, semver: &str, name: &str, commit: &str) -> Self {
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if let Some(sha) = own(commit) {
            return Self::Commit { sha, branch: own(branch) };
        }
        own(name)
            .map(Self::Name)
            .or_else(|| own(semver).map(Self::Semver))
            .or_else(|| own(tag).map(Self::Tag))
            .or_else(|| own(branch).map(Self::Branch))
            .unwrap_or_default()
    }

    /// The beginnings of the reference names that are needed.
    ///
    /// # Errors
    /// [`GitError::Reference`] when the reference cannot be one.
    pub(crate) fn prefixes(&self) -> Result<Vec<String>, GitError> {
        let valid = |name: &str| {
            let bad = name.is_empty()
                || name.starts_with(['/', '-'])
                || name.ends_with(['/', '.'])
                || name.contains("..")
                || name.contains("//")
                || name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c));
            if bad {
                Err(GitError::Reference(format!(
                    "'{name}' is no name of a branch, tag or reference"
                )))
            } else {
                Ok(())
            }
        };
        Ok(match self {
            Self::Branch(branch) => {
                valid(branch)?;
                vec![format!("refs/heads/{branch}")]
            }
            Self::Tag(tag) => {
                valid(tag)?;
                vec![format!("refs/tags/{tag}")]
            }
            Self::Semver(_) => vec!["refs/tags/".to_owned()],
            Self::Name(name) => {
                let name = name.strip_suffix("^{}").unwrap_or(name);
                valid(name)?;
                vec![name.to_owned()]
            }
            Self::Any(name) if is_commit(name) => vec!["HEAD".to_owned()],
            Self::Any(name) => {
                valid(name)?;
                ["", "refs/tags/", "refs/heads/"].map(|kind| format!("{kind}{name}")).to_vec()
            }
            Self::Commit { sha, branch } => {
                sha.parse::<CommitId>().map_err(|e| GitError::Reference(e.to_string()))?;
                match branch {
                    Some(branch) => {
                        valid(branch)?;
                        vec![format!("refs/heads/{branch}")]
                    }
                    None => vec!["HEAD".to_owned()],
                }
            }
        })
    }

    /// The revision among what the server listed.
    ///
    /// # Errors
    /// [`GitError::NotFound`] with what is there instead, [`GitError::Reference`].
    pub(crate) fn select(
        &self,
        refs: &[RemoteRef],
        location: &Location,
    ) -> Result<Revision, GitError> {
        let missing = |wanted: String, hint: &str| GitError::NotFound {
            url: location.to_string(),
            wanted,
            hint: hint.to_owned(),
        };
        let exact = |full: &str| refs.iter().find(|r| r.name == full);
        let named = |name: String, found: &RemoteRef| Revision {
            name: Some(name),
            commit: found.commit(),
            full_name: Some(found.name.clone()),
            tag: found.peeled.map(|_| found.id),
        };
        match self {
            Self::Branch(branch) => exact(&format!("refs/heads/{branch}"))
                .map(|found| named(branch.clone(), found))
                .ok_or_else(|| missing(format!("branch '{branch}'"), "; check spec.ref.branch")),
            Self::Tag(tag) => exact(&format!("refs/tags/{tag}"))
                .map(|found| named(tag.clone(), found))
                .ok_or_else(|| missing(format!("tag '{tag}'"), "; check spec.ref.tag")),
            Self::Name(name) => {
                let plain = name.strip_suffix("^{}").unwrap_or(name);
                exact(plain).map(|found| named(name.clone(), found)).ok_or_else(|| {
                    missing(
                        format!("reference '{name}'"),
                        "; give the full name, such as refs/heads/main",
                    )
                })
            }
            Self::Any(name) if is_commit(name) => {
                Self::Commit { sha: name.clone(), branch: None }.select(refs, location)
            }
            Self::Any(name) => ["", "refs/tags/", "refs/heads/"]
                .iter()
                .find_map(|kind| exact(&format!("{kind}{name}")))
                .map(|found| named(name.clone(), found))
                .ok_or_else(|| missing(format!("branch, tag or commit '{name}'"), "")),
            Self::Semver(range) => newest(range, refs)?
                .map(|found| named(found.name["refs/tags/".len()..].to_owned(), found))
                .ok_or_else(|| missing(format!("tag in the version range '{range}'"), "")),
            Self::Commit { sha, branch } => {
                let commit = sha.parse().map_err(|e: super::revision::CommitIdError| {
                    GitError::Reference(e.to_string())
                })?;
                let full_name = match branch {
                    Some(branch) => {
                        let full = format!("refs/heads/{branch}");
                        exact(&full).ok_or_else(|| {
                            missing(format!("branch '{branch}'"), "; check spec.ref.branch")
                        })?;
                        full
                    }
                    None => "HEAD".to_owned(),
                };
                Ok(Revision { name: branch.clone(), commit, full_name: Some(full_name), tag: None })
            }
        }
    }
}

fn is_commit(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The tag of the newest version in `range`. As Flux, a tag is a version when it is one in full, with or without
/// a leading `v`. Of tags that differ only in build metadata the one later in the alphabet is taken: their dates,
/// by which Flux decides, cannot be seen without fetching every tag.
fn newest<'a>(range: &str, refs: &'a [RemoteRef]) -> Result<Option<&'a RemoteRef>, GitError> {
    let constraint = Constraint::parse(range)
        .map_err(|e| GitError::Reference(format!("'{range}' is no version range: {e}")))?;
    let matching = refs.iter().filter_map(|found| {
        let version = Version::parse_full(found.name.strip_prefix("refs/tags/")?).ok()?;
        constraint.matches(&version).then_some((version, found))
    });
    Ok(matching
        .max_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.name.cmp(&y.name)))
        .map(|(_, found)| found))
}

#[cfg(test)]
mod tests;
