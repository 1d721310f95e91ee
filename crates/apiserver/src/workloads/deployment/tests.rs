//! Deployments as users see them roll out, in a store and a clock that is turned by hand.

use super::super::fields::{count, list, set, text};
use super::super::world::{World, conditions, millis, seconds, workload};
use object::{Manifest as _, Value};

fn deployment(replicas: i64, image: &str, more: &str) -> String {
    workload("Deployment", "web", replicas, image, more)
}

fn status(world: &World) -> Vec<i64> {
    let web = world.get("Deployment", "web");
    ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"]
        .map(|member| count(&web, ["status", member]))
        .to_vec()
}

fn set_image(world: &mut World, image: &str) {
    world.edit("Deployment", "web", |web| {
        let containers = web
            .get_mut("spec")
            .and_then(|v| v.get_mut("template"))
            .and_then(|v| v.get_mut("spec"))
            .and_then(|v| v.get_mut("containers"))
            .and_then(Value::as_list_mut)
            .unwrap();
        set(&mut containers[0], ["image"], image);
    });
}

#[test]
fn without_replicas_it_is_available_at_once_and_costs_two_writes() {
    let mut world = World::new();
    world.create(&deployment(0, "nginx:1", ""));
    assert_eq!(
        conditions(&world.get("Deployment", "web")),
        "Available=True(MinimumReplicasAvailable) Progressing=True(NewReplicaSetAvailable)"
    );
    assert_eq!(world.writes, ["Deployment create", "ReplicaSet create", "Deployment status"]);
    let web = world.get("Deployment", "web");
    assert_eq!(web.annotation("deployment.kubernetes.io/revision"), Some("1"));
    assert_eq!(count(&web, ["status", "observedGeneration"]), 1);
}

#[test]
fn pods_start_after_a_while_and_say_that_they_are_simulated() {
    let mut world = World::new();
    world.create(&deployment(3, "nginx:1", ""));
    assert_eq!(status(&world), [3, 3, 0, 0, 3]);
    assert_eq!(
        conditions(&world.get("Deployment", "web")),
        "Available=False(MinimumReplicasUnavailable) Progressing=True(ReplicaSetUpdated)"
    );
    world.pass(millis(299));
    assert_eq!(status(&world), [3, 3, 0, 0, 3]);
    world.pass(millis(1));
    assert_eq!(status(&world), [3, 3, 3, 3, 0]);
    let web = world.get("Deployment", "web");
    assert_eq!(
        conditions(&web),
        "Available=True(MinimumReplicasAvailable) Progressing=True(NewReplicaSetAvailable)"
    );
    let set = &world.list("ReplicaSet")[0];
    let hash = set.label("pod-template-hash").unwrap();
    assert_eq!(set.name(), format!("web-{hash}"));
    let messages: Vec<&str> =
        list(&web, ["status", "conditions"]).iter().map(|c| text(c, ["message"])).collect();
    assert!(
        messages.contains(
            &format!("ReplicaSet \"{}\" has successfully progressed.", set.name()).as_str()
        )
    );
    for pod in world.list("Pod") {
        assert_eq!(pod.annotation("windlass.dev/simulated"), Some("true"));
        assert_eq!(text(&pod, ["spec", "nodeName"]), "simulated-node-1");
        assert_eq!(text(&pod, ["status", "phase"]), "Running");
        assert!(pod.name().starts_with(set.name()));
        assert_eq!(pod.label("pod-template-hash"), Some(hash));
    }
    let before = world.writes.len();
    world.pass(seconds(100_000));
    assert_eq!(world.writes.len(), before, "a settled Deployment costs nothing");
}

