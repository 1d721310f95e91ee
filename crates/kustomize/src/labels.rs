//! Label selectors as `kubectl -l` writes them: `a=b,c!=d,e in (f,g),!h,i>3`.
//!
//! Source of the grammar: `k8s.io/apimachinery/pkg/labels`.

#[cfg(test)]
mod tests;

use std::str::FromStr;

#[derive(Debug, Clone, PartialEq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// All requirements must hold; none selects everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelSelector(Vec<(String, Operator)>);

impl LabelSelector {
    /// Whether the labels that `get` answers are selected.
    pub(crate) fn matches<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|(key, operator)| {
            let value = get(key);
            let number = || value.and_then(|v| v.parse::<i64>().ok());
            match operator {
                Operator::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
                Operator::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
                Operator::Exists => value.is_some(),
                Operator::Absent => value.is_none(),
                Operator::Greater(bound) => number().is_some_and(|n| n > *bound),
                Operator::Less(bound) => number().is_some_and(|n| n < *bound),
            }
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for LabelSelector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0 };
        let refuse = |what: &str| format!("the selector '{text}' does not read: {what}");
        let mut requirements = Vec::new();
        while parser.peek().is_some() {
            requirements.push(parser.requirement().map_err(|e| refuse(&e))?);
            match parser.next().as_deref() {
                None => break,
                Some(",") if parser.peek().is_some() => {}
                Some(",") => return Err(refuse("nothing follows the last ','")),
                Some(other) => return Err(refuse(&format!("'{other}' where ',' was expected"))),
            }
        }
        Ok(Self(requirements))
    }
}

/// Words and operators; `text` is split at white space and at `= ! ( ) , < >`.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let special = |c: char| "=!(),<>".contains(c);
        let length = if special(first) {
            ["==", "!="].iter().find(|o| rest.starts_with(**o)).map_or(1, |o| o.len())
        } else {
            rest.find(|c: char| special(c) || c.is_ascii_whitespace()).unwrap_or(rest.len())
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(word) if !word.starts_with(['=', '!', '(', ')', ',', '<', '>']) => Ok(word),
            Some(other) => Err(format!("'{other}' where a word was expected")),
            None => Err("a word is missing at the end".to_owned()),
        }
    }

    fn requirement(&mut self) -> Result<(String, Operator), String> {
        let absent = self.peek() == Some("!");
        if absent {
            self.at += 1;
        }
        let key = self.word()?;
        check_key(&key)?;
        if absent {
            return match self.peek() {
                None | Some(",") => Ok((key, Operator::Absent)),
                Some(other) => Err(format!("'{other}' after '!{key}'")),
            };
        }
        let operator = match self.peek() {
            None | Some(",") => return Ok((key, Operator::Exists)),
            Some(_) => self.next().unwrap_or_default(),
        };
        let operator = match operator.as_str() {
            "=" | "==" => Operator::In(vec![self.exact()?]),
            "!=" => Operator::NotIn(vec![self.exact()?]),
            "in" => Operator::In(self.values()?),
            "notin" => Operator::NotIn(self.values()?),
            ">" => Operator::Greater(self.bound()?),
            "<" => Operator::Less(self.bound()?),
            other => return Err(format!("'{other}' is no operator")),
        };
        let (Operator::In(values) | Operator::NotIn(values)) = &operator else {
            return Ok((key, operator));
        };
        for value in values {
            check_value(value)?;
        }
        Ok((key, operator))
    }

    /// One value, empty when the requirement ends.
    fn exact(&mut self) -> Result<String, String> {
        match self.peek() {
            None | Some(",") => Ok(String::new()),
            Some(_) => self.word(),
        }
    }

    fn bound(&mut self) -> Result<i64, String> {
        let word = self.exact()?;
        word.parse().map_err(|_| format!("'{word}' is no whole number"))
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.next().as_deref() != Some("(") {
            return Err("'(' is missing".to_owned());
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                Some("," | ")") => values.push(String::new()),
                _ => values.push(self.word()?),
            }
            match self.next().as_deref() {
                Some(")") => return Ok(values),
                Some(",") => {}
                _ => return Err("')' is missing".to_owned()),
            }
        }
    }
}

/// A qualified name: `name` or `dns.prefix/name`.
fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    let prefix_ok = prefix.is_none_or(|p| {
        !p.is_empty()
            && p.len() <= 253
            && p.split('.').all(|part| {
                !part.is_empty()
                    && !part.starts_with('-')
                    && !part.ends_with('-')
                    && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            })
    });
    if prefix_ok && !name.is_empty() && check_value(name).is_ok() {
        return Ok(());
    }
    Err(format!("'{key}' is no label key"))
}

fn check_value(value: &str) -> Result<(), String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    if value.len() <= 63
        && bytes.iter().all(|b| inner(*b))
        && edge(bytes.first())
        && edge(bytes.last())
    {
        return Ok(());
    }
    Err(format!("'{value}' is no label value"))
}
