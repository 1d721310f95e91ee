//! From items to trees: commands, pipelines and operands. What has a keyword stands in [`super::control`].

use super::lex::{Item, Kind, Lexer};
use super::tree::{
    Constant, Declared, Id, Many, Node, NodeKind, Pipe, Slot, Source, Span, Unquoted,
};
use super::{number, unquote};
use crate::error::{Error, ErrorKind};
use crate::fmt::quote;
use crate::function::Functions;
use std::collections::HashMap;

/// So deep may actions and parentheses nest. Go allows 10000 parentheses and any number of actions.
const MAX_DEPTH: u32 = 10_000;

/// A template found in a text.
pub(super) struct Found {
    pub(super) root: Id,
    pub(super) slots: u32,
}

/// What is separate for every `define` and `block` within a text.
pub(super) struct Scope<'a> {
    /// Three items of look-ahead, the latest first; errors name the line of the first.
    token: [Item; 3],
    peeked: usize,
    /// The names that are known at this place: Go's check, which sees declarations before their value.
    names: Vec<&'a str>,
    /// The variables as an execution sees them at this place.
    bound: Vec<(&'a str, Slot)>,
    slots: u32,
    /// Where the action began that is being read.
    pub(super) action: Option<u32>,
    pub(super) ranges: u32,
}

impl<'a> Scope<'a> {
    pub(super) fn new() -> Self {
        Self {
            token: Default::default(),
            peeked: 0,
            names: vec!["$"],
            bound: vec![("$", Slot(0))],
            slots: 1,
            action: None,
            ranges: 0,
        }
    }

    pub(super) fn mark(&self) -> (usize, usize) {
        (self.names.len(), self.bound.len())
    }

    pub(super) fn release(&mut self, (names, bound): (usize, usize)) {
        self.names.truncate(names);
        self.bound.truncate(bound);
    }

    pub(super) const fn slots(&self) -> u32 {
        self.slots
    }

    fn bind(&mut self, name: &'a str) -> Slot {
        // Slots are not used again by later scopes: a frame is small, and nothing old shows through.
        let slot = Slot(self.slots);
        self.slots += 1;
        self.bound.push((name, slot));
        slot
    }

    fn slot(&self, name: &str) -> Slot {
        let bound = self.bound.iter().rev().find(|(n, _)| *n == name);
        bound.map_or(Slot::NONE, |(_, slot)| *slot)
    }
}

pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) source: Source,
    text: &'a str,
    pub(super) functions: &'a Functions,
    pub(super) scope: Scope<'a>,
    pub(super) found: HashMap<Box<str>, Found>,
    pub(super) order: Vec<Box<str>>,
    /// How deep actions and parentheses nest at this place.
    depth: u32,
    /// Children whose parents are not complete.
    pending: Vec<Id>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        lexer: Lexer<'a>,
        source: Source,
        text: &'a str,
        functions: &'a Functions,
    ) -> Self {
        Self {
            lexer,
            source,
            text,
            functions,
            scope: Scope::new(),
            found: HashMap::new(),
            order: Vec::new(),
            depth: 0,
            pending: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Item {
        if self.scope.peeked > 0 {
            self.scope.peeked -= 1;
        } else {
            self.scope.token[0] = self.lexer.next_item();
        }
        self.scope.token[self.scope.peeked]
    }

    pub(super) fn backup(&mut self) {
        self.scope.peeked += 1;
    }

    pub(super) fn backup2(&mut self, first: Item) {
        self.scope.token[1] = first;
        self.scope.peeked = 2;
    }

    fn backup3(&mut self, second: Item, first: Item) {
        self.scope.token[1] = first;
        self.scope.token[2] = second;
        self.scope.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Item {
        if self.scope.peeked == 0 {
            self.scope.peeked = 1;
            self.scope.token[0] = self.lexer.next_item();
        }
        self.scope.token[self.scope.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.kind != Kind::Space {
                return item;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Item {
        let item = self.next_non_space();
        self.backup();
        item
    }

    pub(super) fn text_of(&self, item: Item) -> &'a str {
        &self.text[item.start as usize..item.end as usize]
    }

    /// The length of what is pending, for [`Parser::take`].
    pub(super) fn mark(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn push(&mut self, id: Id) {
        self.pending.push(id);
    }

    /// What became pending since the mark, as children of one node.
    pub(super) fn take(&mut self, mark: usize) -> Many {
        let start = small(self.source.links.len());
        let count = small(self.pending.len() - mark);
        self.source.links.extend_from_slice(&self.pending[mark..]);
        self.pending.truncate(mark);
        Many { start, count }
    }

    pub(super) fn error(&self, message: impl AsRef<str>) -> Error {
        let (name, line) = (&self.source.parse_name, self.source.line(self.scope.token[0].start));
        Error::new(ErrorKind::Parse, format!("template: {name}:{line}: {}", message.as_ref()))
    }

    pub(super) fn unexpected(&self, item: Item, context: &str) -> Error {
        if item.kind == Kind::Error {
            let mut message = self.lexer.error.clone();
            let started = self.scope.action.map(|at| self.source.line(at));
            if let Some(started) = started.filter(|s| *s != self.source.line(item.start)) {
                if !message.ends_with(" action") {
                    message += " in action";
                }
                message += &format!(" started at {}:{started}", self.source.parse_name);
            }
            return self.error(message);
        }
        self.error(format!("unexpected {} in {context}", self.show(item)))
    }

    fn show(&self, item: Item) -> String {
        let text = self.text_of(item);
        match item.kind {
            Kind::Eof => "EOF".into(),
            kind if kind >= Kind::Block => format!("<{text}>"),
            _ if text.len() > 10 => {
                let end = text.char_indices().nth(10).map_or(text.len(), |(at, _)| at);
                format!("{}...", quote(&text[..end]))
            }
            _ => quote(text),
        }
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Result<Item, Error> {
        let item = self.next_non_space();
        if item.kind == kind { Ok(item) } else { Err(self.unexpected(item, context)) }
    }

    pub(super) fn add(&mut self, pos: u32, kind: NodeKind) -> Id {
        let id = Id(small(self.source.nodes.len()));
        self.source.nodes.push(Node { pos, kind });
        id
    }

    /// Counts one more level of nesting around `f`.
    pub(super) fn nested<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error("max expression depth exceeded"));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(crate::exec::RED_ZONE, crate::exec::STACK, || f(self));
        self.depth -= 1;
        result
    }

    /// `declarations? command ('|' command)*` up to `end`, which is consumed.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Id, Error> {
        let pos = self.peek_non_space().start;
        let (names, assigns) = self.declarations(context)?;
        let mark = self.mark();
        loop {
            let item = self.next_non_space();
            match item.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    self.push(command);
                }
                _ => return Err(self.unexpected(item, context)),
            }
        }
        let commands = self.take(mark);
        self.check_commands(commands, context)?;
        let declared = self.declare(&names, assigns);
        Ok(self.add(pos, NodeKind::Pipe(Pipe { declared, assigns, commands })))
    }

    fn check_commands(&self, commands: Many, context: &str) -> Result<(), Error> {
        if commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (i, command) in self.source.links(commands).iter().enumerate().skip(1) {
            if let NodeKind::Command(args) = self.source.node(*command).kind
                && self.is_literal(self.source.links(args)[0])
            {
                let stage = i + 1;
                return Err(self.error(format!("non executable command in pipeline stage {stage}")));
            }
        }
        Ok(())
    }

    /// The variables of a pipeline, which exist from its end on.
    fn declare(&mut self, names: &[Option<Item>; 2], assigns: bool) -> Many {
        let start = small(self.source.declared.len());
        for item in names.iter().flatten() {
            let name = self.text_of(*item);
            let slot = if assigns { self.scope.slot(name) } else { self.scope.bind(name) };
            self.source.declared.push(Declared { name: span(*item), slot });
        }
        Many { start, count: small(self.source.declared.len()) - start }
    }

    fn declarations(&mut self, context: &str) -> Result<([Option<Item>; 2], bool), Error> {
        let mut declared = [None, None];
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok((declared, false));
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            let comma = next.kind == Kind::Char && self.text_of(next) == ",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) || comma {
                self.next_non_space();
                self.scope.names.push(self.text_of(variable));
                let second = declared[0].is_some();
                declared[usize::from(second)] = Some(variable);
                if !comma {
                    return Ok((declared, next.kind == Kind::Assign));
                }
                if context == "range" && !second {
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => continue,
                        _ => return Err(self.error("range can only initialize variables")),
                    }
                }
                return Err(self.error(format!("too many declarations in {context}")));
            }
            if after.kind == Kind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok((declared, false));
        }
    }

    /// Whether it can stand only at the beginning of a pipeline, and has no fields.
    fn is_literal(&self, id: Id) -> bool {
        matches!(
            self.source.node(id).kind,
            NodeKind::Bool(_)
                | NodeKind::Nil
                | NodeKind::Number(_)
                | NodeKind::String { .. }
                | NodeKind::Dot
        )
    }

    /// `operand (space operand)*`; a pipe after it is consumed, a delimiter is not.
    fn command(&mut self) -> Result<Id, Error> {
        let pos = self.peek_non_space().start;
        let mark = self.mark();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.push(operand);
            }
            let item = self.next();
            match item.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.backup();
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(item, "operand")),
            }
        }
        let args = self.take(mark);
        if args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(self.add(pos, NodeKind::Command(args)))
    }

    /// `term .Field*`, or nothing when no term stands here.
    fn operand(&mut self) -> Result<Option<Id>, Error> {
        let Some(id) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(id));
        }
        let pos = self.peek().start;
        let start = small(self.source.fields.len());
        while self.peek().kind == Kind::Field {
            let item = self.next();
            self.source.fields.push(name_of_field(item));
        }
        let more = small(self.source.fields.len()) - start;
        if self.is_literal(id) {
            let term = super::print::print(&self.source, id, false);
            return Err(self.error(format!("unexpected . after term {}", quote(&term))));
        }
        // More fields are put on a field or variable, whose place becomes that of the first of them, as in Go. Those
        // it has were the last ones in the table.
        let node = &mut self.source.nodes[id.0 as usize];
        match &mut node.kind {
            NodeKind::Field(fields) => fields.count += more,
            NodeKind::Variable { fields, .. } => *fields = Many { start, count: more },
            _ => {
                let fields = Many { start, count: more };
                return Ok(Some(self.add(pos, NodeKind::Chain { node: id, fields })));
            }
        }
        node.pos = pos;
        Ok(Some(id))
    }

    fn term(&mut self) -> Result<Option<Id>, Error> {
        let item = self.next_non_space();
        let pos = item.start;
        let kind = match item.kind {
            Kind::Identifier => {
                let name = self.text_of(item);
                let Some(function) = self.functions.index(name) else {
                    return Err(self.error(format!("function {} not defined", quote(name))));
                };
                NodeKind::Identifier { name: span(item), function: small(function) }
            }
            Kind::Dot => NodeKind::Dot,
            Kind::Nil => NodeKind::Nil,
            Kind::Variable => {
                let name = self.text_of(item);
                if !self.scope.names.contains(&name) {
                    return Err(self.error(format!("undefined variable {}", quote(name))));
                }
                let slot = self.scope.slot(name);
                NodeKind::Variable { name: span(item), slot, fields: Many { start: 0, count: 0 } }
            }
            Kind::Field => {
                let start = small(self.source.fields.len());
                self.source.fields.push(name_of_field(item));
                NodeKind::Field(Many { start, count: 1 })
            }
            Kind::Bool => NodeKind::Bool(self.text_of(item) == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = self.number(item).map_err(|e| self.error(e))?;
                NodeKind::Number(Box::new(number))
            }
            Kind::LeftParen => {
                let inside =
                    self.nested(|p| p.pipeline("parenthesized pipeline", Kind::RightParen))?;
                return Ok(Some(inside));
            }
            Kind::String | Kind::RawString => {
                NodeKind::String { quoted: span(item), constant: self.constant(item)? }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.add(pos, kind)))
    }

    fn constant(&self, item: Item) -> Result<Constant, Error> {
        if memchr::memchr2(b'\\', b'\r', self.text_of(item).as_bytes()).is_none() {
            return Ok(Constant::Plain);
        }
        let unquoted = match String::from_utf8(self.unquoted(item)?) {
            Ok(text) => Unquoted::Text(text.into()),
            Err(raw) => Unquoted::Raw(raw.into_bytes().into()),
        };
        Ok(Constant::Escaped(Box::new(unquoted)))
    }

    fn number(&self, item: Item) -> Result<number::Number, String> {
        let text = self.text_of(item);
        match item.kind {
            Kind::CharConstant => match unquote::character(text) {
                Some((code, "'")) => Ok(number::character(text, code)),
                Some(_) => Err(format!("malformed character constant: {text}")),
                None => Err("invalid syntax".into()),
            },
            Kind::Complex => number::complex(text),
            _ => number::simple(text),
        }
    }

    pub(super) fn unquoted(&self, item: Item) -> Result<Vec<u8>, Error> {
        unquote::unquote(self.text_of(item)).ok_or_else(|| self.error("invalid syntax"))
    }
}

fn span(item: Item) -> Span {
    Span { start: item.start, end: item.end }
}

/// Without its point.
fn name_of_field(item: Item) -> Span {
    Span { start: item.start + 1, end: item.end }
}

/// Places and numbers of nodes fit 32 bits: longer texts are refused before.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
