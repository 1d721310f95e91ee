//! Objects a real cluster wrote.

use crate::report::{corpus, read};
use object::Value;
use windlass_ssa::{Operation, content_hash, managed_set, owned_hash, project};

/// Both forms of the projection agree, and hold exactly what was applied.
#[test]
fn live_objects_project() {
    let Some(file) = corpus().map(|c| c.join("../flux-state/managed-objects.yaml")) else {
        return;
    };
    if !file.is_file() {
        println!("SKIPPED: no live objects at {}", file.display());
        return;
    }
    let list = read(&file);
    let items = list.get("items").and_then(Value::as_list).unwrap();
    assert!(!items.is_empty());
    for live in items {
        let set = managed_set(live, "kustomize-controller", Operation::Apply, Some("")).unwrap();
        let projection = project(live, &set);
        assert_eq!(content_hash(&projection), owned_hash(live, "kustomize-controller"));
        let labels = projection.at(["metadata", "labels"]).and_then(Value::as_map).unwrap();
        assert!(labels.contains_key("kustomize.toolkit.fluxcd.io/name"));
        assert_eq!(projection.get("status"), None);
        assert_eq!(projection.at(["metadata", "name"]), None);
    }
    println!("live objects: {} projected", items.len());
}
