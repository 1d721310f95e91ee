//! From text to trees: Go's `text/template/parse`, with its complaints word for word.
//!
//! Functions and variables are resolved here, so that executing looks nothing up by name but fields and templates.
//! Deliberately absent: comments in the tree, and the check for functions at execution (all are known here).

mod control;
mod lex;
mod number;
mod parser;
mod print;
mod tree;
mod unquote;

#[cfg(test)]
mod tests;

pub(crate) use number::{Ideal, Number};
pub(crate) use print::print;
pub(crate) use tree::{Branch, Declared, Id, Many, NodeKind, Pipe, Slot, Source, Span, Template};

use crate::error::{Error, ErrorKind};
use crate::function::Functions;
use std::sync::Arc;

/// What begins and ends an action.
pub(crate) struct Delimiters {
    left: String,
    right: String,
    finder: memchr::memmem::Finder<'static>,
}

impl Delimiters {
    /// The default ones in place of empty ones.
    pub(crate) fn new(left: &str, right: &str) -> Self {
        let or = |s: &str, default: &str| if s.is_empty() { default.into() } else { s.to_owned() };
        let left = or(left, "{{");
        let finder = memchr::memmem::Finder::new(&left).into_owned();
        Self { left, right: or(right, "}}"), finder }
    }

    pub(crate) fn left(&self) -> &str {
        &self.left
    }

    /// Whether the text begins with the right one.
    fn right_begins(&self, text: &[u8]) -> bool {
        // The first byte says no nearly always, without a call.
        text.first() == self.right.as_bytes().first() && text.starts_with(self.right.as_bytes())
    }

    fn find_left(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }
}

/// A longer text is refused: places in it are kept in 32 bits.
const MAX_TEXT: usize = 1 << 30;

/// The templates of a text: the one named `name` first, then those it defines in the order of their ends.
pub(crate) fn parse(
    name: &str,
    text: &str,
    delimiters: &Delimiters,
    functions: &Functions,
) -> Result<Vec<Template>, Error> {
    if text.len() > MAX_TEXT {
        let message = format!("template: {name}: text is longer than {MAX_TEXT} bytes");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let mut lexer = lex::Lexer::new(text, delimiters);
    lexer.break_ok = !functions.has("break");
    lexer.continue_ok = !functions.has("continue");
    let mut parser = parser::Parser::new(lexer, Source::new(name, text), text, functions);
    parser.whole(name)?;
    let parser::Parser { mut source, found, order, .. } = parser;
    source.shrink();
    let source = Arc::new(source);
    let template = |defined: &str, found: &parser::Found| Template {
        name: defined.into(),
        source: Arc::clone(&source),
        root: found.root,
        slots: found.slots,
        empty: source.is_empty(found.root),
    };
    let mut templates: Vec<Template> =
        order.iter().filter_map(|n| Some(template(n, found.get(n)?))).collect();
    if let Some(at) = templates.iter().position(|t| *t.name == *name) {
        templates.swap(0, at);
    }
    Ok(templates)
}
