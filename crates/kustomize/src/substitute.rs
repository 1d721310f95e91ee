//! `${variables}` in text, the way Flux replaces them.
//!
//! Source: `github.com/fluxcd/pkg/envsubst` v1.8 (after drone/envsubst), whose peculiarities are kept: `:+`,
//! `:?` and `-` all mean a default, `$$` is one dollar and escapes what follows it.

mod glob;
#[cfg(test)]
mod tests;

use glob::trim;

use std::collections::BTreeMap;

/// When to substitute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Only when there are variables.
    #[default]
    WithVariables,
    /// Always, which turns `${x}` into nothing when there are none.
    Always,
}

/// Why a text could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubstituteError {
    /// `${` begins something that is no substitution.
    #[error("'{0}' is no substitution: {1}; write $${{ for a literal ${{")]
    Syntax(String, &'static str),
    /// Strict mode, and a variable without default is not set.
    #[error(
        "the variable '{0}' is not set (strict mode); set it or give it a default: ${{{0}:=value}}"
    )]
    Unset(String),
    /// A variable's name is none.
    #[error("the variable name '{0}' is invalid; use letters, digits and _, no digit first")]
    Name(String),
    /// The work would not be bounded.
    #[error("{0}")]
    Limit(&'static str),
}

/// How deep substitutions may nest in each other.
const DEPTH: usize = 64;
/// Longest value a pattern is matched against.
const PATTERN: usize = 16 * 1024;
/// Longest result.
const OUTPUT: usize = 64 << 20;

/// `text` with every `${..}` replaced; a variable that is not set is empty, or an error when `strict`.
///
/// # Errors
/// [`SubstituteError`].
pub fn expand(
    text: &str,
    vars: &BTreeMap<String, String>,
    strict: bool,
) -> Result<String, SubstituteError> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let mut parser = Parser { text, at: 0, escapes: Escapes::Dollar, depth: 0 };
    let mut out = String::with_capacity(text.len());
    let mut nodes = Vec::new();
    loop {
        parser.escapes = Escapes::Dollar;
        let mode = Mode { ident: true, open: true, close: false, escape: true };
        match parser.scan(mode, &|_, _| true) {
            Token::End => break,
            Token::Ident(text) => nodes.push(Node::Text(text)),
            Token::Open => nodes.push(parser.function()?),
            _ => return Err(parser.fail("it does not read")),
        }
    }
    for node in &nodes {
        eval(node, vars, strict, &mut out)?;
    }
    Ok(out)
}

enum Node {
    Text(String),
    Function { param: String, name: String, args: Vec<Node> },
}

#[derive(Clone, Copy, PartialEq)]
enum Escapes {
    Dollar,
    All,
}

#[derive(Clone, Copy)]
struct Mode {
    ident: bool,
    open: bool,
    close: bool,
    escape: bool,
}

const IDENT: Mode = Mode { ident: true, open: false, close: false, escape: false };
const CLOSE: Mode = Mode { ident: false, open: false, close: true, escape: false };

#[derive(PartialEq)]
enum Token {
    End,
    Ident(String),
    Open,
    Close,
    Illegal,
}

/// Whether a character belongs to a token, given how many the token has with it.
type Accept<'a> = &'a dyn Fn(char, usize) -> bool;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    escapes: Escapes,
    depth: usize,
}

fn is_ident(c: char, _: usize) -> bool {
    c.is_alphabetic() || c.is_numeric() || c == '_'
}

fn not_closing(c: char, _: usize) -> bool {
    c != '}'
}

