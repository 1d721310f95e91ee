//! Where the objects of a kind are served.

use object::{Gvk, Value};

/// One served kind: what discovery says of it, and so the path its objects have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The plural name in paths, such as `deployments`.
    pub plural: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether the server offers `list` and `watch` for it.
    pub watchable: bool,
}

impl Resource {
    /// A resource this program knows without asking, such as the ones it owns.
    pub fn known(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Self {
        Self {
            gvk: Gvk::new(group, version, kind),
            plural: plural.to_owned(),
            namespaced,
            watchable: true,
        }
    }

    /// The path of one object, or of the collection when `name` is empty. An empty `namespace` means all
    /// namespaces (or none, at cluster scope). Segments are percent-encoded.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        let mut path = if self.gvk.group.is_empty() {
            format!("/api/{}", self.gvk.version)
        } else {
            format!("/apis/{}/{}", self.gvk.group, self.gvk.version)
        };
        if self.namespaced && !namespace.is_empty() {
            path.push_str("/namespaces/");
            path.push_str(&encode(namespace));
        }
        path.push('/');
        path.push_str(&self.plural);
        if !name.is_empty() {
            path.push('/');
            path.push_str(&encode(name));
        }
        path
    }
}

/// Percent-encodes everything but unreserved characters: names of RBAC objects hold `:` and more.
pub(crate) fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The resources of an `APIGroupDiscoveryList` (`apidiscovery.k8s.io/v2`): every kind in every served
/// version, the group's preferred version first.
pub(crate) fn from_discovery(list: &Value) -> Vec<Resource> {
    let mut found = Vec::new();
    for group in items(list, "items") {
        let group_name = group.at(["metadata", "name"]).and_then(Value::as_str).unwrap_or_default();
        for version in items(group, "versions") {
            let Some(version_name) = version.get("version").and_then(Value::as_str) else {
                continue;
            };
            for resource in items(version, "resources") {
                let text = |key| resource.get(key).and_then(Value::as_str);
                let kind = resource.at(["responseKind", "kind"]).and_then(Value::as_str);
                let (Some(plural), Some(kind)) = (text("resource"), kind) else { continue };
                let verbs = items(resource, "verbs");
                let offers = |verb| verbs.iter().any(|v| v.as_str() == Some(verb));
                found.push(Resource {
                    gvk: Gvk::new(group_name, version_name, kind),
                    plural: plural.to_owned(),
                    namespaced: text("scope") == Some("Namespaced"),
                    watchable: offers("list") && offers("watch"),
                });
            }
        }
    }
    found
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}
