//! Jobs: Pods that run to their end, so many times, and not more often in vain than allowed.
//!
//! Deliberately absent: `podFailurePolicy`, `successPolicy` and back-off limits per index; the finalizer
//! by which Kubernetes tracks Pods, since nothing deletes them before they are counted here.

mod index;
#[cfg(test)]
mod tests;

use super::Settings;
use super::change::{Change, Step};
use super::condition::{self, Condition, Times, member};
use super::event::event;
use super::fields::{
    after, count, flag, int, is_deleted, later, list, put_count, put_list, stamp, text, time,
};
use super::owner::{is_controlled_by, joined_name, pod_of, suffix};
use super::pod::{self, Nodes};
use super::replica_set::too_many;
use super::replicas::{is_active, is_ready};
use index::Indexes;
use jiff::Timestamp;
use object::{Manifest as _, Map, Value, map};

/// The component its Events name.
const CONTROLLER: &str = "simulated-job-controller";
/// Failures after which the back-off grows no more.
const DOUBLINGS: i64 = 6;

/// Whether a Job has ended, and how: `Complete` or `Failed`.
pub(super) fn finished(job: &Value) -> Option<&'static str> {
    let conditions = list(job, ["status", "conditions"]);
    ["Complete", "Failed"].into_iter().find(|kind| condition::is_true(conditions, kind))
}

