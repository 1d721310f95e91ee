//! Regular expressions with Go's syntax, semantics and messages, on Rust's engine (both descend from RE2).
//!
//! Deliberately absent: matching inside characters. Text that is not UTF-8 is matched with replacement characters.

mod syntax;
#[cfg(test)]
mod tests;

use super::args::{Outcome, int, text, text_budget};
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{List, Type, Value};
use regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const S: Type = Type::String;

/// A compiled Go pattern.
struct Pattern {
    regex: Regex,
    /// Names of the groups by number; the one of number 0 and of plain groups is empty.
    names: Vec<Box<str>>,
}

/// What a compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 4 << 20;

/// Groups inside groups. Go's limit is on another measure and higher.
const NEST_LIMIT: u32 = 500;

impl Pattern {
    /// Compiles Go's syntax.
    ///
    /// # Errors
    /// Go's text: ``error parsing regexp: missing closing ): `(` ``.
    fn compile(go: &str) -> Result<Self, String> {
        let translated = syntax::translate(go).map_err(|e| format!("error parsing regexp: {e}"))?;
        let built = RegexBuilder::new(&translated.pattern)
            .size_limit(SIZE_LIMIT)
            .nest_limit(NEST_LIMIT)
            .build();
        match built {
            Ok(regex) => Ok(Self { regex, names: translated.names }),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(format!("error parsing regexp: expression too large: `{go}`"))
            }
            Err(error) => {
                let line = error.to_string();
                let reason = line.lines().last().unwrap_or_default().trim();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                Err(format!("error parsing regexp: {reason}: `{go}`"))
            }
        }
    }

    /// The occurrences, `most` of them unless it is negative.
    fn all<'t>(&self, text: &'t str, most: i64) -> Vec<regex::Match<'t>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.regex.find_iter(text).take(most).collect()
    }

    /// `ReplaceAllString` and `ReplaceAllLiteralString`.
    fn replace(
        &self,
        text: &str,
        mut replacement: impl FnMut(&Captures<'_>, &mut String),
    ) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut done, mut search) = (0, 0);
        while search <= text.len() {
            let Some(captures) = self.regex.captures_at(text, search) else { break };
            let Some(found) = captures.get(0) else { break };
            out.push_str(&text[done..found.start()]);
            // Not for an empty match right behind another match.
            if found.end() > done || found.start() == 0 {
                replacement(&captures, &mut out);
            }
            done = found.end();
            search = if found.end() > search {
                found.end()
            } else {
                search + text[search..].chars().next().map_or(1, char::len_utf8)
            };
        }
        out.push_str(&text[done.min(text.len())..]);
        out
    }

    /// Writes `template` with `$1`, `${1}`, `$name` and `${name}` replaced by what the groups matched.
    fn expand(&self, template: &str, captures: &Captures<'_>, out: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = group_name(after) else {
                out.push('$');
                rest = after;
                continue;
            };
            rest = after;
            let found = match group_number(name) {
                Some(number) => captures.get(number),
                None => self
                    .names
                    .iter()
                    .enumerate()
                    .filter(|(_, known)| ***known == *name)
                    .find_map(|(i, _)| captures.get(i)),
            };
            if let Some(found) = found {
                out.push_str(found.as_str());
            }
        }
        out.push_str(rest);
    }
}

/// `name` or `{name}` at the start, and what follows.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{');
    let name_from = inner.unwrap_or(text);
    let end =
        name_from.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(name_from.len());
    if end == 0 {
        return None;
    }
    let (name, after) = name_from.split_at(end);
    if inner.is_some() { Some((name, after.strip_prefix('}')?)) } else { Some((name, after)) }
}

fn group_number(name: &str) -> Option<usize> {
    let plain = name.bytes().all(|b| b.is_ascii_digit()) && name.len() <= 9;
    if !plain || name.len() > 1 && name.starts_with('0') {
        return None;
    }
    name.parse().ok()
}

/// So many compiled patterns are kept per thread: templates use few, in loops.
const CACHED: usize = 64;

thread_local! {
    static CACHE: RefCell<HashMap<Box<str>, Rc<Pattern>>> = RefCell::default();
}

