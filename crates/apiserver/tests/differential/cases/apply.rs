//! Server-side apply by three managers: ownership, conflicts, force, removal.

use super::{Case, Step, with};
use crate::catalog::{Entry, entries};
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    entries(13).into_iter().map(|e| case(&e)).collect()
}

/// What names an object, with a change.
pub(super) fn only(entry: &Entry, change: &Value) -> Value {
    let object = &entry.object;
    let head = json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"],
        "metadata": {"name": object["metadata"]["name"]},
    });
    with(&head, change)
}

pub(super) fn case(entry: &Entry) -> Case {
    let (at, base) = (entry.path(), &entry.object);
    let label = |value: &str| only(entry, &json!({"metadata": {"labels": {"shared": value}}}));
    let mut steps = vec![
        Step::apply(&at, "one", false, &only(entry, &json!({"metadata": {"name": "other"}}))),
        Step::patch("apply", &at, base).named("apply without a manager"),
        Step::apply(&format!("{at}?dryRun=All"), "one", false, base).named("apply dry"),
        Step::apply(&at, "one", false, base).named("apply creates"),
        Step::apply(&at, "one", false, base).named("apply again"),
        Step::apply(&at, "two", false, base).named("apply shared"),
        Step::apply(&at, "two", false, &label("x")).named("two lets go, sets a label"),
        Step::apply(&at, "three", false, &label("y")).named("conflict"),
        Step::apply(&at, "three", true, &label("y")).named("force"),
        Step::patch(
            "merge",
            &format!("{at}?fieldManager=four"),
            &json!({"metadata": {"labels": {"shared": "z"}}}),
        ),
        Step::apply(&at, "three", false, &label("y")).named("conflict with an update"),
        Step::apply(&at, "three", false, &label("z")).named("the same value"),
    ];
    for (number, change) in entry.changes.iter().enumerate() {
        let manager = ["one", "two", "three"][number % 3];
        if !has_null(change) {
            steps.push(
                Step::apply(&at, manager, false, &only(entry, change)).named("apply a change"),
            );
            steps.push(
                Step::apply(&at, manager, true, &only(entry, change)).named("force a change"),
            );
        }
        let all = with(base, change);
        steps.push(Step::apply(&at, "one", true, &all).named("apply all with the change"));
    }
    steps.extend([
        Step::patch(
            "merge",
            &format!("{at}?fieldManager=one"),
            &json!({"metadata": {"annotations": {"u": "1"}}}),
        ),
        Step::apply(&at, "one", true, base).named("back"),
        Step::apply(&at, "two", true, &only(entry, &json!({}))).named("two lets everything go"),
        Step::patch("merge", &at, &json!({"metadata": {"managedFields": [{}]}}))
            .named("forget owners"),
        Step::apply(&at, "one", true, base).named("apply over nobody's"),
        Step::apply(&at, "one", false, &with(base, &json!({"metadata": {"managedFields": []}}))),
        Step::apply(&at, "one", false, &with(base, &json!({"bogus": 1}))).named("unknown member"),
        Step::apply(&at, "one", false, &with(base, &json!({"metadata": {"resourceVersion": "1"}}))),
        Step::apply(
            &at,
            "one",
            false,
            &with(base, &json!({"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}})),
        ),
        Step::delete(&at, &json!({"gracePeriodSeconds": 0})),
    ]);
    Case { name: format!("apply/{}", entry.resource), steps }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_null),
        Value::Array(list) => list.iter().any(has_null),
        _ => false,
    }
}
