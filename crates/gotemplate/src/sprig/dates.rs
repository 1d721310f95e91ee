//! Dates and durations. The current time comes from the render's [`crate::Env`].

use super::args::{Outcome, bytes, text};
use super::time::{Duration, Time, Zone};
use super::time_value;
use crate::function::{Call, Functions, Signature};
use crate::value::{IntKind, Type, Value};

const S: Type = Type::String;
const ANY: Type = Type::Any;
const TIME: Type = time_value::TIME;
const DATE: &str = "2006-01-02";

/// Registers the functions on time.
pub(super) fn register(f: &mut Functions) {
    f.add("now", Signature::new(&[]), |c, _| Ok(time_value::value(now(c))));
    f.add("date", Signature::new(&[S, ANY]), |c, a| in_zone(c, &text(a, 0), &a[1], "Local"));
    for name in ["dateInZone", "date_in_zone"] {
        f.add(name, Signature::new(&[S, ANY, S]), |c, a| {
            in_zone(c, &text(a, 0), &a[1], &text(a, 2))
        });
    }
    f.add("htmlDate", Signature::new(&[ANY]), |c, a| in_zone(c, DATE, &a[0], "Local"));
    f.add("htmlDateInZone", Signature::new(&[ANY, S]), |c, a| in_zone(c, DATE, &a[0], &text(a, 1)));
    for name in ["dateModify", "date_modify"] {
        f.add(name, Signature::new(&[S, TIME]), |_, a| {
            let time = time_argument(&a[1]);
            Ok(time_value::value(match Duration::parse(&text(a, 0)) {
                Ok(duration) => time.add(duration),
                Err(_) => time,
            }))
        });
    }
    for name in ["mustDateModify", "must_date_modify"] {
        f.add(name, Signature::new(&[S, TIME]), |_, a| {
            Ok(time_value::value(time_argument(&a[1]).add(Duration::parse(&text(a, 0))?)))
        });
    }
    f.add("toDate", Signature::new(&[S, S]), |_, a| {
        let parsed = Time::parse(&text(a, 0), &text(a, 1));
        Ok(time_value::value(parsed.unwrap_or_else(|_| Time::zero())))
    });
    f.add("mustToDate", Signature::new(&[S, S]), |_, a| {
        Ok(time_value::value(Time::parse(&text(a, 0), &text(a, 1))?))
    });
    f.add("unixEpoch", Signature::new(&[TIME]), |_, a| {
        Ok(time_argument(&a[0]).unix().to_string().into())
    });
    f.add("ago", Signature::new(&[ANY]), |c, a| {
        let now = now(c);
        let then = match &a[0] {
            Value::Int(int) if matches!(int.kind(), IntKind::Int | IntKind::Int64) => {
                Time::from_unix(int.signed(), 0, Zone::Utc)
            }
            other => time_value::of(other).unwrap_or_else(|| now.clone()),
        };
        Ok(now.since(&then).round(1_000_000_000).to_string().into())
    });
    f.add("duration", Signature::new(&[ANY]), |_, a| {
        let seconds = match &a[0] {
            Value::String(s) => {
                super::cast::parse_int(s, 10).unwrap_or_else(super::cast::NumberFault::nearest)
            }
            Value::Int(int) if int.kind() == IntKind::Int64 => int.signed(),
            _ => 0,
        };
        Ok(Duration::from_seconds(seconds).to_string().into())
    });
    f.add("durationRound", Signature::new(&[ANY]), |c, a| {
        let duration = match &a[0] {
            Value::String(_) | Value::Raw(_) => {
                debug_assert!(!bytes(a, 0).is_empty() || text(a, 0).is_empty());
                Duration::parse(&text(a, 0)).unwrap_or(Duration(0))
            }
            Value::Int(int) if int.kind() == IntKind::Int64 => Duration(int.signed()),
            other => match time_value::of(other) {
                Some(time) => now(c).since(&time),
                None => Duration(0),
            },
        };
        Ok(rounded(duration).into())
    });
}

fn now(call: &mut Call<'_>) -> Time {
    let (seconds, nanos) = call.env().now();
    Time::from_unix(seconds, nanos.into(), Zone::Utc)
}

/// The engine let only times through.
fn time_argument(value: &Value) -> Time {
    time_value::of(value).unwrap_or_else(Time::zero)
}

/// A date that is a time or seconds since 1970; for everything else it is now.
fn in_zone(call: &mut Call<'_>, layout: &str, date: &Value, zone: &str) -> Outcome {
    let time = match date {
        Value::Int(int) if matches!(int.kind(), IntKind::Int | IntKind::Int64 | IntKind::Int32) => {
            Time::from_unix(int.signed(), 0, Zone::Utc)
        }
        other => match time_value::of(other) {
            Some(time) => time,
            None => now(call),
        },
    };
    let zone = Zone::load(zone).unwrap_or(Zone::Utc);
    Ok(time.in_zone(zone).format(layout).into())
}

/// The largest unit that is exceeded, alone.
fn rounded(duration: Duration) -> String {
    const SECOND: u64 = 1_000_000_000;
    const DAY: u64 = 24 * 3600 * SECOND;
    let nanos = duration.0.unsigned_abs();
    for (unit, name) in [
        (365 * DAY, "y"),
        (30 * DAY, "mo"),
        (DAY, "d"),
        (3600 * SECOND, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ] {
        if nanos > unit {
            return format!("{}{name}", nanos / unit);
        }
    }
    "0s".into()
}
