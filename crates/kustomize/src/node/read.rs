//! Nodes out of text: documents as kyaml splits them, anchors and merge keys resolved, within limits.

use super::{List, Map, Node, Scalar, Style, Tag, value};
use compact_str::CompactString;
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle};
use std::borrow::Cow;
use std::collections::HashMap;

/// How deep maps and lists may nest: everything that walks a node is recursive.
pub(crate) const MAX_DEPTH: usize = object::MAX_DEPTH;

/// How many nodes may come out of aliases in one text.
const MAX_ALIASED: usize = 500_000;

/// One document of a stream.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) node: Node,
    /// Line where its content starts, counted from 1.
    pub(crate) line: usize,
}

/// Why a text does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// The documents of a resource file: split at lines that begin with `---`, empty ones dropped.
pub(crate) fn resources(text: &str) -> Result<Vec<Document>, ReadError> {
    if text.len() > object::MAX_BYTES {
        let message = format!("the text has {} bytes, more than {}", text.len(), object::MAX_BYTES);
        return Err(ReadError { line: 1, message });
    }
    let text: Cow<'_, str> =
        if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() };
    let mut documents = Vec::new();
    let mut aliased = 0;
    for (first_line, part) in split(&text)? {
        let shift = |mut error: ReadError| {
            error.line += first_line - 1;
            error
        };
        let read = Reader::new(part, aliased).document().map_err(shift)?;
        let Some((mut document, used)) = read else { continue };
        aliased = used;
        if !document.node.is_null() {
            document.line += first_line - 1;
            documents.push(document);
        }
    }
    Ok(documents)
}

/// The first document of a text that is held in a string; `None` when it is empty or no YAML.
pub(crate) fn embedded(text: &str) -> Option<Node> {
    let (document, _) = Reader::new(text, 0).document().ok()??;
    Some(document.node)
}

/// The parts between lines that begin with `---`, with the line each starts at. Of two such lines in a row
/// the second begins a document, as in kyaml (whose separator starts with the line break before it).
fn split(text: &str) -> Result<Vec<(usize, &str)>, ReadError> {
    let mut parts = Vec::new();
    let (mut start, mut line) = (0, 1);
    while let Some(at) = text[start..].find("\n---").map(|offset| start + offset) {
        let Some(length) = text[at + 4..].find('\n') else { break };
        let (next, behind) = (at + 5 + length, text[at + 4..at + 4 + length].trim());
        let part = &text[start..=at];
        let next_line = line + part.matches('\n').count() + 1;
        if !behind.is_empty() && !behind.starts_with('#') {
            let message =
                format!("'---{behind}' is no document separator; give --- a line of its own");
            return Err(ReadError { line: next_line - 1, message });
        }
        parts.push((line, part));
        (start, line) = (next, next_line);
    }
    parts.push((line, &text[start..]));
    Ok(parts)
}

struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    aliased: usize,
}

fn fail(span: Span, message: impl Into<String>) -> ReadError {
    ReadError { line: span.start.line(), message: message.into() }
}

