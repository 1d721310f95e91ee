//! Reading an object of a built-in kind as Go reads it into its structs.

use crate::path::Path;
use crate::{Additional, Schema, Type, quantity::Quantity, timestamp};
use object::{Map, Value};

/// Why Go could not read an object; the words are those of `encoding/json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A value of another type.
    #[error("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")]
    Type {
        /// What stands there: `string`, `number`, `bool`, `object`, `array`.
        found: String,
        /// The struct's name and the path: `DeploymentSpec.spec.replicas`.
        field: String,
        /// Go's type, such as `int32`.
        wanted: String,
    },
    /// A malformed quantity.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Quantity,
    /// A malformed time.
    #[error("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}")]
    Time {
        /// The whole text.
        text: String,
        /// Go's way to write the form it should have.
        layout: &'static str,
        /// From where it does not fit.
        rest: String,
        /// What should stand there.
        part: &'static str,
    },
    /// Bytes that are no base64.
    #[error("illegal base64 data at input byte {0}")]
    Base64(usize),
}

/// Drops what no type names (returned as paths, sorted) and nulls; brings quantities and times into the form
/// they are kept in.
///
/// # Errors
/// At the first member of another type.
pub fn decode(schema: &Schema, object: &mut Value) -> Result<Vec<String>, DecodeError> {
    let mut reader = Reader { path: Path::default(), owner: "", unknown: Vec::new() };
    reader.value(schema, object).map_err(Fault::told)?;
    reader.unknown.sort();
    Ok(reader.unknown)
}

/// An error on its way up; names are collected only then, so that reading what is fine costs no text.
enum Fault<'s> {
    Told(DecodeError),
    Type { found: String, wanted: String, owner: &'s str, names: Vec<String> },
}

impl Fault<'_> {
    fn told(self) -> DecodeError {
        match self {
            Self::Told(error) => error,
            Self::Type { found, wanted, owner, mut names } => {
                names.reverse();
                DecodeError::Type { found, field: format!("{owner}.{}", names.join(".")), wanted }
            }
        }
    }
}

struct Reader<'s> {
    path: Path,
    /// The struct the member that is read belongs to.
    owner: &'s str,
    unknown: Vec<String>,
}

