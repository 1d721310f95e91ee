//! Texts, actions and what begins with a keyword.

use super::lex::{Item, Kind};
use super::parser::{Found, Parser, Scope, small};
use super::tree::{Branch, Id, NodeKind, Span};
use crate::error::Error;
use crate::fmt::quote;

/// What was read at one place.
enum Piece {
    Node(Id),
    End,
    Else,
}

impl Piece {
    const fn text(&self) -> &'static str {
        match self {
            Self::Node(_) => "",
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

impl Parser<'_> {
    /// A whole text, into [`Parser::found`].
    pub(super) fn whole(&mut self, name: &str) -> Result<(), Error> {
        let pos = self.peek().start;
        let mark = self.mark();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delimiter = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Piece::Node(node) => self.push(node),
                piece => return Err(self.error(format!("unexpected {}", piece.text()))),
            }
        }
        let nodes = self.take(mark);
        let root = self.add(pos, NodeKind::List(nodes));
        self.install(name.into(), root)
    }

    /// Runs `f` with a scope of its own (`define` and `block` see no variables from outside).
    fn apart<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let result = self.nested(f)?;
        self.scope = outer;
        Ok(result)
    }

    fn definition(&mut self) -> Result<(), Error> {
        const CONTEXT: &str = "define clause";
        self.apart(|p| {
            let item = p.next_non_space();
            if !matches!(item.kind, Kind::String | Kind::RawString) {
                return Err(p.unexpected(item, CONTEXT));
            }
            let name = p.template_name(item, CONTEXT)?;
            p.expect(Kind::RightDelim, CONTEXT)?;
            p.body(name, CONTEXT)
        })
    }

    /// Nodes up to an `end`, as the template `name`.
    fn body(&mut self, name: Box<str>, context: &str) -> Result<(), Error> {
        let (root, end) = self.item_list()?;
        match end {
            Piece::End => self.install(name, root),
            other => Err(self.error(format!("unexpected {} in {context}", other.text()))),
        }
    }

    fn install(&mut self, name: Box<str>, root: Id) -> Result<(), Error> {
        let slots = self.scope.slots();
        if let Some(old) = self.found.get(&name) {
            if !self.source.is_empty(old.root) {
                if self.source.is_empty(root) {
                    return Ok(());
                }
                let name = quote(&name);
                return Err(self.error(format!("template: multiple definition of template {name}")));
            }
        } else {
            self.order.push(name.clone());
        }
        self.found.insert(name, Found { root, slots });
        Ok(())
    }

    fn item_list(&mut self) -> Result<(Id, Piece), Error> {
        let pos = self.peek_non_space().start;
        let mark = self.mark();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Piece::Node(node) => self.push(node),
                end => {
                    let nodes = self.take(mark);
                    return Ok((self.add(pos, NodeKind::List(nodes)), end));
                }
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Piece, Error> {
        let item = self.next_non_space();
        match item.kind {
            Kind::Text => {
                let span = Span { start: item.start, end: item.end };
                Ok(Piece::Node(self.add(item.start, NodeKind::Text(span))))
            }
            Kind::LeftDelim => {
                self.scope.action = Some(item.start);
                let piece = self.action()?;
                self.scope.action = None;
                Ok(piece)
            }
            _ => Err(self.unexpected(item, "input")),
        }
    }

    fn action(&mut self) -> Result<Piece, Error> {
        let item = self.next_non_space();
        let node = match item.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.jump(item, "{{break}}", NodeKind::Break)?,
            Kind::Continue => self.jump(item, "{{continue}}", NodeKind::Continue)?,
            Kind::Else => {
                // `else if` and `else with` leave their keyword pending for `branch`.
                if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Piece::Else);
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Piece::End);
            }
            Kind::If => self.branch("if")?,
            Kind::Range => self.branch("range")?,
            Kind::Template => self.template()?,
            Kind::With => self.branch("with")?,
            _ => {
                self.backup();
                let pos = self.peek().start;
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                self.add(pos, NodeKind::Action(pipe))
            }
        };
        Ok(Piece::Node(node))
    }

    fn jump(&mut self, keyword: Item, context: &str, kind: NodeKind) -> Result<Id, Error> {
        let item = self.next_non_space();
        if item.kind != Kind::RightDelim {
            return Err(self.unexpected(item, context));
        }
        if self.scope.ranges == 0 {
            return Err(self.error(format!("{context} outside {{{{range}}}}")));
        }
        Ok(self.add(keyword.start, kind))
    }

    fn branch(&mut self, keyword: &str) -> Result<Id, Error> {
        self.nested(|p| {
            let mark = p.scope.mark();
            let node = p.branch_here(keyword);
            p.scope.release(mark);
            node
        })
    }

    fn branch_here(&mut self, keyword: &str) -> Result<Id, Error> {
        let range = keyword == "range";
        let pipe = self.pipeline(keyword, Kind::RightDelim)?;
        self.scope.ranges += u32::from(range);
        let (list, end) = self.item_list()?;
        self.scope.ranges -= u32::from(range);
        let otherwise = match end {
            Piece::Else => Some(self.otherwise(keyword)?),
            _ => None,
        };
        let pos = self.source.node(pipe).pos;
        let branch = Branch { pipe, list, otherwise };
        let kind = match keyword {
            "if" => NodeKind::If(branch),
            "with" => NodeKind::With(branch),
            _ => NodeKind::Range(branch),
        };
        Ok(self.add(pos, kind))
    }

    /// What follows `else`: the rest of the branch, or a branch of its own whose `end` is the same one.
    fn otherwise(&mut self, keyword: &str) -> Result<Id, Error> {
        let next = self.peek();
        let chained = match next.kind {
            Kind::If => keyword == "if",
            Kind::With => keyword == "with",
            _ => false,
        };
        if chained {
            self.next();
            let inner = self.branch(keyword)?;
            let mark = self.mark();
            self.push(inner);
            let nodes = self.take(mark);
            return Ok(self.add(next.start, NodeKind::List(nodes)));
        }
        match self.item_list()? {
            (list, Piece::End) => Ok(list),
            (_, other) => Err(self.error(format!("expected end; found {}", other.text()))),
        }
    }

    fn block(&mut self) -> Result<Id, Error> {
        const CONTEXT: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let body = name.clone();
        self.apart(|p| p.body(body, CONTEXT))?;
        Ok(self.add_template(item, name, Some(pipe)))
    }

    fn template(&mut self) -> Result<Id, Error> {
        const CONTEXT: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(item, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(self.add_template(item, name, pipe))
    }

    fn add_template(&mut self, item: Item, name: Box<str>, pipe: Option<Id>) -> Id {
        let at = small(self.source.templates.len());
        self.source.templates.push(name);
        self.add(item.start, NodeKind::Template { name: at, pipe })
    }

    fn template_name(&mut self, item: Item, context: &str) -> Result<Box<str>, Error> {
        if !matches!(item.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(item, context));
        }
        let name = self.unquoted(item)?;
        Ok(String::from_utf8_lossy(&name).into())
    }
}
