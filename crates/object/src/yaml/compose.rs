//! Values out of parser events: anchors and aliases, merge keys, keys that are no text, limits.

use super::resolve::{self, Scalar, Timestamp};
use super::{Dialect, Document, MAX_BYTES, MAX_DEPTH, YamlError};
use crate::{Map, Value};
use base64::Engine as _;
use compact_str::CompactString;
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag};
use std::collections::HashMap;

type Entries = Vec<(CompactString, Value)>;

/// An anchored value, with what an alias to it costs.
struct Anchored {
    value: Value,
    /// Nodes a reader visits to decode it, aliases followed.
    nodes: usize,
    depth: usize,
}

/// A node and how deep it reaches.
struct Node {
    value: Value,
    depth: usize,
}

pub(super) struct Composer<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    dialect: Dialect,
    anchors: HashMap<usize, Anchored>,
    /// How many brackets and braces are open.
    flow: usize,
    /// Nodes decoded so far, and those of them that came out of aliases.
    nodes: usize,
    aliased: usize,
}

fn error_at(span: Span, message: impl Into<String>) -> YamlError {
    YamlError { line: span.start.line(), column: span.start.col() + 1, message: message.into() }
}

fn scan_error(error: &ScanError) -> YamlError {
    let mark = error.marker();
    YamlError { line: mark.line(), column: mark.col() + 1, message: error.info() }
}

/// The parser every reading of this crate uses.
pub(super) fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = granit_parser::options! {
        emit_comments: false,
        block_nesting_limit: MAX_DEPTH + 1,
        flow_nesting_limit: MAX_DEPTH + 1,
    };
    Parser::new_from_str_with_options(text, options)
}

