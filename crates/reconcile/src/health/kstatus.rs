//! kstatus: the status of any Kubernetes object from its own status (fluxcd/cli-utils 1.2.2,
//! `pkg/kstatus/status`).

use super::Health;
use crate::health::HealthStatus;
use api::Timestamp;
use object::{Manifest, Value};

/// Why the status of an object cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KstatusError {
    /// A member has a type that no object of Kubernetes has there.
    #[error("{path} is {found}, not {wanted}")]
    Type {
        /// The member.
        path: &'static str,
        /// Its type.
        found: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A Pod in a phase that does not exist.
    #[error("unknown phase {0}")]
    Phase(String),
}

type Outcome = Result<Health, KstatusError>;

/// How long a Pod may be without a node before it counts as failed, in seconds.
const SCHEDULE_WINDOW: u64 = 15;

/// The status of an object.
///
/// # Errors
/// When a member that decides has a type it cannot have.
pub fn compute(object: &Value, now: Timestamp) -> Outcome {
    if let Some(health) = generic(object)? {
        return Ok(health);
    }
    let conditions = Conditions::of(object)?;
    let gvk = object.gvk();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => Ok(service(object)),
        ("", "Pod") => pod(object, &conditions, now),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
            Ok(Health::current("Resource is always ready"))
        }
        ("", "PersistentVolumeClaim") => Ok(pvc(object)),
        ("apps", "StatefulSet") => Ok(stateful_set(object)),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("apps" | "extensions", "Deployment") => Ok(deployment(object, &conditions)),
        ("apps" | "extensions", "ReplicaSet") => Ok(replica_set(object, &conditions)),
        ("policy", "PodDisruptionBudget") => {
            Ok(Health::current("AllowedDisruptions has been computed."))
        }
        ("batch", "Job") => Ok(job(object, &conditions)),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Ok(crd(&conditions)),
        _ => Ok(ready(&conditions)),
    }
}

/// A Job by the rule of Flux: current only when it has completed or is suspended, not while it runs.
pub(super) fn compute_job(object: &Value) -> Outcome {
    if let Some(health) = terminating(object)? {
        return Ok(health);
    }
    if object.at(["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
        return Ok(Health::current("Job is suspended"));
    }
    let conditions = Conditions::of(object)?;
    if let Some(health) = finished_job(object, &conditions) {
        return Ok(health);
    }
    let parallelism = int(object, ["spec", "parallelism"], 1);
    if text(object, ["status", "startTime"]).is_empty() {
        let message = format!("Job not started. active: 0/{parallelism}");
        return Ok(Health::in_progress("JobNotStarted", message));
    }
    Ok(Health::in_progress("JobInProgress", running_job(object)))
}

/// A number, or `default` when it is missing or no whole number.
fn int<const N: usize>(object: &Value, path: [&str; N], default: i64) -> i64 {
    object.at(path).and_then(Value::as_int).unwrap_or(default)
}

fn text<'a, const N: usize>(object: &'a Value, path: [&str; N]) -> &'a str {
    object.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// A number that must be one if it is there; a missing parent counts as missing.
fn strict_int(
    object: &Value,
    parent: &str,
    key: &str,
    path: &'static str,
) -> Result<Option<i64>, KstatusError> {
    let parent = match object.get(parent) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Map(map)) => map,
        Some(other) => {
            return Err(KstatusError::Type {
                path,
                found: other.type_name(),
                wanted: "in an object",
            });
        }
    };
    match parent.get(key) {
        None => Ok(None),
        Some(Value::Int(i)) => Ok(Some(*i)),
        Some(other) => {
            Err(KstatusError::Type { path, found: other.type_name(), wanted: "an integer" })
        }
    }
}

fn terminating(object: &Value) -> Result<Option<Health>, KstatusError> {
    let path = "metadata.deletionTimestamp";
    match object.at(["metadata", "deletionTimestamp"]) {
        None => Ok(None),
        Some(Value::String(s)) if s.is_empty() => Ok(None),
        Some(Value::String(_)) => Ok(Some(Health {
            status: HealthStatus::Terminating,
            reason: "".into(),
            message: "Resource scheduled for deletion".into(),
        })),
        Some(other) => {
            Err(KstatusError::Type { path, found: other.type_name(), wanted: "a string" })
        }
    }
}

