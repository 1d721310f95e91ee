//! Scalars: plain, quoted, literal and folded. What is written on one line without escapes is borrowed from the
//! text.

use super::{Mark, Scan, Scanner, Style, Token};
use std::borrow::Cow;

/// Text that is a piece of the source as long as it can be.
struct Piece<'a> {
    source: &'a str,
    /// Where the piece begins and ends; only while nothing was put into `owned`.
    start: usize,
    end: usize,
    owned: Option<String>,
}

impl<'a> Piece<'a> {
    fn new(source: &'a str, start: usize) -> Self {
        Self { source, start, end: start, owned: None }
    }

    /// Adds what stands in the source.
    fn add(&mut self, from: usize, to: usize) {
        match &mut self.owned {
            Some(owned) => owned.push_str(&self.source[from..to]),
            None if from == self.end => self.end = to,
            None => self.add_text(&self.source[from..to]),
        }
    }

    /// Adds something that does not stand there.
    fn add_text(&mut self, text: &str) {
        let (source, start, end) = (self.source, self.start, self.end);
        self.owned.get_or_insert_with(|| source[start..end].to_owned()).push_str(text);
    }

    fn finish(self) -> Cow<'a, str> {
        match self.owned {
            Some(owned) => Cow::Owned(owned),
            None => Cow::Borrowed(&self.source[self.start..self.end]),
        }
    }
}

/// Line breaks between two parts of a scalar.
#[derive(Default)]
struct Breaks {
    first: &'static str,
    rest: String,
}

impl Breaks {
    /// A single line feed folds to a space, more of them lose the first.
    fn fold(&mut self, into: &mut Piece<'_>) {
        if self.first == "\n" {
            into.add_text(if self.rest.is_empty() { " " } else { &self.rest });
        } else {
            into.add_text(self.first);
            into.add_text(&self.rest);
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.first = "";
        self.rest.clear();
    }
}

impl<'a> Scanner<'a> {
    fn push_scalar(&mut self, piece: Piece<'a>, style: Style, mark: Mark) {
        self.tokens.push_back((Token::Scalar(piece.finish(), style), mark));
    }

    pub(super) fn fetch_plain(&mut self, mark: Mark) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let indent = self.indent + 1;
        let mut piece = Piece::new(self.text, self.pos);
        let mut breaks = Breaks::default();
        let mut broken = false;
        // Blanks that count only when something follows them on the line.
        let mut blanks = self.pos;
        while !self.at_document_indicator() && self.byte(self.pos) != b'#' {
            let start = self.pos;
            self.pass_plain_run();
            if self.pos > start {
                if broken {
                    breaks.fold(&mut piece);
                    broken = false;
                    blanks = start;
                }
                piece.add(blanks, self.pos);
            }
            if !self.is_blank(self.pos) && !self.is_break(self.pos) {
                break;
            }
            blanks = self.pos;
            loop {
                if self.is_blank(self.pos) {
                    let tab = self.byte(self.pos) == b'\t';
                    if broken && tab && (self.column() as isize) < indent {
                        return Err(mark.error("found a tab character that violates indentation"));
                    }
                    self.pos += 1;
                } else if self.is_break(self.pos) {
                    let reads_as = self.skip_break();
                    if broken {
                        breaks.rest.push_str(reads_as);
                    } else {
                        breaks.first = reads_as;
                        broken = true;
                    }
                } else {
                    break;
                }
            }
            if self.flow == 0 && (self.column() as isize) < indent {
                break;
            }
        }
        if broken {
            self.key_allowed = true;
        }
        self.push_scalar(piece, Style::Plain, mark);
        Ok(())
    }

    /// Passes over characters of a plain scalar up to a blank or an indicator that ends it.
    fn pass_plain_run(&mut self) {
        loop {
            match self.byte(self.pos) {
                b' ' | b'\t' | b'\n' | b'\r' | 0 => return,
                0xc2 | 0xe2 if self.is_break(self.pos) => return,
                b':' if self.is_blank_or_end(self.pos + 1) => return,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if self.flow > 0 => return,
                _ => self.pos += 1,
            }
        }
    }

