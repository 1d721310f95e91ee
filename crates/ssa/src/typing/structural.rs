//! The API server's schemas as merge types, read in place. The rules are those of `kube-openapi`'s
//! `schemaconv`, which the real API server uses for built-in and custom kinds.

use super::{Atom, Fields, ListType, MapType, Relationship, Scalar, Source, TypeRef, anything};
use object::Value;
use schema::{Additional, ListType as ApiListType, MapType as ApiMapType, Schema, Type, builtin};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";

/// A schema, and what it inherits from where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'t> {
    schema: &'t Schema,
    /// An enclosing schema keeps unknown members: so does this.
    preserve: bool,
    /// A whole object.
    root: bool,
}

impl<'t> Place<'t> {
    pub(super) fn root(schema: &'t Schema) -> Self {
        Self { schema, preserve: schema.preserve_unknown_fields, root: true }
    }

    fn inside(self, schema: &'t Schema) -> TypeRef<'t> {
        // A reference starts anew; only what is written in place inherits.
        let inherited = self.preserve && schema.name.is_none();
        TypeRef(Source::Structural(Self {
            schema,
            preserve: inherited || schema.preserve_unknown_fields,
            root: false,
        }))
    }

    pub(super) fn name(self) -> Option<&'t str> {
        self.schema.name.as_deref()
    }

    fn is_object(self) -> bool {
        self.root || self.schema.embedded_resource
    }

    pub(super) fn has_no_fields(self) -> bool {
        self.schema.properties.is_empty() && !self.is_object()
    }

    pub(super) fn field(self, name: &str) -> Option<TypeRef<'t>> {
        if self.is_object() {
            match name {
                "metadata" => {
                    if let Some(meta) = builtin::definition(OBJECT_META) {
                        return Some(self.inside(meta));
                    }
                }
                "apiVersion" | "kind" => return Some(TypeRef(Source::Text)),
                _ => {}
            }
        }
        self.schema.property(name).map(|schema| self.inside(schema))
    }

    pub(super) fn default_of(self, name: &str) -> Option<&'t Value> {
        self.schema.property(name).and_then(|p| p.default.as_ref()).filter(|d| !d.is_null())
    }
}

pub(super) fn resolve(place: Place<'_>) -> Atom<'_> {
    let schema = place.schema;
    let scalar = |scalar| Atom { scalar: Some(scalar), ..Atom::default() };
    match schema.name.as_deref() {
        Some(QUANTITY) => return scalar(Scalar::Untyped),
        Some(RAW_EXTENSION) => {
            return anything(Relationship::Atomic, TypeRef(Source::Untyped));
        }
        _ => {}
    }
    match schema.type_ {
        Type::Object => Atom { map: Some(map(place)), ..Atom::default() },
        Type::Array => Atom { list: Some(list(place)), ..Atom::default() },
        Type::Integer | Type::Number => scalar(Scalar::Numeric),
        Type::Boolean => scalar(Scalar::Boolean),
        Type::String => match schema.format.as_deref() {
            None | Some("" | "byte") => scalar(Scalar::String),
            Some(_) => scalar(Scalar::Untyped),
        },
        Type::Any | Type::IntOrString => {
            Atom { scalar: Some(Scalar::Untyped), list: Some(list(place)), map: Some(map(place)) }
        }
    }
}

fn map(place: Place<'_>) -> MapType<'_> {
    let schema = place.schema;
    let element = match &schema.additional {
        Additional::Of(branch) => place.inside(branch),
        Additional::Anything => TypeRef::DEDUCED,
        Additional::Unspecified if place.preserve || schema.properties.is_empty() => {
            TypeRef::DEDUCED
        }
        Additional::Unspecified => TypeRef(Source::Nothing),
    };
    let relationship = match schema.map_type {
        Some(ApiMapType::Atomic) => Relationship::Atomic,
        _ => Relationship::Separable,
    };
    MapType { fields: Fields::Structural(place), element, relationship }
}

fn list(place: Place<'_>) -> ListType<'_> {
    let schema = place.schema;
    let (relationship, keys) = match (schema.list_type, schema.patch.as_deref()) {
        (Some(ApiListType::Atomic), _) => (Relationship::Atomic, [].as_slice()),
        (Some(ApiListType::Set), _) => (Relationship::Associative, [].as_slice()),
        (Some(ApiListType::Map), _) => (Relationship::Associative, schema.list_map_keys.as_slice()),
        (None, Some(rule)) if rule.merge => (Relationship::Associative, rule.merge_key.as_slice()),
        (None, _) => (Relationship::Atomic, [].as_slice()),
    };
    let element = match &schema.items {
        Some(items) => place.inside(items),
        None => TypeRef(Source::Untyped),
    };
    ListType { element, relationship, keys }
}
