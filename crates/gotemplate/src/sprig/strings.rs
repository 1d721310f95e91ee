//! Text: cutting, padding, joining, splitting, quoting.
//!
//! Positions and lengths count bytes, as in Go; what cuts a character apart gives a string that is not UTF-8.

mod case;
mod letters;
mod words;

use super::args::{self, Outcome, bytes, int, string_map, string_of, text, text_budget, text_of};
use crate::function::{Call, Functions, Signature};
use crate::value::{Entries, List, Type, Value};

const S: Type = Type::String;
const I: Type = Type::INT;
const ANY: Type = Type::Any;

/// Registers the functions on text.
pub(super) fn register(f: &mut Functions) {
    let one = Signature::new(&[S]);
    let two = Signature::new(&[S, S]);
    f.add("trim", one, |_, a| {
        Ok(match &a[0] {
            Value::String(s) => s.trim().into(),
            other => Value::from_bytes(
                letters::trim_space(other.as_bytes().unwrap_or_default()).to_vec(),
            ),
        })
    });
    f.add("upper", one, |_, a| Ok(letters::upper(&text(a, 0)).into()));
    f.add("lower", one, |_, a| Ok(letters::lower(&text(a, 0)).into()));
    f.add("title", one, |_, a| Ok(letters::title(&text(a, 0)).into()));
    f.add("untitle", one, |_, a| Ok(words::uncapitalize(&text(a, 0)).into()));
    f.add("swapcase", one, |_, a| Ok(words::swap_case(&text(a, 0)).into()));
    f.add("camelcase", one, |_, a| Ok(case::pascal(&text(a, 0)).into()));
    f.add("snakecase", one, |_, a| Ok(case::joined_by(&text(a, 0), '_').into()));
    f.add("kebabcase", one, |_, a| Ok(case::joined_by(&text(a, 0), '-').into()));
    f.add("nospace", one, |_, a| Ok(words::without_space(bytes(a, 0))));
    f.add("initials", one, |_, a| Ok(words::initials(bytes(a, 0)).into()));
    f.add("trimAll", two, |_, a| Ok(trim_all(&a[0], &a[1])));
    f.add("trimall", two, |_, a| Ok(trim_all(&a[0], &a[1])));
    f.add("trimSuffix", two, |_, a| Ok(part(&a[1], bytes(a, 1).strip_suffix(bytes(a, 0)))));
    f.add("trimPrefix", two, |_, a| Ok(part(&a[1], bytes(a, 1).strip_prefix(bytes(a, 0)))));
    f.add("contains", two, |_, a| Ok(find(bytes(a, 1), bytes(a, 0)).is_some().into()));
    f.add("hasPrefix", two, |_, a| Ok(bytes(a, 1).starts_with(bytes(a, 0)).into()));
    f.add("hasSuffix", two, |_, a| Ok(bytes(a, 1).ends_with(bytes(a, 0)).into()));
    f.add("repeat", Signature::new(&[I, S]), repeat);
    f.add("trunc", Signature::new(&[I, S]), |_, a| Ok(trunc(int(a, 0), &a[1])));
    f.add("substr", Signature::new(&[I, I, S]), substr);
    f.add("abbrev", Signature::new(&[I, S]), |_, a| {
        Ok(words::abbreviate(bytes(a, 1), 0, int(a, 0)))
    });
    f.add("abbrevboth", Signature::new(&[I, I, S]), |_, a| {
        let (left, right) = (int(a, 0), int(a, 1));
        Ok(if left > 0 && right < 7 {
            a[2].clone()
        } else {
            words::abbreviate(bytes(a, 2), left, right)
        })
    });
    f.add("wrap", Signature::new(&[I, S]), |c, a| {
        words::wrap(c, bytes(a, 1), int(a, 0), b"", false)
    });
    f.add("wrapWith", Signature::new(&[I, S, S]), |c, a| {
        words::wrap(c, bytes(a, 2), int(a, 0), bytes(a, 1), true)
    });
    f.add("indent", Signature::new(&[I, S]), |c, a| indent(c, a, false));
    f.add("nindent", Signature::new(&[I, S]), |c, a| indent(c, a, true));
    f.add("replace", Signature::new(&[S, S, S]), replace);
    f.add("plural", Signature::new(&[S, S, I]), |_, a| Ok(a[usize::from(int(a, 2) != 1)].clone()));
    register_lists(f);
}

