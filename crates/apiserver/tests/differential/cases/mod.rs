//! The requests, as data: cases of steps, made from the catalogue and a seed.

mod apply;
mod collections;
mod custom;
mod deletion;
mod discovery;
mod objects;
mod random;
mod special;

use serde_json::{Value, json};

/// Requests that belong together and see nothing of other cases: they live in a namespace or under names of
/// their own.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) what: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) content: String,
    pub(crate) accept: String,
    pub(crate) body: Body,
    /// Whether controllers bring the answer about: it is asked again until both agree.
    pub(crate) settles: bool,
}

#[derive(Clone)]
pub(crate) enum Body {
    Nothing,
    /// As it is, with `{uid}` and `{rv}` filled in.
    Text(String),
    /// The object that this server answered last from the path, with a merge patch.
    Last(Value),
}

impl Body {
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Last(change) => format!("(last object) + {change}"),
        }
    }
}

impl Step {
    fn new(method: &str, path: &str, content: &str, body: Body) -> Self {
        Self {
            what: method.to_lowercase(),
            method: method.to_owned(),
            path: path.to_owned(),
            content: content.to_owned(),
            accept: "application/json".to_owned(),
            body,
            settles: false,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path, "", Body::Nothing)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path, "application/json", Body::Text(body.to_string()))
    }

    pub(crate) fn put(path: &str, change: Value) -> Self {
        Self::new("PUT", path, "application/json", Body::Last(change))
    }

    /// `form`: json, merge, strategic or apply.
    pub(crate) fn patch(form: &str, path: &str, body: &Value) -> Self {
        let content = match form {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        };
        let mut step = Self::new("PATCH", path, content, Body::Text(body.to_string()));
        step.what = format!("{form} patch");
        step
    }

    pub(crate) fn apply(path: &str, manager: &str, force: bool, body: &Value) -> Self {
        let joint = if path.contains('?') { '&' } else { '?' };
        let forced = if force { "&force=true" } else { "" };
        let path = format!("{path}{joint}fieldManager={manager}{forced}");
        Self::patch("apply", &path, body)
    }

    pub(crate) fn delete(path: &str, options: &Value) -> Self {
        let body = if options.is_null() { Body::Nothing } else { Body::Text(options.to_string()) };
        Self::new("DELETE", path, "application/json", body)
    }

    fn named(mut self, what: &str) -> Self {
        what.clone_into(&mut self.what);
        self
    }

    fn accepting(mut self, accept: &str) -> Self {
        accept.clone_into(&mut self.accept);
        self
    }

    fn settling(mut self) -> Self {
        self.settles = true;
        self
    }

    /// Whether the request itself names `text`, so that it is no accident in the answer.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        matches!(&self.body, Body::Text(body) if body.contains(text))
            || matches!(&self.body, Body::Last(change) if change.to_string().contains(text))
    }
}

/// Every case, always the same ones in the same order.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(discovery::cases());
    cases.extend(objects::cases());
    cases.extend(apply::cases());
    cases.extend(custom::cases());
    cases.extend(collections::cases());
    cases.extend(deletion::cases());
    cases.extend(special::cases());
    cases.extend(random::cases());
    cases
}

/// A merge patch (RFC 7386).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

/// `base` with a merge patch.
fn with(base: &Value, patch: &Value) -> Value {
    let mut object = base.clone();
    merge(&mut object, patch);
    object
}
