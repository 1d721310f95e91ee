//! What came of an action, in the words of Flux's conditions and events.

use super::history::{full_name, has_been_tested, latest, versioned_chart};
use super::next::Action;
use super::settings::{
    Remediation, release_name, release_namespace, remediation, reset_requested, retry_of,
    tests_enabled,
};
use super::state::Facts;
use crate::conclude::{EventRecord, Severity};
use api::names::{HELM_GROUP, condition, event, reason};
use api::{Condition, ConditionStatus, HelmRelease, ReleaseSnapshot, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// An action that was run.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// Which.
    pub action: Action,
    /// The records it wrote, as snapshots; none when it did not get that far.
    pub written: Vec<ReleaseSnapshot>,
    /// Why it failed, when it did.
    pub failure: Option<Failure>,
    /// How long it took.
    pub elapsed: Duration,
    /// The wanted chart and values.
    pub wanted: &'a Facts,
    /// Version of what the wanted chart installs.
    pub app_version: &'a str,
    /// What was corrected, a line each, for [`Action::CorrectDrift`]; the state it was in, for [`Action::Unlock`].
    pub notes: Vec<String>,
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line with the failing object.
    pub message: String,
}

/// Whether a run may go on after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The state is another now, for better or worse: look again.
    Changed,
    /// Nothing was written: the failure ends the run.
    Untouched,
}

/// Why the failure counts have to start anew, if they have to: a new try is no repetition of the last.
pub fn must_reset_failures(release: &HelmRelease, wanted: &Facts) -> Option<&'static str> {
    let status = &release.status;
    if status.last_attempted_generation != release.metadata.generation {
        Some("generation differs from last attempt")
    } else if status.last_attempted_revision != wanted.chart_version {
        Some("chart version differs from last attempt")
    } else if !status.last_attempted_config_digest.is_empty()
        && status.last_attempted_config_digest != wanted.config_digest
    {
        Some("values differ from last attempt")
    } else if reset_requested(release) {
        Some("reset requested through annotation")
    } else {
        None
    }
}

/// Counts no failures any more.
pub fn reset_failures(release: &mut HelmRelease) {
    let status = &mut release.status;
    (status.failures, status.install_failures, status.upgrade_failures) = (0, 0, 0);
}

/// Writes down what came of an action: history, counts and conditions; and answers whether the run may go on, and the
/// events.
pub fn record(
    release: &mut HelmRelease,
    done: &Done<'_>,
    now: Timestamp,
) -> (Released, Vec<EventRecord>) {
    let before = latest(&release.status.history).cloned();
    for snapshot in &done.written {
        put(&mut release.status.history, snapshot, &done.action);
    }
    let mut events = Vec::new();
    let mut ledger = Ledger { release, events: &mut events, now };
    match &done.action {
        Action::Install | Action::Upgrade => ledger.released(done),
        Action::Test => ledger.tested(done),
        Action::Rollback { to } => ledger.rolled_back(done, *to),
        Action::UninstallRemediation => ledger.uninstalled(done, before.as_ref()),
        Action::Uninstall => ledger.removed(done, before.as_ref()),
        Action::Unlock => ledger.unlocked(done),
        Action::CorrectDrift => ledger.corrected(done),
    }
    summarize(release, done.wanted, now);
    let untouched = done.failure.is_some()
        && match done.action {
            Action::CorrectDrift => false,
            Action::Test => !latest(&release.status.history).is_some_and(has_been_tested),
            _ => done.written.is_empty(),
        };
    (if untouched { Released::Untouched } else { Released::Changed }, events)
}

/// Replaces the snapshot of the same release, or puts the new one first.
fn put(history: &mut Vec<ReleaseSnapshot>, snapshot: &ReleaseSnapshot, action: &Action) {
    let same = |s: &&mut ReleaseSnapshot| {
        s.version == snapshot.version
            && s.name == snapshot.name
            && s.namespace == snapshot.namespace
    };
    match history.iter_mut().find(same) {
        Some(old) => {
            let keeps_tests = snapshot.test_hooks.is_none() && *action != Action::Install;
            let hooks = if keeps_tests { old.test_hooks.take() } else { None };
            *old = snapshot.clone();
            if keeps_tests {
                old.test_hooks = hooks;
            }
        }
        None => history.insert(0, snapshot.clone()),
    }
    history.sort_by_key(|s| std::cmp::Reverse(s.version));
}

