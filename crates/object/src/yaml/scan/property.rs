//! What stands before a node or a document: anchors, aliases, tags, directives.

use super::{Mark, Scan, Scanner, Token};
use std::borrow::Cow;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_uri(byte: u8) -> bool {
    is_name(byte)
        || matches!(
            byte,
            b';' | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']'
                | b'%'
        )
}

impl<'a> Scanner<'a> {
    pub(super) fn fetch_anchor(&mut self, mark: Mark, alias: bool) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        self.pos += 1;
        let name = self.run(is_name);
        let ends = self.is_blank_or_end(self.pos)
            || matches!(self.byte(self.pos), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(mark.error("did not find expected alphabetic or numeric character"));
        }
        let token = if alias { Token::Alias(name) } else { Token::Anchor(name) };
        self.tokens.push_back((token, mark));
        Ok(())
    }

    pub(super) fn fetch_tag(&mut self, mark: Mark) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let token = if self.byte(self.pos + 1) == b'<' {
            self.pos += 2;
            let suffix = self.uri(mark, false)?;
            if self.byte(self.pos) != b'>' {
                return Err(mark.error("did not find the expected '>'"));
            }
            self.pos += 1;
            Token::Tag { handle: "", suffix }
        } else {
            self.shorthand(mark)?
        };
        if !self.is_blank_or_end(self.pos) {
            return Err(mark.error("did not find expected whitespace or line break"));
        }
        self.tokens.push_back((token, mark));
        Ok(())
    }

    /// `!suffix`, `!!suffix`, `!handle!suffix`, or the lone `!`.
    fn shorthand(&mut self, mark: Mark) -> Scan<Token<'a>> {
        let start = self.pos;
        self.pos += 1;
        self.run(is_name);
        if self.byte(self.pos) == b'!' {
            self.pos += 1;
            let handle = &self.text[start..self.pos];
            return Ok(Token::Tag { handle, suffix: self.uri(mark, false)? });
        }
        self.pos = start + 1;
        let suffix = self.uri(mark, true)?;
        Ok(if suffix.is_empty() {
            Token::Tag { handle: "", suffix: "!".into() }
        } else {
            Token::Tag { handle: "!", suffix }
        })
    }

    /// The URI characters from here on, `%xx` decoded.
    fn uri(&mut self, mark: Mark, may_be_empty: bool) -> Scan<Cow<'a, str>> {
        let raw = self.run(is_uri);
        if raw.is_empty() && !may_be_empty {
            return Err(mark.error("did not find expected tag URI"));
        }
        if !raw.contains('%') {
            return Ok(raw.into());
        }
        let mut out = Vec::with_capacity(raw.len());
        let mut bytes = raw.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                out.push(byte);
                continue;
            }
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            match (digit(), digit()) {
                (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                _ => return Err(mark.error("did not find URI escaped octet")),
            }
        }
        String::from_utf8(out)
            .map(Cow::Owned)
            .map_err(|_| mark.error("found an incorrect leading UTF-8 octet"))
    }

    fn run(&mut self, is: fn(u8) -> bool) -> &'a str {
        let start = self.pos;
        while is(self.byte(self.pos)) {
            self.pos += 1;
        }
        &self.text[start..self.pos]
    }

    pub(super) fn directive(&mut self, mark: Mark) -> Scan<Token<'a>> {
        self.pos += 1;
        let name = self.run(is_name);
        if name.is_empty() {
            return Err(mark.error("could not find expected directive name"));
        }
        if !self.is_blank_or_end(self.pos) {
            return Err(mark.error("found unexpected non-alphabetical character"));
        }
        self.skip_blanks();
        let token = match name {
            "YAML" => {
                let major = self.version_number(mark)?;
                if self.byte(self.pos) != b'.' {
                    return Err(mark.error("did not find expected digit or '.' character"));
                }
                self.pos += 1;
                Token::Version { major, minor: self.version_number(mark)? }
            }
            "TAG" => self.tag_directive(mark)?,
            _ => return Err(mark.error("found unknown directive name")),
        };
        self.finish_line(mark)?;
        Ok(token)
    }

    fn version_number(&mut self, mark: Mark) -> Scan<u32> {
        let digits = self.run(|b| b.is_ascii_digit());
        match digits.len() {
            0 => Err(mark.error("did not find expected version number")),
            1 | 2 => Ok(digits.parse().unwrap_or_default()),
            _ => Err(mark.error("found extremely long version number")),
        }
    }

    fn tag_directive(&mut self, mark: Mark) -> Scan<Token<'a>> {
        let start = self.pos;
        if self.byte(self.pos) != b'!' {
            return Err(mark.error("did not find expected '!'"));
        }
        self.pos += 1;
        self.run(is_name);
        if self.byte(self.pos) == b'!' {
            self.pos += 1;
        } else if self.pos > start + 1 {
            return Err(mark.error("did not find expected '!'"));
        }
        let handle = &self.text[start..self.pos];
        if !self.is_blank(self.pos) {
            return Err(mark.error("did not find expected whitespace"));
        }
        self.skip_blanks();
        let prefix = self.uri(mark, false)?;
        if !self.is_blank_or_end(self.pos) {
            return Err(mark.error("did not find expected whitespace or line break"));
        }
        Ok(Token::TagDirective { handle, prefix })
    }
}
