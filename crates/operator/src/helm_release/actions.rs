//! What Helm's commands do, one action each: install, upgrade, roll back, uninstall, test, unlock.

use super::apply::{Applied, Place};
use super::prepare::Prepared;
use super::records::{self, moment, set, snapshot};
use super::work::Turn;
use super::{hooks, render};
use crate::context::Context;
use api::{ReleaseSnapshot, TestHookStatus};
use cluster::WriteOptions;
use helm::HookEvent;
use helm::release::{HookRun, Info, Release, Revision, Status, StoredHook, stored_chart, to_prune};
use object::{Value, map};
use reconcile::release::{Action, crds_on_install, crds_on_upgrade, max_history};
use std::sync::Arc;

/// What an action did.
#[derive(Default)]
pub(super) struct Outcome {
    /// Records it wrote, as snapshots.
    pub(super) written: Vec<ReleaseSnapshot>,
    /// Why it failed.
    pub(super) failure: Option<String>,
    /// See [`reconcile::release::Done::notes`].
    pub(super) notes: Vec<String>,
}

impl Outcome {
    fn failed(problem: impl ToString) -> Self {
        Self { failure: Some(problem.to_string()), ..Self::default() }
    }
}

/// An action with what it needs.
pub(super) struct Act<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) turn: &'a Turn,
    /// Absent where something is only removed.
    pub(super) prepared: Option<&'a Prepared>,
    pub(super) place: Place<'a>,
    /// Namespace of the records.
    pub(super) storage: String,
    /// Every record, newest first.
    pub(super) records: Vec<Release>,
}