fn compile(go: &str) -> Result<Rc<Pattern>, String> {
    CACHE.with_borrow_mut(|cache| {
        if let Some(known) = cache.get(go) {
            return Ok(Rc::clone(known));
        }
        let pattern = Rc::new(Pattern::compile(go)?);
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(go.into(), Rc::clone(&pattern));
        Ok(pattern)
    })
}

/// The pattern of the first argument. A faulty one is told in two ways, as Go's `MustCompile` panics with more words
/// than `Compile` returns.
fn pattern(call: &Call<'_>, a: &[Value]) -> Result<Rc<Pattern>, FunctionError> {
    let go = text(a, 0);
    compile(&go).map_err(|error| {
        if call.name().starts_with("must") {
            return error.into();
        }
        let plain = |c: char| !(c == '`' || c == '\u{feff}' || c != '\t' && c.is_control());
        let quoted = if go.chars().all(plain) {
            format!("`{go}`")
        } else {
            crate::fmt::sprintf("%q", &[a[0].clone()]).to_string_lossy().into_owned()
        };
        format!("regexp: Compile({quoted}): {error}").into()
    })
}

/// Registers the functions on patterns.
pub(super) fn register(f: &mut Functions) {
    let two = Signature::new(&[S, S]);
    let three = Signature::new(&[S, S, S]);
    let counted = Signature::new(&[S, S, Type::INT]);
    let mut both =
        |name: &str, signature: Signature, run: fn(&mut Call<'_>, &[Value]) -> Outcome| {
            f.add(name, signature, run);
            f.add(&format!("mustR{}", &name[1..]), signature, run);
        };
    both("regexMatch", two, |c, a| match pattern(c, a) {
        Ok(pattern) => Ok(pattern.regex.is_match(&text(a, 1)).into()),
        Err(error) if c.name().starts_with("must") => Err(error),
        Err(_) => Ok(false.into()),
    });
    both("regexFind", two, |c, a| {
        let text = text(a, 1);
        let found = pattern(c, a)?.regex.find(&text).map_or("", |m| m.as_str());
        Ok(found.into())
    });
    both("regexFindAll", counted, |c, a| {
        let text = text(a, 1);
        let found = pattern(c, a)?.all(&text, int(a, 2));
        Ok(if found.is_empty() {
            List::nil(S).into()
        } else {
            Value::strings(found.iter().map(regex::Match::as_str))
        })
    });
    both("regexReplaceAll", three, |c, a| {
        let (pattern, template) = (pattern(c, a)?, text(a, 2));
        replaced(c, &pattern, &text(a, 1), template.len(), |captures, out| {
            pattern.expand(&template, captures, out);
        })
    });
    both("regexReplaceAllLiteral", three, |c, a| {
        let (pattern, literal) = (pattern(c, a)?, text(a, 2));
        replaced(c, &pattern, &text(a, 1), literal.len(), |_, out| out.push_str(&literal))
    });
    both("regexSplit", counted, |c, a| {
        let pattern = pattern(c, a)?;
        Ok(split(&pattern, &text(a, 0), &text(a, 1), int(a, 2)))
    });
    f.add("regexQuoteMeta", Signature::new(&[S]), |_, a| {
        let mut out = String::new();
        for c in text(a, 0).chars() {
            if r"\.+*?()|[]{}^$".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(out.into())
    });
}

fn replaced(
    call: &mut Call<'_>,
    pattern: &Pattern,
    text: &str,
    replacement: usize,
    write: impl FnMut(&Captures<'_>, &mut String),
) -> Outcome {
    // Enough for what a template usually does; a replacement that repeats long matches is bounded by the text's
    // own budget.
    let most = (text.len() as u128 + 1) * (replacement as u128 + 1);
    if most > 1 << 20 {
        let count = pattern.regex.find_iter(text).count() as u128;
        text_budget(
            call,
            text.len() as u128 * (1 + replacement as u128 / 2) + count * replacement as u128,
        )?;
    } else {
        call.charge(text.len() as u64)?;
    }
    Ok(pattern.replace(text, write).into())
}

/// `Regexp.Split`.
fn split(pattern: &Pattern, go: &str, text: &str, most: i64) -> Value {
    if most == 0 {
        return List::nil(S).into();
    }
    if !go.is_empty() && text.is_empty() {
        return Value::strings([""]);
    }
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.all(text, most) {
        if parts.len() + 1 == limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[begin..end]);
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    Value::strings(parts)
}
