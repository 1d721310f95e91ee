//! Values out of parser events: anchors and aliases, merge keys, keys that are no text, limits.

use super::parse::{Event, Parser, Properties};
use super::resolve::{self, Scalar, Timestamp};
use super::scan::{Mark, Style};
use super::{Dialect, Document, MAX_BYTES, MAX_DEPTH, YamlError};
use crate::{Map, Value};
use base64::Engine as _;
use compact_str::CompactString;
use std::collections::HashMap;

type Entries = Vec<(CompactString, Value)>;

/// An anchored value, with what an alias to it costs.
struct Anchored {
    value: Value,
    /// Nodes a reader visits to decode it, aliases followed.
    nodes: usize,
    depth: usize,
}

/// What an anchor's name stands for.
enum Anchor {
    /// A node that is being read; its number tells it from a later one with the same name.
    Open(usize),
    Done(Anchored),
}

/// A node and how deep it reaches.
struct Node {
    value: Value,
    depth: usize,
}

pub(super) struct Composer<'a> {
    parser: Parser<'a>,
    dialect: Dialect,
    anchors: HashMap<&'a str, Anchor>,
    /// Items and entries of the collections being read, inner ones behind outer ones, so that each collection is
    /// allocated once and in its size.
    items: Vec<Value>,
    entries: Entries,
    /// Where the keys of `entries` stand; only for the dialect that refuses duplicates.
    lines: Vec<Mark>,
    /// How many brackets and braces are open.
    flow: usize,
    /// Nodes decoded so far, and those of them that came out of aliases.
    nodes: usize,
    aliased: usize,
}

