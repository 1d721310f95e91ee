//! Digests of records and values, the same that Flux's helm-controller computes: SHA-256 of what Go's `encoding/json`
//! writes for its `Observation`, members in the order of the Go structs.

use helm::release::{Release, StoredHook};
use object::{Map, Value};

const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER: &[&str] = &["name", "email", "url"];
const IMAGE: &[&str] = &["name", "newName", "newTag", "digest"];
const SELECTOR: &[&str] =
    &["group", "version", "kind", "namespace", "name", "annotationSelector", "labelSelector"];
const DEPENDENCY: &[&str] =
    &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// Digest of values: of their YAML with sorted keys; of nothing where there are none.
pub(in super::super) fn values_digest(values: &Map) -> String {
    if values.is_empty() {
        return source::blobs::digest(b"");
    }
    let yaml = object::to_yaml_by_bytes(&Value::Map(values.clone()));
    source::blobs::digest(yaml.as_bytes())
}

/// Digest of JSON as Go's encoder ends it, with a line break.
pub(in super::super) fn json_digest(json: &[u8]) -> String {
    source::blobs::digest(&[json, b"\n"].concat())
}

/// Digest of `spec.postRenderers`; empty when there are none.
pub(in super::super) fn renderers_digest(renderers: &[api::PostRenderer]) -> String {
    if renderers.is_empty() {
        return String::new();
    }
    let value = object::to_value(&renderers).unwrap_or_default();
    let mut json = Json::default();
    json.list(value.as_list().unwrap_or_default(), &["kustomize"]);
    json_digest(&json.out)
}

/// Digest of a record, hooks that are tests left out: those may be run by anybody at any time.
pub(in super::super) fn digest(release: &Release, oci_digest: &str) -> String {
    let mut json = Json::default();
    json.open();
    json.member("name", &Value::from(release.name.as_str()));
    json.member("version", &Value::from(release.version));
    json.key("info");
    info(&mut json, release);
    json.key("chartMetadata");
    json.ordered(release.chart.get("metadata").unwrap_or(&Value::Null), METADATA);
    let config =
        if release.config.is_empty() { Value::Null } else { Value::Map(release.config.clone()) };
    json.member("config", &config);
    json.member("manifest", &Value::from(release.manifest.as_str()));
    json.key("hooks");
    hooks(&mut json, &release.hooks);
    json.member("namespace", &Value::from(release.namespace.as_str()));
    json.text("ociDigest", oci_digest);
    json.close();
    json_digest(&json.out)
}

fn info(json: &mut Json, release: &Release) {
    json.open();
    json.text("first_deployed", &release.info.first_deployed);
    json.text("last_deployed", &release.info.last_deployed);
    json.text("deleted", &release.info.deleted);
    json.text("description", &release.info.description);
    json.text("status", release.info.status.name());
    json.text("notes", &release.info.notes);
    json.close();
}

fn hooks(json: &mut Json, hooks: &[StoredHook]) {
    let counted: Vec<&StoredHook> = hooks.iter().filter(|h| !h.hook.is_test()).collect();
    if counted.is_empty() {
        json.value(&Value::Null);
        return;
    }
    json.out.push(b'[');
    for (index, StoredHook { hook, last_run }) in counted.into_iter().enumerate() {
        if index > 0 {
            json.out.push(b',');
        }
        json.open();
        json.text("name", &hook.name);
        json.text("kind", &hook.kind);
        json.text("path", &hook.path);
        json.text("manifest", &hook.manifest);
        json.texts("events", hook.events.iter().map(|e| e.name()));
        json.key("last_run");
        json.open();
        json.text("started_at", &last_run.started_at);
        json.text("completed_at", &last_run.completed_at);
        json.member("phase", &Value::from(last_run.phase.name()));
        json.close();
        if hook.weight != 0 {
            json.member("weight", &Value::from(hook.weight));
        }
        json.texts("delete_policies", hook.delete_policies.iter().map(String::as_str));
        json.texts("output_log_policies", hook.output_log_policies.iter().map(String::as_str));
        json.close();
    }
    json.out.push(b']');
}

/// JSON whose members stand as they are written.
#[derive(Default)]
struct Json {
    out: Vec<u8>,
    begun: bool,
}

impl Json {
    fn open(&mut self) {
        self.out.push(b'{');
        self.begun = false;
    }

    fn close(&mut self) {
        self.out.push(b'}');
        self.begun = true;
    }

    fn value(&mut self, value: &Value) {
        self.out.extend_from_slice(&object::to_json_html(value));
    }

    fn key(&mut self, key: &str) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
        self.value(&Value::from(key));
        self.out.push(b':');
    }

    fn member(&mut self, key: &str, value: &Value) {
        self.key(key);
        self.value(value);
    }

    /// With `omitempty`.
    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.member(key, &Value::from(text));
        }
    }

    fn texts<'a>(&mut self, key: &str, texts: impl Iterator<Item = &'a str>) {
        let texts: Vec<Value> = texts.map(Value::from).collect();
        if !texts.is_empty() {
            self.member(key, &Value::from(texts));
        }
    }

    /// An object with its members in that order.
    fn ordered(&mut self, value: &Value, order: &[&str]) {
        self.open();
        for name in order {
            let Some(member) = value.get(name) else { continue };
            self.key(name);
            match (*name, member) {
                ("maintainers", Value::List(items)) => self.list(items, MAINTAINER),
                ("dependencies", Value::List(items)) => self.list(items, DEPENDENCY),
                ("kustomize", member) => self.ordered(member, &["patches", "images"]),
                ("patches", Value::List(items)) => self.list(items, &["patch", "target"]),
                ("images", Value::List(items)) => self.list(items, IMAGE),
                ("target", member) => self.ordered(member, SELECTOR),
                (_, member) => self.value(member),
            }
        }
        self.close();
    }

    fn list(&mut self, items: &[Value], order: &[&str]) {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.ordered(item, order);
        }
        self.out.push(b']');
        self.begun = true;
    }
}

#[cfg(test)]
mod tests;
