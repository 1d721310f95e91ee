//! Spans of time in nanoseconds: Go's `time.Duration`.

use super::NANOS;

/// A span in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duration(pub(crate) i64);

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl Duration {
    /// From whole seconds, wrapped around where they do not fit.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        Self(seconds.wrapping_mul(NANOS))
    }

    /// `1h2m3.5s`, `300ms`, `-2us`.
    ///
    /// # Errors
    /// Go's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || format!("time: invalid duration {}", quote(text.as_bytes()));
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let whole_end = digits(rest);
            let (whole, after) = rest.split_at(whole_end);
            let mut value = leading_number(whole).ok_or_else(invalid)?;
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => after.split_at(digits(after)),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let unit_end =
                after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (name, next) = after.split_at(unit_end);
            if name.is_empty() {
                return Err(format!("time: missing unit in duration {}", quote(text.as_bytes())));
            }
            let Some((_, unit)) = UNITS.iter().find(|(known, _)| *known == name) else {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote(name.as_bytes()),
                    quote(text.as_bytes())
                ));
            };
            if value > (1 << 63) / unit {
                return Err(invalid());
            }
            value *= unit;
            value += part(fraction, *unit);
            if value > 1 << 63 {
                return Err(invalid());
            }
            total = total.checked_add(value).filter(|t| *t <= 1 << 63).ok_or_else(invalid)?;
            rest = next;
        }
        if negative {
            return Ok(Self(total.wrapping_neg().cast_signed()));
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }

    /// To the nearest multiple of `unit`, halves away from zero (`Duration.Round`).
    pub(crate) fn round(self, unit: i64) -> Self {
        let rest = self.0 % unit;
        let magnitude = rest.abs();
        if magnitude.wrapping_add(magnitude) < unit {
            return Self(self.0 - rest);
        }
        let step = if self.0 < 0 { -unit } else { unit };
        let bound = if self.0 < 0 { i64::MIN } else { i64::MAX };
        Self((self.0 - rest).checked_add(step).unwrap_or(bound))
    }
}

/// How many digits stand first.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A number up to 2^63.
fn leading_number(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|n| *n <= 1 << 63)
}

/// `0.fraction` of a unit, with the precision Go keeps.
fn part(fraction: &str, unit: u64) -> u64 {
    let mut number: u64 = 0;
    let mut scale = 1.0;
    for digit in fraction.bytes() {
        if number > (i64::MAX / 10).unsigned_abs() {
            break;
        }
        let next = number * 10 + u64::from(digit - b'0');
        if next > 1 << 63 {
            break;
        }
        number = next;
        scale *= 10.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Go computes this part in floating point; below 3.6e12"
    )]
    let nanos = (number as f64 * (unit as f64 / scale)) as u64;
    nanos
}

/// `text` in double quotes as Go's `time` prints it in messages: bytes beyond printable ASCII as `\xNN`.
pub(crate) fn quote(text: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7f => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanos = self.0.unsigned_abs();
        if nanos == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if nanos < 1_000_000_000 {
            let (unit, name) = match nanos {
                0..1_000 => (1, "ns"),
                1_000..1_000_000 => (1_000, "\u{b5}s"),
                _ => (1_000_000, "ms"),
            };
            return write!(f, "{}{name}", Decimal(nanos, unit));
        }
        let seconds = nanos / 1_000_000_000;
        if seconds >= 3600 {
            write!(f, "{}h", seconds / 3600)?;
        }
        if seconds >= 60 {
            write!(f, "{}m", seconds / 60 % 60)?;
        }
        write!(f, "{}s", Decimal(nanos % 60_000_000_000, 1_000_000_000))
    }
}

/// A number of units of a power of ten, without trailing zeros behind the point.
struct Decimal(u64, u64);

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(number, unit) = *self;
        write!(f, "{}", number / unit)?;
        let mut rest = number % unit;
        if rest > 0 {
            f.write_str(".")?;
            let mut unit = unit;
            while rest > 0 {
                unit /= 10;
                write!(f, "{}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}
