//! Members of objects by path, counts as Go's `omitempty` leaves them out, times, and numbers that may be
//! percentages.

use jiff::{SignedDuration, Timestamp};
use object::{Map, Value};

/// The text at a path, empty when absent.
pub(super) fn text<'v, const N: usize>(value: &'v Value, path: [&str; N]) -> &'v str {
    value.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// Numbers are kept within this, so that whatever somebody writes can be added and multiplied.
const LARGEST: i64 = 1 << 40;

/// The whole number at a path.
pub(super) fn int<const N: usize>(value: &Value, path: [&str; N]) -> Option<i64> {
    value.at(path).and_then(Value::as_int).map(|n| n.clamp(-LARGEST, LARGEST))
}

/// The whole number at a path, 0 when absent.
pub(super) fn count<const N: usize>(value: &Value, path: [&str; N]) -> i64 {
    int(value, path).unwrap_or_default()
}

/// The truth at a path; absent is false.
pub(super) fn flag<const N: usize>(value: &Value, path: [&str; N]) -> bool {
    value.at(path).and_then(Value::as_bool).unwrap_or_default()
}

/// The items at a path, none when absent.
pub(super) fn list<'v, const N: usize>(value: &'v Value, path: [&str; N]) -> &'v [Value] {
    value.at(path).and_then(Value::as_list).unwrap_or_default()
}

/// Sets the member at a path, making maps on the way.
pub(super) fn set<const N: usize>(value: &mut Value, path: [&str; N], to: impl Into<Value>) {
    let mut at = value;
    for member in path {
        at = at.make_map().entry(member);
    }
    *at = to.into();
}

/// Sets a count unless it is zero, as Go leaves out what is empty.
pub(super) fn put_count(map: &mut Map, member: &str, count: i64) {
    if count != 0 {
        map.insert(member, count);
    }
}

/// Sets a list unless it is empty.
pub(super) fn put_list(map: &mut Map, member: &str, items: Vec<Value>) {
    if !items.is_empty() {
        map.insert(member, items);
    }
}

/// Whether an object is being deleted.
pub(super) fn is_deleted(object: &Value) -> bool {
    object.at(["metadata", "deletionTimestamp"]).is_some_and(|t| !t.is_null())
}

/// `metadata.generation`.
pub(super) fn generation(object: &Value) -> i64 {
    count(object, ["metadata", "generation"])
}

/// A time as `metav1.Time` is written.
pub(super) fn stamp(time: Timestamp) -> Value {
    crate::clock::seconds(time).into()
}

/// The time at a path.
pub(super) fn time<const N: usize>(value: &Value, path: [&str; N]) -> Option<Timestamp> {
    text(value, path).parse().ok()
}

/// `time` and `seconds` later; the end of time when that is beyond it.
pub(super) fn after(time: Timestamp, seconds: i64) -> Timestamp {
    later(time, SignedDuration::from_secs(seconds))
}

/// `time` and `duration` later; the end of time when that is beyond it.
pub(super) fn later(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// An `IntOrString` as a share of `total`: a number as it is, `25%` rounded up or down, 0 when unreadable or
/// negative.
pub(super) fn share(value: Option<&Value>, total: i64, round_up: bool) -> i64 {
    let share = match value {
        Some(Value::Int(n)) => *n,
        Some(Value::String(text)) => {
            let Some(percent) = text.strip_suffix('%').and_then(|n| n.parse::<i64>().ok()) else {
                return text.parse().unwrap_or_default();
            };
            let hundredths = percent.saturating_mul(total);
            if round_up { hundredths.saturating_add(99) / 100 } else { hundredths / 100 }
        }
        _ => 0,
    };
    share.clamp(0, LARGEST)
}
