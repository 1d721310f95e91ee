//! HorizontalPodAutoscalers: held within their bounds, and scaled by a utilisation that a user scripts.
//!
//! Nothing is measured. The annotation `windlass.dev/simulate-utilization: "160"` on the autoscaler says what
//! the metrics would; without it the target is only kept between `minReplicas` and `maxReplicas`.

use super::change::{Change, Step};
use super::condition::{self, Condition, Times};
use super::event::event;
use super::fields::{after, generation, int, is_deleted, list, put_list, set, stamp, text, time};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// The annotation that says what the metrics would: a percentage.
pub const UTILIZATION: &str = "windlass.dev/simulate-utilization";
/// The component its Events name.
const CONTROLLER: &str = "simulated-horizontal-pod-autoscaler";
/// Seconds from one change of size to the next.
const PERIOD: i64 = 15;
/// A ratio this close to 1 changes nothing.
const TOLERANCE: f64 = 0.1;

/// The next writes for an autoscaler, given what it scales.
pub fn step(autoscaler: &Value, target: Option<&Value>, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(autoscaler) {
        return step;
    }
    let mut look = Look {
        autoscaler,
        conditions: list(autoscaler, ["status", "conditions"]).to_vec(),
        last: time(autoscaler, ["status", "lastScaleTime"]),
        now,
    };
    let (current, desired) = match target {
        Some(target) => look.scale(target, &mut step),
        None => {
            let name = text(autoscaler, ["spec", "scaleTargetRef", "name"]);
            let message = format!("the target {name:?} to scale was not found");
            look.say("AbleToScale", "False", "FailedGetScale", &message);
            (0, 0)
        }
    };
    let mut status = map! {"currentReplicas": current, "desiredReplicas": desired};
    if generation(autoscaler) != 0 {
        status.insert("observedGeneration", generation(autoscaler));
    }
    if let Some(last) = look.last {
        status.insert("lastScaleTime", stamp(last));
    }
    metrics(autoscaler, &mut status);
    put_list(&mut status, "conditions", look.conditions);
    step.status(autoscaler, status.into());
    step
}

/// One look at an autoscaler.
struct Look<'a> {
    autoscaler: &'a Value,
    conditions: Vec<Value>,
    /// When the target's size was changed last.
    last: Option<Timestamp>,
    now: Timestamp,
}

impl Look<'_> {
    fn say(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let condition = Condition { kind, status, reason, message };
        condition::set(&mut self.conditions, condition, Times::Transition, self.now);
    }

    /// Changes the target's size when it is time; answers how many replicas there are and should be.
    fn scale(&mut self, target: &Value, step: &mut Step) -> (i64, i64) {
        let current = int(target, ["spec", "replicas"]).unwrap_or(1);
        let desired = desired(self.autoscaler, current);
        self.say(
            "AbleToScale",
            "True",
            "ReadyForNewScale",
            "recommended size matches current size",
        );
        let (status, reason, message) = match utilization(self.autoscaler) {
            _ if current == 0 => (
                "False",
                "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero",
            ),
            Some(_) => ("True", "ValidMetricFound", "the utilization is scripted (simulated)"),
            None => (
                "False",
                "FailedGetResourceMetric",
                "nothing is measured (simulated); the annotation \
                 windlass.dev/simulate-utilization scripts a utilization",
            ),
        };
        self.say("ScalingActive", status, reason, message);
        if desired != current {
            match self.last.map(|last| after(last, PERIOD)).filter(|due| *due > self.now) {
                Some(due) => step.wake_at(due),
                None => self.resize(target, desired, step),
            }
        }
        (int(target, ["status", "replicas"]).unwrap_or(current), desired)
    }

    fn resize(&mut self, target: &Value, desired: i64, step: &mut Step) {
        let mut scaled = target.clone();
        set(&mut scaled, ["spec", "replicas"], desired);
        step.changes.push(Change::Update(scaled));
        let message = format!("New size: {desired}; reason: simulated");
        let what = ("Normal", "SuccessfulRescale");
        step.changes.push(event(self.autoscaler, CONTROLLER, what, &message, self.now));
        step.wake_at(after(self.now, PERIOD));
        self.last = Some(self.now);
    }
}

