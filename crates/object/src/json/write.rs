//! JSON out. Written here and not through serde, because Go's forms of floats and escapes are wanted and
//! this is the most travelled road of all.

use crate::{Value, number};
use std::io::Write as _;

/// Compact JSON as Go's encoder writes it with `SetEscapeHTML(false)`: keys sorted, floats in Go's form,
/// U+2028 and U+2029 escaped. Floats that are not finite, which JSON does not have, become `null`.
pub fn to_json(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    compact::<false>(&mut out, value);
    out
}

/// Compact JSON as Go's `json.Marshal` writes it: `<`, `>` and `&` are escaped too. Kustomize's name hashes and
/// Helm's `toJson` are made of this form.
pub fn to_json_html(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    compact::<true>(&mut out, value);
    out
}

/// JSON over several lines with the four spaces of `kubectl -o json`.
pub fn to_json_pretty(value: &Value) -> Vec<u8> {
    to_json_indented(value, "    ")
}

/// JSON over several lines, as `json.MarshalIndent(value, "", indent)` writes it, HTML escapes included.
pub fn to_json_indented(value: &Value, indent: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    pretty(&mut out, value, indent, 0);
    out
}

fn scalar<const HTML: bool>(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => integer(out, *int),
        Value::Float(float) if float.is_finite() => {
            out.extend_from_slice(number::json(*float).as_bytes());
        }
        Value::String(text) => string::<HTML>(out, text),
        _ => out.extend_from_slice(b"null"),
    }
}

fn compact<const HTML: bool>(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                compact::<HTML>(out, item);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (i, (key, member)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                string::<HTML>(out, key);
                out.push(b':');
                compact::<HTML>(out, member);
            }
            out.push(b'}');
        }
        other => scalar::<HTML>(out, other),
    }
}

fn pretty(out: &mut Vec<u8>, value: &Value, indent: &str, depth: usize) {
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        for _ in 0..depth {
            out.extend_from_slice(indent.as_bytes());
        }
    };
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                line(out, depth + 1);
                pretty(out, item, indent, depth + 1);
            }
            line(out, depth);
            out.push(b']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push(b'{');
            for (i, (key, member)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                line(out, depth + 1);
                string::<true>(out, key);
                out.extend_from_slice(b": ");
                pretty(out, member, indent, depth + 1);
            }
            line(out, depth);
            out.push(b'}');
        }
        other => compact::<true>(out, other),
    }
}

fn integer(out: &mut Vec<u8>, int: i64) {
    if let 0..=9 = int {
        out.push(b'0' + int as u8);
    } else {
        // Writing to memory cannot fail.
        let _ = write!(out, "{int}");
    }
}

/// Whether the byte cannot stand for itself; 0xe2 begins U+2028 and U+2029 among others.
const fn special(byte: u8, html: bool) -> bool {
    byte < 0x20
        || byte == b'"'
        || byte == b'\\'
        || byte == 0xe2
        || (html && (byte == b'<' || byte == b'>' || byte == b'&'))
}

const fn table(html: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = special(byte as u8, html);
        byte += 1;
    }
    table
}

const PLAIN: [bool; 256] = table(false);
const HTML_TOO: [bool; 256] = table(true);

fn string<const HTML: bool>(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let table = if HTML { &HTML_TOO } else { &PLAIN };
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut from = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if !table[usize::from(byte)] {
            continue;
        }
        let (escape, width): ([u8; 6], usize) = match byte {
            b'"' | b'\\' => ([b'\\', byte, 0, 0, 0, 0], 2),
            b'\n' => (*b"\\n\0\0\0\0", 2),
            b'\r' => (*b"\\r\0\0\0\0", 2),
            b'\t' => (*b"\\t\0\0\0\0", 2),
            0x08 => (*b"\\b\0\0\0\0", 2),
            0x0c => (*b"\\f\0\0\0\0", 2),
            0xe2 => match bytes.get(i + 1..i + 3) {
                Some([0x80, 0xa8]) => (*b"\\u2028", 6),
                Some([0x80, 0xa9]) => (*b"\\u2029", 6),
                _ => continue,
            },
            _ => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                ([b'\\', b'u', b'0', b'0', high, low], 6)
            }
        };
        out.extend_from_slice(&bytes[from..i]);
        out.extend_from_slice(&escape[..width]);
        from = i + if byte == 0xe2 { 3 } else { 1 };
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
