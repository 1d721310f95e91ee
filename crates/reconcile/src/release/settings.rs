//! What a HelmRelease's spec means, defaults filled in.

use super::history::latest;
use super::next::Action;
use api::names::annotation;
use api::{Duration, HelmRelease, HelmReleaseStatus};
use sha2::{Digest, Sha256};

/// Releases kept when `spec.maxHistory` says nothing.
const MAX_HISTORY: usize = 5;
/// The longest name Helm takes.
const LONGEST_NAME: usize = 53;

/// Name of the release as the spec says it, possibly longer than Helm takes.
pub fn release_name(release: &HelmRelease) -> String {
    match (&release.spec.release_name, &release.spec.target_namespace) {
        (Some(name), _) if !name.is_empty() => name.clone(),
        (_, Some(namespace)) if !namespace.is_empty() => {
            format!("{namespace}-{}", release.metadata.name)
        }
        _ => release.metadata.name.clone(),
    }
}

/// A name as Helm takes it: beyond 53 characters, the first 40 and the beginning of a digest.
pub fn short_name(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let hash = Sha256::digest(name.as_bytes());
    let hex: String = hash[..6].iter().map(|b| format!("{b:02x}")).collect();
    let cut = (0..=40).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
    format!("{}-{hex}", &name[..cut])
}

/// Namespace of the release.
pub fn release_namespace(release: &HelmRelease) -> &str {
    let target = release.spec.target_namespace.as_deref().filter(|n| !n.is_empty());
    target.unwrap_or(&release.metadata.namespace)
}

/// Namespace of the release's Secrets.
pub fn storage_namespace(release: &HelmRelease) -> &str {
    let storage = release.spec.storage_namespace.as_deref().filter(|n| !n.is_empty());
    storage.unwrap_or(&release.metadata.namespace)
}

/// Releases kept; 0 means all.
pub fn max_history(release: &HelmRelease) -> usize {
    let wanted = release.spec.max_history.map(|n| usize::try_from(n).unwrap_or(0));
    wanted.unwrap_or(MAX_HISTORY)
}

/// How long an action may take.
pub fn timeout(release: &HelmRelease, action: &Action) -> std::time::Duration {
    let spec = &release.spec;
    let own = match action {
        Action::Install => spec.install.as_ref().and_then(|s| s.timeout),
        Action::Upgrade => spec.upgrade.as_ref().and_then(|s| s.timeout),
        Action::Test => spec.test.as_ref().and_then(|s| s.timeout),
        Action::Rollback { .. } => spec.rollback.as_ref().and_then(|s| s.timeout),
        Action::UninstallRemediation | Action::Uninstall => {
            spec.uninstall.as_ref().and_then(|s| s.timeout)
        }
        Action::Unlock | Action::CorrectDrift => None,
    };
    own.or(spec.timeout).unwrap_or(Duration::from_secs(300)).0
}

/// How a failure is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// By going back to the release before.
    Rollback,
    /// By uninstalling.
    Uninstall,
}

/// What is done about a failed install or upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remediation {
    /// How often it is tried again; negative means for ever.
    pub retries: i64,
    /// Failed tests are no failure.
    pub ignore_test_failures: bool,
    /// The last failure is undone, too.
    pub remediate_last_failure: bool,
    /// How.
    pub remedy: Remedy,
    /// Failures so far.
    pub failures: i64,
    /// Whether it is about an upgrade.
    pub of_upgrade: bool,
}

impl Remediation {
    /// Of installing.
    pub fn of_install(release: &HelmRelease) -> Self {
        let given = release.spec.install.as_ref().and_then(|i| i.remediation.clone());
        let given = given.unwrap_or_default();
        Self {
            retries: given.retries,
            ignore_test_failures: given.ignore_test_failures.unwrap_or(ignores_tests(release)),
            remediate_last_failure: given.remediate_last_failure.unwrap_or(false),
            remedy: Remedy::Uninstall,
            failures: release.status.install_failures,
            of_upgrade: false,
        }
    }

    /// Of upgrading.
    pub fn of_upgrade(release: &HelmRelease) -> Self {
        let given = release.spec.upgrade.as_ref().and_then(|i| i.remediation.clone());
        let given = given.unwrap_or_default();
        Self {
            retries: given.retries,
            ignore_test_failures: given.ignore_test_failures.unwrap_or(ignores_tests(release)),
            remediate_last_failure: given.remediate_last_failure.unwrap_or(given.retries > 0),
            remedy: match given.strategy.as_deref() {
                Some("uninstall") => Remedy::Uninstall,
                _ => Remedy::Rollback,
            },
            failures: release.status.upgrade_failures,
            of_upgrade: true,
        }
    }

    /// Whether no try is left.
    pub fn exhausted(&self) -> bool {
        self.retries >= 0 && self.failures > self.retries
    }
}