impl<'a> Composer<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Result<Self, YamlError> {
        if text.len() > MAX_BYTES {
            let message =
                format!("the text has {} bytes, at most {MAX_BYTES} are read", text.len());
            return Err(YamlError { line: 1, column: 1, message });
        }
        Ok(Self {
            text,
            parser: parser(text),
            dialect,
            anchors: HashMap::new(),
            flow: 0,
            nodes: 0,
            aliased: 0,
        })
    }

    /// The next document, `None` at the end of the stream.
    pub(super) fn document(&mut self) -> Result<Option<Document>, YamlError> {
        loop {
            let Some(next) = self.parser.next_event() else { return Ok(None) };
            match next.map_err(|e| scan_error(&e))? {
                (Event::DocumentStart(..), _) => break,
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
        self.anchors.clear();
        (self.nodes, self.aliased) = (0, 0);
        let (event, span) = self.event()?;
        let line = span.start.line();
        let value = self.node(event, span, 0)?.value;
        Ok(Some(Document { value, line }))
    }

    fn event(&mut self) -> Result<(Event<'a>, Span), YamlError> {
        match self.parser.next_event() {
            Some(next) => next.map_err(|e| scan_error(&e)),
            None => Err(YamlError { line: 0, column: 0, message: "unexpected end".into() }),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, YamlError> {
        if depth > MAX_DEPTH {
            return Err(error_at(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += 1;
        let before = self.nodes;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), span)?;
                (anchor, Node { value, depth: 0 })
            }
            Event::SequenceStart(style, anchor, _) => {
                let flow = usize::from(style == StructureStyle::Flow);
                self.flow += flow;
                let node = self.sequence(depth)?;
                self.flow -= flow;
                (anchor, node)
            }
            Event::MappingStart(style, anchor, _) => {
                let flow = usize::from(style == StructureStyle::Flow);
                self.flow += flow;
                let node = self.mapping(span, depth)?;
                self.flow -= flow;
                (anchor, node)
            }
            other => return Err(error_at(span, format!("unexpected {other:?}"))),
        };
        if anchor > 0 {
            let nodes = self.nodes - before + 1;
            let kept = Anchored { value: node.value.clone(), nodes, depth: node.depth };
            self.anchors.insert(anchor, kept);
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, YamlError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(error_at(span, "the value of an anchor contains itself"));
        };
        if depth + anchored.depth > MAX_DEPTH {
            return Err(error_at(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += anchored.nodes;
        self.aliased += anchored.nodes;
        if self.aliased > 100
            && self.nodes > 1000
            && self.aliased as f64 / self.nodes as f64 > allowed_alias_ratio(self.nodes)
        {
            return Err(error_at(span, "document contains excessive aliasing"));
        }
        Ok(Node { value: anchored.value.clone(), depth: anchored.depth })
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, YamlError> {
        let mut items = Vec::new();
        let mut below = 0;
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                break;
            }
            let node = self.node(event, span, depth + 1)?;
            below = below.max(node.depth);
            items.push(node.value);
        }
        items.shrink_to_fit();
        Ok(Node { value: Value::List(items), depth: below + 1 })
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, YamlError> {
        let mut entries: Entries = Vec::new();
        let mut lines: Vec<usize> = Vec::new();
        let mut merged: Entries = Vec::new();
        let (mut below, mut merges) = (0, 0);
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.key(event, span, depth)?;
            let (event, value_span) = self.event()?;
            let node = self.node(event, value_span, depth + 1)?;
            below = below.max(node.depth);
            match key {
                Some(key) => {
                    entries.push((key, node.value));
                    lines.push(span.start.line());
                }
                None if self.dialect == Dialect::Sigs => {
                    // go-yaml v2 merges where `<<` stands: what comes before it is overridden.
                    merge_into(&mut entries, node.value, value_span)?;
                }
                None if merges > 0 => return Err(error_at(span, "duplicate merge key")),
                None => {
                    merges += 1;
                    merge_into(&mut merged, node.value, value_span)?;
                }
            }
        }
        if self.dialect == Dialect::Kyaml {
            refuse_duplicates(&entries, &lines, start)?;
        }
        let map = if merged.is_empty() {
            Map::from_entries(entries)
        } else {
            merged.append(&mut entries);
            Map::from_entries(merged)
        };
        Ok(Node { value: Value::Map(map), depth: below + 1 })
    }

    /// The text of a key, `None` for the merge key.
    fn key(
        &mut self,
        event: Event<'a>,
        span: Span,
        depth: usize,
    ) -> Result<Option<CompactString>, YamlError> {
        if let Event::Scalar(text, style, 0, tag) = &event {
            let plain = *style == ScalarStyle::Plain;
            if &**text == "<<" && is_merge(plain, tag.as_deref()) {
                return Ok(None);
            }
            if tag.is_none() && (!plain || resolve::plain(text, self.dialect) == Scalar::Text) {
                self.nodes += 1;
                return Ok(Some(CompactString::new(text)));
            }
        }
        let refuse = |what: &str| Err(error_at(span, format!("{what} cannot be a map key")));
        if let Event::Scalar(text, style, 0, None) = &event {
            // Plain, and no text: other readers than Kubernetes' would keep it a number, boolean or null.
            debug_assert_eq!(*style, ScalarStyle::Plain);
            self.nodes += 1;
            let empty = span.start == span.end;
            return match (self.dialect, resolve::plain(text, self.dialect)) {
                (Dialect::Kyaml, _) if empty => Ok(Some(CompactString::default())),
                (_, Scalar::Null) => refuse("null"),
                // At the root kyaml decodes into a map of strings, which takes the text of any scalar.
                (Dialect::Kyaml, _) if depth == 0 => Ok(Some(text[..].into())),
                (Dialect::Kyaml, _) => refuse(&format!("{text}, which is no text without quotes,")),
                (_, Scalar::UInt(_)) => refuse("a number beyond 64 bits"),
                (_, scalar) => Ok(Some(key_text(text, &scalar))),
            };
        }
        match self.node(event, span, depth + 1)?.value {
            Value::String(text) => Ok(Some(text)),
            Value::Int(int) => Ok(Some(compact_str::format_compact!("{int}"))),
            Value::Float(float) => Ok(Some(float_key(float))),
            Value::Bool(truth) => Ok(Some(if truth { "true" } else { "false" }.into())),
            other => refuse(other.type_name()),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Value, YamlError> {
        let Some(tag) = tag else { return self.untagged(text, style, span) };
        let full = tag_text(tag);
        if full == "!" && self.dialect == Dialect::Kyaml {
            return self.untagged(text, style, span);
        }
        let Some(short) = full.strip_prefix("tag:yaml.org,2002:") else {
            return Ok(Value::String(text.into()));
        };
        let scalar = match short {
            "str" => return Ok(Value::String(text.into())),
            "binary" => {
                let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
                return match base64::engine::general_purpose::STANDARD.decode(packed) {
                    Ok(bytes) => Ok(Value::String(String::from_utf8_lossy(&bytes).into())),
                    Err(_) => Err(error_at(span, "!!binary value contains invalid base64 data")),
                };
            }
            "bool" | "int" | "float" | "null" | "timestamp" => resolve::plain(text, self.dialect),
            _ => return Ok(Value::String(text.into())),
        };
        let scalar = match (short, scalar) {
            ("float", Scalar::Int(int)) => Scalar::Float(int as f64),
            (_, scalar) => scalar,
        };
        let found = match scalar {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) | Scalar::UInt(_) => "int",
            Scalar::Float(_) => "float",
            Scalar::Timestamp => "timestamp",
            Scalar::Text => "str",
        };
        if found != short {
            let message = format!("cannot decode !!{found} `{text}` as a !!{short}");
            return Err(error_at(span, message));
        }
        self.value_of(text, scalar, span)
    }

    fn untagged(&self, text: &str, style: ScalarStyle, span: Span) -> Result<Value, YamlError> {
        let kyaml = self.dialect == Dialect::Kyaml;
        Ok(match style {
            ScalarStyle::Plain => {
                // kyaml prints its nodes and reads them again before it makes JSON of them. Within brackets go-yaml
                // prints an empty value as `''` and quotes what holds a colon, such as a time.
                let quoted_again =
                    kyaml && self.flow > 0 && (span.start == span.end || text.contains(':'));
                if quoted_again {
                    let text = if span.start == span.end { "" } else { text };
                    return Ok(Value::String(text.into()));
                }
                return self.value_of(text, resolve::plain(text, self.dialect), span);
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let mut text = text;
                // A block scalar that ends with the text, without a line break, has none in Go.
                let at_end = span.end.byte_offset().is_some_and(|at| at >= self.text.len());
                if at_end && !self.text.ends_with('\n') {
                    text = text.strip_suffix('\n').unwrap_or(text);
                }
                if kyaml && style == ScalarStyle::Folded {
                    Value::String(refold(text).into())
                } else {
                    Value::String(text.into())
                }
            }
            _ => Value::String(text.into()),
        })
    }

    fn value_of(&self, text: &str, scalar: Scalar, span: Span) -> Result<Value, YamlError> {
        Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => Value::Bool(truth),
            Scalar::Int(int) => Value::Int(int),
            Scalar::UInt(int) => Value::Float(int as f64),
            Scalar::Float(float) if !float.is_finite() => {
                return Err(error_at(span, format!("the number {text} has no form in JSON")));
            }
            Scalar::Float(float) => crate::number::normal(float),
            Scalar::Timestamp if self.dialect == Dialect::Kyaml => match Timestamp::parse(text) {
                Some(time) => Value::String(time.to_rfc3339()),
                None => Value::String(text.into()),
            },
            Scalar::Timestamp | Scalar::Text => Value::String(text.into()),
        })
    }
}

/// Whether the key `<<` stands for merging: plain without a tag, or with one that says so.
fn is_merge(plain: bool, tag: Option<&Tag>) -> bool {
    tag.map_or(plain, |tag| matches!(tag_text(tag).as_str(), "!" | "tag:yaml.org,2002:merge"))
}

fn tag_text(tag: &Tag) -> String {
    let (handle, suffix) = tag.parts();
    format!("{handle}{suffix}")
}

/// What `sigs.k8s.io/yaml` makes of a key that is no text.
fn key_text(text: &str, scalar: &Scalar) -> CompactString {
    match scalar {
        Scalar::Bool(true) => "true".into(),
        Scalar::Bool(false) => "false".into(),
        Scalar::Int(int) => compact_str::format_compact!("{int}"),
        Scalar::Float(float) if float.is_nan() => ".nan".into(),
        Scalar::Float(float) if float.is_infinite() => {
            if *float > 0.0 { ".inf" } else { "-.inf" }.into()
        }
        Scalar::Float(float) => float_key(*float),
        _ => text.into(),
    }
}

/// A folded scalar after kyaml printed and read it again: go-yaml's printer breaks once too often before a
/// line that begins with a blank, and at the end of a text that keeps its trailing breaks.
fn refold(text: &str) -> String {
    let body = text.trim_start_matches('\n');
    if !super::emit::block_allowed(text) || body.is_empty() {
        return text.to_owned();
    }
    let blank = |line: &str| line.starts_with([' ', '\t']);
    let doubles = !blank(body);
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str(&text[..text.len() - body.len()]);
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.find('\n').unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        rest = tail.trim_start_matches('\n');
        let breaks = tail.len() - rest.len();
        out.push_str(line);
        let wanted = if breaks == 0 || blank(line) {
            breaks
        } else if rest.is_empty() {
            breaks + usize::from(doubles && breaks > 1)
        } else if blank(rest) {
            breaks + usize::from(doubles)
        } else if doubles {
            breaks
        } else if breaks == 1 {
            out.push(' ');
            0
        } else {
            breaks - 1
        };
        out.extend(std::iter::repeat_n('\n', wanted));
    }
    out
}

/// `sigs.k8s.io/yaml` writes a float key with single precision.
fn float_key(float: f64) -> CompactString {
    crate::number::general_single(float as f32).into()
}

/// The share of decoded nodes that may come out of aliases (go-yaml's scale).
fn allowed_alias_ratio(nodes: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    match nodes {
        ..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * ((nodes - LOW) as f64 / (HIGH - LOW) as f64),
    }
}

/// Appends what `<<: value` brings; later entries win when the map is made.
fn merge_into(entries: &mut Entries, value: Value, span: Span) -> Result<(), YamlError> {
    let refuse = || Err(error_at(span, "map merge requires map or sequence of maps as the value"));
    match value {
        Value::Map(map) => entries.extend(map),
        Value::List(items) => {
            // The first of the list takes precedence.
            for item in items.into_iter().rev() {
                let Value::Map(map) = item else { return refuse() };
                entries.extend(map);
            }
        }
        _ => return refuse(),
    }
    Ok(())
}

fn refuse_duplicates(entries: &Entries, lines: &[usize], start: Span) -> Result<(), YamlError> {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| entries[a].0.cmp(&entries[b].0));
    for pair in order.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        if entries[first].0 == entries[second].0 {
            let key = &entries[second].0;
            let message = format!("mapping key {key:?} already defined at line {}", lines[first]);
            let column = start.start.col() + 1;
            return Err(YamlError { line: lines[second], column, message });
        }
    }
    Ok(())
}
