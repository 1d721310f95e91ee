//! Whether labels match a selector.

use super::fields::{list, text};
use compact_str::CompactString;
use object::{Map, Value};

/// Labels as the store keeps them, sorted by key.
pub(super) type Labels = [(CompactString, CompactString)];

/// The value of a label.
pub(super) fn label<'l>(labels: &'l Labels, key: &str) -> Option<&'l str> {
    let at = labels.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok()?;
    Some(&labels[at].1)
}

/// Whether labels have all pairs of a plain selector (of a Service). One without pairs selects nothing.
pub(super) fn has_pairs(labels: &Labels, pairs: &Map) -> bool {
    !pairs.is_empty() && pairs.iter().all(|(k, v)| label(labels, k) == v.as_str())
}

/// Whether labels match a `LabelSelector`. One that is empty selects all; an operator that is not known
/// selects nothing.
pub(super) fn matches(labels: &Labels, selector: &Value) -> bool {
    let pairs = selector.get("matchLabels").and_then(Value::as_map);
    let pairs = pairs.is_none_or(|p| p.is_empty() || has_pairs(labels, p));
    pairs
        && list(selector, ["matchExpressions"]).iter().all(|expression| {
            let found = label(labels, text(expression, ["key"]));
            let listed = || {
                let mut values = list(expression, ["values"]).iter();
                found.is_some_and(|found| values.any(|v| v.as_str() == Some(found)))
            };
            match text(expression, ["operator"]) {
                "In" => listed(),
                "NotIn" => !listed(),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