/// What can be told of any kind: deletion, an unobserved generation, the two standard conditions.
fn generic(object: &Value) -> Result<Option<Health>, KstatusError> {
    if let Some(health) = terminating(object)? {
        return Ok(Some(health));
    }
    if let Some(generation) = strict_int(object, "metadata", "generation", "metadata.generation")?
        && let Some(observed) =
            strict_int(object, "status", "observedGeneration", "status.observedGeneration")?
        && observed != generation
    {
        let message = format!(
            "{} generation is {generation}, but latest observed generation is {observed}",
            object.kind()
        );
        return Ok(Some(Health::in_progress("LatestGenerationNotObserved", message)));
    }
    for condition in &Conditions::of(object)?.0 {
        match (condition.kind, condition.status) {
            ("Reconciling", "True") => return Ok(Some(condition.in_progress())),
            ("Stalled", "True") => return Ok(Some(condition.failed())),
            _ => {}
        }
    }
    Ok(None)
}

/// One condition, as far as it is read.
struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Condition<'_> {
    fn in_progress(&self) -> Health {
        Health::in_progress(self.reason.to_owned(), self.message.to_owned())
    }

    fn failed(&self) -> Health {
        Health::failed(self.reason.to_owned(), self.message.to_owned())
    }
}

/// `status.conditions`.
struct Conditions<'a>(Vec<Condition<'a>>);

impl<'a> Conditions<'a> {
    fn of(object: &'a Value) -> Result<Self, KstatusError> {
        let error = |path, value: &Value, wanted| {
            Err(KstatusError::Type { path, found: value.type_name(), wanted })
        };
        let status = match object.get("status") {
            None | Some(Value::Null) => return Ok(Self(Vec::new())),
            Some(Value::Map(status)) => status,
            Some(other) => return error("status", other, "an object"),
        };
        let list = match status.get("conditions") {
            None | Some(Value::Null) => return Ok(Self(Vec::new())),
            Some(Value::List(list)) => list,
            Some(other) => return error("status.conditions", other, "a list"),
        };
        let mut conditions = Vec::with_capacity(list.len());
        for item in list {
            if !matches!(item, Value::Map(_) | Value::Null) {
                return error("status.conditions[]", item, "an object");
            }
            let member = |key| match item.get(key) {
                None | Some(Value::Null) => Ok(""),
                Some(Value::String(s)) => Ok(s.as_str()),
                Some(other) => Err(KstatusError::Type {
                    path: "status.conditions[]",
                    found: other.type_name(),
                    wanted: "made of strings",
                }),
            };
            conditions.push(Condition {
                kind: member("type")?,
                status: member("status")?,
                reason: member("reason")?,
                message: member("message")?,
            });
        }
        Ok(Self(conditions))
    }

    fn with_status(&self, kind: &str, status: &str) -> Option<&Condition<'a>> {
        self.0.iter().find(|c| c.kind == kind && c.status == status)
    }
}

/// A kind without rules of its own: its `Ready` condition, if it has one.
fn ready(conditions: &Conditions<'_>) -> Health {
    for condition in conditions.0.iter().filter(|c| c.kind == "Ready") {
        match condition.status {
            "True" => return Health::current("Resource is Ready"),
            "False" | "Unknown" => return condition.in_progress(),
            _ => {}
        }
    }
    Health::current("Resource is current")
}

fn service(object: &Value) -> Health {
    let load_balancer = text(object, ["spec", "type"]) == "LoadBalancer";
    if load_balancer && text(object, ["spec", "clusterIP"]).is_empty() {
        return Health::in_progress(
            "NoIPAssigned",
            "ClusterIP not set. Service type: LoadBalancer",
        );
    }
    Health::current("Service is ready")
}

fn pvc(object: &Value) -> Health {
    let phase = object.at(["status", "phase"]).and_then(Value::as_str).unwrap_or("unknown");
    if phase == "Bound" {
        return Health::current("PVC is Bound");
    }
    Health::in_progress("NotBound", format!("PVC is not Bound. phase: {phase}"))
}