/// What is done about a failure of the action that was tried last; `None` before the first.
pub fn remediation(release: &HelmRelease) -> Option<Remediation> {
    match release.status.last_attempted_release_action.as_str() {
        "install" => Some(Remediation::of_install(release)),
        "upgrade" => Some(Remediation::of_upgrade(release)),
        _ => None,
    }
}

/// With strategy `RetryOnFailure` for the action that was tried last: time until it is tried again.
pub fn retry_interval(release: &HelmRelease) -> Option<std::time::Duration> {
    retry_of(release, &release.status.last_attempted_release_action)
}

pub(super) fn retry_of(release: &HelmRelease, action: &str) -> Option<std::time::Duration> {
    let strategy = match action {
        "install" => release.spec.install.as_ref()?.strategy.as_ref()?,
        "upgrade" => release.spec.upgrade.as_ref()?.strategy.as_ref()?,
        _ => return None,
    };
    (strategy.name == "RetryOnFailure")
        .then(|| strategy.retry_interval.unwrap_or(Duration::from_secs(300)).0)
}

pub(super) fn ignores_tests(release: &HelmRelease) -> bool {
    release.spec.test.as_ref().is_some_and(|t| t.ignore_failures)
}

pub(super) fn tests_enabled(release: &HelmRelease) -> bool {
    release.spec.test.as_ref().is_some_and(|t| t.enable)
}

/// What happens to changes that others make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftMode {
    /// They are not looked for.
    #[default]
    Disabled,
    /// They are told.
    Warn,
    /// They are corrected.
    Enabled,
}

/// `spec.driftDetection.mode`.
pub fn drift_mode(release: &HelmRelease) -> DriftMode {
    match release.spec.drift_detection.as_ref().and_then(|d| d.mode.as_deref()) {
        Some("enabled") => DriftMode::Enabled,
        Some("warn") => DriftMode::Warn,
        _ => DriftMode::Disabled,
    }
}

/// What happens to definitions in a chart's `crds/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crds {
    /// Nothing.
    Skip,
    /// Missing ones are created.
    Create,
    /// They are created and changed.
    CreateReplace,
}

fn crds(policy: Option<&str>, otherwise: Crds) -> Crds {
    match policy {
        Some("Skip") => Crds::Skip,
        Some("Create") => Crds::Create,
        Some("CreateReplace") => Crds::CreateReplace,
        _ => otherwise,
    }
}

/// What happens to definitions when installing.
pub fn crds_on_install(release: &HelmRelease) -> Crds {
    let install = release.spec.install.clone().unwrap_or_default();
    let otherwise = if install.skip_crds { Crds::Skip } else { Crds::Create };
    crds(install.crds.as_deref(), otherwise)
}

/// What happens to definitions when upgrading.
pub fn crds_on_upgrade(release: &HelmRelease) -> Crds {
    crds(release.spec.upgrade.as_ref().and_then(|u| u.crds.as_deref()), Crds::Skip)
}

/// How objects are merged; kept in the release record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerSideApply {
    /// As the release before.
    #[default]
    Auto,
    /// By the server.
    Enabled,
    /// By the client, in Helm; here by the server all the same.
    Disabled,
}

/// Whether an upgrade is asked for though nothing changed: the annotation equals the one that asks for a run, and
/// neither was answered.
pub fn force_requested(release: &HelmRelease) -> bool {
    asked(release, annotation::FORCE_AT, &release.status.last_handled_force_at)
}

/// Whether the failure counts are to start anew.
pub fn reset_requested(release: &HelmRelease) -> bool {
    asked(release, annotation::RESET_AT, &release.status.last_handled_reset_at)
}

fn asked(release: &HelmRelease, name: &str, handled: &str) -> bool {
    let HelmReleaseStatus { last_handled_reconcile_at, .. } = &release.status;
    let annotations = &release.metadata.annotations;
    match (annotations.get(annotation::REQUESTED_AT), annotations.get(name)) {
        (Some(run), Some(token)) => {
            run == token
                && token != handled
                && last_handled_reconcile_at.as_deref() != Some(run.as_str())
        }
        _ => false,
    }
}

/// Why what was installed before has to go first, if it has to: it was stored elsewhere, or was another release.
pub fn target_changed(release: &HelmRelease, chart: &str) -> Option<&'static str> {
    let stored = &release.status.storage_namespace;
    let current = latest(&release.status.history)?;
    if stored.is_empty() {
        return None;
    }
    let strategy = release.spec.upgrade.as_ref().and_then(|u| u.chart_name_change_strategy.clone());
    if storage_namespace(release) != stored {
        Some("storage namespace")
    } else if release_namespace(release) != current.namespace {
        Some("release namespace")
    } else if short_name(&release_name(release)) != current.name {
        Some("release name")
    } else if chart != current.chart_name && strategy.as_deref() != Some("InPlaceUpdate") {
        Some("chart name")
    } else {
        None
    }
}
