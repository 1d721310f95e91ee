//! `metadata.managedFields`: reading the list, changing it, writing it in the API server's order.

use super::time::seconds;
use crate::json_text::write_json_string;
use crate::ownership::text;
use crate::set::FieldSet;
use crate::updater::{ManagedSet, Managers};
use compact_str::CompactString;
use object::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More entries of updaters than this are united, the oldest first.
const MOST_UPDATERS: usize = 10;
/// Who the united entries belong to.
const ANCIENT: &str = "ancient-changes";

/// Why there are no entries to work with.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntriesError {
    /// Nobody ever applied to the object.
    #[error("the object is not tracked")]
    NotTracked,
    /// The list breaks its form.
    #[error("{0}")]
    Broken(String),
}

/// What makes two entries the same: everything but fields and time; of appliers not the version either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    manager: CompactString,
    applied: bool,
    version: CompactString,
    subresource: CompactString,
}

impl Identity {
    pub(super) fn apply(manager: &str, subresource: &str) -> Self {
        Self::new(manager, true, "", subresource)
    }

    pub(super) fn update(manager: &str, version: &str, subresource: &str) -> Self {
        Self::new(manager, false, version, subresource)
    }

    fn new(manager: &str, applied: bool, version: &str, subresource: &str) -> Self {
        let manager = if manager.is_empty() { "unknown" } else { manager };
        Self {
            manager: manager.into(),
            applied,
            version: version.into(),
            subresource: subresource.into(),
        }
    }

    /// The name of the manager inside a merge. It is the text upstream uses, because conflicts and merged
    /// entries are ordered by it.
    pub(super) fn key(&self) -> CompactString {
        let mut out = String::with_capacity(96);
        out.push('{');
        if !self.manager.is_empty() {
            out.push_str("\"manager\":");
            write_json_string(&mut out, &self.manager, true);
            out.push(',');
        }
        let operation = if self.applied { "Apply" } else { "Update" };
        out.push_str("\"operation\":\"");
        out.push_str(operation);
        out.push('"');
        for (name, value) in [("apiVersion", &self.version), ("subresource", &self.subresource)] {
            if !value.is_empty() {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                write_json_string(&mut out, value, true);
            }
        }
        out.push('}');
        out.into()
    }

    /// A manager's name as conflicts print it: `"kubectl-edit" using apps/v1`.
    pub(super) fn print(key: &str) -> String {
        let Ok(entry) = object::from_json(key.as_bytes()) else {
            return format!("{key:?}");
        };
        let member = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut out = String::new();
        crate::json_text::write_quoted(&mut out, member("manager"));
        if !member("subresource").is_empty() {
            out.push_str(" with subresource ");
            crate::json_text::write_quoted(&mut out, member("subresource"));
        }
        if member("operation") == "Update" {
            out.push_str(" using ");
            out.push_str(member("apiVersion"));
        }
        out
    }
}

/// One entry without its fields, and what it looked like when it was read.
#[derive(Clone, Debug)]
struct Facts<'v> {
    identity: Identity,
    time: CompactString,
    /// The entry as read and its set: as long as the set is the same one, so is its text.
    read: Option<(&'v Value, Arc<FieldSet>)>,
}

/// The entries of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries<'v> {
    /// What they own, by [`Identity::key`].
    pub(super) managers: Managers,
    facts: BTreeMap<CompactString, Facts<'v>>,
}

impl<'v> Entries<'v> {
    /// The entries of an object.
    pub(super) fn of(object: &'v Value) -> Result<Self, EntriesError> {
        match object.at(["metadata", "managedFields"]) {
            Some(list) => Self::decode(list),
            None => Ok(Self::default()),
        }
    }

    /// Reads `managedFields`.
    pub(super) fn decode(list: &'v Value) -> Result<Self, EntriesError> {
        let broken = |what: String| EntriesError::Broken(what);
        let mut out = Self::default();
        for (index, entry) in list.as_list().unwrap_or_default().iter().enumerate() {
            let Some(map) = entry.as_map() else {
                return Err(broken(format!("managed fields entry {index} is no object")));
            };
            let applied = match text(map, "operation") {
                "Apply" => true,
                "Update" => false,
                _ => return Err(broken("operation must be `Apply` or `Update`".into())),
            };
            let version = text(map, "apiVersion");
            if version.is_empty() {
                return Err(broken("apiVersion must not be empty".into()));
            }
            match text(map, "fieldsType") {
                "FieldsV1" => {}
                "" => {
                    let what = format!("missing fieldsType in managed fields entry {index}");
                    return Err(broken(what));
                }
                other => {
                    let what =
                        format!("invalid fieldsType {other:?} in managed fields entry {index}");
                    return Err(broken(what));
                }
            }
            let set = match map.get("fieldsV1") {
                Some(fields) => FieldSet::from_fields_v1(fields)
                    .map_err(|e| broken(format!("error decoding set: {e}")))?,
                None => FieldSet::new(),
            };
            let identity = Identity {
                manager: text(map, "manager").into(),
                applied,
                version: if applied { CompactString::default() } else { version.into() },
                subresource: text(map, "subresource").into(),
            };
            let (key, set) = (identity.key(), Arc::new(set));
            let read = Some((entry, Arc::clone(&set)));
            out.facts.insert(key.clone(), Facts { identity, time: text(map, "time").into(), read });
            out.managers.insert(key, ManagedSet { version: version.into(), applied, set });
        }
        Ok(out)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.managers.is_empty()
    }

    /// Unites what an update wrote with what the same manager owned before, as of now.
    pub(super) fn add(&mut self, identity: Identity, written: ManagedSet, now: &str) {
        let key = identity.key();
        let united = match self.managers.remove(&key) {
            Some(had) => ManagedSet { set: Arc::new(written.set.union(&had.set)), ..written },
            None => written,
        };
        self.managers.insert(key.clone(), united);
        self.facts.insert(key, Facts { identity, time: now.into(), read: None });
    }

