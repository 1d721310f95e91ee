//! What is kept of each managed object.

use super::Change;
use object::{Gvk, ObjectKey};
use reconcile::{Applied, Health, HealthStatus, Live, Policy, Refused};
use std::collections::HashMap;

/// What is worth telling about one event.
pub(super) struct Seen {
    pub(super) key: ObjectKey,
    pub(super) owner: (String, String),
    pub(super) change: Change,
}

/// What outlives an object's watch entry: what our applies taught.
#[derive(Clone, Default)]
pub(super) struct Memory {
    pub(super) applied: Option<Applied>,
    pub(super) refused: Option<Refused>,
}

/// One managed object, without its content. The rare parts are boxed away.
struct Entry {
    uid: Box<str>,
    version: Box<str>,
    generation: i64,
    owner: u32,
    policy: Policy,
    deleting: bool,
    managed: bool,
    owned: u64,
    applied: Option<Applied>,
    rare: Option<Box<Rare>>,
    /// Number of the list that last showed it.
    round: u32,
}

/// What most objects do not have.
struct Rare {
    health: Health,
    refused: Option<Refused>,
    migrate: Vec<reconcile::ManagerEntry>,
    obsolete: Vec<String>,
}

/// Every managed object that the watches show.
#[derive(Default)]
pub(super) struct Index {
    objects: HashMap<ObjectKey, Entry>,
    owners: Vec<(String, String)>,
    owner_ids: HashMap<(String, String), u32>,
    rounds: HashMap<Gvk, u32>,
}

impl Index {
    /// A list of the kind begins.
    pub(super) fn begin(&mut self, gvk: &Gvk) {
        *self.rounds.entry(gvk.clone()).or_default() += 1;
    }

    /// The list is complete: what it did not show is gone.
    pub(super) fn finish(&mut self, gvk: &Gvk) -> Vec<Seen> {
        let round = self.rounds.get(gvk).copied().unwrap_or_default();
        let gone: Vec<ObjectKey> = self
            .objects
            .iter()
            .filter(|(k, e)| k.group == gvk.group && k.kind == gvk.kind && e.round != round)
            .map(|(k, _)| k.clone())
            .collect();
        gone.iter().filter_map(|key| self.lose(key)).collect()
    }

    /// An object is there. Tells when it is not as it was applied, or its health changed.
    pub(super) fn see(&mut self, key: ObjectKey, live: Live) -> Option<Seen> {
        let round = self.round(&key);
        let owner = self.owner_id(&live);
        let before = self.objects.get(&key);
        let applied = before.and_then(|e| e.applied);
        let refused = before.and_then(|e| e.rare.as_ref()?.refused.clone());
        let was = before.map_or(HealthStatus::Unknown, Entry::status);
        let known = before.is_some();
        let changed_hands =
            before.is_some_and(|e| e.owned != live.owned || e.deleting != live.deleting);
        let entry = Entry::of(live, owner, round, applied, refused);
        let drifted = entry.is_drifted() && changed_hands;
        let health = known && entry.status() != was;
        let seen = match (drifted, health) {
            (true, _) => Some(Change::Drift),
            (false, true) => Some(Change::Health),
            (false, false) => None,
        }
        .map(|change| Seen { key: key.clone(), owner: self.owner(owner), change });
        self.objects.insert(key, entry);
        seen
    }

    /// An object is gone.
    pub(super) fn lose(&mut self, key: &ObjectKey) -> Option<Seen> {
        let entry = self.objects.remove(key)?;
        Some(Seen { key: key.clone(), owner: self.owner(entry.owner), change: Change::Drift })
    }

    /// What an apply of ours taught; `live` is the server's answer.
    pub(super) fn learn(&mut self, key: ObjectKey, live: Live, applied: Applied) {
        let round = self.round(&key);
        let owner = self.owner_id(&live);
        // A newer event may have been seen before the answer; then only the lesson counts.
        if let Some(entry) = self.objects.get_mut(&key)
            && *entry.uid == *live.uid
            && newer(&entry.version, &live.resource_version)
        {
            entry.applied = Some(applied);
            return;
        }
        self.objects.insert(key, Entry::of(live, owner, round, Some(applied), None));
    }

