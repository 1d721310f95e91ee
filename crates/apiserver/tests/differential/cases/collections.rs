//! Lists, pages, selectors, tables, watches.

use super::objects::{METADATA, TABLE};
use super::{Case, Step};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";

pub(super) fn cases() -> Vec<Case> {
    vec![lists(), selectors(), tables(), pages(), versions(), watches(), streams(), names()]
}

fn map(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"n": name}})
}

fn made(prefix: &str, count: usize) -> Vec<Step> {
    let object = |n: usize| {
        let labels =
            json!({"set": prefix, "n": n.to_string(), "even": n.is_multiple_of(2).to_string()});
        Step::post(MAPS, &map(&format!("{prefix}-{n}"), labels))
    };
    (0..count).map(object).collect()
}

fn lists() -> Case {
    let mut steps = made("li", 3);
    let all = format!("{MAPS}?labelSelector=set%3Dli");
    steps.extend([
        Step::get(&all),
        Step::get(&all).accepting(METADATA),
        Step::get("/api/v1/configmaps?labelSelector=set%3Dli"),
        Step::get(&format!("{MAPS}?labelSelector=set%3Dnone")),
        Step::get("/api/v1/namespaces/absent/configmaps"),
        Step::get("/apis/apps/v1/deployments?labelSelector=none%3Dx"),
        Step::get(&format!("{all}&limit=abc")),
        Step::get(&format!("{all}&limit=-1")),
        Step::get(&format!("{all}&timeoutSeconds=x")),
    ]);
    Case { name: "collections/lists".into(), steps }
}

fn selectors() -> Case {
    let mut steps = made("se", 4);
    for label in [
        "set%3Dse,n%20in%20(1,2)",
        "set%3Dse,n%20notin%20(1,2)",
        "set%3D%3Dse,n!%3D3",
        "set%3Dse,!none",
        "set%3Dse,n",
        "set%20in%20(se),even%3Dtrue",
        "set%3Dse,n%3E1",
        "set%3Dse,n%3C2",
        "set%3D",
        "%3D",
        "set%20in%20()",
        "set%20in",
        "a%20b",
        "set%3Dse,,n",
        "-bad%3Dx",
        "set%3Dse,n%20notin%20()",
        "set%3Dnot%20ok!",
    ] {
        steps.push(Step::get(&format!("{MAPS}?labelSelector={label}")).named(label));
    }
    for field in [
        "metadata.name%3Dse-1",
        "metadata.name!%3Dse-1",
        "metadata.namespace%3Ddefault,metadata.name%3Dse-2",
        "spec.x%3D1",
        "metadata.name",
        "metadata.name%3D%3Dse-3",
        "metadata.labels.n%3D1",
        "metadata.name%20in%20(a)",
        "data.n%3D1",
    ] {
        steps.push(
            Step::get(&format!("{MAPS}?labelSelector=set%3Dse&fieldSelector={field}")).named(field),
        );
    }
    for field in ["status.phase%3DPending", "spec.nodeName%3D", "spec.image%3Dx", "status.podIP%3D"]
    {
        steps.push(Step::get(&format!("{PODS}?labelSelector=app%3Dabsent&fieldSelector={field}")));
    }
    Case { name: "collections/selectors".into(), steps }
}

/// Tables of every kind, with an object in each.
fn tables() -> Case {
    let mut steps = Vec::new();
    for entry in crate::catalog::entries(14) {
        let name = entry.object["metadata"]["name"].as_str().unwrap().to_owned();
        steps.push(Step::post(&entry.collection, &entry.object));
        let list = format!("{}?fieldSelector=metadata.name%3D{name}", entry.collection);
        steps
            .push(Step::get(&list).accepting(TABLE).named(&format!("table of {}", entry.resource)));
        steps.push(Step::get(&format!("{list}&includeObject=None")).accepting(TABLE));
        steps.push(
            Step::get(&format!("{}/{name}?includeObject=Object", entry.collection))
                .accepting(TABLE),
        );
        steps.push(Step::get(&list).accepting(METADATA));
        steps.push(Step::delete(&entry.path(), &json!({"gracePeriodSeconds": 0})));
    }
    Case { name: "collections/tables".into(), steps }
}

fn pages() -> Case {
    let mut steps = made("pg", 7);
    let page = format!("{MAPS}?labelSelector=set%3Dpg&limit=3");
    let next = format!("{page}&continue={{continue}}");
    steps.extend([
        Step::get(&page),
        Step::get(&next),
        Step::post(MAPS, &map("pg-9", json!({"set": "pg"}))),
        Step::get(&next),
        Step::get(&format!("{MAPS}?limit=2&continue=nonsense")),
        Step::get(&format!("{MAPS}?limit=2&continue=eyJ2IjoieCJ9")),
        Step::get(&page).accepting(TABLE),
        Step::get(&next).accepting(TABLE),
        Step::get(&page),
        Step::get(&format!("{next}&resourceVersion=5")),
        Step::get(&format!("{MAPS}?labelSelector=set%3Dpg&limit=100")),
        Step::get(&format!("{MAPS}?labelSelector=set%3Dpg&limit=3&resourceVersion=0")),
    ]);
    Case { name: "collections/pages".into(), steps }
}

