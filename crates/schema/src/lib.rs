//! OpenAPI facts of the built-in kinds and structural schemas of custom ones: validate, prune, default.
//!
//! - [`Schema`]: one type; [`Kind`]: what discovery says of a kind
//! - [`builtin`]: both for the kinds Kubernetes brings
//!
//! Deliberately absent: storing, watching, serving (`apiserver`), merging with ownership (`ssa`), any I/O.

pub mod builtin;
mod defaulting;
mod error;
mod kind;
mod path;
mod prune;
mod regexp;
mod schema;
pub mod structural;

pub use defaulting::default;
pub use error::{FieldError, FieldErrorKind, aggregate, go_quote};
pub use kind::{Kind, Scale, Subresource};
pub use prune::prune;
pub use regexp::Pattern;
pub use schema::{
    Additional, Branch, Limits, ListType, MapType, PatchRule, Presence, Property, Rule, Schema,
    Text, Type,
};
