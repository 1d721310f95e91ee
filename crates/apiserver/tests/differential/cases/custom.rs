//! Custom kinds: their definitions, and instances through the same cases as the built-in ones.

use super::{Case, Step, apply, objects};
use crate::catalog::Entry;
use object::{Dialect, from_yaml, to_json};
use serde_json::{Value, json};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GROUP: &str = "differ.example.com";

pub(super) fn cases() -> Vec<Case> {
    let documents = from_yaml(include_str!("../custom.yaml"), Dialect::Sigs).unwrap();
    let kinds: Vec<Value> =
        documents.iter().map(|d| serde_json::from_slice(&to_json(&d.value)).unwrap()).collect();
    let mut cases = vec![refused_definitions()];
    for kind in &kinds {
        cases.push(defined(kind));
        cases.push(objects::life(&entry(kind, "life")));
        cases.push(objects::refused(&entry(kind, "refused")));
        cases.push(apply::case(&entry(kind, "apply")));
    }
    cases.push(widgets());
    cases.push(olds());
    cases.push(described());
    cases.push(renamed(&kinds[8]));
    cases.push(removed(&kinds[3]));
    cases
}

fn text<'a>(kind: &'a Value, field: &str) -> &'a str {
    kind[field].as_str().unwrap_or_default()
}

fn definition(kind: &Value) -> Value {
    let names: Vec<&str> = match kind["versions"].as_array() {
        Some(list) => list.iter().filter_map(Value::as_str).collect(),
        None => vec!["v1"],
    };
    let version = |name: &str| {
        let mut version = kind["version"].clone();
        super::merge(
            &mut version,
            &json!({
            "name": name, "served": true, "storage": name == "v1",
            "schema": {"openAPIV3Schema": kind["schema"]}}),
        );
        version
    };
    let plural = text(kind, "plural");
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{GROUP}")},
        "spec": {"group": GROUP, "scope": if kind["cluster"] == true { "Cluster" } else { "Namespaced" },
            "names": {"kind": kind["kind"], "plural": plural, "shortNames": kind["short"]},
            "versions": names.into_iter().map(version).collect::<Vec<_>>()}})
}

fn entry(kind: &Value, case: &str) -> Entry {
    let list = |key: &str| kind[key].as_array().cloned().unwrap_or_default();
    let namespace = if kind["cluster"] == true { "" } else { "/namespaces/default" };
    let plural = text(kind, "plural");
    Entry {
        resource: format!("{plural}.{GROUP}"),
        collection: format!("/apis/{GROUP}/v1{namespace}/{plural}"),
        object: json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind["kind"],
            "metadata": {"name": format!("x-{case}")}, "spec": kind["spec"]}),
        changes: list("changes"),
        invalid: list("invalid"),
        builtin: false,
    }
}

fn defined(kind: &Value) -> Case {
    let name = format!("{}.{GROUP}", text(kind, "plural"));
    let at = format!("{DEFINITIONS}/{name}");
    let instances = entry(kind, "any").collection;
    let steps = vec![
        Step::post(&format!("{DEFINITIONS}?dryRun=All"), &definition(kind)),
        Step::post(&format!("{DEFINITIONS}?fieldManager=one"), &definition(kind)),
        Step::get(&instances).named("served").settling(),
        Step::get(&at).named("established"),
        Step::apply(&at, "two", false, &definition(kind)),
        Step::get(&at).accepting(objects::TABLE),
        Step::put(&at, json!({"spec": {"group": "other.example.com"}})),
        Step::put(&at, json!({"spec": {"scope": "Odd"}})),
    ];
    Case { name: format!("custom/defined/{}", text(kind, "plural")), steps }
}

