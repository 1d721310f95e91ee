//! Reading a constraint: groups, comparisons, hyphen ranges.

use super::{Comparison, Constraint, ConstraintError, Group, Open, Operator};
use crate::version::{self, Parts, Version};

pub(super) const MAX_LENGTH: usize = 512;
pub(super) const MAX_GROUPS: usize = 32;

pub(super) fn constraint(text: &str) -> Result<Constraint, ConstraintError> {
    if text.len() > MAX_LENGTH {
        return Err(ConstraintError::TooLong);
    }
    let text = expand_ranges(text);
    let groups = text.split("||");
    if groups.clone().count() > MAX_GROUPS {
        return Err(ConstraintError::TooManyGroups);
    }
    let groups = groups.map(group).collect::<Result<_, _>>()?;
    Ok(Constraint { groups, prereleases: false })
}

/// White space as Go's regular expressions know it.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

/// What a segment of a constraint's version may be made of; that it is a number or one wildcard is checked
/// later.
fn is_segment(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

fn group(text: &str) -> Result<Group, ConstraintError> {
    let improper = || ConstraintError::Improper(quote(text));
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    loop {
        let (operator, sign) = operator(rest);
        rest = rest[sign.len()..].trim_start_matches(is_space);
        let parts = version::parts(rest, is_segment).ok_or_else(improper)?;
        let (written, tail) = rest.split_at(parts.length);
        found.push((operator, sign, written, parts));
        // A comma or white space separates.
        rest = tail.trim_start_matches(is_space);
        if rest.is_empty() {
            break;
        }
        let spaced = rest.len() < tail.len();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start_matches(is_space),
            None if spaced => rest,
            None => return Err(improper()),
        };
    }
    // The form of the whole group comes before the meaning of its parts.
    let comparisons = found
        .iter()
        .map(|(operator, sign, written, parts)| comparison(*operator, sign, written, parts))
        .collect::<Result<Vec<_>, _>>()?;
    let prereleases = comparisons.iter().any(|c| c.version.is_prerelease());
    Ok(Group { comparisons, prereleases })
}

fn operator(text: &str) -> (Operator, &str) {
    const SIGNS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterEqual),
        ("=>", Operator::GreaterEqual),
        ("<=", Operator::LessEqual),
        ("=<", Operator::LessEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Equal),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    let found = SIGNS.iter().find(|(sign, _)| text.starts_with(sign));
    found.map_or((Operator::Equal, ""), |&(sign, operator)| (operator, sign))
}

fn comparison(
    operator: Operator,
    sign: &str,
    written: &str,
    parts: &Parts<'_>,
) -> Result<Comparison, ConstraintError> {
    let [major, minor, patch] = parts.segments;
    let is_open = |segment: &str| matches!(segment, "" | "x" | "X" | "*");
    let (open, numbers) = if is_open(major) {
        (Open::Everything, "0.0.0".to_owned())
    } else if is_open(minor) {
        (Open::Minor, format!("{major}.0.0"))
    } else if is_open(patch) {
        (Open::Patch, format!("{major}.{minor}.0"))
    } else {
        (Open::Nothing, written.to_owned())
    };
    let text = if open == Open::Nothing || parts.prerelease.is_empty() {
        numbers
    } else {
        format!("{numbers}-{}", parts.prerelease)
    };
    let version = Version::parse(&text).map_err(|_| ConstraintError::Version)?;
    Ok(Comparison { operator, sign: sign.into(), version, written: written.into(), open })
}

/// `1.2 - 3` becomes `>= 1.2, <= 3 `, wherever it stands.
fn expand_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    if !text.contains('-') {
        return out;
    }
    let mut from = 0;
    while let Some((start, end, low, high)) = find_range(text, from) {
        out = out.replacen(&text[start..end], &format!(">= {low}, <= {high} "), 1);
        from = end;
    }
    out
}

/// The first range at or after `from`, white space around it included.
fn find_range(text: &str, from: usize) -> Option<(usize, usize, &str, &str)> {
    let skip = |at: usize| text.len() - text[at..].trim_start_matches(is_space).len();
    let version = |at: usize| version::parts(&text[at..], is_segment).map(|p| at + p.length);
    text[from..].char_indices().map(|(i, _)| from + i).find_map(|start| {
        let low = skip(start);
        let low_end = version(low)?;
        let dash = skip(low_end);
        if dash == low_end || !text[dash..].starts_with('-') {
            return None;
        }
        let high = skip(dash + 1);
        if high == dash + 1 {
            return None;
        }
        let high_end = version(high)?;
        Some((start, skip(high_end), &text[low..low_end], &text[high..high_end]))
    })
}

/// The text in quotes, escaped as Go's `%q`.
fn quote(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::from('"');
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\x07' => write!(out, "\\a"),
            '\x08' => write!(out, "\\b"),
            '\x0c' => write!(out, "\\f"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\x0b' => write!(out, "\\v"),
            '\0'..='\x1f' | '\x7f' => write!(out, "\\x{:02x}", u32::from(c)),
            _ => write!(out, "{c}"),
        };
    }
    out.push('"');
    out
}
