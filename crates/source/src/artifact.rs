//! The archive that other consumers of Flux artifacts expect: made from the tree while it is sent, never stored.
//!
//! As source-controller writes it: a gzipped tar with owners and times zeroed, files 0600 (0700 when
//! executable), directories 0750, symbolic links left out. The same tree gives the same bytes, so that the digest
//! can be stated before the archive is asked for. Nothing of ours reads these archives.

use crate::git::{GitTree, RawKind};
use flate2::{Compression, GzBuilder, write::GzEncoder};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use tree::{ContentId, EntryKind, Tree, TreeError, TreePath};

mod tar;

/// Directories within directories.
const DEEPEST: usize = 256;
/// Bytes of all files: what source-controller's consumers would give up at, too.
const LARGEST: u64 = 4 << 30;
/// Entries of one archive.
const MOST: usize = 2_000_000;
/// Archives whose description is remembered.
const REMEMBERED: usize = 1024;

/// What `status.artifact` says of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// `sha256:<hex>`.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

/// Why an archive could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The tree could not be read.
    #[error("the source cannot be read")]
    Tree(#[from] TreeError),
    /// The receiver went away, or the disk.
    #[error("the archive cannot be written")]
    Write(#[from] io::Error),
    /// More than an archive may hold.
    #[error("the archive would be too large: {0}")]
    TooLarge(String),
}

/// Writes the archive of `view` (a filter over `tree`, or `tree` itself) and describes it. `tree` knows which
/// files are executable and which are links; what stands only in `view` (an include) is taken for plain files.
///
/// # Errors
/// [`ArtifactError`].
pub fn write(
    view: &dyn Tree,
    tree: &GitTree,
    out: &mut dyn Write,
) -> Result<Described, ArtifactError> {
    pack(view, Some(tree), out)
}

/// Writes the archive of a tree that does not come from Git: all files are plain.
///
/// # Errors
/// [`ArtifactError`].
pub fn write_plain(view: &dyn Tree, out: &mut dyn Write) -> Result<Described, ArtifactError> {
    pack(view, None, out)
}

fn pack(
    view: &dyn Tree,
    tree: Option<&GitTree>,
    out: &mut dyn Write,
) -> Result<Described, ArtifactError> {
    let measured = Measured { out, hasher: Sha256::new(), size: 0 };
    // No time and no name in the header, and the same system on all machines.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(measured, Compression::new(2));
    let mut archive = Archive { out: gzip, entries: 0, bytes: 0 };
    archive.directory(view, tree, &TreePath::root(), 0)?;
    tar::end(&mut archive.out)?;
    let measured = archive.out.finish()?;
    let digest: String = measured.hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Described { digest: format!("sha256:{digest}"), size: measured.size })
}

struct Archive<'a> {
    out: GzEncoder<Measured<'a>>,
    entries: usize,
    bytes: u64,
}

impl Archive<'_> {
    fn directory(
        &mut self,
        view: &dyn Tree,
        tree: Option<&GitTree>,
        path: &TreePath,
        depth: usize,
    ) -> Result<(), ArtifactError> {
        if depth > DEEPEST {
            return Err(ArtifactError::TooLarge(format!("directories deeper than {DEEPEST}")));
        }
        // Below an include there is nothing in the tree, which is no error.
        let raw = match tree.map(|t| t.raw_list(path)).transpose() {
            Ok(raw) => raw.unwrap_or_default(),
            Err(error @ TreeError::Storage { .. }) => return Err(error.into()),
            Err(_) => Vec::new(),
        };
        for entry in view.list(path)? {
            let Ok(child) = path.join(&entry.name) else { continue };
            let at = raw.binary_search_by(|r| r.name.as_str().cmp(&entry.name));
            let kind = at.ok().map(|at| raw[at].kind);
            self.entries += 1;
            if self.entries > MOST {
                return Err(ArtifactError::TooLarge(format!("more than {MOST} entries")));
            }
            match (entry.kind, kind) {
                (EntryKind::BrokenLink, _) | (_, Some(RawKind::Link)) => {}
                (EntryKind::Directory, _) => {
                    tar::directory(&mut self.out, child.as_str())?;
                    self.directory(view, tree, &child, depth + 1)?;
                }
                (EntryKind::File, kind) => {
                    let content = view.file(&child)?;
                    self.bytes += content.len() as u64;
                    if self.bytes > LARGEST {
                        return Err(ArtifactError::TooLarge(format!(
                            "more than {} GB",
                            LARGEST >> 30
                        )));
                    }
                    tar::file(
                        &mut self.out,
                        child.as_str(),
                        kind == Some(RawKind::Executable),
                        &content,
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Counts and hashes what passes.
struct Measured<'a> {
    out: &'a mut dyn Write,
    hasher: Sha256,
    size: u64,
}

impl Write for Measured<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.out.write(bytes)?;
        self.hasher.update(&bytes[..length]);
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Descriptions of archives by what is in them, so that an unchanged tree is not archived again to be described.
#[derive(Default)]
pub struct Descriptions(Mutex<HashMap<ContentId, Described>>);

impl Descriptions {
    /// Describes the archive of `view`, making it (and throwing it away) when that was not done before.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub fn of(&self, view: &dyn Tree, tree: &GitTree) -> Result<Described, ArtifactError> {
        let key = view.id(&TreePath::root())?;
        let known = |key: &ContentId| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
        };
        if let Some(described) = key.as_ref().and_then(known) {
            return Ok(described);
        }
        let described = write(view, tree, &mut io::sink())?;
        if let Some(key) = key {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= REMEMBERED {
                all.clear();
            }
            all.insert(key, described.clone());
        }
        Ok(described)
    }
}

#[cfg(test)]
mod tests;
