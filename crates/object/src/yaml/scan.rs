//! Characters into tokens, as libyaml does it (the YAML 1.1 scanner inside of go-yaml).
//!
//! Parsers of YAML 1.2 differ from it in what manifests really contain: tabs within brackets, a block scalar
//! without a line break at the end of the file, `{a: b:}`, quoted text that is not indented. So the
//! scanner is ours. More is accepted in one place: the JSON escapes `\/` and `\ud83d\ude00`.

mod property;
mod scalar;

use super::YamlError;
use std::borrow::Cow;
use std::collections::VecDeque;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 0.
    pub column: usize,
    /// Characters from the beginning of the text.
    index: usize,
}

impl Mark {
    /// What is wrong here.
    pub fn error(self, message: impl Into<String>) -> YamlError {
        YamlError { line: self.line, column: self.column + 1, message: message.into() }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes, or not there at all.
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    StreamEnd,
    Version { major: u32, minor: u32 },
    TagDirective { handle: &'a str, prefix: Cow<'a, str> },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: &'a str, suffix: Cow<'a, str> },
    Scalar(Cow<'a, str>, Style),
}

/// A token that turns out to be a key if a `:` follows on the same line.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// It begins a line of a mapping, so it must be one.
    required: bool,
    /// Number of the token, counted from the beginning of the stream.
    token: usize,
    mark: Mark,
}

/// How many characters may stand between a key and its `:`.
const KEY_LENGTH: usize = 1024;

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Byte offset of the next character.
    pos: usize,
    /// What is counted: characters up to the byte `counted`.
    counted: usize,
    here: Mark,
    tokens: VecDeque<(Token<'a>, Mark)>,
    /// Tokens handed out.
    taken: usize,
    /// Column of the current block collection, -1 outside.
    indent: isize,
    indents: Vec<isize>,
    /// One for each open bracket, and one for the block context.
    keys: Vec<SimpleKey>,
    key_allowed: bool,
    flow: usize,
}

type Scan<T> = Result<T, YamlError>;

