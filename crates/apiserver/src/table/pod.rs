//! Pods and their templates.

use super::age::{human_duration, parse_time};
use super::cell::{Row, text};
use super::columns::{Kind, col, wide};
use super::selector::format_labels;
use jiff::Timestamp;
use object::{Value, map};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        kind: "Pod",
        columns: &[
            col("Name"),
            col("Ready"),
            col("Status"),
            col("Restarts"),
            col("Age"),
            wide("IP"),
            wide("Node"),
            wide("Nominated Node"),
            wide("Readiness Gates"),
        ],
        cells: pod,
    },
    Kind {
        group: "",
        kind: "PodTemplate",
        columns: &[col("Name"), col("Containers"), col("Images"), col("Pod Labels")],
        cells: |row| {
            let [names, images] = row.containers(["template", "spec", "containers"]);
            let labels = format_labels(row.at(["template", "metadata", "labels"]));
            vec![row.name(), names, images, labels.into()]
        },
    },
];

/// `Completed` for a Pod that has run to its end.
pub(super) fn conditions(pod: &Value) -> Vec<Value> {
    let message = match pod.at(["status", "phase"]).and_then(Value::as_str) {
        Some("Succeeded") => "The pod has completed successfully.",
        Some("Failed") => "The pod failed.",
        _ => return Vec::new(),
    };
    let reason = pod.at(["status", "phase"]).cloned().unwrap_or_default();
    let condition =
        map! {"type": "Completed", "status": "True", "reason": reason, "message": message};
    vec![condition.into()]
}

/// What the statuses of a Pod's containers add up to.
struct Tally {
    ready: usize,
    restarts: i64,
    last_restart: Option<Timestamp>,
    reason: String,
}

impl Tally {
    fn restarted(&mut self, status: &Value) {
        self.restarts += status.get("restartCount").and_then(Value::as_int).unwrap_or_default();
        let finished = status.at(["lastState", "terminated", "finishedAt"]).and_then(Value::as_str);
        self.last_restart = self.last_restart.max(finished.and_then(parse_time));
    }
}

fn pod(row: &Row<'_>) -> Vec<Value> {
    let mut reason = row.text(["status", "phase"]).to_owned();
    if !row.text(["status", "reason"]).is_empty() {
        reason = row.text(["status", "reason"]).to_owned();
    }
    let conditions = row.list(["status", "conditions"]);
    if conditions
        .iter()
        .any(|c| text(c, "type") == "PodScheduled" && text(c, "reason") == "SchedulingGated")
    {
        reason = "SchedulingGated".to_owned();
    }
    let init_specs = row.list(["spec", "initContainers"]);
    let sidecars = init_specs.iter().filter(|c| text(c, "restartPolicy") == "Always").count();
    let total = row.list(["spec", "containers"]).len() + sidecars;

    let mut tally = Tally { ready: 0, restarts: 0, last_restart: None, reason };
    let initializing = init_containers(row, init_specs, &mut tally);
    if !initializing || has_condition(conditions, "Initialized") {
        containers(row, &mut tally);
    }
    if row.is_deleted() {
        let over = matches!(row.text(["status", "phase"]), "Succeeded" | "Failed");
        if row.text(["status", "reason"]) == "NodeLost" {
            tally.reason = "Unknown".to_owned();
        } else if !over {
            tally.reason = "Terminating".to_owned();
        }
    }
    let restarts = match tally.last_restart {
        Some(last) if tally.restarts != 0 => {
            format!("{} ({} ago)", tally.restarts, human_duration(row.now.duration_since(last)))
        }
        _ => tally.restarts.to_string(),
    };
    let ip = row.list(["status", "podIPs"]).first().map_or("", |ip| text(ip, "ip"));
    vec![
        row.name(),
        format!("{}/{total}", tally.ready).into(),
        tally.reason.into(),
        restarts.into(),
        row.age(),
        if ip.is_empty() { "<none>" } else { ip }.into(),
        row.text_or(["spec", "nodeName"], "<none>"),
        row.text_or(["status", "nominatedNodeName"], "<none>"),
        readiness_gates(row, conditions),
    ]
}