    pub(super) fn fetch_quoted(&mut self, mark: Mark, double: bool) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        self.pos += 1;
        let quote = if double { b'"' } else { b'\'' };
        let mut piece = Piece::new(self.text, self.pos);
        let mut breaks = Breaks::default();
        loop {
            if self.at_document_indicator() {
                return Err(mark.error("found unexpected document indicator"));
            }
            if self.pos >= self.bytes.len() {
                return Err(mark.error("found unexpected end of stream"));
            }
            let mut broken = self.pass_quoted_run(&mut piece, quote, mark)?;
            if self.byte(self.pos) == quote {
                break;
            }
            let blanks = self.pos;
            let mut blanks_end = self.pos;
            loop {
                if self.is_blank(self.pos) {
                    self.pos += 1;
                    if !broken {
                        blanks_end = self.pos;
                    }
                } else if self.is_break(self.pos) {
                    let reads_as = self.skip_break();
                    if broken {
                        breaks.rest.push_str(reads_as);
                    } else {
                        breaks.first = reads_as;
                        broken = true;
                    }
                } else {
                    break;
                }
            }
            if broken {
                breaks.fold(&mut piece);
            } else {
                piece.add(blanks, blanks_end);
            }
        }
        self.pos += 1;
        let style = if double { Style::DoubleQuoted } else { Style::SingleQuoted };
        self.push_scalar(piece, style, mark);
        Ok(())
    }

    /// Passes over a quoted scalar up to a blank, break or the closing quote; true behind an escaped line
    /// break.
    fn pass_quoted_run(&mut self, piece: &mut Piece<'a>, quote: u8, mark: Mark) -> Scan<bool> {
        let mut start = self.pos;
        loop {
            match self.byte(self.pos) {
                b' ' | b'\t' | b'\n' | b'\r' | 0 => break,
                0xc2 | 0xe2 if self.is_break(self.pos) => break,
                b'\'' if quote == b'\'' && self.byte(self.pos + 1) == b'\'' => {
                    piece.add(start, self.pos);
                    piece.add_text("'");
                    self.pos += 2;
                    start = self.pos;
                }
                byte if byte == quote => break,
                b'\\' if quote == b'"' => {
                    piece.add(start, self.pos);
                    if self.is_break(self.pos + 1) {
                        self.pos += 1;
                        self.skip_break();
                        return Ok(true);
                    }
                    self.escape(piece, mark)?;
                    start = self.pos;
                }
                _ => self.pos += 1,
            }
        }
        piece.add(start, self.pos);
        Ok(false)
    }

    fn escape(&mut self, piece: &mut Piece<'a>, mark: Mark) -> Scan<()> {
        let digits = match self.byte(self.pos + 1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                let text = match other {
                    b'0' => "\0",
                    b'a' => "\x07",
                    b'b' => "\x08",
                    b't' | b'\t' => "\t",
                    b'n' => "\n",
                    b'v' => "\x0b",
                    b'f' => "\x0c",
                    b'r' => "\r",
                    b'e' => "\x1b",
                    b' ' => " ",
                    b'"' => "\"",
                    b'\'' => "'",
                    b'\\' => "\\",
                    b'/' => "/",
                    b'N' => "\u{85}",
                    b'_' => "\u{a0}",
                    b'L' => "\u{2028}",
                    b'P' => "\u{2029}",
                    _ => return Err(self.mark().error("found unknown escape character")),
                };
                piece.add_text(text);
                self.pos += 2;
                return Ok(());
            }
        };
        let mut code = self.hex(self.pos + 2, digits, mark)?;
        self.pos += 2 + digits;
        if matches!(code, 0xd800..=0xdbff) && self.bytes[self.pos..].starts_with(b"\\u") {
            let low = self.hex(self.pos + 2, 4, mark)?;
            if matches!(low, 0xdc00..=0xdfff) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                self.pos += 6;
            }
        }
        let Some(c) = char::from_u32(code) else {
            return Err(self.mark().error("found invalid Unicode character escape code"));
        };
        piece.add_text(c.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn hex(&self, from: usize, digits: usize, mark: Mark) -> Scan<u32> {
        let text = self.text.get(from..from + digits);
        text.filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|t| u32::from_str_radix(t, 16).ok())
            .ok_or_else(|| mark.error("did not find expected hexadecimal number"))
    }

    pub(super) fn fetch_block_scalar(&mut self, mark: Mark, style: Style) -> Scan<()> {
        self.remove_key()?;
        self.key_allowed = true;
        self.pos += 1;
        let (keep, increment) = self.block_header(mark)?;
        self.finish_line(mark)?;
        let mut indent = increment.map(|n| self.indent.max(0) as usize + n);
        let mut out = String::new();
        let mut breaks = Breaks::default();
        let mut after_blank = false;
        self.block_breaks(&mut indent, &mut breaks.rest)?;
        let wanted = indent.unwrap_or(1);
        while self.column() == wanted && self.pos < self.bytes.len() {
            let blank = self.is_blank(self.pos);
            let folds = style == Style::Folded && !after_blank && !blank && breaks.first == "\n";
            if !folds {
                out.push_str(breaks.first);
            } else if breaks.rest.is_empty() {
                out.push(' ');
            }
            out.push_str(&breaks.rest);
            breaks.clear();
            after_blank = blank;
            let end = self.line_end();
            out.push_str(&self.text[self.pos..end]);
            self.pos = end;
            if self.is_break(self.pos) {
                breaks.first = self.skip_break();
            }
            self.block_breaks(&mut indent, &mut breaks.rest)?;
        }
        if keep != Some(false) {
            out.push_str(breaks.first);
        }
        if keep == Some(true) {
            out.push_str(&breaks.rest);
        }
        self.tokens.push_back((Token::Scalar(out.into(), style), mark));
        Ok(())
    }

    /// `+` (true) or `-` (false), and the indentation if it is given; in either order.
    fn block_header(&mut self, mark: Mark) -> Scan<(Option<bool>, Option<usize>)> {
        let (mut keep, mut increment) = (None, None);
        for _ in 0..2 {
            match self.byte(self.pos) {
                sign @ (b'+' | b'-') if keep.is_none() => keep = Some(sign == b'+'),
                b'0' if increment.is_none() => {
                    return Err(mark.error("found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment.is_none() => {
                    increment = Some(usize::from(digit - b'0'));
                }
                _ => break,
            }
            self.pos += 1;
        }
        Ok((keep, increment))
    }

    /// Passes over indentation and empty lines, and finds out the indentation when it is not known.
    fn block_breaks(&mut self, indent: &mut Option<usize>, breaks: &mut String) -> Scan<()> {
        let mut deepest = 0;
        loop {
            // Only spaces were passed since the line began.
            let mut column = self.column();
            while indent.is_none_or(|i| column < i) && self.byte(self.pos) == b' ' {
                self.pos += 1;
                column += 1;
            }
            deepest = deepest.max(column);
            if indent.is_none_or(|i| column < i) && self.byte(self.pos) == b'\t' {
                let message = "found a tab character where an indentation space is expected";
                return Err(self.mark().error(message));
            }
            if !self.is_break(self.pos) {
                break;
            }
            breaks.push_str(self.skip_break());
        }
        if indent.is_none() {
            *indent = Some(deepest.max((self.indent + 1) as usize).max(1));
        }
        Ok(())
    }
}
