//! From and to the project's data values.

use super::{Entries, List, Value};

/// Which Go types numbers become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Every number is a `float64`, as values Helm read from YAML are.
    Float64,
    /// Whole numbers are `int`, others `float64`.
    Int,
    /// Whole numbers are `int64`, others `float64`, as objects from a Kubernetes API are.
    Int64,
}

/// A value that data formats cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of type {type_name} cannot be written as data")]
pub struct Unrepresentable {
    /// The Go type.
    pub type_name: String,
}

impl Value {
    /// Data as templates see it: maps become `map[string]interface {}`, sequences `[]interface {}`.
    pub fn from_object(value: &object::Value, numbers: Numbers) -> Self {
        match value {
            object::Value::Null => Self::Nil,
            object::Value::Bool(b) => Self::Bool(*b),
            object::Value::Int(i) => match numbers {
                #[expect(clippy::cast_precision_loss, reason = "what Go's float64 does, too")]
                Numbers::Float64 => Self::Float(*i as f64),
                Numbers::Int => Self::int(*i),
                Numbers::Int64 => Self::int64(*i),
            },
            object::Value::Float(f) => Self::Float(*f),
            object::Value::String(s) => Self::String(s.into()),
            object::Value::List(items) => {
                List::decoded(items.iter().map(|v| Self::from_object(v, numbers)).collect()).into()
            }
            object::Value::Map(map) => Self::map(Entries::from_object(map, numbers)),
        }
    }

    /// The value as data: nil maps and slices become `null`, `[]byte` base64 as in Go's JSON.
    ///
    /// # Errors
    /// Values without a data form: functions, objects without one, numbers beyond 64 bits and not finite ones.
    pub fn to_object(&self) -> Result<object::Value, Unrepresentable> {
        self.to_object_within(object::MAX_DEPTH)
    }

    fn to_object_within(&self, depth: usize) -> Result<object::Value, Unrepresentable> {
        let Some(depth) = depth.checked_sub(1) else {
            let type_name =
                format!("{}, which nests too deep or contains itself,", self.type_name());
            return Err(Unrepresentable { type_name });
        };
        let unrepresentable = || Unrepresentable { type_name: self.type_name() };
        Ok(match self {
            Self::Nil => object::Value::Null,
            Self::Bool(b) => object::Value::Bool(*b),
            Self::Int(int) => match i64::try_from(int.wide()) {
                Ok(i) => object::Value::Int(i),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "the data value has no wider integer"
                )]
                Err(_) => object::Value::Float(int.wide() as f64),
            },
            Self::Float(f) if f.is_finite() => object::Value::Float(*f),
            Self::String(s) => s.as_str().into(),
            Self::Raw(b) => String::from_utf8_lossy(b).as_ref().into(),
            Self::Bytes(b) => {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.encode(b).into()
            }
            Self::List(list) if list.is_nil() => object::Value::Null,
            Self::List(list) => object::Value::List(
                list.items().iter().map(|v| v.to_object_within(depth)).collect::<Result<_, _>>()?,
            ),
            Self::Map(map) if map.is_nil() => object::Value::Null,
            Self::Map(map) => {
                let entries = map.entries();
                let mut out = Vec::with_capacity(entries.len());
                for (key, value) in entries.iter() {
                    out.push((key.into(), value.to_object_within(depth)?));
                }
                object::Value::Map(object::Map::from_entries(out))
            }
            Self::Object(object) => match object.to_data() {
                Some(data) => data.to_object_within(depth)?,
                None if object.is_nil() => object::Value::Null,
                None => return Err(unrepresentable()),
            },
            Self::Float(_) | Self::Complex(..) => return Err(unrepresentable()),
        })
    }
}

impl Entries {
    /// The entries of a map of data.
    pub fn from_object(map: &object::Map, numbers: Numbers) -> Self {
        let mut entries = Self::with_capacity(map.len());
        for (key, value) in map.iter() {
            entries.insert(key, Value::from_object(value, numbers));
        }
        entries
    }
}
