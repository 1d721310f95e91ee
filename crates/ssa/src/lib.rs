//! Structured merge: typed values, field sets, managed fields, conflicts, owned projections.
//!
//! Two halves that share field sets ([`FieldSet`], FieldsV1) and field paths ([`FieldPath`]):
//!
//! - **Looking**, without a schema, at what somebody else's server wrote: [`managed_set`], [`owners_of`],
//!   [`project`] and [`owned_hash`] (is this event drift?), [`in_sync`] (would an apply change anything?),
//!   [`explain`] (what would it change, and who would be overruled?).
//! - **Being the server**: [`Tracking`] does to whole objects what the API server's field manager does on
//!   every write, over [`Updater`] (who owns what after an apply or update), over the operations on typed
//!   values ([`merge`], [`compare`], [`to_field_set`], [`validate`] ...), over [`TypeRef`].
//!
//! The behaviour is that of `sigs.k8s.io/structured-merge-diff/v6` and `k8s.io/apimachinery`'s
//! `managedfields`: the same sets, conflicts and texts, held to both by generated cases.
//!
//! ```
//! use object::{Gvk, Value, from_json};
//! use windlass_ssa::{OneVersion, Tracking, TypeRef, explain, in_sync};
//!
//! let schema = schema::builtin::schema("", "v1", "ConfigMap").ok_or("no such kind")?;
//! let converter = OneVersion::new("v1", TypeRef::object(schema));
//! let server = Tracking::new(&converter, Gvk::new("", "v1", "ConfigMap"));
//! let text = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}"#;
//! let desired = from_json(text.as_bytes())?;
//! let live = server.apply(None, &desired, "windlass", false, "2026-01-01T00:00:00Z")?;
//! assert!(in_sync(&desired, &live, "windlass"));
//!
//! let mut edited = live.clone();
//! edited.make_map().entry("data").make_map().insert("a", "2");
//! let live = server.update(Some(&live), edited, "kubectl-edit", "2026-01-01T00:00:01Z");
//! let drift = explain(&desired, &live, "windlass");
//! assert_eq!(drift[0].path, ".data.a");
//! assert_eq!(drift[0].managers[0].manager, "kubectl-edit");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Deliberately absent: admission, defaulting and pruning of objects (`schema`, `apiserver`), and any
//! clock: times arrive as text. A container that an apply empties is left as `null`, as upstream leaves it;
//! dropping such nulls is the caller's, with the schema's help.

mod explain;
mod go_text;
mod hash;
mod json_text;
mod ownership;
mod path;
mod projection;
mod set;
mod tracking;
mod typed;
mod typing;
mod updater;

pub use explain::{ChangeKind, FieldChange, explain};
pub use hash::content_hash;
pub use ownership::{Operation, Owner, managed_set, owners_of};
pub use path::{FieldPath, KeyFields, PathElement, PathError};
pub use projection::{desired_projection, in_sync, owned_hash, project};
pub use set::{FieldSet, FieldSetError};
pub use tracking::{
    ApplyConflict, ApplyConflicts, ApplyError, OneVersion, Tracking, reset_fields, same_but_times,
};
pub use typed::{
    Comparison, Duplicates, TypeError, TypeErrors, compare, extract_items, extract_items_with_keys,
    merge, reconcile_with_schema, remove_items, set_of_value, to_field_set, validate,
};
pub use typing::{SmdSchema, SmdSchemaError, TypeRef};
pub use updater::{
    Conflict, Conflicts, ConvertError, Converter, ManagedSet, Managers, MergeError, Updater,
};
