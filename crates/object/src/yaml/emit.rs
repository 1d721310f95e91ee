//! YAML out, byte for byte as `sigs.k8s.io/yaml` 1.6 marshals: JSON first (what numbers become), then
//! go-yaml v2's encoder and emitter (block style, lists not indented below their key, folding of long
//! scalars at 80 columns, keys in its natural order).

use super::resolve;
use crate::{Map, Value, number};
use std::cmp::Ordering;

/// Column after which plain and quoted text is folded.
const WIDTH: usize = 80;
/// Longest key, in bytes, that is written before its colon without `? `.
const SIMPLE_KEY: usize = 128;

/// The value as `sigs.k8s.io/yaml` marshals it, with a line break at the end.
///
/// Floats that are not finite, which Go refuses to marshal, are written as `null`.
pub fn to_yaml(value: &Value) -> String {
    emit(value, WIDTH, false)
}

/// As [`to_yaml`], but with keys in the order of their bytes: what Flux hashes values as
/// (`fluxcd/pkg/chartutil.DigestValues`).
pub fn to_yaml_by_bytes(value: &Value) -> String {
    let mut emitter = emitter(WIDTH, false);
    emitter.by_bytes = true;
    emitter.node(value, Place::Root);
    emitter.write_indent();
    emitter.out
}

/// The value as go-yaml v3's encoder writes it with an indentation of two (`SetIndent(2)`; Helm's `toYamlPretty`):
/// lists indented below their key, nothing folded, floats as Go's `%g` because they are not taken through JSON.
pub fn to_yaml_indented(value: &Value) -> String {
    emit(value, usize::MAX, true)
}

fn emit(value: &Value, width: usize, direct: bool) -> String {
    let mut emitter = emitter(width, direct);
    emitter.node(value, Place::Root);
    emitter.write_indent();
    emitter.out
}

fn emitter(width: usize, direct: bool) -> Emitter {
    Emitter {
        out: String::new(),
        column: 0,
        indent: None,
        whitespace: true,
        indention: true,
        width,
        direct,
        by_bytes: false,
    }
}

