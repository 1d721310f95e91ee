//! JSON and display text of scalars exactly as Go's encoders print them: inside field paths the text
//! itself is the identity of a list item, so a different spelling would be a different field.
//!
//! Deliberately absent: JSON of whole objects (crate `object`).

use object::Value;
use std::fmt::Write;

/// `encoding/json`'s text of a value: keys sorted, `<`, `>`, `&` and the two line separators escaped.
pub(crate) fn write_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => write_json_float(out, *f),
        Value::String(s) => write_json_string(out, s, true),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json_string(out, key, true);
                out.push(':');
                write_json(out, item);
            }
            out.push('}');
        }
    }
}

/// A quoted JSON string; `html` escapes what `encoding/json` escapes for safety inside HTML.
pub(crate) fn write_json_string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let escape = match c {
            '"' | '\\' | '\0'..='\u{1f}' => true,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => html,
            _ => false,
        };
        if !escape {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + c.len_utf8();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn write_json_float(out: &mut String, f: f64) {
    let size = f.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        write_exponent(out, f);
    } else {
        write_decimal(out, f);
    }
}

/// Sign, shortest digits that read back as `f`, and the exponent of the first of them.
fn shortest(f: f64) -> (bool, String, i32) {
    let text = format!("{:e}", f.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (f.is_sign_negative(), digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// `1e+21`, `1.5e-07`: Go's `e` format, with at least two digits of exponent.
fn write_exponent(out: &mut String, f: f64) {
    let (negative, digits, exponent) = shortest(f);
    let (first, rest) = digits.split_at(1);
    let _ = write!(
        out,
        "{}{first}{}{rest}e{}{:02}",
        if negative { "-" } else { "" },
        if rest.is_empty() { "" } else { "." },
        if exponent < 0 { '-' } else { '+' },
        exponent.unsigned_abs(),
    );
}

/// Go's `f` format: the shortest digits, and zeros where those say nothing.
fn write_decimal(out: &mut String, f: f64) {
    let (negative, digits, exponent) = shortest(f);
    if negative {
        out.push('-');
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', usize::try_from(-exponent - 1).unwrap_or(0)));
        return out.push_str(&digits);
    };
    match digits.split_at_checked(whole) {
        Some(("", fraction)) => {
            out.push_str("0.");
            out.push_str(fraction);
        }
        Some((whole, "")) => out.push_str(whole),
        Some((whole, fraction)) => {
            let _ = write!(out, "{whole}.{fraction}");
        }
        None => {
            out.push_str(&digits);
            out.extend(std::iter::repeat_n('0', whole - digits.len()));
        }
    }
}

/// A value as field paths display it: strings quoted the way Go's `%q` does, floats as `%v`.
pub(crate) fn write_display(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => {
            // Go's `%v` changes to exponents early: a million is 1e+06.
            let (_, _, exponent) = shortest(*f);
            if *f != 0.0 && !(-4..=5).contains(&exponent) {
                write_exponent(out, *f);
            } else {
                write_decimal(out, *f);
            }
        }
        Value::String(s) => write_quoted(out, s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_display(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            for (key, item) in map.iter() {
                out.push_str(key);
                out.push('=');
                write_display(out, item);
            }
        }
    }
}

/// Go's `strconv.Quote`.
pub(crate) fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            ' '..='~' => out.push(c),
            _ if printable(c) => out.push(c),
            '\u{10000}'.. => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            _ => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push('"');
}

/// Whether the standard library's own quoting leaves `c` alone. A letter goes first because combining
/// marks are escaped only at the start of a string, and Go never escapes them.
fn printable(c: char) -> bool {
    let mut buffer = String::with_capacity(8);
    buffer.push('a');
    buffer.push(c);
    buffer.escape_debug().nth(1) == Some(c)
}
