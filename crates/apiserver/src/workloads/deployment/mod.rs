//! Deployments: a ReplicaSet for each version of the template, and a rollout from one to the next.
//!
//! One pass does what Kubernetes' controller does in several, with the status written once at the end.

mod rollout;
mod scale;
mod sets;
mod status;
#[cfg(test)]
mod tests;

use super::change::Step;
use super::fields::{count, flag, int, is_deleted, list, share, text};
use jiff::Timestamp;
use object::{Manifest as _, Value};
use sets::Sets;

/// The component its Events name.
const CONTROLLER: &str = "simulated-deployment-controller";

/// The next writes for a Deployment. `replica_sets` are those it owns.
pub fn step(deployment: &Value, replica_sets: Vec<Value>, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(deployment) {
        return step;
    }
    let spec = Spec::of(deployment);
    let mut sets = Sets::new(deployment, replica_sets);
    let mut conditions = list(deployment, ["status", "conditions"]).to_vec();
    status::mark_pause(&spec, &mut conditions, now);
    let mut run = Run { deployment, spec: &spec, sets: &mut sets, step: &mut step, now };
    if spec.paused || run.is_scaling() {
        run.sets.adopt_revision(deployment, &spec, false, now);
        run.scale();
    } else if spec.recreates {
        run.recreate();
    } else {
        run.roll();
    }
    let created = sets.created();
    let conditions = status::Before { conditions, created };
    let status = status::status(deployment, &spec, &sets, conditions, &mut step, now);
    sets.finish(&spec, &status, &mut step);
    status::write(deployment, &sets, status, &mut step);
    step
}

/// A rollout in the making.
struct Run<'a> {
    deployment: &'a Value,
    spec: &'a Spec,
    sets: &'a mut Sets,
    step: &'a mut Step,
    now: Timestamp,
}

/// The members of `spec` that steer a rollout, resolved.
struct Spec {
    replicas: i64,
    paused: bool,
    recreates: bool,
    max_surge: i64,
    max_unavailable: i64,
    min_ready_seconds: i64,
    /// `None` when there is no deadline.
    progress_deadline: Option<i64>,
    history_limit: Option<i64>,
}

impl Spec {
    fn of(deployment: &Value) -> Self {
        let replicas = int(deployment, ["spec", "replicas"]).unwrap_or(1).max(0);
        let recreates = text(deployment, ["spec", "strategy", "type"]) == "Recreate";
        let rolling = |member: &str| deployment.at(["spec", "strategy", "rollingUpdate", member]);
        let quarter = Value::from("25%");
        let surge = share(rolling("maxSurge").or(Some(&quarter)), replicas, true);
        let unavailable = share(rolling("maxUnavailable").or(Some(&quarter)), replicas, false);
        // A rollout that may neither add nor take away a Pod would never end.
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
        let deadline = int(deployment, ["spec", "progressDeadlineSeconds"]).unwrap_or(600);
        Self {
            replicas,
            paused: flag(deployment, ["spec", "paused"]),
            recreates,
            max_surge: if recreates { 0 } else { surge },
            max_unavailable: if recreates { 0 } else { unavailable.min(replicas) },
            min_ready_seconds: count(deployment, ["spec", "minReadySeconds"]),
            progress_deadline: Some(deadline).filter(|d| *d != i64::from(i32::MAX)),
            history_limit: int(deployment, ["spec", "revisionHistoryLimit"])
                .filter(|l| *l != i64::from(i32::MAX)),
        }
    }
}

/// The name by which messages call a ReplicaSet, quoted.
fn quoted(object: &Value) -> String {
    format!("{:?}", object.name())
}
