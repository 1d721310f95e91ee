//! The values templates work on, with the types Go would see.
//!
//! A template's outcome depends on more than JSON-like data: whether a number is an `int` or a `float64`, whether a
//! list is a `[]string` or an `[]interface {}`, whether a map is the same map (`set` changes it in place for everybody
//! who holds it). [`Value`] keeps exactly that. Values are cheap to clone: texts beyond a few bytes, lists and maps
//! are shared. They belong to one thread (`Rc`), as a render does.
//!
//! Deliberately absent: pointers and typed interfaces other than the empty one. A pointer to a struct is an
//! [`GoObject`] whose type name begins with `*`.

mod contained;
mod convert;
mod list;
mod map;
mod object;
mod text;
mod types;

#[cfg(test)]
mod tests;

pub use contained::contained;
pub use convert::{Numbers, Unrepresentable};
pub use list::List;
pub use map::{Entries, Map};
pub use object::{GoObject, Method};
pub use text::Text;
pub use types::{IntKind, Kind, Type};

use std::borrow::Cow;
use std::rc::Rc;

/// A Go value as a template sees it.
#[derive(Clone, Default)]
pub enum Value {
    /// `nil`: the empty interface that holds nothing.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// Any of Go's integers.
    Int(Int),
    /// `float64`.
    Float(f64),
    /// `complex128`, which only constants such as `1i` make.
    Complex(f64, f64),
    /// `string` that is valid UTF-8, as nearly every one is.
    String(Text),
    /// `string` that is not valid UTF-8: binary files, decoded base64, a text cut in the middle of a character.
    /// Never holds valid UTF-8; [`Value::from_bytes`] decides.
    Raw(Rc<[u8]>),
    /// `[]byte` (which is `[]uint8`).
    Bytes(Rc<[u8]>),
    /// Any other slice.
    List(Rc<List>),
    /// A map with string keys.
    Map(Rc<Map>),
    /// A struct, a pointer to one, or any type with methods.
    Object(Rc<dyn GoObject>),
}

/// An integer with its Go type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int {
    /// The two's complement bits; see [`Int::signed`] and [`Int::unsigned`].
    bits: i64,
    kind: IntKind,
}

impl Int {
    /// `value` as `kind`, cut to the kind's width as a Go conversion does.
    pub fn new(value: i64, kind: IntKind) -> Self {
        Self { bits: kind.wrap(value), kind }
    }

    /// A Go `int`.
    #[expect(clippy::self_named_constructors, reason = "Go's name for it")]
    pub const fn int(value: i64) -> Self {
        Self { bits: value, kind: IntKind::Int }
    }

    /// A Go `uint64`.
    pub const fn uint64(value: u64) -> Self {
        Self { bits: value.cast_signed(), kind: IntKind::Uint64 }
    }

    /// The type.
    pub const fn kind(self) -> IntKind {
        self.kind
    }

    /// The value of a signed kind; of an unsigned one, what Go's `int64(x)` gives.
    pub const fn signed(self) -> i64 {
        self.bits
    }

    /// The value of an unsigned kind; of a signed one, what Go's `uint64(x)` gives.
    pub const fn unsigned(self) -> u64 {
        self.bits.cast_unsigned()
    }

    /// The value without regard to its type.
    pub const fn wide(self) -> i128 {
        if self.kind.is_signed() { self.bits as i128 } else { self.bits.cast_unsigned() as i128 }
    }
}

impl Value {
    /// A Go `int`.
    pub const fn int(value: i64) -> Self {
        Self::Int(Int::int(value))
    }

    /// A Go `int64`.
    pub const fn int64(value: i64) -> Self {
        Self::Int(Int { bits: value, kind: IntKind::Int64 })
    }

