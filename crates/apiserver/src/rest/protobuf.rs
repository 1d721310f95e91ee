//! Reading Kubernetes' protobuf form of built-in kinds, which Go clients send for them. Answers are JSON, which
//! the same clients accept.
//!
//! `facts/protobuf.txt`, one message a line, numbered from 0 after the header: its full name, then fields
//! `<number><name>=<type>`: `s`tring `i`nteger `b`ool b`y`tes `d`ouble or a message's number, `*` before it
//! for a list, `%` for a map from texts.
//!
//! Members that Go always sends, zero or not, are dropped when they are zero and their type has no pointer:
//! as if the client had sent JSON. Deliberately absent: writing protobuf, custom resources (they have none).

#[cfg(test)]
mod tests;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::{Map, Value};
use schema::{Additional, Presence, Schema, Type};
use std::sync::LazyLock;
use wire::{Field, Wire, WireError};

const FACTS: &str = include_str!("../../facts/protobuf.txt");
/// How the body begins.
const MAGIC: &[u8] = b"k8s\0";
/// How deep messages may nest.
const DEPTH: usize = 64;

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProtobufError {
    /// It does not begin as it must.
    #[error(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    )]
    Magic,
    /// There is no such kind.
    #[error("no kind {kind:?} is registered for version {api_version:?}")]
    Kind {
        /// `apiVersion`.
        api_version: String,
        /// `kind`.
        kind: String,
    },
    /// The bytes are malformed.
    #[error("proto: {0}")]
    Wire(#[from] WireError),
    /// It nests too deep.
    #[error("proto: messages nest deeper than {DEPTH} levels")]
    Depth,
}

struct Message {
    name: &'static str,
    fields: Vec<Fact>,
}

struct Fact {
    number: u32,
    name: &'static str,
    mark: Mark,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    One,
    List,
    Map,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Bool,
    Bytes,
    Double,
    Message(usize),
}

static MESSAGES: LazyLock<Vec<Message>> =
    LazyLock::new(|| FACTS.lines().skip(1).map(line).collect());

fn line(text: &'static str) -> Message {
    let mut words = text.split(' ');
    let name = words.next().unwrap_or_default();
    Message { name, fields: words.filter_map(fact).collect() }
}

fn fact(word: &'static str) -> Option<Fact> {
    let digits = word.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = word.split_at(digits);
    let (name, kind) = rest.split_once('=')?;
    let (mark, kind) = match kind.as_bytes().first()? {
        b'*' => (Mark::List, &kind[1..]),
        b'%' => (Mark::Map, &kind[1..]),
        _ => (Mark::One, kind),
    };
    let kind = match kind {
        "s" => Kind::Text,
        "i" => Kind::Integer,
        "b" => Kind::Bool,
        "y" => Kind::Bytes,
        "d" => Kind::Double,
        number => Kind::Message(number.parse().ok()?),
    };
    Some(Fact { number: number.parse().ok()?, name, mark, kind })
}

/// The number of the message of a kind.
fn message_of(group: &str, version: &str, kind: &str) -> Option<usize> {
    let package = match group {
        "" if kind == "DeleteOptions" => "k8s.io.apimachinery.pkg.apis.meta".to_owned(),
        "" => "k8s.io.api.core".to_owned(),
        "apiextensions.k8s.io" => {
            "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions".to_owned()
        }
        "apiregistration.k8s.io" => "k8s.io.kube_aggregator.pkg.apis.apiregistration".to_owned(),
        group => format!("k8s.io.api.{}", group.split('.').next().unwrap_or_default()),
    };
    let name = format!("{package}.{version}.{kind}");
    MESSAGES.binary_search_by(|m| m.name.cmp(name.as_str())).ok()
}

/// The object in a body.
pub(super) fn decode(body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::Magic)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in Wire(envelope) {
        match field? {
            Field { number: 1, value: wire::Value::Bytes(meta) } => {
                for field in Wire(meta) {
                    match field? {
                        Field { number: 1, value: wire::Value::Bytes(t) } => api_version = text(t),
                        Field { number: 2, value: wire::Value::Bytes(t) } => kind = text(t),
                        _ => {}
                    }
                }
            }
            Field { number: 2, value: wire::Value::Bytes(bytes) } => raw = bytes,
            _ => {}
        }
    }
    let gvk = object::Gvk::from_api_version(&api_version, &kind);
    // Every group has its own DeleteOptions in Go, and they are all the same.
    let number = match gvk.kind.as_str() {
        "DeleteOptions" => message_of("", "v1", "DeleteOptions"),
        _ => message_of(&gvk.group, &gvk.version, &gvk.kind),
    };
    let schema = match gvk.kind.as_str() {
        "DeleteOptions" => {
            schema::builtin::definition("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions")
        }
        _ => schema::builtin::schema(&gvk.group, &gvk.version, &gvk.kind),
    };
    let unknown = || ProtobufError::Kind { api_version: api_version.clone(), kind: kind.clone() };
    let number = number.ok_or_else(unknown)?;
    let mut members = Map::new();
    read(&mut members, number, schema.unwrap_or(&Schema::ANY), raw, DEPTH)?;
    members.insert("apiVersion", api_version.as_str());
    members.insert("kind", kind.as_str());
    Ok(members.into())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads the fields of a message into the members of an object.
fn read(
    into: &mut Map,
    message: usize,
    schema: &Schema,
    bytes: &[u8],
    depth: usize,
) -> Result<(), ProtobufError> {
    let depth = depth.checked_sub(1).ok_or(ProtobufError::Depth)?;
    for field in Wire(bytes) {
        let field = field?;
        let fact = MESSAGES[message].fields.iter().find(|f| f.number == field.number);
        // What a newer client knows and this server does not is left out, as a real server does.
        let Some(fact) = fact else { continue };
        let property = schema.properties.iter().find(|p| p.name == fact.name);
        if let (None, Mark::One, Kind::Message(inner)) = (property, fact.mark, fact.kind) {
            // Go embeds the struct: its members are the object's own.
            if let wire::Value::Bytes(bytes) = field.value
                && schema.type_ == Type::Object
            {
                read(into, inner, schema, bytes, depth)?;
            }
            continue;
        }
        let any = Schema::ANY;
        let of = property.map_or(&any, |p| &*p.schema);
        let presence = property.map_or(Presence::Given, |p| p.presence);
        match fact.mark {
            Mark::One => {
                let value = value(fact.kind, of, &field.value, depth)?;
                if !value.is_null() && (presence == Presence::Given || !is_zero(&value)) {
                    into.insert(fact.name, value);
                }
            }
            Mark::List => {
                let item =
                    value(fact.kind, of.items.as_deref().unwrap_or(&any), &field.value, depth)?;
                let list = into.entry(fact.name);
                if list.as_list().is_none() {
                    *list = Value::List(Vec::new());
                }
                if let Some(list) = list.as_list_mut() {
                    list.push(item);
                }
            }
            Mark::Map => {
                let of = match &of.additional {
                    Additional::Of(of) => of,
                    _ => &any,
                };
                let (key, value) = entry(fact.kind, of, &field.value, depth)?;
                into.entry(fact.name).make_map().insert(key, value);
            }
        }
    }
    Ok(())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(b) => !b,
        Value::Int(i) => *i == 0,
        Value::String(s) => s.is_empty(),
        _ => false,
    }
}

