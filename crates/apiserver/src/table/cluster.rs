//! Nodes, namespaces, configuration, events and leases.

use super::age::since;
use super::cell::{Row, text};
use super::columns::{Kind, col, flag, int, wide};
use object::Value;
use std::collections::BTreeSet;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        kind: "Namespace",
        columns: &[col("Name"), col("Status"), col("Age")],
        cells: |row| vec![row.name(), row.text(["status", "phase"]).into(), row.age()],
    },
    Kind {
        group: "",
        kind: "ConfigMap",
        columns: &[col("Name"), col("Data"), col("Age")],
        cells: |row| {
            vec![row.name(), (row.count(["data"]) + row.count(["binaryData"])).into(), row.age()]
        },
    },
    Kind {
        group: "",
        kind: "Secret",
        columns: &[col("Name"), col("Type"), col("Data"), col("Age")],
        cells: |row| {
            vec![row.name(), row.text(["type"]).into(), row.count(["data"]).into(), row.age()]
        },
    },
    Kind {
        group: "",
        kind: "Node",
        columns: &[
            col("Name"),
            col("Status"),
            col("Roles"),
            col("Age"),
            col("Version"),
            wide("Internal-IP"),
            wide("External-IP"),
            wide("OS-Image"),
            wide("Kernel-Version"),
            wide("Container-Runtime"),
        ],
        cells: node,
    },
    Kind { group: "", kind: "Event", columns: EVENT_COLUMNS, cells: event },
    Kind { group: "events.k8s.io", kind: "Event", columns: EVENT_COLUMNS, cells: event },
    Kind {
        group: "",
        kind: "ComponentStatus",
        columns: &[col("Name"), col("Status"), col("Message"), col("Error")],
        cells: component_status,
    },
    Kind {
        group: "coordination.k8s.io",
        kind: "Lease",
        columns: &[col("Name"), col("Holder"), col("Age")],
        cells: |row| vec![row.name(), row.text(["spec", "holderIdentity"]).into(), row.age()],
    },
    Kind {
        group: "coordination.k8s.io",
        kind: "LeaseCandidate",
        columns: &[
            col("Name"),
            col("LeaseName"),
            col("BinaryVersion"),
            col("EmulationVersion"),
            col("Age"),
        ],
        cells: |row| {
            let spec = |member| Value::from(row.text(["spec", member]));
            vec![
                row.name(),
                spec("leaseName"),
                spec("binaryVersion"),
                spec("emulationVersion"),
                row.age(),
            ]
        },
    },
    Kind {
        group: "node.k8s.io",
        kind: "RuntimeClass",
        columns: &[col("Name"), col("Handler"), col("Age")],
        cells: |row| vec![row.name(), row.text(["handler"]).into(), row.age()],
    },
    Kind {
        group: "scheduling.k8s.io",
        kind: "PriorityClass",
        columns: &[
            col("Name"),
            int("Value"),
            flag("Global-Default"),
            col("Age"),
            col("PreemptionPolicy"),
        ],
        cells: |row| {
            vec![
                row.name(),
                row.int(["value"]).into(),
                row.bool(["globalDefault"]).unwrap_or_default().into(),
                row.age(),
                row.text(["preemptionPolicy"]).into(),
            ]
        },
    },
    Kind {
        group: "apiregistration.k8s.io",
        kind: "APIService",
        columns: &[col("Name"), col("Service"), col("Available"), col("Age")],
        cells: api_service,
    },
];

