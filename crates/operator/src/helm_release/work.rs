//! A release's turn: prepared, acted on as long as something follows, and what came of it written down.

use super::actions::{Act, Outcome};
use super::apply::Place;
use super::prepare::{Prepared, prepare, remove_chart};
use super::records::{self, json_digest, stored, values_digest};
use crate::context::{Context, now};
use crate::registry::ready;
use crate::source_turn::{self as source, Written};
use crate::{Id, Urgency};
use api::names::{self, annotation, condition, reason};
use api::{ConditionStatus, HelmRelease};
use cluster::Propagation;
use helm::release::Release;
use object::Manifest;
use reconcile::release::{
    self as decide, Action, After, Done, DriftMode, Facts, Failure, Family, Next, Released, State,
};
use reconcile::{Desired, EventRecord, HealthRules, OwnerRef, Severity, SyncSpec};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One turn of one release.
pub(super) struct Turn {
    pub(super) id: Id,
    /// As it is now; its status is written as the turn goes on.
    pub(super) release: HelmRelease,
    /// As it is stored.
    written: HelmRelease,
    events: Vec<EventRecord>,
}

/// How a turn ends.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// All is as wanted.
    Done,
    /// Something is to be done again at once.
    Again,
    /// Something is to be done again after that time.
    Later(Duration),
    /// Something else has to happen first.
    Wait { reason: &'static str, message: String, retry: Duration },
    /// It failed and is tried again.
    Failed { reason: &'static str, message: String },
    /// Nothing can help before somebody changes something.
    Stalled { reason: &'static str, message: String },
}

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);
const MANAGERS: (&str, &str) = (names::HELM_STATUS_MANAGER, names::HELM_MANAGER);

/// Works on one release.
pub(crate) async fn work(context: &Arc<Context>, id: &Id) {
    let registry = &context.charts.releases;
    let Some(object) = registry.get(id) else { return };
    let release = (*object).clone();
    let mut turn = Turn { id: id.clone(), written: release.clone(), release, events: Vec::new() };
    if turn.release.metadata.deletion_timestamp.is_some() {
        return turn.delete(context).await;
    }
    if !source::hold(context, registry, &*object, names::HELM_STATUS_MANAGER).await
        || turn.release.spec.suspend
    {
        return;
    }
    let end = turn.run(context).await.unwrap_or_else(|end| end);
    turn.finish(context, end).await;
}

impl Turn {
    async fn run(&mut self, context: &Arc<Context>) -> Result<End, End> {
        let prepared = prepare(context, self).await?;
        let mut facts = self.wanted(&prepared);
        if let Some(what) = decide::target_changed(&self.release, &facts.chart_name) {
            tracing::info!(release = %self.id, what, "means another release now; uninstalling");
            self.uninstall(context, &prepared.rules)
                .await
                .map_err(|message| End::Failed { reason: reason::UNINSTALL_FAILED, message })?;
            self.release.status.history.clear();
            decide::reset_failures(&mut self.release);
            self.release.status.storage_namespace.clear();
            return Ok(End::Again);
        }
        self.attempt(&facts, &prepared);
        let mut before: Vec<Family> = Vec::new();
        loop {
            let records = self.look(context, &prepared, &mut facts).await?;
            let action = match self.decide(&facts) {
                Ok(action) => action,
                Err(end) => return Ok(end),
            };
            match decide::after(&self.release, &action, &before, false) {
                After::GoOn => {}
                other => return Ok(ended(other)),
            }
            let released = self.act(context, &prepared, &facts, records, &action).await;
            if let Err(message) = released {
                if let Some(interval) = decide::retry_interval(&self.release) {
                    return Ok(End::Later(interval));
                }
                return Ok(End::Failed { reason: "ReconcileError", message });
            }
            // The next turn, which is in line already, sees what is wanted now.
            if is_superseded(context, &self.id, self.release.metadata.generation) {
                return Ok(End::Again);
            }
            match decide::after(&self.release, &action, &before, true) {
                After::GoOn => before.push(action.family()),
                other => return Ok(ended(other)),
            }
        }
    }

    /// What is wanted, as the decisions compare it.
    fn wanted(&self, prepared: &Prepared) -> Facts {
        let spec = &self.release.spec;
        let digest = |value: Option<object::Value>| {
            value.map(|v| json_digest(&object::to_json_html(&v))).unwrap_or_default()
        };
        let metadata =
            spec.common_metadata.as_ref().map(|m| object::to_value(m).unwrap_or_default());
        Facts {
            chart_name: prepared.held.chart.name().to_owned(),
            chart_version: prepared.held.version.clone(),
            config_digest: values_digest(&prepared.values),
            post_renderers_digest: records::renderers_digest(&spec.post_renderers),
            common_metadata_digest: digest(metadata),
            ..Facts::default()
        }
    }

    /// Notes what is about to be tried; the failures of another try do not count.
    fn attempt(&mut self, facts: &Facts, prepared: &Prepared) {
        if decide::must_reset_failures(&self.release, facts).is_some() {
            decide::reset_failures(&mut self.release);
        }
        let storage = decide::storage_namespace(&self.release).to_owned();
        let generation = self.release.metadata.generation;
        let reset = self.release.metadata.annotations.get(annotation::RESET_AT).cloned();
        let status = &mut self.release.status;
        status.storage_namespace = storage;
        status.last_attempted_generation = generation;
        status.last_attempted_revision.clone_from(&facts.chart_version);
        status.last_attempted_revision_digest.clone_from(&prepared.held.oci_digest);
        status.last_attempted_config_digest.clone_from(&facts.config_digest);
        status.last_attempted_values_checksum.clear();
        status.last_release_revision = 0;
        if let Some(token) = reset {
            status.last_handled_reset_at = token;
        }
    }

    /// Reads what is stored, and looks for drift if that is wanted.
    async fn look(
        &self,
        context: &Arc<Context>,
        prepared: &Prepared,
        facts: &mut Facts,
    ) -> Result<Vec<Release>, End> {
        let failed =
            |e: records::RecordError| End::Failed { reason: "StateError", message: e.to_string() };
        let name = decide::short_name(&decide::release_name(&self.release));
        let storage = &self.release.status.storage_namespace;
        let found = records::list(context, storage, &name).await.map_err(failed)?;
        let digest = |version: i64| {
            let history = &self.release.status.history;
            history.iter().find(|s| s.version == version).map_or("", |s| s.oci_digest.as_str())
        };
        facts.stored = found.iter().map(|r| stored(r, digest(r.version))).collect();
        facts.drift.clear();
        let deployed = found.first().filter(|r| r.info.status == helm::release::Status::Deployed);
        let looks = decide::drift_mode(&self.release) != DriftMode::Disabled;
        if let Some(last) = deployed.filter(|_| looks && !self.release.status.history.is_empty()) {
            let place = self.place(context, &prepared.rules, &Action::CorrectDrift);
            let desired = place
                .desired(&last.manifest)
                .await
                .map_err(|message| End::Failed { reason: "StateError", message })?;
            let steps = place.differences(&without_exceptions(desired)).await;
            facts.drift = steps.iter().map(|s| s.to_string().trim().to_owned()).collect();
        }
        Ok(found)
    }

    /// What follows; or how the turn ends, when nothing does.
    fn decide(&mut self, facts: &Facts) -> Result<Action, End> {
        let state = decide::state(&self.release, facts);
        let mut history = std::mem::take(&mut self.release.status.history);
        let kept = history.clone();
        self.release.status.history = kept;
        let next = decide::next(&self.release, facts, &state, &mut history);
        self.release.status.history = history;
        // Asked for once, whatever becomes of it.
        if let Some(token) = self.release.metadata.annotations.get(annotation::FORCE_AT).cloned() {
            self.release.status.last_handled_force_at = token;
        }
        if state == State::Drifted {
            self.tell_drift(facts);
        }
        match next {
            Next::Run { action, why } => {
                tracing::info!(release = %self.id, action = action.name(), why, "next");
                Ok(action)
            }
            Next::Done => {
                self.in_sync(facts, &state);
                Err(End::Done)
            }
            Next::Stalled { reason, message } => Err(End::Stalled { reason, message }),
            Next::Failed(message) => Err(End::Failed { reason: "StateError", message }),
        }
    }

    fn tell_drift(&mut self, facts: &Facts) {
        let name = decide::latest(&self.release.status.history).map(decide::full_name);
        let message = format!(
            "Cluster state of release {} has drifted from the desired state:\n{}",
            name.unwrap_or_default(),
            facts.drift.join("\n")
        );
        self.events.push(EventRecord {
            severity: Severity::Error,
            reason: reason::DRIFT_DETECTED.to_owned(),
            message: message.clone(),
            metadata: BTreeMap::new(),
        });
        let said = (ConditionStatus::True, reason::DRIFT_DETECTED, message.as_str());
        decide::set(&mut self.release, condition::DRIFTED, said, now());
    }

    /// Conditions of a release that is as wanted, also when it came to be so without an action of ours.
    fn in_sync(&mut self, facts: &Facts, state: &State) {
        if *state == State::InSync {
            decide::settled(&mut self.release, now());
            if decide::drift_mode(&self.release) == DriftMode::Disabled {
                decide::drop_condition(&mut self.release, condition::DRIFTED);
            } else {
                let said = (
                    ConditionStatus::False,
                    "NoDriftDetected",
                    "No drift detected against the cluster state",
                );
                decide::set(&mut self.release, condition::DRIFTED, said, now());
            }
        }
        decide::summarize(&mut self.release, facts, now());
    }

    /// Carries out an action and notes what came of it. An error means that nothing was changed.
    async fn act(
        &mut self,
        context: &Arc<Context>,
        prepared: &Prepared,
        facts: &Facts,
        records: Vec<Release>,
        action: &Action,
    ) -> Result<(), String> {
        let timeout = api::Duration(decide::timeout(&self.release, action));
        let message = format!("Running '{}' action with timeout of {timeout}", action.name());
        let doing = (ConditionStatus::True, reason::PROGRESSING, message.as_str());
        decide::set(&mut self.release, condition::RECONCILING, doing, now());
        if action.family() == Family::Release {
            let doing = (ConditionStatus::Unknown, reason::PROGRESSING, message.as_str());
            decide::set(&mut self.release, condition::READY, doing, now());
        }
        self.write(context).await;
        let started = Instant::now();
        let act = Act {
            context,
            turn: self,
            prepared: Some(prepared),
            place: self.place(context, &prepared.rules, action),
            storage: self.release.status.storage_namespace.clone(),
            records,
        };
        let manifest =
            matches!(action, Action::Install | Action::Upgrade | Action::Rollback { .. });
        let outcome = act.run(action).await;
        let failure = outcome.failure.clone();
        self.note(
            outcome,
            action,
            facts,
            (started.elapsed(), &prepared.held.chart.metadata.app_version),
        )
        .map_err(|()| failure.unwrap_or_default())?;
        if manifest {
            self.take_inventory(context, &prepared.rules).await;
        }
        self.write(context).await;
        Ok(())
    }

    fn note(
        &mut self,
        outcome: Outcome,
        action: &Action,
        facts: &Facts,
        (elapsed, app_version): (Duration, &str),
    ) -> Result<(), ()> {
        if let Some(failure) = &outcome.failure {
            tracing::warn!(release = %self.id, action = action.name(), failure, "failed");
        } else {
            tracing::info!(release = %self.id, action = action.name(), ?elapsed, "done");
        }
        let done = Done {
            action: action.clone(),
            written: outcome.written,
            failure: outcome.failure.map(|message| Failure { message }),
            elapsed,
            wanted: facts,
            app_version,
            notes: outcome.notes,
        };
        let (released, events) = decide::record(&mut self.release, &done, now());
        self.events.extend(events);
        if released == Released::Untouched { Err(()) } else { Ok(()) }
    }

    /// What the release consists of now.
    async fn take_inventory(&mut self, context: &Arc<Context>, rules: &HealthRules) {
        let name = decide::short_name(&decide::release_name(&self.release));
        let storage = &self.release.status.storage_namespace;
        let Ok(found) = records::list(context, storage, &name).await else { return };
        let Some(last) = found.first() else { return };
        let place = self.place(context, rules, &Action::Upgrade);
        if let Ok(desired) = place.desired(&last.manifest).await {
            self.release.status.inventory = Some(api::Inventory { entries: desired.inventory });
        }
    }

    fn place<'a>(
        &self,
        context: &'a Arc<Context>,
        rules: &'a HealthRules,
        action: &Action,
    ) -> Place<'a> {
        let release = &self.release;
        let spec = &release.spec;
        let install = spec.install.clone().unwrap_or_default();
        let upgrade = spec.upgrade.clone().unwrap_or_default();
        let rollback = spec.rollback.clone().unwrap_or_default();
        let (force, jobs, owners) = match action {
            Action::Install => {
                (false, !install.disable_wait_for_jobs, install.disable_take_ownership)
            }
            Action::Upgrade => {
                (upgrade.force, !upgrade.disable_wait_for_jobs, upgrade.disable_take_ownership)
            }
            Action::Rollback { .. } => (rollback.force, !rollback.disable_wait_for_jobs, false),
            _ => (false, true, false),
        };
        let ignore = match action {
            Action::CorrectDrift => {
                spec.drift_detection.as_ref().map(|d| d.ignore.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let timeout = decide::timeout(release, action);
        let propagation = spec.uninstall.as_ref().and_then(|u| u.deletion_propagation.as_deref());
        Place {
            context,
            name: decide::short_name(&decide::release_name(release)),
            namespace: decide::release_namespace(release).to_owned(),
            timeout,
            rules,
            jobs,
            take_ownership: !owners,
            propagation: match propagation {
                Some("foreground") => Propagation::Foreground,
                Some("orphan") => Propagation::Orphan,
                _ => Propagation::Background,
            },
            spec: SyncSpec {
                owner: OwnerRef {
                    group: names::HELM_GROUP.to_owned(),
                    kind: "HelmRelease".to_owned(),
                    namespace: self.id.namespace.clone(),
                    name: self.id.name.clone(),
                },
                generation: release.metadata.generation,
                field_manager: names::HELM_MANAGER.to_owned(),
                force,
                wait: true,
                health_exprs: spec.health_check_exprs.clone(),
                ignore,
                timeout,
                interval: spec.interval.0,
                ..SyncSpec::default()
            },
        }
    }

    /// Uninstalls what the status says is installed.
    async fn uninstall(
        &mut self,
        context: &Arc<Context>,
        rules: &HealthRules,
    ) -> Result<(), String> {
        let Some(current) = decide::latest(&self.release.status.history).cloned() else {
            return Ok(());
        };
        let storage = self.release.status.storage_namespace.clone();
        let found =
            records::list(context, &storage, &current.name).await.map_err(|e| e.to_string())?;
        if found.is_empty() {
            return Ok(());
        }
        let mut place = self.place(context, rules, &Action::Uninstall);
        place.name.clone_from(&current.name);
        place.namespace.clone_from(&current.namespace);
        let act = Act { context, turn: self, prepared: None, place, storage, records: found };
        let started = Instant::now();
        let outcome = act.run(&Action::Uninstall).await;
        let failure = outcome.failure.clone();
        let _ = self.note(outcome, &Action::Uninstall, &Facts::default(), (started.elapsed(), ""));
        failure.map_or(Ok(()), Err)
    }

    /// Uninstalls, unless suspended, and lets the release go.
    async fn delete(mut self, context: &Arc<Context>) {
        let registry = &context.charts.releases;
        if !self.release.metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
            return;
        }
        if !self.release.spec.suspend {
            let gone = self.uninstall(context, &HealthRules::default()).await;
            let gone = match gone {
                Ok(()) => remove_chart(context, &self.release.status.helm_chart).await,
                failed => failed,
            };
            if let Err(message) = gone {
                let end = End::Failed { reason: reason::UNINSTALL_FAILED, message };
                return self.finish(context, end).await;
            }
        }
        let events = std::mem::take(&mut self.events);
        let object = self.written.clone();
        source::write(context, registry, &self.written, Written { object, events }, MANAGERS).await;
        source::release(context, registry, &self.release, names::HELM_STATUS_MANAGER).await;
    }

    async fn write(&mut self, context: &Context) {
        let written =
            Written { object: self.release.clone(), events: std::mem::take(&mut self.events) };
        source::write(context, &context.charts.releases, &self.written, written, MANAGERS).await;
        self.written = self.release.clone();
    }

    /// Conditions of how it ended, and the next turn.
    async fn finish(mut self, context: &Context, end: End) {
        let registry = &context.charts.releases;
        let release = &mut self.release;
        release.status.last_handled_reconcile_at =
            source::handled(release, &release.status.last_handled_reconcile_at);
        let generation = Some(release.metadata.generation);
        let retrying = |release: &mut HelmRelease, message: &str| {
            let said = (ConditionStatus::True, reason::PROGRESSING_WITH_RETRY, message);
            decide::drop_condition(release, condition::STALLED);
            decide::set(release, condition::RECONCILING, said, now());
        };
        let failed = |release: &mut HelmRelease, reason: &str, message: &str| {
            decide::set(
                release,
                condition::READY,
                (ConditionStatus::False, reason, message),
                now(),
            );
        };
        let event = |severity, reason: &str, message: &str| EventRecord {
            severity,
            reason: reason.to_owned(),
            message: message.to_owned(),
            metadata: BTreeMap::new(),
        };
        let mut next = Some(release.spec.interval.0);
        match &end {
            End::Done => {
                decide::drop_condition(release, condition::RECONCILING);
                decide::drop_condition(release, condition::STALLED);
                release.status.observed_generation = generation;
                registry.forget_failures(&self.id);
            }
            End::Again => {
                let message =
                    ready(&release.status.conditions).map(|(_, _, m)| m).unwrap_or_default();
                retrying(release, &message);
                next = Some(backoff(registry.count_failure(&self.id)));
            }
            End::Later(interval) => {
                retrying(release, &format!("retrying after {}", api::Duration(*interval)));
                release.status.observed_generation = generation;
                next = Some(*interval);
            }
            End::Wait { reason, message, retry } => {
                let news = ready(&release.status.conditions).is_none_or(|(_, _, m)| m != *message);
                failed(release, reason, message);
                let said =
                    (ConditionStatus::True, names::reason::PROGRESSING, "Fulfilling prerequisites");
                decide::set(release, condition::RECONCILING, said, now());
                if news && *reason == names::reason::DEPENDENCY_NOT_READY {
                    self.events.push(event(Severity::Info, reason, message));
                }
                next = Some(*retry);
            }
            End::Failed { reason, message } => {
                let said = self.events.iter().any(|e| e.severity == Severity::Error);
                if !said {
                    failed(release, reason, message);
                    self.events.push(event(Severity::Error, reason, message));
                }
                retrying(release, message);
                next = Some(backoff(registry.count_failure(&self.id)));
            }
            End::Stalled { reason, message } => {
                decide::drop_condition(release, condition::RECONCILING);
                let said = (ConditionStatus::True, *reason, message.as_str());
                decide::set(release, condition::STALLED, said, now());
                // What failed says more than that no try is left.
                if ready(&release.status.conditions)
                    .is_none_or(|(s, g, _)| s != ConditionStatus::False || g != generation)
                {
                    failed(release, reason, message);
                }
                release.status.observed_generation = generation;
                next = None;
            }
        }
        self.write(context).await;
        if let Some(delay) = next {
            registry.queue.add_after(self.id.clone(), delay, Urgency::Later);
        }
    }
}

/// Whether a release is of another generation by now, or is to go: then waiting for the old one is pointless.
pub(super) fn is_superseded(context: &Context, id: &Id, generation: i64) -> bool {
    let current = context.charts.releases.get(id);
    current.is_some_and(|c| {
        c.metadata.generation != generation || c.metadata.deletion_timestamp.is_some()
    })
}

fn backoff(failures: u32) -> Duration {
    (FIRST_RETRY * (1 << failures.min(16))).min(LONGEST_RETRY)
}

fn ended(after: After) -> End {
    match after {
        After::Later(interval) => End::Later(interval),
        After::Stalled { reason, message } => End::Stalled { reason, message },
        After::GoOn | After::Again => End::Again,
        After::Enough => End::Done,
    }
}

/// Without the objects that an annotation leaves to others.
pub(super) fn without_exceptions(mut desired: Desired) -> Desired {
    desired.objects.retain(|o| {
        !o.value
            .annotation(annotation::DRIFT_DETECTION)
            .is_some_and(|v| v.eq_ignore_ascii_case("disabled"))
    });
    desired
}
