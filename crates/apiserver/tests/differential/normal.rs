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

/// What each object was last seen with, so that "the same version as before" and "another uid" still show.
#[derive(Default)]
pub(crate) struct Names {
    seen: HashMap<(&'static str, String), String>,
    uids: Vec<String>,
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

    /// Whether an object has in `what` the value it was last seen with.
    fn compared(&mut self, what: &'static str, object: &str, value: &str, step: &Step) -> String {
        let key = (what, object.to_owned());
        let before = self.seen.get(&key).map(String::as_str);
        let text = if before == Some(value) { "same" } else { "new" };
        if !step.path.contains("dryRun") {
            self.seen.insert(key, value.to_owned());
        }
        format!("<{text} {what}>")
    }

    /// Uid and version of an object's own metadata.
    fn identity(&mut self, map: &mut serde_json::Map<String, Value>, step: &Step) {
        let Some(name) = map.get("name").and_then(Value::as_str).map(str::to_owned) else { return };
        for (key, what) in [("uid", "uid"), ("resourceVersion", "version")] {
            let Some(value) = map.get(key).and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if value.is_empty() || step.mentions(&value) {
                continue;
            }
            if what == "uid" {
                self.uids.push(value.clone());
            }
            let text = self.compared(what, &name, &value, step);
            map.insert(key.to_owned(), text.into());
        }
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
                self.identity(map, step);
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
                    "uid" if !wanted && !text.starts_with('<') => "<uid>".to_owned(),
                    "resourceVersion" if text.parse::<u64>().is_ok_and(|v| v > 0) => {
                        "<version>".to_owned()
                    }
                    "clusterIP" | "clusterIPs" if text.starts_with("10.") && !wanted => {
                        self.compared("address", &step.path, text, step)
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
                    *value = "<port>".into();
                }
            }
            _ => {}
        }
    }

    /// A text in which something accidental may stand somewhere.
    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for uid in self.uids.iter().filter(|uid| uid.len() > 20) {
            if text.contains(uid.as_str()) {
                text = text.replace(uid.as_str(), "<uid>");
            }
        }
        if let Some(rest) = text.strip_prefix("kube-api-access-") {
            return format!("kube-api-access-<{}>", rest.len());
        }
        if is_age(&text) {
            return "<age>".to_owned();
        }
        // A patched object as text: its members stand in another order than ours.
        if let Some((head, rest)) = text.split_once("Invalid value: \"")
            && (head.is_empty() || head.ends_with("is invalid: patch: "))
            && rest.starts_with(['{', 'm'])
            && let Some((_, why)) = rest.rsplit_once("\": ")
        {
            return format!("{head}Invalid value: <patched>: {why}");
        }
        let low = text.to_lowercase();
        if low.contains("resource version ") || low.contains("the resourceversion in") {
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
    if (ours.status < 300) == (real.status < 300) {
        compare("body", &ours.body, &real.body, &mut found);
    } else {
        // One refuses: only what it says is of interest.
        let message = |answer: &Answer| match answer.body["message"].as_str() {
            Some(message) if answer.status >= 300 => message.to_owned(),
            _ => "accepted".to_owned(),
        };
        let (ours, real) = (message(ours), message(real));
        found = vec![Difference { path: "verdict".to_owned(), ours, real }];
    }
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
