//! Labels and label selectors as text.

use object::Value;

/// `a=1,b=2` of a map of labels, `<none>` of an empty one.
pub(super) fn format_labels(labels: Option<&Value>) -> String {
    let pairs = labels
        .and_then(Value::as_map)
        .map(|map| map.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())));
    match pairs.map(|p| p.collect::<Vec<_>>().join(",")) {
        Some(text) if !text.is_empty() => text,
        _ => "<none>".to_owned(),
    }
}

/// The text of a `LabelSelector` (`matchLabels`, `matchExpressions`): requirements by key, in the syntax of
/// the query parameter `labelSelector`. Empty for one that is absent or selects all; `None` when an
/// operator is unknown or has values where it must not, or none where it must.
pub fn format_selector(selector: Option<&Value>) -> Option<String> {
    let Some(selector) = selector else { return Some(String::new()) };
    let mut requirements: Vec<(&str, String)> = Vec::new();
    for (key, value) in
        selector.get("matchLabels").and_then(Value::as_map).into_iter().flat_map(|m| m.iter())
    {
        requirements.push((key, format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    let expressions = selector.get("matchExpressions").and_then(Value::as_list).unwrap_or_default();
    for expression in expressions {
        let key = expression.get("key").and_then(Value::as_str).unwrap_or_default();
        let mut values: Vec<&str> = expression
            .get("values")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let operator = expression.get("operator").and_then(Value::as_str).unwrap_or_default();
        let text = match (operator, values.is_empty()) {
            ("In", false) => format!("{key} in ({})", values.join(",")),
            ("NotIn", false) => format!("{key} notin ({})", values.join(",")),
            ("Exists", true) => key.to_owned(),
            ("DoesNotExist", true) => format!("!{key}"),
            _ => return None,
        };
        requirements.push((key, text));
    }
    requirements.sort_by(|a, b| a.0.cmp(b.0));
    Some(requirements.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// A label selector as most printers show it: `<none>` when empty, `<error>` when it is not one.
pub(super) fn selector_cell(selector: Option<&Value>) -> Value {
    match format_selector(selector) {
        None => "<error>".into(),
        Some(text) if text.is_empty() => "<none>".into(),
        Some(text) => text.into(),
    }
}
