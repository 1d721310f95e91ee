//! Go's pattern syntax read and written as Rust's. What Go refuses is refused here with its words, so that what is
//! left is a matter of spelling: every literal is escaped, classes are spelled out, groups lose their names (Rust
//! wants them unique).

use std::fmt::Write as _;

/// A pattern for Rust's engine.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Names of the groups by number, from 0.
    pub(super) names: Vec<Box<str>>,
}

/// Why Go does not take a pattern: code and offending part.
type Fault = String;
type Read<T> = Result<T, Fault>;

fn fault(code: &str, part: &str) -> Fault {
    format!("{code}: `{part}`")
}

const CLASS_RANGE: &str = "invalid character class range";
const ESCAPE: &str = "invalid escape sequence";
const NAMED_CAPTURE: &str = "invalid named capture";
const PERL_OP: &str = "invalid or unsupported Perl syntax";
const REPEAT_OP: &str = "invalid nested repetition operator";
const REPEAT_SIZE: &str = "invalid repeat count";
const MISSING_BRACKET: &str = "missing closing ]";
const MISSING_PAREN: &str = "missing closing )";
const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
const TRAILING: &str = "trailing backslash at end of expression";
const UNEXPECTED_PAREN: &str = "unexpected )";

/// How often anything may be repeated, repetitions in repetitions multiplied.
const MAX_REPEAT: u64 = 1_000;

/// A group being read.
#[derive(Default)]
struct Group {
    /// Whether there is something a repetition can follow.
    has_item: bool,
    /// How often the last item is repeated within itself.
    last: u64,
    /// The most of all items.
    most: u64,
}

struct Translator<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    names: Vec<Box<str>>,
    groups: Vec<Group>,
}

/// Reads a Go pattern.
///
/// # Errors
/// Go's text behind `error parsing regexp: `.
pub(super) fn translate(go: &str) -> Read<Translated> {
    let mut t = Translator {
        whole: go,
        rest: go,
        out: String::with_capacity(go.len() + 16),
        names: vec!["".into()],
        groups: vec![Group::default()],
    };
    let mut last_repeat = None;
    while let Some(c) = t.rest.chars().next() {
        let before = t.rest;
        let mut repeat = None;
        match c {
            '(' => t.open()?,
            ')' => t.close()?,
            '|' => {
                t.advance(1);
                t.out.push('|');
                if let Some(group) = t.groups.last_mut() {
                    group.most = group.most.max(group.last);
                    (group.has_item, group.last) = (false, 1);
                }
            }
            '^' | '$' | '.' => {
                t.advance(1);
                t.item(&c.to_string());
            }
            '[' => t.class()?,
            '*' | '+' | '?' => {
                t.advance(1);
                t.repeat(before, last_repeat, 1)?;
                repeat = Some(before);
            }
            '{' => match counts(t.rest) {
                Some((least, most, length)) => {
                    t.advance(length);
                    let part = &before[..length];
                    if least > MAX_REPEAT || most.is_some_and(|m| m > MAX_REPEAT || m < least) {
                        return Err(fault(REPEAT_SIZE, part));
                    }
                    t.repeat(before, last_repeat, most.unwrap_or(least))?;
                    repeat = Some(before);
                }
                None => {
                    t.advance(1);
                    t.literal('{');
                }
            },
            '\\' => t.backslash()?,
            _ => {
                t.advance(c.len_utf8());
                t.literal(c);
            }
        }
        last_repeat = repeat;
    }
    if t.groups.len() != 1 {
        return Err(fault(MISSING_PAREN, go));
    }
    Ok(Translated { pattern: t.out, names: t.names })
}

impl<'a> Translator<'a> {
    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Writes something a repetition can follow.
    fn item(&mut self, rust: &str) {
        self.out.push_str(rust);
        self.count(1);
    }

    fn count(&mut self, repeated: u64) {
        if let Some(group) = self.groups.last_mut() {
            group.most = group.most.max(group.last);
            (group.has_item, group.last) = (true, repeated);
        }
    }

    fn literal(&mut self, c: char) {
        let escaped = regex::escape(c.encode_utf8(&mut [0; 4]));
        self.item(&escaped);
    }

    /// After the operator that stands first in `before`: its `?`, and whether it may stand here.
    fn repeat(&mut self, before: &'a str, last_repeat: Option<&str>, times: u64) -> Read<()> {
        if self.rest.starts_with('?') {
            self.advance(1);
        }
        let operator = &before[..before.len() - self.rest.len()];
        if let Some(last) = last_repeat {
            return Err(fault(REPEAT_OP, &last[..last.len() - self.rest.len()]));
        }
        let Some(group) = self.groups.last_mut().filter(|g| g.has_item) else {
            return Err(fault(MISSING_ARGUMENT, operator));
        };
        if times > 0 {
            group.last = group.last.saturating_mul(times);
        }
        if times >= 2 && group.last > MAX_REPEAT {
            return Err(fault(REPEAT_SIZE, operator));
        }
        self.out.push_str(operator);
        Ok(())
    }

