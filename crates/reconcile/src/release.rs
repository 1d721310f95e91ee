//! What happens next to a Helm release, and what came of it: the decisions of a HelmRelease, without Helm, cluster or
//! clock.
//!
//! [`state`] compares what is stored with what is wanted, [`next`] says which action follows, [`after`] whether the run
//! goes on after it, [`record`] what the status and the events say then. The rules are those of Flux's helm-controller 1.6
//! (`DetermineReleaseState`, `actionForState`, `AtomicRelease.Reconcile`). They stand here and not in crate `helm`
//! because they are about Flux's resource and not about Helm's.
//!
//! Deliberately absent: rendering, the release records themselves, anything that is done.

mod history;
mod next;
mod record;
mod settings;
mod state;

pub use history::{full_name, has_been_tested, latest, previous, truncate, truncate_all};
pub use next::{Action, After, Family, Next, after, next};
pub use record::{
    Done, Failure, Released, drop_condition, must_reset_failures, record, reset_failures, set,
    settled, summarize,
};
pub use settings::{
    Crds, DriftMode, Remediation, Remedy, ServerSideApply, crds_on_install, crds_on_upgrade,
    drift_mode, force_requested, max_history, release_name, release_namespace, remediation,
    reset_requested, retry_interval, short_name, storage_namespace, target_changed, timeout,
};
pub use state::{Facts, Phase, State, Stored, state};

#[cfg(test)]
mod tests;