#[test]
fn an_update_rolls_within_surge_and_unavailability() {
    let mut world = World::new();
    world.create(&deployment(4, "nginx:1", ""));
    world.pass(seconds(1));
    set_image(&mut world, "nginx:2");
    let mut seen = Vec::new();
    for _ in 0..40 {
        let s = status(&world);
        assert!(s[0] <= 5, "more than maxSurge: {s:?}");
        assert!(s[3] >= 3, "less than maxUnavailable allows: {s:?}");
        seen.push(s[1]);
        world.pass(millis(100));
    }
    assert_eq!(status(&world), [4, 4, 4, 4, 0]);
    assert!(seen.windows(2).all(|w| w[0] <= w[1]) && seen.contains(&2), "{seen:?}");
    let web = world.get("Deployment", "web");
    assert_eq!(web.annotation("deployment.kubernetes.io/revision"), Some("2"));
    assert_eq!(world.list("ReplicaSet").len(), 2);
    assert_eq!(world.list("Pod").len(), 4);
    assert!(world.events("Deployment").iter().all(|r| r == "ScalingReplicaSet"));
}

#[test]
fn going_back_takes_the_old_replica_set_and_gives_it_a_new_revision() {
    let mut world = World::new();
    world.create(&deployment(1, "nginx:1", ""));
    world.pass(seconds(1));
    let first = world.list("ReplicaSet")[0].name().to_owned();
    set_image(&mut world, "nginx:2");
    world.pass(seconds(2));
    set_image(&mut world, "nginx:1");
    world.pass(seconds(2));
    let set = world.get("ReplicaSet", &first);
    assert_eq!(set.annotation("deployment.kubernetes.io/revision"), Some("3"));
    assert_eq!(set.annotation("deployment.kubernetes.io/revision-history"), Some("1"));
    assert_eq!(count(&set, ["status", "readyReplicas"]), 1);
    assert_eq!(status(&world), [1, 1, 1, 1, 0]);
}

