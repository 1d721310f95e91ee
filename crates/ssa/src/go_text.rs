//! How Go prints values inside messages of structured-merge-diff: people search for these texts, and the
//! API server answers with them.
//!
//! Deliberately absent: anything that is read by programs.

use crate::json_text::{write_display, write_quoted};
use object::Value;
use std::fmt::Write;

/// `%v` of a typed value: `&{true}`, `&{map[a:1]}`.
pub(crate) fn plain(value: &Value) -> String {
    let mut out = String::from("&{");
    write_plain(&mut out, value);
    out.push('}');
    out
}

fn write_plain(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::String(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write_plain(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_plain(out, item);
            }
            out.push(']');
        }
        scalar => write_display(out, scalar),
    }
}

/// `%#v` of a typed value: `&value.valueUnstructured{Value:1}`.
pub(crate) fn syntax(value: &Value) -> String {
    let mut out = String::from("&value.valueUnstructured{Value:");
    write_syntax(&mut out, value);
    out.push('}');
    out
}

fn write_syntax(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::List(items) => {
            out.push_str("[]interface {}{");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_syntax(out, item);
            }
            out.push('}');
        }
        Value::Map(map) => {
            out.push_str("map[string]interface {}{");
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_quoted(out, key);
                out.push(':');
                write_syntax(out, item);
            }
            out.push('}');
        }
        Value::Float(f) => {
            let _ = write!(out, "{f}");
        }
        scalar => write_display(out, scalar),
    }
}

/// `%T`: Go's name of the type.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}
