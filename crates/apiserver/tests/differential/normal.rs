//! Answers without what is accidental in them: uids, times, versions, addresses, generated names.

use crate::cases::Step;
use serde_json::Value;
use std::collections::HashMap;

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Value,
}

/// Accidental values in the order in which they were first seen, so that "the same version as before" and
/// "another uid" still show.
#[derive(Default)]
pub(crate) struct Names {
    seen: HashMap<(&'static str, String), usize>,
}

/// At most so many differences of one answer are told.
const TOLD: usize = 12;

impl Names {
    pub(crate) fn normalise(&mut self, answer: &mut Answer, step: &Step) {
        self.value(&mut answer.body, "", step);
        for warning in &mut answer.warnings {
            *warning = self.text(warning);
        }
    }

    fn nth(&mut self, what: &'static str, text: &str) -> String {
        let next = self.seen.keys().filter(|(kind, _)| *kind == what).count() + 1;
        let number = self.seen.entry((what, text.to_owned())).or_insert(next);
        format!("<{what} {number}>")
    }

    fn value(&mut self, value: &mut Value, key: &str, step: &Step) {
        match value {
            Value::Object(map) => {
                let is_list = map.contains_key("items")
                    || map.get("kind").and_then(Value::as_str).is_some_and(|k| k.ends_with("List"))
                    || map.contains_key("columnDefinitions");
                if is_list && let Some(metadata) = map.get_mut("metadata") {
                    for field in ["resourceVersion", "continue"] {
                        if let Some(text) = metadata.get_mut(field).filter(|v| *v != "") {
                            *text = Value::from(format!("<{field}>"));
                        }
                    }
                }
                if let Some(prefix) = map.get("generateName").and_then(Value::as_str)
                    && let Some(name) = map.get("name").and_then(Value::as_str)
                    && name.len() == prefix.len() + 5
                    && name.starts_with(prefix)
                {
                    let made = format!("{prefix}<5>");
                    map.insert("name".to_owned(), made.into());
                }
                for (key, value) in map.iter_mut() {
                    self.value(value, key, step);
                }
            }
            Value::Array(list) => {
                for item in list.iter_mut() {
                    self.value(item, key, step);
                }
                if key == "managedFields" {
                    // Sorted by time, then name, on both sides; a second that turns must not change the order.
                    list.sort_by_key(|entry| {
                        let text =
                            |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
                        [
                            text("manager"),
                            text("operation"),
                            text("subresource"),
                            text("apiVersion"),
                        ]
                    });
                }
            }
            Value::String(text) => {
                let wanted = step.mentions(text);
                let replaced = match key {
                    "uid" if !wanted => self.nth("uid", text),
                    "resourceVersion" if text.parse::<u64>().is_ok_and(|v| v > 0) => {
                        self.nth("version", text)
                    }
                    "clusterIP" | "clusterIPs" if text.starts_with("10.") && !wanted => {
                        self.nth("address", text)
                    }
                    _ if recent(text) => format!("<time {}>", text.len()),
                    _ => self.text(text),
                };
                *text = replaced;
            }
            Value::Number(number) => {
                let n = number.as_u64().unwrap_or_default();
                if (30000..32768).contains(&n)
                    && matches!(key, "nodePort" | "healthCheckNodePort")
                    && !step.mentions(&n.to_string())
                {
                    *value = self.nth("port", &n.to_string()).into();
                }
            }
            _ => {}
        }
    }

    /// A text in which something accidental may stand somewhere.
    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        let uids: Vec<(String, usize)> = self
            .seen
            .iter()
            .filter(|((kind, value), _)| *kind == "uid" && value.len() > 20 && text.contains(value))
            .map(|((_, value), number)| (value.clone(), *number))
            .collect();
        for (uid, number) in uids {
            text = text.replace(&uid, &format!("<uid {number}>"));
        }
        if let Some(rest) = text.strip_prefix("kube-api-access-") {
            return format!("kube-api-access-<{}>", rest.len());
        }
        if is_age(&text) {
            return "<age>".to_owned();
        }
        if text.contains("resource version") || text.contains("resourceVersion") {
            return digits(&text);
        }
        text
    }
}

/// An age of a test: seconds, or the first minutes.
fn is_age(text: &str) -> bool {
    let parts = text.trim_end_matches('s').split('m');
    text.len() <= 6
        && (text.ends_with('s') || text.ends_with('m'))
        && !text.starts_with(['m', 's'])
        && parts.into_iter().all(|p| p.chars().all(|c| c.is_ascii_digit()))
}

/// The text with every number above 100 told as such.
fn digits(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        let end =
            rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |n| start + n);
        out.push_str("<n>");
        rest = &rest[end..];
    }
    out + rest
}

/// Whether this is a time of the last two days.
fn recent(text: &str) -> bool {
    if text.len() < 20 || text.len() > 35 || text.as_bytes()[4] != b'-' {
        return false;
    }
    let parsed: Option<jiff::Timestamp> = text.parse().ok();
    parsed.is_some_and(|t| (jiff::Timestamp::now().as_second() - t.as_second()).abs() < 172_800)
}

/// One difference: where, what ours says, what the real one says.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) ours: String,
    pub(crate) real: String,
}

/// Where two answers differ.
pub(crate) fn differences(ours: &Answer, real: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    let pairs = [
        ("status", ours.status.to_string(), real.status.to_string()),
        ("content-type", ours.content.clone(), real.content.clone()),
        ("warnings", ours.warnings.join("\n"), real.warnings.join("\n")),
    ];
    for (path, ours, real) in pairs {
        if ours != real {
            found.push(Difference { path: path.to_owned(), ours, real });
        }
    }
    compare("body", &ours.body, &real.body, &mut found);
    found.truncate(TOLD);
    found
}

fn compare(path: &str, ours: &Value, real: &Value, found: &mut Vec<Difference>) {
    match (ours, real) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, left) in a {
                compare(&format!("{path}.{key}"), left, b.get(key).unwrap_or(&ABSENT), found);
            }
            for (key, right) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                compare(&format!("{path}.{key}"), &ABSENT, right, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (left, right)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{index}]"), left, right, found);
            }
        }
        _ if same(ours, real) => {}
        _ => found.push(Difference { path: path.to_owned(), ours: shown(ours), real: shown(real) }),
    }
}

fn same(ours: &Value, real: &Value) -> bool {
    // Numbers are written alike by both (`1` and `1.0` differ).
    ours == real
}

/// What stands for a member that is not there; no server answers it.
static ABSENT: Value = Value::Null;

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(1500) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
