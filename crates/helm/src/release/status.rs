//! The states of a revision.

use std::fmt;

/// The state of a revision (`release.Status`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody knows.
    #[default]
    Unknown,
    /// It is what runs.
    Deployed,
    /// It was removed and its record kept.
    Uninstalled,
    /// A later revision took its place.
    Superseded,
    /// It could not be brought about.
    Failed,
    /// It is being removed.
    Uninstalling,
    /// It is being installed.
    PendingInstall,
    /// It is being upgraded to.
    PendingUpgrade,
    /// It is being rolled back to.
    PendingRollback,
}

const NAMES: [(Status, &str); 9] = [
    (Status::Unknown, "unknown"),
    (Status::Deployed, "deployed"),
    (Status::Uninstalled, "uninstalled"),
    (Status::Superseded, "superseded"),
    (Status::Failed, "failed"),
    (Status::Uninstalling, "uninstalling"),
    (Status::PendingInstall, "pending-install"),
    (Status::PendingUpgrade, "pending-upgrade"),
    (Status::PendingRollback, "pending-rollback"),
];

impl Status {
    /// As it stands in records and labels.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(s, _)| *s == self).map_or("unknown", |(_, n)| n)
    }

    /// The status of that name, [`Status::Unknown`] of any other.
    pub fn parse(name: &str) -> Self {
        NAMES.iter().find(|(_, n)| *n == name).map_or(Self::Unknown, |(s, _)| *s)
    }

    /// Whether somebody is (or was, before dying) at work on it.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