impl<'a> Composer<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Result<Self, YamlError> {
        if text.len() > MAX_BYTES {
            let message =
                format!("the text has {} bytes, at most {MAX_BYTES} are read", text.len());
            return Err(YamlError { line: 1, column: 1, message });
        }
        Ok(Self {
            parser: Parser::new(text)?,
            dialect,
            anchors: HashMap::new(),
            items: Vec::new(),
            entries: Vec::new(),
            lines: Vec::new(),
            flow: 0,
            nodes: 0,
            aliased: 0,
        })
    }

    /// The next document, `None` at the end of the stream.
    pub(super) fn document(&mut self) -> Result<Option<Document>, YamlError> {
        loop {
            match self.parser.next()? {
                (Event::DocumentStart, _) => break,
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
        self.anchors.clear();
        (self.nodes, self.aliased, self.flow) = (0, 0, 0);
        let (event, mark) = self.parser.next()?;
        let value = self.node(event, mark, 0)?.value;
        // What follows the root must end the document; Go looks that far also when it reads only one.
        self.parser.next()?;
        Ok(Some(Document { value, line: mark.line }))
    }

    fn node(&mut self, event: Event<'a>, mark: Mark, depth: usize) -> Result<Node, YamlError> {
        if depth > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.nodes += 1;
        let number = self.nodes;
        let (anchor, flow, is_map) = match event {
            Event::Alias(name) => return self.alias(name, mark, depth),
            Event::Scalar(text, style, properties) => {
                let value = self.scalar(&text, style, properties.tag.as_deref(), mark)?;
                let node = Node { value, depth: 0 };
                if let Some(name) = properties.anchor {
                    self.anchors.insert(name, Anchor::Open(number));
                    self.keep(name, number, &node);
                }
                return Ok(node);
            }
            Event::SequenceStart { flow, properties } => (properties.anchor, flow, false),
            Event::MappingStart { flow, properties } => (properties.anchor, flow, true),
            _ => return Err(mark.error("did not find expected node content")),
        };
        if let Some(name) = anchor {
            self.anchors.insert(name, Anchor::Open(number));
        }
        self.flow += usize::from(flow);
        let node = if is_map { self.mapping(depth)? } else { self.sequence(depth)? };
        self.flow -= usize::from(flow);
        if let Some(name) = anchor {
            self.keep(name, number, &node);
        }
        Ok(node)
    }

    /// Remembers an anchored node, unless its name was given to another one inside of it.
    fn keep(&mut self, name: &'a str, number: usize, node: &Node) {
        if let Some(anchor @ Anchor::Open(_)) = self.anchors.get_mut(name)
            && matches!(anchor, Anchor::Open(open) if *open == number)
        {
            let nodes = self.nodes - number + 1;
            *anchor =
                Anchor::Done(Anchored { value: node.value.clone(), nodes, depth: node.depth });
        }
    }

    fn alias(&mut self, name: &str, mark: Mark, depth: usize) -> Result<Node, YamlError> {
        let anchored = match self.anchors.get(name) {
            Some(Anchor::Done(anchored)) => anchored,
            Some(Anchor::Open(_)) => {
                return Err(mark.error(format!("anchor '{name}' value contains itself")));
            }
            None => return Err(mark.error(format!("unknown anchor '{name}' referenced"))),
        };
        if depth + anchored.depth > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.nodes += anchored.nodes;
        self.aliased += anchored.nodes;
        if self.aliased > 100
            && self.nodes > 1000
            && self.aliased as f64 / self.nodes as f64 > allowed_alias_ratio(self.nodes)
        {
            return Err(mark.error("document contains excessive aliasing"));
        }
        Ok(Node { value: anchored.value.clone(), depth: anchored.depth })
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, YamlError> {
        let start = self.items.len();
        let mut below = 0;
        loop {
            let (event, mark) = self.parser.next()?;
            if event == Event::SequenceEnd {
                break;
            }
            let node = self.node(event, mark, depth + 1)?;
            below = below.max(node.depth);
            self.items.push(node.value);
        }
        let items = self.items.drain(start..).collect();
        Ok(Node { value: Value::List(items), depth: below + 1 })
    }

    fn mapping(&mut self, depth: usize) -> Result<Node, YamlError> {
        let kyaml = self.dialect == Dialect::Kyaml;
        let (start, first_line) = (self.entries.len(), self.lines.len());
        let mut merged: Option<Entries> = None;
        let mut below = 0;
        loop {
            let (event, mark) = self.parser.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.key(event, mark, depth)?;
            let (event, value_mark) = self.parser.next()?;
            let node = self.node(event, value_mark, depth + 1)?;
            below = below.max(node.depth);
            match key {
                Some(key) => {
                    self.entries.push((key, node.value));
                    if kyaml {
                        self.lines.push(mark);
                    }
                }
                // go-yaml v2 merges where `<<` stands: what comes before it is overridden.
                None if !kyaml => merge_into(&mut self.entries, node.value, value_mark)?,
                None if merged.is_some() => return Err(mark.error("duplicate merge key")),
                None => merge_into(merged.get_or_insert_default(), node.value, value_mark)?,
            }
        }
        if kyaml {
            refuse_duplicates(&self.entries[start..], &self.lines[first_line..])?;
            self.lines.truncate(first_line);
        }
        let entries = self.entries.drain(start..);
        let map = Map::from_entries(match merged {
            None => entries.collect(),
            // What is written comes later, so it wins.
            Some(merged) => merged.into_iter().chain(entries).collect(),
        });
        Ok(Node { value: Value::Map(map), depth: below + 1 })
    }

    /// The text of a key, `None` for the merge key.
    fn key(
        &mut self,
        event: Event<'a>,
        mark: Mark,
        depth: usize,
    ) -> Result<Option<CompactString>, YamlError> {
        if let Event::Scalar(text, style, Properties { anchor: None, tag }) = &event {
            let plain = *style == Style::Plain;
            if &**text == "<<" && is_merge(plain, tag.as_deref()) {
                return Ok(None);
            }
            if tag.is_none() && (!plain || resolve::plain(text, self.dialect) == Scalar::Text) {
                self.nodes += 1;
                return Ok(Some(CompactString::new(text)));
            }
        }
        let refuse = |what: &str| Err(mark.error(format!("{what} cannot be a map key")));
        if let Event::Scalar(text, style, Properties { anchor: None, tag: None }) = &event {
            // Plain, and no text: other readers than Kubernetes' would keep it a number, boolean or null.
            debug_assert_eq!(*style, Style::Plain);
            self.nodes += 1;
            return match (self.dialect, resolve::plain(text, self.dialect)) {
                (Dialect::Kyaml, _) if text.is_empty() => Ok(Some(CompactString::default())),
                (_, Scalar::Null) => refuse("null"),
                // At the root kyaml decodes into a map of strings, which takes the text of any scalar.
                (Dialect::Kyaml, _) if depth == 0 => Ok(Some(text[..].into())),
                (Dialect::Kyaml, _) => refuse(&format!("{text}, which is no text without quotes,")),
                (_, Scalar::UInt(_)) => refuse("a number beyond 64 bits"),
                (_, scalar) => Ok(Some(key_text(text, &scalar))),
            };
        }
        match self.node(event, mark, depth + 1)?.value {
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
        style: Style,
        tag: Option<&str>,
        mark: Mark,
    ) -> Result<Value, YamlError> {
        let Some(tag) = tag else { return self.untagged(text, style, mark) };
        if tag == "!" && self.dialect == Dialect::Kyaml {
            return self.untagged(text, style, mark);
        }
        let Some(short) = tag.strip_prefix("tag:yaml.org,2002:") else {
            return Ok(Value::String(text.into()));
        };
        let scalar = match short {
            "str" => return Ok(Value::String(text.into())),
            "binary" => {
                let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
                return match base64::engine::general_purpose::STANDARD.decode(packed) {
                    Ok(bytes) => Ok(Value::String(String::from_utf8_lossy(&bytes).into())),
                    Err(_) => Err(mark.error("!!binary value contains invalid base64 data")),
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
            return Err(mark.error(message));
        }
        self.value_of(text, scalar, mark)
    }

    fn untagged(&self, text: &str, style: Style, mark: Mark) -> Result<Value, YamlError> {
        let kyaml = self.dialect == Dialect::Kyaml;
        Ok(match style {
            Style::Plain => {
                // kyaml prints its nodes and reads them again before it makes JSON of them. Within brackets go-yaml
                // prints an empty value as `''` and quotes what holds a colon, such as a time.
                if kyaml && self.flow > 0 && (text.is_empty() || text.contains(':')) {
                    return Ok(Value::String(text.into()));
                }
                return self.value_of(text, resolve::plain(text, self.dialect), mark);
            }
            Style::Folded if kyaml => Value::String(refold(text).into()),
            _ => Value::String(text.into()),
        })
    }

    fn value_of(&self, text: &str, scalar: Scalar, mark: Mark) -> Result<Value, YamlError> {
        Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => Value::Bool(truth),
            Scalar::Int(int) => Value::Int(int),
            Scalar::UInt(int) => Value::Float(int as f64),
            Scalar::Float(float) if !float.is_finite() => {
                return Err(mark.error(format!("the number {text} has no form in JSON")));
            }
            Scalar::Float(float) => crate::number::normal(float),
            Scalar::Timestamp if self.dialect == Dialect::Kyaml => match Timestamp::parse(text) {
                Some(time) if !time.has_offset_of_a_day() => Value::String(time.to_rfc3339()),
                Some(_) => {
                    return Err(mark.error(format!("timezone hour of {text} is out of range")));
                }
                None => Value::String(text.into()),
            },
            Scalar::Timestamp | Scalar::Text => Value::String(text.into()),
        })
    }
}

fn too_deep(mark: Mark) -> YamlError {
    mark.error(format!("nested deeper than {MAX_DEPTH} levels"))
}

/// Whether the key `<<` stands for merging: plain without a tag, or with one that says so.
fn is_merge(plain: bool, tag: Option<&str>) -> bool {
    tag.map_or(plain, |tag| matches!(tag, "!" | "tag:yaml.org,2002:merge"))
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
fn merge_into(entries: &mut Entries, value: Value, mark: Mark) -> Result<(), YamlError> {
    let refuse = || Err(mark.error("map merge requires map or sequence of maps as the value"));
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

fn refuse_duplicates(entries: &[(CompactString, Value)], lines: &[Mark]) -> Result<(), YamlError> {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| entries[a].0.cmp(&entries[b].0));
    for pair in order.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        if entries[first].0 == entries[second].0 {
            let key = &entries[second].0;
            let message =
                format!("mapping key {key:?} already defined at line {}", lines[first].line);
            return Err(lines[second].error(message));
        }
    }
    Ok(())
}
