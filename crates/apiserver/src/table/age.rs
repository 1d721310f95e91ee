//! Times as `kubectl get` shows them.

use jiff::{SignedDuration, Timestamp};
use object::Value;

/// A duration with two or three significant figures (`45s`, `3m10s`, `4h`, `2d3h`, `1y20d`), by the rules
/// of `k8s.io/apimachinery/pkg/util/duration.HumanDuration`. Less than two seconds in the future counts as
/// now, because clocks differ; further ahead is `<invalid>`.
pub fn human_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let minutes = seconds / 60;
    let hours = minutes / 60;
    let days = hours / 24;
    let pair = |big: i64, big_unit: char, small: i64, small_unit: char| match small {
        0 => format!("{big}{big_unit}"),
        _ => format!("{big}{big_unit}{small}{small_unit}"),
    };
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 0 => "0s".to_owned(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => pair(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => pair(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 24 * 8 => pair(days, 'd', hours % 24, 'h'),
        () if days < 365 * 2 => format!("{days}d"),
        () if days < 365 * 8 => pair(days / 365, 'y', days % 365, 'd'),
        () => format!("{}y", days / 365),
    }
}

/// The time of an RFC 3339 text.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The age of a time member: `<unknown>` when it is absent, `<invalid>` when it is no time.
pub(super) fn since(time: Option<&Value>, now: Timestamp) -> String {
    match time.and_then(Value::as_str) {
        None | Some("") => "<unknown>".to_owned(),
        Some(text) => match parse_time(text) {
            Some(time) => human_duration(now.duration_since(time)),
            None => "<invalid>".to_owned(),
        },
    }
}
