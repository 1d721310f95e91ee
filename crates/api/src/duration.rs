//! Durations the way Go writes and reads them: `1m0s`, `5.242947327s`, `10m`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Write as _};
use std::str::FromStr;

/// A length of time, at most about 292 years, in Go's notation (`time.ParseDuration`, `Duration.String`).
/// Negative lengths do not exist here: no schema of ours accepts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number followed by a unit, repeated.
    #[error("invalid duration {0:?}: write it like 30s, 10m or 1h30m")]
    Malformed(String),
    /// Longer than Go can hold.
    #[error("invalid duration {0:?}: longer than 292 years")]
    TooLong(String),
}

impl Duration {
    /// So many whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(std::time::Duration::from_secs(secs))
    }
}

impl From<Duration> for std::time::Duration {
    fn from(d: Duration) -> Self {
        d.0
    }
}

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Takes leading digits off; how many there were bounds the scale of a fraction.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let malformed = || DurationError::Malformed(text.to_owned());
        let too_long = || DurationError::TooLong(text.to_owned());
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Ok(Self::default());
        }
        if rest.is_empty() {
            return Err(malformed());
        }
        let mut nanos: u128 = 0;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(malformed());
            }
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(malformed)?.1;
            if whole.trim_start_matches('0').len() > 19 {
                return Err(too_long());
            }
            let whole: u128 =
                if whole.is_empty() { 0 } else { whole.parse().map_err(|_| malformed())? };
            nanos += whole * scale;
            // More digits than nanoseconds of an hour can show change nothing.
            let mut part = scale;
            for digit in fraction.bytes().take(20) {
                nanos += part * u128::from(digit - b'0') / 10;
                part /= 10;
            }
            if nanos > i64::MAX as u128 {
                return Err(too_long());
            }
            rest = after;
        }
        let nanos = u64::try_from(nanos).map_err(|_| too_long())?;
        Ok(Self(std::time::Duration::from_nanos(nanos)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.write_str("0s");
        }
        if nanos < 1_000_000_000 {
            let (unit, scale) = match nanos {
                0..1_000 => ("ns", 1),
                1_000..1_000_000 => ("µs", 1_000),
                _ => ("ms", 1_000_000),
            };
            return write_fraction(f, nanos, scale, unit);
        }
        let (hours, rest) = (nanos / 3_600_000_000_000, nanos % 3_600_000_000_000);
        let (minutes, rest) = (rest / 60_000_000_000, rest % 60_000_000_000);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        write_fraction(f, rest, 1_000_000_000, "s")
    }
}

/// `value / scale` with as many decimals as needed.
fn write_fraction(f: &mut fmt::Formatter<'_>, value: u128, scale: u128, unit: &str) -> fmt::Result {
    write!(f, "{}", value / scale)?;
    let mut rest = value % scale;
    if rest > 0 {
        f.write_char('.')?;
        let mut part = scale / 10;
        while rest > 0 {
            write!(f, "{}", rest / part)?;
            rest %= part;
            part /= 10;
        }
    }
    f.write_str(unit)
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
