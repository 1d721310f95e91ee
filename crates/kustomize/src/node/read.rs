//! Nodes out of text: documents as kyaml splits them, anchors and merge keys resolved, within limits.

use super::{List, Map, Node, Scalar, Style, Tag, value};
use compact_str::CompactString;
use object::YamlError;
use object::events::{self, Event, Mark, Parser, Properties};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

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
        let read = Reader::new(part, aliased).and_then(Reader::document).map_err(shift)?;
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
    let (document, _) = Reader::new(text, 0).and_then(Reader::document).ok()??;
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
    parser: Parser<'a>,
    /// `None` while the anchored value is being read.
    anchors: HashMap<&'a str, Option<Anchored>>,
    nodes: usize,
    aliased: usize,
}

fn fail(mark: Mark, message: impl Into<String>) -> ReadError {
    ReadError { line: mark.line, message: message.into() }
}

impl From<YamlError> for ReadError {
    fn from(error: YamlError) -> Self {
        Self { line: error.line, message: error.message }
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, aliased: usize) -> Result<Self, ReadError> {
        Ok(Self { parser: Parser::new(text)?, anchors: HashMap::new(), nodes: 0, aliased })
    }

    /// The first document and how many nodes came out of aliases so far.
    fn document(mut self) -> Result<Option<(Document, usize)>, ReadError> {
        loop {
            match self.parser.next()? {
                (Event::DocumentStart, _) => break,
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
        let (event, mark) = self.parser.next()?;
        let node = self.node(event, mark, 0)?.0;
        // Go looks as far as the end of the document.
        self.parser.next()?;
        Ok(Some((Document { node, line: mark.line }, self.aliased)))
    }

    /// A node and how deep it reaches.
    fn node(
        &mut self,
        event: Event<'a>,
        mark: Mark,
        depth: usize,
    ) -> Result<(Node, usize), ReadError> {
        if depth > MAX_DEPTH {
            return Err(fail(mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += 1;
        let before = self.nodes;
        let (properties, flow, is_map) = match event {
            Event::Alias(name) => return self.alias(name, mark, depth),
            Event::Scalar(text, style, properties) => {
                let node = Node::Scalar(scalar(&text, style, properties.tag.as_deref()));
                if let Some(name) = properties.anchor {
                    let anchored = Anchored { node: node.clone(), nodes: 1, depth: 0 };
                    self.anchors.insert(name, Some(anchored));
                }
                return Ok((node, 0));
            }
            Event::SequenceStart { flow, properties } => (properties, flow, false),
            Event::MappingStart { flow, properties } => (properties, flow, true),
            _ => return Err(fail(mark, "did not find expected node content")),
        };
        let Properties { anchor, .. } = properties;
        if let Some(name) = anchor {
            self.anchors.insert(name, None);
        }
        let (node, reach) =
            if is_map { self.mapping(flow, depth)? } else { self.list(flow, depth)? };
        if let Some(name) = anchor {
            let nodes = self.nodes - before + 1;
            self.anchors.insert(name, Some(Anchored { node: node.clone(), nodes, depth: reach }));
        }
        Ok((node, reach))
    }

    fn alias(&mut self, name: &str, mark: Mark, depth: usize) -> Result<(Node, usize), ReadError> {
        let anchored = match self.anchors.get(name) {
            Some(Some(anchored)) => anchored,
            Some(None) => {
                return Err(fail(
                    mark,
                    format!("the value of the anchor '{name}' contains itself"),
                ));
            }
            None => return Err(fail(mark, format!("unknown anchor '{name}' referenced"))),
        };
        if depth + anchored.depth > MAX_DEPTH {
            return Err(fail(mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += anchored.nodes;
        self.aliased += anchored.nodes;
        if self.aliased > MAX_ALIASED {
            let message = format!("more than {MAX_ALIASED} values come out of aliases");
            return Err(fail(mark, message));
        }
        Ok((anchored.node.clone(), anchored.depth))
    }

    fn list(&mut self, flow: bool, depth: usize) -> Result<(Node, usize), ReadError> {
        let (mut items, mut reach) = (Vec::new(), 0);
        loop {
            let (event, mark) = self.parser.next()?;
            if event == Event::SequenceEnd {
                break;
            }
            let (node, below) = self.node(event, mark, depth + 1)?;
            reach = reach.max(below);
            items.push(node);
        }
        Ok((Node::List(List { items, flow }), reach + 1))
    }

    fn mapping(&mut self, flow: bool, depth: usize) -> Result<(Node, usize), ReadError> {
        let mut map = Map { entries: Vec::new(), flow };
        let (mut merged, mut reach) = (None, 0);
        loop {
            let (event, mark) = self.parser.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let merges = match &event {
                Event::Scalar(text, events::Style::Plain, p) => text == "<<" && p.tag.is_none(),
                _ => false,
            };
            let (key, _) = self.node(event, mark, depth + 1)?;
            let (event, value_mark) = self.parser.next()?;
            let (node, below) = self.node(event, value_mark, depth + 1)?;
            reach = reach.max(below);
            if merges {
                if merged.is_some() {
                    return Err(fail(mark, "duplicate merge key"));
                }
                merged = Some(merge_sources(node, value_mark)?);
                continue;
            }
            let Node::Scalar(key) = key else {
                return Err(fail(mark, format!("{} cannot be a map key", key.kind().name())));
            };
            map.entries.push((key, node));
        }
        if let Some(sources) = merged {
            add_merged(&mut map, sources);
        }
        Ok((Node::Map(map), reach + 1))
    }
}

/// The maps `<<` brings, those that win last.
fn merge_sources(node: Node, mark: Mark) -> Result<Vec<Map>, ReadError> {
    let refuse = || fail(mark, "map merge requires map or sequence of maps as the value");
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
    let own: HashSet<CompactString> = map.entries.iter().map(|(k, _)| k.text.clone()).collect();
    let mut added: HashMap<CompactString, usize> = HashMap::new();
    for source in sources {
        for (key, node) in source.entries {
            if own.contains(&key.text) {
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

fn scalar(text: &str, style: events::Style, tag: Option<&str>) -> Scalar {
    let style = match style {
        events::Style::Plain => Style::Plain,
        events::Style::SingleQuoted => Style::Single,
        events::Style::DoubleQuoted => Style::Double,
        events::Style::Literal => Style::Literal,
        events::Style::Folded => Style::Folded,
    };
    let tagged = tag.is_some();
    let tag = match tag.map(|t| t.strip_prefix("tag:yaml.org,2002:").unwrap_or_default()) {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some(_) => Tag::Str,
        None if style != Style::Plain => Tag::Str,
        None => value::tag_of(text),
    };
    Scalar { style, tagged, ..Scalar::new(text, tag) }
}
