//! What a scalar means: go-yaml's resolver, once for v2 (`Sigs`) and once for v3 (`Kyaml`).
//!
//! Sources of the rules: `resolve.go` of `go.yaml.in/yaml/v2` 2.4 and `/v3` 3.0. Sexagesimal numbers are
//! read as text by both (and quoted when written).

use super::Dialect;
use compact_str::CompactString;
use std::borrow::Cow;

/// A scalar after resolution.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    UInt(u64),
    Float(f64),
    /// Text that looks like a timestamp, as RFC 3339 where the dialect converts it.
    Timestamp,
    Text,
}

/// What the plain scalar `text` means.
pub(super) fn plain(text: &str, dialect: Dialect) -> Scalar {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect).unwrap_or(Scalar::Text)
        }
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            _ => float(text).map_or(Scalar::Text, Scalar::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => match text {
            "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            _ if Timestamp::parse(text).is_some() => Scalar::Timestamp,
            _ => number(text).unwrap_or(Scalar::Text),
        },
        _ => Scalar::Text,
    }
}

fn word(text: &str, dialect: Dialect) -> Option<Scalar> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ if dialect == Dialect::Kyaml => return None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        _ => return None,
    })
}

fn number(text: &str) -> Option<Scalar> {
    let plain: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    integer(&plain).or_else(|| float(&plain).map(Scalar::Float))
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`; the binary and octal forms go-yaml adds are
/// among what those accept.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [] => return None,
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0'] => return Some(Scalar::Int(0)),
        [b'0', ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take another sign.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Scalar::Int(int)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::UInt(magnitude)),
    }
}

/// A decimal float as YAML writes it; one that overflows stays text, as in Go.
fn float(text: &str) -> Option<f64> {
    let mut rest = text.as_bytes();
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let digits = |rest: &mut &[u8]| {
        let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        *rest = &rest[n..];
        n
    };
    let whole = digits(&mut rest);
    if let [b'.', tail @ ..] = rest {
        rest = tail;
        if digits(&mut rest) == 0 && whole == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        rest = tail;
        if let [b'+' | b'-', tail @ ..] = rest {
            rest = tail;
        }
        if digits(&mut rest) == 0 {
            return None;
        }
    }
    if !rest.is_empty() {
        return None;
    }
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// Whether a string must not be written plain: it would be read as something else, here or by a reader
/// that knows YAML 1.1's base 60 numbers.
pub(super) fn needs_quotes(text: &str) -> bool {
    plain(text, Dialect::Sigs) != Scalar::Text || is_base60(text)
}

fn is_base60(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'+' | b'-' | b'0'..=b'9')) || !bytes.contains(&b':') {
        return false;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut groups = unsigned.split(':');
    let head = groups.next().unwrap_or_default().as_bytes();
    let head_ok = head.first().is_some_and(u8::is_ascii_digit)
        && head.iter().all(|b| b.is_ascii_digit() || *b == b'_');
    let mut groups = groups.peekable();
    head_ok
        && loop {
            let Some(group) = groups.next() else { break true };
            let group = match (groups.peek(), group.split_once('.')) {
                (None, Some((group, tail))) => {
                    if !tail.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
                        break false;
                    }
                    group
                }
                _ => group,
            };
            if !matches!(group.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']) {
                break false;
            }
        }
}

/// A date, or date and time, in one of the four forms go-yaml knows.
pub(super) struct Timestamp<'a> {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    fraction: &'a str,
    /// Minutes east of UTC.
    offset: i32,
}

impl<'a> Timestamp<'a> {
    /// Read as Go's `time.Parse` reads the layouts `2006-1-2T15:4:5.999999999Z07:00` (or `t`),
    /// `2006-1-2 15:4:5.999999999` and `2006-1-2`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut reader = Reader { rest: &text[5..] };
        let year = text[..4].parse().ok()?;
        let month = reader.one_or_two()?;
        reader.literal("-")?;
        let day = reader.one_or_two()?;
        let mut out =
            Self { year, month, day, hour: 0, minute: 0, second: 0, fraction: "", offset: 0 };
        if !reader.rest.is_empty() {
            let zoned = reader.literal("T").or_else(|| reader.literal("t")).is_some();
            if !zoned {
                reader.literal(" ")?;
            }
            out.hour = reader.one_or_two()?;
            reader.literal(":")?;
            out.minute = reader.one_or_two()?;
            reader.literal(":")?;
            out.second = reader.one_or_two()?;
            out.fraction = reader.fraction();
            if zoned {
                out.offset = reader.zone()?;
            }
        }
        (reader.rest.is_empty() && out.in_range()).then_some(out)
    }

    fn in_range(&self) -> bool {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return false,
        };
        (1..=days).contains(&self.day) && self.hour < 24 && self.minute < 60 && self.second < 60
    }

    /// Go reads an offset of 24 hours but refuses to write it.
    pub(super) fn has_offset_of_a_day(&self) -> bool {
        self.offset.abs() >= 24 * 60
    }

    /// RFC 3339 with as many digits of a second as are not zero, as Go's `time.RFC3339Nano`.
    pub(super) fn to_rfc3339(&self) -> CompactString {
        use std::fmt::Write as _;
        let Self { year, month, day, hour, minute, second, .. } = self;
        let mut out = CompactString::default();
        let fraction = self.fraction.get(..9).unwrap_or(self.fraction).trim_end_matches('0');
        // Writing to a string cannot fail.
        let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if !fraction.is_empty() {
            let _ = write!(out, ".{fraction}");
        }
        if self.offset == 0 {
            out.push('Z');
        } else {
            let sign = if self.offset < 0 { '-' } else { '+' };
            let minutes = self.offset.unsigned_abs();
            let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        out
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn digits(&mut self, n: usize) -> Option<u32> {
        let head = self.rest.get(..n).filter(|h| h.bytes().all(|b| b.is_ascii_digit()))?;
        self.rest = &self.rest[n..];
        head.parse().ok()
    }

    fn one_or_two(&mut self) -> Option<u32> {
        self.digits(2).or_else(|| self.digits(1))
    }

    /// `.` or `,` and digits; nothing consumed when there are none.
    fn fraction(&mut self) -> &'a str {
        let Some(tail) = self.rest.strip_prefix(['.', ',']) else { return "" };
        let n = tail.bytes().take_while(u8::is_ascii_digit).count();
        if n == 0 {
            return "";
        }
        self.rest = &tail[n..];
        &tail[..n]
    }

    fn zone(&mut self) -> Option<i32> {
        if self.literal("Z").is_some() {
            return Some(0);
        }
        let sign = if self.literal("+").is_some() {
            1
        } else {
            self.literal("-")?;
            -1
        };
        let hours = self.digits(2)?;
        self.literal(":")?;
        let minutes = self.digits(2)?;
        (hours <= 24 && minutes <= 60).then(|| sign * (hours * 60 + minutes) as i32)
    }
}
