//! What runs Pods: the kinds of `apps` and `batch`, and the older ReplicationController.

use super::age::{human_duration, parse_time, since};
use super::cell::{Row, text};
use super::columns::{Kind, col, flag, int, wide};
use super::selector::{format_labels, format_selector, selector_cell};
use object::{Manifest as _, Value};

const CONTAINERS: [&str; 4] = ["spec", "template", "spec", "containers"];
const REPLICA_COLUMNS: &[super::columns::Column] = &[
    col("Name"),
    int("Desired"),
    int("Current"),
    int("Ready"),
    col("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "apps",
        kind: "Deployment",
        columns: &[
            col("Name"),
            col("Ready"),
            col("Up-to-date"),
            col("Available"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: deployment,
    },
    Kind { group: "apps", kind: "ReplicaSet", columns: REPLICA_COLUMNS, cells: replica_set },
    Kind {
        group: "",
        kind: "ReplicationController",
        columns: REPLICA_COLUMNS,
        cells: replication_controller,
    },
    Kind {
        group: "apps",
        kind: "StatefulSet",
        columns: &[col("Name"), col("Ready"), col("Age"), wide("Containers"), wide("Images")],
        cells: stateful_set,
    },
    Kind {
        group: "apps",
        kind: "DaemonSet",
        columns: &[
            col("Name"),
            int("Desired"),
            int("Current"),
            int("Ready"),
            int("Up-to-date"),
            int("Available"),
            col("Node Selector"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: daemon_set,
    },
    Kind {
        group: "apps",
        kind: "ControllerRevision",
        columns: &[col("Name"), col("Controller"), col("Revision"), col("Age")],
        cells: controller_revision,
    },
    Kind {
        group: "batch",
        kind: "Job",
        columns: &[
            col("Name"),
            col("Status"),
            col("Completions"),
            col("Duration"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: job,
    },
    Kind {
        group: "batch",
        kind: "CronJob",
        columns: &[
            col("Name"),
            col("Schedule"),
            col("Timezone"),
            flag("Suspend"),
            int("Active"),
            col("Last Schedule"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: cron_job,
    },
];

/// `ready/desired`. A workload that says nothing about `replicas` has one.
fn ready_of_desired(row: &Row<'_>) -> Value {
    let desired = row.at(["spec", "replicas"]).and_then(Value::as_int).unwrap_or(1);
    format!("{}/{desired}", row.int(["status", "readyReplicas"])).into()
}

fn deployment(row: &Row<'_>) -> Vec<Value> {
    let [names, images] = row.containers(CONTAINERS);
    let selector = format_selector(row.at(["spec", "selector"]));
    vec![
        row.name(),
        ready_of_desired(row),
        row.int(["status", "updatedReplicas"]).into(),
        row.int(["status", "availableReplicas"]).into(),
        row.age(),
        names,
        images,
        selector.unwrap_or_else(|| "<invalid>".to_owned()).into(),
    ]
}

fn replica_cells(row: &Row<'_>, selector: Value) -> Vec<Value> {
    let [names, images] = row.containers(CONTAINERS);
    vec![
        row.name(),
        row.at(["spec", "replicas"]).and_then(Value::as_int).unwrap_or(1).into(),
        row.int(["status", "replicas"]).into(),
        row.int(["status", "readyReplicas"]).into(),
        row.age(),
        names,
        images,
        selector,
    ]
}

fn replica_set(row: &Row<'_>) -> Vec<Value> {
    replica_cells(row, selector_cell(row.at(["spec", "selector"])))
}

fn replication_controller(row: &Row<'_>) -> Vec<Value> {
    replica_cells(row, format_labels(row.at(["spec", "selector"])).into())
}

fn stateful_set(row: &Row<'_>) -> Vec<Value> {
    let [names, images] = row.containers(CONTAINERS);
    vec![row.name(), ready_of_desired(row), row.age(), names, images]
}

fn daemon_set(row: &Row<'_>) -> Vec<Value> {
    let [names, images] = row.containers(CONTAINERS);
    let status = |member| Value::from(row.int(["status", member]));
    vec![
        row.name(),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        format_labels(row.at(["spec", "template", "spec", "nodeSelector"])).into(),
        row.age(),
        names,
        images,
        selector_cell(row.at(["spec", "selector"])),
    ]
}

fn controller_revision(row: &Row<'_>) -> Vec<Value> {
    let owners = row.list(["metadata", "ownerReferences"]);
    let controller = owners.iter().find(|o| o.get("controller") == Some(&Value::Bool(true)));
    let controller = controller.map_or("<none>".to_owned(), |owner| {
        let kind = text(owner, "kind").to_lowercase();
        match owner.gvk().group.as_str() {
            "" => format!("{kind}/{}", text(owner, "name")),
            group => format!("{kind}.{group}/{}", text(owner, "name")),
        }
    });
    vec![row.name(), controller.into(), row.int(["revision"]).into(), row.age()]
}

fn job(row: &Row<'_>) -> Vec<Value> {
    let succeeded = row.int(["status", "succeeded"]);
    let completions = match row.at(["spec", "completions"]).and_then(Value::as_int) {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None => match row.int(["spec", "parallelism"]) {
            parallel if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
            _ => format!("{succeeded}/1"),
        },
    };
    let start = parse_time(row.text(["status", "startTime"]));
    let end = parse_time(row.text(["status", "completionTime"])).unwrap_or(row.now);
    let duration = start.map_or(String::new(), |start| human_duration(end.duration_since(start)));
    let is = |kind: &str| {
        let of_kind = row.list(["status", "conditions"]).iter().find(|c| text(c, "type") == kind);
        of_kind.is_some_and(|c| text(c, "status") == "True")
    };
    let status = match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if row.is_deleted() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    let [names, images] = row.containers(CONTAINERS);
    vec![
        row.name(),
        status.into(),
        completions.into(),
        duration.into(),
        row.age(),
        names,
        images,
        selector_cell(row.at(["spec", "selector"])),
    ]
}

fn cron_job(row: &Row<'_>) -> Vec<Value> {
    let last = match row.at(["status", "lastScheduleTime"]) {
        None => "<none>".to_owned(),
        time => since(time, row.now),
    };
    let suspend = match row.bool(["spec", "suspend"]) {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    let [names, images] =
        row.containers(["spec", "jobTemplate", "spec", "template", "spec", "containers"]);
    vec![
        row.name(),
        row.text(["spec", "schedule"]).into(),
        row.text_or(["spec", "timeZone"], "<none>"),
        suspend.into(),
        row.count(["status", "active"]).into(),
        last.into(),
        row.age(),
        names,
        images,
        selector_cell(row.at(["spec", "jobTemplate", "spec", "selector"])),
    ]
}