fn pod(object: &Value, conditions: &Conditions<'_>, now: Timestamp) -> Outcome {
    Ok(match text(object, ["status", "phase"]) {
        "Succeeded" => Health::current("Pod has completed successfully"),
        "Failed" => Health::current("Pod has completed, but not successfully"),
        "Running" => {
            if conditions.with_status("Ready", "True").is_some() {
                return Ok(Health::current("Pod is Ready"));
            }
            let looping = crash_looping(object);
            if looping.is_empty() {
                Health::in_progress("PodRunningNotReady", "Pod is running but is not Ready")
            } else {
                Health::failed(
                    "ContainerCrashLooping",
                    format!("Containers in CrashLoop state: {}", looping.join(",")),
                )
            }
        }
        "Pending" => {
            let unscheduled = conditions.with_status("PodScheduled", "False");
            if unscheduled.is_none_or(|c| c.reason != "Unschedulable") {
                return Ok(Health::in_progress("PodPending", "Pod is in the Pending phase"));
            }
            let created = text(object, ["metadata", "creationTimestamp"]).parse::<Timestamp>();
            if created.is_ok_and(|c| now.since(c).as_secs() < SCHEDULE_WINDOW) {
                Health::in_progress("PodNotScheduled", "Pod has not been scheduled")
            } else {
                Health::failed("PodUnschedulable", "Pod could not be scheduled")
            }
        }
        "" => Health::in_progress("PodNotObserved", "Pod phase not available"),
        phase => return Err(KstatusError::Phase(phase.to_owned())),
    })
}

fn crash_looping(object: &Value) -> Vec<&str> {
    let statuses =
        object.at(["status", "containerStatuses"]).and_then(Value::as_list).unwrap_or_default();
    statuses
        .iter()
        .filter(|s| text(s, ["state", "waiting", "reason"]) == "CrashLoopBackOff")
        .filter_map(|s| s.get("name").and_then(Value::as_str))
        .collect()
}