/// The next writes for a Job. `pods` are those it owns.
pub fn step(
    job: &Value,
    pods: Vec<Value>,
    nodes: Nodes<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Step {
    let mut step = Step::default();
    if let Some(ended) = finished(job) {
        expire(job, ended, &mut step, now);
        return step;
    }
    if is_deleted(job) {
        return step;
    }
    let run = Run::of(job, pods, now);
    match run.verdict() {
        Some(verdict) => run.end(&verdict, &mut step),
        None => run.go_on(nodes, settings, &mut step),
    }
    step
}

/// Deletes a Job some time after its end, when it asks for that.
fn expire(job: &Value, ended: &str, step: &mut Step, now: Timestamp) {
    let Some(ttl) = int(job, ["spec", "ttlSecondsAfterFinished"]) else { return };
    let end = condition::find(list(job, ["status", "conditions"]), ended);
    let Some(end) = end.and_then(|c| time(c, ["lastTransitionTime"])) else { return };
    let expiry = after(end, ttl);
    if is_deleted(job) {
    } else if expiry <= now {
        step.changes.push(Change::Delete(job.clone()));
    } else {
        step.wake_at(expiry);
    }
}

/// How a Job ends.
struct Verdict {
    /// The condition that says the end is decided, and the one that says it is reached.
    kinds: [&'static str; 2],
    reason: &'static str,
    message: &'static str,
}

const COMPLETE: Verdict = Verdict {
    kinds: ["SuccessCriteriaMet", "Complete"],
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
};
const TOO_MANY_FAILURES: Verdict = Verdict {
    kinds: ["FailureTarget", "Failed"],
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
};
const TOO_LATE: Verdict = Verdict {
    kinds: ["FailureTarget", "Failed"],
    reason: "DeadlineExceeded",
    message: "Job was active longer than specified deadline",
};

/// A Job that has not ended, and its Pods.
struct Run<'a> {
    job: &'a Value,
    active: Vec<Value>,
    /// Pods there are, ended ones too.
    pods: i64,
    succeeded: i64,
    failed: i64,
    last_failure: Option<Timestamp>,
    /// Of an indexed Job: the indexes that have succeeded.
    done: Option<Indexes>,
    suspended: bool,
    started: Option<Timestamp>,
    now: Timestamp,
}

impl<'a> Run<'a> {
    fn of(job: &'a Value, pods: Vec<Value>, now: Timestamp) -> Self {
        let uid = job.meta("uid").unwrap_or_default();
        let pods: Vec<Value> = pods.into_iter().filter(|p| is_controlled_by(p, uid)).collect();
        let phase = |p: &Value| text(p, ["status", "phase"]).to_owned();
        let of_phase = |wanted: &str| pods.iter().filter(|p| phase(p) == wanted).count();
        // Pods that somebody deleted are remembered in the status only.
        let seen = |now_there: usize, member| {
            let now_there = i64::try_from(now_there).unwrap_or(i64::MAX);
            now_there.max(count(job, ["status", member]))
        };
        let indexed = text(job, ["spec", "completionMode"]) == "Indexed";
        let done = indexed.then(|| Indexes::done(job, &pods));
        let succeeded = match &done {
            Some(done) => done.len(),
            None => seen(of_phase("Succeeded"), "succeeded"),
        };
        let failed = seen(of_phase("Failed"), "failed");
        let suspended = flag(job, ["spec", "suspend"]);
        let was_suspended = condition::is_true(list(job, ["status", "conditions"]), "Suspended");
        let started = match time(job, ["status", "startTime"]) {
            _ if suspended => None,
            Some(_) if was_suspended => Some(now),
            None => Some(now),
            known => known,
        };
        Self {
            pods: i64::try_from(pods.len()).unwrap_or(i64::MAX),
            last_failure: pods.iter().filter(|p| phase(p) == "Failed").filter_map(ended_at).max(),
            active: pods.into_iter().filter(is_active).collect(),
            job,
            succeeded,
            failed,
            done,
            suspended,
            started,
            now,
        }
    }

    fn completions(&self) -> Option<i64> {
        int(self.job, ["spec", "completions"])
    }

    fn backoff_limit(&self) -> i64 {
        int(self.job, ["spec", "backoffLimit"]).unwrap_or(6)
    }

    fn deadline(&self) -> Option<Timestamp> {
        Some(after(self.started?, int(self.job, ["spec", "activeDeadlineSeconds"])?))
    }

    fn verdict(&self) -> Option<Verdict> {
        let limit = self.backoff_limit();
        let restarts: i64 = match text(self.job, ["spec", "template", "spec", "restartPolicy"]) {
            "OnFailure" => self.active.iter().map(restarts).sum(),
            _ => 0,
        };
        let restarted_too_often = restarts > 0 && restarts >= limit;
        if self.failed > limit || restarted_too_often {
            return Some(TOO_MANY_FAILURES);
        }
        if self.deadline().is_some_and(|d| d <= self.now) {
            return Some(TOO_LATE);
        }
        let complete = match self.completions() {
            Some(wanted) => self.succeeded >= wanted,
            None => self.succeeded > 0,
        };
        (complete && self.active.is_empty()).then_some(COMPLETE)
    }

    fn end(&self, verdict: &Verdict, step: &mut Step) {
        let mut conditions = list(self.job, ["status", "conditions"]).to_vec();
        for kind in verdict.kinds {
            let condition = Condition {
                kind,
                status: "True",
                reason: verdict.reason,
                message: verdict.message,
            };
            condition::set(&mut conditions, condition, Times::Probe, self.now);
        }
        let mut status = self.status(0, 0, conditions);
        let complete = verdict.kinds[1] == "Complete";
        if complete {
            status.insert("completionTime", stamp(self.now));
        }
        step.status(self.job, status.into());
        let (kind, reason, message) = match complete {
            true => ("Normal", "Completed", "Job completed"),
            false => ("Warning", verdict.reason, verdict.message),
        };
        step.changes.push(event(self.job, CONTROLLER, (kind, reason), message, self.now));
        step.changes.extend(self.active.iter().cloned().map(Change::Delete));
        if let Some(ttl) = int(self.job, ["spec", "ttlSecondsAfterFinished"]) {
            step.wake_at(after(self.now, ttl));
        }
    }

    /// Starts and stops Pods until as many run as should.
    fn go_on(mut self, nodes: Nodes<'_>, settings: &Settings, step: &mut Step) {
        let have = i64::try_from(self.active.len()).unwrap_or(i64::MAX);
        let want = self.wanted().min(settings.pods_per_workload);
        if want < have {
            let surplus = usize::try_from(have - want).unwrap_or_default();
            step.changes.extend(self.active.drain(..surplus).map(Change::Delete));
        } else if want > have {
            match self.back_off(settings).filter(|end| *end > self.now) {
                Some(end) => step.wake_at(end),
                None => {
                    // Ended Pods stay: a Job must not fill the memory either.
                    let room = settings.pods_per_workload - self.pods;
                    if room < want - have {
                        let message = too_many(self.pods + want - have, settings);
                        let what = ("Warning", "FailedCreate");
                        step.changes.push(event(self.job, CONTROLLER, what, &message, self.now));
                    }
                    self.create((want - have).min(room), nodes, step);
                }
            }
        }
        if let Some(deadline) = self.deadline() {
            step.wake_at(deadline);
        }
        let mut conditions = list(self.job, ["status", "conditions"]).to_vec();
        let known = condition::find(&conditions, "Suspended").is_some();
        if self.suspended || known {
            let (status, reason, message) = match self.suspended {
                true => ("True", "JobSuspended", "Job suspended"),
                false => ("False", "JobResumed", "Job resumed"),
            };
            let condition = Condition { kind: "Suspended", status, reason, message };
            condition::set(&mut conditions, condition, Times::Probe, self.now);
        }
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let ready = number(self.active.iter().filter(|p| is_ready(p)).count());
        let status = self.status(number(self.active.len()), ready, conditions);
        step.status(self.job, status.into());
    }

    fn wanted(&self) -> i64 {
        if self.suspended {
            return 0;
        }
        let parallelism = int(self.job, ["spec", "parallelism"]).unwrap_or(1).max(0);
        match self.completions() {
            Some(wanted) => (wanted - self.succeeded).clamp(0, parallelism),
            // A work queue: once one has succeeded no more are started.
            None if self.succeeded > 0 => {
                i64::try_from(self.active.len()).unwrap_or(parallelism).min(parallelism)
            }
            None => parallelism,
        }
    }

    /// Until when nothing is started after a failure.
    fn back_off(&self, settings: &Settings) -> Option<Timestamp> {
        let doublings = (self.failed - 1).clamp(0, DOUBLINGS);
        let factor = 1 << i32::try_from(doublings).unwrap_or_default();
        Some(later(self.last_failure?, settings.job_back_off.saturating_mul(factor)))
    }

    fn create(&mut self, missing: i64, nodes: Nodes<'_>, step: &mut Step) {
        let template = self.template();
        let uid = self.job.meta("uid").unwrap_or_default();
        let mut free = self.done.as_ref().map(|done| {
            done.free(self.completions().unwrap_or_default(), &self.active).into_iter()
        });
        for number in 0..usize::try_from(missing).unwrap_or_default() {
            let suffix = suffix(uid, self.now.as_millisecond(), number);
            let mut pod = match &mut free {
                None => pod_of(self.job, &template, &joined_name(self.job.name(), &suffix, 63)),
                Some(free) => {
                    let Some(index) = free.next() else { break };
                    let base = format!("{}-{index}", self.job.name());
                    let mut pod = pod_of(self.job, &template, &joined_name(&base, &suffix, 63));
                    index::mark(&mut pod, index, &base);
                    pod
                }
            };
            pod::place(&mut pod, nodes, self.now);
            step.changes.push(Change::Create(pod.clone()));
            let message = format!("Created pod: {}", pod.name());
            let what = ("Normal", "SuccessfulCreate");
            step.changes.push(event(self.job, CONTROLLER, what, &message, self.now));
            self.active.push(pod);
        }
    }

    /// The Pod template with the labels by which a Job finds its Pods.
    fn template(&self) -> Value {
        let mut template = self.job.at(["spec", "template"]).cloned().unwrap_or_else(Value::map);
        let uid = self.job.meta("uid").unwrap_or_default();
        for label in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
            template.set_label(label, uid);
        }
        for label in ["job-name", "batch.kubernetes.io/job-name"] {
            template.set_label(label, self.job.name());
        }
        template
    }

    fn status(&self, active: i64, ready: i64, conditions: Vec<Value>) -> Map {
        let mut status = map! {
            "ready": ready,
            "terminating": 0,
            "uncountedTerminatedPods": map! {},
        };
        put_count(&mut status, "active", active);
        put_count(&mut status, "succeeded", self.succeeded);
        put_count(&mut status, "failed", self.failed);
        put_list(&mut status, "conditions", conditions);
        if let Some(started) = self.started {
            status.insert("startTime", stamp(started));
        }
        if let Some(done) = self.done.as_ref().filter(|done| done.len() > 0) {
            status.insert("completedIndexes", done.to_string());
        }
        status
    }
}

/// When the last container of a Pod ended.
fn ended_at(pod: &Value) -> Option<Timestamp> {
    let statuses = list(pod, ["status", "containerStatuses"]).iter();
    let init = list(pod, ["status", "initContainerStatuses"]).iter();
    statuses.chain(init).filter_map(|c| time(c, ["state", "terminated", "finishedAt"])).max()
}

fn restarts(pod: &Value) -> i64 {
    list(pod, ["status", "containerStatuses"]).iter().map(|c| count(c, ["restartCount"])).sum()
}

/// The time at which a Job ended well.
pub(super) fn completion(job: &Value) -> Option<Timestamp> {
    let complete = condition::find(list(job, ["status", "conditions"]), "Complete")?;
    if member(complete, "status") != "True" {
        return None;
    }
    time(job, ["status", "completionTime"])
}
