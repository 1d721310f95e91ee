//! Text under construction.

use crate::value::Value;
use std::borrow::Cow;

/// Text that is nearly always UTF-8.
#[derive(Debug)]
pub enum Output {
    /// It is.
    Text(String),
    /// It may not be.
    Raw(Vec<u8>),
}

impl Default for Output {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Output {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(s) => s.len(),
            Self::Raw(b) => b.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends text.
    pub fn push_str(&mut self, text: &str) {
        match self {
            Self::Text(s) => s.push_str(text),
            Self::Raw(b) => b.extend_from_slice(text.as_bytes()),
        }
    }

    /// Appends a character.
    pub fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Appends any bytes.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push_str(text),
            Err(_) => self.raw().extend_from_slice(bytes),
        }
    }

    fn raw(&mut self) -> &mut Vec<u8> {
        if let Self::Text(s) = self {
            *self = Self::Raw(std::mem::take(s).into_bytes());
        }
        match self {
            Self::Raw(b) => b,
            Self::Text(_) => unreachable!("just made raw"),
        }
    }

    /// As text, with replacement characters where it is none.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match self {
            Self::Text(s) => s.as_str().into(),
            Self::Raw(b) => String::from_utf8_lossy(b),
        }
    }

    /// As text, with replacement characters where it is none.
    pub fn into_string_lossy(self) -> String {
        match self {
            Self::Text(s) => s,
            Self::Raw(b) => match String::from_utf8(b) {
                Ok(s) => s,
                Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
            },
        }
    }

    /// As a Go `string`.
    pub fn into_value(self) -> Value {
        match self {
            Self::Text(s) => s.into(),
            Self::Raw(b) => Value::from_bytes(b),
        }
    }
}
