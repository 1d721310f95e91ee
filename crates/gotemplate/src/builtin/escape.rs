//! `html`, `js`, `urlquery`.

use super::Reflected;
use crate::fmt::{Output, is_print, sprint};
use crate::value::Value;
use std::fmt::Write as _;

/// The arguments as one text; `nil` is `<no value>`.
fn text(args: &[Reflected]) -> Output {
    let printable = |a: &Reflected| match &a.value {
        Value::Nil => Value::from("<no value>"),
        value => value.clone(),
    };
    sprint(&args.iter().map(printable).collect::<Vec<_>>())
}

fn bytes(output: &Output) -> &[u8] {
    match output {
        Output::Text(s) => s.as_bytes(),
        Output::Raw(b) => b,
    }
}

/// Replaces characters, and leaves bytes that are no UTF-8 alone.
fn replace(args: &[Reflected], mut f: impl FnMut(char, &mut String)) -> Output {
    let text = text(args);
    let mut out = Output::default();
    for chunk in bytes(&text).utf8_chunks() {
        let mut valid = String::with_capacity(chunk.valid().len());
        chunk.valid().chars().for_each(|c| f(c, &mut valid));
        out.push_str(&valid);
        out.push_bytes(chunk.invalid());
    }
    out
}

pub(super) fn html(args: &[Reflected]) -> Output {
    replace(args, |c, out| match c {
        '\0' => out.push('\u{fffd}'),
        '"' => out.push_str("&#34;"),
        '\'' => out.push_str("&#39;"),
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    })
}

pub(super) fn js(args: &[Reflected]) -> Output {
    replace(args, |c, out| {
        let code = u32::from(c);
        let _ = match c {
            '\\' | '\'' | '"' => write!(out, "\\{c}"),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => write!(out, "\\u{code:04X}"),
            c if c.is_ascii() || is_print(c) => write!(out, "{c}"),
            _ => write!(out, "\\u{code:04X}"),
        };
    })
}

pub(super) fn url_query(args: &[Reflected]) -> Output {
    let text = text(args);
    let mut out = String::new();
    for byte in bytes(&text) {
        let _ = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                write!(out, "{}", char::from(*byte))
            }
            b' ' => write!(out, "+"),
            byte => write!(out, "%{byte:02X}"),
        };
    }
    Output::Text(out)
}
