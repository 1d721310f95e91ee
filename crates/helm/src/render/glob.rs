//! Patterns of `.Files.Glob`: the dialect of `github.com/gobwas/glob` with `/` as separator.

use regex::{Regex, RegexBuilder};

/// The pattern as a regular expression; one that cannot be read matches everything, as Helm has it.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    let text = translate(pattern)?;
    RegexBuilder::new(&text).dot_matches_new_line(true).size_limit(1 << 20).build().ok()
}

fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from("^(?:");
    let mut chars = pattern.chars().peekable();
    // Alternatives that are open.
    let mut open = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            '[' => class(&mut chars, &mut out)?,
            '\\' => {
                if let Some(next) = chars.next() {
                    literal(next, &mut out);
                }
            }
            other => literal(other, &mut out),
        }
    }
    out.extend(std::iter::repeat_n(')', open));
    out.push_str(")$");
    Some(out)
}

fn literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// `[abc]`, `[!abc]`, `[a-z]`, `[!a-z]`: one range, or single characters.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.next_if_eq(&'!').is_some() {
        out.push('^');
    }
    let first = chars.next()?;
    if chars.next_if_eq(&'-').is_some() {
        let last = chars.next()?;
        chars.next_if_eq(&']')?;
        literal(first, out);
        out.push('-');
        literal(last, out);
    } else {
        let mut next = Some(first);
        let mut any = false;
        loop {
            match next? {
                ']' => break,
                '\\' => literal(chars.next()?, out),
                other => literal(other, out),
            }
            any = true;
            next = chars.next();
        }
        if !any {
            return None;
        }
    }
    out.push(']');
    Some(())
}
