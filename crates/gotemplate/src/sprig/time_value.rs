//! `time.Time`, `time.Duration`, `time.Month` and `time.Weekday` as templates hold them, with their methods.

use super::time::{Duration, MONTHS, Time, WEEKDAYS, Zone};
use crate::function::{Call, FunctionError, Signature};
use crate::value::{GoObject, Int, IntKind, Kind, Method, Type, Value};
use std::any::Any;

/// `time.Time`.
pub(crate) const TIME: Type = Type::named("time.Time", Kind::Struct);
/// `time.Duration`.
const DURATION: Type = Type::named("time.Duration", Kind::Int(IntKind::Int64));
/// `time.Month`.
const MONTH: Type = Type::named("time.Month", Kind::Int(IntKind::Int));
/// `time.Weekday`.
const WEEKDAY: Type = Type::named("time.Weekday", Kind::Int(IntKind::Int));
/// `*time.Location`.
const LOCATION: Type = Type::named("*time.Location", Kind::Pointer);

/// A time as a template value.
pub(crate) fn value(time: Time) -> Value {
    Value::object(time)
}

/// The time a value holds.
pub(crate) fn of(value: &Value) -> Option<Time> {
    value.downcast::<Time>().cloned()
}

/// A named integer: a duration, a month or a day of the week.
struct Named {
    go_type: Type,
    number: i64,
}

/// A `*time.Location`.
struct Location(Zone);

fn duration(duration: Duration) -> Value {
    Value::object(Named { go_type: DURATION, number: duration.0 })
}

const NONE: Signature = Signature::new(&[]);
const WITH_TIME: Signature = Signature::new(&[TIME]);
const WITH_DURATION: Signature = Signature::new(&[DURATION]);

impl GoObject for Time {
    fn go_type(&self) -> Type {
        TIME
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay"
            | "Weekday" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "IsZero" | "UTC"
            | "Local" | "String" | "GoString" | "Location" | "IsDST" => NONE,
            "Format" => Signature::new(&[Type::String]),
            "Add" | "Truncate" | "Round" => WITH_DURATION,
            "Sub" | "After" | "Before" | "Equal" | "Compare" => WITH_TIME,
            "AddDate" => Signature::new(&[Type::INT, Type::INT, Type::INT]),
            "In" => Signature::new(&[LOCATION]),
            _ => return None,
        };
        Some(Method { signature })
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: &[Value]) -> Result<Value, FunctionError> {
        let civil = self.civil();
        let other = || args.first().and_then(of).unwrap_or_else(Time::zero);
        let order = |t: &Time| (t.unix(), t.nanosecond());
        Ok(match name {
            "Year" => Value::int(civil.year),
            "Month" => Value::object(Named { go_type: MONTH, number: civil.month }),
            "Day" => Value::int(civil.day),
            "Hour" => Value::int(civil.hour),
            "Minute" => Value::int(civil.minute),
            "Second" => Value::int(civil.second),
            "Nanosecond" => Value::int(self.nanosecond().into()),
            "YearDay" => Value::int(civil.year_day),
            "Weekday" => Value::object(Named { go_type: WEEKDAY, number: civil.weekday }),
            "Unix" => Value::int64(self.unix()),
            "UnixMilli" => Value::int64(scaled(self, 1_000)),
            "UnixMicro" => Value::int64(scaled(self, 1_000_000)),
            "UnixNano" => Value::int64(self.unix_nanos()),
            "IsZero" => self.is_zero().into(),
            "IsDST" => self.zone().is_summer_time(self.unix()).into(),
            "UTC" | "Local" => value(self.in_zone(Zone::Utc)),
            "String" => self.to_string().into(),
            "GoString" => self.go_string().into(),
            "Location" => Value::object(Location(self.zone().clone())),
            "Format" => self.format(&super::args::text(args, 0)).into(),
            "Add" => value(self.add(duration_argument(args))),
            "Truncate" => value(self.truncated(duration_argument(args))),
            "Round" => value(self.rounded(duration_argument(args))),
            "Sub" => duration(self.since(&other())),
            "After" => (order(self) > order(&other())).into(),
            "Before" => (order(self) < order(&other())).into(),
            "Equal" => (order(self) == order(&other())).into(),
            "Compare" => Value::int(order(self).cmp(&order(&other())) as i64),
            "AddDate" => {
                let part = |i| super::args::int(args, i);
                value(self.add_date(part(0), part(1), part(2)))
            }
            "In" => match args.first().and_then(Value::downcast::<Location>) {
                Some(location) => value(self.in_zone(location.0.clone())),
                None => return Err("time: missing Location in call to Time.In".into()),
            },
            _ => return Err(format!("no method {name}").into()),
        })
    }

    fn display(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn equals(&self, other: &dyn GoObject) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Self>() else { return false };
        (self.unix(), self.nanosecond(), self.zone().name())
            == (other.unix(), other.nanosecond(), other.zone().name())
    }

    fn to_data(&self) -> Option<Value> {
        Some(self.format("2006-01-02T15:04:05.999999999Z07:00").into())
    }
}

