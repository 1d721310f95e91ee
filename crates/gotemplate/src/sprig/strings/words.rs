//! Words and lines, as Masterminds/goutils cuts them. Several of its functions take each byte for a character.

use super::letters::{is_lower, is_title, is_upper, to_lower, to_title, to_upper};
use crate::function::Call;
use crate::sprig::args::{Outcome, text_budget};
use crate::value::Value;

/// The first letter of each word made small.
pub(super) fn uncapitalize(text: &str) -> String {
    let mut first = true;
    text.chars()
        .map(|c| {
            if c.is_whitespace() {
                first = true;
                return c;
            }
            if std::mem::take(&mut first) { to_lower(c) } else { c }
        })
        .collect()
}

/// Upper to lower; lower to title case at the start of a word, to upper case elsewhere.
pub(super) fn swap_case(text: &str) -> String {
    let mut blank = true;
    text.chars()
        .map(|c| {
            if is_upper(c) || is_title(c) {
                blank = false;
                to_lower(c)
            } else if is_lower(c) {
                if std::mem::take(&mut blank) { to_title(c) } else { to_upper(c) }
            } else {
                blank = c.is_whitespace();
                c
            }
        })
        .collect()
}

/// Without white space. Where there was any, bytes above 127 become the Latin-1 characters of their numbers.
pub(super) fn without_space(text: &[u8]) -> Value {
    let kept: String = text.iter().map(|b| char::from(*b)).filter(|c| !c.is_whitespace()).collect();
    if kept.chars().count() == text.len() { Value::from_bytes(text.to_vec()) } else { kept.into() }
}

/// The first byte of each word.
pub(super) fn initials(text: &[u8]) -> String {
    let mut gap = true;
    text.iter()
        .map(|b| char::from(*b))
        .filter(|c| {
            if c.is_whitespace() {
                gap = true;
                return false;
            }
            std::mem::take(&mut gap)
        })
        .collect()
}

/// At most `width` bytes with `...` where something was left out; `offset` is what shall still be seen.
pub(super) fn abbreviate(text: &[u8], offset: i64, width: i64) -> Value {
    let whole = || Value::from_bytes(text.to_vec());
    if text.is_empty() || width < 4 {
        return whole();
    }
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width {
        return whole();
    }
    // From here on the width is below the length.
    let at = |i: i64| usize::try_from(i).unwrap_or_default().min(text.len());
    let mut offset = offset.min(length);
    if length.saturating_sub(offset) < width - 3 {
        offset = length - (width - 3);
    }
    let marked = |before: bool, part: &[u8], after: bool| {
        let dots = |on| if on { &b"..."[..] } else { b"" };
        Value::from_bytes([dots(before), part, dots(after)].concat())
    };
    if offset <= 4 {
        return marked(false, &text[..at(width - 3)], true);
    }
    if width < 7 {
        return "".into();
    }
    if offset + width - 3 < length {
        let rest = &text[at(offset)..];
        // Abbreviated once more, to what the first dots leave.
        let inner = width - 3;
        return marked(true, &rest[..at(inner - 3).min(rest.len())], true);
    }
    marked(true, &text[at(length - (width - 3))..], false)
}

/// Lines of at most `width` bytes, broken at blanks; a longer word is cut only when `cut` says so.
pub(super) fn wrap(
    call: &mut Call<'_>,
    text: &[u8],
    width: i64,
    newline: &[u8],
    cut: bool,
) -> Outcome {
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    text_budget(call, text.len() as u128 + (text.len() / width) as u128 * newline.len() as u128)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        if let Some(blank) = rest[..=width].iter().rposition(|b| *b == b' ') {
            out.extend_from_slice(&rest[..blank]);
            out.extend_from_slice(newline);
            rest = &rest[blank + 1..];
        } else if cut {
            out.extend_from_slice(&rest[..width]);
            out.extend_from_slice(newline);
            rest = &rest[width..];
        } else {
            let Some(blank) = rest[width..].iter().position(|b| *b == b' ') else {
                break;
            };
            out.extend_from_slice(&rest[..width + blank]);
            out.extend_from_slice(newline);
            rest = &rest[width + blank + 1..];
        }
    }
    out.extend_from_slice(rest);
    Ok(Value::from_bytes(out))
}
