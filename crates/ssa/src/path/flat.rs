//! The short way through the keys of list items, which nearly all are flat objects of plain texts and small
//! numbers, sorted by name: `{"containerPort":80,"protocol":"TCP"}`. Anything else is left to the JSON reader.

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
        if fields.last().is_some_and(|(last, _)| last.as_str() >= name) {
            return None;
        }
        fields.push((name.into(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (after == "}").then(|| fields.into()),
        }
    }
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
    digits.parse().ok().map(|number| (Value::Int(number), after))
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
        for text in [r#"{"b":1,"a":1}"#, r#"{"a":1,"a":2}"#, r#"{"a":1} "#, r#"{"a":true}"#] {
            assert!(parse_object(text).is_none(), "{text}");
        }
        assert!(parse_object(r#"{"a":12345678901234567}"#).is_none());
        assert!(parse_object(r#"{"containerPort":80,"protocol":"TCP"}"#).is_some());
    }

    proptest! {
        #[test]
        fn the_short_way_ends_where_the_long_one_does(text in r#"\{("[a-c]{0,2}":("[a-z<é ]{0,3}"|[0-9]{1,3})[,}] ?){1,3}"#) {
            if let Some(short) = parse_object(&text) {
                let long = object::from_json(text.as_bytes()).unwrap();
                let long: KeyFields = long.as_map().unwrap().clone().into_iter().collect();
                prop_assert_eq!(PathElement::Key(short), PathElement::Key(long));
            }
        }
    }
}
