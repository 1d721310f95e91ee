//! Versions and constraints as `Masterminds/semver` 3.5 reads, compares and explains them.
//!
//! Flux, Helm and Sprig all use that library, and its dialect differs from Cargo's and npm's: short versions are
//! filled up with zeros, `1.2` is a range, a comma or a space means "and", prereleases match only where
//! the constraint names one. Deliberately absent: everything that fetches or sorts tags.

mod constraint;
mod version;

pub use constraint::{Constraint, ConstraintError, Mismatch};
pub use version::{NumberError, Version, VersionError};