impl<'s> Reader<'s> {
    fn value(&mut self, schema: &'s Schema, value: &mut Value) -> Result<(), Fault<'s>> {
        match (schema.type_, &mut *value) {
            (_, Value::Null) | (Type::Any, _) => Ok(()),
            _ if is_opaque(schema) => Ok(()),
            (Type::Object, Value::Map(map)) => self.object(schema, map),
            (Type::Array, Value::List(items)) => self.list(schema, items),
            (Type::String, Value::String(_)) => text(schema, value).map_err(Fault::Told),
            (Type::Boolean, Value::Bool(_))
            | (Type::Integer | Type::Number, Value::Int(_))
            | (Type::Number, Value::Float(_)) => Ok(()),
            (Type::IntOrString, _) => self.int_or_string(schema, value),
            _ => Err(self.mismatch(schema, value)),
        }
    }

    fn object(&mut self, schema: &'s Schema, map: &mut Map) -> Result<(), Fault<'s>> {
        let outer = self.owner;
        if schema.name.is_some() || outer.is_empty() {
            self.owner = struct_name(schema);
        }
        let mut outcome = Ok(());
        map.retain(|name, member| {
            if outcome.is_err() {
                return true;
            }
            match (schema.property(name), &schema.additional) {
                (Some(of), _) => {
                    outcome = self.below(|path, walk| path.member(name, walk), of, member);
                    if let Err(Fault::Type { names, .. }) = &mut outcome {
                        names.push(name.to_owned());
                    }
                    !member.is_null()
                }
                (None, Additional::Of(of)) => {
                    outcome = self.entry(name, of, member);
                    true
                }
                (None, _) => {
                    self.unknown.push(self.path.with(name));
                    false
                }
            }
        });
        self.owner = outer;
        outcome
    }

    /// An entry of a map: Go reads null there as the zero value.
    fn entry(&mut self, name: &str, of: &'s Schema, member: &mut Value) -> Result<(), Fault<'s>> {
        if member.is_null() {
            *member = zero(of);
        }
        self.below(|path, walk| path.member(name, walk), of, member)
    }

    fn list(&mut self, schema: &'s Schema, items: &mut [Value]) -> Result<(), Fault<'s>> {
        let Some(of) = schema.items.as_deref() else { return Ok(()) };
        for (index, item) in items.iter_mut().enumerate() {
            if item.is_null() {
                *item = zero(of);
            }
            self.below(|path, walk| path.item(index, walk), of, item)?;
        }
        Ok(())
    }

    fn below(
        &mut self,
        step: impl FnOnce(&mut Path, &mut dyn FnMut(&mut Path)),
        of: &'s Schema,
        value: &mut Value,
    ) -> Result<(), Fault<'s>> {
        let mut outcome = Ok(());
        let mut path = std::mem::take(&mut self.path);
        step(&mut path, &mut |path| {
            std::mem::swap(&mut self.path, path);
            outcome = self.value(of, value);
            std::mem::swap(&mut self.path, path);
        });
        self.path = path;
        outcome
    }

    fn int_or_string(&self, schema: &Schema, value: &mut Value) -> Result<(), Fault<'s>> {
        if schema.format.as_deref() != Some("quantity") {
            return match value {
                Value::Int(_) | Value::String(_) => Ok(()),
                _ => Err(self.mismatch(schema, value)),
            };
        }
        let written = match &*value {
            Value::String(text) => text.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => crate::error::go_float(*number),
            _ => return Err(Fault::Told(DecodeError::Quantity)),
        };
        match Quantity::parse(written.trim()) {
            Some(quantity) => *value = quantity.to_string().into(),
            None if well_formed(&written) => *value = written.into(),
            None => return Err(Fault::Told(DecodeError::Quantity)),
        }
        Ok(())
    }

    fn mismatch(&self, schema: &Schema, value: &Value) -> Fault<'s> {
        let found = match value {
            Value::Bool(_) => "bool".to_owned(),
            Value::Float(f) if schema.type_ == Type::Integer => {
                format!("number {}", crate::error::go_float(*f))
            }
            Value::Int(_) | Value::Float(_) => "number".to_owned(),
            other => other.type_name().to_owned(),
        };
        Fault::Type { found, wanted: go_type(schema), owner: self.owner, names: Vec::new() }
    }
}

/// Types that keep any JSON.
fn is_opaque(schema: &Schema) -> bool {
    schema.properties.is_empty()
        && schema.additional == Additional::Unspecified
        && schema
            .name
            .as_deref()
            .is_some_and(|n| n.ends_with(".RawExtension") || n.ends_with(".FieldsV1"))
}

fn text(schema: &Schema, value: &mut Value) -> Result<(), DecodeError> {
    let Value::String(written) = &*value else { return Ok(()) };
    match schema.format.as_deref() {
        Some("date-time") => {
            let micro = schema.name.as_deref().is_some_and(|n| n.ends_with(".MicroTime"));
            let kept =
                timestamp::canonical(written, micro).ok_or_else(|| bad_time(written, micro))?;
            *value = kept.into();
        }
        Some("byte") => {
            let odd = |b: &u8| !b.is_ascii_alphanumeric() && !b"+/=\r\n".contains(b);
            if let Some(at) = written.as_bytes().iter().position(odd) {
                return Err(DecodeError::Base64(at));
            }
            let count = written.bytes().filter(|b| !b"\r\n".contains(b)).count();
            if count % 4 != 0 {
                return Err(DecodeError::Base64(count - count % 4));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Names the part that does not fit: exact for what is no date at all and for fractions, which are what people
/// get wrong.
fn bad_time(text: &str, micro: bool) -> DecodeError {
    let layout =
        if micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
    let whole_seconds = format!("{}Z", text.get(..19).unwrap_or_default());
    let (rest, part) = if timestamp::canonical(&whole_seconds, false).is_none() {
        (text, "2006")
    } else if micro {
        let digits = text[19..].strip_prefix('.').unwrap_or_default();
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count < 6 { (&text[19..], ".000000") } else { (&digits[6..], "Z07:00") }
    } else {
        let rest = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        (rest, "Z07:00")
    };
    DecodeError::Time { text: text.to_owned(), layout, rest: rest.to_owned(), part }
}

/// Amounts too large for [`Quantity`] are kept as written when their form is right.
fn well_formed(text: &str) -> bool {
    let number = text.trim_start_matches(['+', '-']);
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    end > 18 && number[..end].matches('.').count() <= 1
}

/// Go's zero value of an element.
pub(super) fn zero(schema: &Schema) -> Value {
    match schema.type_ {
        Type::Object if !schema.properties.is_empty() => Value::map(),
        Type::String if schema.format.as_deref() != Some("date-time") => "".into(),
        Type::Integer | Type::Number => Value::Int(0),
        Type::Boolean => Value::Bool(false),
        Type::IntOrString if schema.format.as_deref() == Some("quantity") => "0".into(),
        Type::IntOrString => Value::Int(0),
        Type::Any | Type::Array | Type::Object | Type::String => Value::Null,
    }
}

fn struct_name(schema: &Schema) -> &str {
    let name = schema.name.as_deref().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

/// The type as Go prints it.
fn go_type(schema: &Schema) -> String {
    match schema.type_ {
        Type::Integer | Type::Number => match schema.format.as_deref() {
            Some("double") => "float64".to_owned(),
            Some(format) => format.to_owned(),
            None => "int".to_owned(),
        },
        Type::String if schema.format.as_deref() == Some("byte") => "[]uint8".to_owned(),
        Type::String => "string".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Array => {
            format!("[]{}", schema.items.as_deref().map_or("interface {}".to_owned(), go_type))
        }
        // What is no text is read as a number.
        Type::IntOrString => "int32".to_owned(),
        Type::Object => match (&schema.additional, &schema.name) {
            (Additional::Of(of), _) => format!("map[string]{}", go_type(of)),
            (_, Some(name)) => {
                let mut parts = name.rsplit('.');
                let (name, package) = (parts.next().unwrap_or_default(), parts.next());
                format!("{}.{name}", package.unwrap_or_default())
            }
            _ => "map[string]interface {}".to_owned(),
        },
        Type::Any => "interface {}".to_owned(),
    }
}
