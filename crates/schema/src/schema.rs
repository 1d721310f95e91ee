//! One type as the API server knows it, and how to walk it.
//!
//! A [`Schema`] is a tree whose branches are [`Branch`]es: owned (custom resources) or a node of the
//! built-in table (shared, decoded when first walked). Walking code sees only `&Schema`, and recursion
//! (`JSONSchemaProps`) needs no special care as long as the walk follows a value, not the schema.
//!
//! Deliberately absent: descriptions (nobody decides by them), `$ref` by name (branches are resolved),
//! and what can be done with a schema (`validate`, `prune`, `defaults`, `strategic`).

use crate::builtin;
use crate::regexp::Pattern;
use object::Value;
use std::ops::Deref;
use std::sync::Arc;

/// One type: of a whole object, a member, an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The OpenAPI name of a built-in definition, such as `io.k8s.api.core.v1.PodSpec`.
    pub name: Option<Text>,
    /// The JSON type that values have.
    pub type_: Type,
    /// `null` is a value of this type. A `null` where this is false is dropped or defaulted.
    pub nullable: bool,
    /// OpenAPI `format`, such as `int32`, `byte`, `date-time`, `quantity`, `int-or-string`.
    pub format: Option<Text>,
    /// Named members, sorted by name.
    pub properties: Vec<Property>,
    /// Members that must be present.
    pub required: Vec<Text>,
    /// What a list holds.
    pub items: Option<Branch>,
    /// Members that are not in `properties`.
    pub additional: Additional,
    /// What an absent member becomes.
    pub default: Option<Value>,
    /// `x-kubernetes-list-type`; `None` reads as [`ListType::Atomic`].
    pub list_type: Option<ListType>,
    /// `x-kubernetes-list-map-keys`, in order.
    pub list_map_keys: Vec<Text>,
    /// `x-kubernetes-map-type`; `None` reads as [`MapType::Granular`].
    pub map_type: Option<MapType>,
    /// `x-kubernetes-preserve-unknown-fields`: members without a schema are kept.
    pub preserve_unknown_fields: bool,
    /// `x-kubernetes-embedded-resource`: the value is an object with `apiVersion`, `kind`, `metadata`.
    pub embedded_resource: bool,
    /// What strategic merge patch does here (`x-kubernetes-patch-*`); built-in kinds only.
    pub patch: Option<Box<PatchRule>>,
    /// What values must satisfy beyond their type; `None` for most types.
    pub limits: Option<Box<Limits>>,
    /// `x-kubernetes-validations`.
    pub rules: Vec<Rule>,
}

/// Names in schemas: short, mostly without an allocation.
pub type Text = compact_str::CompactString;

/// A named member.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its name in JSON.
    pub name: Text,
    /// Whether it is written when it is empty.
    pub presence: Presence,
    /// Its type.
    pub schema: Branch,
}

/// What a real API server, which keeps built-in kinds in Go structs, does with an empty member when it
/// writes an object. Members of custom resources are all [`Presence::Given`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Written as given; absent when `null` (Go: pointer, `omitempty`).
    #[default]
    Given,
    /// Absent when `null`, zero, false or empty (Go: no pointer, `omitempty`).
    NotEmpty,
    /// Always written: zero, false, `""`, `{}` when nothing is given (Go: no `omitempty`, or a struct).
    Always,
    /// Always written, `null` when nothing is given (Go: list, map, pointer or time without `omitempty`).
    AlwaysOrNull,
}

/// The JSON type of a schema's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Type {
    /// No type given: any value (`apiextensions.k8s.io/v1.JSON`, an empty schema).
    #[default]
    Any,
    /// A map; see `properties` and `additional`.
    Object,
    /// A list of `items`.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// `x-kubernetes-int-or-string`: whole number or text. `resource.Quantity` too (`format: quantity`),
    /// which also reads fractions.
    IntOrString,
}

/// Members beyond the named ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Additional {
    /// Nothing said: unknown members, pruned unless `preserve_unknown_fields`.
    #[default]
    Unspecified,
    /// `additionalProperties: true`.
    Anything,
    /// `additionalProperties: {…}`: a map of one type.
    Of(Branch),
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListType {
    /// The list is one value.
    Atomic,
    /// Scalars, each once.
    Set,
    /// Objects, each identified by `list_map_keys`.
    Map,
}

/// `x-kubernetes-map-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapType {
    /// Members are owned one by one.
    Granular,
    /// The map is one value.
    Atomic,
}

/// How strategic merge patch treats a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchRule {
    /// Lists are merged, not replaced (`patch-strategy: merge`).
    pub merge: bool,
    /// `patch-strategy: retainKeys`: `$retainKeys` is understood.
    pub retain_keys: bool,
    /// `patch-strategy: replace`.
    pub replace: bool,
    /// `patch-merge-key`: the member that identifies an item of a merged list of objects.
    pub merge_key: Option<Text>,
}

