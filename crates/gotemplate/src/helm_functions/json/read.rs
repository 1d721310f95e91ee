//! JSON read as Go's `encoding/json` reads it into an `interface {}`: every number a `float64`, of two members with
//! one name the later; with Go's messages.

use super::super::data::{RED_ZONE, STACK};
use crate::value::{Entries, Value};

/// Go stops at ten thousand; everything that walks values is recursive.
const MAX_DEPTH: usize = 1_000;

/// The value of a JSON text, and the complaint about a number that does not fit (it is left out, as Go does).
///
/// # Errors
/// Go's text for what is no JSON.
pub(in crate::helm_functions) fn any(text: &str) -> Result<(Value, Option<String>), String> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, too_large: None };
    let value = reader.value(0)?;
    reader.blanks();
    if let Some(byte) = reader.peek() {
        return Err(unexpected(byte, "after top-level value"));
    }
    let complaint = reader
        .too_large
        .map(|n| format!("json: cannot unmarshal number {n} into Go value of type float64"));
    Ok((value, complaint))
}

/// The value as a map; `None` for `null`.
///
/// # Errors
/// Go's text when it is something else.
pub(in crate::helm_functions) fn into_map(value: Value) -> Result<Option<Value>, String> {
    match value {
        Value::Map(_) => Ok(Some(value)),
        Value::Nil => Ok(None),
        other => Err(mismatch(&other, "map[string]interface {}")),
    }
}

/// The value as a list; `None` for `null`.
///
/// # Errors
/// Go's text when it is something else.
pub(in crate::helm_functions) fn into_list(value: Value) -> Result<Option<Value>, String> {
    match value {
        Value::List(_) => Ok(Some(value)),
        Value::Nil => Ok(None),
        other => Err(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let given = match value {
        Value::Bool(_) => "bool",
        Value::Float(_) | Value::Int(_) => "number",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "string",
    };
    format!("json: cannot unmarshal {given} into Go value of type {wanted}")
}

/// `invalid character 'x' in some context`.
fn unexpected(byte: u8, context: &str) -> String {
    let shown = match byte {
        b'\'' => r"\'".to_owned(),
        b'"' => "\"".to_owned(),
        // Go makes a character of the byte.
        _ => {
            let quoted = crate::fmt::quote(char::from(byte).encode_utf8(&mut [0; 4]));
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    format!("invalid character '{shown}' {context}")
}

const END: &str = "unexpected end of JSON input";

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// The first number beyond `float64`.
    too_large: Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        self.blanks();
        let first = self.peek().ok_or(END)?;
        match first {
            b'{' | b'[' if depth >= MAX_DEPTH => Err("exceeded max depth".into()),
            b'{' => stacker::maybe_grow(RED_ZONE, STACK, || self.object(depth)),
            b'[' => stacker::maybe_grow(RED_ZONE, STACK, || self.array(depth)),
            b'"' => Ok(self.string()?.into()),
            b't' => self.word("true", true.into()),
            b'f' => self.word("false", false.into()),
            b'n' => self.word("null", Value::Nil),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(unexpected(first, "looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for (i, wanted) in word.bytes().enumerate() {
            match self.peek() {
                Some(byte) if byte == wanted => self.at += 1,
                found => {
                    debug_assert!(i > 0);
                    // At the end Go's scanner is given a blank, to see whether something is complete.
                    let byte = found.unwrap_or(b' ');
                    let wanted = char::from(wanted);
                    return Err(unexpected(
                        byte,
                        &format!("in literal {word} (expecting '{wanted}')"),
                    ));
                }
            }
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut entries = Entries::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::map(entries));
        }
        loop {
            self.blanks();
            match self.peek().ok_or(END)? {
                b'"' => {}
                byte => {
                    return Err(unexpected(byte, "looking for beginning of object key string"));
                }
            }
            let key = self.string()?;
            self.blanks();
            match self.peek().ok_or(END)? {
                b':' => self.at += 1,
                byte => return Err(unexpected(byte, "after object key")),
            }
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
            self.blanks();
            let byte = self.peek().ok_or(END)?;
            self.at += 1;
            match byte {
                b',' => {}
                b'}' => return Ok(Value::map(entries)),
                _ => return Err(unexpected(byte, "after object key:value pair")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items.into());
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            let byte = self.peek().ok_or(END)?;
            self.at += 1;
            match byte {
                b',' => {}
                b']' => return Ok(items.into()),
                _ => return Err(unexpected(byte, "after array element")),
            }
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Result<Value, String> {
        let from = self.at;
        let missing = |r: &Self, context: &str| unexpected(r.peek().unwrap_or(b' '), context);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err(missing(self, "in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(missing(self, "after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(missing(self, "in exponent of numeric literal"));
            }
        }
        let text = String::from_utf8_lossy(&self.text[from..self.at]);
        let number: f64 = text.parse().unwrap_or_default();
        if number.is_finite() {
            return Ok(number.into());
        }
        self.too_large.get_or_insert_with(|| text.into_owned());
        Ok(Value::Nil)
    }

    /// A string, whose opening quote is next.
    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let byte = self.peek().ok_or(END)?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut out)?,
                0..0x20 => return Err(unexpected(byte, "in string literal")),
                _ => out.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let byte = self.peek().unwrap_or(b' ');
        self.at += 1;
        out.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let c = self.code_point()?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(unexpected(byte, "in string escape code")),
        });
        Ok(())
    }

    /// What follows `\u`; halves of a pair that are alone become U+FFFD.
    fn code_point(&mut self) -> Result<char, String> {
        let high = self.hex4()?;
        if !(0xd800..0xdc00).contains(&high) || !self.text[self.at..].starts_with(b"\\u") {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let back = self.at;
        self.at += 2;
        let low = self.hex4()?;
        if (0xdc00..0xe000).contains(&low) {
            let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.at = back;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            let byte = self.peek().unwrap_or(b' ');
            let digit = char::from(byte)
                .to_digit(16)
                .ok_or_else(|| unexpected(byte, "in \\u hexadecimal character escape"))?;
            self.at += 1;
            value = value * 16 + digit;
        }
        Ok(value)
    }
}
