//! From text to items. Follows the scanner of Go's `text/template/parse` state by state, since its line numbers and
//! complaints are visible to users.

use super::Delimiters;
use crate::fmt::{is_digit, is_letter, quote, unicode_name};

/// What kind of item. The order is that of Go's only in that keywords come last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    #[default]
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Keywords from here on.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// An item: where it begins and ends, and the line of its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

enum State {
    Text,
    LeftDelim,
    Comment,
    RightDelim,
    Inside,
    Space,
    Identifier,
    Field,
    Variable,
    CharConstant,
    Number,
    Quote,
    RawQuote,
}

/// What follows a state: another one, or an item for the parser.
type Step = Result<State, Item>;

pub(super) struct Lexer<'a> {
    /// Emptied after an error, as in Go.
    input: &'a str,
    left: &'a str,
    right: &'a str,
    pos: usize,
    start: usize,
    at_eof: bool,
    parens: i32,
    line: usize,
    start_line: usize,
    inside: bool,
    pub(super) break_ok: bool,
    pub(super) continue_ok: bool,
    /// The text of the error item.
    pub(super) error: String,
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];
/// A trim marker and the space beside it.
const MARKER: usize = 2;

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a str, delimiters: &'a Delimiters) -> Self {
        Self {
            input,
            left: &delimiters.left,
            right: &delimiters.right,
            pos: 0,
            start: 0,
            at_eof: false,
            parens: 0,
            line: 1,
            start_line: 1,
            inside: false,
            break_ok: true,
            continue_ok: true,
            error: String::new(),
        }
    }

    /// The next item; [`Kind::Eof`] again and again at the end.
    pub(super) fn next_item(&mut self) -> Item {
        let mut state = if self.inside { State::Inside } else { State::Text };
        loop {
            let step = match state {
                State::Text => self.text(),
                State::LeftDelim => self.left_delim(),
                State::Comment => self.comment(),
                State::RightDelim => Err(self.right_delim()),
                State::Inside => self.inside_action(),
                State::Space => self.space(),
                State::Identifier => Err(self.identifier()),
                State::Field => Err(self.field_or_variable(Kind::Field)),
                State::Variable => Err(self.field_or_variable(Kind::Variable)),
                State::CharConstant => Err(self.quoted('\'', Kind::CharConstant)),
                State::Number => Err(self.number()),
                State::Quote => Err(self.quoted('"', Kind::String)),
                State::RawQuote => Err(self.raw_quoted()),
            };
            match step {
                Ok(next) => state = next,
                Err(item) => return item,
            }
        }
    }

    fn rest(&self) -> &'a str {
        // Positions computed from trim markers stay on character borders: markers are ASCII.
        self.input.get(self.pos..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let Some(c) = self.rest().chars().next() else {
            self.at_eof = true;
            return None;
        };
        self.pos += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn backup(&mut self) {
        if self.at_eof {
            return;
        }
        if let Some(c) = self.input.get(..self.pos).and_then(|s| s.chars().next_back()) {
            self.pos -= c.len_utf8();
            if c == '\n' {
                self.line -= 1;
            }
        }
    }

    fn peek(&mut self) -> Option<char> {
        let c = self.next();
        self.backup();
        c
    }

    fn count_lines(&mut self) {
        let passed = &self.input.as_bytes()[self.start..self.pos];
        self.line += passed.iter().filter(|b| **b == b'\n').count();
    }

    fn emit(&mut self, kind: Kind) -> Item {
        let item = Item { kind, start: self.start, end: self.pos, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn accept(&mut self, valid: &str) -> bool {
        // At the end of the input Go's ContainsRune looks for -1 and finds nothing.
        if self.next().is_some_and(|c| valid.contains(c)) {
            return true;
        }
        self.backup();
        false
    }

    fn accept_run(&mut self, valid: &str) {
        while self.next().is_some_and(|c| valid.contains(c)) {}
        self.backup();
    }

    fn fail(&mut self, message: impl Into<String>) -> Item {
        let item =
            Item { kind: Kind::Error, start: self.start, end: self.start, line: self.start_line };
        self.error = message.into();
        self.start = 0;
        self.pos = 0;
        self.input = "";
        item
    }

    fn text(&mut self) -> Step {
        let Some(x) = self.rest().find(self.left) else {
            self.pos = self.input.len();
            if self.pos > self.start {
                self.count_lines();
                return Err(self.emit(Kind::Text));
            }
            return Err(self.emit(Kind::Eof));
        };
        if x > 0 {
            self.pos += x;
            let text = &self.input[self.start..self.pos];
            let after = &self.input[self.pos + self.left.len()..];
            let trim = if has_left_marker(after) {
                text.len() - text.trim_end_matches(SPACES).len()
            } else {
                0
            };
            self.pos -= trim;
            self.count_lines();
            let item = self.emit(Kind::Text);
            self.pos += trim;
            self.ignore();
            if item.end > item.start {
                return Err(item);
            }
        }
        Ok(State::LeftDelim)
    }

    fn left_delim(&mut self) -> Step {
        self.pos += self.left.len();
        let marker = if has_left_marker(self.rest()) { MARKER } else { 0 };
        if self.rest()[marker..].starts_with("/*") {
            self.pos += marker;
            self.ignore();
            return Ok(State::Comment);
        }
        let item = self.emit(Kind::LeftDelim);
        self.inside = true;
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        Err(item)
    }

    fn comment(&mut self) -> Step {
        self.pos += 2;
        let Some(x) = self.rest().find("*/") else {
            return Err(self.fail("unclosed comment"));
        };
        self.pos += x + 2;
        let Some(trim) = self.at_right_delim() else {
            return Err(self.fail("comment ends before closing delimiter"));
        };
        self.count_lines();
        self.emit(Kind::Text); // The comment itself, which nobody wants.
        self.pass_right_delim(trim);
        self.ignore();
        Ok(State::Text)
    }

    /// Whether the right delimiter stands here, and whether with a trim marker.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_marker(rest) && rest[MARKER..].starts_with(self.right) {
            return Some(true);
        }
        rest.starts_with(self.right).then_some(false)
    }

    fn pass_right_delim(&mut self, trim: bool) {
        if trim {
            self.pos += MARKER;
        }
        self.pos += self.right.len();
        if trim {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(SPACES).len();
        }
    }

    fn right_delim(&mut self) -> Item {
        let trim = self.at_right_delim() == Some(true);
        if trim {
            self.pos += MARKER;
            self.ignore();
        }
        self.pos += self.right.len();
        let item = self.emit(Kind::RightDelim);
        if trim {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(SPACES).len();
            self.ignore();
        }
        self.inside = false;
        item
    }

    fn inside_action(&mut self) -> Step {
        if self.at_right_delim().is_some() {
            if self.parens == 0 {
                return Ok(State::RightDelim);
            }
            return Err(self.fail("unclosed left paren"));
        }
        let Some(c) = self.next() else {
            return Err(self.fail("unclosed action"));
        };
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                self.backup(); // There may be a trim marker after it.
                return Ok(State::Space);
            }
            ':' if self.next() != Some('=') => return Err(self.fail("expected :=")),
            '"' => return Ok(State::Quote),
            '`' => return Ok(State::RawQuote),
            '$' => return Ok(State::Variable),
            '\'' => return Ok(State::CharConstant),
            '.' if self.rest().bytes().next().is_some_and(|b| !b.is_ascii_digit()) => {
                return Ok(State::Field);
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.backup();
                return Ok(State::Number);
            }
            c if is_alphanumeric(c) => {
                self.backup();
                return Ok(State::Identifier);
            }
            _ => {}
        }
        Err(match c {
            '=' => self.emit(Kind::Assign),
            ':' => self.emit(Kind::Declare),
            '|' => self.emit(Kind::Pipe),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            ' '..='~' => self.emit(Kind::Char),
            c => self.fail(format!("unrecognized character in action: {}", unicode_name(c))),
        })
    }

    fn space(&mut self) -> Step {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            count += 1;
        }
        let from = &self.input[self.pos - 1..];
        if has_right_marker(from) && from[MARKER..].starts_with(self.right) {
            self.backup();
            if count == 1 {
                return Ok(State::RightDelim);
            }
        }
        Err(self.emit(Kind::Space))
    }

    fn bad_character(&mut self, c: Option<char>) -> Item {
        let name = c.map_or_else(|| "U+FFFFFFFFFFFFFFFF".into(), unicode_name);
        self.fail(format!("bad character {name}"))
    }

    fn identifier(&mut self) -> Item {
        let c = loop {
            match self.next() {
                Some(c) if is_alphanumeric(c) => {}
                other => break other,
            }
        };
        self.backup();
        if !self.at_terminator() {
            return self.bad_character(c);
        }
        let kind = match &self.input[self.start..self.pos] {
            "block" => Kind::Block,
            "break" if self.break_ok => Kind::Break,
            "continue" if self.continue_ok => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "nil" => Kind::Nil,
            "template" => Kind::Template,
            "with" => Kind::With,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn field_or_variable(&mut self, kind: Kind) -> Item {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        let c = loop {
            match self.next() {
                Some(c) if is_alphanumeric(c) => {}
                other => break other,
            }
        };
        self.backup();
        if !self.at_terminator() {
            return self.bad_character(c);
        }
        self.emit(kind)
    }

    /// Whether what may follow a name stands here.
    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            _ => self.rest().starts_with(self.right),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind) -> Item {
        loop {
            match self.next() {
                Some('\\') => {
                    if let None | Some('\n') = self.next() {
                        break;
                    }
                }
                None | Some('\n') => break,
                Some(c) if c == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
        self.fail(match kind {
            Kind::String => "unterminated quoted string",
            _ => "unterminated character constant",
        })
    }

    fn raw_quoted(&mut self) -> Item {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => return self.emit(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Item {
        if !self.scan_number() {
            return self.bad_number();
        }
        if let Some('+' | '-') = self.peek() {
            if !self.scan_number() || !self.input[..self.pos].ends_with('i') {
                return self.bad_number();
            }
            return self.emit(Kind::Complex);
        }
        self.emit(Kind::Number)
    }

    fn bad_number(&mut self) -> Item {
        let text = quote(&self.input[self.start..self.pos]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let (mut digits, mut exponent) = ("0123456789_", "eE");
        if self.accept("0") {
            if self.accept("xX") {
                (digits, exponent) = ("0123456789abcdefABCDEF_", "pP");
            } else if self.accept("oO") {
                (digits, exponent) = ("01234567_", "");
            } else if self.accept("bB") {
                (digits, exponent) = ("01_", "");
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if !exponent.is_empty() && self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn is_space(c: char) -> bool {
    SPACES.contains(&c)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

fn has_left_marker(s: &str) -> bool {
    matches!(s.as_bytes(), [b'-', b' ' | b'\t' | b'\r' | b'\n', ..])
}

fn has_right_marker(s: &str) -> bool {
    matches!(s.as_bytes(), [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
}
