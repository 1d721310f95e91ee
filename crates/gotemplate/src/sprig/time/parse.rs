//! An instant read by a layout.

use super::duration::quote;
use super::layout::{self, Element, Offset};
use super::{Duration, MONTHS, Time, WEEKDAYS, Zone, days_in, is_leap};

/// Why an element could not be read.
enum Fault {
    /// The text does not have its form.
    Bad,
    /// The number is too large; the name of the field.
    Range(&'static str),
}

type Read<T> = Result<T, Fault>;

/// What was read so far.
struct Reader<'a> {
    value: &'a [u8],
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    morning: bool,
    afternoon: bool,
    utc: bool,
    offset: Option<i32>,
    zone_name: &'a [u8],
}

impl Time {
    /// Reads `value` by `layout`; without a zone in it it is UTC (`time.ParseInLocation` in UTC).
    ///
    /// # Errors
    /// Go's text.
    pub(crate) fn parse(layout: &str, value: &str) -> Result<Self, String> {
        let mut r = Reader {
            value: value.as_bytes(),
            year: 0,
            month: None,
            day: None,
            year_day: None,
            hour: 0,
            minute: 0,
            second: 0,
            nanos: 0,
            morning: false,
            afternoon: false,
            utc: false,
            offset: None,
            zone_name: &[],
        };
        let begin = format!("parsing time {}", quote(value.as_bytes()));
        let cannot = |rest: &[u8], element: &[u8]| {
            format!(
                "{begin} as {}: cannot parse {} as {}",
                quote(layout.as_bytes()),
                quote(rest),
                quote(element)
            )
        };
        let mut rest = layout.as_bytes();
        loop {
            let (text, element, written, after) = layout::next(rest);
            r.skip(text).map_err(|left| cannot(left, text))?;
            let Some(element) = element else {
                if r.value.is_empty() {
                    break;
                }
                return Err(format!("{begin}: extra text: {}", quote(r.value)));
            };
            rest = after;
            let hold = r.value;
            r.element(element, rest).map_err(|fault| match fault {
                Fault::Bad => cannot(hold, written),
                Fault::Range(field) => format!("{begin}: {field} out of range"),
            })?;
        }
        r.finish().map_err(|what| format!("{begin}: {what}"))
    }
}

