//! Go's quoting of strings and characters (`strconv.Quote` and its kin).

use regex::Regex;
use std::fmt::Write as _;
use std::sync::LazyLock;

fn class(pattern: &'static str) -> impl Fn() -> Option<Regex> {
    move || Regex::new(pattern).ok()
}

fn in_class(class: &LazyLock<Option<Regex>, impl FnOnce() -> Option<Regex>>, c: char) -> bool {
    class.as_ref().is_some_and(|r| r.is_match(c.encode_utf8(&mut [0; 4])))
}

/// `unicode.IsLetter`.
pub(crate) fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| class(r"^\p{L}$")());
    if c.is_ascii() { c.is_ascii_alphabetic() } else { in_class(&LETTER, c) }
}

/// `unicode.IsDigit`.
pub(crate) fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| class(r"^\p{Nd}$")());
    if c.is_ascii() { c.is_ascii_digit() } else { in_class(&DIGIT, c) }
}

/// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII blank.
pub fn is_print(c: char) -> bool {
    static PRINT: LazyLock<Option<Regex>> =
        LazyLock::new(|| class(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$")());
    if c.is_ascii() { (' '..='~').contains(&c) } else { in_class(&PRINT, c) }
}

/// `%#U`: `U+0040 '@'`.
pub(crate) fn unicode_name(c: char) -> String {
    let code = u32::from(c);
    if is_print(c) { format!("U+{code:04X} '{c}'") } else { format!("U+{code:04X}") }
}

/// `strconv.Quote`.
pub fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes(), false)
}

/// `strconv.Quote`, or `QuoteToASCII` when `ascii`, of any bytes.
pub fn quote_bytes(bytes: &[u8], ascii: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape(&mut out, c, '"', ascii);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

/// `strconv.QuoteRune`, or `QuoteRuneToASCII` when `ascii`.
pub(super) fn quote_char(c: char, ascii: bool) -> String {
    let mut out = String::from("'");
    escape(&mut out, c, '\'', ascii);
    out.push('\'');
    out
}

fn escape(out: &mut String, c: char, quote: char, ascii: bool) {
    let _ = match c {
        '\\' => write!(out, "\\\\"),
        c if c == quote => write!(out, "\\{c}"),
        c if (!ascii || c.is_ascii()) && is_print(c) => write!(out, "{c}"),
        '\x07' => write!(out, "\\a"),
        '\x08' => write!(out, "\\b"),
        '\x0c' => write!(out, "\\f"),
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        '\x0b' => write!(out, "\\v"),
        c if c < ' ' || c == '\x7f' => write!(out, "\\x{:02x}", u32::from(c)),
        c if u32::from(c) < 0x1_0000 => write!(out, "\\u{:04x}", u32::from(c)),
        c => write!(out, "\\U{:08x}", u32::from(c)),
    };
}

/// `strconv.CanBackquote`.
pub(super) fn can_backquote(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || c >= ' ' && c != '`' && c != '\x7f' && c != '\u{feff}')
}
