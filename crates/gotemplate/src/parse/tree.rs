//! Parse trees: all nodes of one text in one flat arena, so that a tree is compact, is dropped without recursion
//! however deep it is, and can be used by many threads.

use super::number::Number;
use crate::value::Value;
use std::ops::Range;
use std::sync::Arc;

/// A node, by its place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(super) u32);

/// A node and where it begins in the text.
pub(crate) struct Node {
    pub(crate) pos: u32,
    pub(crate) kind: NodeKind,
}

/// A variable of an execution's frame, resolved while parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u32);

pub(crate) enum NodeKind {
    /// Nodes one after the other.
    List(Box<[Id]>),
    /// Text to be copied.
    Text(Range<u32>),
    /// `{{pipeline}}`.
    Action(Id),
    /// Commands, and the variables they set.
    Pipe(Pipe),
    /// The function or value first, arguments after it.
    Command(Box<[Id]>),
    /// `.a.b`.
    Field(Box<[Box<str>]>),
    /// `$x.a.b`; no slot when the variable exists only later (`{{$x := $x}}`).
    Variable { name: Box<str>, slot: Option<Slot>, fields: Box<[Box<str>]> },
    /// `(pipeline).a.b`.
    Chain { node: Id, fields: Box<[Box<str>]> },
    /// A function, by its index.
    Identifier { name: Box<str>, function: usize },
    /// `.`.
    Dot,
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// A number in all the types it may have.
    Number(Box<Number>),
    /// A string as it was written, and its meaning.
    String { quoted: Range<u32>, text: Constant },
    /// `{{if}}`.
    If(Branch),
    /// `{{with}}`.
    With(Branch),
    /// `{{range}}`.
    Range(Branch),
    /// `{{template "name" pipeline}}`.
    Template { name: Box<str>, pipe: Option<Id> },
    /// `{{break}}`.
    Break,
    /// `{{continue}}`.
    Continue,
}

/// A string constant.
pub(crate) enum Constant {
    Text(Box<str>),
    Raw(Box<[u8]>),
}

impl Constant {
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Text(s) => Value::from(&**s),
            Self::Raw(b) => Value::Raw((&**b).into()),
        }
    }
}

pub(crate) struct Pipe {
    /// Names and slots of declared or assigned variables.
    pub(crate) declared: Box<[(Box<str>, Option<Slot>)]>,
    /// `=` rather than `:=`.
    pub(crate) assigns: bool,
    pub(crate) commands: Box<[Id]>,
}

pub(crate) struct Branch {
    pub(crate) pipe: Id,
    pub(crate) list: Id,
    pub(crate) otherwise: Option<Id>,
}

/// The text of one parse, and the nodes of all templates in it.
pub(crate) struct Source {
    pub(crate) parse_name: Box<str>,
    pub(crate) text: Box<str>,
    pub(crate) nodes: Vec<Node>,
}

impl Source {
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn slice(&self, range: &Range<u32>) -> &str {
        &self.text[range.start as usize..range.end as usize]
    }

    /// `name:line:column` of a node, as errors tell it.
    pub(crate) fn location(&self, id: Id) -> String {
        let before = &self.text[..self.node(id).pos as usize];
        let column = before.rfind('\n').map_or(before.len(), |at| before.len() - at - 1);
        let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
        format!("{}:{line}:{column}", self.parse_name)
    }

    /// Whether there is nothing but blanks.
    pub(super) fn is_empty(&self, id: Id) -> bool {
        match &self.node(id).kind {
            NodeKind::List(nodes) => nodes.iter().all(|n| self.is_empty(*n)),
            NodeKind::Text(range) => self.slice(range).trim().is_empty(),
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