/// What values must satisfy beyond their type (the value validations of JSON schema).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// `enum`; empty for none.
    pub enumeration: Vec<Value>,
    /// `pattern`, a Go regular expression found anywhere in the text.
    pub pattern: Option<Pattern>,
    /// `minLength`, in Unicode code points.
    pub min_length: Option<u64>,
    /// `maxLength`, in Unicode code points.
    pub max_length: Option<u64>,
    /// `minItems`.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `minProperties`.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `minimum`.
    pub minimum: Option<f64>,
    /// `exclusiveMinimum`: `minimum` itself is refused.
    pub exclusive_minimum: bool,
    /// `maximum`.
    pub maximum: Option<f64>,
    /// `exclusiveMaximum`: `maximum` itself is refused.
    pub exclusive_maximum: bool,
    /// `multipleOf`.
    pub multiple_of: Option<f64>,
    /// `allOf`: schemas that only validate.
    pub all_of: Vec<Schema>,
    /// `anyOf`.
    pub any_of: Vec<Schema>,
    /// `oneOf`.
    pub one_of: Vec<Schema>,
    /// `not`.
    pub not: Option<Box<Schema>>,
}

/// One entry of `x-kubernetes-validations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// CEL over `self` (and `oldSelf`), true when the value is fine.
    pub rule: String,
    /// What to say when it is not.
    pub message: Option<String>,
    /// CEL that computes what to say; wins over `message` when it yields text.
    pub message_expression: Option<String>,
    /// `FieldValueInvalid` (default), `FieldValueForbidden`, `FieldValueRequired`, `FieldValueDuplicate`.
    pub reason: Option<Text>,
    /// The member the error is about, as a JSON path below the value (`.spec.color`).
    pub field_path: Option<String>,
    /// A transition rule that also runs when there is no old value (`oldSelf` is an optional then).
    pub optional_old_self: bool,
}

/// A schema inside another: dereferences to it.
#[derive(Clone, Debug)]
pub enum Branch {
    /// Made by us, from a custom resource definition for example.
    Own(Arc<Schema>),
    /// A node of the built-in table, by number; decoded on first use and kept.
    Builtin(u16),
}

impl Deref for Branch {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        match self {
            Self::Own(schema) => schema,
            Self::Builtin(number) => builtin::node(*number),
        }
    }
}

impl PartialEq for Branch {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own(a), Self::Own(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Builtin(a), Self::Builtin(b)) => a == b,
            // A built-in node may be recursive: it never equals a finite owned tree by content.
            _ => false,
        }
    }
}

impl From<Schema> for Branch {
    fn from(schema: Schema) -> Self {
        Self::Own(Arc::new(schema))
    }
}

impl Schema {
    /// The schema of any value at all.
    pub const ANY: Self = Self {
        name: None,
        type_: Type::Any,
        nullable: false,
        format: None,
        properties: Vec::new(),
        required: Vec::new(),
        items: None,
        additional: Additional::Unspecified,
        default: None,
        list_type: None,
        list_map_keys: Vec::new(),
        map_type: None,
        preserve_unknown_fields: false,
        embedded_resource: false,
        patch: None,
        limits: None,
        rules: Vec::new(),
    };

    /// The schema of the named member `name`.
    pub fn property(&self, name: &str) -> Option<&Schema> {
        self.branch(name).map(Deref::deref)
    }

    /// The branch to the named member `name`: what to clone when the member's schema is to be kept.
    pub fn branch(&self, name: &str) -> Option<&Branch> {
        self.named(name).map(|p| &p.schema)
    }

    /// The named member `name` with all that is said of it.
    pub fn named(&self, name: &str) -> Option<&Property> {
        let found = self.properties.binary_search_by(|p| p.name.as_str().cmp(name));
        found.ok().map(|i| &self.properties[i])
    }

    /// The schema of the member `name`, named or additional.
    pub fn member(&self, name: &str) -> Option<&Schema> {
        self.property(name).or(match &self.additional {
            Additional::Of(schema) => Some(schema),
            _ => None,
        })
    }

    /// Whether a member without a schema is kept.
    pub fn keeps_unknown(&self) -> bool {
        self.preserve_unknown_fields
            || self.type_ == Type::Any
            || matches!(self.additional, Additional::Anything)
    }

    /// `x-kubernetes-list-type`, atomic unless told.
    pub fn list_type(&self) -> ListType {
        self.list_type.unwrap_or(ListType::Atomic)
    }

    /// `x-kubernetes-map-type`, granular unless told.
    pub fn map_type(&self) -> MapType {
        self.map_type.unwrap_or(MapType::Granular)
    }

    /// The schema reached by member names; `*` goes to the items of a list.
    pub fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Schema> {
        path.into_iter().try_fold(self, |schema, step| {
            if step == "*" { schema.items.as_deref() } else { schema.member(step) }
        })
    }
}
