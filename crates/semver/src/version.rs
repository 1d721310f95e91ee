//! One version: reading, printing, comparing.

use std::cmp::Ordering;
use std::fmt;

/// Longest text that is read as a version, in bytes.
const MAX_LENGTH: usize = 256;

/// A semantic version, with the text it was read from.
///
/// Versions compare by precedence: build metadata and the original text do not count, also not for `==`.
#[derive(Clone, Debug)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: Box<str>,
    metadata: Box<str>,
    original: Box<str>,
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It does not have the form of one.
    #[error("invalid semantic version")]
    Invalid,
    /// Strict reading of an empty text.
    #[error("version string empty")]
    Empty,
    /// Strict reading found something else than digits in a segment.
    #[error("invalid characters in version")]
    Characters,
    /// A number begins with 0.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// The part after `-` is malformed.
    #[error("invalid prerelease string")]
    Prerelease,
    /// The part after `+` is malformed.
    #[error("invalid metadata string")]
    Metadata,
    /// Longer than 256 bytes.
    #[error("version string is too long (max {MAX_LENGTH} bytes)")]
    TooLong,
    /// A number beyond 64 bits.
    #[error("error parsing version segment: {0}")]
    Segment(NumberError),
    /// Strict reading of a number that is missing or beyond 64 bits.
    #[error(transparent)]
    Number(NumberError),
}

/// Why a segment is no number, worded as Go's `strconv` does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strconv.ParseUint: parsing \"{text}\": {reason}")]
pub struct NumberError {
    text: String,
    reason: &'static str,
}

/// The numbers of a version or constraint as they stand in the text, and what follows them.
pub(crate) struct Parts<'a> {
    /// One to three segments; absent ones are empty.
    pub(crate) segments: [&'a str; 3],
    /// After `-`, without it.
    pub(crate) prerelease: &'a str,
    /// After `+`, without it.
    pub(crate) metadata: &'a str,
    /// Bytes of the text these took.
    pub(crate) length: usize,
}

/// `v?N(.N)?(.N)?(-pre)?(+meta)?` at the start of `text`, as long as possible; `digit` says what N is made of.
pub(crate) fn parts(text: &str, digit: fn(u8) -> bool) -> Option<Parts<'_>> {
    let bytes = text.as_bytes();
    let run = |from: usize, is: fn(u8) -> bool| {
        from + bytes[from..].iter().take_while(|b| is(**b)).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'v'));
    let mut segments = [""; 3];
    for (i, segment) in segments.iter_mut().enumerate() {
        let from = if i == 0 {
            at
        } else if bytes.get(at) == Some(&b'.') {
            at + 1
        } else {
            break;
        };
        let end = run(from, digit);
        if end == from {
            if i == 0 {
                return None;
            }
            break;
        }
        *segment = &text[from..end];
        at = end;
    }
    // Identifiers joined by dots, after their mark; nothing when there is no identifier.
    let mut tail = |mark: u8| {
        if bytes.get(at) != Some(&mark) {
            return "";
        }
        let from = at + 1;
        let mut end = run(from, is_identifier);
        if end == from {
            return "";
        }
        while bytes.get(end) == Some(&b'.') {
            let next = run(end + 1, is_identifier);
            if next == end + 1 {
                break;
            }
            end = next;
        }
        at = end;
        &text[from..end]
    };
    let prerelease = tail(b'-');
    let metadata = tail(b'+');
    Some(Parts { segments, prerelease, metadata, length: at })
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> Result<u64, NumberError> {
    text.parse().map_err(|_| NumberError {
        text: text.to_owned(),
        reason: if text.is_empty() { "invalid syntax" } else { "value out of range" },
    })
}

/// A segment of a lenient version; a missing one is zero.
fn segment(text: &str) -> Result<u64, VersionError> {
    if text.is_empty() { Ok(0) } else { number(text).map_err(VersionError::Segment) }
}

