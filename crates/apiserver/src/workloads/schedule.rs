//! Cron schedules: five fields, names, steps, and the `@` words, as `robfig/cron` reads them for Kubernetes.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use thiserror::Error;

/// Years looked ahead for a date such as 29 February on a Monday.
const YEARS: i16 = 30;

/// A schedule that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "schedule {text:?}: {reason}; five fields are wanted, such as \"*/5 * * * *\", or a word such as @daily"
)]
pub struct ScheduleError {
    text: String,
    reason: String,
}

/// When something is to happen again and again.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// At the minutes that the fields allow.
    Fields(Box<Fields>),
    /// So often, counted from the moment asked about.
    Every(SignedDuration),
}

/// The minutes, hours, days of the month, months and days of the week (0 is Sunday) as bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day has to be in both lists when one of them is `*`, else in either.
    either_day: bool,
}

impl Schedule {
    /// Reads `*/5 * * * *`, `0 9 * * MON-FRI`, `@daily`, `@every 1h30m`.
    ///
    /// # Errors
    /// When the text is not a schedule; the message says which field is wrong.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let refuse = |reason: String| ScheduleError { text: text.to_owned(), reason };
        if let Some(every) = text.strip_prefix("@every ") {
            let seconds = go_seconds(every.trim())
                .ok_or_else(|| refuse(format!("{every:?} is not a duration")))?;
            return Ok(Self::Every(SignedDuration::from_secs(seconds.max(1))));
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let parts: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = parts.as_slice() else {
            return Err(refuse(format!("it has {} fields", parts.len())));
        };
        let read = |part: &str, name: &str, low, high, names: &[&str]| {
            field(part, low, high, names).ok_or_else(|| refuse(format!("{part:?} is no {name}")))
        };
        let weekday_bits = read(weekdays, "day of the week", 0, 7, &DAYS)?;
        let starred = |part: &str| part.split(',').any(|p| p.starts_with(['*', '?']));
        Ok(Self::Fields(Box::new(Fields {
            minutes: read(minutes, "minute", 0, 59, &[])?,
            hours: read(hours, "hour", 0, 23, &[])?,
            days: read(days, "day of the month", 1, 31, &[])?,
            months: read(months, "month", 1, 12, &MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: weekday_bits & 0x7f | weekday_bits >> 7,
            either_day: !starred(days) && !starred(weekdays),
        })))
    }

    /// The first moment after `time`, in the calendar of `zone`; `None` when there is none.
    pub fn next(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => time.checked_add(*interval).ok(),
            Self::Fields(fields) => {
                let local = zone.to_datetime(time);
                let start = local.with().second(0).subsec_nanosecond(0).build().ok()?;
                let mut next = fields.next(start.checked_add(1.minute()).ok()?)?;
                // An hour that daylight saving leaves out or repeats must not lead back.
                loop {
                    let at = zone.to_timestamp(next).ok()?;
                    if at > time {
                        return Some(at);
                    }
                    next = fields.next(next.checked_add(1.minute()).ok()?)?;
                }
            }
        }
    }

    /// The last moment in `(after, until]`; `None` when there is none.
    pub fn last(&self, after: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        /// Steps taken one by one before the interval is halved.
        const STEPS: usize = 500;
        let mut from = after;
        let mut found = None;
        loop {
            let mut steps = 0;
            while let Some(next) = self.next(from, zone).filter(|n| *n <= until) {
                found = Some(next);
                from = next;
                steps += 1;
                if steps == STEPS {
                    break;
                }
            }
            if steps < STEPS {
                return found;
            }
            // Frequent and long ago: what lies in the first half of what is left cannot be the last.
            let half = until.duration_since(from) / 2;
            from = from.checked_add(half).unwrap_or(until);
        }
    }
}

impl Fields {
    /// The first minute that matches, from `start` on.
    fn next(&self, start: DateTime) -> Option<DateTime> {
        let mut date = start.date();
        let mut time = Some(start.time());
        let end = start.year().saturating_add(YEARS);
        while date.year() <= end {
            if !has(self.months, date.month()) {
                date = first_of_next_month(date)?;
                time = None;
                continue;
            }
            if self.has_day(date)
                && let Some(at) = self.time_from(time.unwrap_or(Time::midnight()))
            {
                return Some(date.to_datetime(at));
            }
            date = date.tomorrow().ok()?;
            time = None;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        if self.either_day { day || weekday } else { day && weekday }
    }

    /// The first time of a day that matches, from `start` on.
    fn time_from(&self, start: Time) -> Option<Time> {
        for hour in start.hour()..24 {
            if !has(self.hours, hour) {
                continue;
            }
            let from = if hour == start.hour() { start.minute() } else { 0 };
            if let Some(minute) = (from..60).find(|m| has(self.minutes, *m)) {
                return Time::new(hour, minute, 0, 0).ok();
            }
        }
        None
    }
}

fn first_of_next_month(date: Date) -> Option<Date> {
    date.first_of_month().checked_add(1.month()).ok()
}

fn has(bits: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|n| bits >> n & 1 == 1)
}

