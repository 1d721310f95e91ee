//! The durable file: one redb table of objects, one of counters.
//!
//! A record is `crc32 (4 bytes, little endian) | revision (8 bytes) | JSON`; the checksum covers the key
//! too, so that a record that turns up under another key is noticed.

use super::{Key, ResourceId, StoreError, Stored};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
const REVISION: &str = "revision";
const HEADER: usize = 12;

pub(super) struct Disk {
    database: Database,
    path: PathBuf,
}

/// What a commit does to one record.
pub(super) struct Record {
    pub(super) object: Arc<Stored>,
    pub(super) removed: bool,
}

impl Disk {
    pub(super) fn open(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let failed = |e: &dyn std::fmt::Display| StoreError::Disk {
            path: path.to_owned(),
            what: e.to_string(),
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        }
        let mut open = std::fs::OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        // It holds Secrets.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let file = open.open(path).map_err(|e| failed(&e))?;
        let mut builder = Database::builder();
        let opened = builder.set_cache_size(cache_bytes).create_file(file);
        let database = opened.map_err(|e| match e {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: path.to_owned() },
            e => failed(&e),
        })?;
        let disk = Self { database, path: path.to_owned() };
        disk.make_tables().map_err(|e| failed(&e))?;
        Ok(disk)
    }

    fn make_tables(&self) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(OBJECTS)?;
        transaction.open_table(COUNTERS)?;
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn failed(&self, error: &dyn std::fmt::Display) -> StoreError {
        StoreError::Disk { path: self.path.clone(), what: error.to_string() }
    }

    /// The last revision given out, and every object.
    pub(super) fn load(&self) -> Result<(u64, Vec<Stored>), StoreError> {
        let mut objects = Vec::new();
        let mut damaged = Ok(());
        let revision = self
            .read(|key, record| match decode(key, record) {
                Ok(object) => {
                    objects.push(object);
                    true
                }
                Err(e) => {
                    damaged = Err(e);
                    false
                }
            })
            .map_err(|e| self.failed(&e))?;
        damaged?;
        Ok((revision, objects))
    }

    fn read(&self, mut record: impl FnMut(&str, &[u8]) -> bool) -> Result<u64, redb::Error> {
        let transaction = self.database.begin_read()?;
        for row in transaction.open_table(OBJECTS)?.iter()? {
            let (key, value) = row?;
            if !record(key.value(), value.value()) {
                break;
            }
        }
        let counters = transaction.open_table(COUNTERS)?;
        Ok(counters.get(REVISION)?.map_or(0, |v| v.value()))
    }

    /// Writes the records and the revision, and returns when they are on the disk.
    pub(super) fn commit(&self, records: &[Record], revision: u64) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut objects = transaction.open_table(OBJECTS)?;
            let mut buffer = Vec::new();
            for record in records {
                let key = record.object.key.to_string();
                if record.removed {
                    objects.remove(key.as_str())?;
                } else {
                    encode(&key, &record.object, &mut buffer);
                    objects.insert(key.as_str(), buffer.as_slice())?;
                }
            }
            transaction.open_table(COUNTERS)?.insert(REVISION, revision)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn encode(key: &str, object: &Stored, buffer: &mut Vec<u8>) {
    let json = object.json();
    buffer.clear();
    buffer.reserve(HEADER + json.len());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&object.revision.to_le_bytes());
    buffer.extend_from_slice(&json);
    let sum = checksum(key, &buffer[4..]);
    buffer[..4].copy_from_slice(&sum.to_le_bytes());
}

fn decode(key: &str, record: &[u8]) -> Result<Stored, StoreError> {
    let corrupt =
        |what: &str| StoreError::Corrupt { record: key.to_owned(), what: what.to_owned() };
    let (sum, rest) = record.split_first_chunk::<4>().ok_or_else(|| corrupt("it is cut off"))?;
    let (revision, json) = rest.split_first_chunk::<8>().ok_or_else(|| corrupt("it is cut off"))?;
    if checksum(key, rest) != u32::from_le_bytes(*sum) {
        return Err(corrupt("its checksum does not match"));
    }
    let (resource, path) = key.split_once('/').ok_or_else(|| corrupt("its key has no path"))?;
    let key = Key::from_path(ResourceId::parse(resource), path.into());
    Stored::from_disk(key, u64::from_le_bytes(*revision), json)
}

fn checksum(key: &str, rest: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(key.as_bytes());
    crc.update(rest);
    crc.sum()
}