const EVENT_COLUMNS: &[super::columns::Column] = &[
    col("Last Seen"),
    col("Type"),
    col("Reason"),
    col("Object"),
    wide("Subobject"),
    wide("Source"),
    col("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
];

fn node(row: &Row<'_>) -> Vec<Value> {
    let conditions = row.list(["status", "conditions"]);
    let ready = conditions.iter().find(|c| text(c, "type") == "Ready");
    let mut status = match ready.map(|c| text(c, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if row.bool(["spec", "unschedulable"]) == Some(true) {
        status.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let addresses = row.list(["status", "addresses"]).iter();
        let found =
            addresses.filter(|a| text(a, "type") == kind).map(|a| text(a, "address")).next();
        Value::from(found.unwrap_or("<none>"))
    };
    vec![
        row.name(),
        status.into(),
        roles(row).into(),
        row.age(),
        row.text(["status", "nodeInfo", "kubeletVersion"]).into(),
        address("InternalIP"),
        address("ExternalIP"),
        row.text_or(["status", "nodeInfo", "osImage"], "<unknown>"),
        row.text_or(["status", "nodeInfo", "kernelVersion"], "<unknown>"),
        row.text_or(["status", "nodeInfo", "containerRuntimeVersion"], "<unknown>"),
    ]
}

/// The roles of a Node, from `node-role.kubernetes.io/<role>` and `kubernetes.io/role`.
fn roles(row: &Row<'_>) -> String {
    let labels = row.at(["metadata", "labels"]).and_then(Value::as_map);
    let roles: BTreeSet<&str> = labels
        .into_iter()
        .flat_map(|map| map.iter())
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    match roles.is_empty() {
        true => "<none>".to_owned(),
        false => roles.into_iter().collect::<Vec<_>>().join(","),
    }
}

/// Events of both groups: `events.k8s.io` calls the same members `regarding`, `note` and `deprecated*`.
fn event(row: &Row<'_>) -> Vec<Value> {
    let either = |old: &str, new: &str| row.at([old]).or_else(|| row.at([new]));
    let words =
        |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let first = either("firstTimestamp", "deprecatedFirstTimestamp");
    let first = since(first.or_else(|| row.at(["eventTime"])), row.now);
    let last = match either("lastTimestamp", "deprecatedLastTimestamp") {
        None => first.clone(),
        time => since(time, row.now),
    };
    let count = either("count", "deprecatedCount").and_then(Value::as_int).unwrap_or_default();
    let (last, count) = match row.at(["series"]) {
        Some(series) => (
            since(series.get("lastObservedTime"), row.now),
            series.get("count").and_then(Value::as_int).unwrap_or_default(),
        ),
        None => (last, count.max(1)),
    };
    let about =
        |member: &str| words(either("involvedObject", "regarding").and_then(|o| o.get(member)));
    let target = match (about("kind").to_lowercase(), about("name")) {
        (kind, name) if name.is_empty() => kind,
        (kind, name) => format!("{kind}/{name}"),
    };
    let source = |member: &str, reporting: &[&str]| {
        let old = words(either("source", "deprecatedSource").and_then(|s| s.get(member)));
        let new = || reporting.iter().map(|m| row.text([m])).find(|t| !t.is_empty());
        if old.is_empty() { new().unwrap_or_default().to_owned() } else { old }
    };
    let component = source("component", &["reportingComponent", "reportingController"]);
    let source = match source("host", &["reportingInstance"]) {
        host if host.is_empty() => component,
        host => format!("{component}, {host}"),
    };
    vec![
        last.into(),
        row.text(["type"]).into(),
        row.text(["reason"]).into(),
        target.into(),
        about("fieldPath").into(),
        source.into(),
        words(either("message", "note")).trim().into(),
        first.into(),
        count.into(),
        row.name(),
    ]
}

fn component_status(row: &Row<'_>) -> Vec<Value> {
    let healthy = row.list(["conditions"]).iter().find(|c| text(c, "type") == "Healthy");
    let status = match healthy.map(|c| text(c, "status")) {
        Some("True") => "Healthy",
        Some(_) => "Unhealthy",
        None => "Unknown",
    };
    let member = |name| Value::from(healthy.map_or("", |c| text(c, name)));
    vec![row.name(), status.into(), member("message"), member("error")]
}

fn api_service(row: &Row<'_>) -> Vec<Value> {
    let service = row.at(["spec", "service"]).map_or("Local".to_owned(), |service| {
        format!("{}/{}", text(service, "namespace"), text(service, "name"))
    });
    let conditions = row.list(["status", "conditions"]);
    let available = match conditions.iter().find(|c| text(c, "type") == "Available") {
        None => "Unknown".to_owned(),
        Some(c) if text(c, "status") == "True" => "True".to_owned(),
        Some(c) => format!("{} ({})", text(c, "status"), text(c, "reason")),
    };
    vec![row.name(), service.into(), available.into(), row.age()]
}
