//! OpenAPI facts of the built-in kinds and structural schemas of custom ones: validate, prune, default.
//!
//! What a type is:
//! - [`Schema`]: one type; [`Kind`]: what discovery says of a kind
//! - [`builtin`]: both for the kinds Kubernetes brings, out of a committed table, decoded when asked
//! - [`structural`], [`custom`]: both for custom kinds, out of a CustomResourceDefinition
//!
//! What a server does with an object, in order:
//! - [`native`]: built-in kinds: decode, default, encode, then [`native::faults`]
//! - [`prune`], [`default()`], then [`custom::object_faults`] (or its parts [`validate()`], [`duplicates`],
//!   [`rules`]): custom kinds
//! - [`names`]: metadata of both; [`immutable()`]: what an update of a built-in kind may not change
//!
//! And for clients: [`patch`], [`openapi`]. [`quantity`] and [`timestamp`] are the values that have one kept form.
//!
//! Deliberately absent: storing, watching, serving (`apiserver`), merging with ownership (`ssa`), any I/O.

pub mod builtin;
pub mod custom;
mod defaulting;
mod error;
mod immutable;
mod kind;
pub mod names;
pub mod native;
pub mod openapi;
pub mod patch;
mod path;
mod prune;
pub mod quantity;
mod regexp;
pub mod rules;
mod schema;
pub mod structural;
pub mod timestamp;
mod validate;

pub use defaulting::default;
pub use error::{FieldError, FieldErrorKind, aggregate, go_quote};
pub use immutable::immutable;
pub use kind::{Kind, Scale, Subresource};
pub use prune::prune;
pub use regexp::Pattern;
pub use schema::{
    Additional, Branch, Limits, ListType, MapType, PatchRule, Presence, Property, Rule, Schema,
    Text, Type,
};
pub use validate::{duplicates, validate, validate_at, validate_update};
