//! Structured merge: typed values, field sets, managed fields, conflicts, owned projections.
//!
//! Deliberately absent: admission, defaulting and pruning of objects (`schema`, `apiserver`), and any
//! clock: times arrive as text.

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
