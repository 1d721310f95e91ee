//! `status.history`: the releases since the last success.

use api::ReleaseSnapshot;

/// Snapshots kept when there is nothing to cut at.
const MOST: usize = 5;

/// The newest.
pub fn latest(history: &[ReleaseSnapshot]) -> Option<&ReleaseSnapshot> {
    history.iter().max_by_key(|s| s.version)
}

/// The newest before that which may be gone back to.
pub fn previous(history: &[ReleaseSnapshot], ignore_tests: bool) -> Option<&ReleaseSnapshot> {
    let newest = latest(history)?.version;
    let mut older: Vec<&ReleaseSnapshot> = history.iter().filter(|s| s.version < newest).collect();
    older.sort_by_key(|s| std::cmp::Reverse(s.version));
    older.into_iter().find(|s| may_return_to(s, ignore_tests))
}

fn may_return_to(snapshot: &ReleaseSnapshot, ignore_tests: bool) -> bool {
    matches!(snapshot.status.as_str(), "deployed" | "superseded")
        && (ignore_tests || !has_test_in(snapshot, "Failed"))
}

/// Forgets what is older than the release that may be gone back to.
pub fn truncate(history: &mut Vec<ReleaseSnapshot>, ignore_tests: bool) {
    history.sort_by_key(|s| std::cmp::Reverse(s.version));
    let target = history.iter().skip(1).position(|s| may_return_to(s, ignore_tests));
    history.truncate(target.map_or(MOST, |at| at + 2));
}

/// Forgets all but the newest few.
pub fn truncate_all(history: &mut Vec<ReleaseSnapshot>) {
    history.sort_by_key(|s| std::cmp::Reverse(s.version));
    history.truncate(MOST);
}

/// Whether the tests of a release were run: all succeeded, or one failed, or there are none.
pub fn has_been_tested(snapshot: &ReleaseSnapshot) -> bool {
    let Some(hooks) = &snapshot.test_hooks else { return false };
    has_test_in(snapshot, "Failed") || hooks.values().all(|h| h.phase == "Succeeded")
}

/// Whether a test is in a phase.
pub(super) fn has_test_in(snapshot: &ReleaseSnapshot, phase: &str) -> bool {
    snapshot.test_hooks.iter().flatten().any(|(_, hook)| hook.phase == phase)
}

/// `namespace/name.vN`.
pub fn full_name(snapshot: &ReleaseSnapshot) -> String {
    format!("{}/{}.v{}", snapshot.namespace, snapshot.name, snapshot.version)
}

/// `chart@version`.
pub(super) fn versioned_chart(snapshot: &ReleaseSnapshot) -> String {
    format!("{}@{}", snapshot.chart_name, snapshot.chart_version)
}