    /// An object was found as declared.
    pub(super) fn confirm(&mut self, key: &ObjectKey, found: Applied) {
        if let Some(entry) = self.objects.get_mut(key)
            && entry.applied.is_none_or(|a| a.desired != found.desired)
        {
            entry.applied = Some(found);
        }
    }

    /// An apply of ours was refused for an immutable field.
    pub(super) fn learn_refusal(&mut self, key: &ObjectKey, refused: Refused) {
        if let Some(entry) = self.objects.get_mut(key) {
            let health = entry.health();
            let rare = entry.rare.get_or_insert_with(|| {
                Box::new(Rare { health, refused: None, migrate: Vec::new(), obsolete: Vec::new() })
            });
            rare.refused = Some(refused);
        }
    }

    pub(super) fn memory(&self, key: &ObjectKey) -> Option<Memory> {
        self.objects.get(key).map(|e| Memory {
            applied: e.applied,
            refused: e.rare.as_ref().and_then(|r| r.refused.clone()),
        })
    }

    pub(super) fn is_drifted(&self, key: &ObjectKey) -> bool {
        self.objects.get(key).is_none_or(Entry::is_drifted)
    }

    pub(super) fn health(&self, key: &ObjectKey) -> Option<Health> {
        self.objects.get(key).map(Entry::health)
    }

    pub(super) fn get(&self, key: &ObjectKey) -> Option<Live> {
        let entry = self.objects.get(key)?;
        let rare = entry.rare.as_deref();
        Some(Live {
            uid: entry.uid.to_string(),
            resource_version: entry.version.to_string(),
            generation: entry.generation,
            deleting: entry.deleting,
            owner: Some(self.owner(entry.owner)),
            policy: entry.policy,
            owned: entry.owned,
            managed: entry.managed,
            applied: entry.applied,
            refused: rare.and_then(|r| r.refused.clone()),
            migrate: rare.map(|r| r.migrate.clone()).unwrap_or_default(),
            obsolete: rare.map(|r| r.obsolete.clone()).unwrap_or_default(),
            health: entry.health(),
            object: None,
        })
    }

    fn round(&self, key: &ObjectKey) -> u32 {
        // Versions of one kind share their objects; the newest list of any of them counts.
        self.rounds
            .iter()
            .filter(|(g, _)| g.group == key.group && g.kind == key.kind)
            .map(|(_, round)| *round)
            .max()
            .unwrap_or_default()
    }

    fn owner_id(&mut self, live: &Live) -> u32 {
        let owner = live.owner.clone().unwrap_or_default();
        if let Some(id) = self.owner_ids.get(&owner) {
            return *id;
        }
        let id = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
        self.owners.push(owner.clone());
        self.owner_ids.insert(owner, id);
        id
    }

    fn owner(&self, id: u32) -> (String, String) {
        self.owners.get(id as usize).cloned().unwrap_or_default()
    }
}

impl Entry {
    fn of(
        live: Live,
        owner: u32,
        round: u32,
        applied: Option<Applied>,
        refused: Option<Refused>,
    ) -> Self {
        let usual = live.health.status == HealthStatus::Current
            && refused.is_none()
            && live.migrate.is_empty()
            && live.obsolete.is_empty();
        let rare = (!usual).then(|| {
            Box::new(Rare {
                health: live.health,
                refused,
                migrate: live.migrate,
                obsolete: live.obsolete,
            })
        });
        Self {
            uid: live.uid.into(),
            version: live.resource_version.into(),
            generation: live.generation,
            owner,
            policy: live.policy,
            deleting: live.deleting,
            managed: live.managed,
            owned: live.owned,
            applied,
            rare,
            round,
        }
    }

    /// Not as it was applied. An object of which no apply taught anything yet cannot tell.
    fn is_drifted(&self) -> bool {
        self.deleting || self.applied.is_some_and(|a| a.owned != self.owned)
    }

    fn status(&self) -> HealthStatus {
        self.rare.as_ref().map_or(HealthStatus::Current, |r| r.health.status)
    }

    fn health(&self) -> Health {
        self.rare.as_ref().map_or_else(
            || Health { status: HealthStatus::Current, ..Health::default() },
            |r| r.health.clone(),
        )
    }
}

/// Whether version `a` is newer than `b`: numbers on every server there is, compared as such.
fn newer(a: &str, b: &str) -> bool {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a > b,
        _ => false,
    }
}
