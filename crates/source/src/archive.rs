//! A gzipped tar out of the blob store, read as a tree.
//!
//! It is unpacked once, into one file beside the archive; contents are read from there when they are asked for, so
//! memory holds names and places only. As Flux does, links are left out. A bomb is stopped by its size, a name that
//! leads outside is an error. Deliberately absent: writing archives (see [`crate::artifact`]).

mod tar;

use crate::blobs::Blobs;
use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tree::{ContentId, Entry, EntryKind, Tree, TreeError, TreePath};

/// How large an archive may be once unpacked, and how many entries it may have.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// Bytes.
    pub bytes: u64,
    /// Entries.
    pub entries: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { bytes: 2 << 30, entries: 500_000 }
    }
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read from the disk, or unpacked to it.
    #[error("the archive cannot be read")]
    Read(#[from] io::Error),
    /// It is no gzipped tar, or a broken one.
    #[error("the archive is broken: {0}")]
    Broken(String),
    /// More than is taken.
    #[error("the archive is too large: {0}")]
    TooLarge(String),
}

#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    length: u64,
    digest: [u8; 32],
}

/// The files of an archive.
#[derive(Clone)]
pub struct ArchiveTree(Arc<Inner>);

struct Inner {
    file: File,
    files: BTreeMap<TreePath, Place>,
    directories: BTreeMap<TreePath, BTreeMap<String, EntryKind>>,
}

impl ArchiveTree {
    /// Opens the archive with that digest, unpacking it if that was not done before.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(blobs: &Blobs, digest: &str, limits: ArchiveLimits) -> Result<Self, ArchiveError> {
        let packed = blobs.path(digest);
        let unpacked = packed.with_extension("tar");
        if !unpacked.is_file() {
            unpack(&packed, &unpacked, limits)?;
        }
        Self::index(&unpacked, limits)
    }

    fn index(path: &Path, limits: ArchiveLimits) -> Result<Self, ArchiveError> {
        let mut reader = tar::Reader::new(BufReader::with_capacity(1 << 16, File::open(path)?));
        let mut files = BTreeMap::new();
        let mut directories: BTreeMap<TreePath, BTreeMap<String, EntryKind>> =
            BTreeMap::from([(TreePath::root(), BTreeMap::new())]);
        let mut count = 0;
        while let Some(header) = reader.next()? {
            count += 1;
            if count > limits.entries {
                return Err(ArchiveError::TooLarge(format!(
                    "more than {} entries",
                    limits.entries
                )));
            }
            let path = TreePath::parse(&header.name)
                .map_err(|error| ArchiveError::Broken(error.to_string()))?;
            match header.kind {
                tar::Kind::File => {
                    let mut hasher = Sha256::new();
                    let offset = reader.position();
                    reader.content(|piece| hasher.update(piece))?;
                    let digest = hasher.finalize().into();
                    enter(&mut directories, &path, EntryKind::File)?;
                    files.insert(path, Place { offset, length: header.size, digest });
                }
                tar::Kind::Directory => enter(&mut directories, &path, EntryKind::Directory)?,
                tar::Kind::Other => {}
            }
        }
        Ok(Self(Arc::new(Inner { file: File::open(path)?, files, directories })))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.files.is_empty()
    }

    fn digest_of(&self, path: &TreePath, hasher: &mut Sha256) {
        for (name, kind) in self.0.directories.get(path).into_iter().flatten() {
            let Ok(below) = path.join(name) else { continue };
            hasher.update([u8::from(*kind == EntryKind::Directory)]);
            hasher.update(name.as_bytes());
            hasher.update([0]);
            match self.0.files.get(&below) {
                Some(place) => hasher.update(place.digest),
                None => self.digest_of(&below, hasher),
            }
            hasher.update([0xff]);
        }
    }
}

/// Writes the tar that is in a gzip file, unless it is too large.
fn unpack(packed: &Path, unpacked: &Path, limits: ArchiveLimits) -> Result<(), ArchiveError> {
    let mut reader = MultiGzDecoder::new(BufReader::new(File::open(packed)?));
    let temporary = unpacked.with_extension("unpacking");
    let mut out = BufWriter::new(File::create(&temporary)?);
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    let result = loop {
        match reader.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(read) => {
                length += read as u64;
                if length > limits.bytes {
                    let limit = limits.bytes;
                    break Err(ArchiveError::TooLarge(format!("more than {limit} bytes unpacked")));
                }
                if let Err(error) = out.write_all(&buffer[..read]) {
                    break Err(error.into());
                }
            }
            Err(error) => break Err(ArchiveError::Broken(format!("it is no gzip: {error}"))),
        }
    };
    let result = result.and_then(|()| Ok(out.flush()?));
    if let Err(error) = result {
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    std::fs::rename(&temporary, unpacked)?;
    Ok(())
}

/// Enters a path into its directory, and that into the one above, up to the root.
fn enter(
    directories: &mut BTreeMap<TreePath, BTreeMap<String, EntryKind>>,
    path: &TreePath,
    kind: EntryKind,
) -> Result<(), ArchiveError> {
    if kind == EntryKind::Directory {
        directories.entry(path.clone()).or_default();
    } else if directories.contains_key(path) {
        return Err(ArchiveError::Broken(format!("'{path}' is both a file and a directory")));
    }
    let (mut child, mut kind) = (path.clone(), kind);
    while let Some(above) = child.parent() {
        let children = directories.entry(above.clone()).or_default();
        let known = children.insert(child.file_name().to_owned(), kind);
        if known.is_some_and(|known| known != kind) {
            return Err(ArchiveError::Broken(format!("'{child}' is both a file and a directory")));
        }
        if known.is_some() {
            break;
        }
        (child, kind) = (above, EntryKind::Directory);
    }
    Ok(())
}

impl Tree for ArchiveTree {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        let Some(place) = self.0.files.get(path) else {
            return Err(match self.kind(path)? {
                Some(_) => TreeError::WrongKind(path.clone(), "directory"),
                None => TreeError::NotFound(path.clone()),
            });
        };
        let failed = |source| TreeError::Storage { path: path.clone(), source };
        let length = usize::try_from(place.length).map_err(|e| failed(Box::new(e)))?;
        let mut content = vec![0; length];
        self.0.file.read_exact_at(&mut content, place.offset).map_err(|e| failed(Box::new(e)))?;
        Ok(content.into())
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let Some(children) = self.0.directories.get(path) else {
            return Err(match self.kind(path)? {
                Some(_) => TreeError::WrongKind(path.clone(), "file"),
                None => TreeError::NotFound(path.clone()),
            });
        };
        let entry = |(name, kind): (&String, &EntryKind)| Entry { name: name.clone(), kind: *kind };
        Ok(children.iter().map(entry).collect())
    }

    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        if self.0.files.contains_key(path) {
            return Ok(Some(EntryKind::File));
        }
        Ok(self.0.directories.contains_key(path).then_some(EntryKind::Directory))
    }

    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        if let Some(place) = self.0.files.get(path) {
            return Ok(Some(ContentId(place.digest.into())));
        }
        if !self.0.directories.contains_key(path) {
            return Ok(None);
        }
        let mut hasher = Sha256::new();
        self.digest_of(path, &mut hasher);
        Ok(Some(ContentId(<[u8; 32]>::from(hasher.finalize()).into())))
    }
}

#[cfg(test)]
mod tests;
