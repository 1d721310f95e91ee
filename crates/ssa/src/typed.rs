//! Values with a type: validation, the set of fields in one, comparison, merge, removal, extraction.
//!
//! Every function walks the value and its [`TypeRef`](crate::TypeRef) side by side. `None` is an absent
//! value, which is not `null`. The behaviour, oddities included, is that of structured-merge-diff v6: what
//! a real API server writes into `managedFields` has to come out byte for byte.
//!
//! Deliberately absent: managers and versions (`updater`).

mod compare;
mod error;
mod field_set;
mod item;
mod merge;
mod reconcile;
mod remove;
mod validate;

pub use compare::{Comparison, compare};
pub use error::{TypeError, TypeErrors};
pub use field_set::{set_of_value, to_field_set};
pub use merge::merge;
pub use reconcile::reconcile_with_schema;
pub use remove::{extract_items, extract_items_with_keys, remove_items};
pub use validate::{Duplicates, validate};

pub(crate) use field_set::with_named_fields;
pub(crate) use merge::{merge_valid, zip_maps};

use crate::typing::{Atom, ListType, MapType, Scalar, TypeRef};
use object::Value;

/// What one step of a walk does, by the kind of type the value turned out to have.
pub(crate) enum Kind<'t> {
    Map(MapType<'t>),
    Scalar(Scalar),
    List(ListType<'t>),
}

/// The kind a narrowed type is handled as: where several are left, in this order.
pub(crate) fn kind_of<'t>(atom: &Atom<'t>, t: TypeRef<'_>) -> Result<Kind<'t>, TypeErrors> {
    if let Some(map) = atom.map {
        return Ok(Kind::Map(map));
    }
    if let Some(scalar) = atom.scalar {
        return Ok(Kind::Scalar(scalar));
    }
    match atom.list {
        Some(list) => Ok(Kind::List(list)),
        None => Err(TypeErrors::of(format!("schema error: invalid atom: {}", t.name()))),
    }
}

pub(crate) fn resolve(t: TypeRef<'_>) -> Result<Atom<'_>, TypeErrors> {
    t.resolve().ok_or_else(|| {
        TypeErrors::of(format!("schema error: no type found matching: {}", t.name()))
    })
}

/// The kind `value` is handled as under its type.
pub(crate) fn kind_for<'t>(t: TypeRef<'t>, value: Option<&Value>) -> Result<Kind<'t>, TypeErrors> {
    kind_of(&resolve(t)?.deduce(value), t)
}

#[cfg(test)]
mod tests;
