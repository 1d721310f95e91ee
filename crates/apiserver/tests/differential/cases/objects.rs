//! Each kind through its life, and everything its server refuses.

use super::{Case, Step, with};
use crate::catalog::{Entry, entries};
use serde_json::{Value, json};

pub(super) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

pub(super) fn cases() -> Vec<Case> {
    let lives = entries(11).into_iter().map(|e| life(&e));
    let refusals = entries(12).into_iter().map(|e| refused(&e));
    lives.chain(refusals).collect()
}

pub(super) fn life(entry: &Entry) -> Case {
    let (at, object) = (entry.path(), &entry.object);
    let post = |query: &str| Step::post(&format!("{}{query}", entry.collection), object);
    let mut steps = vec![
        Step::get(&at).named("get nothing"),
        Step::delete(&at, &Value::Null).named("delete nothing"),
        Step::patch("merge", &at, &json!({"metadata": {"labels": {"x": "y"}}}))
            .named("patch nothing"),
        post("?dryRun=All&fieldManager=one").named("dry run"),
        post("?fieldManager=one").named("create"),
        post("").named("create again"),
        Step::get(&at),
        Step::get(&at).accepting(TABLE).named("table"),
        Step::get(&at).accepting(METADATA).named("metadata"),
        Step::put(&at, json!({})).named("put as it is"),
        Step::put(&at, json!({"metadata": {"resourceVersion": "1"}}))
            .named("put of an old version"),
        Step::put(&at, json!({"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}}))
            .named("put of another uid"),
        Step::put(&at, json!({"metadata": {"name": "another-name"}})).named("put of another name"),
    ];
    for (number, change) in entry.changes.iter().enumerate() {
        let path = format!("{at}?fieldManager=m{}", number % 3);
        steps.push(match number % 3 {
            0 => Step::patch("merge", &path, change),
            1 if entry.builtin => Step::patch("strategic", &path, change),
            _ => Step::put(&path, change.clone()),
        });
    }
    let labels = json!([
        {"op": "add", "path": "/metadata/labels", "value": {"one": "1"}},
        {"op": "test", "path": "/metadata/labels/one", "value": "1"},
        {"op": "replace", "path": "/metadata/labels/one", "value": "2"},
        {"op": "copy", "from": "/metadata/labels/one", "path": "/metadata/labels/two"}
    ]);
    steps.extend([
        Step::patch("json", &at, &labels),
        Step::patch(
            "json",
            &at,
            &json!([{"op": "test", "path": "/metadata/labels/one", "value": "9"}]),
        ),
        Step::patch("json", &at, &json!([{"op": "remove", "path": "/metadata/labels/nine"}])),
        Step::patch("json", &at, &json!([{"op": "odd", "path": "/metadata"}])),
        Step::patch("json", &at, &json!({"not": "a list"})),
        Step::patch("merge", &at, &json!({"metadata": {"resourceVersion": "1"}})),
        Step::patch("merge", &at, &json!({"metadata": {"name": "other"}})),
        Step::get(&format!("{at}/status")).named("status"),
        Step::patch(
            "merge",
            &format!("{at}/status"),
            &json!({"metadata": {"annotations": {"s": "t"}}}),
        ),
        Step::patch("merge", &at, &json!({"status": {"phase": "Odd"}}))
            .named("status by the front door"),
    ]);
    let uid = json!({"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}});
    steps.extend([
        Step::delete(&at, &uid).named("delete another uid"),
        Step::delete(&at, &json!({"dryRun": ["All"]})).named("delete dry"),
        Step::delete(&at, &json!({"gracePeriodSeconds": 0})),
    ]);
    let after = Step::get(&at).named("after delete");
    steps.push(if entry.resource == "namespaces" { after.settling() } else { after });
    Case { name: format!("life/{}", entry.resource), steps }
}

pub(super) fn refused(entry: &Entry) -> Case {
    let at = entry.path();
    let mut steps = vec![Step::post(&entry.collection, &entry.object).named("create")];
    for change in &entry.invalid {
        let mut fresh = with(&entry.object, change);
        if fresh["metadata"]["name"] == entry.object["metadata"]["name"]
            && !matches!(entry.resource.as_str(), "apiservices" | "ipaddresses")
        {
            fresh["metadata"]["name"] = format!("{}-x", text(&fresh["metadata"]["name"])).into();
        }
        let dry = format!("{}?dryRun=All", entry.collection);
        steps.push(Step::post(&dry, &fresh).named("create invalid"));
        steps.push(
            Step::patch("merge", &format!("{at}?dryRun=All"), change).named("change invalid"),
        );
        steps.push(
            Step::post(&format!("{dry}&fieldValidation=Strict"), &fresh).named("create strictly"),
        );
    }
    let mut unknown = with(&entry.object, &json!({"bogus": {"a": 1}, "metadata": {"bogus": "x"}}));
    unknown["metadata"]["name"] = format!("{}-u", text(&unknown["metadata"]["name"])).into();
    for level in ["Ignore", "Warn", "Strict"] {
        let path = format!("{}?dryRun=All&fieldValidation={level}", entry.collection);
        steps.push(Step::post(&path, &unknown).named("unknown members"));
        let path = format!("{at}?dryRun=All&fieldValidation={level}");
        steps.push(Step::patch("merge", &path, &json!({"bogus": 1})).named("patch unknown"));
    }
    steps.push(Step::post(&format!("{}?fieldValidation=Odd", entry.collection), &unknown));
    steps.push(Step::post(&entry.collection, &json!({"kind": "Other", "apiVersion": "v1"})));
    let unnamed = with(&entry.object, &json!({"metadata": {"name": null}}));
    steps.push(Step::post(&entry.collection, &unnamed).named("no name"));
    steps.push(Step::delete(&at, &json!({"propagationPolicy": "Odd"})).named("odd propagation"));
    steps.push(Step::delete(&at, &json!({"gracePeriodSeconds": 0})));
    Case { name: format!("refused/{}", entry.resource), steps }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
