//! The ReplicaSets of a Deployment: the one of its present template, those before it, their revisions.

use super::super::change::{Change, Step};
use super::super::event::event;
use super::super::fields::{count, generation, int, is_deleted, set, text};
use super::super::owner::{controller_reference, hash_name, is_controlled_by, joined_name};
use super::{CONTROLLER, Spec};
use jiff::Timestamp;
use object::{Manifest as _, Map, Value, map};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
const HASH_LABEL: &str = "pod-template-hash";
/// Annotations of a Deployment that its ReplicaSets do not get.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
];
/// The longest history annotation, in characters.
const HISTORY_LENGTH: usize = 2000;

/// One ReplicaSet and what became of it in this step.
pub(super) struct Set {
    pub(super) object: Value,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unchanged,
    Changed,
    New,
}

/// All of them.
pub(super) struct Sets {
    /// Oldest first.
    pub(super) old: Vec<Set>,
    pub(super) new: Option<Set>,
}

impl Set {
    pub(super) fn replicas(&self) -> i64 {
        int(&self.object, ["spec", "replicas"]).unwrap_or(1)
    }

    pub(super) fn status(&self, member: &str) -> i64 {
        count(&self.object, ["status", member])
    }

    pub(super) fn name(&self) -> &str {
        self.object.name()
    }

    fn revision(&self) -> i64 {
        self.object.annotation(REVISION).and_then(|r| r.parse().ok()).unwrap_or_default()
    }

    fn annotation_number(&self, annotation: &str) -> Option<i64> {
        self.object.annotation(annotation)?.parse().ok()
    }

    /// For how many replicas of the Deployment this set was last scaled.
    pub(super) fn desired(&self) -> Option<i64> {
        self.annotation_number(DESIRED)
    }

    /// The most replicas the Deployment could have when this set was last scaled.
    pub(super) fn max(&self) -> Option<i64> {
        self.annotation_number(MAX)
    }

    fn annotate(&mut self, annotation: &str, value: &str) {
        if self.object.annotation(annotation) != Some(value) {
            self.object.set_annotation(annotation, value);
            self.changed();
        }
    }

    fn changed(&mut self) {
        if self.state == State::Unchanged {
            self.state = State::Changed;
        }
    }

    /// Asks for `replicas` and notes for which size of the Deployment that is.
    pub(super) fn scale(
        &mut self,
        replicas: i64,
        deployment: &Value,
        spec: &Spec,
        step: &mut Step,
        now: Timestamp,
    ) -> bool {
        let before = self.replicas();
        self.annotate(DESIRED, &spec.replicas.to_string());
        self.annotate(MAX, &(spec.replicas + spec.max_surge).to_string());
        if before == replicas {
            return false;
        }
        set(&mut self.object, ["spec", "replicas"], replicas);
        self.changed();
        let direction = if before < replicas { "up" } else { "down" };
        let message =
            format!("Scaled {direction} replica set {} from {before} to {replicas}", self.name());
        let what = ("Normal", "ScalingReplicaSet");
        step.changes.push(event(deployment, CONTROLLER, what, &message, now));
        true
    }
}

/// Born earlier first; the name decides between those of one second.
fn age_order(object: &Value) -> (&str, &str) {
    (text(object, ["metadata", "creationTimestamp"]), object.name())
}

impl Sets {
    pub(super) fn new(deployment: &Value, mut owned: Vec<Value>) -> Self {
        let uid = deployment.meta("uid").unwrap_or_default();
        owned.retain(|set| is_controlled_by(set, uid));
        owned.sort_by(|a, b| age_order(a).cmp(&age_order(b)));
        let wanted = without_hash(deployment);
        let current = owned.iter().position(|set| without_hash(set) == wanted);
        let wrap = |object| Set { object, state: State::Unchanged };
        let new = current.map(|at| wrap(owned.remove(at)));
        Self { old: owned.into_iter().map(wrap).collect(), new }
    }