fn utilization(autoscaler: &Value) -> Option<f64> {
    let text = autoscaler.annotation(UTILIZATION)?.trim_end_matches('%');
    text.parse::<f64>().ok().filter(|u| u.is_finite() && *u >= 0.0)
}

/// The utilisation aimed at, from the first resource metric, 80 without one.
fn aim(autoscaler: &Value) -> i64 {
    let metrics = list(autoscaler, ["spec", "metrics"]).iter();
    let aims = metrics.filter_map(|m| int(m, ["resource", "target", "averageUtilization"]));
    let old = int(autoscaler, ["spec", "targetCPUUtilizationPercentage"]);
    aims.chain(old).next().filter(|aim| *aim > 0).unwrap_or(80)
}

fn desired(autoscaler: &Value, current: i64) -> i64 {
    if current == 0 {
        return 0;
    }
    let ratio = utilization(autoscaler).map_or(1.0, |u| u / aim(autoscaler) as f64);
    let sized = match (ratio - 1.0).abs() <= TOLERANCE {
        true => current,
        false => (current as f64 * ratio).ceil() as i64,
    };
    let low = int(autoscaler, ["spec", "minReplicas"]).unwrap_or(1).max(0);
    let high = int(autoscaler, ["spec", "maxReplicas"]).unwrap_or(low).max(low);
    sized.clamp(low, high)
}

fn metrics(autoscaler: &Value, status: &mut object::Map) {
    let Some(utilization) = utilization(autoscaler) else { return };
    let names = list(autoscaler, ["spec", "metrics"]).iter();
    let names = names.filter(|m| text(m, ["type"]) == "Resource");
    let current = names.map(|m| {
        let current = map! {"averageUtilization": utilization as i64, "averageValue": "0"};
        let resource = map! {"name": text(m, ["resource", "name"]), "current": current};
        map! {"type": "Resource", "resource": resource}.into()
    });
    put_list(status, "currentMetrics", current.collect());
}

#[cfg(test)]
mod tests {
    use super::super::fields::count;
    use super::super::world::{World, conditions, seconds, workload};
    use super::*;

    fn autoscaler(annotations: &str) -> String {
        format!(
            r#"{{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{{"name":"h","namespace":"default",
            "annotations":{{{annotations}}}}},"spec":{{"minReplicas":2,"maxReplicas":6,
            "scaleTargetRef":{{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}},
            "metrics":[{{"type":"Resource","resource":{{"name":"cpu","target":{{"type":"Utilization","averageUtilization":50}}}}}}]}}}}"#
        )
    }

    fn replicas(world: &World) -> i64 {
        count(&world.get("Deployment", "web"), ["spec", "replicas"])
    }

    #[test]
    fn the_target_is_kept_within_bounds() {
        let mut world = World::new();
        world.create(&workload("Deployment", "web", 1, "web", ""));
        world.create(&autoscaler(""));
        world.pass(seconds(60));
        assert_eq!(replicas(&world), 2);
        let h = world.get("HorizontalPodAutoscaler", "h");
        assert_eq!(
            conditions(&h),
            "AbleToScale=True(ReadyForNewScale) ScalingActive=False(FailedGetResourceMetric)"
        );
        assert_eq!(count(&h, ["status", "currentReplicas"]), 2);
    }

    #[test]
    fn a_scripted_utilization_scales_step_by_step() {
        let mut world = World::new();
        world.create(&workload("Deployment", "web", 2, "web", ""));
        world.create(&autoscaler(r#""windlass.dev/simulate-utilization":"75%""#));
        assert_eq!(replicas(&world), 3);
        world.pass(seconds(14));
        assert_eq!(replicas(&world), 3);
        world.pass(seconds(20));
        assert_eq!(replicas(&world), 6);
        world.edit("HorizontalPodAutoscaler", "h", |h| h.set_annotation(UTILIZATION, "10"));
        world.pass(seconds(60));
        assert_eq!(replicas(&world), 2);
        let writes = world.writes.len();
        world.pass(seconds(1000));
        assert_eq!(world.writes.len(), writes);
    }

    #[test]
    fn a_target_that_is_not_there_is_said_to_be_missing() {
        let mut world = World::new();
        world.create(&autoscaler(""));
        assert_eq!(
            conditions(&world.get("HorizontalPodAutoscaler", "h")),
            "AbleToScale=False(FailedGetScale)"
        );
    }
}
