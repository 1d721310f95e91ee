//! `status.history`: the last outcomes, newest first.

use crate::run::Run;
use api::{Duration, Snapshot, Timestamp};
use std::collections::BTreeMap;

/// How many are kept.
const KEPT: usize = 5;

/// Counts the outcome of a run that got as far as rendered objects. An outcome that is there already, by
/// digest and reason, moves to the front (`History.Upsert` of fluxcd/pkg/apis/meta).
pub(super) fn record(history: &mut Vec<Snapshot>, run: &Run, reason: &str, now: Timestamp) {
    let (Some(digest), Some(_)) = (&run.digest, &run.inventory) else { return };
    let metadata: BTreeMap<String, String> =
        [("revision", run.revision.as_ref()), ("originRevision", run.origin_revision.as_ref())]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.clone())))
            .collect();
    let found = history
        .iter()
        .position(|s| s.digest == *digest && s.last_reconciled_status == reason)
        .map(|i| history.remove(i));
    let snapshot = match found {
        Some(old) => Snapshot {
            last_reconciled: now,
            last_reconciled_duration: Duration(run.elapsed),
            total_reconciliations: old.total_reconciliations.saturating_add(1),
            metadata,
            ..old
        },
        None => Snapshot {
            digest: digest.clone(),
            first_reconciled: now,
            last_reconciled: now,
            last_reconciled_duration: Duration(run.elapsed),
            last_reconciled_status: reason.to_owned(),
            total_reconciliations: 1,
            metadata,
        },
    };
    history.insert(0, snapshot);
    history.truncate(KEPT);
}
