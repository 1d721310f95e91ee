//! Submodules: which there are in a commit, and fetching them beside it.
//!
//! They go into the same object database, which needs no second one: objects have one name everywhere. Secrets
//! are shown only to the host they belong to, and a repository from elsewhere cannot name paths of this machine.

use super::error::GitError;
use super::location::{Location, Way};
use super::repository::{Fetched, Repository};
use super::revision::{CommitId, Revision};
use super::tree::Found;
use super::{Credentials, GitSource};
use gix::ObjectId;
use tree::{Tree, TreeError, TreePath};

/// Submodules within submodules.
const DEEPEST: usize = 8;
/// Submodules in all.
const MOST: usize = 256;

/// A submodule as `.gitmodules` declares it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Declared {
    path: String,
    url: String,
}

impl Repository {
    /// Fetches the submodules of `commit`, and theirs, into this database.
    pub(crate) async fn fetch_submodules(
        &self,
        source: &GitSource,
        location: &Location,
        commit: CommitId,
        fetched: &mut Fetched,
    ) -> Result<(), GitError> {
        let mut pending = vec![(location.clone(), commit, 0)];
        let mut count = 0;
        while let Some((parent, commit, depth)) = pending.pop() {
            for (declared, wanted) in self.submodules_of(commit, &parent)? {
                count += 1;
                if count > MOST || depth >= DEEPEST {
                    let problem =
                        format!("more than {MOST} submodules, or {DEEPEST} within each other");
                    return Err(GitError::TooLarge { url: location.to_string(), problem });
                }
                let place = parent.join(&declared.url)?;
                if matches!(place.way, Way::Local(_)) && !matches!(parent.way, Way::Local(_)) {
                    return Err(GitError::Url {
                        url: declared.url,
                        problem: format!(
                            "the submodule '{}' of '{parent}' names a path of this machine",
                            declared.path
                        ),
                    });
                }
                let own = place.same_host(location);
                let credentials = if own { &source.credentials } else { &Credentials::None };
                let revision = Revision {
                    name: None,
                    commit: CommitId(wanted),
                    full_name: Some("HEAD".to_owned()),
                    tag: None,
                };
                let moved = self.fetch_commit(source, &place, credentials, &revision).await?;
                fetched.objects += moved.objects;
                fetched.bytes += moved.bytes;
                pending.push((place, CommitId(wanted), depth + 1));
            }
        }
        Ok(())
    }

    /// The submodules that a commit both declares and has.
    fn submodules_of(
        &self,
        commit: CommitId,
        location: &Location,
    ) -> Result<Vec<(Declared, ObjectId)>, GitError> {
        let damaged = |e: &dyn std::error::Error| GitError::Damaged {
            url: location.to_string(),
            problem: e.to_string(),
        };
        let tree = self.tree(commit, false)?;
        let file = TreePath::parse(".gitmodules").map_err(|e| damaged(&e))?;
        let text = match tree.file(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(TreeError::Storage { source, .. }) => return Err(damaged(&*source)),
            Err(_) => return Ok(Vec::new()),
        };
        let mut found = Vec::new();
        for declared in declared(&text) {
            let Ok(path) = TreePath::parse(&declared.path) else { continue };
            if !matches!(tree.find(&path), Ok(Some(Found::Directory(None)))) {
                continue;
            }
            let Some(directory) = path.parent() else { continue };
            let entries = tree.raw_list(&directory).map_err(|e| damaged(&e))?;
            if let Some(entry) = entries.into_iter().find(|e| e.name == path.file_name()) {
                found.push((declared, entry.id));
            }
        }
        Ok(found)
    }
}

/// Reads `.gitmodules` (git-config(1)): sections, keys, quotes, comments; whatever else stands there is passed over.
fn declared(text: &str) -> Vec<Declared> {
    let mut all = Vec::new();
    let mut current: Option<Declared> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            all.extend(current.take());
            let is = line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("[submodule "));
            current = is.then(Declared::default);
        } else if let (Some(current), Some((key, value))) = (&mut current, line.split_once('=')) {
            match key.trim().to_ascii_lowercase().as_str() {
                "path" => current.path = unquoted(value.trim()),
                "url" => current.url = unquoted(value.trim()),
                _ => {}
            }
        }
    }
    all.extend(current);
    all.retain(|d| !d.path.is_empty() && !d.url.is_empty() && !d.url.starts_with('-'));
    all
}

fn unquoted(value: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' => out.extend(chars.next()),
            '#' | ';' if !quoted => break,
            c => out.push(c),
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests;
