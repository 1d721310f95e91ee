//! PodDisruptionBudgets: how many Pods may go.

use super::change::Step;
use super::condition::{self, Condition, Times};
use super::fields::{generation, is_deleted, list, put_list, share};
use super::replicas::{is_active, is_ready};
use jiff::Timestamp;
use object::{Value, map};

/// The next write for a budget, given the Pods it selects. How many are expected is how many there are: the
/// owners' own counts are not asked.
pub fn step(budget: &Value, pods: &[Value], now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(budget) {
        return step;
    }
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let active: Vec<&Value> = pods.iter().filter(|p| is_active(p)).collect();
    let expected = number(active.len());
    let healthy = number(active.iter().filter(|p| is_ready(p)).count());
    let wanted = match (budget.at(["spec", "minAvailable"]), budget.at(["spec", "maxUnavailable"]))
    {
        (Some(least), _) => share(Some(least), expected, true),
        (None, Some(most)) => (expected - share(Some(most), expected, true)).max(0),
        (None, None) => 0,
    };
    let allowed = if expected > 0 { (healthy - wanted).max(0) } else { 0 };
    let mut conditions = list(budget, ["status", "conditions"]).to_vec();
    let (status, reason) = match allowed {
        0 => ("False", "InsufficientPods"),
        _ => ("True", "SufficientPods"),
    };
    let condition = Condition { kind: "DisruptionAllowed", status, reason, message: "" };
    condition::set(&mut conditions, condition, Times::Transition, now);
    for condition in &mut conditions {
        // Members that the type of this kind's conditions requires.
        let members = condition.make_map();
        members.insert("observedGeneration", generation(budget));
        if !members.contains_key("message") {
            members.insert("message", "");
        }
    }
    let mut out = map! {
        "currentHealthy": healthy,
        "desiredHealthy": wanted,
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "observedGeneration": generation(budget),
    };
    put_list(&mut out, "conditions", conditions);
    step.status(budget, out.into());
    step
}
