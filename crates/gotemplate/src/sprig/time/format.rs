//! An instant written by a layout.

use super::layout::{self, Element, Offset};
use super::{Civil, MONTHS, Time, WEEKDAYS};
use std::fmt::Write as _;

impl Time {
    /// The instant as `layout` shows it.
    pub(crate) fn format(&self, layout: &str) -> String {
        let mut out = Writer {
            time: self,
            civil: self.civil(),
            offset: self.zone().offset_at(self.unix()),
            out: Vec::with_capacity(layout.len() + 10),
        };
        let mut rest = layout.as_bytes();
        while !rest.is_empty() {
            let (text, element, _, after) = layout::next(rest);
            out.out.extend_from_slice(text);
            let Some(element) = element else { break };
            out.element(element);
            rest = after;
        }
        // Only whole ASCII elements were cut out of the text.
        String::from_utf8(out.out).unwrap_or_default()
    }
}

/// `time.Time` as `%v` prints it.
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

struct Writer<'a> {
    time: &'a Time,
    civil: Civil,
    offset: i32,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn element(&mut self, element: Element) {
        use Element as E;
        let c = self.civil;
        let half = if c.hour >= 12 { 1 } else { 0 };
        let hour12 = if c.hour % 12 == 0 { 12 } else { c.hour % 12 };
        match element {
            E::LongMonth => self.text(month(c)),
            E::Month => self.text(&month(c)[..3]),
            E::NumMonth => self.number(c.month, 0),
            E::ZeroMonth => self.number(c.month, 2),
            E::LongWeekDay => self.text(weekday(c)),
            E::WeekDay => self.text(&weekday(c)[..3]),
            E::Day => self.number(c.day, 0),
            E::UnderDay => self.padded(c.day, 2),
            E::ZeroDay => self.number(c.day, 2),
            E::UnderYearDay => self.padded(c.year_day, 3),
            E::ZeroYearDay => self.number(c.year_day, 3),
            E::Hour => self.number(c.hour, 2),
            E::Hour12 => self.number(hour12, 0),
            E::ZeroHour12 => self.number(hour12, 2),
            E::Minute => self.number(c.minute, 0),
            E::ZeroMinute => self.number(c.minute, 2),
            E::Second => self.number(c.second, 0),
            E::ZeroSecond => self.number(c.second, 2),
            E::LongYear => self.number(c.year, 4),
            E::Year => self.number(c.year.abs() % 100, 2),
            E::UpperHalf => self.text(["AM", "PM"][half]),
            E::LowerHalf => self.text(["am", "pm"][half]),
            E::ZoneName => self.zone_name(),
            E::Offset(form) => self.offset(form),
            E::Fraction(mark, digits) => self.fraction(mark, digits, false),
            E::ShortFraction(mark, digits) => self.fraction(mark, digits, true),
        }
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// With zeros in front; a minus does not count.
    fn number(&mut self, number: i64, width: usize) {
        let sign = if number < 0 { "-" } else { "" };
        self.text(&format!("{sign}{:0width$}", number.unsigned_abs()));
    }

    fn padded(&mut self, number: i64, width: usize) {
        self.text(&format!("{number:width$}"));
    }

    fn zone_name(&mut self) {
        let name = self.time.zone().abbreviation_at(self.time.unix());
        if name.is_empty() {
            self.offset(Offset { z: false, colon: false, minutes: true, seconds: false });
        } else {
            self.text(&name);
        }
    }

    fn offset(&mut self, form: Offset) {
        if form.z && self.offset == 0 {
            return self.text("Z");
        }
        let minutes = self.offset / 60;
        let colon = if form.colon { ":" } else { "" };
        let sign = if minutes < 0 { '-' } else { '+' };
        let seconds = if minutes < 0 { -self.offset } else { self.offset };
        let minutes = minutes.abs();
        let mut text = format!("{sign}{:02}{colon}", minutes / 60);
        if form.minutes {
            let _ = write!(text, "{:02}", minutes % 60);
        }
        if form.seconds {
            let _ = write!(text, "{colon}{:02}", seconds % 60);
        }
        self.text(&text);
    }

    fn fraction(&mut self, mark: u8, digits: usize, short: bool) {
        let nanos = self.time.nanosecond();
        if short && (digits == 0 || nanos == 0) {
            return;
        }
        let all = format!("{nanos:09}");
        let mut shown = &all[..digits.min(9)];
        if short {
            shown = shown.trim_end_matches('0');
            if shown.is_empty() {
                return;
            }
        }
        self.out.push(mark);
        self.text(shown);
    }
}

fn month(c: Civil) -> &'static str {
    usize::try_from(c.month - 1).ok().and_then(|i| MONTHS.get(i)).copied().unwrap_or_default()
}

fn weekday(c: Civil) -> &'static str {
    usize::try_from(c.weekday).ok().and_then(|i| WEEKDAYS.get(i)).copied().unwrap_or_default()
}
