//! Reading the parts of a manifest that every Kubernetes object has.

use crate::{Gvk, Map, ObjectKey, Value};

/// The parts every Kubernetes object has, read from and written to the [`Value`] it is.
///
/// Implemented for [`Value`] itself: an object is not another type, so nothing is converted on the way.
/// A member of an unexpected type reads as absent; validation is the schema's task.
pub trait Manifest {
    /// `apiVersion`, empty when absent.
    fn api_version(&self) -> &str;
    /// `kind`, empty when absent.
    fn kind(&self) -> &str;
    /// `metadata.name`, empty when absent.
    fn name(&self) -> &str;
    /// `metadata.namespace`, empty when absent.
    fn namespace(&self) -> &str;
    /// `metadata.labels[key]`.
    fn label(&self, key: &str) -> Option<&str>;
    /// `metadata.annotations[key]`.
    fn annotation(&self, key: &str) -> Option<&str>;
    /// A string member of `metadata`, such as `uid` or `resourceVersion`.
    fn meta(&self, key: &str) -> Option<&str>;
    /// `metadata`, to change; made when absent.
    fn metadata_mut(&mut self) -> &mut Map;
    /// Sets `metadata.labels[key]`.
    fn set_label(&mut self, key: &str, value: &str);
    /// Sets `metadata.annotations[key]`.
    fn set_annotation(&mut self, key: &str, value: &str);
    /// Group, version and kind.
    fn gvk(&self) -> Gvk;
    /// The object's identity across versions.
    fn key(&self) -> ObjectKey;
}

impl Manifest for Value {
    fn api_version(&self) -> &str {
        self.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.meta("name").unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.meta("namespace").unwrap_or_default()
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.at(["metadata", "labels", key]).and_then(Value::as_str)
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.at(["metadata", "annotations", key]).and_then(Value::as_str)
    }

    fn meta(&self, key: &str) -> Option<&str> {
        self.at(["metadata", key]).and_then(Value::as_str)
    }

    fn metadata_mut(&mut self) -> &mut Map {
        self.make_map().entry("metadata").make_map()
    }

    fn set_label(&mut self, key: &str, value: &str) {
        self.metadata_mut().entry("labels").make_map().insert(key, value);
    }

    fn set_annotation(&mut self, key: &str, value: &str) {
        self.metadata_mut().entry("annotations").make_map().insert(key, value);
    }

    fn gvk(&self) -> Gvk {
        Gvk::from_api_version(self.api_version(), self.kind())
    }

    fn key(&self) -> ObjectKey {
        let gvk = self.gvk();
        ObjectKey {
            group: gvk.group,
            kind: gvk.kind,
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }
}
