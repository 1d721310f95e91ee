//! What is known of the sources and applications: their specs and statuses as the watch last showed them, who uses
//! whom, and what each source holds.

use crate::Id;
use api::{GitRepository, Kustomization};
use reconcile::Trigger;
use source::git::GitTree;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tree::Tree;

/// What a source holds at its newest verified revision, at hand.
#[derive(Clone)]
pub struct Held {
    /// `branch@sha1:<commit>` and its relatives.
    pub revision: String,
    /// The files, ignored ones hidden.
    pub tree: Arc<dyn Tree>,
    /// The repository's own tree, which knows which files are executable.
    pub repository: GitTree,
}

/// The sources and applications.
#[derive(Default)]
pub struct Fleet {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: HashMap<Id, Arc<GitRepository>>,
    held: HashMap<Id, Held>,
    applications: HashMap<Id, Arc<Kustomization>>,
    users: HashMap<Id, BTreeSet<Id>>,
    dependents: HashMap<Id, BTreeSet<Id>>,
    triggers: HashMap<Id, Trigger>,
    corrections: HashMap<Id, Vec<Instant>>,
    failures: HashMap<Id, u32>,
}

/// What the news of an application means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing to do: only the status changed, or nothing.
    Status,
    /// Its readiness changed: those that depend on it may go on.
    Readiness,
    /// There is work.
    Work,
}

impl Fleet {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a source as the watch shows it. Answers whether there is work.
    pub fn see_source(&self, source: GitRepository) -> bool {
        let id = Id::of(&source.metadata);
        let mut state = self.state();
        let work = state.sources.get(&id).is_none_or(|old| {
            old.metadata.generation != source.metadata.generation
                || old.metadata.uid != source.metadata.uid
                || requested_at(&old.metadata) != requested_at(&source.metadata)
                || old.metadata.deletion_timestamp != source.metadata.deletion_timestamp
        });
        state.sources.insert(id, Arc::new(source));
        work
    }

    /// Forgets a source that is gone. What it held stays in force until the process ends: nothing is pruned
    /// because a source was deleted.
    pub fn lose_source(&self, id: &Id) {
        let mut state = self.state();
        state.sources.remove(id);
        state.failures.remove(id);
    }

    /// A source as the watch last showed it.
    pub fn source(&self, id: &Id) -> Option<Arc<GitRepository>> {
        self.state().sources.get(id).cloned()
    }

    /// What a source holds.
    pub fn held(&self, id: &Id) -> Option<Held> {
        self.state().held.get(id).cloned()
    }

    /// A source has something new.
    pub fn hold(&self, id: Id, held: Held) {
        self.state().held.insert(id, held);
    }

    /// Counts a failed look at a source, and answers how many there were before in a row.
    pub fn count_failure(&self, id: &Id) -> u32 {
        let mut state = self.state();
        let count = state.failures.entry(id.clone()).or_default();
        *count += 1;
        *count - 1
    }

    /// A look at a source succeeded.
    pub fn forget_failures(&self, id: &Id) {
        self.state().failures.remove(id);
    }

    /// The applications that take their files from a source.
    pub fn users(&self, source: &Id) -> Vec<Id> {
        self.state().users.get(source).into_iter().flatten().cloned().collect()
    }

    /// The sources that include another.
    pub fn includers(&self, source: &Id) -> Vec<Id> {
        let state = self.state();
        let includes = |s: &GitRepository| {
            s.metadata.namespace == source.namespace
                && s.spec.include.iter().any(|i| i.repository.name == source.name)
        };
        state.sources.iter().filter(|(_, s)| includes(s)).map(|(id, _)| id.clone()).collect()
    }

    /// Takes in an application as the watch shows it.
    pub fn see_application(&self, application: Kustomization) -> News {
        let id = Id::of(&application.metadata);
        let mut state = self.state();
        let news = match state.applications.get(&id) {
            None => News::Work,
            Some(old) => compare(old, &application),
        };
        if let Some(old) = state.applications.get(&id).cloned() {
            state.unlink(&id, &old);
        }
        state.link(&id, &application);
        state.applications.insert(id, Arc::new(application));
        news
    }

    /// Forgets an application that is gone.
    pub fn lose_application(&self, id: &Id) {
        let mut state = self.state();
        if let Some(old) = state.applications.remove(id) {
            state.unlink(id, &old);
        }
        state.triggers.remove(id);
        state.corrections.remove(id);
    }