    /// Notes that an applier applied: its time is `now`, or stays what it was when that is empty.
    pub(super) fn applied(&mut self, identity: Identity, now: &str) {
        let key = identity.key();
        let facts = self.facts.entry(key).or_insert_with(|| Facts {
            identity,
            time: CompactString::default(),
            read: None,
        });
        if !now.is_empty() && facts.time != now {
            facts.time = now.into();
            facts.read = None;
        }
    }

    /// Unites the oldest entries of updaters while there are too many, version by version.
    pub(super) fn cap_updaters(&mut self) {
        let mut updaters: Vec<(i64, CompactString)> = self
            .managers
            .iter()
            .filter(|(_, managed)| !managed.applied)
            .map(|(key, _)| (self.facts.get(key).map_or(0, |f| seconds(&f.time)), key.clone()))
            .collect();
        let mut count = updaters.len();
        if count <= MOST_UPDATERS {
            return;
        }
        updaters.sort();
        let mut first_of: BTreeMap<CompactString, CompactString> = BTreeMap::new();
        for (_, key) in updaters {
            if count <= MOST_UPDATERS {
                return;
            }
            let Some(managed) = self.managers.get(&key).cloned() else {
                continue;
            };
            // The first of a version is only remembered: alone it would just change its name.
            let Some(first) = first_of.get(&managed.version) else {
                first_of.insert(managed.version.clone(), key);
                continue;
            };
            let identity = Identity::update(ANCIENT, &managed.version, "");
            let bucket = identity.key();
            if !self.managers.contains_key(&bucket)
                && let Some(moved) = self.managers.remove(first)
            {
                self.managers.insert(bucket.clone(), moved);
            }
            let time = self.facts.get(&key).map(|f| f.time.clone()).unwrap_or_default();
            if let Some(have) = self.managers.get_mut(&bucket) {
                *have = ManagedSet { set: Arc::new(managed.set.union(&have.set)), ..managed };
            }
            self.managers.remove(&key);
            self.facts.insert(bucket, Facts { identity, time, read: None });
            count -= 1;
        }
    }

    /// The list as the API server writes it; `None` when there are no entries.
    pub(super) fn encode(mut self) -> Option<Value> {
        if self.managers.is_empty() {
            return None;
        }
        let mut out: Vec<(Facts<'_>, ManagedSet)> = Vec::with_capacity(self.managers.len());
        for (key, managed) in self.managers {
            if let Some(facts) = self.facts.remove(&key) {
                out.push((facts, managed));
            }
        }
        out.sort_by(|(a, am), (b, bm)| {
            let order = |f: &Facts<'_>| (!f.identity.applied, seconds(&f.time));
            order(a)
                .cmp(&order(b))
                .then_with(|| a.identity.manager.cmp(&b.identity.manager))
                .then_with(|| am.version.cmp(&bm.version))
                .then_with(|| a.identity.subresource.cmp(&b.identity.subresource))
        });
        Some(Value::List(out.into_iter().map(|(facts, set)| encode_entry(&facts, &set)).collect()))
    }
}

fn encode_entry(facts: &Facts<'_>, managed: &ManagedSet) -> Value {
    if let Some((entry, set)) = &facts.read
        && Arc::ptr_eq(set, &managed.set)
        && entry.get("apiVersion").and_then(Value::as_str) == Some(managed.version.as_str())
    {
        return (*entry).clone();
    }
    let mut entry: Vec<(&str, Value)> = Vec::with_capacity(7);
    entry.push(("apiVersion", managed.version.clone().into()));
    entry.push(("fieldsType", "FieldsV1".into()));
    entry.push(("fieldsV1", managed.set.to_fields_v1()));
    let identity = &facts.identity;
    let operation = if managed.applied { "Apply" } else { "Update" };
    let optional = [
        ("manager", identity.manager.as_str()),
        ("operation", operation),
        ("subresource", identity.subresource.as_str()),
        ("time", facts.time.as_str()),
    ];
    entry.extend(optional.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k, v.into())));
    Value::Map(Map::from_iter(entry))
}

/// Takes `managedFields` out of an object.
pub(super) fn take(object: &mut Value) -> Option<Value> {
    object.get_mut("metadata")?.as_map_mut()?.remove("managedFields")
}

/// Puts `managedFields` into an object, or takes it away.
pub(super) fn put(object: &mut Value, entries: Option<Value>) {
    match entries {
        Some(entries) => {
            object.make_map().entry("metadata").make_map().insert("managedFields", entries);
        }
        None => drop(take(object)),
    }
}

/// Whether somebody asks for the owners to be forgotten: an empty list, or one empty entry.
pub(super) fn is_reset(list: &Value) -> bool {
    match list.as_list() {
        Some([]) => true,
        Some([Value::Map(entry)]) => entry.is_empty(),
        _ => false,
    }
}

/// Whether two lists say the same, times aside.
pub(super) fn same_but_times(old: Option<&Value>, new: Option<&Value>) -> bool {
    let old = old.and_then(Value::as_list).unwrap_or_default();
    let new = new.and_then(Value::as_list).unwrap_or_default();
    let rest = |m: &Map| m.len() - usize::from(m.contains_key("time"));
    old.len() == new.len()
        && old.iter().zip(new).all(|(a, b)| match (a.as_map(), b.as_map()) {
            (Some(a), Some(b)) => {
                rest(a) == rest(b)
                    && a.iter().filter(|(k, _)| *k != "time").all(|(k, v)| b.get(k) == Some(v))
            }
            _ => a == b,
        })
}
