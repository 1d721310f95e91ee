//! Nodes to text as kyaml prints them: the source's order and styles, lists not indented, lines not folded.

use super::{Map, Node, Scalar, Style, Tag, value};
use std::fmt::Write as _;

impl Node {
    /// YAML text with a line break at the end.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Scalar(scalar) => write_scalar(&mut out, scalar, 0),
            Self::List(list) if list.flow || list.items.is_empty() => write_flow(&mut out, self),
            Self::Map(map) if map.flow || map.entries.is_empty() => write_flow(&mut out, self),
            _ => {
                write_block(&mut out, self, 0, true);
                return out;
            }
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A collection in block style at `indent`; the first line is not padded when `inline`.
fn write_block(out: &mut String, node: &Node, indent: usize, inline: bool) {
    match node {
        Node::Map(map) => {
            for (i, (key, value)) in map.entries.iter().enumerate() {
                if i > 0 || !inline {
                    pad(out, indent);
                }
                write_key(out, key);
                out.push(':');
                write_value(out, value, indent, false);
            }
        }
        Node::List(list) => {
            for (i, item) in list.items.iter().enumerate() {
                if i > 0 || !inline {
                    pad(out, indent);
                }
                out.push('-');
                write_value(out, item, indent, true);
            }
        }
        Node::Scalar(_) => {}
    }
}

/// What stands behind `key:` or `-`, with its line break.
fn write_value(out: &mut String, node: &Node, indent: usize, item: bool) {
    let block = match node {
        Node::Scalar(_) => false,
        Node::List(list) => !list.flow && !list.items.is_empty(),
        Node::Map(map) => !map.flow && !map.entries.is_empty(),
    };
    if !block {
        if !matches!(node, Node::Scalar(s) if s.text.is_empty() && s.style == Style::Plain && s.tag != Tag::Str)
        {
            out.push(' ');
        }
        match node {
            Node::Scalar(scalar) => write_scalar(out, scalar, indent + 2),
            other => write_flow(out, other),
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
        return;
    }
    if item {
        out.push(' ');
        write_block(out, node, indent + 2, true);
        return;
    }
    out.push('\n');
    // A list stands at the column of its key.
    let inner = if matches!(node, Node::List(_)) { indent } else { indent + 2 };
    write_block(out, node, inner, false);
}

fn write_flow(out: &mut String, node: &Node) {
    match node {
        Node::Scalar(scalar) => match scalar.style {
            Style::Literal | Style::Folded => write_double(out, &scalar.text),
            _ => write_scalar(out, scalar, 0),
        },
        Node::List(list) => {
            out.push('[');
            for (i, item) in list.items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_flow(out, item);
            }
            out.push(']');
        }
        Node::Map(Map { entries, .. }) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_key(out, key);
                out.push_str(": ");
                write_flow(out, value);
            }
            out.push('}');
        }
    }
}

fn write_key(out: &mut String, key: &Scalar) {
    if key.text.contains('\n') {
        write_double(out, &key.text);
    } else {
        write_scalar(out, key, 0);
    }
}

/// A scalar without padding before it; block scalars indent their lines to `indent`.
fn write_scalar(out: &mut String, scalar: &Scalar, indent: usize) {
    let text = &*scalar.text;
    let found = value::tag_of(text);
    let retyped = scalar.tag == Tag::Str && scalar.style == Style::Plain && found != Tag::Str;
    let style = match scalar.style {
        Style::Plain if text.contains('\n') => Style::Literal,
        Style::Plain if retyped => Style::Double,
        Style::Plain if !text.is_empty() && !fits_plain(text) => Style::Single,
        style => style,
    };
    match style {
        Style::Plain => out.push_str(text),
        Style::Single if text.contains(|c: char| c.is_control()) => write_double(out, text),
        Style::Single => _ = write!(out, "'{}'", text.replace('\'', "''")),
        Style::Double => write_double(out, text),
        Style::Literal | Style::Folded => write_literal(out, text, indent),
    }
}

/// Whether a plain scalar survives in block and flow context.
fn fits_plain(text: &str) -> bool {
    let first = text.as_bytes()[0];
    !(b",[]{}&*!|>'\"%@`#".contains(&first)
        || (matches!(first, b'-' | b'?' | b':')
            && text.as_bytes().get(1).is_none_or(|b| *b == b' '))
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.starts_with("---")
        || text.starts_with("...")
        || text.contains(|c: char| c.is_control()))
}

fn write_double(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => _ = write!(out, "\\x{:02X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn write_literal(out: &mut String, text: &str, indent: usize) {
    let plain = !text.trim_end_matches('\n').is_empty()
        && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t')
        && !text.lines().any(|l| l.ends_with(' ') && l.trim().is_empty());
    if !plain {
        write_double(out, text);
        return;
    }
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") {
        out.push('+');
    }
    out.push('\n');
    for line in text.trim_end_matches('\n').split('\n') {
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
    let trailing = text.len() - text.trim_end_matches('\n').len();
    out.extend(std::iter::repeat_n('\n', trailing.saturating_sub(1)));
}
