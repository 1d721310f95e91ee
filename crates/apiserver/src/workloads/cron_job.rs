//! CronJobs: Jobs at the times of a schedule.

use super::change::{Change, Step};
use super::event::event;
use super::fields::{flag, int, is_deleted, later, put_list, stamp, text, time};
use super::job;
use super::owner::{SIMULATED, controller_reference, is_controlled_by, joined_name};
use super::schedule::Schedule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use object::{Manifest as _, Value, map};

/// The component its Events name.
const CONTROLLER: &str = "simulated-cronjob-controller";
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// The next writes for a CronJob. `jobs` are those it owns.
pub fn step(cron: &Value, jobs: Vec<Value>, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(cron) {
        return step;
    }
    let uid = cron.meta("uid").unwrap_or_default();
    let mut jobs: Vec<Value> =
        jobs.into_iter().filter(|j| is_controlled_by(j, uid) && !is_deleted(j)).collect();
    jobs.sort_by_key(scheduled);
    clean(cron, &jobs, &mut step);
    let (finished, mut active): (Vec<Value>, Vec<Value>) =
        jobs.into_iter().partition(|j| job::finished(j).is_some());
    let last_success = finished.iter().filter_map(job::completion).max();
    let last_schedule = start_due(cron, &mut active, &mut step, now);

    let mut status = map! {};
    let references = active.iter().map(reference).collect();
    put_list(&mut status, "active", references);
    let kept = |member| time(cron, ["status", member]);
    if let Some(at) = last_schedule.or_else(|| kept("lastScheduleTime")) {
        status.insert("lastScheduleTime", stamp(at));
    }
    if let Some(at) = last_success.max(kept("lastSuccessfulTime")) {
        status.insert("lastSuccessfulTime", stamp(at));
    }
    if !status.is_empty() || cron.get("status").is_some() {
        step.status(cron, status.into());
    }
    step
}

/// Starts the Job of the last moment that was missed, when there is one; answers that moment.
fn start_due(
    cron: &Value,
    active: &mut Vec<Value>,
    step: &mut Step,
    now: Timestamp,
) -> Option<Timestamp> {
    if flag(cron, ["spec", "suspend"]) {
        return None;
    }
    let mut warn = |reason, message: String| {
        step.changes.push(event(cron, CONTROLLER, ("Warning", reason), &message, now));
    };
    let schedule = match Schedule::parse(text(cron, ["spec", "schedule"])) {
        Ok(schedule) => schedule,
        Err(error) => {
            warn("UnparseableSchedule", error.to_string());
            return None;
        }
    };
    let zone = match text(cron, ["spec", "timeZone"]) {
        "" | "UTC" | "Etc/UTC" => TimeZone::UTC,
        name => match TimeZone::get(name) {
            Ok(zone) => zone,
            Err(_) => {
                warn("UnknownTimeZone", format!("time zone {name:?} is not known here; use UTC"));
                return None;
            }
        },
    };
    let earliest = earliest(cron, now)?;
    if let Some(next) = schedule.next(now, &zone) {
        step.wake_at(next);
    }
    let due = schedule.last(earliest, now, &zone)?;
    match text(cron, ["spec", "concurrencyPolicy"]) {
        // It starts when the one before it has ended, unless the deadline passes first.
        "Forbid" if !active.is_empty() => return None,
        "Replace" => step.changes.extend(active.drain(..).map(Change::Delete)),
        _ => {}
    }
    let job = job_of(cron, due);
    step.changes.push(Change::Create(job.clone()));
    let message = format!("Created job {}", job.name());
    step.changes.push(event(cron, CONTROLLER, ("Normal", "SuccessfulCreate"), &message, now));
    active.push(job);
    Some(due)
}

/// The moment before which nothing is started any more.
fn earliest(cron: &Value, now: Timestamp) -> Option<Timestamp> {
    let known = time(cron, ["status", "lastScheduleTime"])
        .or_else(|| time(cron, ["metadata", "creationTimestamp"]))?;
    let deadline = int(cron, ["spec", "startingDeadlineSeconds"]);
    let bound = deadline.map(|d| later(now, SignedDuration::from_secs(d.saturating_neg())));
    Some(bound.map_or(known, |bound| bound.max(known)))
}

fn job_of(cron: &Value, due: Timestamp) -> Value {
    let template = cron.at(["spec", "jobTemplate"]);
    let mut metadata = map! {
        "name": joined_name(cron.name(), &(due.as_second() / 60).to_string(), 63),
        "namespace": cron.namespace(),
        "ownerReferences": vec![controller_reference(cron)],
    };
    for member in ["labels", "annotations"] {
        if let Some(value) = template.and_then(|t| t.at(["metadata", member])) {
            metadata.insert(member, value.clone());
        }
    }
    let mut job = Value::from(map! {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": template.and_then(|t| t.get("spec")).cloned().unwrap_or_else(Value::map),
    });
    job.set_annotation(SCHEDULED, &crate::clock::seconds(due));
    job.set_annotation(SIMULATED, "true");
    job
}

fn scheduled(job: &Value) -> Option<Timestamp> {
    let noted = job.annotation(SCHEDULED).and_then(|t| t.parse().ok());
    noted.or_else(|| time(job, ["metadata", "creationTimestamp"]))
}

/// An entry of `status.active`. A Job made in this step has no uid yet; the next look adds it.
fn reference(job: &Value) -> Value {
    let mut reference = map! {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": job.name(),
        "namespace": job.namespace(),
    };
    if let Some(uid) = job.meta("uid") {
        reference.insert("uid", uid);
    }
    reference.into()
}

/// Deletes ended Jobs beyond the limits, the oldest first.
fn clean(cron: &Value, jobs: &[Value], step: &mut Step) {
    for (end, member, default) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let limit = int(cron, ["spec", member]).unwrap_or(default).max(0);
        let ended: Vec<&Value> = jobs.iter().filter(|j| job::finished(j) == Some(end)).collect();
        let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        step.changes.extend(ended.into_iter().take(surplus).cloned().map(Change::Delete));
    }
}