fn stateful_set(object: &Value) -> Health {
    if text(object, ["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Health::current("StatefulSet is using the ondelete update strategy");
    }
    let status = |key| int(object, ["status", key], 0);
    let wanted = int(object, ["spec", "replicas"], 1);
    let (replicas, ready, current, updated) = (
        status("replicas"),
        status("readyReplicas"),
        status("currentReplicas"),
        status("updatedReplicas"),
    );
    if wanted > replicas {
        return Health::in_progress("LessReplicas", format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > ready {
        return Health::in_progress("LessReady", format!("Ready: {ready}/{wanted}"));
    }
    if replicas > wanted {
        return Health::in_progress(
            "ExtraPods",
            format!("Pending termination: {}", replicas - wanted),
        );
    }
    let partition = int(object, ["spec", "updateStrategy", "rollingUpdate", "partition"], -1);
    if partition != -1 {
        let wanted = wanted.saturating_sub(partition);
        if updated < wanted {
            return Health::in_progress("PartitionRollout", format!("updated: {updated}/{wanted}"));
        }
        return Health::current(format!("Partition rollout complete. updated: {updated}"));
    }
    if wanted > current {
        return Health::in_progress("LessCurrent", format!("current: {current}/{wanted}"));
    }
    if text(object, ["status", "currentRevision"]) != text(object, ["status", "updateRevision"]) {
        return Health::in_progress(
            "RevisionMismatch",
            "Waiting for updated revision to match current",
        );
    }
    Health::current(format!("All replicas scheduled as expected. Replicas: {replicas}"))
}

/// The value that stands for "no deadline" in a Deployment.
const NO_DEADLINE: i64 = i32::MAX as i64;

fn deployment(object: &Value, conditions: &Conditions<'_>) -> Health {
    // Without a deadline the controller sets no Progressing condition.
    let deadline = int(object, ["spec", "progressDeadlineSeconds"], NO_DEADLINE);
    let mut progressing = deadline == NO_DEADLINE;
    let mut available = false;
    for condition in &conditions.0 {
        match condition.kind {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return Health {
                    status: HealthStatus::Failed,
                    reason: condition.reason.to_owned().into(),
                    message: "Progress deadline exceeded".into(),
                };
            }
            "Progressing"
                if condition.status == "True" && condition.reason == "NewReplicaSetAvailable" =>
            {
                progressing = true;
            }
            "Available" if condition.status == "True" => available = true,
            _ => {}
        }
    }
    let status = |key| int(object, ["status", key], 0);
    let wanted = int(object, ["spec", "replicas"], 1);
    let (replicas, updated, ready, up) = (
        status("replicas"),
        status("updatedReplicas"),
        status("readyReplicas"),
        status("availableReplicas"),
    );
    if wanted > replicas {
        return Health::in_progress("LessReplicas", format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > updated {
        return Health::in_progress("LessUpdated", format!("Updated: {updated}/{wanted}"));
    }
    if replicas > wanted {
        return Health::in_progress(
            "ExtraPods",
            format!("Pending termination: {}", replicas - wanted),
        );
    }
    if updated > up {
        return Health::in_progress("LessAvailable", format!("Available: {up}/{updated}"));
    }
    if wanted > ready {
        return Health::in_progress("LessReady", format!("Ready: {ready}/{wanted}"));
    }
    if !progressing {
        return Health::in_progress("ReplicaSetNotAvailable", "ReplicaSet not Available");
    }
    if !available {
        return Health::in_progress("DeploymentNotAvailable", "Deployment not Available");
    }
    Health::current(format!("Deployment is available. Replicas: {replicas}"))
}

fn replica_set(object: &Value, conditions: &Conditions<'_>) -> Health {
    if conditions.with_status("ReplicaFailure", "True").is_some() {
        return Health::in_progress("ReplicaFailure", "Replica Failure condition. Check Pods");
    }
    let status = |key| int(object, ["status", key], 0);
    let wanted = int(object, ["spec", "replicas"], 1);
    let replicas = status("replicas");
    for (name, reason, key) in [
        ("Labelled", "LessLabelled", "fullyLabeledReplicas"),
        ("Available", "LessAvailable", "availableReplicas"),
        ("Ready", "LessReady", "readyReplicas"),
    ] {
        let count = status(key);
        if wanted > count {
            return Health::in_progress(reason, format!("{name}: {count}/{wanted}"));
        }
    }
    if replicas > wanted {
        return Health::in_progress(
            "ExtraPods",
            format!("Pending termination: {}", replicas - wanted),
        );
    }
    Health::current(format!("ReplicaSet is available. Replicas: {replicas}"))
}

fn daemon_set(object: &Value) -> Outcome {
    let missing = |reason: &'static str, path: &str| {
        Ok(Health::in_progress(reason, format!("{} {path} not found", object.kind())))
    };
    if strict_int(object, "metadata", "generation", "metadata.generation")?.is_none() {
        return missing("NoGeneration", "metadata.generation");
    }
    let observed = strict_int(object, "status", "observedGeneration", "status.observedGeneration")?;
    if observed.is_none() {
        return missing("NoObservedGeneration", "status.observedGeneration");
    }
    let wanted = int(object, ["status", "desiredNumberScheduled"], -1);
    if wanted == -1 {
        return Ok(Health::in_progress(
            "NoDesiredNumber",
            "Missing .status.desiredNumberScheduled",
        ));
    }
    for (name, reason, key) in [
        ("Current", "LessCurrent", "currentNumberScheduled"),
        ("Updated", "LessUpdated", "updatedNumberScheduled"),
        ("Available", "LessAvailable", "numberAvailable"),
        ("Ready", "LessReady", "numberReady"),
    ] {
        let count = int(object, ["status", key], 0);
        if wanted > count {
            return Ok(Health::in_progress(reason, format!("{name}: {count}/{wanted}")));
        }
    }
    Ok(Health::current(format!("All replicas scheduled as expected. Replicas: {wanted}")))
}

fn finished_job(object: &Value, conditions: &Conditions<'_>) -> Option<Health> {
    let parallelism = int(object, ["spec", "parallelism"], 1);
    let completions = int(object, ["spec", "completions"], parallelism);
    conditions.0.iter().filter(|c| c.status == "True").find_map(|c| match c.kind {
        "Complete" => {
            let succeeded = int(object, ["status", "succeeded"], 0);
            let message = format!("Job Completed. succeeded: {succeeded}/{completions}");
            Some(Health::current(message))
        }
        "Failed" => {
            let failed = int(object, ["status", "failed"], 0);
            Some(Health::failed("JobFailed", format!("Job Failed. failed: {failed}/{completions}")))
        }
        _ => None,
    })
}

fn running_job(object: &Value) -> String {
    let status = |key| int(object, ["status", key], 0);
    let (succeeded, active, failed) = (status("succeeded"), status("active"), status("failed"));
    format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}")
}

fn job(object: &Value, conditions: &Conditions<'_>) -> Health {
    if let Some(health) = finished_job(object, conditions) {
        return health;
    }
    if text(object, ["status", "startTime"]).is_empty() {
        return Health::in_progress("JobNotStarted", "Job not started");
    }
    Health::current(running_job(object))
}

fn crd(conditions: &Conditions<'_>) -> Health {
    for condition in &conditions.0 {
        match (condition.kind, condition.status) {
            ("NamesAccepted", "False") => return condition.failed(),
            ("Established", "False") if condition.reason != "Installing" => {
                return condition.failed();
            }
            ("Established", "True") => return Health::current("CRD is established"),
            _ => {}
        }
    }
    Health::in_progress("Installing", "Install in progress")
}
