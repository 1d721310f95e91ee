//! Finalizers, grace, propagation, owners, namespaces.

use super::{Case, Step};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn map(name: &str, metadata: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    super::merge(&mut object["metadata"], &metadata);
    object
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![finalizers(), preconditions(), collection(), namespace()];
    for policy in ["Foreground", "Background", "Orphan"] {
        cases.push(owners(policy));
    }
    cases
}

fn finalizers() -> Case {
    let at = format!("{MAPS}/final");
    let steps = vec![
        Step::post(MAPS, &map("final", json!({"finalizers": ["example.com/a", "example.com/b"]}))),
        Step::delete(&at, &Value::Null),
        Step::get(&at),
        Step::delete(&at, &Value::Null).named("delete twice"),
        Step::patch("merge", &at, &json!({"data": {"still": "editable"}})),
        Step::patch(
            "merge",
            &at,
            &json!({"metadata": {"finalizers": ["example.com/a", "example.com/c"]}}),
        ),
        Step::patch("merge", &at, &json!({"metadata": {"deletionTimestamp": null}})),
        Step::patch("merge", &at, &json!({"metadata": {"finalizers": ["example.com/a"]}})),
        Step::apply(&at, "one", false, &map("final", json!({}))),
        Step::post(MAPS, &map("final", json!({}))).named("create while it goes"),
        Step::patch("json", &at, &json!([{"op": "remove", "path": "/metadata/finalizers"}])),
        Step::get(&at),
    ];
    Case { name: "deletion/finalizers".into(), steps }
}

fn preconditions() -> Case {
    let at = format!("{MAPS}/pre");
    let steps = vec![
        Step::post(MAPS, &map("pre", json!({}))),
        Step::delete(&at, &json!({"preconditions": {"resourceVersion": "1"}})),
        Step::delete(&at, &json!({"preconditions": {"uid": "x"}})),
        Step::delete(
            &at,
            &json!({"kind": "DeleteOptions", "apiVersion": "v1", "bogus": 1, "dryRun": ["All"]}),
        ),
        Step::delete(&at, &json!({"orphanDependents": true, "propagationPolicy": "Orphan"})),
        Step::delete(&at, &json!({"gracePeriodSeconds": -1, "dryRun": ["All"]})),
        Step::delete(&format!("{at}?dryRun=Some"), &Value::Null),
        Step::delete(&at, &json!({"preconditions": {"uid": "{uid}", "resourceVersion": "{rv}"}})),
        Step::get(&at),
    ];
    Case { name: "deletion/preconditions".into(), steps }
}

fn collection() -> Case {
    let mut steps = Vec::new();
    for n in 0..4 {
        let label = if n < 2 { "x" } else { "y" };
        steps
            .push(Step::post(MAPS, &map(&format!("coll-{n}"), json!({"labels": {"coll": label}}))));
    }
    steps.extend([
        Step::delete(&format!("{MAPS}?labelSelector=coll%3Dx&dryRun=All"), &Value::Null),
        Step::delete(&format!("{MAPS}?labelSelector=coll%3Dx"), &Value::Null),
        Step::get(&format!("{MAPS}?labelSelector=coll")),
        Step::delete(&format!("{MAPS}?fieldSelector=metadata.name%3Dcoll-2"), &Value::Null),
        Step::delete(
            &format!("{MAPS}?labelSelector=coll"),
            &json!({"propagationPolicy": "Background"}),
        ),
        Step::get(&format!("{MAPS}?labelSelector=coll")),
        Step::delete(&format!("{MAPS}?labelSelector=coll%21%21"), &Value::Null),
    ]);
    Case { name: "deletion/collection".into(), steps }
}

fn owners(policy: &str) -> Case {
    let (owner, low) = (format!("own-{}", policy.to_lowercase()), policy.to_lowercase());
    let (at, child) = (format!("{MAPS}/{owner}"), format!("dep-{low}"));
    // The uid of the owner is known only to its own path: the dependent is bound by a patch through it.
    let steps = vec![
        Step::post(MAPS, &map(&owner, json!({}))),
        Step::post(MAPS, &map(&child, json!({"finalizers": ["example.com/hold"]}))),
        Step::delete(&at, &json!({"propagationPolicy": policy})),
        Step::get(&at).settling(),
        Step::get(&format!("{MAPS}/{child}")).settling(),
        Step::patch(
            "merge",
            &format!("{MAPS}/{child}"),
            &json!({"metadata": {"finalizers": null}}),
        ),
        Step::delete(&format!("{MAPS}/{child}"), &Value::Null),
    ];
    Case { name: format!("deletion/{low}"), steps }
}

fn namespace() -> Case {
    let at = "/api/v1/namespaces/ending";
    let maps = format!("{at}/configmaps");
    let steps = vec![
        Step::post(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ending"}}),
        ),
        Step::post(
            &maps,
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["example.com/hold"]}}),
        ),
        Step::get(&format!("{at}/serviceaccounts/default")).settling(),
        Step::delete(at, &Value::Null),
        Step::post(
            &maps,
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}}),
        ),
        Step::get(at).settling(),
        Step::patch("merge", &format!("{maps}/held"), &json!({"metadata": {"finalizers": null}})),
        Step::get(at).named("gone").settling(),
        Step::get(&maps).settling(),
        Step::post(
            &maps,
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "later"}}),
        ),
    ];
    Case { name: "deletion/namespace".into(), steps }
}
