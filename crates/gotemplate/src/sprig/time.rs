//! Go's `time` as templates see it: an instant with a zone, layouts, durations.
//!
//! Deliberately absent: a clock (the caller says what time it is) and the machine's own zone (`Local` is UTC).

mod duration;
mod format;
mod layout;
mod parse;
#[cfg(test)]
mod tests;
mod zone;

pub(crate) use duration::Duration;
pub(crate) use zone::Zone;

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Seconds from 0001-01-01 to 1970-01-01: Go's zero time, seen from Unix's.
const ZERO_UNIX: i64 = -62_135_596_800;

pub(crate) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// An instant and the zone it is shown in: Go's `time.Time` without the monotonic reading.
#[derive(Clone, Debug)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// Below 1e9.
    nanos: u32,
    zone: Zone,
}

/// Calendar fields of an instant in its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// 0 is Sunday.
    pub(crate) weekday: i64,
    /// 1 to 366.
    pub(crate) year_day: i64,
}

impl Time {
    /// From seconds since 1970 and nanoseconds of any size and sign.
    pub(crate) fn from_unix(seconds: i64, nanos: i64, zone: Zone) -> Self {
        Self {
            seconds: seconds.wrapping_add(nanos.div_euclid(NANOS)),
            nanos: u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or_default(),
            zone,
        }
    }

    /// Go's zero time, 0001-01-01T00:00:00Z.
    pub(crate) fn zero() -> Self {
        Self { seconds: ZERO_UNIX, nanos: 0, zone: Zone::Utc }
    }

    /// From calendar fields, which may lie outside their usual ranges (`time.Date`).
    pub(crate) fn from_civil(date: [i64; 3], clock: [i64; 3], nanos: i64, zone: Zone) -> Self {
        let [year, month, day] = date;
        let month = month - 1;
        let days =
            days_from_civil(year.wrapping_add(month.div_euclid(12)), month.rem_euclid(12) + 1, 1);
        let [hour, minute, second] = clock;
        let local = days
            .wrapping_add(day - 1)
            .wrapping_mul(DAY)
            .wrapping_add(hour.wrapping_mul(3600))
            .wrapping_add(minute.wrapping_mul(60))
            .wrapping_add(second);
        let unix = zone.unix_of_local(local);
        Self::from_unix(unix, nanos, zone)
    }

    /// The same instant shown in another zone.
    pub(crate) fn in_zone(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// Seconds since 1970.
    pub(crate) fn unix(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    pub(crate) fn nanosecond(&self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970, wrapped around where they do not fit.
    pub(crate) fn unix_nanos(&self) -> i64 {
        self.seconds.wrapping_mul(NANOS).wrapping_add(self.nanos.into())
    }

    /// The zone this instant is shown in.
    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether this is Go's zero time.
    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == ZERO_UNIX && self.nanos == 0
    }

    /// This much later.
    pub(crate) fn add(&self, duration: Duration) -> Self {
        let seconds = self.seconds.wrapping_add(duration.0 / NANOS);
        Self::from_unix(seconds, i64::from(self.nanos) + duration.0 % NANOS, self.zone.clone())
    }

    /// From `earlier` to this; the longest duration where it would not fit.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos =
            seconds * i128::from(NANOS) + i128::from(self.nanos) - i128::from(earlier.nanos);
        let clamped = nanos.clamp(i64::MIN.into(), i64::MAX.into());
        Duration(i64::try_from(clamped).unwrap_or_default())
    }

    /// Calendar fields later (`AddDate`), normalised.
    pub(crate) fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let c = self.civil();
        Self::from_civil(
            [c.year.wrapping_add(years), c.month.wrapping_add(months), c.day.wrapping_add(days)],
            [c.hour, c.minute, c.second],
            self.nanos.into(),
            self.zone.clone(),
        )
    }

    /// The calendar fields in its zone.
    pub(crate) fn civil(&self) -> Civil {
        let local = self.seconds.wrapping_add(self.zone.offset_at(self.seconds).into());
        let (days, clock) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            // 1970-01-01 was a Thursday.
            weekday: (days.rem_euclid(7) + 4) % 7,
            year_day: days - days_from_civil(year, 1, 1) + 1,
        }
    }

    /// Down to a multiple of `unit` since the zero time (`Truncate`).
    pub(crate) fn truncated(&self, unit: Duration) -> Self {
        self.add(Duration(-self.beyond(unit)))
    }

    /// To the nearest multiple of `unit` since the zero time, halves up (`Round`).
    pub(crate) fn rounded(&self, unit: Duration) -> Self {
        let rest = self.beyond(unit);
        if rest.wrapping_add(rest) < unit.0 {
            return self.add(Duration(-rest));
        }
        self.add(Duration(if unit.0 > 0 { unit.0 - rest } else { 0 }))
    }

    /// What is left after the last multiple of `unit` since the zero time; 0 for a unit that is not positive.
    fn beyond(&self, unit: Duration) -> i64 {
        if unit.0 <= 0 {
            return 0;
        }
        let since = (i128::from(self.seconds) - i128::from(ZERO_UNIX)) * i128::from(NANOS)
            + i128::from(self.nanos);
        i64::try_from(since.rem_euclid(unit.0.into())).unwrap_or_default()
    }

    /// As `%#v` prints it.
    pub(crate) fn go_string(&self) -> String {
        let c = self.civil();
        let month = usize::try_from(c.month - 1).ok().and_then(|i| MONTHS.get(i)).unwrap_or(&"");
        format!(
            "time.Date({}, time.{month}, {}, {}, {}, {}, {}, time.{})",
            c.year,
            c.day,
            c.hour,
            c.minute,
            c.second,
            self.nanos,
            self.zone.name()
        )
    }
}

/// Whether `year` has a 29th of February.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of `month` (1 to 12) in `year`.
pub(crate) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counted in eras of 400 years that
/// begin in March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year.wrapping_sub(i64::from(month <= 2));
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era.wrapping_mul(146_097)
        .wrapping_add(of_era * 365 + of_era / 4 - of_era / 100 + of_year)
        .wrapping_sub(719_468)
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