struct Ledger<'a> {
    release: &'a mut HelmRelease,
    events: &'a mut Vec<EventRecord>,
    now: Timestamp,
}

impl Ledger<'_> {
    fn set(&mut self, kind: &str, status: ConditionStatus, reason: &str, message: &str) {
        set(self.release, kind, (status, reason, message), self.now);
    }

    fn tell(&mut self, severity: Severity, reason: &str, message: String, about: About<'_>) {
        let key = |name: &str| format!("{HELM_GROUP}/{name}");
        let entries = [
            (event::REVISION, about.chart_version),
            ("token", about.config_digest),
            ("app-version", about.app_version),
            ("oci-digest", about.oci_digest),
        ];
        let metadata: BTreeMap<String, String> = entries
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (key(name), value.to_owned()))
            .collect();
        self.events.push(EventRecord { severity, reason: reason.to_owned(), message, metadata });
    }

    fn released(&mut self, done: &Done<'_>) {
        let install = done.action == Action::Install;
        let name = done.action.name();
        self.release.status.last_attempted_release_action = name.to_owned();
        self.release.status.last_attempted_release_action_duration =
            api::Duration(done.elapsed).to_string();
        drop_condition(self.release, condition::TEST_SUCCESS);
        drop_condition(self.release, condition::REMEDIATED);
        let (succeeded, failed) = if install {
            (reason::INSTALL_SUCCEEDED, reason::INSTALL_FAILED)
        } else {
            (reason::UPGRADE_SUCCEEDED, reason::UPGRADE_FAILED)
        };
        if let Some(failure) = &done.failure {
            let message = format!(
                "Helm {name} failed for release {}/{} with chart {}@{}: {}",
                release_namespace(self.release),
                release_name(self.release),
                done.wanted.chart_name,
                done.wanted.chart_version,
                failure.message.trim()
            );
            self.release.status.failures += 1;
            if !done.written.is_empty() {
                let status = &mut self.release.status;
                let count = if install {
                    &mut status.install_failures
                } else {
                    &mut status.upgrade_failures
                };
                *count += 1;
            }
            self.set(condition::RELEASED, ConditionStatus::False, failed, &message);
            let digest = self.release.status.last_attempted_revision_digest.clone();
            self.tell(Severity::Error, failed, message, About::wanted(done, &digest));
            return;
        }
        let Some(current) = latest(&self.release.status.history).cloned() else { return };
        let message = format!(
            "Helm {name} succeeded for release {} with chart {}",
            full_name(&current),
            versioned_chart(&current)
        );
        self.set(condition::RELEASED, ConditionStatus::True, succeeded, &message);
        if tests_enabled(self.release) && !has_been_tested(&current) {
            let awaiting = format!(
                "Helm release {} with chart {} is awaiting tests",
                full_name(&current),
                versioned_chart(&current)
            );
            self.set(condition::TEST_SUCCESS, ConditionStatus::Unknown, "AwaitingTests", &awaiting);
        }
        if retry_of(self.release, name).is_some() {
            reset_failures(self.release);
        }
        self.tell(Severity::Info, succeeded, message, About::of(&current));
    }

    fn tested(&mut self, done: &Done<'_>) {
        let Some(current) = latest(&self.release.status.history).cloned() else { return };
        let of =
            format!("release {} with chart {}", full_name(&current), versioned_chart(&current));
        if let Some(failure) = &done.failure {
            let message = format!("Helm test failed for {of}: {}", failure.message.trim());
            self.release.status.failures += 1;
            let kind = condition::TEST_SUCCESS;
            self.set(kind, ConditionStatus::False, reason::TEST_FAILED, &message);
            self.tell(Severity::Error, reason::TEST_FAILED, message, About::of(&current));
            if has_been_tested(&current) {
                self.count_test_failure();
            }
            return;
        }
        let hooks = match current.test_hooks.as_ref().map_or(0, BTreeMap::len) {
            0 => "no test hooks".to_owned(),
            1 => "1 test hook completed successfully".to_owned(),
            n => format!("{n} test hooks completed successfully"),
        };
        let message = format!("Helm test succeeded for {of}: {hooks}");
        let kind = condition::TEST_SUCCESS;
        self.set(kind, ConditionStatus::True, reason::TEST_SUCCEEDED, &message);
        self.tell(Severity::Info, reason::TEST_SUCCEEDED, message, About::of(&current));
    }

    fn count_test_failure(&mut self) {
        match remediation(self.release) {
            Some(Remediation { ignore_test_failures: false, of_upgrade: true, .. }) => {
                self.release.status.upgrade_failures += 1;
            }
            Some(Remediation { ignore_test_failures: false, of_upgrade: false, .. }) => {
                self.release.status.install_failures += 1;
            }
            _ => {}
        }
    }

    fn rolled_back(&mut self, done: &Done<'_>, to: i64) {
        let target = self.release.status.history.iter().find(|s| s.version == to).cloned();
        let Some(target) = target else { return };
        let of = format!(
            "previous release {} with chart {}",
            full_name(&target),
            versioned_chart(&target)
        );
        let about = About { config_digest: &done.wanted.config_digest, ..About::of(&target) };
        self.remediated(
            done,
            &format!("Helm rollback to {of}"),
            (reason::ROLLBACK_SUCCEEDED, reason::ROLLBACK_FAILED),
            about,
        );
    }

    fn uninstalled(&mut self, done: &Done<'_>, before: Option<&ReleaseSnapshot>) {
        let Some(current) = before else { return };
        let of = format!(
            "Helm uninstall remediation for release {} with chart {}",
            full_name(current),
            versioned_chart(current)
        );
        self.remediated(
            done,
            &of,
            (reason::UNINSTALL_SUCCEEDED, reason::UNINSTALL_FAILED),
            About::of(current),
        );
    }

    fn remediated(
        &mut self,
        done: &Done<'_>,
        what: &str,
        (succeeded, failed): (&str, &str),
        about: About<'_>,
    ) {
        let kind = condition::REMEDIATED;
        if let Some(failure) = &done.failure {
            let message = format!("{what} failed: {}", failure.message.trim());
            self.release.status.failures += 1;
            self.set(kind, ConditionStatus::False, failed, &message);
            self.tell(Severity::Error, failed, message, about);
        } else {
            let message = format!("{what} succeeded");
            self.set(kind, ConditionStatus::True, succeeded, &message);
            self.tell(Severity::Info, succeeded, message, about);
        }
    }

    /// Uninstalled for good: `Released` is False whatever came of it.
    fn removed(&mut self, done: &Done<'_>, before: Option<&ReleaseSnapshot>) {
        let Some(current) = before else { return };
        let of = format!("release {} with chart {}", full_name(current), versioned_chart(current));
        let (severity, reason, message) = match &done.failure {
            Some(failure) => {
                self.release.status.failures += 1;
                let message = format!("Helm uninstall failed for {of}: {}", failure.message.trim());
                (Severity::Error, reason::UNINSTALL_FAILED, message)
            }
            None => {
                let message = format!("Helm uninstall succeeded for {of}");
                (Severity::Info, reason::UNINSTALL_SUCCEEDED, message)
            }
        };
        self.set(condition::RELEASED, ConditionStatus::False, reason, &message);
        self.tell(severity, reason, message, About::of(current));
    }

    fn unlocked(&mut self, done: &Done<'_>) {
        let Some(unlocked) = done.written.first() else { return };
        let state = done.notes.first().map_or("", String::as_str);
        let message = format!(
            "Unlocked Helm release {} with chart {} in {state} state",
            full_name(unlocked),
            versioned_chart(unlocked)
        );
        let kind = condition::RELEASED;
        self.set(kind, ConditionStatus::False, reason::PENDING_RELEASE, &message);
        self.tell(Severity::Info, reason::PENDING_RELEASE, message, About::of(unlocked));
    }

    fn corrected(&mut self, done: &Done<'_>) {
        let Some(current) = latest(&self.release.status.history).cloned() else { return };
        let name = full_name(&current);
        let (severity, reason, message) = match &done.failure {
            Some(failure) => (
                Severity::Error,
                "DriftCorrectionFailed",
                format!("Failed to correct cluster state of release {name}:\n{}", failure.message),
            ),
            None => (
                Severity::Info,
                reason::DRIFT_CORRECTED,
                format!(
                    "Cluster state of release {name} has been corrected:\n{}",
                    done.notes.join("\n")
                ),
            ),
        };
        self.tell(severity, reason, message, About::of(&current));
    }
}

