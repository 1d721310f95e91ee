//! `events.k8s.io/v1` and `v1` Events: the same object, some members under other names
//! (`pkg/apis/events/v1/conversion.go`).

use object::Value;

/// name in `v1` -> name in `events.k8s.io/v1`
const RENAMED: [(&str, &str); 6] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];
/// The same for what the reporting controller is called.
const REPORTING: (&str, &str) = ("reportingComponent", "reportingController");

pub(super) fn to_events_group(event: &mut Value) {
    let map = event.make_map();
    for (core, new) in RENAMED.into_iter().chain([REPORTING]) {
        if let Some(value) = map.remove(core) {
            map.insert(new, value);
        }
    }
}

pub(super) fn to_core(event: &mut Value) {
    let map = event.make_map();
    for (core, new) in RENAMED.into_iter().chain([REPORTING]) {
        if let Some(value) = map.remove(new) {
            map.insert(core, value);
        }
    }
}
