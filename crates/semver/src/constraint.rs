//! Constraints: what they are made of, and whether a version satisfies them.

mod parse;
#[cfg(test)]
mod tests;

use crate::version::{Version, compare_prereleases};
use std::fmt;

/// One or more groups of comparisons; a version must satisfy every comparison of at least one group.
///
/// Prereleases match a group only when one of its comparisons names a prerelease, unless
/// [`Constraint::with_prereleases`] says otherwise.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
    prereleases: bool,
}

#[derive(Clone, Debug)]
struct Group {
    comparisons: Vec<Comparison>,
    /// Whether a comparison names a prerelease.
    prereleases: bool,
}

/// Why a text is no constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// The group (shown in quotes) is not a list of comparisons.
    #[error("improper constraint: {0}")]
    Improper(String),
    /// A comparison has a version that cannot be read.
    #[error("constraint parser error")]
    Version,
    /// Longer than 512 bytes.
    #[error("constraint string is too long (max {max} bytes)", max = parse::MAX_LENGTH)]
    TooLong,
    /// More than 32 groups.
    #[error("too many constraint groups (max {max})", max = parse::MAX_GROUPS)]
    TooManyGroups,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    /// None or `=`: equal, and within the range when segments are left open.
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// How much of a comparison's version is left open (`x`, `*` or missing).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Everything,
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    /// The operator as it was written.
    sign: Box<str>,
    /// Open segments are zero.
    version: Version,
    /// The version as it was written.
    written: Box<str>,
    open: Open,
}

/// Why a version does not satisfy one comparison, worded as Masterminds/semver does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{version}\" {reason}")]
pub struct Mismatch {
    version: String,
    reason: String,
}

/// What is wrong, before it is put into words: checks are made far more often than explained.
#[derive(Clone, Copy)]
enum Reason {
    Prerelease,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    OtherMajor,
    OtherMinor,
    OtherMajorMinor,
    OtherMinorOfZero,
    OtherPatchOfZero,
}

impl Constraint {
    /// Reads a constraint such as `>=1.2, <2 || ~3.1`, `1.x`, `^0.3`, `1.2 - 1.4.5`.
    ///
    /// # Errors
    /// [`ConstraintError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        parse::constraint(text)
    }

    /// Lets prereleases match wherever they compare, also in groups that name none.
    #[must_use]
    pub fn with_prereleases(mut self) -> Self {
        self.prereleases = true;
        self
    }

    /// Whether the version satisfies the constraint.
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let prereleases = self.prereleases || group.prereleases;
            group.comparisons.iter().all(|c| c.check(version, prereleases).is_ok())
        })
    }

    /// As [`Constraint::matches`], with the reasons when it does not: one for every comparison that fails, in
    /// order, and one for all groups that want no prerelease.
    ///
    /// # Errors
    /// The reasons.
    pub fn validate(&self, version: &Version) -> Result<(), Vec<Mismatch>> {
        let mut mismatches = Vec::new();
        let mut told_prerelease = false;
        for group in &self.groups {
            let prereleases = self.prereleases || group.prereleases;
            if version.is_prerelease() && !prereleases {
                if !told_prerelease {
                    mismatches.push(Reason::Prerelease.explain(version, ""));
                    told_prerelease = true;
                }
                continue;
            }
            let before = mismatches.len();
            for comparison in &group.comparisons {
                if let Err(reason) = comparison.check(version, prereleases) {
                    mismatches.push(reason.explain(version, &comparison.written));
                }
            }
            if mismatches.len() == before {
                return Ok(());
            }
        }
        Err(mismatches)
    }
}

impl fmt::Display for Constraint {
    /// The comparisons as they were written, groups joined by ` || `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.groups.iter().enumerate() {
            if i > 0 {
                f.write_str(" || ")?;
            }
            for (j, comparison) in group.comparisons.iter().enumerate() {
                if j > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{}{}", comparison.sign, comparison.written)?;
            }
        }
        Ok(())
    }
}