fn refused_definitions() -> Case {
    let kind =
        json!({"kind": "Never", "plural": "nevers", "version": {}, "schema": {"type": "object"}});
    let base = definition(&kind);
    let versions = |schema: Value| json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}});
    let property =
        |schema: Value| versions(json!({"type": "object", "properties": {"spec": schema}}));
    let changes = vec![
        json!({"metadata": {"name": "wrong.example.com"}}),
        json!({"spec": {"versions": []}}),
        json!({"spec": {"scope": "Odd"}}),
        json!({"spec": {"names": {"kind": ""}}}),
        json!({"spec": {"names": {"plural": "Nevers"}}}),
        json!({"spec": {"group": "nodots"}}),
        json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": true}]}}),
        json!({"spec": {"versions": [{"name": "V1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}),
        json!({"spec": {"conversion": {"strategy": "Webhook"}}}),
        json!({"spec": {"conversion": {"strategy": "Odd"}}}),
        json!({"spec": {"preserveUnknownFields": true}}),
        versions(json!({"type": "string"})),
        versions(json!({})),
        property(json!({"properties": {"a": {"type": "string"}}})),
        property(json!({"type": "odd"})),
        property(json!({"type": "array"})),
        property(json!({"type": "object", "properties": {"a": {}}})),
        property(
            json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "map"}),
        ),
        property(
            json!({"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}),
        ),
        property(json!({"type": "string", "pattern": "("})),
        property(json!({"type": "string", "default": 1})),
        property(
            json!({"type": "object", "additionalProperties": {"type": "string"}, "properties": {"a": {"type": "string"}}}),
        ),
        property(
            json!({"type": "object", "x-kubernetes-validations": [{"rule": "self.absent > 1"}], "properties": {"a": {"type": "integer"}}}),
        ),
        property(json!({"type": "object", "x-kubernetes-validations": [{"rule": "1 +"}]})),
        property(json!({"type": "object", "x-kubernetes-validations": [{"rule": ""}]})),
        property(json!({"type": "object", "x-kubernetes-validations": [{"rule": "1"}]})),
        property(json!({"type": "object", "uniqueItems": true})),
        property(json!({"type": "object", "$ref": "#/x"})),
        property(json!({"type": "integer", "x-kubernetes-int-or-string": true})),
        property(json!({"type": "object", "x-kubernetes-embedded-resource": true})),
        versions(
            json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}}),
        ),
    ];
    let post = |change: &Value| {
        Step::post(&format!("{DEFINITIONS}?dryRun=All"), &super::with(&base, change))
    };
    Case { name: "custom/definitions".into(), steps: changes.iter().map(post).collect() }
}

/// Scale, selectable fields and columns of a custom kind.
fn widgets() -> Case {
    let all = format!("/apis/{GROUP}/v1/namespaces/default/widgets");
    let at = format!("{all}/w1");
    let object = |name: &str, color: &str| json!({"apiVersion": format!("{GROUP}/v1"), "kind": "Widget", "metadata": {"name": name, "labels": {"w": "1"}}, "spec": {"size": 2, "color": color}, "status": {"phase": "dropped"}});
    let steps = vec![
        Step::post(&all, &object("w1", "red")),
        Step::post(&all, &object("w2", "green")),
        Step::get(&format!("{all}?fieldSelector=spec.color%3Dgreen")),
        Step::get(&format!("{all}?fieldSelector=spec.size%3D2")),
        Step::get(&all).accepting(objects::TABLE),
        Step::get(&format!("{at}/scale")),
        Step::patch("merge", &format!("{at}/scale"), &json!({"spec": {"replicas": 5}})),
        Step::patch(
            "merge",
            &format!("{at}/status"),
            &json!({"status": {"replicas": 5, "selector": "a=b", "bogus": 1}, "spec": {"size": 9}}),
        ),
        Step::get(&format!("{at}/scale")),
        Step::get(&at),
        Step::patch("strategic", &at, &json!({"spec": {"size": 1}})),
        Step::get(&format!("{all}?watch=true&fieldSelector=spec.color%3Dgreen&timeoutSeconds=1")),
        Step::delete(&format!("{all}?labelSelector=w%3D1"), &Value::Null),
        Step::get(&format!("{all}?labelSelector=w%3D1")),
    ];
    Case { name: "custom/widgets".into(), steps }
}

/// A kind in two versions.
fn olds() -> Case {
    let v1 = format!("/apis/{GROUP}/v1/namespaces/default/olds");
    let beta = format!("/apis/{GROUP}/v1beta1/namespaces/default/olds");
    let object = |version: &str| json!({"apiVersion": format!("{GROUP}/{version}"), "kind": "Old", "metadata": {"name": "o"}, "spec": {"a": "x"}});
    let steps = vec![
        Step::post(&format!("{beta}?fieldManager=one"), &object("v1beta1")),
        Step::get(&format!("{v1}/o")),
        Step::apply(&format!("{v1}/o"), "two", false, &object("v1")),
        Step::apply(&format!("{beta}/o"), "two", false, &object("v1beta1")),
        Step::post(&v1, &object("v1beta1")).named("the wrong version"),
        Step::get(&beta),
        Step::patch("merge", &format!("{beta}/o?fieldManager=three"), &json!({"spec": {"b": 1}})),
        Step::delete(&format!("{v1}/o"), &Value::Null),
    ];
    Case { name: "custom/olds".into(), steps }
}

/// Discovery and OpenAPI of all of them.
fn described() -> Case {
    let steps = vec![
        Step::get(&format!("/apis/{GROUP}")).settling(),
        Step::get(&format!("/apis/{GROUP}/v1")).settling(),
        Step::get(&format!("/apis/{GROUP}/v1beta1")).settling(),
        Step::get(&format!("/openapi/v3/apis/{GROUP}/v1")).settling(),
    ];
    Case { name: "custom/described".into(), steps }
}

/// A kind gets another name, and its own again.
fn renamed(kind: &Value) -> Case {
    let at = format!("{DEFINITIONS}/{}.{GROUP}", text(kind, "plural"));
    let instances = entry(kind, "any").collection;
    let steps = vec![
        Step::get(&at),
        Step::put(&at, json!({"spec": {"names": {"kind": "Changed"}}})),
        Step::get(&at).settling(),
        Step::put(&at, json!({"spec": {"names": {"kind": kind["kind"], "listKind": null}}})),
        Step::get(&at).settling(),
        Step::get(&instances).settling(),
    ];
    Case { name: "custom/renamed".into(), steps }
}

/// A definition goes, and its instances with it.
fn removed(kind: &Value) -> Case {
    let at = format!("{DEFINITIONS}/{}.{GROUP}", text(kind, "plural"));
    let entry = entry(kind, "last");
    let steps = vec![
        Step::post(&entry.collection, &entry.object),
        Step::delete(&at, &Value::Null),
        Step::get(&at).named("gone").settling(),
        Step::get(&entry.path()).named("instance gone").settling(),
    ];
    Case { name: "custom/removed".into(), steps }
}
