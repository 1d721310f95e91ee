//! RFC 3339 times as Kubernetes writes them: UTC, whole seconds (`Time`) or microseconds (`MicroTime`).
//!
//! Deliberately absent: the time it is now.

/// `text` in the form the API keeps: `2006-01-02T15:04:05Z`, with a fraction of six digits when `micro`.
///
/// `None` when it is no RFC 3339 time, or for `micro` has a fraction of another length: Go reads that strictly.
pub fn canonical(text: &str, micro: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        part.iter().all(u8::is_ascii_digit).then(|| text[from..to].parse().ok())?
    };
    let mark = |at: usize, c: u8| bytes.get(at) == Some(&c);
    if !(mark(4, b'-') && mark(7, b'-') && mark(10, b'T') && mark(13, b':') && mark(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = text.get(19..)?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let digits = fraction.strip_prefix(['.', ',']).unwrap_or(fraction);
    if micro && digits.len() != 6
        || (fraction.is_empty() != digits.is_empty())
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    if !(1..=12).contains(&month)
        || !(1..=days_in(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let seconds =
        days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let clock = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    let fraction = if micro { format!(".{digits}") } else { String::new() };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, clock) = zone.split_at_checked(1)?;
    let (hours, minutes) = clock.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3_600 + minutes * 60;
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(if sign == "-" {
        -seconds
    } else {
        seconds
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 of a date (Howard Hinnant's algorithm: years begin in March).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of days since 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn times_are_kept_in_utc() {
        for (written, micro, kept) in [
            ("2024-02-29T00:30:00+01:00", false, "2024-02-28T23:30:00Z"),
            ("2024-01-01T00:00:00.123456789Z", false, "2024-01-01T00:00:00Z"),
            ("2024-01-01T01:00:00.123456+01:00", true, "2024-01-01T00:00:00.123456Z"),
            ("1969-12-31T23:59:59-00:30", false, "1970-01-01T00:29:59Z"),
        ] {
            assert_eq!(canonical(written, micro).as_deref(), Some(kept), "{written}");
        }
        for bad in
            ["2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00"]
        {
            assert_eq!(canonical(bad, false), None, "{bad}");
        }
        for bad in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.1234567Z"] {
            assert_eq!(canonical(bad, true), None, "{bad}");
        }
    }
}