    fn open(&mut self) -> Read<()> {
        if self.rest.starts_with("(?") {
            return self.perl_group();
        }
        self.advance(1);
        self.names.push("".into());
        self.out.push('(');
        self.groups.push(Group { last: 1, ..Group::default() });
        Ok(())
    }

    fn close(&mut self) -> Read<()> {
        if self.groups.len() < 2 {
            return Err(fault(UNEXPECTED_PAREN, self.whole));
        }
        self.advance(1);
        self.out.push(')');
        let inner = self.groups.pop().unwrap_or_default();
        self.count(inner.most.max(inner.last).max(1));
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)`, `(?flags:`.
    fn perl_group(&mut self) -> Read<()> {
        let text = self.rest;
        let named =
            ["(?P<", "(?<"].into_iter().find(|p| text.starts_with(p) && text.len() > p.len());
        if let Some(prefix) = named {
            let Some(end) = text.find('>') else { return Err(fault(NAMED_CAPTURE, text)) };
            let name = text.get(prefix.len()..end).unwrap_or_default();
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(fault(NAMED_CAPTURE, &text[..=end]));
            }
            self.advance(end + 1);
            self.names.push(name.into());
            self.out.push('(');
            self.groups.push(Group { last: 1, ..Group::default() });
            return Ok(());
        }
        let (mut on, mut off) = (String::new(), String::new());
        let (mut negative, mut seen) = (false, false);
        for (at, c) in text.char_indices().skip(2) {
            let end = at + c.len_utf8();
            match c {
                'i' | 'm' | 's' | 'U' => {
                    seen = true;
                    let (here, there) =
                        if negative { (&mut off, &mut on) } else { (&mut on, &mut off) };
                    if !here.contains(c) {
                        here.push(c);
                    }
                    there.retain(|known| known != c);
                }
                '-' if !negative => (negative, seen) = (true, false),
                ':' | ')' if !negative || seen => {
                    let minus = if off.is_empty() { "" } else { "-" };
                    self.advance(end);
                    if c == ':' {
                        let _ = write!(self.out, "(?{on}{minus}{off}:");
                        self.groups.push(Group { last: 1, ..Group::default() });
                    } else if !on.is_empty() || !off.is_empty() {
                        let _ = write!(self.out, "(?{on}{minus}{off})");
                    }
                    return Ok(());
                }
                _ => return Err(fault(PERL_OP, &text[..end])),
            }
        }
        Err(fault(PERL_OP, text))
    }

    fn backslash(&mut self) -> Read<()> {
        let known = match self.rest.as_bytes().get(1) {
            Some(b'A') => Some("\\A"),
            Some(b'z') => Some("\\z"),
            Some(b'b') => Some("(?-u:\\b)"),
            Some(b'B') => Some("(?-u:\\B)"),
            Some(b'd') => Some("[0-9]"),
            Some(b'D') => Some("[^0-9]"),
            Some(b's') => Some("[\\t\\n\\x0C\\r ]"),
            Some(b'S') => Some("[^\\t\\n\\x0C\\r ]"),
            Some(b'w') => Some("[0-9A-Za-z_]"),
            Some(b'W') => Some("[^0-9A-Za-z_]"),
            Some(b'C') => return Err(fault(ESCAPE, "\\C")),
            _ => None,
        };
        if let Some(rust) = known {
            self.advance(2);
            self.item(rust);
            return Ok(());
        }
        if let Some(quoted) = self.rest.strip_prefix("\\Q") {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            self.rest = after;
            literal.chars().for_each(|c| self.literal(c));
            return Ok(());
        }
        if let Some((class, after)) = unicode_class(self.rest)? {
            self.rest = after;
            self.item(&class);
            return Ok(());
        }
        let (c, after) = escape(self.rest)?;
        self.rest = after;
        self.literal(c);
        Ok(())
    }

    fn class(&mut self) -> Read<()> {
        let whole = self.rest;
        let mut rest = &whole[1..];
        let mut class = String::from("[");
        if let Some(after) = rest.strip_prefix('^') {
            class.push('^');
            rest = after;
        }
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            if rest.len() > 2
                && rest.starts_with("[:")
                && let Some(end) = rest.find(":]").filter(|end| *end >= 2)
            {
                let name = &rest[..end + 2];
                let inner = &name[2..end];
                if !POSIX.contains(&inner.strip_prefix('^').unwrap_or(inner)) {
                    return Err(fault(CLASS_RANGE, name));
                }
                class.push_str(name);
                rest = &rest[end + 2..];
                continue;
            }
            if let Some((unicode, after)) = unicode_class(rest)? {
                class.push_str(&unicode);
                rest = after;
                continue;
            }
            if let Some(perl) = perl_class(rest) {
                class.push_str(perl);
                rest = &rest[2..];
                continue;
            }
            let from = rest;
            let low;
            (low, rest) = class_char(rest, whole)?;
            let mut high = low;
            if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
                (high, rest) = class_char(&rest[1..], whole)?;
                if high < low {
                    return Err(fault(CLASS_RANGE, &from[..from.len() - rest.len()]));
                }
            }
            let _ = write!(class, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high));
        }
        self.rest = &rest[1..];
        class.push(']');
        self.item(&class);
        Ok(())
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A Perl class inside a class.
fn perl_class(text: &str) -> Option<&'static str> {
    Some(match text.get(..2)? {
        "\\d" => "0-9",
        "\\D" => "[^0-9]",
        "\\s" => "\\t\\n\\x0C\\r ",
        "\\S" => "[^\\t\\n\\x0C\\r ]",
        "\\w" => "0-9A-Za-z_",
        "\\W" => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// `\pN` or `\p{Name}` in Rust's spelling, and what follows.
fn unicode_class(text: &str) -> Read<Option<(String, &str)>> {
    let negated = match text.as_bytes() {
        [b'\\', b'p', ..] => false,
        [b'\\', b'P', ..] => true,
        _ => return Ok(None),
    };
    let Some(first) = text[2..].chars().next() else { return Ok(None) };
    let (part, name) = if first == '{' {
        let Some(end) = text.find('}') else { return Err(fault(CLASS_RANGE, text)) };
        (&text[..=end], &text[3..end])
    } else {
        let end = 2 + first.len_utf8();
        (&text[..end], &text[2..end])
    };
    let (negated, bare) = match name.strip_prefix('^') {
        Some(bare) => (!negated, bare),
        None => (negated, name),
    };
    let known = !bare.is_empty()
        && bare.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c))
        && regex::Regex::new(&format!("\\p{{{bare}}}")).is_ok();
    if !known {
        return Err(fault(CLASS_RANGE, part));
    }
    let letter = if negated { 'P' } else { 'p' };
    Ok(Some((format!("\\{letter}{{{bare}}}"), &text[part.len()..])))
}

/// One character of a class.
fn class_char<'a>(text: &'a str, whole: &str) -> Read<(char, &'a str)> {
    match text.chars().next() {
        None => Err(fault(MISSING_BRACKET, whole)),
        Some('\\') => escape(text),
        Some(c) => Ok((c, &text[c.len_utf8()..])),
    }
}

/// The character an escape stands for.
fn escape(text: &str) -> Read<(char, &str)> {
    let after = &text[1..];
    let Some(c) = after.chars().next() else { return Err(fault(TRAILING, "")) };
    let rest = &after[c.len_utf8()..];
    let invalid = |rest: &str| fault(ESCAPE, &text[..text.len() - rest.len()]);
    let octal = |b: Option<&u8>| b.is_some_and(|b| (b'0'..=b'7').contains(b));
    let plain = match c {
        '1'..='7' if !octal(rest.as_bytes().first()) => return Err(invalid(rest)),
        '0'..='7' => {
            let more = rest.bytes().take(2).take_while(|b| octal(Some(b))).count();
            let number = u32::from_str_radix(&after[..=more], 8).unwrap_or_default();
            return Ok((char::from_u32(number).unwrap_or_default(), &rest[more..]));
        }
        'x' => return hex_escape(text, rest),
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return Err(invalid(rest)),
    };
    Ok((plain, rest))
}

/// `\x41` and `\x{1F600}`.
fn hex_escape<'a>(text: &str, digits: &'a str) -> Read<(char, &'a str)> {
    let invalid = |rest: &str| fault(ESCAPE, &text[..text.len() - rest.len()]);
    let Some(braced) = digits.strip_prefix('{') else {
        let mut chars = digits.chars();
        let (high, low) = (chars.next(), chars.next());
        if high.is_none() {
            return Err(invalid(digits));
        }
        let rest = chars.as_str();
        let value = |c: Option<char>| c.and_then(|c| c.to_digit(16));
        return match (value(high), value(low)) {
            (Some(high), Some(low)) => {
                Ok((char::from_u32(high * 16 + low).unwrap_or_default(), rest))
            }
            _ => Err(invalid(rest)),
        };
    };
    let mut value = 0;
    for (at, c) in braced.char_indices() {
        let rest = &braced[at + c.len_utf8()..];
        if c == '}' {
            if at == 0 {
                return Err(invalid(rest));
            }
            // Surrogates are no characters: nothing matches them in text that is UTF-8.
            return Ok((char::from_u32(value).unwrap_or('\u{fffd}'), rest));
        }
        let Some(digit) = c.to_digit(16) else { return Err(invalid(rest)) };
        value = value * 16 + digit;
        if value > u32::from(char::MAX) {
            return Err(invalid(rest));
        }
    }
    Err(invalid(""))
}

/// `{2}`, `{2,}`, `{2,3}` at the start: least, most (none without an end) and length. Too large numbers are told as
/// such by being above every limit.
fn counts(text: &str) -> Option<(u64, Option<u64>, usize)> {
    let inner = &text[1..text.find('}')?];
    let length = inner.len() + 2;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain || digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        Some(digits.parse().unwrap_or(u64::MAX))
    };
    match inner.split_once(',') {
        None => number(inner).map(|n| (n, Some(n), length)),
        Some((least, "")) => number(least).map(|n| (n, None, length)),
        Some((least, most)) => Some((number(least)?, Some(number(most)?), length)),
    }
}