fn scaled(time: &Time, per_second: i64) -> i64 {
    let part = i64::from(time.nanosecond()) * per_second / 1_000_000_000;
    time.unix().wrapping_mul(per_second).wrapping_add(part)
}

fn duration_argument(args: &[Value]) -> Duration {
    Duration(args.first().and_then(Value::downcast::<Named>).map_or(0, |n| n.number))
}

impl GoObject for Named {
    fn go_type(&self) -> Type {
        self.go_type
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        let known = match (self.go_type, name) {
            (_, "String") => true,
            (DURATION, _) => matches!(
                name,
                "Hours"
                    | "Minutes"
                    | "Seconds"
                    | "Milliseconds"
                    | "Microseconds"
                    | "Nanoseconds"
                    | "Abs"
            ),
            _ => false,
        };
        let signature = match name {
            "Round" | "Truncate" if self.go_type == DURATION => WITH_DURATION,
            _ if known => NONE,
            _ => return None,
        };
        Some(Method { signature })
    }

    #[expect(clippy::cast_precision_loss, reason = "Go computes these in floating point")]
    fn call(&self, name: &str, _: &mut Call<'_>, args: &[Value]) -> Result<Value, FunctionError> {
        let split =
            |unit: i64| (self.number / unit) as f64 + (self.number % unit) as f64 / unit as f64;
        let unit = duration_argument(args).0;
        Ok(match name {
            "String" => self.display().unwrap_or_default().into(),
            "Hours" => split(3_600_000_000_000).into(),
            "Minutes" => split(60_000_000_000).into(),
            "Seconds" => split(1_000_000_000).into(),
            "Milliseconds" => Value::int64(self.number / 1_000_000),
            "Microseconds" => Value::int64(self.number / 1_000),
            "Nanoseconds" => Value::int64(self.number),
            "Abs" => duration(Duration(self.number.checked_abs().unwrap_or(i64::MAX))),
            "Round" if unit > 0 => duration(Duration(self.number).round(unit)),
            "Truncate" if unit > 0 => duration(Duration(self.number - self.number % unit)),
            "Round" | "Truncate" => duration(Duration(self.number)),
            _ => return Err(format!("no method {name}").into()),
        })
    }

    fn display(&self) -> Option<String> {
        let named = |names: &[&str], from: i64| {
            usize::try_from(self.number - from)
                .ok()
                .and_then(|i| names.get(i))
                .map(|n| (*n).to_owned())
        };
        match self.go_type {
            MONTH => named(&MONTHS, 1),
            WEEKDAY => named(&WEEKDAYS, 0),
            _ => Some(Duration(self.number).to_string()),
        }
    }

    fn int(&self) -> Option<Int> {
        let kind = if self.go_type == DURATION { IntKind::Int64 } else { IntKind::Int };
        Some(Int::new(self.number, kind))
    }

    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| o.number == self.number)
    }

    fn to_data(&self) -> Option<Value> {
        self.int().map(Value::Int)
    }
}

impl GoObject for Location {
    fn go_type(&self) -> Type {
        LOCATION
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        (name == "String").then_some(Method { signature: NONE })
    }

    fn call(&self, _: &str, _: &mut Call<'_>, _: &[Value]) -> Result<Value, FunctionError> {
        Ok(self.0.name().into())
    }

    fn display(&self) -> Option<String> {
        Some(self.0.name().to_owned())
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::map(crate::value::Entries::new()))
    }
}