/// The functions between texts and lists of them.
fn register_lists(f: &mut Functions) {
    f.add("quote", Signature::variadic(&[], ANY), |_, a| {
        let quoted = a
            .iter()
            .filter(|v| !v.is_nil())
            .map(|v| crate::fmt::quote_bytes(string_of(v).as_bytes().unwrap_or_default(), false));
        Ok(quoted.collect::<Vec<_>>().join(" ").into())
    });
    f.add("squote", Signature::variadic(&[], ANY), |_, a| {
        let quoted = a.iter().filter(|v| !v.is_nil()).map(|v| {
            [b"'", args::output(crate::fmt::display(v)).as_bytes().unwrap_or_default(), b"'"]
                .concat()
        });
        Ok(Value::from_bytes(quoted.collect::<Vec<_>>().join(&b' ')))
    });
    f.add("cat", Signature::variadic(&[], ANY), |_, a| {
        let shown = a.iter().filter(|v| !v.is_nil()).map(|v| args::output(crate::fmt::display(v)));
        Ok(joined(&shown.collect::<Vec<_>>(), b" "))
    });
    f.add("toString", Signature::new(&[ANY]), |_, a| Ok(string_of(&a[0])));
    f.add("toStrings", Signature::new(&[ANY]), |_, a| Ok(strings(&a[0])));
    f.add("join", Signature::new(&[S, ANY]), |c, a| {
        let strings = strings(&a[1]);
        let Value::List(list) = &strings else { return Ok("".into()) };
        text_budget(c, list.len() as u128 * bytes(a, 0).len() as u128)?;
        Ok(joined(&list.items(), bytes(a, 0)))
    });
    f.add("split", Signature::new(&[S, S]), |_, a| {
        Ok(numbered(split(bytes(a, 1), bytes(a, 0), -1)))
    });
    f.add("splitn", Signature::new(&[S, I, S]), |_, a| {
        Ok(numbered(split(bytes(a, 2), bytes(a, 0), int(a, 1))))
    });
    f.add("splitList", Signature::new(&[S, S]), |_, a| {
        Ok(Value::list_of(S, split(bytes(a, 1), bytes(a, 0), -1)))
    });
    f.add("sortAlpha", Signature::new(&[ANY]), |_, a| Ok(sort_alpha(&a[0])));
}

/// A part of a string value; all of it when nothing was cut.
fn part(whole: &Value, part: Option<&[u8]>) -> Value {
    part.map_or_else(|| whole.clone(), |p| Value::from_bytes(p.to_vec()))
}

/// Where `needle` first occurs.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((first, rest)) = needle.split_first() else { return Some(0) };
    if let (Ok(text), Ok(needle)) = (std::str::from_utf8(text), std::str::from_utf8(needle)) {
        return text.find(needle);
    }
    let mut at = 0;
    while let Some(next) = text.get(at..)?.iter().position(|b| b == first) {
        at += next + 1;
        if text[at..].starts_with(rest) {
            return Some(at - 1);
        }
    }
    None
}

fn trim_all(cutset: &Value, value: &Value) -> Value {
    let (Value::String(cutset), Value::String(text)) = (cutset, value) else {
        let cut = cutset.as_bytes().unwrap_or_default();
        let mut rest = value.as_bytes().unwrap_or_default();
        while let Some((b, after)) = rest.split_first().filter(|(b, _)| cut.contains(b)) {
            debug_assert!(cut.contains(b));
            rest = after;
        }
        while let Some((_, before)) = rest.split_last().filter(|(b, _)| cut.contains(b)) {
            rest = before;
        }
        return Value::from_bytes(rest.to_vec());
    };
    text.trim_matches(|c| cutset.contains(c)).into()
}

fn repeat(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let (count, text) = (int(a, 0), bytes(a, 1));
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
    let total = count as u128 * text.len() as u128;
    if total > i64::MAX.unsigned_abs().into() {
        return Err("strings: Repeat output length overflow".into());
    }
    text_budget(call, total)?;
    Ok(Value::from_bytes(text.repeat(if text.is_empty() { 0 } else { count })))
}

fn trunc(count: i64, value: &Value) -> Value {
    let text = value.as_bytes().unwrap_or_default();
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= text.len() {
        return value.clone();
    }
    let kept = if count < 0 { &text[text.len() - size..] } else { &text[..size] };
    Value::from_bytes(kept.to_vec())
}

fn substr(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    let (start, end, text) = (int(a, 0), int(a, 1), bytes(a, 2));
    let length = text.len();
    let at = |i: i64| usize::try_from(i).ok().filter(|i| *i <= length);
    let cut = if start < 0 {
        let end = at(end).ok_or_else(|| past_end(end, length))?;
        &text[..end]
    } else if end < 0 || at(end).is_none() {
        let from = at(start).ok_or_else(|| {
            format!("runtime error: slice bounds out of range [{start}:{length}]")
        })?;
        &text[from..]
    } else {
        if start > end {
            return Err(format!("runtime error: slice bounds out of range [{start}:{end}]").into());
        }
        &text[at(start).unwrap_or(length)..at(end).unwrap_or(length)]
    };
    Ok(Value::from_bytes(cut.to_vec()))
}

