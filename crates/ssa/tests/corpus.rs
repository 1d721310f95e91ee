//! The shared cases of other implementations, and live objects of a real cluster. Where the cases lie is
//! told by `WINDLASS_CORPUS`; without them the tests say so and pass.

use object::Value;
use std::path::PathBuf;
use windlass_ssa::{Operation, content_hash, managed_set, owned_hash, project};

fn corpus() -> Option<PathBuf> {
    let dir = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    if dir.is_dir() {
        return Some(dir);
    }
    println!("SKIPPED: no corpus at {}", dir.display());
    None
}

/// Objects a real cluster wrote: both forms of the projection agree, and hold exactly what was applied.
#[test]
fn live_objects_project() {
    let Some(file) = corpus().map(|c| c.join("../flux-state/managed-objects.yaml")) else {
        return;
    };
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("SKIPPED: no live objects at {}", file.display());
        return;
    };
    let docs = object::from_yaml_one(&text, object::Dialect::Sigs).unwrap();
    let items = docs.get("items").and_then(Value::as_list).unwrap();
    assert!(!items.is_empty());
    for live in items {
        let set = managed_set(live, "kustomize-controller", Operation::Apply, Some("")).unwrap();
        let projection = project(live, &set);
        println!("{}", String::from_utf8(object::to_json(&projection)).unwrap());
        assert_eq!(content_hash(&projection), owned_hash(live, "kustomize-controller"));
    }
}