    /// A Go `string` of any bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::String(text.into()),
            Err(raw) => Self::Raw(raw.into_bytes().into()),
        }
    }

    /// An `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(List::new(Type::Any, items)))
    }

    /// A slice whose items all have the type `item`.
    pub fn list_of(item: Type, items: Vec<Value>) -> Self {
        Self::List(Rc::new(List::new(item, items)))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::list_of(Type::String, items.into_iter().map(|s| Self::String(s.into())).collect())
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: Entries) -> Self {
        Self::Map(Map::shared(entries))
    }

    /// A struct or another type with methods.
    pub fn object(object: impl GoObject + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The Go type, `None` for `nil`.
    pub fn go_type(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(int) => Type::Int(int.kind),
            Self::Float(_) => Type::Float64,
            Self::Complex(..) => Type::Complex128,
            Self::String(_) | Self::Raw(_) => Type::String,
            Self::Bytes(_) => Type::BYTES,
            Self::List(list) => list.go_type(),
            Self::Map(map) => map.go_type(),
            Self::Object(object) => object.go_type(),
        })
    }

    /// The Go type as `%T` prints it: `int`, `map[string]interface {}`, `<nil>`.
    pub fn type_name(&self) -> String {
        self.go_type().map_or_else(|| "<nil>".into(), |t| t.to_string())
    }

    /// What `reflect.Kind` says; [`Kind::Invalid`] for `nil`.
    pub fn kind(&self) -> Kind {
        self.go_type().map_or(Kind::Invalid, Type::kind)
    }

    /// Whether this is `nil` itself (not a nil map or slice).
    pub const fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Whether this is `nil`, or a nil map, slice or pointer.
    pub fn is_nil_of_any_type(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            Self::Object(object) => object.is_nil(),
            _ => false,
        }
    }

    /// Go's truth in `if`, `with`, `and`, `or`, `not`: not the zero value of its type, not empty.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(b) => *b,
            Self::Int(int) => int.bits != 0,
            Self::Float(f) => *f != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::String(s) => !s.is_empty(),
            Self::Raw(b) | Self::Bytes(b) => !b.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.truth(),
        }
    }

    /// The text of a string; of one that is not UTF-8 the text with replacement characters. `None` for what is no string.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(s) => Some(Cow::Borrowed(s)),
            Self::Raw(b) => Some(String::from_utf8_lossy(b)),
            _ => None,
        }
    }

    /// The bytes of a string or of a `[]byte`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::String(s) => Some(s.as_bytes()),
            Self::Raw(b) | Self::Bytes(b) => Some(b),
            _ => None,
        }
    }

    /// The value of an integer of any type as Go's `int64(x)` gives it.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(int.bits),
            _ => None,
        }
    }

    /// The map.
    pub const fn as_map(&self) -> Option<&Rc<Map>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list (never a `[]byte`).
    pub const fn as_list(&self) -> Option<&Rc<List>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object as the Rust type it was made of.
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }
}

/// Drops values without recursion: a template can nest lists a million deep.
fn drop_flat(values: impl Iterator<Item = Value>) {
    let mut pending: Vec<Value> = Vec::new();
    let keep = |v: Value, pending: &mut Vec<Value>| {
        if matches!(v, Value::List(_) | Value::Map(_)) {
            pending.push(v);
        }
    };
    values.for_each(|v| keep(v, &mut pending));
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => {
                if let Some(list) = Rc::into_inner(list) {
                    list.items.take().into_iter().for_each(|v| keep(v, &mut pending));
                }
            }
            Value::Map(map) => {
                if let Some(map) = Rc::into_inner(map) {
                    map.entries.take().into_iter().for_each(|(_, v)| keep(v, &mut pending));
                }
            }
            _ => {}
        }
    }
}

macro_rules! from {
    ($($from:ty => |$v:ident| $make:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $make
            }
        })*
    };
}

from! {
    bool => |v| Self::Bool(v);
    i64 => |v| Self::int(v);
    f64 => |v| Self::Float(v);
    Int => |v| Self::Int(v);
    &str => |v| Self::String(v.into());
    String => |v| Self::String(v.into());
    Text => |v| Self::String(v);
    Vec<Value> => |v| Self::list(v);
    Entries => |v| Self::map(v);
    List => |v| Self::List(Rc::new(v));
    Map => |v| Self::Map(contained::share(v));
}

impl std::fmt::Debug for Value {
    /// As `%#v` prints it, so that tests read well.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::fmt::sprintf("%#v", std::slice::from_ref(self)).to_string_lossy())
    }
}
