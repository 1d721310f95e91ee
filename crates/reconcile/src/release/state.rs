//! What is stored, compared with what is wanted.

use super::history::{has_been_tested, has_test_in, latest};
use super::settings::{DriftMode, drift_mode, ignores_tests, remediation, tests_enabled};
use api::HelmRelease;

/// Helm's word for the state of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is what runs.
    Deployed,
    /// A newer one took its place.
    Superseded,
    /// It did not succeed.
    Failed,
    /// It was uninstalled, and its record kept.
    Uninstalled,
    /// It is being uninstalled.
    Uninstalling,
    /// It is being installed; or whoever did so died.
    PendingInstall,
    /// It is being upgraded; or whoever did so died.
    PendingUpgrade,
    /// It is being rolled back; or whoever did so died.
    PendingRollback,
    /// None of these.
    Unknown,
}

impl Phase {
    /// From Helm's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "deployed" => Self::Deployed,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "uninstalled" => Self::Uninstalled,
            "uninstalling" => Self::Uninstalling,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            _ => Self::Unknown,
        }
    }

    /// Helm's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalled => "uninstalled",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody is at it, or died at it.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

/// A release in the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub version: i64,
    /// Its state.
    pub phase: Phase,
    /// Its chart.
    pub chart_name: String,
    /// Version of its chart.
    pub chart_version: String,
    /// Digest of the record, with the OCI digest of the snapshot of the same version where there is one.
    pub digest: String,
}

/// What is known besides the HelmRelease itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Every release of that name in the storage, in any order.
    pub stored: Vec<Stored>,
    /// Name of the wanted chart.
    pub chart_name: String,
    /// Version of the wanted chart.
    pub chart_version: String,
    /// Digest of the wanted values.
    pub config_digest: String,
    /// Digest of `spec.postRenderers`; empty when there are none.
    pub post_renderers_digest: String,
    /// Digest of `spec.commonMetadata`; empty when there is none.
    pub common_metadata_digest: String,
    /// What others changed, a line each; only looked for when asked to.
    pub drift: Vec<String>,
}

impl Facts {
    /// The newest release in the storage.
    pub fn last(&self) -> Option<&Stored> {
        self.stored.iter().max_by_key(|s| s.version)
    }

    /// The release of that number.
    pub fn version(&self, version: i64) -> Option<&Stored> {
        self.stored.iter().find(|s| s.version == version)
    }
}

/// How a release stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Absent(&'static str),
    /// There is one that this HelmRelease did not make, or that somebody changed since.
    Unmanaged(&'static str),
    /// The chart, the values or what is done to the objects is another.
    OutOfSync(&'static str),
    /// Somebody is at it, or died at it.
    Locked(Phase),
    /// Objects are not as they were applied.
    Drifted,
    /// Its tests were not run.
    Untested,
    /// It is as wanted.
    InSync,
    /// It failed, or its tests did.
    Failed(&'static str),
    /// Its state is none that a release can stay in.
    Unknown(Phase),
}

/// How a release stands.
pub fn state(release: &HelmRelease, facts: &Facts) -> State {
    let Some(last) = facts.last() else {
        return State::Absent("no release in storage for object");
    };
    if last.phase.is_pending() {
        return State::Locked(last.phase);
    }
    let Some(current) = latest(&release.status.history) else {
        return if last.phase == Phase::Uninstalled {
            State::Absent("found uninstalled release in storage")
        } else {
            State::Unmanaged("found existing release in storage")
        };
    };
    // Snapshots of older layout have digests of another form.
    if current.api_version == SNAPSHOT_VERSION && current.digest != last.digest {
        return State::Unmanaged("release not observed to be made for object");
    }
    match last.phase {
        Phase::Failed => State::Failed(""),
        Phase::Uninstalled => State::Absent("found uninstalled release in storage"),
        Phase::Deployed => deployed(release, facts, last, current),
        other => State::Unknown(other),
    }
}

/// Layout of snapshots that are written now.
pub(super) const SNAPSHOT_VERSION: &str = "v2";

fn deployed(
    release: &HelmRelease,
    facts: &Facts,
    last: &Stored,
    current: &api::ReleaseSnapshot,
) -> State {
    if last.chart_name != facts.chart_name || last.chart_version != facts.chart_version {
        return State::OutOfSync("release chart changed");
    }
    if current.config_digest != facts.config_digest {
        return State::OutOfSync("release config values changed");
    }
    let status = &release.status;
    // Only for a new generation: after an action the digests are noted, whatever came of it.
    if status.observed_generation != Some(release.metadata.generation) {
        if status.observed_post_renderers_digest != facts.post_renderers_digest {
            return State::OutOfSync("postrenderers digest has changed");
        }
        if status.observed_common_metadata_digest != facts.common_metadata_digest {
            return State::OutOfSync("common metadata digest has changed");
        }
    }
    if tests_enabled(release) {
        if !has_been_tested(current) {
            return State::Untested;
        }
        let ignore =
            remediation(release).map_or(ignores_tests(release), |r| r.ignore_test_failures);
        if remediation(release).is_some() && !ignore && has_test_in(current, "Failed") {
            return State::Failed("release has test in failed phase");
        }
    }
    if drift_mode(release) != DriftMode::Disabled && !facts.drift.is_empty() {
        return State::Drifted;
    }
    State::InSync
}
