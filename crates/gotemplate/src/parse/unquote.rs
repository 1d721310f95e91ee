//! Go string and character literals.

/// `strconv.Unquote` of a literal in double quotes or backquotes.
pub(super) fn unquote(literal: &str) -> Option<Vec<u8>> {
    if let Some(raw) = literal.strip_prefix('`') {
        let raw = raw.strip_suffix('`')?;
        return Some(raw.bytes().filter(|b| *b != b'\r').collect());
    }
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, tail) = unit(rest, '"')?;
        match unit {
            Unit::Byte(b) => out.push(b),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = tail;
    }
    Some(out)
}

/// The code of a character literal and what is left of it (`strconv.UnquoteChar`).
pub(super) fn character(literal: &str) -> Option<(u32, &str)> {
    let (unit, tail) = unit(literal.strip_prefix('\'')?, '\'')?;
    Some((
        match unit {
            Unit::Byte(b) => b.into(),
            Unit::Char(c) => c.into(),
        },
        tail,
    ))
}

enum Unit {
    Byte(u8),
    Char(char),
}

fn unit(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' && quote == '"' {
        return None;
    }
    if first != '\\' {
        return Some((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let digits = |count: usize, base: u32, rest: &'_ str| -> Option<u32> {
        let digits = rest.get(..count)?;
        // `from_str_radix` would take a sign.
        digits.chars().all(|c| c.is_digit(base)).then(|| u32::from_str_radix(digits, base).ok())?
    };
    let simple = |b: u8| Some((Unit::Byte(b), rest));
    match escape {
        'a' => simple(7),
        'b' => simple(8),
        'f' => simple(12),
        'n' => simple(b'\n'),
        'r' => simple(b'\r'),
        't' => simple(b'\t'),
        'v' => simple(11),
        '\\' => simple(b'\\'),
        '\'' | '"' if escape == quote => simple(escape as u8),
        'x' => Some((Unit::Byte(u8::try_from(digits(2, 16, rest)?).ok()?), &rest[2..])),
        'u' => Some((Unit::Char(char::from_u32(digits(4, 16, rest)?)?), &rest[4..])),
        'U' => Some((Unit::Char(char::from_u32(digits(8, 16, rest)?)?), &rest[8..])),
        '0'..='7' => {
            let octal = &text[1..];
            Some((Unit::Byte(u8::try_from(digits(3, 8, octal)?).ok()?), &octal[3..]))
        }
        _ => None,
    }
}