/// What an event is about.
#[derive(Clone, Copy)]
struct About<'a> {
    chart_version: &'a str,
    config_digest: &'a str,
    app_version: &'a str,
    oci_digest: &'a str,
}

impl<'a> About<'a> {
    fn of(snapshot: &'a ReleaseSnapshot) -> Self {
        Self {
            chart_version: &snapshot.chart_version,
            config_digest: &snapshot.config_digest,
            app_version: &snapshot.app_version,
            oci_digest: &snapshot.oci_digest,
        }
    }

    fn wanted(done: &'a Done<'_>, oci_digest: &'a str) -> Self {
        Self {
            chart_version: &done.wanted.chart_version,
            config_digest: &done.wanted.config_digest,
            app_version: done.app_version,
            oci_digest,
        }
    }
}

/// Sets a condition; it keeps its time while its status stays.
pub fn set(
    release: &mut HelmRelease,
    kind: &str,
    (status, reason, message): (ConditionStatus, &str, &str),
    now: Timestamp,
) {
    let generation = Some(release.metadata.generation);
    let conditions = &mut release.status.conditions;
    let message: String = message.chars().take(32_000).collect();
    let new = |since| Condition {
        kind: kind.to_owned(),
        status,
        observed_generation: generation,
        last_transition_time: since,
        reason: reason.to_owned(),
        message: message.clone(),
    };
    match conditions.iter_mut().find(|c| c.kind == kind) {
        Some(old) => {
            *old = new(if old.status == status { old.last_transition_time } else { now });
        }
        None => conditions.push(new(now)),
    }
}