fn entry(
    kind: Kind,
    of: &Schema,
    wire: &wire::Value<'_>,
    depth: usize,
) -> Result<(String, Value), ProtobufError> {
    let wire::Value::Bytes(bytes) = wire else { return Ok(Default::default()) };
    let (mut key, mut found) = (String::new(), Value::from(""));
    for field in Wire(bytes) {
        match field? {
            Field { number: 1, value: wire::Value::Bytes(bytes) } => key = text(bytes),
            Field { number: 2, value: wire } => found = value(kind, of, &wire, depth)?,
            _ => {}
        }
    }
    Ok((key, found))
}

fn value(
    kind: Kind,
    of: &Schema,
    wire: &wire::Value<'_>,
    depth: usize,
) -> Result<Value, ProtobufError> {
    Ok(match (kind, wire) {
        (Kind::Text, wire::Value::Bytes(bytes)) => text(bytes).into(),
        (Kind::Bytes, wire::Value::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        (Kind::Integer, wire::Value::Number(n)) => Value::Int(n.cast_signed()),
        (Kind::Bool, wire::Value::Number(n)) => Value::Bool(*n != 0),
        (Kind::Double, wire::Value::Number(n)) => Value::Float(f64::from_bits(*n)),
        (Kind::Message(message), wire::Value::Bytes(bytes)) => {
            match special(MESSAGES[message].name, bytes)? {
                Some(value) => value,
                None => wrapped(message, of, bytes, depth)?,
            }
        }
        _ => Value::Null,
    })
}

/// A message, or what it wraps where JSON has no wrapper: lists and unions of Go.
fn wrapped(
    message: usize,
    of: &Schema,
    bytes: &[u8],
    depth: usize,
) -> Result<Value, ProtobufError> {
    let name = MESSAGES[message].name.rsplit('.').next().unwrap_or_default();
    let any = Schema::ANY;
    let inner = match name {
        "ExtraValue" | "Verbs" => "items",
        "JSONSchemaPropsOrArray" => "schema",
        "JSONSchemaPropsOrBool" => "schema",
        "JSONSchemaPropsOrStringArray" => "schema",
        _ => "",
    };
    let mut members = Map::new();
    // Without a schema every field is a member of its own name.
    let schema = if inner.is_empty() { of } else { &any };
    if inner == "schema" {
        let props = schema::builtin::definition(
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
        );
        return union(message, props.unwrap_or(&any), bytes, depth);
    }
    read(&mut members, message, schema, bytes, depth)?;
    if inner.is_empty() {
        return Ok(members.into());
    }
    Ok(members.remove(inner).unwrap_or_else(|| Value::List(Vec::new())))
}

/// `JSONSchemaPropsOr...`: a schema, or a list, or a truth.
fn union(
    message: usize,
    props: &Schema,
    bytes: &[u8],
    depth: usize,
) -> Result<Value, ProtobufError> {
    let (mut allows, mut found, mut list) = (false, None, Vec::new());
    for field in Wire(bytes) {
        let field = field?;
        let fact = MESSAGES[message].fields.iter().find(|f| f.number == field.number);
        let Some(fact) = fact else { continue };
        let value = value(fact.kind, props, &field.value, depth)?;
        match (fact.name, value) {
            ("allows", Value::Bool(b)) => allows = b,
            ("schema", value) => found = Some(value),
            (_, value) => list.push(value),
        }
    }
    Ok(match found {
        Some(schema) => schema,
        None if !list.is_empty() => list.into(),
        None => allows.into(),
    })
}

/// Messages that JSON writes as something else.
fn special(name: &str, bytes: &[u8]) -> Result<Option<Value>, ProtobufError> {
    let mut fields = [None, None, None];
    let known = [
        ".resource.Quantity",
        ".intstr.IntOrString",
        ".meta.v1.Time",
        ".meta.v1.MicroTime",
        ".meta.v1.Duration",
        ".meta.v1.FieldsV1",
        ".runtime.RawExtension",
        ".apiextensions.v1.JSON",
    ];
    let Some(known) = known.into_iter().find(|k| name.ends_with(k)) else { return Ok(None) };
    for field in Wire(bytes) {
        let field = field?;
        if let Some(slot) = fields.get_mut((field.number as usize).wrapping_sub(1)) {
            *slot = Some(field.value);
        }
    }
    let number = |at: usize| match &fields[at] {
        Some(wire::Value::Number(n)) => n.cast_signed(),
        _ => 0,
    };
    let string = |at: usize| match &fields[at] {
        Some(wire::Value::Bytes(bytes)) => text(bytes),
        _ => String::new(),
    };
    Ok(Some(match known {
        ".resource.Quantity" => string(0).into(),
        ".intstr.IntOrString" if number(0) == 0 => number(1).into(),
        ".intstr.IntOrString" => string(2).into(),
        ".meta.v1.Duration" => format!("{}ns", number(0)).into(),
        ".meta.v1.Time" | ".meta.v1.MicroTime" if bytes.is_empty() => Value::Null,
        ".meta.v1.Time" | ".meta.v1.MicroTime" => {
            let nanos = i32::try_from(number(1)).unwrap_or(0);
            match jiff::Timestamp::new(number(0), nanos) {
                Ok(time) if known == ".meta.v1.Time" => crate::clock::seconds(time).into(),
                Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into(),
                Err(_) => Value::Null,
            }
        }
        _ => object::from_json(string(0).as_bytes()).unwrap_or_default(),
    }))
}

/// What a protobuf client sends: for tests.
#[cfg(test)]
fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut meta = wire::bytes(1, api_version.as_bytes());
    meta.extend(wire::bytes(2, kind.as_bytes()));
    let mut out = MAGIC.to_vec();
    out.extend(wire::bytes(1, &meta));
    out.extend(wire::bytes(2, raw));
    out
}
