//! `metav1.Time`: a moment in whole seconds, written as RFC 3339 in UTC.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A moment in seconds since 1970 in UTC; the fraction of a text that has one is dropped, as Kubernetes does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time in RFC 3339, such as 2026-11-21T04:06:03Z")]
pub struct TimestampError(String);

impl Timestamp {
    /// From seconds since 1970 in UTC; a moment before 1970 or after the year 9999 becomes the nearest that
    /// can be written.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(0, jiff::Timestamp::MAX.as_second()))
    }

    /// Seconds since 1970 in UTC.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Time passed since `earlier`, zero when that is later.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", jiff::Timestamp::from_second(self.0).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|moment| Self::from_unix(moment.as_second()))
            .map_err(|_| TimestampError(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
