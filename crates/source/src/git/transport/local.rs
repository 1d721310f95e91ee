//! A repository on this machine: its references are read and its objects copied, with no server in between.

use super::super::error::GitError;
use super::super::location::Location;
use super::super::objects::{ObjectError, delta_cache, find};
use super::super::pack::PackWriter;
use super::super::select::RemoteRef;
use gix::ObjectId;
use gix::objs::{Kind, TreeRefIter, tree::EntryKind};
use std::collections::HashSet;
use std::path::Path;

fn open(path: &Path, location: &Location) -> Result<gix::Repository, GitError> {
    gix::open_opts(path, gix::open::Options::isolated()).map_err(|e| GitError::NotFound {
        url: location.to_string(),
        wanted: "Git repository".to_owned(),
        hint: format!(": {e}"),
    })
}

/// The references whose names begin with one of `prefixes`, `HEAD` included.
pub(crate) fn list(
    path: &Path,
    location: &Location,
    prefixes: &[String],
) -> Result<Vec<RemoteRef>, GitError> {
    let repository = open(path, location)?;
    let damaged = |e: gix::Error| GitError::Damaged {
        url: location.to_string(),
        problem: format!("references cannot be read: {e}"),
    };
    let mut refs = Vec::new();
    let mut found: Vec<gix::Reference<'_>> = Vec::new();
    for prefix in prefixes {
        if prefix.ends_with('/') {
            let platform = repository.references().map_err(damaged)?;
            for reference in platform.prefixed(prefix.as_str()).map_err(damaged)? {
                found.push(reference.map_err(|e| GitError::Damaged {
                    url: location.to_string(),
                    problem: e.to_string(),
                })?);
            }
        } else if let Some(reference) =
            repository.try_find_reference(prefix.as_str()).map_err(damaged)?
        {
            found.push(reference);
        }
    }
    for mut reference in found {
        let name = reference.name().as_bstr().to_string();
        // A branch without a commit yet has nothing to give.
        let direct = reference.try_id().map(gix::Id::detach);
        let Ok(peeled) = reference.peel_to_id().map(gix::Id::detach) else { continue };
        let id = direct.unwrap_or(peeled);
        refs.push(RemoteRef { name, id, peeled: (id != peeled).then_some(peeled) });
    }
    Ok(refs)
}

/// Copies `commit` (or the annotated tag that leads to it) and all its trees and files, except what `have` says is here, into `pack`. Every object's id
/// is computed anew. Gives the number of objects and bytes.
pub(crate) fn copy(
    path: &Path,
    location: &Location,
    commit: ObjectId,
    have: &dyn Fn(ObjectId) -> bool,
    pack: &mut PackWriter,
) -> Result<(usize, u64), GitError> {
    let mut repository = open(path, location)?;
    repository.objects.set_pack_cache(delta_cache);
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut pending = vec![(commit, None)];
    let (mut objects, mut bytes) = (0, 0);
    let mut buffer = Vec::new();
    let damaged = |problem: String| GitError::Damaged { url: location.to_string(), problem };
    while let Some((id, wanted)) = pending.pop() {
        if have(id) || !seen.insert(id) {
            continue;
        }
        let (kind, data) = match find(&repository.objects, id, &mut buffer) {
            Ok(found) => found,
            Err(ObjectError::Missing(_)) if matches!(wanted, None | Some(Kind::Commit)) => {
                return Err(GitError::NotFound {
                    url: location.to_string(),
                    wanted: format!("commit {id}"),
                    hint: String::new(),
                });
            }
            Err(e) => return Err(damaged(e.to_string())),
        };
        let is = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, data)
            .map_err(|e| damaged(e.to_string()))?;
        let fits = wanted.map_or(matches!(kind, Kind::Commit | Kind::Tag), |wanted| wanted == kind);
        if is != id || !fits {
            return Err(damaged(format!("object {id} is in truth the {kind} {is}")));
        }
        match kind {
            Kind::Commit => {
                let tree =
                    gix::objs::CommitRefIter::from_bytes(data, gix::hash::Kind::Sha1).tree_id();
                pending.push((
                    tree.map_err(|e| damaged(format!("commit {id}: {e}")))?,
                    Some(Kind::Tree),
                ));
            }
            Kind::Tree => {
                for entry in TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1) {
                    let entry = entry.map_err(|e| damaged(format!("tree {id}: {e}")))?;
                    match entry.mode.kind() {
                        EntryKind::Tree => pending.push((entry.oid.to_owned(), Some(Kind::Tree))),
                        EntryKind::Commit => {}
                        _ => pending.push((entry.oid.to_owned(), Some(Kind::Blob))),
                    }
                }
            }
            Kind::Tag => {
                let target =
                    gix::objs::TagRefIter::from_bytes(data, gix::hash::Kind::Sha1).target_id();
                pending.push((target.map_err(|e| damaged(format!("tag {id}: {e}")))?, None));
            }
            Kind::Blob => {}
        }
        pack.add(id, kind, data).map_err(|e| GitError::storage("write a pack", e))?;
        objects += 1;
        bytes += data.len() as u64;
    }
    Ok((objects, bytes))
}
