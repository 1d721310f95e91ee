//! Values as rules see them: by their schema, so that formats become bytes, times and durations.

use super::functions;
use crate::{Additional, Schema, Type};
use cel::objects::{Key, Map};
use object::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The value of `self`. Of the metadata of the root only the name is visible.
pub(super) fn convert(schema: &Schema, value: &Value, root: bool) -> cel::Value {
    match (schema.type_, value) {
        (_, Value::Null) => cel::Value::Null,
        (_, Value::Bool(b)) => cel::Value::Bool(*b),
        (Type::Number, Value::Int(i)) => cel::Value::Float(*i as f64),
        (Type::Integer, Value::Float(f)) if f.fract() == 0.0 => cel::Value::Int(*f as i64),
        (_, Value::Int(i)) => cel::Value::Int(*i),
        (_, Value::Float(f)) => cel::Value::Float(*f),
        (_, Value::String(text)) => self::text(schema, text),
        (_, Value::List(items)) => {
            let any = Schema::ANY;
            let of = schema.items.as_deref().unwrap_or(&any);
            cel::Value::List(Arc::new(items.iter().map(|i| convert(of, i, false)).collect()))
        }
        (_, Value::Map(map)) => object(schema, map, root),
    }
}

fn object(schema: &Schema, map: &object::Map, root: bool) -> cel::Value {
    let mut entries = HashMap::with_capacity(map.len());
    let meta = root || schema.embedded_resource;
    for (name, member) in map.iter() {
        let any = Schema::ANY;
        let (key, of) = match (schema.property(name), &schema.additional) {
            (Some(of), _) => (escape(name), of),
            (None, Additional::Of(of)) => (name.to_owned(), &**of),
            (None, _) => (name.to_owned(), &any),
        };
        let value = if meta && name == "metadata" {
            let visible = ["name", "generateName"];
            let visible = visible.iter().filter_map(|k| Some((*k, member.get(k)?.clone())));
            convert(&any, &Value::Map(visible.collect()), false)
        } else {
            convert(of, member, false)
        };
        entries.insert(Key::String(Arc::new(key)), value);
    }
    cel::Value::Map(Map { map: Arc::new(entries) })
}

fn text(schema: &Schema, text: &str) -> cel::Value {
    let plain = || cel::Value::String(Arc::new(text.to_owned()));
    let through = |function: &str, argument: String| {
        functions::call(function, cel::Value::String(Arc::new(argument))).unwrap_or_else(plain)
    };
    match schema.format.as_deref() {
        Some("date-time" | "datetime") => through("timestamp", text.to_owned()),
        Some("date") => through("timestamp", format!("{text}T00:00:00Z")),
        Some("duration") => through("duration", text.to_owned()),
        Some("byte") => {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text);
            bytes.map_or_else(|_| plain(), |b| cel::Value::Bytes(Arc::new(b)))
        }
        _ => plain(),
    }
}

/// Words of CEL that cannot be member names.
const RESERVED: [&str; 19] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
];

/// The name by which rules select a member: `a-b` is `a__dash__b`.
fn escape(name: &str) -> String {
    if RESERVED.contains(&name) || name == "void" || name == "while" {
        return format!("__{name}__");
    }
    if !name.contains(['.', '-', '/']) && !name.contains("__") {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len() + 8);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let (word, taken) = match c {
            '_' if rest.starts_with("__") => ("__underscores__", 2),
            '.' => ("__dot__", 1),
            '-' => ("__dash__", 1),
            '/' => ("__slash__", 1),
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        out.push_str(word);
        rest = &rest[taken..];
    }
    out
}
