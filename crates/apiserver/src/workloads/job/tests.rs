//! Jobs and CronJobs as users see them run.

use super::super::fields::{count, set, text};
use super::super::world::{World, conditions, millis, seconds};
use object::{Manifest as _, Value};

fn job(name: &str, image: &str, spec: &str) -> String {
    let comma = if spec.is_empty() { "" } else { "," };
    format!(
        r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"{name}","namespace":"default"}},
        "spec":{{{spec}{comma}"template":{{"spec":{{"restartPolicy":"Never",
        "containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    )
}

fn status(world: &World, name: &str) -> [i64; 3] {
    let job = world.get("Job", name);
    ["active", "succeeded", "failed"].map(|m| count(&job, ["status", m]))
}

#[test]
fn it_runs_and_completes() {
    let mut world = World::new();
    world.create(&job("j", "busybox", r#""completions":3,"parallelism":2"#));
    assert_eq!(status(&world, "j"), [2, 0, 0]);
    world.pass(millis(300));
    assert_eq!(count(&world.get("Job", "j"), ["status", "ready"]), 0);
    world.pass(millis(500));
    assert_eq!(status(&world, "j"), [1, 2, 0]);
    world.pass(seconds(1));
    assert_eq!(status(&world, "j"), [0, 3, 0]);
    let j = world.get("Job", "j");
    assert_eq!(
        conditions(&j),
        "Complete=True(CompletionsReached) SuccessCriteriaMet=True(CompletionsReached)"
    );
    assert_eq!(text(&j, ["status", "startTime"]), "2026-05-01T12:00:00Z");
    assert_eq!(text(&j, ["status", "completionTime"]), "2026-05-01T12:00:01Z");
    assert!(world.list("Pod").iter().all(|p| text(p, ["status", "phase"]) == "Succeeded"));
    assert_eq!(world.events("Job").last().unwrap(), "Completed");
}

#[test]
fn it_fails_when_it_has_failed_too_often() {
    let mut world = World::new();
    world.create(&job("j", "app:exit3", r#""backoffLimit":2"#));
    world.pass(seconds(5));
    assert_eq!(status(&world, "j"), [0, 0, 1]);
    world.pass(seconds(10));
    assert_eq!(status(&world, "j"), [0, 0, 2]);
    world.pass(seconds(30));
    assert_eq!(status(&world, "j"), [0, 0, 3]);
    assert_eq!(
        conditions(&world.get("Job", "j")),
        "Failed=True(BackoffLimitExceeded) FailureTarget=True(BackoffLimitExceeded)"
    );
    let writes = world.writes.len();
    world.pass(seconds(100_000));
    assert_eq!(world.writes.len(), writes);
}

#[test]
fn restarts_in_place_count_against_the_limit() {
    let mut world = World::new();
    let text = job("j", "app:crash", r#""backoffLimit":2"#).replace("Never", "OnFailure");
    world.create(&text);
    world.pass(seconds(15));
    assert!(conditions(&world.get("Job", "j")).is_empty());
    world.pass(seconds(60));
    assert!(conditions(&world.get("Job", "j")).contains("Failed=True(BackoffLimitExceeded)"));
    assert_eq!(world.list("Pod").len(), 0);
}

#[test]
fn a_deadline_ends_it_and_its_pods() {
    let mut world = World::new();
    world.create(&job("j", "app:unready", r#""activeDeadlineSeconds":20"#));
    world.pass(seconds(19));
    assert_eq!(status(&world, "j"), [1, 0, 0]);
    world.pass(seconds(2));
    assert!(conditions(&world.get("Job", "j")).contains("Failed=True(DeadlineExceeded)"));
    assert_eq!(world.list("Pod").len(), 0);
}

#[test]
fn it_goes_when_its_time_to_live_is_over() {
    let mut world = World::new();
    world.create(&job("j", "busybox", r#""ttlSecondsAfterFinished":30"#));
    world.pass(seconds(29));
    assert_eq!(world.list("Job").len(), 1);
    world.pass(seconds(5));
    assert_eq!(world.list("Job").len(), 0);
    assert_eq!(world.list("Pod").len(), 0);
}

#[test]
fn suspended_it_waits() {
    let mut world = World::new();
    world.create(&job("j", "busybox", r#""suspend":true"#));
    world.pass(seconds(5));
    assert_eq!(conditions(&world.get("Job", "j")), "Suspended=True(JobSuspended)");
    assert_eq!(world.list("Pod").len(), 0);
    world.edit("Job", "j", |j| set(j, ["spec", "suspend"], false));
    world.pass(seconds(5));
    assert!(conditions(&world.get("Job", "j")).contains("Complete=True"));
    assert!(conditions(&world.get("Job", "j")).contains("Suspended=False(JobResumed)"));
    assert_eq!(text(&world.get("Job", "j"), ["status", "startTime"]), "2026-05-01T12:00:05Z");
}

#[test]
fn indexes_are_done_once_each() {
    let mut world = World::new();
    world.create(&job(
        "j",
        "busybox",
        r#""completions":4,"parallelism":3,"completionMode":"Indexed""#,
    ));
    world.pass(seconds(10));
    let j = world.get("Job", "j");
    assert_eq!(text(&j, ["status", "completedIndexes"]), "0-3");
    let mut names: Vec<String> =
        world.list("Pod").iter().map(|p| text(p, ["spec", "hostname"]).to_owned()).collect();
    names.sort();
    assert_eq!(names, ["j-0", "j-1", "j-2", "j-3"]);
}

fn cron_job(spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"batch/v1","kind":"CronJob","metadata":{{"name":"c","namespace":"default"}},
        "spec":{{{spec},"jobTemplate":{{"metadata":{{"labels":{{"x":"y"}}}},"spec":{{"template":{{"spec":{{"restartPolicy":"Never",
        "containers":[{{"name":"c","image":"busybox"}}]}}}}}}}}}}}}"#
    )
}

#[test]
fn a_schedule_makes_jobs_and_keeps_the_last_ones() {
    let mut world = World::new();
    world.create(&cron_job(r#""schedule":"*/5 * * * *","successfulJobsHistoryLimit":2"#));
    world.pass(seconds(299));
    assert_eq!(world.list("Job").len(), 0);
    world.pass(seconds(1));
    let job = world.list("Job").remove(0);
    assert_eq!(job.label("x"), Some("y"));
    assert_eq!(count(&world.get("CronJob", "c"), ["status", "lastScheduleTime"]), 0);
    assert_eq!(
        text(&world.get("CronJob", "c"), ["status", "lastScheduleTime"]),
        "2026-05-01T12:05:00Z"
    );
    assert_eq!(
        super::super::fields::list(&world.get("CronJob", "c"), ["status", "active"]).len(),
        1
    );
    world.pass(seconds(5));
    let c = world.get("CronJob", "c");
    assert_eq!(super::super::fields::list(&c, ["status", "active"]).len(), 0);
    assert_eq!(text(&c, ["status", "lastSuccessfulTime"]), "2026-05-01T12:05:00Z");
    world.pass(seconds(1200));
    assert_eq!(world.list("Job").len(), 2);
}

#[test]
fn a_forbidden_overlap_waits_and_a_replaced_one_goes() {
    for (policy, jobs_after) in [("Forbid", 1), ("Allow", 3), ("Replace", 1)] {
        let mut world = World::new();
        let spec = format!(r#""schedule":"* * * * *","concurrencyPolicy":"{policy}""#);
        world.create(&cron_job(&spec).replace("busybox", "app:unready"));
        world.pass(seconds(60));
        let first = world.list("Job").remove(0).meta("uid").unwrap().to_owned();
        world.pass(seconds(125));
        assert_eq!(world.list("Job").len(), jobs_after, "{policy}");
        let still = world.list("Job").iter().any(|j: &Value| j.meta("uid") == Some(&first));
        assert_eq!(still, policy != "Replace", "{policy}");
    }
}

#[test]
fn a_suspended_or_unreadable_schedule_makes_nothing() {
    for spec in [
        r#""schedule":"* * * * *","suspend":true"#,
        r#""schedule":"nonsense""#,
        r#""schedule":"* * * * *","timeZone":"Nowhere/Land""#,
    ] {
        let mut world = World::new();
        world.create(&cron_job(spec));
        world.pass(seconds(300));
        assert_eq!(world.list("Job").len(), 0, "{spec}");
    }
}