impl Parser<'_> {
    fn fail(&self, what: &'static str) -> SubstituteError {
        let before = &self.text[..self.at];
        let start = before.rfind("${").unwrap_or(0);
        let near: String = self.text[start..].chars().take_while(|c| *c != '\n').take(40).collect();
        SubstituteError::Syntax(near, what)
    }

    /// The next character; NUL ends the text, as in the original.
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next().filter(|c| *c != '\0')
    }

    fn opens(&self, mode: Mode) -> bool {
        mode.open && self.text[self.at..].starts_with("${")
    }

    /// The escaped character when an escape stands here.
    fn escaped(&self, mode: Mode) -> Option<char> {
        let mut chars = self.text[self.at..].chars();
        match (chars.next()?, chars.next()?) {
            ('$', '$') if mode.escape => Some('$'),
            ('\\', next @ ('/' | '\\')) if mode.escape && self.escapes == Escapes::All => {
                Some(next)
            }
            _ => None,
        }
    }

    fn scan(&mut self, mode: Mode, accept: Accept<'_>) -> Token {
        let Some(first) = self.peek() else { return Token::End };
        if self.opens(mode) {
            self.at += 2;
            return Token::Open;
        }
        if mode.close && first == '}' {
            self.at += 1;
            return Token::Close;
        }
        if !mode.ident {
            return Token::Illegal;
        }
        let mut out = String::new();
        let mut count = 0;
        while let Some(c) = self.peek() {
            if count > 0 && self.opens(mode) {
                break;
            }
            count += 1;
            if let Some(escaped) = self.escaped(mode) {
                out.push(escaped);
                self.at += 2;
                continue;
            }
            if !accept(c, count) {
                break;
            }
            out.push(c);
            self.at += c.len_utf8();
        }
        if out.is_empty() { Token::Illegal } else { Token::Ident(out) }
    }

    fn ident(&mut self, accept: Accept<'_>) -> Result<String, SubstituteError> {
        match self.scan(IDENT, accept) {
            Token::Ident(text) => Ok(text),
            _ => Err(self.fail("a name or operator is missing")),
        }
    }

    fn close(&mut self) -> Result<(), SubstituteError> {
        match self.scan(CLOSE, &|_, _| false) {
            Token::Close => Ok(()),
            _ => Err(self.fail("the closing brace is missing")),
        }
    }

    /// What follows `${`.
    fn function(&mut self) -> Result<Node, SubstituteError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(SubstituteError::Limit("substitutions are nested too deeply"));
        }
        let node = self.inner_function();
        self.depth -= 1;
        node
    }

    fn inner_function(&mut self) -> Result<Node, SubstituteError> {
        self.escapes = Escapes::All;
        if self.peek() == Some('#') {
            let name = self.ident(&|c, i| c == '#' && i == 1)?;
            let param = self.ident(&is_ident)?;
            self.close()?;
            return Ok(Node::Function { param, name, args: Vec::new() });
        }
        let param = self.ident(&is_ident)?;
        match self.peek() {
            Some(':') => match self.text[self.at + 1..].chars().next() {
                Some('=' | '-' | '?' | '+') => self.default(param),
                Some(c) if !c.is_ascii() => Err(self.fail("an index is expected")),
                _ => self.substring(param),
            },
            Some('=') => self.default(param),
            Some(',' | '^') => {
                let name = self.ident(&|c, i| matches!(c, ',' | '^') && i < 3)?;
                self.close()?;
                Ok(Node::Function { param, name, args: Vec::new() })
            }
            Some('/') => self.replace(param),
            Some('#') => self.remove(param, '#'),
            Some('%') => self.remove(param, '%'),
            _ => {
                self.close()?;
                Ok(Node::Function { param, name: String::new(), args: Vec::new() })
            }
        }
    }

    fn param(&mut self, accept: Accept<'_>, escape: bool) -> Result<Node, SubstituteError> {
        let mode = Mode { ident: true, open: true, close: false, escape };
        match self.scan(mode, accept) {
            Token::Open => self.function(),
            Token::Ident(text) => Ok(Node::Text(text)),
            _ => Err(self.fail("an argument is missing")),
        }
    }

    fn default(&mut self, param: String) -> Result<Node, SubstituteError> {
        let name = if self.peek() == Some('=') {
            self.ident(&|c, i| c == '=' && i == 1)?
        } else {
            self.ident(&|c, i| match i {
                1 => c == ':',
                2 => matches!(c, '=' | '-' | '?' | '+'),
                _ => false,
            })?
        };
        let mut args = Vec::new();
        while self.peek() != Some('}') {
            args.push(self.param(&not_closing, false)?);
        }
        self.close()?;
        Ok(Node::Function { param, name, args })
    }

    fn substring(&mut self, param: String) -> Result<Node, SubstituteError> {
        let name = self.ident(&|c, i| c == ':' && i == 1)?;
        let mut args = vec![self.param(&|c, _| c != ':' && c != '}', false)?];
        match self.scan(Mode { close: true, ..IDENT }, &|c, _| c == ':') {
            Token::Close => return Ok(Node::Function { param, name, args }),
            Token::Ident(_) => {}
            _ => return Err(self.fail("the closing brace is missing")),
        }
        args.push(self.param(&not_closing, false)?);
        self.close()?;
        Ok(Node::Function { param, name, args })
    }

    fn remove(&mut self, param: String, mark: char) -> Result<Node, SubstituteError> {
        let name = self.ident(&|c, i| c == mark && i < 3)?;
        let args = vec![self.param(&not_closing, false)?];
        self.close()?;
        Ok(Node::Function { param, name, args })
    }

    fn replace(&mut self, param: String) -> Result<Node, SubstituteError> {
        let name = self.ident(&|c, i| match i {
            1 => c == '/',
            2 => matches!(c, '/' | '#' | '%'),
            _ => false,
        })?;
        let mut args = vec![self.param(&|c, _| c != '/', true)?];
        self.ident(&|c, _| c == '/')?;
        if self.peek() != Some('}') {
            args.push(self.param(&not_closing, true)?);
        }
        self.close()?;
        Ok(Node::Function { param, name, args })
    }
}

