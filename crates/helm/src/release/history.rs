//! Which records are kept.

use super::Status;

/// A record, as far as keeping it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub version: i64,
    /// Its state.
    pub status: Status,
}

/// The numbers of the records to delete before a new one is written, so that at most `max_history` remain with it; 0
/// keeps all (`Storage.Create` and `removeLeastRecent`). The oldest go first; the last deployed one always stays.
pub fn to_prune(history: &[Revision], max_history: usize) -> Vec<i64> {
    if max_history == 0 {
        return Vec::new();
    }
    let keep = max_history - 1;
    let mut versions: Vec<i64> = history.iter().map(|r| r.version).collect();
    versions.sort_unstable();
    let deployed = history.iter().filter(|r| r.status == Status::Deployed);
    let deployed = deployed.map(|r| r.version).max();
    let surplus = versions.len().saturating_sub(keep);
    versions.into_iter().filter(|v| Some(*v) != deployed).take(surplus).collect()
}
