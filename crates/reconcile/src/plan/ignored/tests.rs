use super::*;
use crate::desired::{Rendered, Scope, own};
use crate::health::HealthRules;
use crate::observed::{Live, Observed, Sight};
use crate::plan::{Action, Plan, Trigger, plan};
use crate::spec::OwnerRef;
use api::{IgnoreRule, Selector};
use object::Manifest;

fn spec(paths: &[&str], kind: &str) -> SyncSpec {
    SyncSpec {
        owner: OwnerRef {
            group: "g".into(),
            namespace: "ns".into(),
            name: "me".into(),
            kind: "K".into(),
        },
        field_manager: "us".into(),
        ignore: vec![IgnoreRule {
            paths: paths.iter().map(|p| (*p).to_owned()).collect(),
            target: Some(Selector { kind: Some(kind.into()), ..Selector::default() }),
        }],
        ..SyncSpec::default()
    }
}

fn deployment(replicas: i64, image: &str) -> Value {
    let json = format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d","namespace":"n"}},"spec":{{"replicas":{replicas},
        "selector":{{"matchLabels":{{"a":"b"}}}},"template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    );
    object::from_json(json.as_bytes()).unwrap()
}

/// Git has one replica; the cluster has three, set by `manager`, and runs `image`.
fn run(spec: &SyncSpec, manager: (&str, &str), image: &str) -> Plan {
    let rendered = Rendered { value: deployment(1, "i:1"), origin: String::new() };
    let desired = own(vec![rendered], spec, &|_| Some(Scope::Namespaced)).unwrap();
    let mut live = Value::clone(&desired.objects[0].value);
    live.get_mut("spec").unwrap().make_map().insert("replicas", 3);
    let containers = live
        .get_mut("spec")
        .unwrap()
        .get_mut("template")
        .unwrap()
        .get_mut("spec")
        .unwrap()
        .get_mut("containers");
    containers.unwrap().as_list_mut().unwrap()[0].make_map().insert("image", image);
    let ours = r#"{"f:metadata":{"f:labels":{"f:g/name":{},"f:g/namespace":{}}},"f:spec":{"f:selector":{},"f:strategy":{},"f:template":{
        "f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:name":{},"f:image":{},"f:resources":{}}}}}}}"#;
    let entries = format!(
        r#"[{{"manager":"us","operation":"Apply","fieldsV1":{ours}}},
            {{"manager":"{}","operation":"{}","fieldsV1":{{"f:spec":{{"f:replicas":{{}}}}}}}}]"#,
        manager.0, manager.1
    );
    live.metadata_mut().insert("managedFields", object::from_json(entries.as_bytes()).unwrap());
    let live =
        Live::read(&Arc::new(live), spec, &HealthRules::default(), api::Timestamp::default(), true);
    let observed: Observed =
        [(desired.objects[0].key.clone(), Sight::Present(Box::new(live)))].into_iter().collect();
    plan(&desired, &observed, &[], spec, &Trigger::Interval)
}

const HPA: (&str, &str) = ("hpa", "Update");

fn replicas(plan: &Plan) -> Option<i64> {
    let value = plan.steps[0].value.as_ref().unwrap();
    value.at(["spec", "replicas"]).and_then(Value::as_int)
}

#[test]
fn an_ignored_difference_is_none() {
    let ignoring = spec(&["/spec/replicas"], "Deployment");
    assert!(run(&ignoring, HPA, "i:1").is_empty(), "{}", run(&ignoring, HPA, "i:1"));
    let other = run(&spec(&["/spec/replicas"], "StatefulSet"), HPA, "i:1");
    assert_eq!(other.steps[0].changes[0].to_string(), ".spec.replicas: 3 -> 1");
    assert_eq!(other.steps[0].value, None);
}

#[test]
fn what_is_applied_beside_it_leaves_it_as_it_is() {
    let ignoring = spec(&["/spec/replicas"], "Deployment");
    let adopted = run(&ignoring, HPA, "i:0");
    assert_eq!(adopted.steps[0].action, Action::Apply);
    assert_eq!(adopted.steps[0].changes.len(), 1);
    assert_eq!(replicas(&adopted), Some(3));
    let left_out = run(&ignoring, ("scaler", "Apply"), "i:0");
    assert_eq!(replicas(&left_out), None);
}

#[test]
fn numbers_point_into_lists() {
    let pointer = "/spec/template/spec/containers/0/image";
    let ignoring = spec(&["/spec/replicas", pointer], "Deployment");
    assert!(run(&ignoring, HPA, "i:0").is_empty());
}

#[test]
fn a_malformed_rule_stops_the_run() {
    let rendered = Rendered { value: deployment(1, "i"), origin: String::new() };
    let error = own(vec![rendered], &spec(&["/a"], "("), &|_| None).unwrap_err();
    assert!(error.to_string().starts_with("spec.ignore[0].target: kind is no regular expression"));
}
