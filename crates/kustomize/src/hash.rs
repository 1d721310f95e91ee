//! The suffix that makes the name of a generated resource change with its content.
//!
//! Source: `api/hasher/hasher.go`. Name and labels do not count (kustomize looks the name up where it never
//! stands), the JSON is Go's, with `<`, `>` and `&` escaped.

use crate::node::{Kind, Node};
use object::Value;
use sha2::{Digest, Sha256};

/// Ten characters.
///
/// # Errors
/// When the content is no JSON.
pub(crate) fn suffix(node: &Node) -> Result<String, String> {
    let digest = Sha256::digest(encoded(node)?);
    let mangle = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    };
    let hex: String = digest.iter().take(5).map(|b| format!("{b:02x}")).collect();
    Ok(hex.chars().map(mangle).collect())
}

/// What is hashed.
pub(crate) fn encoded(node: &Node) -> Result<String, String> {
    let (fields, optional): (&[&str], &str) = match node.get("kind").map_or("", Node::text) {
        "ConfigMap" => (&["data"], "binaryData"),
        "Secret" => (&["data", "type"], "stringData"),
        _ => {
            let mut out = String::new();
            go_json(&node.to_value().map_err(|e| e.message)?, &mut out);
            return Ok(out);
        }
    };
    let mut map = object::map! {"kind": node.get("kind").map_or("", Node::text), "name": ""};
    for field in fields {
        map.insert(*field, content(node.get(field))?);
    }
    if let Some(extra) = node.get(optional).filter(|n| n.kind() != Kind::Scalar) {
        map.insert(optional, content(Some(extra))?);
    }
    let mut out = String::new();
    go_json(&Value::Map(map), &mut out);
    Ok(out)
}

/// A map as it is; a scalar as its text; a list, which is no data, as null.
fn content(node: Option<&Node>) -> Result<Value, String> {
    Ok(match node {
        None => Value::from(""),
        Some(Node::Map(_)) => {
            node.map(Node::to_value).transpose().map_err(|e| e.message)?.unwrap_or_default()
        }
        Some(Node::List(_)) => Value::Null,
        Some(scalar) => Value::from(scalar.text()),
    })
}

/// JSON as Go's `encoding/json` writes it.
pub(crate) fn go_json(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => go_json_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                go_json(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                go_json_text(key, out);
                out.push(':');
                go_json(value, out);
            }
            out.push('}');
        }
        other => out.push_str(&String::from_utf8_lossy(&object::to_json(other))),
    }
}

fn go_json_text(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
