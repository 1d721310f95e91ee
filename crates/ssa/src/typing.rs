//! Types as structured merge sees them: what a value may be, which containers are one value (atomic) and
//! what tells their items apart.
//!
//! A [`TypeRef`] is a view, `Copy`, over one of three sources: a structured-merge-diff schema
//! ([`SmdSchema`]), a schema of the API server (`schema::Schema`: built-in kinds, custom resources), or
//! nothing at all (deduced: every map granular, every list atomic). Nothing is compiled or copied.
//!
//! Deliberately absent: unions, which the API server's merge does not use, and value validation
//! (`schema`): here only the shape is looked at.

mod smd;
mod structural;

pub use smd::{SmdSchema, SmdSchemaError};

use compact_str::CompactString;
use object::Value;
use schema::Schema;

/// The type of a value: what an object, a member or an item is checked and merged by.
#[derive(Clone, Copy, Debug)]
pub struct TypeRef<'t>(pub(crate) Source<'t>);

/// Where a type is written down.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'t> {
    Smd(&'t SmdSchema, &'t smd::Reference),
    Structural(structural::Place<'t>),
    /// Scalars as they come, maps granular, lists atomic.
    Deduced,
    /// Text and nothing else.
    Text,
    /// Anything, as one value.
    Untyped,
    /// No type: what an undeclared member of a closed struct has.
    Nothing,
}

/// What a scalar must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Numeric,
    String,
    Boolean,
    Untyped,
    /// A word no reader knows: no value but `null` is one.
    Unknown,
}

/// How the items of a container stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relationship {
    Atomic,
    /// Lists: a set, or a map by keys.
    Associative,
    /// Maps: every entry for itself.
    Separable,
}

/// The kinds of value a type allows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Atom<'t> {
    pub(crate) scalar: Option<Scalar>,
    pub(crate) list: Option<ListType<'t>>,
    pub(crate) map: Option<MapType<'t>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ListType<'t> {
    pub(crate) element: TypeRef<'t>,
    pub(crate) relationship: Relationship,
    pub(crate) keys: &'t [CompactString],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct MapType<'t> {
    fields: Fields<'t>,
    pub(crate) element: TypeRef<'t>,
    pub(crate) relationship: Relationship,
}

#[derive(Clone, Copy, Debug)]
enum Fields<'t> {
    Smd(&'t SmdSchema, &'t [smd::Field]),
    Structural(structural::Place<'t>),
    None,
}

impl<'t> TypeRef<'t> {
    /// The type of objects whose kind has no schema: it is deduced from the value.
    pub const DEDUCED: TypeRef<'static> = TypeRef(Source::Deduced);

    /// The type `name` of a structured-merge-diff schema; `None` when it has no such type.
    pub fn named(schema: &'t SmdSchema, name: &str) -> Option<Self> {
        schema.reference_to(name).map(|r| Self(Source::Smd(schema, r)))
    }

    /// The type of whole objects with this schema: `apiVersion`, `kind` and `metadata` are what they are in
    /// every kind, whatever the schema says of them.
    pub fn object(schema: &'t Schema) -> Self {
        Self(Source::Structural(structural::Place::root(schema)))
    }

    pub(crate) fn is_nothing(self) -> bool {
        matches!(self.0, Source::Nothing)
    }

    /// The kinds of value it allows; `None` when a named type does not exist.
    pub(crate) fn resolve(self) -> Option<Atom<'t>> {
        match self.0 {
            Source::Smd(schema, reference) => smd::resolve(schema, reference),
            Source::Structural(place) => Some(structural::resolve(place)),
            Source::Deduced => Some(anything(Relationship::Separable, TypeRef::DEDUCED)),
            Source::Untyped => Some(anything(Relationship::Atomic, TypeRef(Source::Untyped))),
            Source::Text => Some(Atom { scalar: Some(Scalar::String), ..Atom::default() }),
            Source::Nothing => Some(Atom::default()),
        }
    }

    /// The name errors use.
    pub(crate) fn name(self) -> &'t str {
        match self.0 {
            Source::Smd(_, reference) => reference.name().unwrap_or("inlined type"),
            Source::Structural(place) => place.name().unwrap_or("inlined type"),
            Source::Deduced => smd::DEDUCED,
            Source::Untyped => smd::UNTYPED,
            Source::Text | Source::Nothing => "inlined type",
        }
    }
}

/// All kinds of value; lists are atomic and hold anything.
fn anything<'t>(map: Relationship, element: TypeRef<'t>) -> Atom<'t> {
    Atom {
        scalar: Some(Scalar::Untyped),
        list: Some(ListType {
            element: TypeRef(Source::Untyped),
            relationship: Relationship::Atomic,
            keys: &[],
        }),
        map: Some(MapType { fields: Fields::None, element, relationship: map }),
    }
}

impl Atom<'_> {
    /// The one kind of value that `value` is, when the type allows it; everything otherwise, and the walk
    /// finds the fault.
    pub(crate) fn deduce(self, value: Option<&Value>) -> Self {
        let none = Self::default();
        match value {
            Some(Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_))
                if self.scalar.is_some() =>
            {
                Self { scalar: self.scalar, ..none }
            }
            Some(Value::List(_)) if self.list.is_some() => Self { list: self.list, ..none },
            Some(Value::Map(_)) if self.map.is_some() => Self { map: self.map, ..none },
            _ => self,
        }
    }

    /// Whether two narrowings of one type are the same.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.scalar.is_some() == other.scalar.is_some()
            && self.list.is_some() == other.list.is_some()
            && self.map.is_some() == other.map.is_some()
    }
}

impl<'t> MapType<'t> {
    /// The type of the declared member `name`.
    pub(crate) fn field(&self, name: &str) -> Option<TypeRef<'t>> {
        match self.fields {
            Fields::Smd(schema, fields) => {
                smd::field(fields, name).map(|f| TypeRef(Source::Smd(schema, &f.reference)))
            }
            Fields::Structural(place) => place.field(name),
            Fields::None => None,
        }
    }

    /// The default of the declared member `name`.
    pub(crate) fn default_of(&self, name: &str) -> Option<&'t Value> {
        match self.fields {
            Fields::Smd(_, fields) => smd::field(fields, name).and_then(|f| f.default.as_ref()),
            Fields::Structural(place) => place.default_of(name),
            Fields::None => None,
        }
    }

    /// The type of the member `name`, declared or not; possibly nothing.
    pub(crate) fn member(&self, name: &str) -> TypeRef<'t> {
        self.field(name).unwrap_or(self.element)
    }

    pub(crate) fn is_atomic(&self) -> bool {
        self.relationship == Relationship::Atomic
    }

    /// Whether the members have no declared types at all, only deduced ones.
    pub(crate) fn is_untyped(&self) -> bool {
        let bare = match self.fields {
            Fields::Smd(_, fields) => fields.is_empty(),
            Fields::Structural(place) => place.has_no_fields(),
            Fields::None => true,
        };
        bare && match self.element.0 {
            Source::Deduced => true,
            Source::Smd(_, reference) => reference.is_untyped(),
            _ => false,
        }
    }
}

impl ListType<'_> {
    pub(crate) fn is_atomic(&self) -> bool {
        self.relationship == Relationship::Atomic
    }
}

#[cfg(test)]
mod tests;
