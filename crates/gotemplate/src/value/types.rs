//! Go types, as far as templates can tell them apart.

use super::Value;
use std::fmt;

/// A Go type. Prints as Go's `reflect.Type` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`.
    Any,
    /// `reflect.Value`: the parameter type of built-in functions, which takes whatever comes, `nil` included.
    Reflect,
    /// `bool`.
    Bool,
    /// One of the integers.
    Int(IntKind),
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// A slice of something.
    Slice(&'static Type),
    /// A map from strings to something.
    Map(&'static Type),
    /// A type with a name of its own; assignable to and from its underlying type when that has no name.
    Named {
        /// With its package: `time.Time`, `*semver.Version`, `common.Values`.
        name: &'static str,
        /// What it is made of, seen from `reflect.Kind`.
        kind: Kind,
        /// The unnamed type it can be assigned to, when there is one.
        underlying: Option<&'static Type>,
    },
}

impl Type {
    /// `[]uint8`.
    pub const BYTES: Self = Self::Slice(&Self::Int(IntKind::Uint8));
    /// `[]string`.
    pub const STRINGS: Self = Self::Slice(&Self::String);
    /// `[]interface {}`.
    pub const LIST: Self = Self::Slice(&Self::Any);
    /// `map[string]interface {}`.
    pub const DICT: Self = Self::Map(&Self::Any);
    /// `int`.
    pub const INT: Self = Self::Int(IntKind::Int);
    /// `int64`.
    pub const INT64: Self = Self::Int(IntKind::Int64);

    /// A struct or pointer type without methods the engine should know of.
    pub const fn named(name: &'static str, kind: Kind) -> Self {
        Self::Named { name, kind, underlying: None }
    }

    /// What `reflect.Kind` says.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Any => Kind::Interface,
            Self::Reflect => Kind::Struct,
            Self::Bool => Kind::Bool,
            Self::Int(kind) => Kind::Int(kind),
            Self::Float64 => Kind::Float64,
            Self::Complex128 => Kind::Complex128,
            Self::String => Kind::String,
            Self::Slice(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Named { kind, .. } => kind,
        }
    }

    /// Whether a value of this type can be given where `target` is wanted (Go's assignability).
    pub fn assignable_to(self, target: Self) -> bool {
        if self == target || target == Self::Any {
            return true;
        }
        match (self, target) {
            (Self::Named { underlying: Some(u), .. }, t) if !matches!(t, Self::Named { .. }) => {
                *u == t && matches!(t, Self::Slice(_) | Self::Map(_))
            }
            (s, Self::Named { underlying: Some(u), .. }) if !matches!(s, Self::Named { .. }) => {
                *u == s && matches!(s, Self::Slice(_) | Self::Map(_))
            }
            _ => false,
        }
    }

    /// Whether `nil` written as such can stand for a value of this type.
    pub const fn can_be_nil(self) -> bool {
        matches!(
            self.kind(),
            Kind::Interface | Kind::Map | Kind::Pointer | Kind::Slice | Kind::Func
        ) || matches!(self, Self::Reflect)
    }

    /// The zero value: `0`, `""`, a nil map, ...
    pub fn zero(self) -> Value {
        match self {
            Self::Bool => Value::Bool(false),
            Self::Int(kind) => Value::Int(super::Int::new(0, kind)),
            Self::Float64 => Value::Float(0.0),
            Self::Complex128 => Value::Complex(0.0, 0.0),
            Self::String => Value::String(super::Text::default()),
            Self::Slice(item) => super::List::nil(*item).into(),
            Self::Map(item) => super::Map::nil(*item).into(),
            Self::Named { underlying: Some(t), .. } => t.zero(),
            Self::Any | Self::Reflect | Self::Named { .. } => Value::Nil,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Reflect => f.write_str("reflect.Value"),
            Self::Bool => f.write_str("bool"),
            Self::Int(kind) => f.write_str(kind.name()),
            Self::Float64 => f.write_str("float64"),
            Self::Complex128 => f.write_str("complex128"),
            Self::String => f.write_str("string"),
            Self::Slice(item) => write!(f, "[]{item}"),
            Self::Map(item) => write!(f, "map[string]{item}"),
            Self::Named { name, .. } => f.write_str(name),
        }
    }
}

/// What `reflect.Kind` tells of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value at all.
    Invalid,
    /// `bool`.
    Bool,
    /// One of the integers.
    Int(IntKind),
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// A slice.
    Slice,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A pointer.
    Pointer,
    /// A function.
    Func,
    /// An interface.
    Interface,
}

impl Kind {
    /// As Go prints it (and Sprig's `kindOf`): `slice`, `ptr`, `int64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int(kind) => kind.name(),
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Pointer => "ptr",
            Self::Func => "func",
            Self::Interface => "interface",
        }
    }
}

/// The integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`, 64 bits wide.
    Int,
    /// `int8`.
    Int8,
    /// `int16`.
    Int16,
    /// `int32`, also `rune`.
    Int32,
    /// `int64`.
    Int64,
    /// `uint`, 64 bits wide.
    Uint,
    /// `uint8`, also `byte`.
    Uint8,
    /// `uint16`.
    Uint16,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
}

impl IntKind {
    /// As Go prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// Whether it has a sign.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Int | Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64)
    }

    pub(super) fn wrap(self, value: i64) -> i64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a Go conversion cuts"
        )]
        match self {
            Self::Int | Self::Int64 | Self::Uint | Self::Uint64 => value,
            Self::Int8 => i64::from(value as i8),
            Self::Int16 => i64::from(value as i16),
            Self::Int32 => i64::from(value as i32),
            Self::Uint8 => i64::from(value as u8),
            Self::Uint16 => i64::from(value as u16),
            Self::Uint32 => i64::from(value as u32),
        }
    }
}
