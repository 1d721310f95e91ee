//! Which action follows, and whether the run goes on after it.

use super::history::{previous, truncate, truncate_all};
use super::settings::{
    DriftMode, Remediation, Remedy, drift_mode, force_requested, ignores_tests, remediation,
    retry_interval,
};
use super::state::{Facts, State};
use api::names::reason;
use api::{HelmRelease, ReleaseSnapshot};
use std::time::Duration;

/// What is done to a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Made.
    Install,
    /// Replaced by a new one.
    Upgrade,
    /// Tested.
    Test,
    /// Undone by going back.
    Rollback {
        /// Number of the release gone back to.
        to: i64,
    },
    /// Undone by uninstalling.
    UninstallRemediation,
    /// Uninstalled, because the HelmRelease goes or means another release now.
    Uninstall,
    /// Marked as failed: whoever was at it died.
    Unlock,
    /// Objects that others changed put right.
    CorrectDrift,
}

/// What kind an action is of. A run does none of one kind twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Makes a release.
    Release,
    /// Undoes one.
    Remediate,
    /// Tests one.
    Test,
    /// Unlocks one.
    Unlock,
    /// Corrects drift.
    Drift,
}

impl Action {
    /// Its kind.
    pub fn family(&self) -> Family {
        match self {
            Self::Install | Self::Upgrade => Family::Release,
            Self::Rollback { .. } | Self::UninstallRemediation | Self::Uninstall => {
                Family::Remediate
            }
            Self::Test => Family::Test,
            Self::Unlock => Family::Unlock,
            Self::CorrectDrift => Family::Drift,
        }
    }

    /// Its name, as conditions say it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Test => "test",
            Self::Rollback { .. } => "rollback",
            Self::UninstallRemediation | Self::Uninstall => "uninstall",
            Self::Unlock => "unlock",
            Self::CorrectDrift => "correct cluster drift",
        }
    }
}

/// What follows from a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: all is as wanted, or drift is only told.
    Done,
    /// That.
    Run {
        /// What.
        action: Action,
        /// Why, for the log.
        why: String,
    },
    /// Nothing can help before somebody changes something.
    Stalled {
        /// Reason of the condition.
        reason: &'static str,
        /// What is wrong.
        message: String,
    },
    /// It cannot be told; tried again.
    Failed(String),
}

/// What follows from a state. `history` is cut to what is still of use.
pub fn next(
    release: &HelmRelease,
    facts: &Facts,
    state: &State,
    history: &mut Vec<ReleaseSnapshot>,
) -> Next {
    let forced = force_requested(release);
    let run = |action: Action, why: &str| Next::Run { action, why: why.to_owned() };
    match state {
        State::InSync => {
            match retry_interval(release) {
                Some(_) => truncate_all(history),
                None => truncate(history, test_failures_ignored(release)),
            }
            if forced {
                return run(Action::Upgrade, "force requested through annotation");
            }
            Next::Done
        }
        State::Locked(phase) => run(Action::Unlock, phase.word()),
        State::Absent(why) => {
            if !Remediation::of_install(release).exhausted() {
                return run(Action::Install, why);
            }
            if forced {
                return run(Action::Install, "force requested through annotation");
            }
            exhausted(release)
        }
        State::Unmanaged(why) => {
            history.clear();
            run(Action::Upgrade, why)
        }
        State::OutOfSync(why) => {
            if !Remediation::of_upgrade(release).exhausted() {
                return run(Action::Upgrade, why);
            }
            if forced {
                return run(Action::Upgrade, "force requested through annotation");
            }
            exhausted(release)
        }
        State::Drifted if drift_mode(release) == DriftMode::Enabled => {
            run(Action::CorrectDrift, "objects were changed")
        }
        State::Drifted => Next::Done,
        State::Untested => run(Action::Test, "release has not been tested"),
        State::Failed(_) => remedy(release, facts, forced, history),
        State::Unknown(phase) => Next::Failed(format!(
            "unable to determine state for release with status '{}'",
            phase.word()
        )),
    }
}