fn check_prerelease(text: &str) -> Result<(), VersionError> {
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(is_identifier) {
            return Err(VersionError::Prerelease);
        }
        if is_number(part) && part.len() > 1 && part.starts_with('0') {
            return Err(VersionError::LeadingZero);
        }
    }
    Ok(())
}

fn check_metadata(text: &str) -> Result<(), VersionError> {
    let good = text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_identifier));
    if good { Ok(()) } else { Err(VersionError::Metadata) }
}

impl Version {
    /// A release version out of its numbers.
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        let original = format!("{major}.{minor}.{patch}").into();
        Self { major, minor, patch, prerelease: "".into(), metadata: "".into(), original }
    }

    /// Reads leniently, as `semver.NewVersion`: a leading `v`, missing segments (zero) and numbers with leading
    /// zeros are accepted.
    ///
    /// # Errors
    /// [`VersionError`] when the text is no version even so.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > MAX_LENGTH {
            return Err(VersionError::TooLong);
        }
        let parts = parts(text, |b| b.is_ascii_digit())
            .filter(|parts| parts.length == text.len())
            .ok_or(VersionError::Invalid)?;
        let [major, minor, patch] = parts.segments;
        let version = Self {
            major: segment(major)?,
            minor: segment(minor)?,
            patch: segment(patch)?,
            prerelease: parts.prerelease.into(),
            metadata: parts.metadata.into(),
            original: text.into(),
        };
        if !version.prerelease.is_empty() {
            check_prerelease(&version.prerelease)?;
        }
        Ok(version)
    }

    /// Reads a version of at least three segments, otherwise leniently: what Flux takes for a version
    /// (`fluxcd/pkg/version`).
    ///
    /// # Errors
    /// [`VersionError`] when the text has fewer than two dots or is no version.
    pub fn parse_full(text: &str) -> Result<Self, VersionError> {
        if text.bytes().filter(|b| *b == b'.').count() < 2 {
            return Err(VersionError::Invalid);
        }
        Self::parse(text)
    }

    /// Reads what the specification of semantic versioning allows and nothing else, as
    /// `semver.StrictNewVersion`.
    ///
    /// # Errors
    /// [`VersionError`] saying which rule is broken.
    pub fn parse_strict(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(VersionError::TooLong);
        }
        let mut segments = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) =
            (segments.next(), segments.next(), segments.next())
        else {
            return Err(VersionError::Invalid);
        };
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => (rest, Some(metadata)),
            None => (rest, None),
        };
        metadata.map_or(Ok(()), check_metadata)?;
        let (patch, prerelease) = match rest.split_once('-') {
            Some((patch, prerelease)) => (patch, Some(prerelease)),
            None => (rest, None),
        };
        prerelease.map_or(Ok(()), check_prerelease)?;
        for digits in [major, minor, patch] {
            if !is_number(digits) {
                return Err(VersionError::Characters);
            }
            if digits.len() > 1 && digits.starts_with('0') {
                return Err(VersionError::LeadingZero);
            }
        }
        let number = |digits| number(digits).map_err(VersionError::Number);
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: prerelease.unwrap_or_default().into(),
            metadata: metadata.unwrap_or_default().into(),
            original: text.into(),
        })
    }

    /// First number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// Second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// Third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stands after `-`, empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands after `+`, empty when there is nothing.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text it was read from, which may have a leading `v` or fewer segments than what is printed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Whether it is a prerelease.
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }
}

impl fmt::Display for Version {
    /// `1.2.3-rc.1+build`, always with three numbers and without `v`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.is_prerelease(), other.is_prerelease()) {
                (false, false) => Ordering::Equal,
                // A release comes after its prereleases.
                (false, true) => Ordering::Greater,
                (true, false) => Ordering::Less,
                (true, true) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

/// Part by part: numbers by value and before text, text by bytes, fewer parts first.
pub(crate) fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let ordering = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_identifiers(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    // A number beyond 64 bits counts as text, as in Go.
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| is_number(text));
    match (a.is_empty(), b.is_empty()) {
        (false, false) => {}
        (a, b) => return b.cmp(&a),
    }
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests;