fn past_end(end: i64, length: usize) -> String {
    if end < 0 {
        return format!("runtime error: slice bounds out of range [:{end}]");
    }
    format!("runtime error: slice bounds out of range [:{end}] with length {length}")
}

fn indent(call: &mut Call<'_>, a: &[Value], newline: bool) -> Outcome {
    let spaces = usize::try_from(int(a, 0)).map_err(|_| "strings: negative Repeat count")?;
    let text = bytes(a, 1);
    let breaks = text.iter().filter(|b| **b == b'\n').count();
    let total = (breaks as u128 + 1) * spaces as u128 + text.len() as u128 + 1;
    text_budget(call, total)?;
    let pad = vec![b' '; spaces];
    let mut out = Vec::with_capacity(usize::try_from(total).unwrap_or_default());
    if newline {
        out.push(b'\n');
    }
    for (i, line) in text.split(|b| *b == b'\n').enumerate() {
        if i > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(Value::from_bytes(out))
}

fn replace(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let (old, new, text) = (bytes(a, 0), bytes(a, 1), bytes(a, 2));
    if old == new {
        return Ok(a[2].clone());
    }
    if let (Value::String(old), Value::String(new), Value::String(text)) = (&a[0], &a[1], &a[2]) {
        if new.len() > old.len() {
            let count = text.matches(old.as_str()).count();
            text_budget(call, text.len() as u128 + count as u128 * new.len() as u128)?;
        }
        return Ok(text.replace(old.as_str(), new).into());
    }
    let pieces = if old.is_empty() {
        // Before each character and at the end.
        let mut pieces = split(text, b"", -1);
        pieces.insert(0, "".into());
        pieces.push("".into());
        pieces
    } else {
        split(text, old, -1)
    };
    text_budget(call, text.len() as u128 + pieces.len() as u128 * new.len() as u128)?;
    Ok(joined(&pieces, new))
}

/// `strings.SplitN`; a negative count means all.
fn split(text: &[u8], separator: &[u8], count: i64) -> Vec<Value> {
    let most = if count < 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) };
    let mut parts = Vec::new();
    if most == 0 {
        return parts;
    }
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < most {
            let (first, after) = rest.split_at(letters::char_length(rest));
            parts.push(Value::from_bytes(first.to_vec()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Value::from_bytes(rest.to_vec()));
        }
        return parts;
    }
    if let (Ok(text), Ok(separator)) = (std::str::from_utf8(text), std::str::from_utf8(separator)) {
        return text.splitn(most, separator).map(Value::from).collect();
    }
    while parts.len() + 1 < most {
        let Some(at) = find(rest, separator) else { break };
        parts.push(Value::from_bytes(rest[..at].to_vec()));
        rest = &rest[at + separator.len()..];
    }
    parts.push(Value::from_bytes(rest.to_vec()));
    parts
}

/// `{_0: ..., _1: ...}`.
fn numbered(parts: Vec<Value>) -> Value {
    let entries: Entries =
        parts.into_iter().enumerate().map(|(i, part)| (format!("_{i}"), part)).collect();
    string_map(entries)
}

/// String values with a separator between them.
fn joined(parts: &[Value], separator: &[u8]) -> Value {
    let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes().unwrap_or_default()).collect();
    Value::from_bytes(parts.join(separator))
}

/// Sprig's `strslice`: the texts of a list's items, `nil` left out; a `[]string` is handed back as it is.
fn strings(value: &Value) -> Value {
    match value {
        Value::List(list) if list.item_type() == Type::String => value.clone(),
        Value::Nil => Value::list_of(S, Vec::new()),
        _ => match args::items(value) {
            Some(items) => {
                Value::list_of(S, items.iter().filter(|v| !v.is_nil()).map(string_of).collect())
            }
            None => Value::list_of(S, vec![text_value(value)]),
        },
    }
}

fn text_value(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Raw(_) => value.clone(),
        _ => text_of(value).into(),
    }
}

/// Sorts by bytes. A `[]string` is sorted in place, as Sprig does.
fn sort_alpha(value: &Value) -> Value {
    if args::items(value).is_none() {
        return Value::list_of(S, vec![string_of(value)]);
    }
    let sorted = strings(value);
    if let Value::List(list) = &sorted {
        sort(list);
    }
    sorted
}

fn sort(list: &List) {
    list.items_mut().sort_by(|a, b| a.as_bytes().cmp(&b.as_bytes()));
}
