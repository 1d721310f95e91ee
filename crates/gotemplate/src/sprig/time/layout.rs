//! Layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` written the way the result shall look.

/// One element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    /// `MST`.
    ZoneName,
    /// `-0700` and its kin.
    Offset(Offset),
    /// `.000`: separator, number of digits; always that many.
    Fraction(u8, usize),
    /// `.999`: the same without trailing zeros.
    ShortFraction(u8, usize),
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` for UTC.
    pub(super) z: bool,
    /// Colons between the parts.
    pub(super) colon: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

/// The first element of `layout`: the text before it, the element, the text of it, and the rest.
/// Without an element everything is text.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Element>, &[u8], &[u8]) {
    for at in 0..layout.len() {
        if let Some((skip, element, length)) = element_at(&layout[at..]) {
            let from = at + skip;
            return (
                &layout[..from],
                Some(element),
                &layout[from..from + length],
                &layout[from + length..],
            );
        }
    }
    (layout, None, &[], &[])
}

/// The element `text` begins with, how many bytes of text come before it, and its length.
fn element_at(text: &[u8]) -> Option<(usize, Element, usize)> {
    use Element as E;
    let lower_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_lowercase);
    let (element, length) = match text[0] {
        b'J' if text.starts_with(b"January") => (E::LongMonth, 7),
        b'J' if text.starts_with(b"Jan") && !lower_at(3) => (E::Month, 3),
        b'M' if text.starts_with(b"Monday") => (E::LongWeekDay, 6),
        b'M' if text.starts_with(b"Mon") && !lower_at(3) => (E::WeekDay, 3),
        b'M' if text.starts_with(b"MST") => (E::ZoneName, 3),
        b'0' => return zero(text).map(|(e, n)| (0, e, n)),
        b'1' if text.starts_with(b"15") => (E::Hour, 2),
        b'1' => (E::NumMonth, 1),
        b'2' if text.starts_with(b"2006") => (E::LongYear, 4),
        b'2' => (E::Day, 1),
        // A literal underscore and a year.
        b'_' if text.starts_with(b"_2006") => return Some((1, E::LongYear, 4)),
        b'_' if text.starts_with(b"_2") => (E::UnderDay, 2),
        b'_' if text.starts_with(b"__2") => (E::UnderYearDay, 3),
        b'3' => (E::Hour12, 1),
        b'4' => (E::Minute, 1),
        b'5' => (E::Second, 1),
        b'P' if text.starts_with(b"PM") => (E::UpperHalf, 2),
        b'p' if text.starts_with(b"pm") => (E::LowerHalf, 2),
        b'-' | b'Z' => return offset(text).map(|(e, n)| (0, e, n)),
        b'.' | b',' => return fraction(text).map(|(e, n)| (0, e, n)),
        _ => return None,
    };
    Some((0, element, length))
}

fn zero(text: &[u8]) -> Option<(Element, usize)> {
    use Element as E;
    let element = match text.get(1)? {
        b'1' => E::ZeroMonth,
        b'2' => E::ZeroDay,
        b'3' => E::ZeroHour12,
        b'4' => E::ZeroMinute,
        b'5' => E::ZeroSecond,
        b'6' => E::Year,
        b'0' if text.get(2) == Some(&b'2') => return Some((E::ZeroYearDay, 3)),
        _ => return None,
    };
    Some((element, 2))
}

fn offset(text: &[u8]) -> Option<(Element, usize)> {
    let z = text[0] == b'Z';
    // In Go's order: the longer ones first.
    [
        (&b"070000"[..], false, true, true),
        (b"07:00:00", true, true, true),
        (b"0700", false, true, false),
        (b"07:00", true, true, false),
        (b"07", false, false, false),
    ]
    .into_iter()
    .find(|(form, ..)| text[1..].starts_with(form))
    .map(|(form, colon, minutes, seconds)| {
        (Element::Offset(Offset { z, colon, minutes, seconds }), form.len() + 1)
    })
}

fn fraction(text: &[u8]) -> Option<(Element, usize)> {
    let digit = *text.get(1).filter(|d| matches!(d, b'0' | b'9'))?;
    let count = text[1..].iter().take_while(|d| **d == digit).count();
    if text.get(1 + count).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let element = if digit == b'0' { Element::Fraction } else { Element::ShortFraction };
    Some((element(text[0], count), count + 1))
}
