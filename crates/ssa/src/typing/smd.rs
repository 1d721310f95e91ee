//! Schemas in structured-merge-diff's own YAML form, as test suites and client libraries carry them.

use super::{Atom, Fields, ListType, MapType, Relationship, Scalar, Source, TypeRef};
use compact_str::CompactString;
use object::{Map, Value};

pub(crate) const DEDUCED: &str = "__untyped_deduced_";
pub(crate) const UNTYPED: &str = "__untyped_atomic_";

/// A list of named types.
#[derive(Clone, Debug, Default)]
pub struct SmdSchema {
    /// Sorted by name.
    types: Vec<(CompactString, Definition)>,
    /// What refers to each of them by nothing but its name, in the same order.
    references: Vec<Reference>,
}

/// Why a value is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("structured-merge-diff schema: {at}: {what}")]
pub struct SmdSchemaError {
    /// The type, and the members on the way.
    pub at: String,
    /// What is wrong there.
    pub what: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    scalar: Option<Scalar>,
    list: Option<Box<ListDefinition>>,
    map: Option<Box<MapDefinition>>,
}

/// A type by name or written in place, with what the place changes about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reference {
    named: Option<CompactString>,
    inlined: Definition,
    relationship: Option<Relationship>,
}

#[derive(Clone, Debug)]
struct ListDefinition {
    element: Reference,
    relationship: Relationship,
    keys: Vec<CompactString>,
}

#[derive(Clone, Debug)]
struct MapDefinition {
    /// Sorted by name.
    fields: Vec<Field>,
    element: Reference,
    relationship: Relationship,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    name: CompactString,
    pub(super) reference: Reference,
    pub(super) default: Option<Value>,
}

impl Reference {
    pub(super) fn name(&self) -> Option<&str> {
        self.named.as_deref()
    }

    fn is_nothing(&self) -> bool {
        self.named.is_none()
            && self.relationship.is_none()
            && self.inlined.scalar.is_none()
            && self.inlined.list.is_none()
            && self.inlined.map.is_none()
    }

    pub(super) fn is_untyped(&self) -> bool {
        match &self.named {
            Some(name) => name == DEDUCED,
            None => self.inlined.scalar == Some(Scalar::Untyped),
        }
    }
}

impl SmdSchema {
    /// Reads `{types: [{name, scalar, list, map}]}`.
    ///
    /// # Errors
    /// When a member has another type than a schema's, or a word is unknown.
    pub fn from_value(value: &Value) -> Result<Self, SmdSchemaError> {
        let types = value.get("types").and_then(Value::as_list).unwrap_or_default();
        let mut out = Self::default();
        for item in types {
            let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
            out.types.push((name.into(), definition(item, name)?));
        }
        out.types.sort_by(|a, b| a.0.cmp(&b.0));
        let named =
            |name: &CompactString| Reference { named: Some(name.clone()), ..Default::default() };
        out.references = out.types.iter().map(|(name, _)| named(name)).collect();
        Ok(out)
    }

    /// A schema of the one type written in place in `value`, under the given name.
    ///
    /// # Errors
    /// As [`Self::from_value`].
    pub fn from_inline(value: &Value, name: &str) -> Result<Self, SmdSchemaError> {
        Ok(Self {
            types: vec![(name.into(), definition(value, name)?)],
            references: vec![Reference { named: Some(name.into()), ..Default::default() }],
        })
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.types.binary_search_by(|(n, _)| n.as_str().cmp(name)).ok()
    }

    pub(super) fn reference_to(&self, name: &str) -> Option<&Reference> {
        self.position(name).map(|i| &self.references[i])
    }
}

pub(super) fn field<'t>(fields: &'t [Field], name: &str) -> Option<&'t Field> {
    fields.binary_search_by(|f| f.name.as_str().cmp(name)).ok().map(|i| &fields[i])
}

