//! Go's `filepath.Match` for one path segment: `*`, `?`, `[a-z]`, `[^a-z]`, `\` escapes; no braces, no `[!...]`.

/// The pattern is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether `name` as a whole matches `pattern`. A malformed pattern is an error also where an earlier part
/// does not match, as in Go.
pub(super) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        if let Some(tail) = match_chunk(chunk, name)?
            && (tail.is_empty() || !pattern.is_empty())
        {
            name = tail;
            continue;
        }
        if star && let Some(tail) = after_star(chunk, name, pattern.is_empty())? {
            name = tail;
            continue;
        }
        // No match; the rest of the pattern must be well formed all the same.
        while !pattern.is_empty() {
            let (_, chunk, rest) = next_chunk(pattern);
            pattern = rest;
            match_chunk(chunk, "")?;
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// What is left after the first place where `chunk` matches, at least one character on.
fn after_star<'a>(chunk: &str, name: &'a str, last: bool) -> Result<Option<&'a str>, BadPattern> {
    for (at, _) in name.char_indices().skip(1) {
        if let Some(tail) = match_chunk(chunk, &name[at..])?
            && (!last || tail.is_empty())
        {
            return Ok(Some(tail));
        }
    }
    Ok(None)
}

/// Leading stars, what follows up to the next star outside of brackets, and the rest.
fn next_chunk(pattern: &str) -> (bool, &str, &str) {
    let body = pattern.trim_start_matches('*');
    let star = body.len() < pattern.len();
    let (mut in_class, mut escaped) = (false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '*' if !in_class => return (star, &body[..at], &body[at..]),
            _ => {}
        }
    }
    (star, body, "")
}

/// What is left of `name` after `chunk`, `None` when it does not match at the start. The whole chunk is read
/// even then, to find out whether it is well formed.
fn match_chunk<'a>(chunk: &str, name: &'a str) -> Result<Option<&'a str>, BadPattern> {
    let mut pattern = chunk.chars();
    let mut rest = name.chars();
    let mut failed = false;
    while let Some(c) = pattern.next() {
        failed |= rest.as_str().is_empty();
        match c {
            '[' => {
                let candidate = if failed { None } else { rest.next() };
                failed |= !in_class(&mut pattern, candidate)?;
            }
            '?' => {
                if !failed {
                    rest.next();
                }
            }
            c => {
                let wanted = if c == '\\' { pattern.next().ok_or(BadPattern)? } else { c };
                failed |= !failed && rest.next() != Some(wanted);
            }
        }
    }
    Ok((!failed).then_some(rest.as_str()))
}

/// Reads a class after its `[` and says whether it holds the character.
fn in_class(
    pattern: &mut std::str::Chars<'_>,
    candidate: Option<char>,
) -> Result<bool, BadPattern> {
    let negated = pattern.as_str().starts_with('^');
    if negated {
        pattern.next();
    }
    let (mut found, mut ranges) = (false, 0);
    loop {
        if ranges > 0 && pattern.as_str().starts_with(']') {
            pattern.next();
            break;
        }
        let low = class_char(pattern)?;
        let high = if pattern.as_str().starts_with('-') {
            pattern.next();
            class_char(pattern)?
        } else {
            low
        };
        found |= candidate.is_some_and(|c| (low..=high).contains(&c));
        ranges += 1;
    }
    Ok(found != negated)
}

/// A character within a class; it cannot be the last of the pattern.
fn class_char(pattern: &mut std::str::Chars<'_>) -> Result<char, BadPattern> {
    let c = match pattern.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => pattern.next().ok_or(BadPattern)?,
        Some(c) => c,
    };
    if pattern.as_str().is_empty() { Err(BadPattern) } else { Ok(c) }
}