impl<'a> Reader<'a> {
    /// Takes the literal text; runs of blanks match each other. On failure what was left.
    fn skip(&mut self, mut text: &[u8]) -> Result<(), &'a [u8]> {
        while let Some((first, after)) = text.split_first() {
            if *first == b' ' {
                if self.value.first().is_some_and(|b| *b != b' ') {
                    return Err(self.value);
                }
                text = text.trim_ascii_start_blanks();
                self.value = self.value.trim_ascii_start_blanks();
                continue;
            }
            if self.value.first() != Some(first) {
                return Err(self.value);
            }
            text = after;
            self.value = &self.value[1..];
        }
        Ok(())
    }

    fn element(&mut self, element: Element, rest: &[u8]) -> Read<()> {
        use Element as E;
        match element {
            E::Year => {
                let year = signed(self.take(2)?).ok_or(Fault::Bad)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            E::LongYear => {
                if !self.value.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Fault::Bad);
                }
                self.year = signed(self.take(4)?).ok_or(Fault::Bad)?;
            }
            E::Month => self.month = Some(self.name(&MONTHS, Some(3))? + 1),
            E::LongMonth => self.month = Some(self.name(&MONTHS, None)? + 1),
            E::NumMonth | E::ZeroMonth => {
                let month = self.number(element == E::ZeroMonth)?;
                if !(1..=12).contains(&month) {
                    return Err(Fault::Range("month"));
                }
                self.month = Some(month);
            }
            E::WeekDay => _ = self.name(&WEEKDAYS, Some(3))?,
            E::LongWeekDay => _ = self.name(&WEEKDAYS, None)?,
            E::Day | E::UnderDay | E::ZeroDay => {
                if element == E::UnderDay {
                    self.blank();
                }
                self.day = Some(self.number(element == E::ZeroDay)?);
            }
            E::UnderYearDay | E::ZeroYearDay => {
                if element == E::UnderYearDay {
                    self.blank();
                    self.blank();
                }
                self.year_day = Some(self.number3(element == E::ZeroYearDay)?);
            }
            E::Hour => self.hour = self.below(24, false, "hour")?,
            E::Hour12 | E::ZeroHour12 => {
                self.hour = self.below(13, element == E::ZeroHour12, "hour")?;
            }
            E::Minute | E::ZeroMinute => {
                self.minute = self.below(60, element == E::ZeroMinute, "minute")?;
            }
            E::Second | E::ZeroSecond => {
                self.second = self.below(60, element == E::ZeroSecond, "second")?;
                self.unasked_fraction(rest)?;
            }
            E::UpperHalf => self.half(b"AM", b"PM")?,
            E::LowerHalf => self.half(b"am", b"pm")?,
            E::Offset(form) => self.offset(form)?,
            E::ZoneName => self.zone_name()?,
            E::Fraction(_, digits) => self.fraction(digits + 1)?,
            E::ShortFraction(..) => {
                if self.fraction_follows() {
                    self.fraction(self.fraction_length())?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.value.split_at_checked(count).ok_or(Fault::Bad)?;
        self.value = rest;
        Ok(taken)
    }

    fn blank(&mut self) {
        self.value = self.value.strip_prefix(b" ").unwrap_or(self.value);
    }

    /// One of `names` (or of their first letters), in any case.
    fn name(&mut self, names: &[&str], letters: Option<usize>) -> Read<i64> {
        for (name, index) in names.iter().zip(0..) {
            let name = &name.as_bytes()[..letters.unwrap_or(name.len())];
            if self.value.get(..name.len()).is_some_and(|v| v.eq_ignore_ascii_case(name)) {
                self.value = &self.value[name.len()..];
                return Ok(index);
            }
        }
        Err(Fault::Bad)
    }

    /// One digit or two; `fixed` demands two.
    fn number(&mut self, fixed: bool) -> Read<i64> {
        let digits = self.value.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || fixed && digits == 1 {
            return Err(Fault::Bad);
        }
        Ok(signed(self.take(digits)?).unwrap_or_default())
    }

    /// One to three digits; `fixed` demands three.
    fn number3(&mut self, fixed: bool) -> Read<i64> {
        let digits = self.value.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || fixed && digits != 3 {
            return Err(Fault::Bad);
        }
        Ok(signed(self.take(digits)?).unwrap_or_default())
    }

    fn below(&mut self, end: i64, fixed: bool, field: &'static str) -> Read<i64> {
        let number = self.number(fixed)?;
        if number >= end { Err(Fault::Range(field)) } else { Ok(number) }
    }

    fn half(&mut self, am: &[u8], pm: &[u8]) -> Read<()> {
        let half = self.take(2)?;
        match half {
            _ if half == pm => self.afternoon = true,
            _ if half == am => self.morning = true,
            _ => return Err(Fault::Bad),
        }
        Ok(())
    }

    /// Seconds may carry a fraction the layout does not mention.
    fn unasked_fraction(&mut self, rest: &[u8]) -> Read<()> {
        if !self.fraction_follows() {
            return Ok(());
        }
        let (_, next, ..) = layout::next(rest);
        if matches!(next, Some(Element::Fraction(..) | Element::ShortFraction(..))) {
            return Ok(());
        }
        self.fraction(self.fraction_length())
    }

    fn fraction_follows(&self) -> bool {
        matches!(self.value, [b'.' | b',', digit, ..] if digit.is_ascii_digit())
    }

    /// Mark and digits.
    fn fraction_length(&self) -> usize {
        1 + self.value[1..].iter().take_while(|b| b.is_ascii_digit()).count()
    }

    fn fraction(&mut self, length: usize) -> Read<()> {
        let text = self.take(length)?;
        if !matches!(text.first(), Some(b'.' | b',')) {
            return Err(Fault::Bad);
        }
        let digits = &text[1..length.min(10)];
        let number = signed(digits).ok_or(Fault::Bad)?;
        if number < 0 {
            return Err(Fault::Range("fractional second"));
        }
        self.nanos = digits.len().try_into().map_or(0, |d: u32| number * 10_i64.pow(9 - d));
        Ok(())
    }

    fn offset(&mut self, form: Offset) -> Read<()> {
        if form.z && self.value.first() == Some(&b'Z') {
            self.value = &self.value[1..];
            self.utc = true;
            return Ok(());
        }
        let colon = usize::from(form.colon);
        let minutes = form.minutes.then_some(3 + colon);
        let seconds = form.seconds.then_some(5 + 2 * colon);
        let length = seconds.or(minutes).map_or(3, |from| from + 2);
        let Some(text) = self.value.get(..length) else { return Err(Fault::Bad) };
        if form.colon && [minutes, seconds].into_iter().flatten().any(|at| text[at - 1] != b':') {
            return Err(Fault::Bad);
        }
        self.value = &self.value[length..];
        let pair = |from: Option<usize>| {
            from.map_or(Ok(0), |from| match text[from..from + 2] {
                [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
                    Ok(i32::from(a - b'0') * 10 + i32::from(b - b'0'))
                }
                _ => Err(Fault::Bad),
            })
        };
        // A bad number leaves the ones after it at zero; what is out of range is said first.
        let read = [pair(Some(1)), pair(minutes), pair(seconds)];
        let fields =
            ["time zone offset hour", "time zone offset minute", "time zone offset second"];
        let mut total = 0;
        for ((number, field), (most, weight)) in
            read.into_iter().zip(fields).zip([(24, 3600), (60, 60), (60, 1)])
        {
            let number = number?;
            if number > most {
                return Err(Fault::Range(field));
            }
            total += number * weight;
        }
        self.offset = Some(match text[0] {
            b'+' => total,
            b'-' => -total,
            _ => return Err(Fault::Bad),
        });
        Ok(())
    }

    fn zone_name(&mut self) -> Read<()> {
        if self.value.starts_with(b"UTC") {
            self.value = &self.value[3..];
            self.utc = true;
            return Ok(());
        }
        let length = zone_length(self.value).ok_or(Fault::Bad)?;
        self.zone_name = self.take(length)?;
        Ok(())
    }

    /// The instant, or what does not fit together.
    fn finish(mut self) -> Result<Time, &'static str> {
        if self.afternoon && self.hour < 12 {
            self.hour += 12;
        } else if self.morning && self.hour == 12 {
            self.hour = 0;
        }
        if let Some(year_day) = self.year_day {
            let (month, day) =
                of_year_day(year_day, self.year).ok_or("day-of-year out of range")?;
            if self.month.is_some_and(|m| m != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|d| d != day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(month), Some(day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let date = [self.year, month, day];
        let clock = [self.hour, self.minute, self.second];
        let time = Time::from_civil(date, clock, self.nanos, Zone::Utc);
        if self.utc {
            return Ok(time);
        }
        let name: Box<str> = String::from_utf8_lossy(self.zone_name).into();
        // -1 second is Go's mark of "none".
        if let Some(offset) = self.offset.filter(|o| *o != -1) {
            let time = time.add(Duration::from_seconds(-i64::from(offset)));
            if offset == 0 && (name.is_empty() || &*name == "UTC") {
                return Ok(time);
            }
            return Ok(time.in_zone(Zone::Fixed(name, offset)));
        }
        if name.is_empty() {
            return Ok(time);
        }
        // An abbreviation says nothing about the offset, except behind GMT.
        let hours = name.strip_prefix("GMT").and_then(|h| h.parse::<i32>().ok()).unwrap_or(0);
        Ok(Time::from_civil(date, clock, self.nanos, Zone::Utc)
            .in_zone(Zone::Fixed(name, hours * 3600)))
    }
}

/// Month and day of the day of a year.
fn of_year_day(year_day: i64, year: i64) -> Option<(i64, i64)> {
    let total = if is_leap(year) { 366 } else { 365 };
    if !(1..=total).contains(&year_day) {
        return None;
    }
    let mut day = year_day;
    let mut month = 1;
    while day > days_in(month, year) {
        day -= days_in(month, year);
        month += 1;
    }
    Some((month, day))
}

/// Length of the abbreviation `value` begins with, if it looks like one.
fn zone_length(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix(b"GMT") {
        return Some(3 + signed_hours(rest));
    }
    if matches!(value[0], b'+' | b'-') {
        return Some(signed_hours(value)).filter(|n| *n > 0);
    }
    match value.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count() {
        5 if value[4] == b'T' => Some(5),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Length of `+5` or `-11` at the start; 0 when there is none up to 23.
fn signed_hours(value: &[u8]) -> usize {
    if !matches!(value.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let digits = value[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    match signed(&value[1..=digits]) {
        Some(0..=23) if digits > 0 => 1 + digits,
        _ => 0,
    }
}

/// Digits with at most one sign before them.
fn signed(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Go takes only the blank for white space here.
trait Blanks {
    fn trim_ascii_start_blanks(&self) -> &Self;
}

impl Blanks for [u8] {
    fn trim_ascii_start_blanks(&self) -> &Self {
        let from = self.iter().take_while(|b| **b == b' ').count();
        &self[from..]
    }
}