fn versions() -> Case {
    let mut steps = made("rv", 2);
    let all = format!("{MAPS}?labelSelector=set%3Drv");
    steps.push(Step::get(&all));
    for query in [
        "resourceVersion=0",
        "resourceVersion={version}",
        "resourceVersion=x",
        "resourceVersionMatch=Exact",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "resourceVersion={version}&resourceVersionMatch=Exact",
        "resourceVersion={version}&resourceVersionMatch=NotOlderThan",
        "resourceVersion=0&resourceVersionMatch=NotOlderThan",
        "resourceVersion={version}&resourceVersionMatch=Odd",
        "resourceVersion=1&resourceVersionMatch=Exact",
        "sendInitialEvents=true",
        "resourceVersion=-1",
    ] {
        steps.push(Step::get(&format!("{all}&{query}")).named(query));
    }
    let one = format!("{MAPS}/rv-1");
    steps.extend([
        Step::get(&format!("{one}?resourceVersion=0")),
        Step::get(&format!("{one}?resourceVersion={{rv}}")),
        Step::get(&format!("{one}?resourceVersion=x")),
    ]);
    Case { name: "collections/versions".into(), steps }
}

fn watches() -> Case {
    let mut steps = made("wa", 2);
    let watch = format!("{MAPS}?watch=true&labelSelector=set%3Dwa&timeoutSeconds=1");
    let one = format!("{MAPS}/wa-0");
    steps.extend([
        Step::get(&format!("{MAPS}?labelSelector=set%3Dwa")),
        Step::patch("merge", &one, &json!({"data": {"x": "1"}})),
        Step::patch("merge", &one, &json!({"metadata": {"labels": {"set": "elsewhere"}}}))
            .named("leaves the selection"),
        Step::patch("merge", &one, &json!({"metadata": {"labels": {"set": "wa"}}}))
            .named("enters it"),
        Step::post(MAPS, &map("wa-7", json!({"set": "wa"}))),
        Step::delete(&format!("{MAPS}/wa-1"), &Value::Null),
        Step::get(&format!("{watch}&resourceVersion={{version}}")).named("everything since"),
        Step::get(&format!("{watch}&resourceVersion={{version}}&allowWatchBookmarks=true")),
        Step::get(&format!("{watch}&resourceVersion={{version}}")).accepting(TABLE),
        Step::get(&format!("{watch}&resourceVersion={{version}}")).accepting(METADATA),
        Step::get(&format!(
            "{watch}&resourceVersion={{version}}&fieldSelector=metadata.name%3Dwa-7"
        )),
        Step::get(&format!("{watch}&resourceVersion=0")),
        Step::get(&watch).named("from now on"),
        Step::get(&format!("{watch}&resourceVersion=x")),
        Step::get(&format!("{watch}&resourceVersionMatch=Exact&resourceVersion={{version}}")),
        Step::get(
            "/api/v1/watch/namespaces/default/configmaps?labelSelector=set%3Dwa&timeoutSeconds=1",
        ),
        Step::get(&format!(
            "{MAPS}?watch=true&fieldSelector=metadata.name%3Dwa-0&timeoutSeconds=1"
        )),
    ]);
    Case { name: "collections/watches".into(), steps }
}

fn streams() -> Case {
    let mut steps = made("st", 2);
    let watch = format!("{MAPS}?watch=true&labelSelector=set%3Dst&timeoutSeconds=1");
    for query in [
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=0",
        "sendInitialEvents=true&allowWatchBookmarks=true",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        "sendInitialEvents=true&resourceVersionMatch=Exact&allowWatchBookmarks=true",
        "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
        "sendInitialEvents=false",
    ] {
        steps.push(Step::get(&format!("{watch}&{query}")).named(query));
    }
    steps.push(
        Step::get(&format!("{watch}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"))
            .accepting(METADATA),
    );
    Case { name: "collections/streams".into(), steps }
}

fn names() -> Case {
    let generated = |prefix: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": prefix}});
    let long = "a".repeat(300);
    let mut steps = vec![
        Step::post(MAPS, &generated("gen-")),
        Step::post(MAPS, &generated("Bad_")),
        Step::post(MAPS, &generated("")),
    ];
    for name in ["UPPER", "with space", "-x", "x-", "a..b", "a.b", &long, "..", "a/b", "a%b", "ü"]
    {
        steps.push(Step::post(MAPS, &map(name, json!({}))).named(&name[..name.len().min(12)]));
    }
    let services = "/api/v1/namespaces/default/services";
    for name in ["1a", "a.b", &long[..64], "a_b"] {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 1}]}});
        steps.push(Step::post(&format!("{services}?dryRun=All"), &object));
    }
    let labels = [
        json!({"a": "x".repeat(64)}),
        json!({"a/b/c": ""}),
        json!({"/a": ""}),
        json!({"a/": ""}),
        json!({"A_b.c-d": "A_b.c-d"}),
        json!({"UPPER.com/x": "y"}),
        json!({"a": "-"}),
        json!({"": "x"}),
        json!({"x".repeat(64): "a"}),
    ];
    for label in labels {
        steps.push(Step::post(&format!("{MAPS}?dryRun=All"), &map("lab", label)));
    }
    Case { name: "collections/names".into(), steps }
}
