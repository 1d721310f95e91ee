//! One version of one object, kept encoded.
//!
//! The bytes are those of a whole watch event, `{"type":"ADDED","object":{...}}` and a line feed, and the
//! object is a slice of them: store, lists and every watcher share one allocation.

use super::{Key, StoreError};
use bytes::Bytes;
use compact_str::{CompactString, ToCompactString};
use object::{Manifest, Map, Value};
use std::sync::Arc;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It appeared.
    Added,
    /// It changed.
    Modified,
    /// It is gone; the object is its last state with the revision of the deletion.
    Deleted,
}

impl EventKind {
    /// The word of the watch protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }

    /// The bytes before the object in a line of a watch.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Added => "{\"type\":\"ADDED\",\"object\":",
            Self::Modified => "{\"type\":\"MODIFIED\",\"object\":",
            Self::Deleted => "{\"type\":\"DELETED\",\"object\":",
        }
    }
}

/// The bytes after the object in a line of a watch.
pub const LINE_END: &str = "}\n";

/// One version of one object.
pub struct Stored {
    /// Where it is stored.
    pub key: Key,
    /// `metadata.resourceVersion` as a number.
    pub revision: u64,
    /// `metadata.uid`.
    pub uid: CompactString,
    /// `metadata.labels`, sorted by key.
    pub labels: Box<[(CompactString, CompactString)]>,
    /// `metadata.ownerReferences[*].uid`.
    pub owners: Box<[CompactString]>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// What made this version.
    pub event: EventKind,
    line: Bytes,
}

impl Stored {
    /// The object as compact JSON in its storage version, keys sorted.
    pub fn json(&self) -> Bytes {
        self.line.slice(self.event.prefix().len()..self.line.len() - LINE_END.len())
    }

    /// The whole line of a watch that reports this version as [`Stored::event`].
    pub fn line(&self) -> Bytes {
        self.line.clone()
    }

    /// The object decoded.
    pub fn value(&self) -> Value {
        // Only what `Encoded` wrote, or what the checksum vouched for, gets here.
        object::from_json(&self.json()).unwrap_or_default()
    }

    /// The namespace, empty at cluster scope.
    pub fn namespace(&self) -> &str {
        self.key.namespace()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// The label at `key`.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels
            .binary_search_by(|(k, _)| k.as_str().cmp(key))
            .ok()
            .map(|i| self.labels[i].1.as_str())
    }

    /// A record read from disk.
    pub(super) fn from_disk(key: Key, revision: u64, json: &[u8]) -> Result<Self, StoreError> {
        let value = object::from_json(json).map_err(|e| StoreError::Corrupt {
            record: key.to_string(),
            what: format!("its text is not JSON: {e}"),
        })?;
        let header = Header::of(&value);
        let kind = EventKind::Added;
        let mut line = Vec::with_capacity(kind.prefix().len() + json.len() + LINE_END.len());
        line.extend_from_slice(kind.prefix().as_bytes());
        line.extend_from_slice(json);
        line.extend_from_slice(LINE_END.as_bytes());
        Ok(header.stored(key, revision, kind, line.into()))
    }
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.key, self.revision)
    }
}

/// The few members that are looked at without decoding.
struct Header {
    uid: CompactString,
    labels: Box<[(CompactString, CompactString)]>,
    owners: Box<[CompactString]>,
    deleting: bool,
}

impl Header {
    fn of(value: &Value) -> Self {
        let labels = value.at(["metadata", "labels"]).and_then(Value::as_map);
        let owners = value.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
        Self {
            uid: value.meta("uid").unwrap_or_default().into(),
            labels: labels
                .into_iter()
                .flat_map(Map::iter)
                .filter_map(|(k, v)| Some((k.to_compact_string(), v.as_str()?.into())))
                .collect(),
            owners: owners
                .into_iter()
                .flatten()
                .filter_map(|o| o.get("uid")?.as_str().map(CompactString::new))
                .collect(),
            deleting: value.meta("deletionTimestamp").is_some(),
        }
    }

    fn stored(self, key: Key, revision: u64, event: EventKind, line: Bytes) -> Stored {
        let Self { uid, labels, owners, deleting } = self;
        Stored { key, revision, uid, labels, owners, deleting, event, line }
    }
}

/// An object encoded up to its resourceVersion, which is known only when its turn has come.
pub(super) struct Encoded {
    before: Vec<u8>,
    after: Vec<u8>,
    header: Header,
}

impl Encoded {
    pub(super) fn new(value: &Value) -> Self {
        let mut before = Vec::with_capacity(1024);
        let mut after = Vec::with_capacity(1024);
        before.push(b'{');
        let none = Map::new();
        let members = value.as_map().unwrap_or(&none);
        let metadata = members.get("metadata").and_then(Value::as_map).unwrap_or(&none);
        for (key, member) in members.iter().filter(|(key, _)| *key < "metadata") {
            separate(&mut before);
            write_member(&mut before, key, member);
        }
        write_metadata(metadata, &mut before, &mut after);
        for (key, member) in members.iter().filter(|(key, _)| *key > "metadata") {
            after.push(b',');
            write_member(&mut after, key, member);
        }
        after.push(b'}');
        Self { before, after, header: Header::of(value) }
    }

    pub(super) fn finish(self, key: Key, revision: u64, event: EventKind) -> Arc<Stored> {
        let number = revision.to_compact_string();
        let (prefix, before, after) = (event.prefix().as_bytes(), &self.before, &self.after);
        let size = prefix.len() + before.len() + number.len() + after.len() + LINE_END.len();
        let mut line = Vec::with_capacity(size);
        for part in [prefix, before, number.as_bytes(), after, LINE_END.as_bytes()] {
            line.extend_from_slice(part);
        }
        Arc::new(self.header.stored(key, revision, event, line.into()))
    }
}

/// `metadata` up to the resourceVersion's digits into `before`, the rest of it into `after`.
fn write_metadata(metadata: &Map, before: &mut Vec<u8>, after: &mut Vec<u8>) {
    separate(before);
    before.extend_from_slice(b"\"metadata\":{");
    for (key, member) in metadata.iter().filter(|(key, _)| *key < "resourceVersion") {
        separate(before);
        write_member(before, key, member);
    }
    separate(before);
    before.extend_from_slice(b"\"resourceVersion\":\"");
    after.push(b'"');
    for (key, member) in metadata.iter().filter(|(key, _)| *key > "resourceVersion") {
        after.push(b',');
        write_member(after, key, member);
    }
    after.push(b'}');
}

fn separate(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

fn write_member(out: &mut Vec<u8>, key: &str, member: &Value) {
    // Writing into memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, key);
    out.push(b':');
    let _ = serde_json::to_writer(&mut *out, member);
}