fn eval(
    node: &Node,
    vars: &BTreeMap<String, String>,
    strict: bool,
    out: &mut String,
) -> Result<(), SubstituteError> {
    let (param, name, args) = match node {
        Node::Text(text) => {
            out.push_str(text);
            return Ok(());
        }
        Node::Function { param, name, args } => (param, name.as_str(), args),
    };
    let mut values = Vec::with_capacity(args.len());
    for arg in args {
        let mut value = String::new();
        eval(arg, vars, strict, &mut value)?;
        values.push(value);
    }
    let is_default = matches!(name, "-" | "+" | "=" | "?" | ":-" | ":+" | ":=" | ":?");
    let value = match vars.get(param) {
        Some(value) => value.as_str(),
        None if strict && !is_default => return Err(SubstituteError::Unset(param.clone())),
        None => "",
    };
    call(name, value, &values, out)?;
    if out.len() > OUTPUT {
        return Err(SubstituteError::Limit("the substituted text is too long"));
    }
    Ok(())
}

fn call(name: &str, value: &str, args: &[String], out: &mut String) -> Result<(), SubstituteError> {
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let first = |upper: bool| {
        let mut chars = value.chars();
        let head: String = match chars.next() {
            Some(c) if upper => c.to_uppercase().collect(),
            Some(c) => c.to_lowercase().collect(),
            None => String::new(),
        };
        head + chars.as_str()
    };
    if matches!(name, "#" | "##" | "%" | "%%") && value.len() > PATTERN {
        return Err(SubstituteError::Limit("a value is too long to match a pattern against"));
    }
    let matches = if matches!(name, "//") { value.len() + 1 } else { 1 };
    if matches.saturating_mul(arg(1).len()) > OUTPUT {
        return Err(SubstituteError::Limit("the substituted text is too long"));
    }
    match name {
        "," => out.push_str(&first(false)),
        ",," => out.push_str(&value.to_lowercase()),
        "^" => out.push_str(&first(true)),
        "^^" => out.push_str(&value.to_uppercase()),
        "#" if args.is_empty() => out.push_str(&value.len().to_string()),
        "#" => out.push_str(trim(value, arg(0), false)),
        "##" => out.push_str(trim(value, arg(0), true)),
        "%" | "%%" => {
            let reverse = |text: &str| text.chars().rev().collect::<String>();
            out.push_str(&reverse(trim(&reverse(value), &reverse(arg(0)), name == "%%")));
        }
        ":" => out.push_str(&substring(value, args)),
        "/#" if args.len() == 2 => match value.strip_prefix(arg(0)) {
            Some(rest) => out.extend([arg(1), rest]),
            None => out.push_str(value),
        },
        "/%" if args.len() == 2 => match value.strip_suffix(arg(0)) {
            Some(rest) => out.extend([rest, arg(1)]),
            None => out.push_str(value),
        },
        "/#" | "/%" => out.push_str(value),
        "/" => out.push_str(&value.replacen(arg(0), arg(1), 1)),
        "//" => out.push_str(&value.replace(arg(0), arg(1))),
        _ if value.is_empty() => args.iter().for_each(|a| out.push_str(a)),
        _ => out.push_str(value),
    }
    Ok(())
}

/// Part of a value by position and length in bytes, both counted from the end when negative.
fn substring(value: &str, args: &[String]) -> String {
    let bytes = value.as_bytes();
    let length = bytes.len() as i64;
    let number = |i: usize| args.get(i).map(|a| a.parse::<i64>());
    let Some(Ok(from)) = number(0) else { return value.to_owned() };
    let from = if from < 0 { (length + from).max(0) } else { from };
    let to = match number(1) {
        None => length,
        Some(Err(_)) => return value.to_owned(),
        Some(Ok(count)) if count < 0 => length + count,
        Some(Ok(count)) => from.saturating_add(count).min(length),
    };
    if from >= length || to < from {
        return String::new();
    }
    String::from_utf8_lossy(&bytes[from as usize..to as usize]).into_owned()
}
