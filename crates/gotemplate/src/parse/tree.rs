//! Parse trees: all nodes of one text in flat tables, so that a tree is compact, is dropped without recursion however
//! deep it is, and can be used by many threads. Names are places in the text, not copies of it.

use super::number::Number;
use crate::value::Value;
use std::sync::Arc;

/// A node, by its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(super) u32);

/// A part of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Entries of one of the tables that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Many {
    pub(super) start: u32,
    pub(super) count: u32,
}

impl Many {
    pub(crate) const fn is_empty(self) -> bool {
        self.count == 0
    }

    fn of<T>(self, table: &[T]) -> &[T] {
        &table[self.start as usize..(self.start + self.count) as usize]
    }
}

/// A node and where it begins in the text.
pub(crate) struct Node {
    pub(crate) pos: u32,
    pub(crate) kind: NodeKind,
}

/// A variable of an execution's frame, resolved while parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// The variable exists only later: `{{$x := $x}}`.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

pub(crate) enum NodeKind {
    /// Nodes one after the other.
    List(Many),
    /// Text to be copied.
    Text(Span),
    /// `{{pipeline}}`.
    Action(Id),
    /// Commands, and the variables they set.
    Pipe(Pipe),
    /// The function or value first, arguments after it.
    Command(Many),
    /// `.a.b`.
    Field(Many),
    /// `$x.a.b`.
    Variable { name: Span, slot: Slot, fields: Many },
    /// `(pipeline).a.b`.
    Chain { node: Id, fields: Many },
    /// A function, by its index.
    Identifier { name: Span, function: u32 },
    /// `.`.
    Dot,
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// A number in all the types it may have.
    Number(Box<Number>),
    /// A string as it was written, and its meaning.
    String { quoted: Span, constant: Constant },
    /// `{{if}}`.
    If(Branch),
    /// `{{with}}`.
    With(Branch),
    /// `{{range}}`.
    Range(Branch),
    /// `{{template "name" pipeline}}`, the name by its place in its table.
    Template { name: u32, pipe: Option<Id> },
    /// `{{break}}`.
    Break,
    /// `{{continue}}`.
    Continue,
}

/// What a string constant means.
pub(crate) enum Constant {
    /// What stands between the quotes.
    Plain,
    /// Something else.
    Escaped(Box<Unquoted>),
}

pub(crate) enum Unquoted {
    Text(Box<str>),
    Raw(Box<[u8]>),
}

#[derive(Clone, Copy)]
pub(crate) struct Pipe {
    /// Variables that are declared or assigned.
    pub(crate) declared: Many,
    /// `=` rather than `:=`.
    pub(crate) assigns: bool,
    pub(crate) commands: Many,
}

/// A variable that a pipeline sets.
#[derive(Clone, Copy)]
pub(crate) struct Declared {
    pub(crate) name: Span,
    pub(crate) slot: Slot,
}

#[derive(Clone, Copy)]
pub(crate) struct Branch {
    pub(crate) pipe: Id,
    pub(crate) list: Id,
    pub(crate) otherwise: Option<Id>,
}

/// The text of one parse, and the nodes of all templates in it.
pub(crate) struct Source {
    pub(crate) parse_name: Box<str>,
    pub(crate) text: Box<str>,
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Id>,
    pub(super) fields: Vec<Span>,
    pub(super) declared: Vec<Declared>,
    pub(super) templates: Vec<Box<str>>,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        // An action makes some four nodes, and few texts have one in less than thirty bytes.
        let guess = text.len().min(1 << 16) / 12;
        Self {
            parse_name: name.into(),
            text: text.into(),
            nodes: Vec::with_capacity(guess),
            links: Vec::with_capacity(guess),
            fields: Vec::with_capacity(guess / 4),
            declared: Vec::new(),
            templates: Vec::new(),
        }
    }

    /// Gives back what was reserved and not needed.
    pub(super) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.links.shrink_to_fit();
        self.fields.shrink_to_fit();
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn slice(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The children of a list or command.
    pub(crate) fn links(&self, many: Many) -> &[Id] {
        many.of(&self.links)
    }

    /// The names of fields.
    pub(crate) fn fields(&self, many: Many) -> &[Span] {
        many.of(&self.fields)
    }

    pub(crate) fn declared(&self, many: Many) -> &[Declared] {
        many.of(&self.declared)
    }

    pub(crate) fn template_name(&self, index: u32) -> &str {
        &self.templates[index as usize]
    }

    pub(crate) fn constant(&self, quoted: Span, constant: &Constant) -> Value {
        match constant {
            Constant::Plain => {
                Value::from(self.slice(Span { start: quoted.start + 1, end: quoted.end - 1 }))
            }
            Constant::Escaped(unquoted) => match &**unquoted {
                Unquoted::Text(s) => Value::from(&**s),
                Unquoted::Raw(b) => Value::Raw((&**b).into()),
            },
        }
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: u32) -> usize {
        let before = &self.text.as_bytes()[..(at as usize).min(self.text.len())];
        1 + memchr::memchr_iter(b'\n', before).count()
    }

    /// `name:line:column` of a node, as errors tell it.
    pub(crate) fn location(&self, id: Id) -> String {
        let at = self.node(id).pos;
        let before = &self.text.as_bytes()[..at as usize];
        let column = memchr::memrchr(b'\n', before).map_or(before.len(), |n| before.len() - n - 1);
        format!("{}:{}:{column}", self.parse_name, self.line(at))
    }

    /// Whether there is nothing but blanks.
    pub(super) fn is_empty(&self, id: Id) -> bool {
        match &self.node(id).kind {
            NodeKind::List(nodes) => self.links(*nodes).iter().all(|n| self.is_empty(*n)),
            NodeKind::Text(span) => self.slice(*span).trim().is_empty(),
            _ => false,
        }
    }
}

/// A template: a root in a [`Source`].
pub(crate) struct Template {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<Source>,
    pub(crate) root: Id,
    /// How many slots an execution needs; `$` is the first.
    pub(crate) slots: u32,
    pub(super) empty: bool,
}

impl Template {
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// The canonical re-print of the tree.
    pub(crate) fn print(&self, quoted: bool) -> String {
        super::print::print(&self.source, self.root, quoted)
    }
}