impl Reason {
    fn explain(self, version: &Version, written: &str) -> Mismatch {
        let reason = match self {
            Self::Prerelease => {
                "is a prerelease version and the constraint is only looking for release versions"
                    .to_owned()
            }
            Self::Equal => format!("is equal to \"{written}\""),
            Self::NotEqual => format!("is not equal to \"{written}\""),
            Self::LessOrEqual => format!("is less than or equal to \"{written}\""),
            Self::GreaterOrEqual => format!("is greater than or equal to \"{written}\""),
            Self::Less => format!("is less than \"{written}\""),
            Self::Greater => format!("is greater than \"{written}\""),
            Self::OtherMajor => format!("does not have same major version as \"{written}\""),
            Self::OtherMinor => format!("does not have same minor version as \"{written}\""),
            Self::OtherMajorMinor => {
                format!("does not have same major and minor version as \"{written}\"")
            }
            Self::OtherMinorOfZero => format!(
                "does not have same minor version as \"{written}\". Expected minor versions to match when \
                 constraint major version is 0"
            ),
            Self::OtherPatchOfZero => format!(
                "does not equal \"{written}\". Expect version and constraint to equal when major and minor \
                 versions are 0"
            ),
        };
        Mismatch { version: version.to_string(), reason }
    }
}

type Outcome = Result<(), Reason>;

fn ensure(condition: bool, otherwise: Reason) -> Outcome {
    if condition { Ok(()) } else { Err(otherwise) }
}

impl Comparison {
    fn check(&self, version: &Version, prereleases: bool) -> Outcome {
        ensure(prereleases || !version.is_prerelease(), Reason::Prerelease)?;
        let wanted = &self.version;
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => {
                ensure(version == wanted, Reason::NotEqual)
            }
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => ensure(version < wanted, Reason::GreaterOrEqual),
            Operator::GreaterEqual => ensure(version >= wanted, Reason::Less),
            Operator::LessEqual => self.less_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn not_equal(&self, version: &Version) -> Outcome {
        let wanted = &self.version;
        let differs = match self.open {
            Open::Nothing => version != wanted,
            _ if version.major() != wanted.major() => true,
            Open::Minor => false,
            _ if version.minor() != wanted.minor() => true,
            Open::Patch => compare_prereleases(version.prerelease(), wanted.prerelease()).is_ne(),
            Open::Everything => version.patch() != wanted.patch() || version != wanted,
        };
        ensure(differs, Reason::Equal)
    }

    /// `>1.2` begins at 1.3, because all of 1.2.x is what is named.
    fn greater(&self, version: &Version) -> Outcome {
        let wanted = &self.version;
        let greater = match self.open {
            Open::Nothing => version > wanted,
            _ if version.major() != wanted.major() => version.major() > wanted.major(),
            Open::Minor => false,
            Open::Patch => version.minor() > wanted.minor(),
            Open::Everything => version > wanted,
        };
        ensure(greater, Reason::LessOrEqual)
    }

    /// `<=1.2` includes all of 1.2.x.
    fn less_equal(&self, version: &Version) -> Outcome {
        let wanted = &self.version;
        let greater = match self.open {
            Open::Nothing => version > wanted,
            Open::Minor => version.major() > wanted.major(),
            Open::Patch | Open::Everything => {
                (version.major(), version.minor()) > (wanted.major(), wanted.minor())
            }
        };
        ensure(!greater, Reason::Greater)
    }

    fn tilde(&self, version: &Version) -> Outcome {
        let wanted = &self.version;
        ensure(version >= wanted, Reason::Less)?;
        // `~0.0.0`, and everything open, accepts whatever is not lower.
        let zero = (wanted.major(), wanted.minor(), wanted.patch()) == (0, 0, 0);
        if zero && !matches!(self.open, Open::Minor | Open::Patch) {
            return Ok(());
        }
        ensure(version.major() == wanted.major(), Reason::OtherMajor)?;
        let minor = self.open == Open::Minor || version.minor() == wanted.minor();
        ensure(minor, Reason::OtherMajorMinor)
    }

    fn caret(&self, version: &Version) -> Outcome {
        let wanted = &self.version;
        ensure(version >= wanted, Reason::Less)?;
        if wanted.major() > 0 || self.open == Open::Minor {
            return ensure(version.major() == wanted.major(), Reason::OtherMajor);
        }
        ensure(version.major() == 0, Reason::OtherMajor)?;
        if wanted.minor() > 0 || self.open == Open::Patch {
            return ensure(version.minor() == wanted.minor(), Reason::OtherMinorOfZero);
        }
        ensure(version.minor() == 0, Reason::OtherMinor)?;
        ensure(version.patch() == wanted.patch(), Reason::OtherPatchOfZero)
    }
}
