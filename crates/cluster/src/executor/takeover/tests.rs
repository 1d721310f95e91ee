use super::migrated;
use object::{Dialect, Value, from_yaml_one, to_yaml};
use reconcile::ManagerEntry;

fn entries(yaml: &str) -> Vec<Value> {
    match from_yaml_one(yaml, Dialect::Sigs).unwrap() {
        Value::List(items) => items,
        other => panic!("no list: {other:?}"),
    }
}

fn kubectl() -> Vec<ManagerEntry> {
    vec![ManagerEntry {
        manager: "kubectl-client-side-apply".to_owned(),
        operation: "Update".to_owned(),
    }]
}

const KUBECTL: &str = "
- manager: kubectl-client-side-apply
  operation: Update
  apiVersion: v1
  fieldsV1: {f:data: {f:a: {}, f:b: {}}}
";

#[test]
fn the_only_entry_becomes_ours() {
    let after = migrated(&entries(KUBECTL), &kubectl(), "kustomize-controller");
    let text = to_yaml(&Value::List(after));
    assert!(text.contains("manager: kustomize-controller"), "{text}");
    assert!(text.contains("operation: Apply"), "{text}");
    assert!(!text.contains("kubectl"), "{text}");
}

#[test]
fn fields_are_united_and_other_entries_stay() {
    let before = entries(&format!(
        "{KUBECTL}
- manager: kustomize-controller
  operation: Apply
  apiVersion: v1
  fieldsV1: {{f:data: {{f:c: {{}}}}}}
- manager: kubectl-client-side-apply
  operation: Update
  subresource: status
  fieldsV1: {{f:status: {{}}}}
"
    ));
    let after = migrated(&before, &kubectl(), "kustomize-controller");
    assert_eq!(after.len(), 2);
    let fields = after[0].at(["fieldsV1", "f:data"]).and_then(Value::as_map).unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["f:a", "f:b", "f:c"]);
    assert_eq!(after[1].get("subresource").and_then(Value::as_str), Some("status"));
}

#[test]
fn nothing_to_take_over_changes_nothing() {
    let before = entries("[{manager: helm, operation: Apply, fieldsV1: {f:data: {}}}]");
    assert_eq!(migrated(&before, &kubectl(), "kustomize-controller"), before);
}
