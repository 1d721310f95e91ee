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
pub(crate) use tree::{Branch, Id, NodeKind, Pipe, Slot, Source, Template};

use crate::error::{Error, ErrorKind};
use crate::function::Functions;
use std::collections::HashMap;
use std::sync::Arc;

/// What begins and ends an action.
pub(crate) struct Delimiters {
    left: String,
    right: String,
}

impl Delimiters {
    /// The default ones in place of empty ones.
    pub(crate) fn new(left: &str, right: &str) -> Self {
        let or = |s: &str, default: &str| if s.is_empty() { default.into() } else { s.to_owned() };
        Self { left: or(left, "{{"), right: or(right, "}}") }
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
    let source = Source { parse_name: name.into(), text: text.into(), nodes: Vec::new() };
    let mut parser = parser::Parser {
        lexer,
        source,
        functions,
        scope: parser::Scope::new(),
        found: HashMap::new(),
        order: Vec::new(),
        depth: 0,
    };
    parser.whole(name)?;
    let parser::Parser { source, found, order, .. } = parser;
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
