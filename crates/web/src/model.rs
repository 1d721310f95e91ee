//! What the pages show, read from objects of the Kubernetes API.

use object::{Manifest, Value};

/// How something is, in the four words the pages know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    Failed,
    Working,
    Held,
}

impl State {
    /// Class of the style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Working => "working",
            Self::Held => "held",
        }
    }

    /// The word for people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Working => "In progress",
            Self::Held => "Suspended",
        }
    }

    fn of(object: &Value) -> Self {
        if object.at(["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
            return Self::Held;
        }
        let ready = condition(object, "Ready");
        let status = ready.and_then(|c| c.get("status")).and_then(Value::as_str);
        let reason = ready.and_then(|c| c.get("reason")).and_then(Value::as_str);
        match (status, reason) {
            (Some("True"), _) => Self::Ready,
            (Some("False"), Some("DependencyNotReady")) => Self::Working,
            (Some("False"), _) => Self::Failed,
            _ => Self::Working,
        }
    }
}

/// A GitRepository.
pub(crate) struct Source {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) revision: String,
    pub(crate) message: String,
    pub(crate) state: State,
}

impl Source {
    pub(crate) fn of(object: &Value) -> Self {
        Self {
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            url: text(object, &["spec", "url"]),
            revision: text(object, &["status", "artifact", "revision"]),
            message: message(object),
            state: State::of(object),
        }
    }
}

/// A Kustomization.
pub(crate) struct Application {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) path: String,
    pub(crate) revision: String,
    pub(crate) attempted: String,
    pub(crate) depends_on: Vec<String>,
    pub(crate) objects: usize,
    pub(crate) message: String,
    pub(crate) state: State,
}

impl Application {
    pub(crate) fn of(object: &Value) -> Self {
        let list = |path: [&str; 2]| object.at(path).and_then(Value::as_list).unwrap_or_default();
        let inventory = object.at(["status", "inventory", "entries"]).and_then(Value::as_list);
        let source = ["kind", "name"].map(|key| text(object, &["spec", "sourceRef", key]));
        Self {
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            source: source.join("/"),
            path: text(object, &["spec", "path"]),
            revision: text(object, &["status", "lastAppliedRevision"]),
            attempted: text(object, &["status", "lastAttemptedRevision"]),
            depends_on: list(["spec", "dependsOn"]).iter().map(|d| text(d, &["name"])).collect(),
            objects: inventory.map_or(0, <[Value]>::len),
            message: message(object),
            state: State::of(object),
        }
    }
}

/// A condition.
pub(crate) struct Condition {
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) since: String,
}

/// The conditions of an object.
pub(crate) fn conditions(object: &Value) -> Vec<Condition> {
    let list = object.at(["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .map(|c| Condition {
            kind: text(c, &["type"]),
            status: text(c, &["status"]),
            reason: text(c, &["reason"]),
            message: text(c, &["message"]),
            since: text(c, &["lastTransitionTime"]),
        })
        .collect()
}

/// A managed object and how it is.
pub(crate) struct Managed {
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) health: String,
    pub(crate) message: String,
    pub(crate) state: State,
}

/// An Event.
pub(crate) struct Event {
    pub(crate) when: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Event {
    pub(crate) fn of(object: &Value) -> Self {
        let when = ["lastTimestamp", "eventTime", "firstTimestamp"]
            .into_iter()
            .map(|key| text(object, &[key]))
            .find(|t| !t.is_empty())
            .unwrap_or_default();
        Self { when, reason: text(object, &["reason"]), message: text(object, &["message"]) }
    }
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let list = object.at(["status", "conditions"]).and_then(Value::as_list)?;
    list.iter().find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
}

fn message(object: &Value) -> String {
    condition(object, "Ready").map(|c| text(c, &["message"])).unwrap_or_default()
}

fn text(value: &Value, path: &[&str]) -> String {
    value.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default().to_owned()
}