/// Counts the init containers; answers whether one of them keeps the Pod from starting.
///
/// Restarts of ordinary init containers count only as long as the Pod initializes; afterwards those of
/// sidecars (`restartPolicy: Always`) remain.
fn init_containers(row: &Row<'_>, specs: &[Value], tally: &mut Tally) -> bool {
    let is_sidecar = |name: &str| {
        specs.iter().any(|c| text(c, "name") == name && text(c, "restartPolicy") == "Always")
    };
    let mut of_sidecars =
        Tally { ready: 0, restarts: 0, last_restart: None, reason: String::new() };
    let mut initializing = false;
    for (i, status) in row.list(["status", "initContainerStatuses"]).iter().enumerate() {
        tally.restarted(status);
        let sidecar = is_sidecar(text(status, "name"));
        if sidecar {
            of_sidecars.restarted(status);
        }
        let terminated = status.at(["state", "terminated"]);
        let started = status.get("started").and_then(Value::as_bool) == Some(true);
        if terminated.is_some_and(|t| exit_code(t) == 0) {
            continue;
        }
        if sidecar && started {
            tally.ready += usize::from(is_ready(status));
            continue;
        }
        let waiting = status.at(["state", "waiting"]).map_or("", |w| text(w, "reason"));
        tally.reason = match terminated {
            Some(t) => format!("Init:{}", ended(t)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => {
                format!("Init:{waiting}")
            }
            None => format!("Init:{i}/{}", specs.len()),
        };
        initializing = true;
        break;
    }
    if !initializing || has_condition(row.list(["status", "conditions"]), "Initialized") {
        tally.restarts = of_sidecars.restarts;
        tally.last_restart = of_sidecars.last_restart;
    }
    initializing
}

fn containers(row: &Row<'_>, tally: &mut Tally) {
    let mut running = false;
    for status in row.list(["status", "containerStatuses"]).iter().rev() {
        tally.restarted(status);
        let waiting = status.at(["state", "waiting"]).map_or("", |w| text(w, "reason"));
        if !waiting.is_empty() {
            tally.reason = waiting.to_owned();
        } else if let Some(terminated) = status.at(["state", "terminated"]) {
            tally.reason = ended(terminated);
        } else if is_ready(status) && status.at(["state", "running"]).is_some() {
            running = true;
            tally.ready += 1;
        }
    }
    if tally.reason == "Completed" && running {
        let ready = has_condition(row.list(["status", "conditions"]), "Ready");
        tally.reason = if ready { "Running" } else { "NotReady" }.to_owned();
    }
}

/// How a container ended: its reason, else its signal or exit code.
fn ended(terminated: &Value) -> String {
    let signal = terminated.get("signal").and_then(Value::as_int).unwrap_or_default();
    match text(terminated, "reason") {
        "" if signal != 0 => format!("Signal:{signal}"),
        "" => format!("ExitCode:{}", exit_code(terminated)),
        reason => reason.to_owned(),
    }
}

fn exit_code(terminated: &Value) -> i64 {
    terminated.get("exitCode").and_then(Value::as_int).unwrap_or_default()
}

fn is_ready(status: &Value) -> bool {
    status.get("ready").and_then(Value::as_bool) == Some(true)
}

fn has_condition(conditions: &[Value], kind: &str) -> bool {
    conditions.iter().any(|c| text(c, "type") == kind && text(c, "status") == "True")
}

fn readiness_gates(row: &Row<'_>, conditions: &[Value]) -> Value {
    let gates = row.list(["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".into();
    }
    let open = gates.iter().filter(|gate| has_condition(conditions, text(gate, "conditionType")));
    format!("{}/{}", open.count(), gates.len()).into()
}
