//! Values out of typed structs.

use crate::{Map, Value};
use compact_str::{CompactString, ToCompactString as _};
use serde::ser::{self, Impossible, Serialize, Serializer};

type Error = serde_json::Error;
type Entries = Vec<(CompactString, Value)>;

/// A value out of a typed struct, as its JSON text would read: numbers that JSON does not have become `null`.
///
/// # Errors
/// When the struct serializes to something that is no JSON value, such as a map with keys that are no text.
pub fn to_value<T: Serialize + ?Sized>(typed: &T) -> Result<Value, Error> {
    typed.serialize(Builder)
}

/// Makes one value.
struct Builder;

/// Makes a list or map; `variant` is the name to wrap it in, of an enum's variant.
struct Collection<T> {
    parts: T,
    /// The name a value belongs to, between the two.
    key: Option<CompactString>,
    variant: Option<&'static str>,
}

impl<T> Collection<T> {
    fn new(parts: T, variant: Option<&'static str>) -> Self {
        Self { parts, key: None, variant }
    }
}

fn wrap(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => Value::Map(Map::from_iter([(name, value)])),
        None => value,
    }
}

impl Serializer for Builder {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Collection<Vec<Value>>;
    type SerializeTuple = Collection<Vec<Value>>;
    type SerializeTupleStruct = Collection<Vec<Value>>;
    type SerializeTupleVariant = Collection<Vec<Value>>;
    type SerializeMap = Collection<Entries>;
    type SerializeStruct = Collection<Entries>;
    type SerializeStructVariant = Collection<Entries>;

    fn serialize_bool(self, v: bool) -> Result<Value, Error> {
        Ok(Value::Bool(v))
    }

    fn serialize_i8(self, v: i8) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_i16(self, v: i16) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_i32(self, v: i32) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_i64(self, v: i64) -> Result<Value, Error> {
        Ok(Value::Int(v))
    }

    fn serialize_u8(self, v: u8) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_u16(self, v: u16) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_u32(self, v: u32) -> Result<Value, Error> {
        Ok(Value::Int(v.into()))
    }

    fn serialize_u64(self, v: u64) -> Result<Value, Error> {
        Ok(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
    }

    fn serialize_f32(self, v: f32) -> Result<Value, Error> {
        // The shortest text of the single is what JSON would show.
        let double = v.to_string().parse().unwrap_or(f64::from(v));
        self.serialize_f64(double)
    }

    fn serialize_f64(self, v: f64) -> Result<Value, Error> {
        Ok(if v.is_finite() { crate::number::normal(v) } else { Value::Null })
    }

    fn serialize_char(self, v: char) -> Result<Value, Error> {
        Ok(Value::String(v.to_compact_string()))
    }

    fn serialize_str(self, v: &str) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<Value, Error> {
        Ok(Value::List(v.iter().map(|b| Value::Int((*b).into())).collect()))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(wrap(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Ok(Collection::new(Vec::with_capacity(len.unwrap_or(0)), None))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Ok(Collection::new(Vec::with_capacity(len), Some(variant)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, Error> {
        Ok(Collection::new(Vec::with_capacity(len.unwrap_or(0)), None))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeStruct, Error> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Ok(Collection::new(Vec::with_capacity(len), Some(variant)))
    }
}

macro_rules! list {
    ($($of:ident :: $add:ident)*) => {
        $(impl ser::$of for Collection<Vec<Value>> {
            type Ok = Value;
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.parts.push(value.serialize(Builder)?);
                Ok(())
            }

            fn end(self) -> Result<Value, Error> {
                Ok(wrap(self.variant, Value::List(self.parts)))
            }
        })*
    };
}

list! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

macro_rules! record {
    ($($of:ident)*) => {
        $(impl ser::$of for Collection<Entries> {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.parts.push((CompactString::const_new(key), value.serialize(Builder)?));
                Ok(())
            }

            fn end(self) -> Result<Value, Error> {
                Ok(wrap(self.variant, Value::Map(Map::from_entries(self.parts))))
            }
        })*
    };
}

record! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Collection<Entries> {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key.serialize(Key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.parts.push((key, value.serialize(Builder)?));
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        Ok(Value::Map(Map::from_entries(self.parts)))
    }
}

/// Makes the text of a key: of text, integers, booleans and unit variants, as JSON writers do.
struct Key;

macro_rules! key {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, v: $type) -> Result<CompactString, Error> {
            Ok(v.to_compact_string())
        })*
    };
}

fn no_key<T>() -> Result<T, Error> {
    Err(ser::Error::custom("a key must be text"))
}

impl Serializer for Key {
    type Ok = CompactString;
    type Error = Error;
    type SerializeSeq = Impossible<CompactString, Error>;
    type SerializeTuple = Impossible<CompactString, Error>;
    type SerializeTupleStruct = Impossible<CompactString, Error>;
    type SerializeTupleVariant = Impossible<CompactString, Error>;
    type SerializeMap = Impossible<CompactString, Error>;
    type SerializeStruct = Impossible<CompactString, Error>;
    type SerializeStructVariant = Impossible<CompactString, Error>;

    key! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_char(char)
        serialize_str(&str)
    }

    fn serialize_f32(self, _: f32) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_f64(self, _: f64) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_none(self) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<CompactString, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<CompactString, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<CompactString, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<CompactString, Error> {
        no_key()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        no_key()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        no_key()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        no_key()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        no_key()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        no_key()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        no_key()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        no_key()
    }
}