fn test_failures_ignored(release: &HelmRelease) -> bool {
    remediation(release).map_or(ignores_tests(release), |r| r.ignore_test_failures)
}

/// What follows from a failure.
fn remedy(
    release: &HelmRelease,
    facts: &Facts,
    forced: bool,
    history: &mut Vec<ReleaseSnapshot>,
) -> Next {
    let upgrade = |why: &str| Next::Run { action: Action::Upgrade, why: why.to_owned() };
    if retry_interval(release).is_some() {
        truncate_all(history);
        return upgrade("retrying upgrade for failed release");
    }
    let Some(remediation) = remediation(release) else {
        return upgrade("no active remediation strategy");
    };
    if remediation.failures <= 0 {
        return upgrade("release conditions have changed since last failure");
    }
    if forced {
        return upgrade("force requested through annotation");
    }
    if remediation.exhausted() && !remediation.remediate_last_failure {
        return exhausted(release);
    }
    truncate(history, remediation.ignore_test_failures);
    match remediation.remedy {
        Remedy::Uninstall => {
            Next::Run { action: Action::UninstallRemediation, why: "release failed".to_owned() }
        }
        Remedy::Rollback => {
            let Some(target) = previous(history, remediation.ignore_test_failures) else {
                return Next::Stalled {
                    reason: reason::MISSING_ROLLBACK_TARGET,
                    message: "Failed to perform remediation: missing target release for rollback: \
                              cannot remediate failed release"
                        .to_owned(),
                };
            };
            // A target that somebody changed or removed is none: then the upgrade is tried again.
            match facts.version(target.version) {
                Some(stored)
                    if target.api_version != super::state::SNAPSHOT_VERSION
                        || stored.digest == target.digest =>
                {
                    let to = target.version;
                    Next::Run { action: Action::Rollback { to }, why: "release failed".to_owned() }
                }
                Some(_) => upgrade("the previous release was changed"),
                None => upgrade("the previous release disappeared from storage"),
            }
        }
    }
}

/// No try is left.
fn exhausted(release: &HelmRelease) -> Next {
    let failures = remediation(release).map_or(0, |r| r.failures);
    Next::Stalled {
        reason: reason::RETRIES_EXCEEDED,
        message: format!(
            "Failed to {} after {failures} attempt(s)",
            release.status.last_attempted_release_action
        ),
    }
}

/// Whether a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// With the next action.
    GoOn,
    /// In another run, at once.
    Again,
    /// In another run, after that time.
    Later(Duration),
    /// It is over, and no try is left.
    Stalled {
        /// Reason of the condition.
        reason: &'static str,
        /// What is wrong.
        message: String,
    },
    /// It is over for now.
    Enough,
}

/// Whether `action` may be run, after those of the kinds `before` were; and whether the run goes on after it did (`ran`).
pub fn after(release: &HelmRelease, action: &Action, before: &[Family], ran: bool) -> After {
    if !ran {
        if !before.contains(&action.family()) {
            return After::GoOn;
        }
        if let Some(interval) = retry_interval(release) {
            return After::Later(interval);
        }
        return match remediation(release) {
            Some(remediation) if remediation.exhausted() => After::Enough,
            _ => After::Again,
        };
    }
    if action.family() != Family::Remediate {
        return After::GoOn;
    }
    if let Some(interval) = retry_interval(release) {
        return After::Later(interval);
    }
    match remediation(release) {
        Some(remediation)
            if remediation.exhausted()
                && !(remediation.of_upgrade && remediation.remedy == Remedy::Uninstall) =>
        {
            match exhausted(release) {
                Next::Stalled { reason, message } => After::Stalled { reason, message },
                _ => After::Enough,
            }
        }
        _ => After::Again,
    }
}
