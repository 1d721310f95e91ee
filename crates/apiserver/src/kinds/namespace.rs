//! Namespace.

use object::{Manifest, Value, map};

/// Namespaces that cannot be deleted.
pub(super) const PERMANENT: [&str; 3] = ["default", "kube-public", "kube-system"];

const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) fn before_create(value: &mut Value) {
    let name = value.name().to_owned();
    value.set_label(NAME_LABEL, &name);
    let members = value.make_map();
    members.entry("spec").make_map().insert("finalizers", vec![Value::from("kubernetes")]);
    members.insert("status", map! {"phase": "Active"});
}

/// `spec.finalizers` changes only through `finalize`.
pub(super) fn before_update(old: &Value, new: &mut Value) {
    let name = new.name().to_owned();
    new.set_label(NAME_LABEL, &name);
    let spec = new.make_map().entry("spec").make_map();
    match old.at(["spec", "finalizers"]) {
        Some(finalizers) => drop(spec.insert("finalizers", finalizers.clone())),
        None => drop(spec.remove("finalizers")),
    }
}

pub(super) fn is_held(object: &Value) -> bool {
    let finalizers = object.at(["spec", "finalizers"]).and_then(Value::as_list);
    finalizers.is_some_and(|f| !f.is_empty())
}

pub(super) fn mark_deleted(object: &mut Value) {
    object.make_map().entry("status").make_map().insert("phase", "Terminating");
}