const MONTHS: [&str; 13] =
    ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The bits of one field: a list of `*`, `?`, `a`, `a-b`, each with `/step`.
fn field(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let named = names.iter().position(|n| !n.is_empty() && n.eq_ignore_ascii_case(text));
        let number = match named {
            Some(at) => u32::try_from(at).ok(),
            None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        number.filter(|n| (low..=high).contains(n))
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/10` goes on to the end.
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return None;
        }
        for n in (from..=to).step_by(step) {
            bits |= 1 << n;
        }
    }
    Some(bits)
}

/// The whole seconds of a Go duration (`1h30m`).
fn go_seconds(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let seconds = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, from: &str) -> String {
        let schedule = Schedule::parse(schedule).unwrap();
        let next = schedule.next(from.parse().unwrap(), &TimeZone::UTC);
        next.map_or("never".to_owned(), |t| t.strftime("%a %Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn the_next_moment() {
        let cases = [
            ("* * * * *", "2026-05-01T12:00:00Z", "Fri 2026-05-01 12:01:00"),
            ("* * * * *", "2026-05-01T12:00:59.9Z", "Fri 2026-05-01 12:01:00"),
            ("*/15 * * * *", "2026-05-01T12:46:00Z", "Fri 2026-05-01 13:00:00"),
            ("5/20 * * * *", "2026-05-01T12:05:00Z", "Fri 2026-05-01 12:25:00"),
            ("0 9 * * MON-FRI", "2026-05-01T12:00:00Z", "Mon 2026-05-04 09:00:00"),
            ("0 0 29 2 *", "2026-05-01T12:00:00Z", "Tue 2028-02-29 00:00:00"),
            ("0 0 31 * *", "2026-05-31T12:00:00Z", "Fri 2026-07-31 00:00:00"),
            ("30 4 1,15 * 5", "2026-05-02T00:00:00Z", "Fri 2026-05-08 04:30:00"),
            ("0 0 */2 * 1", "2026-05-01T12:00:00Z", "Mon 2026-05-11 00:00:00"),
            ("0 12 * JAN,jul 7", "2026-05-01T12:00:00Z", "Sun 2026-07-05 12:00:00"),
            ("59 23 31 12 ?", "2026-05-01T12:00:00Z", "Thu 2026-12-31 23:59:00"),
            ("@daily", "2026-12-31T12:00:00Z", "Fri 2027-01-01 00:00:00"),
            ("@hourly", "2026-05-01T12:00:00Z", "Fri 2026-05-01 13:00:00"),
            ("@every 1h30m", "2026-05-01T12:00:10Z", "Fri 2026-05-01 13:30:10"),
            ("0 0 31 2 *", "2026-05-01T12:00:00Z", "never"),
        ];
        for (schedule, from, expected) in cases {
            assert_eq!(next(schedule, from), expected, "{schedule} after {from}");
        }
    }

    #[test]
    fn what_is_not_a_schedule() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "@sometimes",
            "@every x",
            "1- * * * *",
            "+1 * * * *",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text:?}");
        }
        let error = Schedule::parse("* 25 * * *").unwrap_err().to_string();
        assert!(error.contains("\"25\" is no hour"), "{error}");
    }

    #[test]
    fn the_last_moment_is_found_however_long_ago_the_first_was() {
        let last = |schedule: &str, after: &str, until: &str| {
            let found = Schedule::parse(schedule).unwrap().last(
                after.parse().unwrap(),
                until.parse().unwrap(),
                &TimeZone::UTC,
            );
            found.map(|t| t.to_string())
        };
        let until = "2026-05-01T12:00:30Z";
        assert_eq!(
            last("* * * * *", "1990-01-01T00:00:00Z", until).unwrap(),
            "2026-05-01T12:00:00Z"
        );
        assert_eq!(last("@yearly", "1990-01-01T00:00:00Z", until).unwrap(), "2026-01-01T00:00:00Z");
        assert_eq!(last("* * * * *", "2026-05-01T12:00:00Z", until), None);
    }
}