    /// All sets, the new one last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Set> {
        self.old.iter().chain(&self.new)
    }

    /// Replicas asked for, in all.
    pub(super) fn asked(&self) -> i64 {
        self.all().map(Set::replicas).sum()
    }

    /// A number of the status, in all.
    pub(super) fn sum(&self, member: &str) -> i64 {
        self.all().map(|set| set.status(member)).sum()
    }

    /// The name of the set made in this step.
    pub(super) fn created(&self) -> Option<String> {
        let new = self.new.as_ref().filter(|set| set.state == State::New)?;
        Some(new.name().to_owned())
    }

    /// Finds, or makes when `create`, the set of the present template and gives it the newest revision.
    pub(super) fn adopt_revision(
        &mut self,
        deployment: &Value,
        spec: &Spec,
        create: bool,
        _now: Timestamp,
    ) {
        let newest = self.old.iter().map(Set::revision).max().unwrap_or_default() + 1;
        if self.new.is_none() && create {
            let mut object = replica_set(deployment, spec);
            set(&mut object, ["spec", "replicas"], 0);
            self.new = Some(Set { object, state: State::New });
        }
        let Some(new) = &mut self.new else { return };
        let annotations = deployment.at(["metadata", "annotations"]).and_then(Value::as_map);
        for (key, value) in annotations.into_iter().flat_map(Map::iter) {
            if !NOT_COPIED.contains(&key) {
                new.annotate(key, value.as_str().unwrap_or_default());
            }
        }
        let before = new.revision();
        if before < newest {
            if before != 0 {
                let history = history(new.object.annotation(HISTORY).unwrap_or_default(), before);
                new.annotate(HISTORY, &history);
            }
            new.annotate(REVISION, &newest.to_string());
        }
        if count(&new.object, ["spec", "minReadySeconds"]) != spec.min_ready_seconds {
            set(&mut new.object, ["spec", "minReadySeconds"], spec.min_ready_seconds);
            new.changed();
        }
    }

    /// The revision the Deployment is at.
    pub(super) fn revision(&self) -> Option<&str> {
        self.new.as_ref()?.object.annotation(REVISION)
    }

    /// The writes for the sets themselves, and the deletion of those that history no longer keeps.
    pub(super) fn finish(&self, spec: &Spec, status: &Value, step: &mut Step) {
        let writes = self.all().filter_map(|set| match set.state {
            State::Unchanged => None,
            State::Changed => Some(Change::Update(set.object.clone())),
            State::New => Some(Change::Create(set.object.clone())),
        });
        // Before the Events, which tell of them.
        step.changes.splice(0..0, writes);
        let rolled_out = count(status, ["updatedReplicas"]) == spec.replicas
            && count(status, ["replicas"]) == spec.replicas
            && count(status, ["availableReplicas"]) == spec.replicas;
        if rolled_out || spec.paused {
            self.clean(spec, step);
        }
    }

    fn clean(&self, spec: &Spec, step: &mut Step) {
        let Some(limit) = spec.history_limit else { return };
        let mut kept: Vec<&Set> = self.old.iter().filter(|s| !is_deleted(&s.object)).collect();
        kept.sort_by_key(|set| set.revision());
        let surplus = kept.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        for set in kept.into_iter().take(surplus) {
            let seen = count(&set.object, ["status", "observedGeneration"]);
            let idle = set.replicas() == 0 && set.status("replicas") == 0;
            if idle && set.state == State::Unchanged && seen >= generation(&set.object) {
                step.changes.push(Change::Delete(set.object.clone()));
            }
        }
    }
}

/// The Pod template of a workload, without the label that tells templates apart.
fn without_hash(workload: &Value) -> Value {
    let mut template = workload.at(["spec", "template"]).cloned().unwrap_or_default();
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_map_mut) {
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_map_mut) {
            labels.remove(HASH_LABEL);
            if labels.is_empty() {
                metadata.remove("labels");
            }
        }
        metadata.retain(|key, value| key != "creationTimestamp" || !value.is_null());
    }
    template
}

/// The ReplicaSet of a Deployment's present template, without replicas yet.
fn replica_set(deployment: &Value, spec: &Spec) -> Value {
    let mut template = deployment.at(["spec", "template"]).cloned().unwrap_or_else(Value::map);
    let hash = hash_name(&template, count(deployment, ["status", "collisionCount"]));
    template.set_label(HASH_LABEL, &hash);
    let mut selector = deployment.at(["spec", "selector"]).cloned().unwrap_or_else(Value::map);
    set(&mut selector, ["matchLabels", HASH_LABEL], hash.as_str());
    let labels = template.at(["metadata", "labels"]).cloned().unwrap_or_else(Value::map);
    let mut spec_out = map! {"replicas": 0, "selector": selector, "template": template};
    if spec.min_ready_seconds != 0 {
        spec_out.insert("minReadySeconds", spec.min_ready_seconds);
    }
    map! {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": map! {
            "name": joined_name(deployment.name(), &hash, 253),
            "namespace": deployment.namespace(),
            "labels": labels,
            "ownerReferences": vec![controller_reference(deployment)],
        },
        "spec": spec_out,
        // What its own controller would write next when it is to have no Pods.
        "status": map! {"replicas": 0, "observedGeneration": 1},
    }
    .into()
}

/// The revisions a set had before, oldest dropped when the text grows too long.
fn history(before: &str, revision: i64) -> String {
    let mut all = if before.is_empty() { String::new() } else { format!("{before},") };
    all.push_str(&revision.to_string());
    while all.len() > HISTORY_LENGTH {
        match all.split_once(',') {
            Some((_, rest)) => all = rest.to_owned(),
            None => break,
        }
    }
    all
}
