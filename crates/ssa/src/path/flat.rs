//! The short way through the keys of list items, which nearly all are flat objects of plain texts and small
//! numbers: `{"containerPort":80,"protocol":"TCP"}`. Anything else is left to the JSON reader.

use super::KeyFields;
use compact_str::CompactString;
use object::Value;

/// The fields of such an object; `None` when it is not of that form, which says nothing about its validity.
pub(super) fn parse_object(text: &str) -> Option<KeyFields> {
    let mut rest = text.strip_prefix('{')?;
    let mut fields: Vec<(CompactString, Value)> = Vec::with_capacity(2);
    loop {
        let (name, after) = plain_text(rest)?;
        let (value, after) = scalar(after.strip_prefix(':')?)?;
        fields.push((name.into(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after == "}" => break,
            None => return None,
        }
    }
    // A name may stand there twice; both are kept, in their order.
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Some(fields.into())
}

/// A quoted text without escapes and control characters, and what follows it.
fn plain_text(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = inner.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))?;
    let after = inner[end..].strip_prefix('"')?;
    Some((&inner[..end], after))
}

/// A plain text, or a whole number that a float holds exactly.
fn scalar(text: &str) -> Option<(Value, &str)> {
    if text.starts_with('"') {
        return plain_text(text).map(|(text, after)| (Value::from(text), after));
    }
    let end =
        text.bytes().position(|b| !b.is_ascii_digit()).filter(|end| (1..=15).contains(end))?;
    let (digits, after) = text.split_at(end);
    if !after.starts_with([',', '}']) || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    digits.parse().ok().map(|number| (Value::Float(number), after))
}

/// The JSON with every escaped half of a surrogate pair, which is no character, replaced; `None` when there
/// is none.
pub(super) fn replace_half_surrogates(text: &str) -> Option<String> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let (mut at, mut replaced) = (0, false);
    while let Some(found) = text[at..].find('\\') {
        let escape = at + found;
        out.push_str(&text[at..escape]);
        let (width, half) = match (unit(escape), unit(escape + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, false),
            (Some(0xd800..=0xdfff), _) => (6, true),
            (Some(_), _) => (6, false),
            (None, _) => (1 + text[escape + 1..].chars().next().map_or(0, char::len_utf8), false),
        };
        replaced |= half;
        out.push_str(if half { "\\ufffd" } else { &text[escape..escape + width] });
        at = escape + width;
    }
    out.push_str(&text[at..]);
    replaced.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PathElement;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_flat_is_left_alone() {
        for text in
            ["", "{}", r#"{"a":1.5}"#, r#"{"a":-1}"#, r#"{"a":01}"#, r#"{"a":"\n"}"#, r#"{"a":1"#]
        {
            assert!(parse_object(text).is_none(), "{text}");
        }
        for text in [r#"{"a":1} "#, r#"{"a":true}"#, r#"{"a" :1}"#, r#"{"a":1,}"#] {
            assert!(parse_object(text).is_none(), "{text}");
        }
        assert!(parse_object(r#"{"a":12345678901234567}"#).is_none());
        assert!(parse_object(r#"{"containerPort":80,"protocol":"TCP"}"#).is_some());
    }

    proptest! {
        #[test]
        fn the_short_way_ends_where_the_long_one_does(text in r#"\{("[a-c]{0,2}":("[a-z<é ]{0,3}"|[0-9]{1,3})[,}] ?){1,3}"#) {
            let twice = |f: &KeyFields| f.windows(2).any(|w| w[0].0 == w[1].0);
            if let Some(short) = parse_object(&text).filter(|f| !twice(f)) {
                let long = object::from_json(text.as_bytes()).unwrap();
                let long: KeyFields = long.as_map().unwrap().clone().into_iter().collect();
                prop_assert_eq!(PathElement::Key(short), PathElement::Key(long));
            }
        }
    }
}
