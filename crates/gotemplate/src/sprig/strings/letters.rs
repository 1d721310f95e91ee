//! Characters as Go's `unicode` and `strings` see them: one to one case mappings, general categories.

pub(super) use crate::fmt::is_letter;
use regex::Regex;
use std::sync::LazyLock;

/// A general category, asked of a single character.
pub(super) struct Category(&'static str, LazyLock<Option<Regex>>);

impl Category {
    const fn new(name: &'static str, pattern: fn() -> Option<Regex>) -> Self {
        Self(name, LazyLock::new(pattern))
    }

    fn has(&self, c: char) -> bool {
        debug_assert!(self.1.is_some(), "{}", self.0);
        self.1.as_ref().is_some_and(|r| r.is_match(c.encode_utf8(&mut [0; 4])))
    }
}

static UPPER: Category = Category::new("Lu", || Regex::new(r"^\p{Lu}").ok());
static LOWER: Category = Category::new("Ll", || Regex::new(r"^\p{Ll}").ok());
static TITLE: Category = Category::new("Lt", || Regex::new(r"^\p{Lt}").ok());
static NUMBER: Category = Category::new("N", || Regex::new(r"^\p{N}").ok());
static PUNCTUATION: Category = Category::new("P", || Regex::new(r"^\p{P}").ok());

pub(super) fn is_upper(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_uppercase() } else { UPPER.has(c) }
}

pub(super) fn is_lower(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_lowercase() } else { LOWER.has(c) }
}

pub(super) fn is_title(c: char) -> bool {
    !c.is_ascii() && TITLE.has(c)
}

pub(super) fn is_number(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { NUMBER.has(c) }
}

pub(super) fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        // Symbols such as `+` or `$` are no punctuation.
        c.is_ascii_punctuation()
            && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
    } else {
        PUNCTUATION.has(c)
    }
}

/// The upper case of one character; where that is more than one character, Go has none or a precomposed one.
pub(super) fn to_upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(upper), None) => upper,
        _ => composed_upper(c),
    }
}

fn composed_upper(c: char) -> char {
    let offset = match u32::from(c) {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
        _ => 0,
    };
    char::from_u32(u32::from(c) + offset).unwrap_or(c)
}

/// The lower case of one character.
pub(super) fn to_lower(c: char) -> char {
    let mut full = c.to_lowercase();
    match (full.next(), full.next()) {
        (Some(lower), None) => lower,
        // The capital I with a dot, the only one.
        _ => 'i',
    }
}

/// The title case of one character: the upper one but for digraphs and Georgian.
pub(super) fn to_title(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10ff}' => c,
        _ => to_upper(c),
    }
}

pub(super) fn upper(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(to_upper).collect() }
}

pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(to_lower).collect() }
}

/// `strings.Title`: the first letter of each word.
pub(super) fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let mapped = if is_separator(before) { to_title(c) } else { c };
            before = c;
            mapped
        })
        .collect()
}

/// What ends a word for `strings.Title`.
fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    !is_letter(c) && !crate::fmt::is_digit(c) && c.is_whitespace()
}

/// `strings.TrimSpace` of bytes that are no text: characters where they are whole.
pub(super) fn trim_space(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((c, length)) = first_char(rest).filter(|(c, _)| c.is_whitespace()) {
        debug_assert!(c.is_whitespace());
        rest = &rest[length..];
    }
    rest.trim_ascii_end()
}

/// The character `bytes` begins with and its length, when it is whole.
fn first_char(bytes: &[u8]) -> Option<(char, usize)> {
    let length = bytes.utf8_chunks().next()?.valid().chars().next()?.len_utf8();
    let c = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    Some((c, length))
}

/// Length of the character `bytes` begins with; 1 for what is none.
pub(super) fn char_length(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(4)];
    first_char(head).map_or(1, |(_, length)| length)
}
