//! Structured merge: typed values, field sets, managed fields, conflicts, owned projections.
//!
//! Deliberately absent: admission, defaulting and pruning of objects (`schema`, `apiserver`), and any
//! clock: times arrive as text.

mod hash;
mod json_text;
mod ownership;
mod path;
mod projection;
mod set;

pub use hash::content_hash;
pub use ownership::{Operation, Owner, managed_set, owners_of};
pub use path::{FieldPath, KeyFields, PathElement, PathError};
pub use projection::{desired_projection, in_sync, owned_hash, project};
pub use set::{FieldSet, FieldSetError};
