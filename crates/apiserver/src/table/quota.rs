//! Quotas of namespaces and the flow control of the API server.

use super::cell::{Row, plain, text};
use super::columns::{Kind, col};
use object::Value;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        kind: "ResourceQuota",
        columns: &[col("Name"), col("Request"), col("Limit"), col("Age")],
        cells: resource_quota,
    },
    Kind {
        group: "flowcontrol.apiserver.k8s.io",
        kind: "FlowSchema",
        columns: &[
            col("Name"),
            col("PriorityLevel"),
            col("MatchingPrecedence"),
            col("DistinguisherMethod"),
            col("Age"),
            col("MissingPL"),
        ],
        cells: flow_schema,
    },
    Kind {
        group: "flowcontrol.apiserver.k8s.io",
        kind: "PriorityLevelConfiguration",
        columns: &[
            col("Name"),
            col("Type"),
            col("NominalConcurrencyShares"),
            col("Queues"),
            col("HandSize"),
            col("QueueLengthLimit"),
            col("Age"),
        ],
        cells: priority_level,
    },
];

/// `name: used/hard` of each resource; those that start with `limits.` stand apart.
fn resource_quota(row: &Row<'_>) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    let hard = row.at(["status", "hard"]).and_then(Value::as_map);
    for (name, hard) in hard.into_iter().flat_map(|map| map.iter()) {
        let used = row.at(["status", "used", name]).map_or("0".to_owned(), plain);
        let text = format!("{name}: {used}/{}", plain(hard));
        if name.starts_with("limits.") { limits.push(text) } else { requests.push(text) }
    }
    vec![row.name(), requests.join(", ").into(), limits.join(", ").into(), row.age()]
}

fn flow_schema(row: &Row<'_>) -> Vec<Value> {
    let dangling =
        row.list(["status", "conditions"]).iter().find(|c| text(c, "type") == "Dangling");
    vec![
        row.name(),
        row.text(["spec", "priorityLevelConfiguration", "name"]).into(),
        row.int(["spec", "matchingPrecedence"]).into(),
        row.text_or(["spec", "distinguisherMethod", "type"], "<none>"),
        row.age(),
        dangling.map_or("?", |c| text(c, "status")).into(),
    ]
}

fn priority_level(row: &Row<'_>) -> Vec<Value> {
    let or_none = |value: Option<&Value>| value.cloned().unwrap_or_else(|| "<none>".into());
    let queuing = |member| or_none(row.at(["spec", "limited", "limitResponse", "queuing", member]));
    vec![
        row.name(),
        row.text(["spec", "type"]).into(),
        or_none(row.at(["spec", "limited", "nominalConcurrencyShares"])),
        queuing("queues"),
        queuing("handSize"),
        queuing("queueLengthLimit"),
        row.age(),
    ]
}