fn scan(error: &ScanError) -> ReadError {
    ReadError { line: error.marker().line(), message: error.info() }
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, aliased: usize) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options = granit_parser::options! {
            emit_comments: false,
            block_nesting_limit: MAX_DEPTH + 1,
            flow_nesting_limit: MAX_DEPTH + 1,
        };
        let parser = Parser::new_from_str_with_options(text, options);
        Self { parser, anchors: HashMap::new(), nodes: 0, aliased }
    }

    /// The first document and how many nodes came out of aliases so far.
    fn document(mut self) -> Result<Option<(Document, usize)>, ReadError> {
        loop {
            let Some(next) = self.parser.next_event() else { return Ok(None) };
            match next.map_err(|e| scan(&e))? {
                (Event::DocumentStart(..), _) => break,
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
        let (event, span) = self.event()?;
        let line = span.start.line();
        let node = self.node(event, span, 0)?.0;
        // What follows the first document is read too, so that an error there is not overlooked.
        Ok(Some((Document { node, line }, self.aliased)))
    }

    fn event(&mut self) -> Result<(Event<'a>, Span), ReadError> {
        match self.parser.next_event() {
            Some(next) => next.map_err(|e| scan(&e)),
            None => Err(ReadError { line: 0, message: "unexpected end".into() }),
        }
    }

    /// A node and how deep it reaches.
    fn node(
        &mut self,
        event: Event<'a>,
        span: Span,
        depth: usize,
    ) -> Result<(Node, usize), ReadError> {
        if depth > MAX_DEPTH {
            return Err(fail(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += 1;
        let before = self.nodes;
        let (anchor, (node, reach)) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, (Node::Scalar(scalar(&text, style, tag.as_deref())), 0))
            }
            Event::SequenceStart(style, anchor, _) => (anchor, self.list(style, depth)?),
            Event::MappingStart(style, anchor, _) => (anchor, self.mapping(style, span, depth)?),
            other => return Err(fail(span, format!("unexpected {other:?}"))),
        };
        if anchor > 0 {
            let nodes = self.nodes - before + 1;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth: reach });
        }
        Ok((node, reach))
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<(Node, usize), ReadError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(fail(span, "the value of an anchor contains itself"));
        };
        if depth + anchored.depth > MAX_DEPTH {
            return Err(fail(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += anchored.nodes;
        self.aliased += anchored.nodes;
        if self.aliased > MAX_ALIASED {
            let message = format!("more than {MAX_ALIASED} values come out of aliases");
            return Err(fail(span, message));
        }
        Ok((anchored.node.clone(), anchored.depth))
    }

    fn list(&mut self, style: StructureStyle, depth: usize) -> Result<(Node, usize), ReadError> {
        let (mut items, mut reach) = (Vec::new(), 0);
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                break;
            }
            let (node, below) = self.node(event, span, depth + 1)?;
            reach = reach.max(below);
            items.push(node);
        }
        Ok((Node::List(List { items, flow: style == StructureStyle::Flow }), reach + 1))
    }

    fn mapping(
        &mut self,
        style: StructureStyle,
        start: Span,
        depth: usize,
    ) -> Result<(Node, usize), ReadError> {
        let mut map = Map { entries: Vec::new(), flow: style == StructureStyle::Flow };
        let (mut merged, mut reach) = (None, 0);
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                break;
            }
            let merges =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let (key, _) = self.node(event, span, depth + 1)?;
            let (event, value_span) = self.event()?;
            let (node, below) = self.node(event, value_span, depth + 1)?;
            reach = reach.max(below);
            if merges {
                if merged.is_some() {
                    return Err(fail(span, "duplicate merge key"));
                }
                merged = Some(merge_sources(node, value_span)?);
                continue;
            }
            let Node::Scalar(key) = key else {
                return Err(fail(span, format!("{} cannot be a map key", key.kind().name())));
            };
            map.entries.push((key, node));
        }
        if let Some(sources) = merged {
            add_merged(&mut map, sources);
            if map.entries.len() > MAX_ALIASED {
                return Err(fail(start, "the merge keys bring too many entries"));
            }
        }
        Ok((Node::Map(map), reach + 1))
    }
}

/// The maps `<<` brings, those that win last.
fn merge_sources(node: Node, span: Span) -> Result<Vec<Map>, ReadError> {
    let refuse = || fail(span, "map merge requires map or sequence of maps as the value");
    match node {
        Node::Map(map) => Ok(vec![map]),
        Node::List(list) => list
            .items
            .into_iter()
            .rev()
            .map(|item| match item {
                Node::Map(map) => Ok(map),
                _ => Err(refuse()),
            })
            .collect(),
        Node::Scalar(_) => Err(refuse()),
    }
}

/// Adds what the sources bring and the map does not say itself.
fn add_merged(map: &mut Map, sources: Vec<Map>) {
    let own = map.entries.len();
    let mut added: HashMap<CompactString, usize> = HashMap::new();
    for source in sources {
        for (key, node) in source.entries {
            if map.entries[..own].iter().any(|(k, _)| k.text == key.text) {
                continue;
            }
            match added.get(&key.text) {
                Some(&at) => map.entries[at].1 = node,
                None => {
                    added.insert(key.text.clone(), map.entries.len());
                    map.entries.push((key, node));
                }
            }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&granit_parser::Tag>) -> Scalar {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    };
    let tagged = tag.is_some();
    let tag = match tag.and_then(|t| t.core_suffix()) {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some(_) => Tag::Str,
        None if tag.is_some() || style != Style::Plain => Tag::Str,
        None => value::tag_of(text),
    };
    Scalar { text: text.into(), tag, style, tagged }
}