/// A float that JSON did not see.
fn go_float(float: f64) -> String {
    if float.is_nan() {
        ".nan".into()
    } else if float.is_infinite() {
        if float > 0.0 { ".inf".into() } else { "-.inf".into() }
    } else {
        number::general(float)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Item,
    Key,
    Value,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The state libyaml's emitter keeps between writes.
struct Emitter {
    out: String,
    /// Characters written since the last line break.
    column: usize,
    /// Columns the current collection is indented by, `None` outside of every collection.
    indent: Option<usize>,
    /// Whether the last thing written was white space.
    whitespace: bool,
    /// Whether the line so far is indentation and `- `, `? ` only.
    indention: bool,
    /// Column after which text is folded.
    width: usize,
    /// go-yaml v3 and no JSON in between.
    direct: bool,
    /// Whether keys stand in the order of their bytes and not in go-yaml's natural order.
    by_bytes: bool,
}

impl Emitter {
    fn node(&mut self, value: &Value, place: Place) {
        match value {
            Value::Null => self.word("null"),
            Value::Bool(true) => self.word("true"),
            Value::Bool(false) => self.word("false"),
            Value::Int(int) => self.word(&compact_str::format_compact!("{int}")),
            Value::Float(float) if self.direct => self.word(&go_float(*float)),
            Value::Float(float) if float.is_finite() => self.word(&number::yaml(*float)),
            Value::Float(_) => self.word("null"),
            Value::String(text) => self.scalar(text, place),
            Value::List(items) if items.is_empty() => self.empty("[", "]"),
            Value::List(items) => self.list(items, place),
            Value::Map(map) if map.is_empty() => self.empty("{", "}"),
            Value::Map(map) => self.map(map),
        }
    }

    fn list(&mut self, items: &[Value], place: Place) {
        let outer = self.indent;
        let indentless = place == Place::Value && !self.indention && !self.direct;
        self.indent = Some(match outer {
            None => 0,
            Some(indent) if indentless => indent,
            Some(indent) => indent + 2,
        });
        for item in items {
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(item, Place::Item);
        }
        self.indent = outer;
    }

    fn map(&mut self, map: &Map) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + 2));
        let ordered = if self.by_bytes { map.iter().collect() } else { natural_order(map) };
        for (key, value) in ordered {
            self.write_indent();
            if key.len() <= SIMPLE_KEY && !key.contains(is_break) {
                self.scalar(key, Place::Key);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.scalar(key, Place::Value);
                self.write_indent();
                self.indicator(":", true, false, true);
            }
            self.node(value, Place::Value);
        }
        self.indent = outer;
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.indicator(open, true, true, false);
        self.indicator(close, false, false, false);
    }

    /// A scalar that is known to be plain, free of breaks and spaces.
    fn word(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    fn scalar(&mut self, text: &str, place: Place) {
        let facts = Facts::of(text);
        let style = facts.style(text, place);
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        let fold = place != Place::Key;
        match style {
            Style::Plain => self.plain(text, fold),
            Style::SingleQuoted => self.single_quoted(text, fold),
            Style::DoubleQuoted => self.double_quoted(text, fold),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// A break of the text itself: a line feed, or any other break character as it is.
    fn write_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, space_before: bool, is_space: bool, is_indention: bool) {
        if space_before && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }

    fn plain(&mut self, text: &str, fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        if !fold || (text.is_ascii() && self.column + text.len() <= self.width) {
            self.out.push_str(text);
            self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
        } else {
            self.folded(text, false);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, fold: bool) {
        self.indicator("'", true, false, false);
        if fold || text.contains(is_break) {
            self.folded(text, true);
        } else {
            for c in text.chars() {
                if c == '\'' {
                    self.put(c);
                }
                self.put(c);
            }
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// Plain or single-quoted text: one space beyond the width becomes a line break, and breaks of the text
    /// are doubled where a reader would fold them.
    fn folded(&mut self, text: &str, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let bytes = text.as_bytes();
        for (i, c) in text.char_indices() {
            if c == ' ' {
                let inside = !quoted || (i > 0 && i + 1 < bytes.len());
                let single = bytes.get(i + 1) != Some(&b' ');
                if !spaces && self.column > self.width && inside && single {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.write_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
    }

    fn double_quoted(&mut self, text: &str, fold: bool) {
        self.indicator("\"", true, false, false);
        let bytes = text.as_bytes();
        // go-yaml looks for the byte order mark at the start of the text, whatever character it is at.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        for (i, c) in text.char_indices() {
            if marked || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if fold && !spaces && self.column > self.width && i > 0 && i + 1 < bytes.len() {
                    self.write_indent();
                    if bytes.get(i + 1) == Some(&b' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => compact_str::format_compact!("\\x{code:02X}"),
                    0x100..=0xffff => compact_str::format_compact!("\\u{code:04X}"),
                    _ => compact_str::format_compact!("\\U{code:08X}"),
                };
                self.out.push_str(&text);
                self.column += text.len();
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut backwards = text.chars().rev();
        let chomp = match (backwards.next(), backwards.next()) {
            (Some(last), _) if !is_break(last) => "-",
            (Some(_), None) => "+",
            (Some(_), Some(before)) if is_break(before) => "+",
            _ => "",
        };
        if !chomp.is_empty() {
            self.indicator(chomp, false, false, false);
        }
        self.put_break();
        self.whitespace = true;
        for line in text.split_inclusive(is_break) {
            let end = line.char_indices().next_back().filter(|(_, c)| is_break(*c));
            let content = &line[..end.map_or(line.len(), |(i, _)| i)];
            self.indention = true;
            if !content.is_empty() {
                self.write_indent();
                self.out.push_str(content);
                self.column += content.len();
                self.indention = false;
            }
            if let Some((_, c)) = end {
                self.write_break(c);
                self.indention = true;
            }
        }
    }
}

/// Whether go-yaml would write `text` as a block scalar when asked to.
pub(super) fn block_allowed(text: &str) -> bool {
    Facts::of(text).block
}

/// What libyaml's analysis of a scalar finds.
struct Facts {
    multiline: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self { multiline: false, plain: true, single_quoted: true, block: false };
        }
        // Names and images: nothing in them means anything to YAML.
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-');
        if text.as_bytes()[0].is_ascii_alphanumeric() && text.as_bytes().iter().all(word) {
            return Self { multiline: false, plain: true, single_quoted: true, block: true };
        }
        let (mut indicators, mut special, mut line_breaks) = (false, false, false);
        let (mut space_break, mut break_space) = (false, false);
        let (mut after_space, mut after_break) = (false, false);
        let mut after_white = true;
        if text.starts_with("---") || text.starts_with("...") {
            indicators = true;
        }
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let before_white = chars.peek().is_none_or(|c| matches!(c, ' ' | '\t'));
            indicators |= match c {
                '#' if first || after_white => true,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`' => first,
                '?' | '-' => first && before_white,
                ':' => before_white,
                _ => false,
            };
            special |= !is_printable(c);
            let (space, brk) = (c == ' ', is_break(c));
            line_breaks |= brk;
            break_space |= space && after_break;
            space_break |= brk && after_space;
            (after_space, after_break) = (space, brk);
            after_white = space || brk || matches!(c, '\t' | '\0');
            first = false;
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let edges = text.starts_with(edge) || text.ends_with(edge);
        let broken = space_break || special;
        Self {
            multiline: line_breaks,
            plain: !(indicators || edges || break_space || broken || line_breaks),
            single_quoted: !(break_space || broken),
            block: !(text.ends_with(' ') || broken),
        }
    }

    fn style(&self, text: &str, place: Place) -> Style {
        let key = place == Place::Key;
        let mut style = if text.contains('\n') {
            Style::Literal
        } else if resolve::needs_quotes(text) {
            Style::DoubleQuoted
        } else {
            Style::Plain
        };
        if key && self.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && !self.plain {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.block || key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// Line breaks of YAML 1.1.
fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml v2 writes as it is: not the tab, and nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// The entries in go-yaml's natural order: letters after everything else, numbers by value.
fn natural_order(map: &Map) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = map.iter().collect();
    merge_sort(&mut entries);
    entries
}

/// The order is Go's and not total for every input (numbers may overflow), which the standard library's sort
/// answers with a panic; this one does not.
fn merge_sort<'a>(entries: &mut Vec<(&'a str, &'a Value)>) {
    if entries.is_sorted_by(|a, b| natural_cmp(a.0, b.0).is_le()) {
        return;
    }
    let mut right = entries.split_off(entries.len() / 2);
    let mut left = std::mem::take(entries);
    merge_sort(&mut left);
    merge_sort(&mut right);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if natural_cmp(b.0, a.0).is_lt() { right.next() } else { left.next() };
        entries.extend(next);
    }
    entries.extend(left);
    entries.extend(right);
}

fn natural_cmp(a: &str, b: &str) -> Ordering {
    let common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let at = (0..=common).rev().find(|&i| a.is_char_boundary(i) && b.is_char_boundary(i));
    let at = at.unwrap_or(0);
    let (Some(x), Some(y)) = (a[at..].chars().next(), b[at..].chars().next()) else {
        return a.len().cmp(&b.len());
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Zeros inside of a number count: 100 comes after 10.
    let mut seed = 0i64;
    if x == '0' || y == '0' {
        let digits = a[..at].bytes().rev().take_while(u8::is_ascii_digit);
        seed = i64::from(digits.into_iter().any(|d| d != b'0'));
    }
    let run = |text: &str| {
        text[at..].bytes().take_while(u8::is_ascii_digit).fold((seed, 0), |(n, len), d| {
            (n.wrapping_mul(10).wrapping_add(i64::from(d - b'0')), len + 1)
        })
    };
    run(a).cmp(&run(b)).then(x.cmp(&y))
}
