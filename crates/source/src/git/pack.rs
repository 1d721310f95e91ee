//! Writing packs of our own: for objects copied from a local repository and for packs merged.
//!
//! Whole objects, no deltas: what is written here was just read, and is read again far more often than it is
//! stored. Format: gitformat-pack(5), pack version 2 and index version 2.

use flate2::{Compression, Crc, write::ZlibEncoder};
use gix::ObjectId;
use gix::objs::Kind;
use sha1::{Digest, Sha1};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

struct Indexed {
    id: ObjectId,
    crc: u32,
    offset: u64,
}

/// A pack being written to a temporary file.
pub(crate) struct PackWriter {
    directory: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    at: u64,
    written: Vec<Indexed>,
    /// One for all objects: its tables are much larger than most of them.
    encoder: ZlibEncoder<Vec<u8>>,
    spare: Vec<u8>,
}

impl PackWriter {
    /// Begins a pack in `directory`.
    pub(crate) fn create(directory: &Path) -> io::Result<Self> {
        static SERIAL: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let temporary = directory.join(format!("tmp-{}-{serial}.writing", std::process::id()));
        let file = File::options().create_new(true).read(true).write(true).open(&temporary)?;
        let mut writer = Self {
            directory: directory.to_owned(),
            temporary,
            file: BufWriter::with_capacity(256 << 10, file),
            at: 12,
            written: Vec::new(),
            encoder: ZlibEncoder::new(Vec::new(), Compression::fast()),
            spare: Vec::new(),
        };
        // The number of objects is not known yet.
        writer.file.write_all(&[0; 12])?;
        Ok(writer)
    }

    /// Adds an object. The caller gives every object once.
    pub(crate) fn add(&mut self, id: ObjectId, kind: Kind, data: &[u8]) -> io::Result<()> {
        let number: u8 = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        let mut header = Vec::with_capacity(8);
        let mut size = data.len();
        let mut byte = (number << 4) | (size & 15) as u8;
        size >>= 4;
        while size != 0 {
            header.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        header.push(byte);
        self.encoder.write_all(data)?;
        let next = std::mem::take(&mut self.spare);
        let mut compressed = self.encoder.reset(next)?;
        let mut crc = Crc::new();
        crc.update(&header);
        crc.update(&compressed);
        self.written.push(Indexed { id, crc: crc.sum(), offset: self.at });
        self.at += (header.len() + compressed.len()) as u64;
        self.file.write_all(&header)?;
        self.file.write_all(&compressed)?;
        compressed.clear();
        self.spare = compressed;
        Ok(())
    }

    /// Puts the pack and then its index in place; nothing when no object was added. Readers see the pack only
    /// once it is whole.
    pub(crate) fn finish(mut self) -> io::Result<Option<PathBuf>> {
        if self.written.is_empty() {
            return Ok(None);
        }
        let count = u32::try_from(self.written.len())
            .map_err(|_| io::Error::other("more than 4 billion objects in a pack"))?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(b"PACK")?;
        self.file.write_all(&2_u32.to_be_bytes())?;
        self.file.write_all(&count.to_be_bytes())?;
        self.file.seek(SeekFrom::Start(0))?;
        let file = self.file.get_mut();
        let mut hasher = Sha1::new();
        io::copy(file, &mut HashWriter(&mut hasher))?;
        let checksum: [u8; 20] = hasher.finalize().into();
        file.write_all(&checksum)?;
        file.sync_data()?;
        self.written.sort_by_key(|object| object.id);
        let index = index_of(&self.written, &checksum);
        let name = format!("pack-{}", ObjectId::from_bytes_or_panic(&checksum).to_hex());
        let pack = self.directory.join(format!("{name}.pack"));
        let index_temporary = self.temporary.with_extension("indexing");
        let mut out = File::create(&index_temporary)?;
        out.write_all(&index)?;
        out.sync_data()?;
        std::fs::rename(&self.temporary, &pack)?;
        std::fs::rename(&index_temporary, pack.with_extension("idx"))?;
        Ok(Some(pack))
    }
}

impl Drop for PackWriter {
    fn drop(&mut self) {
        // After a successful `finish` the name is gone already.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

struct HashWriter<'a>(&'a mut Sha1);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The index, version 2: fan-out, ids, checksums, offsets, large offsets, trailers.
fn index_of(objects: &[Indexed], pack_checksum: &[u8; 20]) -> Vec<u8> {
    let mut out = Vec::with_capacity(objects.len() * 28 + 1072);
    out.extend_from_slice(b"\xfftOc");
    out.extend_from_slice(&2_u32.to_be_bytes());
    let mut seen = 0;
    for first in 0..=255_u8 {
        while objects.get(seen).is_some_and(|o| o.id.first_byte() == first) {
            seen += 1;
        }
        out.extend_from_slice(&(seen as u32).to_be_bytes());
    }
    for object in objects {
        out.extend_from_slice(object.id.as_slice());
    }
    for object in objects {
        out.extend_from_slice(&object.crc.to_be_bytes());
    }
    let mut large = Vec::new();
    for object in objects {
        let short = match u32::try_from(object.offset) {
            Ok(offset) if offset < 1 << 31 => offset,
            _ => {
                large.extend_from_slice(&object.offset.to_be_bytes());
                (1 << 31) | (large.len() / 8 - 1) as u32
            }
        };
        out.extend_from_slice(&short.to_be_bytes());
    }
    out.extend_from_slice(&large);
    out.extend_from_slice(pack_checksum);
    let checksum: [u8; 20] = Sha1::digest(&out).into();
    out.extend_from_slice(&checksum);
    out
}

#[cfg(test)]
mod tests;
