//! The characters of a TOML text with their lines, and Go's complaints about them.

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

pub(super) type Read<T> = Result<T, Fault>;

/// A place in a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    /// Counted from 1, of what was taken last.
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn since(&self, from: usize) -> &'a str {
        &self.text[from..self.at]
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character without taking it.
    pub(super) fn peek(&self) -> Read<Option<char>> {
        let mut chars = self.rest().chars();
        let Some(c) = chars.next() else { return Ok(None) };
        let control = c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n');
        if control || c == '\r' && chars.next() != Some('\n') {
            let message =
                format!("TOML files cannot contain control characters: '0x{:02x}'", u32::from(c));
            return Err(Fault { line: self.line, message });
        }
        Ok(Some(c))
    }

    /// Takes the next character.
    pub(super) fn next(&mut self) -> Read<Option<char>> {
        let c = self.peek()?;
        if let Some(c) = c {
            self.at += c.len_utf8();
            self.line += usize::from(c == '\n');
        }
        Ok(c)
    }

    /// Takes the next character if it is `wanted`.
    pub(super) fn accept(&mut self, wanted: char) -> Read<bool> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Takes characters as long as they are so, and gives them.
    pub(super) fn take_while(&mut self, is: impl Fn(char) -> bool) -> Read<&'a str> {
        let from = self.at;
        while self.peek()?.is_some_and(&is) {
            self.next()?;
        }
        Ok(self.since(from))
    }

    pub(super) fn blanks(&mut self) -> Read<()> {
        self.take_while(|c| matches!(c, ' ' | '\t')).map(|_| ())
    }

    /// A complaint about what was taken last.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { line: self.line, message: message.into() }
    }

    /// A complaint about the end of the text: on the last line that has something.
    pub(super) fn end_fault(&self, message: impl Into<String>) -> Fault {
        let back = usize::from(self.text[..self.at].ends_with('\n'));
        Fault { line: self.line - back, message: message.into() }
    }

    /// A complaint about a character that was not taken yet, or the end.
    pub(super) fn fault_at(&mut self, found: Option<char>, message: String) -> Fault {
        match found {
            None => self.end_fault(message),
            Some(_) => self.fault(message),
        }
    }
}

/// Go's `%q` of a character; the end of the text is the one of number zero.
pub(super) fn quoted(c: Option<char>) -> String {
    match c {
        None => r"'\x00'".into(),
        Some('\'') => r"'\''".into(),
        Some('"') => "'\"'".into(),
        Some(c) => {
            let text = crate::fmt::quote(c.encode_utf8(&mut [0; 4]));
            format!("'{}'", &text[1..text.len() - 1])
        }
    }
}