#[test]
fn a_version_that_crashes_leaves_the_old_one_and_misses_the_deadline() {
    let mut world = World::new();
    world.create(&deployment(4, "nginx:1", r#""progressDeadlineSeconds":60"#));
    world.pass(seconds(1));
    set_image(&mut world, "nginx:2-crash");
    world.pass(seconds(30));
    assert_eq!(status(&world), [5, 2, 3, 3, 2]);
    assert!(
        conditions(&world.get("Deployment", "web")).contains("Progressing=True(ReplicaSetUpdated)")
    );
    world.pass(seconds(60));
    assert_eq!(
        conditions(&world.get("Deployment", "web")),
        "Available=True(MinimumReplicasAvailable) Progressing=False(ProgressDeadlineExceeded)"
    );
    let crashing = world.list("Pod").into_iter().find(|p| {
        let state = &list(p, ["status", "containerStatuses"])[0];
        text(state, ["state", "waiting", "reason"]) == "CrashLoopBackOff"
    });
    let crashing = crashing.expect("a crashing Pod");
    let container = &list(&crashing, ["status", "containerStatuses"])[0];
    assert!(count(container, ["restartCount"]) >= 2);
    assert_eq!(count(container, ["lastState", "terminated", "exitCode"]), 1);
    set_image(&mut world, "nginx:3");
    world.pass(seconds(5));
    assert_eq!(status(&world), [4, 4, 4, 4, 0]);
    assert!(conditions(&world.get("Deployment", "web")).contains("NewReplicaSetAvailable"));
}

#[test]
fn recreate_waits_until_the_old_pods_are_gone() {
    let mut world = World::new();
    world.create(&deployment(2, "nginx:1", r#""strategy":{"type":"Recreate"}"#));
    world.pass(seconds(1));
    assert_eq!(status(&world), [2, 2, 2, 2, 0]);
    set_image(&mut world, "nginx:2");
    world.pass(seconds(1));
    assert_eq!(status(&world), [2, 2, 2, 2, 0]);
    let images: Vec<Value> = world.list("Pod");
    assert!(
        images.iter().all(|p| text(&list(p, ["spec", "containers"])[0], ["image"]) == "nginx:2")
    );
}

#[test]
fn scaling_needs_no_rollout() {
    let mut world = World::new();
    world.create(&deployment(2, "nginx:1", ""));
    world.pass(seconds(1));
    world.edit("Deployment", "web", |web| set(web, ["spec", "replicas"], 5));
    world.pass(seconds(1));
    assert_eq!(status(&world), [5, 5, 5, 5, 0]);
    world.edit("Deployment", "web", |web| set(web, ["spec", "replicas"], 0));
    world.pass(seconds(1));
    assert_eq!(status(&world), [0, 0, 0, 0, 0]);
    assert!(conditions(&world.get("Deployment", "web")).contains("Available=True"));
    assert_eq!(world.list("Pod").len(), 0);
    assert_eq!(world.list("ReplicaSet").len(), 1);
    let web = world.get("Deployment", "web");
    assert_eq!(web.annotation("deployment.kubernetes.io/revision"), Some("1"));
}

#[test]
fn scaling_in_a_rollout_keeps_the_proportions() {
    let mut world = World::new();
    world.create(&deployment(8, "nginx:1", r#""progressDeadlineSeconds":60"#));
    world.pass(seconds(1));
    set_image(&mut world, "nginx:missing");
    world.pass(seconds(10));
    let sizes = |world: &World| {
        let mut sizes: Vec<i64> =
            world.list("ReplicaSet").iter().map(|s| count(s, ["spec", "replicas"])).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&world), [4, 6]);
    world.edit("Deployment", "web", |web| set(web, ["spec", "replicas"], 16));
    world.pass(seconds(1));
    assert_eq!(sizes(&world), [8, 12]);
}

#[test]
fn a_paused_deployment_does_not_roll() {
    let mut world = World::new();
    world.create(&deployment(2, "nginx:1", ""));
    world.pass(seconds(1));
    world.edit("Deployment", "web", |web| set(web, ["spec", "paused"], true));
    set_image(&mut world, "nginx:2");
    world.pass(seconds(5));
    assert_eq!(world.list("ReplicaSet").len(), 1);
    assert!(
        conditions(&world.get("Deployment", "web"))
            .contains("Progressing=Unknown(DeploymentPaused)")
    );
    world.edit("Deployment", "web", |web| set(web, ["spec", "paused"], false));
    world.pass(seconds(5));
    assert_eq!(status(&world), [2, 2, 2, 2, 0]);
    assert_eq!(world.list("ReplicaSet").len(), 2);
}

#[test]
fn history_beyond_the_limit_is_deleted() {
    let mut world = World::new();
    world.create(&deployment(1, "nginx:1", r#""revisionHistoryLimit":2"#));
    for version in 2..7 {
        world.pass(seconds(3));
        set_image(&mut world, &format!("nginx:{version}"));
    }
    world.pass(seconds(3));
    let mut revisions: Vec<String> = world
        .list("ReplicaSet")
        .iter()
        .map(|s| s.annotation("deployment.kubernetes.io/revision").unwrap().to_owned())
        .collect();
    revisions.sort();
    assert_eq!(revisions, ["4", "5", "6"]);
}

#[test]
fn more_pods_than_the_simulation_gives_are_refused() {
    let mut world = World::new();
    world.create(&deployment(1_000_000_000, "nginx:1", ""));
    world.pass(seconds(1));
    assert_eq!(world.list("Pod").len(), 500);
    assert!(
        conditions(&world.get("Deployment", "web")).contains("ReplicaFailure=True(FailedCreate)")
    );
}

#[test]
fn a_ready_pod_counts_after_min_ready_seconds() {
    let mut world = World::new();
    world.create(&deployment(1, "nginx:1", r#""minReadySeconds":10"#));
    world.pass(seconds(5));
    assert_eq!(status(&world), [1, 1, 1, 0, 1]);
    world.pass(seconds(6));
    assert_eq!(status(&world), [1, 1, 1, 1, 0]);
}
