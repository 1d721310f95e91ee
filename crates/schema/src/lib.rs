//! OpenAPI facts of the built-in kinds and structural schemas of custom ones: validate, prune, default.
//!
//! - [`Schema`]: one type; [`Kind`]: what discovery says of a kind
//! - [`builtin`]: both for the kinds Kubernetes brings
//!
//! Deliberately absent: storing, watching, serving (`apiserver`), merging with ownership (`ssa`), any I/O.

pub mod builtin;
mod kind;
mod schema;

pub use kind::{Kind, Scale, Subresource};
pub use schema::{
    Additional, Branch, Limits, ListType, MapType, PatchRule, Presence, Property, Rule, Schema,
    Text, Type,
};