    /// An application as the watch last showed it.
    pub fn application(&self, id: &Id) -> Option<Arc<Kustomization>> {
        self.state().applications.get(id).cloned()
    }

    /// A status that was just written, so that what follows need not wait for the watch to show it.
    pub fn set_status(&self, id: &Id, status: api::KustomizationStatus) {
        let mut state = self.state();
        if let Some(application) = state.applications.get_mut(id) {
            Arc::make_mut(application).status = status;
        }
    }

    /// The applications that depend on another.
    pub fn dependents(&self, id: &Id) -> Vec<Id> {
        self.state().dependents.get(id).into_iter().flatten().cloned().collect()
    }

    /// Every application.
    pub fn applications(&self) -> Vec<Id> {
        self.state().applications.keys().cloned().collect()
    }

    /// Notes why an application is to run; of several reasons the one that asks for the most stays.
    pub fn note_trigger(&self, id: &Id, trigger: Trigger) {
        let mut state = self.state();
        let noted = state.triggers.entry(id.clone()).or_default();
        if *noted < trigger {
            *noted = trigger;
        }
    }

    /// How often drift was corrected within `window`; older corrections are forgotten.
    pub fn recent_corrections(&self, id: &Id, window: Duration) -> u32 {
        let mut state = self.state();
        let times = state.corrections.entry(id.clone()).or_default();
        times.retain(|at| at.elapsed() < window);
        u32::try_from(times.len()).unwrap_or(u32::MAX)
    }

    /// Notes that drift was corrected just now.
    pub fn note_correction(&self, id: &Id) {
        self.state().corrections.entry(id.clone()).or_default().push(Instant::now());
    }

    /// Time since drift was last corrected; very long when it never was.
    pub fn since_correction(&self, id: &Id) -> Duration {
        let state = self.state();
        let last = state.corrections.get(id).and_then(|times| times.last());
        last.map_or(Duration::MAX, Instant::elapsed)
    }

    /// Why an application runs; the note is used up.
    pub fn take_trigger(&self, id: &Id) -> Trigger {
        self.state().triggers.remove(id).unwrap_or_default()
    }
}

impl State {
    fn link(&mut self, id: &Id, application: &Kustomization) {
        self.users.entry(source_of(application)).or_default().insert(id.clone());
        for dependency in dependencies_of(application) {
            self.dependents.entry(dependency).or_default().insert(id.clone());
        }
    }

    fn unlink(&mut self, id: &Id, application: &Kustomization) {
        if let Some(users) = self.users.get_mut(&source_of(application)) {
            users.remove(id);
        }
        for dependency in dependencies_of(application) {
            if let Some(dependents) = self.dependents.get_mut(&dependency) {
                dependents.remove(id);
            }
        }
    }
}

/// The source an application takes its files from.
pub fn source_of(application: &Kustomization) -> Id {
    let reference = &application.spec.source_ref;
    let namespace = reference.namespace.as_ref().unwrap_or(&application.metadata.namespace);
    Id::new(namespace.as_str(), reference.name.as_str())
}

fn dependencies_of(application: &Kustomization) -> impl Iterator<Item = Id> {
    application.spec.depends_on.iter().map(|d| {
        let namespace = d.namespace.as_ref().unwrap_or(&application.metadata.namespace);
        Id::new(namespace.as_str(), d.name.as_str())
    })
}

/// Whether the Ready condition holds.
pub fn is_ready(application: &Kustomization) -> bool {
    let holds = |c: &api::Condition| {
        c.kind == api::names::condition::READY && c.status == api::ConditionStatus::True
    };
    application.status.conditions.iter().any(holds)
}

/// The token that asks for a run outside the interval.
pub fn requested_at(metadata: &api::ObjectMeta) -> Option<&String> {
    metadata.annotations.get(api::names::annotation::REQUESTED_AT)
}

fn compare(old: &Kustomization, new: &Kustomization) -> News {
    let (o, n) = (&old.metadata, &new.metadata);
    if o.generation != n.generation
        || o.uid != n.uid
        || o.deletion_timestamp != n.deletion_timestamp
        || requested_at(o) != requested_at(n)
    {
        return News::Work;
    }
    let ready = |k: &Kustomization| {
        let condition = k.status.conditions.iter().find(|c| c.kind == api::names::condition::READY);
        (condition.map(|c| c.status), k.status.last_applied_revision.clone())
    };
    if ready(old) == ready(new) { News::Status } else { News::Readiness }
}

#[cfg(test)]
mod tests;