impl Act<'_> {
    /// Carries out an action.
    pub(super) async fn run(self, action: &Action) -> Outcome {
        match action {
            Action::Install => self.release(false).await,
            Action::Upgrade => self.release(true).await,
            Action::Rollback { to } => self.rollback(*to).await,
            Action::UninstallRemediation | Action::Uninstall => self.uninstall().await,
            Action::Test => self.test().await,
            Action::Unlock => self.unlock().await,
            Action::CorrectDrift => self.correct().await,
        }
    }

    fn oci_digest(&self, version: i64) -> String {
        let history = &self.turn.release.status.history;
        history
            .iter()
            .find(|s| s.version == version)
            .map(|s| s.oci_digest.clone())
            .unwrap_or_default()
    }

    fn action_of(&self, version: i64) -> String {
        let history = &self.turn.release.status.history;
        history.iter().find(|s| s.version == version).map(|s| s.action.clone()).unwrap_or_default()
    }

    /// Makes a new record, with or without one before.
    async fn release(&self, upgrade: bool) -> Outcome {
        match self.prepare_record(upgrade).await {
            Err(problem) => Outcome::failed(problem),
            Ok((record, crds)) => self.bring_about(record, &crds, upgrade).await,
        }
    }

    async fn prepare_record(
        &self,
        upgrade: bool,
    ) -> Result<(Release, Vec<helm::render::Crd>), String> {
        let Some(Prepared { held, values, .. }) = self.prepared else {
            return Err("the chart is not at hand".to_owned());
        };
        let spec = &self.turn.release.spec;
        held.chart.check_installable().map_err(|e| helm::chain(&e))?;
        held.chart.check_dependencies().map_err(|e| helm::chain(&e))?;
        let last = self.records.first();
        let version = last.map_or(1, |r| r.version + 1);
        let mut values = values.clone();
        if upgrade && spec.upgrade.as_ref().is_some_and(|u| u.preserve_values) {
            let mut kept = last.map(|r| r.config.clone()).unwrap_or_default();
            helm::values::merge(&mut kept, values);
            values = kept;
        }
        let facts = helm::ReleaseFacts {
            name: self.place.name.clone(),
            namespace: self.place.namespace.clone(),
            revision: version,
            is_upgrade: upgrade,
        };
        let skip_schema = if upgrade {
            spec.upgrade.as_ref().is_some_and(|u| u.disable_schema_validation)
        } else {
            spec.install.as_ref().is_some_and(|i| i.disable_schema_validation)
        };
        let rendered =
            render::render(self.context, self.turn, held, &values, facts, skip_schema).await?;
        let now = moment();
        let first = if upgrade { last.map(|r| r.info.first_deployed.clone()) } else { None };
        let (status, description) = if upgrade {
            (Status::PendingUpgrade, "Preparing upgrade")
        } else {
            (Status::PendingInstall, "Initial install underway")
        };
        let record = Release {
            name: self.place.name.clone(),
            info: Info {
                first_deployed: first.unwrap_or_else(|| now.clone()),
                last_deployed: now,
                description: description.to_owned(),
                status,
                notes: rendered.notes.clone(),
                ..Info::default()
            },
            chart: stored_chart(&held.chart, &values).map_err(|e| helm::chain(&e))?,
            config: values,
            manifest: rendered.manifest(false),
            hooks: rendered
                .hooks
                .iter()
                .map(|hook| StoredHook { hook: hook.clone(), last_run: HookRun::default() })
                .collect(),
            version,
            namespace: self.place.namespace.clone(),
            labels: std::collections::BTreeMap::new(),
            apply_method: "ssa".to_owned(),
        };
        Ok((record, rendered.crds))
    }

    /// Stores the record, applies it, and stores what came of it.
    async fn bring_about(
        &self,
        mut record: Release,
        crds: &[helm::render::Crd],
        upgrade: bool,
    ) -> Outcome {
        let release = &self.turn.release;
        // Asked before anything is stored: what the server would not take at all is no new revision.
        let desired = match self.place.desired(&record.manifest).await {
            Ok(desired) => Some(desired),
            Err(_) if !crds.is_empty() => None,
            Err(problem) => return Outcome::failed(problem),
        };
        if let Err(error) = self.store(&record).await {
            return Outcome::failed(error);
        }
        let (events, policy, hooks_off, wait_off) = if upgrade {
            let s = release.spec.upgrade.clone().unwrap_or_default();
            let events = (HookEvent::PreUpgrade, HookEvent::PostUpgrade);
            (events, crds_on_upgrade(release), s.disable_hooks, s.disable_wait)
        } else {
            let s = release.spec.install.clone().unwrap_or_default();
            let events = (HookEvent::PreInstall, HookEvent::PostInstall);
            (events, crds_on_install(release), s.disable_hooks, s.disable_wait)
        };
        let deployed = self.records.iter().find(|r| r.info.status == Status::Deployed);
        let before =
            deployed.or(self.records.first().filter(|_| upgrade)).map(|r| r.manifest.as_str());
        let mut applied = Applied::default();
        let result = async {
            if !upgrade && release.spec.install.as_ref().is_some_and(|i| i.create_namespace) {
                self.make_namespace().await?;
            }
            self.place.definitions(crds, policy).await?;
            if !hooks_off {
                hooks::run(&self.place, &mut record, events.0, &|_| true).await?;
            }
            let desired = match desired {
                Some(desired) => desired,
                None => self.place.desired(&record.manifest).await?,
            };
            self.place.apply(&desired, before, &mut applied).await?;
            if !wait_off {
                self.place.wait(&desired).await?;
            }
            if !hooks_off {
                hooks::run(&self.place, &mut record, events.1, &|_| true).await?;
            }
            Ok::<_, String>(())
        }
        .await;
        let mut outcome = Outcome::default();
        match result {
            Ok(()) => {
                set(
                    &mut record,
                    Status::Deployed,
                    if upgrade { "Upgrade complete" } else { "Install complete" },
                );
                self.supersede(record.version, &mut outcome).await;
            }
            Err(problem) => {
                let what = if upgrade { "Upgrade" } else { "Release" };
                set(
                    &mut record,
                    Status::Failed,
                    format!("{what} \"{}\" failed: {problem}", self.place.name),
                );
                outcome.failure = Some(problem);
                let clean = release.spec.upgrade.as_ref().is_some_and(|u| u.cleanup_on_fail);
                if upgrade
                    && clean
                    && let Err(error) = self.place.delete(&applied.created, false).await
                {
                    tracing::warn!(release = %self.turn.id, error, "what a failed upgrade created stays");
                }
            }
        }
        self.finish(
            &record,
            if upgrade { "upgrade" } else { "install" },
            &self.turn.release.status.last_attempted_revision_digest.clone(),
            &mut outcome,
        )
        .await;
        outcome
    }

    /// Stores a new record, after making room for it.
    async fn store(&self, record: &Release) -> Result<(), records::RecordError> {
        let history: Vec<Revision> = self
            .records
            .iter()
            .map(|r| Revision { version: r.version, status: r.info.status })
            .collect();
        for version in to_prune(&history, max_history(&self.turn.release)) {
            records::remove(self.context, &self.storage, &record.name, version).await?;
        }
        records::create(self.context, &self.storage, record).await
    }

    /// Stores what became of a record.
    async fn finish(
        &self,
        record: &Release,
        action: &str,
        oci_digest: &str,
        outcome: &mut Outcome,
    ) {
        if let Err(error) = records::update(self.context, &self.storage, record).await {
            outcome.failure.get_or_insert_with(|| error.to_string());
        }
        outcome.written.push(snapshot(record, action, oci_digest));
    }

    /// What was deployed is not any more.
    async fn supersede(&self, by: i64, outcome: &mut Outcome) {
        for old in &self.records {
            if old.info.status != Status::Deployed || old.version == by {
                continue;
            }
            let mut old = old.clone();
            old.info.status = Status::Superseded;
            let (action, digest) = (self.action_of(old.version), self.oci_digest(old.version));
            let known = self.turn.release.status.history.iter().any(|s| s.version == old.version);
            if let Err(error) = records::update(self.context, &self.storage, &old).await {
                tracing::warn!(release = %self.turn.id, %error, "an older release is still marked as deployed");
            } else if known {
                outcome.written.push(snapshot(&old, &action, &digest));
            }
        }
    }

    async fn make_namespace(&self) -> Result<(), String> {
        let name = self.place.namespace.as_str();
        let resource = cluster::Resource::known("", "v1", "Namespace", "namespaces", false);
        let client = &self.context.client;
        if client.get(&resource, "", name).await.map_err(|e| e.to_string())?.is_some() {
            return Ok(());
        }
        let namespace = Value::Map(map! {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": map! {"name": name, "labels": map! {"name": name}},
        });
        let options =
            WriteOptions { field_manager: api::names::HELM_MANAGER, ..WriteOptions::default() };
        client.create(&resource, &namespace, options).await.map(drop).map_err(|e| e.to_string())
    }

    async fn rollback(&self, to: i64) -> Outcome {
        let Some(target) = self.records.iter().find(|r| r.version == to) else {
            return Outcome::failed(format!("release revision {to} is not stored any more"));
        };
        let Some(last) = self.records.first() else {
            return Outcome::failed("there is no release");
        };
        let settings = self.turn.release.spec.rollback.clone().unwrap_or_default();
        let mut record = target.clone();
        record.version = last.version + 1;
        record.info = Info {
            first_deployed: last.info.first_deployed.clone(),
            last_deployed: moment(),
            description: format!("Rollback to {to}"),
            status: Status::PendingRollback,
            notes: target.info.notes.clone(),
            rollback_revision: to,
            ..Info::default()
        };
        record.hooks.iter_mut().for_each(|h| h.last_run = HookRun::default());
        if let Err(error) = self.store(&record).await {
            return Outcome::failed(error);
        }
        let mut applied = Applied::default();
        let result = async {
            if !settings.disable_hooks {
                hooks::run(&self.place, &mut record, HookEvent::PreRollback, &|_| true).await?;
            }
            let desired = self.place.desired(&record.manifest).await?;
            self.place.apply(&desired, Some(&last.manifest), &mut applied).await?;
            if !settings.disable_wait {
                self.place.wait(&desired).await?;
            }
            if !settings.disable_hooks {
                hooks::run(&self.place, &mut record, HookEvent::PostRollback, &|_| true).await?;
            }
            Ok::<_, String>(())
        }
        .await;
        let mut outcome = Outcome::default();
        match result {
            Ok(()) => {
                record.info.status = Status::Deployed;
                self.supersede(record.version, &mut outcome).await;
            }
            Err(problem) => {
                set(
                    &mut record,
                    Status::Failed,
                    format!("Rollback \"{}\" failed: {problem}", self.place.name),
                );
                if settings.cleanup_on_fail
                    && let Err(error) = self.place.delete(&applied.created, false).await
                {
                    tracing::warn!(release = %self.turn.id, error, "what a failed rollback created stays");
                }
                outcome.failure = Some(problem);
            }
        }
        let digest = self.oci_digest(to);
        self.finish(&record, "", &digest, &mut outcome).await;
        outcome
    }

    async fn uninstall(&self) -> Outcome {
        let Some(last) = self.records.first() else { return Outcome::default() };
        let settings = self.turn.release.spec.uninstall.clone().unwrap_or_default();
        let mut record = last.clone();
        let (action, digest) = (self.action_of(record.version), self.oci_digest(record.version));
        if record.info.status == Status::Uninstalled {
            return self.forget(&record, settings.keep_history, &action, &digest).await;
        }
        record.info.deleted = moment();
        set(&mut record, Status::Uninstalling, "Deletion in progress (or silently failed)");
        if let Err(error) = records::update(self.context, &self.storage, &record).await {
            return Outcome::failed(error);
        }
        let result = async {
            if !settings.disable_hooks {
                hooks::run(&self.place, &mut record, HookEvent::PreDelete, &|_| true).await?;
            }
            let desired = self.place.desired(&record.manifest).await?;
            let mut objects: Vec<_> =
                desired.objects.iter().map(|o| (o.key.clone(), o.gvk.clone())).collect();
            objects.reverse();
            self.place.delete(&objects, !settings.disable_wait).await?;
            if !settings.disable_hooks {
                hooks::run(&self.place, &mut record, HookEvent::PostDelete, &|_| true).await?;
            }
            Ok::<_, String>(())
        }
        .await;
        if let Err(problem) = result {
            set(&mut record, Status::Failed, format!("Uninstall failed: {problem}"));
            let mut outcome = Outcome::failed(problem);
            self.finish(&record, &action, &digest, &mut outcome).await;
            return outcome;
        }
        set(&mut record, Status::Uninstalled, "Uninstallation complete");
        self.forget(&record, settings.keep_history, &action, &digest).await
    }

    /// Removes the records, or keeps them as those of something that is gone.
    async fn forget(&self, record: &Release, keep: bool, action: &str, digest: &str) -> Outcome {
        let mut outcome = Outcome::default();
        if keep {
            self.finish(record, action, digest, &mut outcome).await;
            return outcome;
        }
        for old in &self.records {
            let gone = records::remove(self.context, &self.storage, &old.name, old.version).await;
            if let Err(error) = gone {
                outcome.failure.get_or_insert_with(|| error.to_string());
            }
        }
        outcome.written.push(snapshot(record, action, digest));
        outcome
    }

    async fn test(&self) -> Outcome {
        let Some(last) = self.records.first() else {
            return Outcome::failed("there is no release");
        };
        let mut record = last.clone();
        let test = self.turn.release.spec.test.clone().unwrap_or_default();
        let filters = test.filters.unwrap_or_default();
        let named = |name: &str| {
            let excluded = filters.iter().any(|f| f.exclude && f.name == name);
            let mut included = filters.iter().filter(|f| !f.exclude).peekable();
            !excluded && (included.peek().is_none() || included.any(|f| f.name == name))
        };
        let result = hooks::run(&self.place, &mut record, HookEvent::Test, &named).await;
        let mut outcome = Outcome { failure: result.err(), ..Outcome::default() };
        let (action, digest) = (self.action_of(record.version), self.oci_digest(record.version));
        self.finish(&record, &action, &digest, &mut outcome).await;
        let tests = record.hooks.iter().filter(|h| h.hook.is_test() && named(&h.hook.name));
        let status = tests.map(|h| {
            let status = TestHookStatus {
                last_started: h.last_run.started_at.parse().ok(),
                last_completed: h.last_run.completed_at.parse().ok(),
                phase: h.last_run.phase.name().to_owned(),
            };
            (h.hook.name.clone(), status)
        });
        if let Some(snapshot) = outcome.written.last_mut() {
            snapshot.test_hooks = Some(status.collect());
        }
        outcome
    }

    async fn unlock(&self) -> Outcome {
        let Some(last) = self.records.first() else { return Outcome::default() };
        let mut record = last.clone();
        let state = record.info.status.name();
        let mut outcome = Outcome { notes: vec![state.to_owned()], ..Outcome::default() };
        set(&mut record, Status::Failed, format!("Release unlocked from stale '{state}' state"));
        let (action, digest) = (self.action_of(record.version), self.oci_digest(record.version));
        self.finish(&record, &action, &digest, &mut outcome).await;
        // Only what was ours before is ours again.
        let ours = |s: &ReleaseSnapshot| {
            self.turn.release.status.history.iter().any(|h| h.version == s.version)
        };
        outcome.written.retain(ours);
        outcome
    }

    async fn correct(&self) -> Outcome {
        let Some(last) = self.records.first() else { return Outcome::default() };
        let mut applied = Applied::default();
        let result = async {
            let desired = self.place.desired(&last.manifest).await?;
            let desired = super::work::without_exceptions(desired);
            self.place.apply(&desired, None, &mut applied).await
        }
        .await;
        Outcome { failure: result.err(), notes: applied.changes, ..Outcome::default() }
    }
}
