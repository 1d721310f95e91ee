//! From text to items. Follows the scanner of Go's `text/template/parse` state by state, since its complaints are
//! visible to users. Lines are not counted here: an item's place tells its line when somebody asks.

use super::Delimiters;
use crate::fmt::{is_digit, is_letter, quote, unicode_name};

/// What kind of item.
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

/// An item: where it begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

pub(super) struct Lexer<'a> {
    /// Emptied after an error, as in Go.
    input: &'a str,
    delimiters: &'a Delimiters,
    pos: usize,
    start: usize,
    parens: u32,
    inside: bool,
    pub(super) break_ok: bool,
    pub(super) continue_ok: bool,
    /// The text of the error item.
    pub(super) error: String,
}

/// A trim marker and the space beside it.
const MARKER: usize = 2;

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a str, delimiters: &'a Delimiters) -> Self {
        Self {
            input,
            delimiters,
            pos: 0,
            start: 0,
            parens: 0,
            inside: false,
            break_ok: true,
            continue_ok: true,
            error: String::new(),
        }
    }

    /// The next item; [`Kind::Eof`] again and again at the end.
    pub(super) fn next_item(&mut self) -> Item {
        if self.inside { self.inside_action() } else { self.text() }
    }

    fn rest(&self) -> &'a [u8] {
        &self.input.as_bytes()[self.pos..]
    }

    fn byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.pos).copied()
    }

    fn char(&self) -> Option<char> {
        // Positions are always at the border of a character: what is skipped by bytes is ASCII.
        self.input.get(self.pos..).and_then(|rest| rest.chars().next())
    }

    fn next(&mut self) -> Option<char> {
        let c = match self.byte()? {
            b if b.is_ascii() => char::from(b),
            _ => self.char()?,
        };
        self.pos += c.len_utf8();
        Some(c)
    }

    fn emit(&mut self, kind: Kind) -> Item {
        let item = Item { kind, start: self.start as u32, end: self.pos as u32 };
        self.start = self.pos;
        item
    }

    fn skip(&mut self, count: usize) {
        self.pos += count;
        self.start = self.pos;
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.byte().is_some_and(|b| valid.contains(&b));
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    #[cold]
    fn fail(&mut self, message: impl Into<String>) -> Item {
        let at = self.start as u32;
        self.error = message.into();
        self.start = 0;
        self.pos = 0;
        self.input = "";
        Item { kind: Kind::Error, start: at, end: at }
    }

    /// Text up to the next action; comments are passed over.
    fn text(&mut self) -> Item {
        loop {
            let Some(x) = self.delimiters.find_left(self.rest()) else {
                self.pos = self.input.len();
                let kind = if self.pos > self.start { Kind::Text } else { Kind::Eof };
                return self.emit(kind);
            };
            if x > 0 {
                self.pos += x;
                let text = &self.input.as_bytes()[self.start..self.pos];
                let after = &self.rest()[self.delimiters.left.len()..];
                let trim = if has_left_marker(after) { blanks_at_end(text) } else { 0 };
                self.pos -= trim;
                let item = self.emit(Kind::Text);
                self.skip(trim);
                if item.end > item.start {
                    return item;
                }
            }
            if let Some(item) = self.left_delim() {
                return item;
            }
        }
    }

    /// The item of the delimiter, or of a faulty comment; nothing after a comment.
    fn left_delim(&mut self) -> Option<Item> {
        self.pos += self.delimiters.left.len();
        let marker = if has_left_marker(self.rest()) { MARKER } else { 0 };
        if self.rest()[marker..].starts_with(b"/*") {
            self.skip(marker);
            return self.comment();
        }
        let item = self.emit(Kind::LeftDelim);
        self.inside = true;
        self.skip(marker);
        self.parens = 0;
        Some(item)
    }

    fn comment(&mut self) -> Option<Item> {
        self.pos += 2;
        let Some(x) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.pos += x + 2;
        let Some(trim) = self.at_right_delim() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.skip(self.delimiters.right.len() + if trim { MARKER } else { 0 });
        if trim {
            self.skip(blanks_at_start(self.rest()));
        }
        None
    }

    /// Whether the right delimiter stands here, and whether with a trim marker.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_marker(rest) && self.delimiters.right_begins(&rest[MARKER..]) {
            return Some(true);
        }
        self.delimiters.right_begins(rest).then_some(false)
    }

    fn right_delim(&mut self, trim: bool) -> Item {
        if trim {
            self.skip(MARKER);
        }
        self.pos += self.delimiters.right.len();
        let item = self.emit(Kind::RightDelim);
        if trim {
            self.skip(blanks_at_start(self.rest()));
        }
        self.inside = false;
        item
    }

    fn inside_action(&mut self) -> Item {
        if let Some(trim) = self.at_right_delim() {
            return match self.parens {
                0 => self.right_delim(trim),
                _ => self.fail("unclosed left paren"),
            };
        }
        let Some(first) = self.byte() else {
            return self.fail("unclosed action");
        };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => self.space(),
            b'.' if self.rest().get(1).is_some_and(|b| !b.is_ascii_digit()) => {
                self.pos += 1;
                self.field_or_variable(Kind::Field)
            }
            b'$' => {
                self.pos += 1;
                self.field_or_variable(Kind::Variable)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.identifier(),
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.number(),
            _ => self.other(),
        }
    }

    /// What begins with a character that is rarer.
    fn other(&mut self) -> Item {
        let Some(c) = self.next() else {
            return self.fail("unclosed action");
        };
        match c {
            '"' => self.quoted(b'"', Kind::String),
            '\'' => self.quoted(b'\'', Kind::CharConstant),
            '`' => match memchr::memchr(b'`', self.rest()) {
                Some(x) => {
                    self.pos += x + 1;
                    self.emit(Kind::RawString)
                }
                None => self.fail("unterminated raw quoted string"),
            },
            '=' => self.emit(Kind::Assign),
            ':' if self.accept(b"=") => self.emit(Kind::Declare),
            ':' => self.fail("expected :="),
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
            c if is_alphanumeric(c) => {
                self.pos -= c.len_utf8();
                self.identifier()
            }
            ' '..='~' => self.emit(Kind::Char),
            c => self.fail(format!("unrecognized character in action: {}", unicode_name(c))),
        }
    }

    /// A run of blanks, but for the one before a trim marker.
    fn space(&mut self) -> Item {
        let count = blanks_at_start(self.rest());
        self.pos += count;
        let from = &self.input.as_bytes()[self.pos - 1..];
        if has_right_marker(from) && self.delimiters.right_begins(&from[MARKER..]) {
            self.pos -= 1;
            if count == 1 {
                // As in Go, whatever parentheses are open.
                return self.right_delim(true);
            }
        }
        self.emit(Kind::Space)
    }

    fn skip_name(&mut self) {
        loop {
            match self.byte() {
                Some(b) if b.is_ascii_alphanumeric() || b == b'_' => self.pos += 1,
                Some(b) if !b.is_ascii() => match self.char() {
                    Some(c) if is_alphanumeric(c) => self.pos += c.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn bad_character(&mut self) -> Item {
        let name = self.char().map(unicode_name).unwrap_or_default();
        self.fail(format!("bad character {name}"))
    }

    fn identifier(&mut self) -> Item {
        self.skip_name();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = &self.input.as_bytes()[self.start..self.pos];
        let kind = match (word[0], word) {
            (b'b', b"block") => Kind::Block,
            (b'b', b"break") if self.break_ok => Kind::Break,
            (b'c', b"continue") if self.continue_ok => Kind::Continue,
            (b'd', b"define") => Kind::Define,
            (b'e', b"else") => Kind::Else,
            (b'e', b"end") => Kind::End,
            (b'i', b"if") => Kind::If,
            (b'r', b"range") => Kind::Range,
            (b'n', b"nil") => Kind::Nil,
            (b't', b"template") => Kind::Template,
            (b'w', b"with") => Kind::With,
            (b't', b"true") | (b'f', b"false") => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn field_or_variable(&mut self, kind: Kind) -> Item {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        self.skip_name();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    /// Whether what may follow a name stands here.
    fn at_terminator(&self) -> bool {
        match self.byte() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => {
                true
            }
            _ => self.delimiters.right_begins(self.rest()),
        }
    }

    fn quoted(&mut self, quote: u8, kind: Kind) -> Item {
        loop {
            match self.byte() {
                Some(b) if b == quote => {
                    self.pos += 1;
                    return self.emit(kind);
                }
                Some(b'\\') => {
                    self.pos += 1;
                    if let None | Some('\n') = self.next() {
                        break;
                    }
                }
                None | Some(b'\n') => break,
                Some(_) => self.pos += 1,
            }
        }
        self.fail(match kind {
            Kind::String => "unterminated quoted string",
            _ => "unterminated character constant",
        })
    }

    fn number(&mut self) -> Item {
        if !self.scan_number() {
            return self.bad_number();
        }
        if let Some(b'+' | b'-') = self.byte() {
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
        self.accept(b"+-");
        let (mut digits, mut exponent): (&[u8], &[u8]) = (b"0123456789_", b"eE");
        if self.accept(b"0") {
            if self.accept(b"xX") {
                (digits, exponent) = (b"0123456789abcdefABCDEF_", b"pP");
            } else if self.accept(b"oO") {
                (digits, exponent) = (b"01234567_", b"");
            } else if self.accept(b"bB") {
                (digits, exponent) = (b"01_", b"");
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.char().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

const fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

fn blanks_at_start(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| is_blank(**b)).count()
}

fn blanks_at_end(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|b| is_blank(**b)).count()
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

fn has_left_marker(s: &[u8]) -> bool {
    matches!(s, [b'-', b' ' | b'\t' | b'\r' | b'\n', ..])
}

fn has_right_marker(s: &[u8]) -> bool {
    matches!(s, [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
}