impl<'a> Scanner<'a> {
    /// The scanner at the beginning of the text, behind a byte order mark.
    ///
    /// # Errors
    /// When the text holds a control character, which YAML does not allow.
    pub(super) fn new(text: &'a str) -> Scan<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(at) = find_control(text.as_bytes()) {
            let before = &text[..at];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count();
            return Err(Mark { line, column, index: 0 }.error("control characters are not allowed"));
        }
        Ok(Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            counted: 0,
            here: Mark { line: 1, column: 0, index: 0 },
            tokens: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            keys: vec![SimpleKey::default()],
            key_allowed: true,
            flow: 0,
        })
    }

    /// The next token, left where it is.
    pub(super) fn peek(&mut self) -> Scan<&(Token<'a>, Mark)> {
        while self.needs_more()? {
            self.fetch()?;
        }
        // `fetch` adds a token, the end of the stream at last, which stays.
        self.tokens.front().ok_or_else(|| self.here.error("unexpected end of the stream"))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Scan<(Token<'a>, Mark)> {
        let here = self.here;
        self.peek()?;
        self.taken += 1;
        self.tokens.pop_front().ok_or_else(|| here.error("unexpected end of the stream"))
    }

    /// The next token may only be taken when it is known that no key begins with it.
    fn needs_more(&mut self) -> Scan<bool> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        let taken = self.taken;
        match self.keys.iter().position(|k| k.possible && k.token == taken) {
            Some(level) => self.is_valid(level),
            None => Ok(false),
        }
    }

    // Reading characters.

    /// The byte at an offset, 0 behind the end; the text itself has no 0.
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn mark(&mut self) -> Mark {
        if self.counted < self.pos {
            let new = &self.bytes[self.counted..self.pos];
            let chars = new.iter().filter(|b| (**b & 0xc0) != 0x80).count();
            self.here.column += chars;
            self.here.index += chars;
            self.counted = self.pos;
        }
        self.here
    }

    fn column(&mut self) -> usize {
        self.mark().column
    }

    /// Length in bytes of the line break at an offset, 0 when there is none.
    fn break_width(&self, at: usize) -> usize {
        match self.byte(at) {
            b'\n' => 1,
            b'\r' if self.byte(at + 1) == b'\n' => 2,
            b'\r' => 1,
            0xc2 if self.byte(at + 1) == 0x85 => 2,
            0xe2 if self.byte(at + 1) == 0x80 && matches!(self.byte(at + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    fn is_break(&self, at: usize) -> bool {
        self.break_width(at) > 0
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t')
    }

    /// Blank, line break or the end.
    fn is_blank_or_end(&self, at: usize) -> bool {
        match self.byte(at) {
            b' ' | b'\t' | b'\n' | b'\r' | 0 => true,
            0xc2 | 0xe2 => self.is_break(at),
            _ => false,
        }
    }

    /// Passes over a line break and says what it reads as: a line feed, but for U+2028 and U+2029.
    fn skip_break(&mut self) -> &'static str {
        let width = self.break_width(self.pos);
        let reads_as = match (width, self.byte(self.pos + 2)) {
            (3, 0xa8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        self.mark();
        self.pos += width;
        self.counted = self.pos;
        self.here.index += if self.byte(self.pos - width) == b'\r' { width } else { 1 };
        self.here.line += 1;
        self.here.column = 0;
        reads_as
    }

    /// Offset of the end of the current line.
    fn line_end(&self) -> usize {
        let mut at = self.pos;
        loop {
            at += self.bytes[at..]
                .iter()
                .position(|b| matches!(b, b'\n' | b'\r' | 0xc2 | 0xe2))
                .unwrap_or(self.bytes.len() - at);
            if at >= self.bytes.len() || self.is_break(at) {
                return at;
            }
            at += 1;
        }
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(self.pos) {
            self.pos += 1;
        }
    }

    /// Passes over blanks and a comment up to the end of the line, which must follow.
    fn finish_line(&mut self, start: Mark) -> Scan<()> {
        self.skip_blanks();
        if self.byte(self.pos) == b'#' {
            self.pos = self.line_end();
        }
        if self.is_break(self.pos) {
            self.skip_break();
        } else if self.pos < self.bytes.len() {
            return Err(start.error("did not find expected comment or line break"));
        }
        Ok(())
    }

    /// Whether `---` or `...` stands here by itself at the beginning of a line.
    fn at_document_indicator(&mut self) -> bool {
        let three = self.bytes.get(self.pos..self.pos + 3);
        matches!(three, Some(b"---" | b"..."))
            && self.is_blank_or_end(self.pos + 3)
            && self.column() == 0
    }

    // Simple keys.

    fn is_valid(&mut self, level: usize) -> Scan<bool> {
        let here = self.mark();
        let key = &mut self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line == here.line && key.mark.index + KEY_LENGTH >= here.index {
            return Ok(true);
        }
        if key.required {
            return Err(key.mark.error("could not find expected ':'"));
        }
        key.possible = false;
        Ok(false)
    }

    fn save_key(&mut self) -> Scan<()> {
        if self.key_allowed {
            let mark = self.mark();
            self.remove_key()?;
            let token = self.taken + self.tokens.len();
            let required = self.flow == 0 && self.indent == mark.column as isize;
            if let Some(key) = self.keys.last_mut() {
                *key = SimpleKey { possible: true, required, token, mark };
            }
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Scan<()> {
        match self.keys.last_mut() {
            Some(key) if key.possible && key.required => {
                Err(key.mark.error("could not find expected ':'"))
            }
            Some(key) => {
                key.possible = false;
                Ok(())
            }
            None => Ok(()),
        }
    }

    // Indentation.

    /// Opens a block collection when the column is further in; `at` is the place in the queue, the end by
    /// default.
    fn roll_indent(&mut self, column: usize, at: Option<usize>, token: Token<'a>, mark: Mark) {
        if self.flow > 0 || self.indent >= column as isize {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        let at = at.unwrap_or(self.tokens.len());
        self.tokens.insert(at, (token, mark));
    }

    /// Closes the block collections that are further in than the column.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.tokens.push_back((Token::BlockEnd, mark));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // Tokens.

    fn skip_to_token(&mut self) {
        loop {
            while self.byte(self.pos) == b' '
                || (self.byte(self.pos) == b'\t' && (self.flow > 0 || !self.key_allowed))
            {
                self.pos += 1;
            }
            if self.byte(self.pos) == b'#' {
                self.pos = self.line_end();
            }
            if !self.is_break(self.pos) {
                return;
            }
            self.skip_break();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn fetch(&mut self) -> Scan<()> {
        self.skip_to_token();
        let mark = self.mark();
        self.unroll_indent(mark.column as isize);
        if self.pos >= self.bytes.len() {
            return self.fetch_end();
        }
        if mark.column == 0 {
            if self.byte(self.pos) == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator() {
                return self.fetch_document_indicator(mark);
            }
        }
        let blank_follows = self.is_blank_or_end(self.pos + 1);
        let flow = self.flow > 0;
        match self.byte(self.pos) {
            b'[' => self.open_flow(Token::FlowSequenceStart, mark),
            b'{' => self.open_flow(Token::FlowMappingStart, mark),
            b']' => self.close_flow(Token::FlowSequenceEnd, mark),
            b'}' => self.close_flow(Token::FlowMappingEnd, mark),
            b',' => {
                self.remove_key()?;
                self.indicator(Token::FlowEntry, mark, true);
                Ok(())
            }
            b'-' if blank_follows => self.fetch_block_entry(mark),
            b'?' if flow || blank_follows => self.fetch_key(mark),
            b':' if flow || blank_follows => self.fetch_value(mark),
            b'*' => self.fetch_anchor(mark, true),
            b'&' => self.fetch_anchor(mark, false),
            b'!' => self.fetch_tag(mark),
            b'|' if !flow => self.fetch_block_scalar(mark, Style::Literal),
            b'>' if !flow => self.fetch_block_scalar(mark, Style::Folded),
            b'\'' => self.fetch_quoted(mark, false),
            b'"' => self.fetch_quoted(mark, true),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(mark.error("found character that cannot start any token"))
            }
            _ => self.fetch_plain(mark),
        }
    }

    /// Adds the token of a one-byte indicator.
    fn indicator(&mut self, token: Token<'a>, mark: Mark, key_allowed: bool) {
        self.key_allowed = key_allowed;
        self.pos += 1;
        self.tokens.push_back((token, mark));
    }

    fn fetch_end(&mut self) -> Scan<()> {
        // The end counts as another line, so that no key can be waiting for its colon any more.
        if self.column() != 0 {
            self.here.column = 0;
            self.here.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.tokens.push_back((Token::StreamEnd, mark));
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        let token = self.directive(mark)?;
        self.tokens.push_back((token, mark));
        Ok(())
    }

    fn fetch_document_indicator(&mut self, mark: Mark) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.byte(self.pos) == b'-';
        self.pos += 3;
        let token = if start { Token::DocumentStart } else { Token::DocumentEnd };
        self.tokens.push_back((token, mark));
        Ok(())
    }

    fn open_flow(&mut self, token: Token<'a>, mark: Mark) -> Scan<()> {
        self.save_key()?;
        self.keys.push(SimpleKey::default());
        self.flow += 1;
        self.indicator(token, mark, true);
        Ok(())
    }

    fn close_flow(&mut self, token: Token<'a>, mark: Mark) -> Scan<()> {
        self.remove_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            self.keys.pop();
        }
        self.indicator(token, mark, false);
        Ok(())
    }

    fn fetch_block_entry(&mut self, mark: Mark) -> Scan<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                let message = "block sequence entries are not allowed in this context";
                return Err(mark.error(message));
            }
            self.roll_indent(mark.column, None, Token::BlockSequenceStart, mark);
        }
        self.remove_key()?;
        self.indicator(Token::BlockEntry, mark, true);
        Ok(())
    }

    fn fetch_key(&mut self, mark: Mark) -> Scan<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(mark.error("mapping keys are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, Token::BlockMappingStart, mark);
        }
        self.remove_key()?;
        self.indicator(Token::Key, mark, self.flow == 0);
        Ok(())
    }

    fn fetch_value(&mut self, mark: Mark) -> Scan<()> {
        let level = self.keys.len() - 1;
        if self.is_valid(level)? {
            let key = self.keys[level];
            let at = key.token - self.taken;
            self.tokens.insert(at, (Token::Key, key.mark));
            self.roll_indent(key.mark.column, Some(at), Token::BlockMappingStart, key.mark);
            self.keys[level].possible = false;
            self.indicator(Token::Value, mark, false);
            return Ok(());
        }
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(mark.error("mapping values are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, Token::BlockMappingStart, mark);
        }
        self.indicator(Token::Value, mark, self.flow == 0);
        Ok(())
    }
}

/// The first control character YAML does not allow.
fn find_control(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        // Most texts have none of the bytes that need a closer look.
        let suspect = |b: &u8| matches!(b, 0..=0x1f | 0x7f | 0xc2 | 0xef);
        let ordinary = |b: u8| matches!(b, b'\n' | b'\r' | b'\t');
        let at = from + bytes[from..].iter().position(|b| suspect(b) && !ordinary(*b))?;
        match (bytes[at], bytes.get(at + 1), bytes.get(at + 2)) {
            (0xc2, Some(0x85 | 0xa0..), _) => {}
            (0xef, Some(0xbf), Some(0xbe | 0xbf)) => return Some(at),
            (0xef, ..) => {}
            _ => return Some(at),
        }
        from = at + 1;
    }
}