pub(super) fn resolve<'t>(schema: &'t SmdSchema, reference: &'t Reference) -> Option<Atom<'t>> {
    let found = match &reference.named {
        Some(name) => &schema.types[schema.position(name)?].1,
        None => &reference.inlined,
    };
    let nested = |r: &'t Reference| {
        TypeRef(if r.is_nothing() { Source::Nothing } else { Source::Smd(schema, r) })
    };
    let mut atom = Atom {
        scalar: found.scalar,
        list: found.list.as_deref().map(|list| ListType {
            element: nested(&list.element),
            relationship: list.relationship,
            keys: &list.keys,
        }),
        map: found.map.as_deref().map(|map| MapType {
            fields: Fields::Smd(schema, &map.fields),
            element: nested(&map.element),
            relationship: map.relationship,
        }),
    };
    // The place overrides what the type says of its container; a scalar has none to override.
    if let Some(relationship) = reference.relationship {
        match (&mut atom.map, &mut atom.list) {
            (Some(map), _) => map.relationship = relationship,
            (None, Some(list)) => list.relationship = relationship,
            (None, None) => return None,
        }
    }
    Some(atom)
}

fn fault(at: &str, what: impl Into<String>) -> SmdSchemaError {
    SmdSchemaError { at: at.to_owned(), what: what.into() }
}

fn map_at<'v>(value: &'v Value, at: &str) -> Result<&'v Map, SmdSchemaError> {
    value.as_map().ok_or_else(|| fault(at, format!("expected a map, found {}", value.type_name())))
}

fn relationship(map: &Map, at: &str) -> Result<Option<Relationship>, SmdSchemaError> {
    match map.get("elementRelationship").and_then(Value::as_str) {
        None | Some("") => Ok(None),
        Some("atomic") => Ok(Some(Relationship::Atomic)),
        Some("associative") => Ok(Some(Relationship::Associative)),
        Some("separable" | "granular") => Ok(Some(Relationship::Separable)),
        Some(other) => Err(fault(at, format!("unknown element relationship {other:?}"))),
    }
}

fn definition(value: &Value, at: &str) -> Result<Definition, SmdSchemaError> {
    let map = map_at(value, at)?;
    let scalar = match map.get("scalar").and_then(Value::as_str) {
        None => None,
        Some("numeric") => Some(Scalar::Numeric),
        Some("string") => Some(Scalar::String),
        Some("boolean") => Some(Scalar::Boolean),
        Some("untyped") => Some(Scalar::Untyped),
        // Upstream reads any word, and finds out when a value is checked.
        Some(_) => Some(Scalar::Unknown),
    };
    let list = map.get("list").map(|v| list(v, &format!("{at}.list"))).transpose()?;
    let map = map.get("map").map(|v| map_definition(v, &format!("{at}.map"))).transpose()?;
    Ok(Definition { scalar, list: list.map(Box::new), map: map.map(Box::new) })
}

fn reference(value: Option<&Value>, at: &str) -> Result<Reference, SmdSchemaError> {
    let Some(value) = value else {
        return Ok(Reference::default());
    };
    let map = map_at(value, at)?;
    Ok(Reference {
        named: map.get("namedType").and_then(Value::as_str).map(Into::into),
        inlined: definition(value, at)?,
        relationship: relationship(map, at)?,
    })
}

fn list(value: &Value, at: &str) -> Result<ListDefinition, SmdSchemaError> {
    let map = map_at(value, at)?;
    let keys = map.get("keys").and_then(Value::as_list).unwrap_or_default();
    Ok(ListDefinition {
        element: reference(map.get("elementType"), &format!("{at}.elementType"))?,
        // Upstream has no default either: whatever is not associative cannot be indexed.
        relationship: relationship(map, at)?.unwrap_or(Relationship::Separable),
        keys: keys.iter().filter_map(Value::as_str).map(Into::into).collect(),
    })
}

fn map_definition(value: &Value, at: &str) -> Result<MapDefinition, SmdSchemaError> {
    let map = map_at(value, at)?;
    let mut fields = Vec::new();
    for item in map.get("fields").and_then(Value::as_list).unwrap_or_default() {
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        fields.push(Field {
            name: name.into(),
            reference: reference(item.get("type"), &format!("{at}.{name}"))?,
            default: item.get("default").filter(|d| !d.is_null()).cloned(),
        });
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(MapDefinition {
        fields,
        element: reference(map.get("elementType"), &format!("{at}.elementType"))?,
        relationship: relationship(map, at)?.unwrap_or(Relationship::Separable),
    })
}
