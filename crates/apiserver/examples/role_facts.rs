//! Makes `facts/roles.txt`: `cargo run --example role_facts FILE...` reads the lists of roles and bindings that a real
//! server makes at its start (`kubectl get clusterroles,clusterrolebindings -o yaml`, `kubectl get
//! roles,rolebindings -A -o yaml`, or the files in `bootstrappolicy/testdata` of its sources) and prints the table.

use object::{Dialect, Manifest, Value};
use std::fmt::Write;

type Failure = Box<dyn std::error::Error>;

const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

fn main() -> Result<(), Failure> {
    let mut entries = Vec::new();
    for file in std::env::args().skip(1) {
        let list = object::from_yaml_one(&std::fs::read_to_string(&file)?, Dialect::Sigs)?;
        let items = list.get("items").and_then(Value::as_list).unwrap_or_default();
        let made = items.iter().filter(|o| o.label(BOOTSTRAPPING) == Some("rbac-defaults"));
        for object in made {
            entries.push((
                order(object),
                object.namespace().to_owned(),
                object.name().to_owned(),
                entry(object)?,
            ));
        }
    }
    entries.sort();
    println!("# Roles and bindings of a new cluster; made by `cargo run --example role_facts`.");
    entries.iter().for_each(|(.., entry)| print!("{entry}"));
    Ok(())
}

fn order(object: &Value) -> usize {
    let kinds = ["ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"];
    kinds.iter().position(|k| *k == object.kind()).unwrap_or(kinds.len())
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

/// Texts with commas between; `-` stands for the empty one.
fn joined(list: &[Value]) -> String {
    let texts = list.iter().filter_map(Value::as_str).map(|t| if t.is_empty() { "-" } else { t });
    texts.collect::<Vec<_>>().join(",")
}

fn entry(object: &Value) -> Result<String, Failure> {
    let mut out = String::new();
    let place = if object.namespace().is_empty() { "-" } else { object.namespace() };
    writeln!(out, "{} {place} {}", object.kind(), object.name())?;
    let labels = object.at(["metadata", "labels"]).and_then(Value::as_map);
    for (key, value) in
        labels.into_iter().flat_map(object::Map::iter).filter(|(k, _)| *k != BOOTSTRAPPING)
    {
        writeln!(out, "  label {key} {}", value.as_str().unwrap_or_default())?;
    }
    let selectors = object.at(["aggregationRule", "clusterRoleSelectors"]).and_then(Value::as_list);
    for selector in selectors.unwrap_or_default() {
        let pairs = selector.get("matchLabels").and_then(Value::as_map);
        for (key, value) in pairs.into_iter().flat_map(object::Map::iter) {
            writeln!(out, "  gather {key} {}", value.as_str().unwrap_or_default())?;
        }
    }
    if selectors.is_none() {
        for rule in items(object, "rules") {
            let verbs = joined(items(rule, "verbs"));
            let (paths, names) = (items(rule, "nonResourceURLs"), items(rule, "resourceNames"));
            if paths.is_empty() {
                let (groups, resources) =
                    (joined(items(rule, "apiGroups")), joined(items(rule, "resources")));
                write!(out, "  rule {verbs} {groups} {resources}")?;
                if !names.is_empty() {
                    write!(out, " {}", joined(names))?;
                }
                writeln!(out)?;
            } else {
                writeln!(out, "  path {verbs} {}", joined(paths))?;
            }
        }
    }
    if let Some(role) = object.get("roleRef") {
        writeln!(out, "  of {} {}", text(role, "kind"), text(role, "name"))?;
    }
    for subject in items(object, "subjects") {
        writeln!(
            out,
            "  to {} {} {}",
            text(subject, "kind"),
            text(subject, "name"),
            text(subject, "namespace")
        )?;
    }
    Ok(out.replace(" \n", "\n"))
}
