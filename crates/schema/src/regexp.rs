//! Go regular expressions (RE2) on Rust's engine, which is RE2's child but reads a few things otherwise.
//!
//! Deliberately absent: `\C` (a byte), which schemas do not use.

use regex::Regex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// A Go pattern, compiled when first used. Equal when the texts are, and equal ones share the compiled form:
/// definitions repeat a few patterns hundreds of times, and one costs tens of kilobytes.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    text: String,
    compiled: OnceLock<Result<Regex, String>>,
}

/// The patterns that are in use, by text.
static IN_USE: Mutex<Option<HashMap<String, Weak<Shared>>>> = Mutex::new(None);

/// Below so many entries nobody looks for dead ones.
const TIDY_FROM: usize = 256;

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Pattern {
    /// From its text; a faulty one is noticed by [`Pattern::find`] and [`Pattern::fault`].
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        // Another thread that panicked cannot have left the map half changed: it is changed by one call.
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = in_use.get_or_insert_default();
        if let Some(shared) = in_use.get(&text).and_then(Weak::upgrade) {
            return Self(shared);
        }
        if in_use.len() >= TIDY_FROM && in_use.len() == in_use.capacity() {
            in_use.retain(|_, weak| weak.strong_count() > 0);
        }
        let shared = Arc::new(Shared { text: text.clone(), compiled: OnceLock::new() });
        in_use.insert(text, Arc::downgrade(&shared));
        Self(shared)
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the pattern occurs anywhere in `text`.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn find(&self, text: &str) -> Result<bool, &str> {
        self.compiled().map(|regex| regex.is_match(text))
    }

    /// Every occurrence of the pattern in `text`.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn all(&self, text: &str) -> Result<Vec<String>, &str> {
        self.compiled().map(|r| r.find_iter(text).map(|m| m.as_str().to_owned()).collect())
    }

    fn compiled(&self) -> Result<&Regex, &str> {
        let compiled = self
            .0
            .compiled
            .get_or_init(|| Regex::new(&translate(&self.0.text)).map_err(|e| e.to_string()));
        compiled.as_ref().map_err(String::as_str)
    }

    /// What is wrong with the pattern, if anything.
    pub fn fault(&self) -> Option<&str> {
        self.find("").err()
    }
}

/// Where Go and Rust read a pattern differently: `\d`, `\w`, `\s`, `\b` are ASCII in Go; `[` inside a class
/// and a `{` that starts no repetition are themselves; `&&`, `--`, `~~` in a class are no operators.
fn translate(go: &str) -> String {
    let mut out = String::with_capacity(go.len() + 16);
    let mut rest = go;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut taken = c.len_utf8();
        match c {
            '\\' => taken += escape(after, in_class, &mut out),
            '[' if in_class => match after.starts_with(':').then(|| after.find(":]")).flatten() {
                Some(end) => {
                    out.push('[');
                    out.push_str(&after[..end + 2]);
                    taken += end + 2;
                }
                None => out.push_str("\\["),
            },
            '[' => {
                in_class = true;
                out.push('[');
                // `[]a]` and `[^]a]`: the first bracket is itself.
                let negation = usize::from(after.starts_with('^'));
                out.push_str(&after[..negation]);
                taken += negation;
                if after[negation..].starts_with(']') {
                    out.push_str("\\]");
                    taken += 1;
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && after.starts_with('-') => out.push_str("\\-"),
            '{' if !in_class && !is_repetition(after) => out.push_str("\\{"),
            _ => out.push(c),
        }
        rest = &rest[taken..];
    }
    out
}

/// Writes the escape whose text after the backslash is `after`; returns how many bytes of it it took.
fn escape(after: &str, in_class: bool, out: &mut String) -> usize {
    let Some(c) = after.chars().next() else {
        out.push('\\');
        return 0;
    };
    let set = match c {
        'd' | 'D' => "0-9",
        'w' | 'W' => "0-9A-Za-z_",
        's' | 'S' => "\\t\\n\\x0C\\r ",
        'b' if !in_class => {
            out.push_str("(?-u:\\b)");
            return 1;
        }
        'Q' if !in_class => {
            let literal = &after[1..];
            let end = literal.find("\\E").unwrap_or(literal.len());
            out.push_str(&regex::escape(&literal[..end]));
            return 1 + end + if end == literal.len() { 0 } else { 2 };
        }
        _ => {
            out.push('\\');
            out.push(c);
            return c.len_utf8();
        }
    };
    match (in_class, c.is_ascii_uppercase()) {
        (true, false) => out.push_str(set),
        (false, false) => out.extend(["[", set, "]"]),
        (_, true) => out.extend(["[^", set, "]"]),
    }
    1
}

/// Whether what follows a `{` makes it a repetition: `2}`, `2,}`, `2,3}`.
fn is_repetition(after: &str) -> bool {
    let Some((inner, _)) = after.split_once('}') else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    !least.is_empty() && [least, most].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).find(text).unwrap()
    }

    #[test]
    fn patterns_read_as_go_reads_them() {
        assert!(find("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "a-b"));
        assert!(!find(r"^\d+$", "١٢"));
        assert!(find(r"^[\d\s]+$", "1 2"));
        assert!(find(r"^[^\D]+$", "12"));
        assert!(find("^[[a]+$", "[a"));
        assert!(find("^[[:alpha:]&&b]+$", "a&b"));
        assert!(find("^a{,2}$", "a{,2}"));
        assert!(find("^a{1,2}$", "aa"));
        assert!(find(r"^\Qa.b\E$", "a.b") && !find(r"^\Qa.b\E$", "axb"));
        assert!(find(r"\bword\b", "a word"));
        assert!(find("[]x]", "]"));
        assert!(Pattern::new("(").fault().is_some());
    }
}