/// Takes a condition away.
pub fn drop_condition(release: &mut HelmRelease, kind: &str) {
    release.status.conditions.retain(|c| c.kind != kind);
}

/// Conditions of a release that is as wanted: it may have come to be so without an action, as when what was rolled back
/// to is what is wanted now.
pub fn settled(release: &mut HelmRelease, now: Timestamp) {
    let Some(current) = latest(&release.status.history).cloned() else { return };
    let found = |release: &HelmRelease, kind: &str| {
        release.status.conditions.iter().find(|c| c.kind == kind).cloned()
    };
    let of = format!("release {} with chart {}", full_name(&current), versioned_chart(&current));
    let upgraded = format!("Helm upgrade succeeded for {of}");
    let holds = |c: Option<Condition>| c.is_some_and(|c| c.status == ConditionStatus::True);
    if holds(found(release, condition::REMEDIATED)) {
        drop_condition(release, condition::REMEDIATED);
        let said = (ConditionStatus::True, reason::UPGRADE_SUCCEEDED, upgraded.as_str());
        return set(release, condition::RELEASED, said, now);
    }
    let why = found(release, condition::RELEASED).map(|c| c.reason).unwrap_or_default();
    if why == reason::INSTALL_FAILED {
        let message = format!("Helm install succeeded for {of}");
        let said = (ConditionStatus::True, reason::INSTALL_SUCCEEDED, message.as_str());
        set(release, condition::RELEASED, said, now);
    } else if why == reason::UPGRADE_FAILED {
        let said = (ConditionStatus::True, reason::UPGRADE_SUCCEEDED, upgraded.as_str());
        set(release, condition::RELEASED, said, now);
    }
}

/// Composes `Ready` out of `Remediated`, `TestSuccess` and `Released`: the one of the highest generation, and of those
/// the first, counts. Whatever was remediated is not ready. Notes which post-renderers and metadata were seen.
pub fn summarize(release: &mut HelmRelease, wanted: &Facts, now: Timestamp) {
    let test = release.spec.test.clone().unwrap_or_default();
    if !test.enable {
        drop_condition(release, condition::TEST_SUCCESS);
    }
    let counted: &[&str] = if test.enable && !test.ignore_failures {
        &[condition::REMEDIATED, condition::TEST_SUCCESS, condition::RELEASED]
    } else {
        &[condition::REMEDIATED, condition::RELEASED]
    };
    let found = counted
        .iter()
        .filter_map(|kind| release.status.conditions.iter().find(|c| c.kind == *kind));
    let newest =
        found.reduce(|a, b| if b.observed_generation > a.observed_generation { b } else { a });
    let Some(Condition { kind, status, reason, message, .. }) = newest.cloned() else { return };
    let status = if kind == condition::REMEDIATED { ConditionStatus::False } else { status };
    if status == ConditionStatus::True {
        drop_condition(release, condition::STALLED);
    }
    set(release, condition::READY, (status, &reason, &message), now);
    let status = &mut release.status;
    status.observed_post_renderers_digest.clone_from(&wanted.post_renderers_digest);
    status.observed_common_metadata_digest.clone_from(&wanted.common_metadata_digest);
}
