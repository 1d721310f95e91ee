//! StatefulSets and DaemonSets as users see them.

use super::super::Settings;
use super::super::fields::{count, list, set, text};
use super::super::world::{World, millis, seconds, workload};
use object::{Manifest as _, Value};

fn names(world: &World) -> Vec<String> {
    world.list("Pod").iter().map(|p| p.name().to_owned()).collect()
}

fn set_image(world: &mut World, kind: &str, image: &str) {
    world.edit(kind, "db", |db| {
        let mut containers = list(db, ["spec", "template", "spec", "containers"]).to_vec();
        set(&mut containers[0], ["image"], image);
        set(db, ["spec", "template", "spec", "containers"], containers);
    });
}

fn images(world: &World) -> Vec<String> {
    let image = |p: &Value| text(&list(p, ["spec", "containers"])[0], ["image"]).to_owned();
    world.list("Pod").iter().map(image).collect()
}

#[test]
fn pods_come_one_after_the_other_and_go_the_other_way() {
    let mut world = World::new();
    world.create(&workload("StatefulSet", "db", 3, "db:1", ""));
    assert_eq!(names(&world), ["db-0"]);
    world.pass(millis(300));
    assert_eq!(names(&world), ["db-0", "db-1"]);
    world.pass(seconds(2));
    let db = world.get("StatefulSet", "db");
    assert_eq!(names(&world), ["db-0", "db-1", "db-2"]);
    for member in
        ["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"]
    {
        assert_eq!(count(&db, ["status", member]), 3, "{member}");
    }
    let revision = text(&db, ["status", "updateRevision"]);
    assert_eq!(text(&db, ["status", "currentRevision"]), revision);
    assert_eq!(world.list("ControllerRevision")[0].name(), revision);
    let pod = world.get("Pod", "db-1");
    assert_eq!(pod.label("controller-revision-hash"), Some(revision));
    assert_eq!(pod.label("apps.kubernetes.io/pod-index"), Some("1"));
    let writes = world.writes.len();
    world.pass(seconds(1000));
    assert_eq!(world.writes.len(), writes);
    world.edit("StatefulSet", "db", |db| set(db, ["spec", "replicas"], 1));
    world.pass(seconds(2));
    assert_eq!(names(&world), ["db-0"]);
    assert_eq!(count(&world.get("StatefulSet", "db"), ["status", "replicas"]), 1);
}

#[test]
fn in_parallel_they_come_at_once() {
    let mut world = World::new();
    world.create(&workload("StatefulSet", "db", 3, "db:1", r#""podManagementPolicy":"Parallel""#));
    assert_eq!(names(&world), ["db-0", "db-1", "db-2"]);
}

#[test]
fn an_update_goes_from_the_last_to_the_first() {
    let mut world = World::new();
    world.create(&workload("StatefulSet", "db", 3, "db:1", ""));
    world.pass(seconds(3));
    set_image(&mut world, "StatefulSet", "db:2");
    world.pass(millis(100));
    assert_eq!(images(&world), ["db:1", "db:1", "db:2"]);
    let db = world.get("StatefulSet", "db");
    assert_ne!(text(&db, ["status", "currentRevision"]), text(&db, ["status", "updateRevision"]));
    world.pass(seconds(3));
    assert_eq!(images(&world), ["db:2", "db:2", "db:2"]);
    let db = world.get("StatefulSet", "db");
    assert_eq!(text(&db, ["status", "currentRevision"]), text(&db, ["status", "updateRevision"]));
    assert_eq!(count(&db, ["status", "updatedReplicas"]), 3);
    set_image(&mut world, "StatefulSet", "db:1");
    world.pass(seconds(3));
    let mut revisions: Vec<i64> =
        world.list("ControllerRevision").iter().map(|r| count(r, ["revision"])).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [2, 3], "the first revision is the newest again");
}

#[test]
fn a_bad_update_stops_at_the_first_pod() {
    let mut world = World::new();
    world.create(&workload("StatefulSet", "db", 3, "db:1", ""));
    world.pass(seconds(3));
    set_image(&mut world, "StatefulSet", "db:crash");
    world.pass(seconds(60));
    assert_eq!(images(&world), ["db:1", "db:1", "db:crash"]);
    assert_eq!(count(&world.get("StatefulSet", "db"), ["status", "readyReplicas"]), 2);
}

#[test]
fn a_partition_holds_the_first_ones_back() {
    let mut world = World::new();
    let strategy = r#""updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#;
    world.create(&workload("StatefulSet", "db", 3, "db:1", strategy));
    world.pass(seconds(3));
    set_image(&mut world, "StatefulSet", "db:2");
    world.pass(seconds(3));
    assert_eq!(images(&world), ["db:1", "db:1", "db:2"]);
    world.delete("Pod", "db-0");
    world.pass(seconds(3));
    assert_eq!(images(&world), ["db:1", "db:1", "db:2"]);
}

#[test]
fn each_pod_has_its_claims_and_they_stay() {
    let mut world = World::new();
    let templates = r#""volumeClaimTemplates":[{"metadata":{"name":"data"},
        "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]"#;
    world.create(&workload("StatefulSet", "db", 2, "db:1", templates));
    world.pass(seconds(3));
    let claims = |world: &World| {
        let claims = world.list("PersistentVolumeClaim");
        claims.iter().map(|c| c.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(claims(&world), ["data-db-0", "data-db-1"]);
    let pod = world.get("Pod", "db-1");
    let volume = &list(&pod, ["spec", "volumes"])[0];
    assert_eq!(text(volume, ["persistentVolumeClaim", "claimName"]), "data-db-1");
    world.delete("Pod", "db-1");
    world.edit("StatefulSet", "db", |db| set(db, ["spec", "replicas"], 0));
    world.pass(seconds(3));
    assert_eq!(names(&world), [""; 0]);
    assert_eq!(claims(&world).len(), 2);
}

fn three_nodes() -> World {
    World::with(Settings { nodes: 3, ..Settings::default() })
}

#[test]
fn a_daemon_runs_on_every_node() {
    let mut world = three_nodes();
    world.create(&workload("DaemonSet", "db", 1, "db:1", ""));
    world.pass(seconds(1));
    let nodes: Vec<String> =
        world.list("Pod").iter().map(|p| text(p, ["spec", "nodeName"]).to_owned()).collect();
    let mut sorted = nodes.clone();
    sorted.sort();
    assert_eq!(sorted, ["simulated-node-1", "simulated-node-2", "simulated-node-3"]);
    let db = world.get("DaemonSet", "db");
    for member in [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "numberAvailable",
        "updatedNumberScheduled",
    ] {
        assert_eq!(count(&db, ["status", member]), 3, "{member}");
    }
    assert_eq!(count(&db, ["status", "observedGeneration"]), 1);
}

#[test]
fn daemons_are_updated_one_by_one() {
    let mut world = three_nodes();
    world.create(&workload("DaemonSet", "db", 1, "db:1", ""));
    world.pass(seconds(1));
    set_image(&mut world, "DaemonSet", "db:2");
    for _ in 0..30 {
        let db = world.get("DaemonSet", "db");
        assert!(count(&db, ["status", "numberReady"]) >= 2);
        world.pass(millis(100));
    }
    assert_eq!(images(&world), ["db:2", "db:2", "db:2"]);
    assert_eq!(count(&world.get("DaemonSet", "db"), ["status", "updatedNumberScheduled"]), 3);
}

#[test]
fn a_node_that_goes_takes_its_pods_and_a_workload_finds_another() {
    let mut world = three_nodes();
    world.create(&workload("DaemonSet", "db", 1, "db:1", ""));
    world.create(&workload("Deployment", "web", 6, "web:1", ""));
    world.pass(seconds(1));
    world.delete("Node", "simulated-node-2");
    world.pass(seconds(2));
    assert_eq!(count(&world.get("DaemonSet", "db"), ["status", "desiredNumberScheduled"]), 2);
    assert_eq!(count(&world.get("Deployment", "web"), ["status", "readyReplicas"]), 6);
    assert!(world.list("Pod").iter().all(|p| text(p, ["spec", "nodeName"]) != "simulated-node-2"));
    world.edit("Node", "simulated-node-1", |n| set(n, ["spec", "unschedulable"], true));
    world.edit("Node", "simulated-node-3", |n| set(n, ["spec", "unschedulable"], true));
    world.edit("Deployment", "web", |web| set(web, ["spec", "replicas"], 8));
    world.pass(seconds(2));
    assert_eq!(count(&world.get("Deployment", "web"), ["status", "readyReplicas"]), 6);
    world.edit("Node", "simulated-node-3", |n| set(n, ["spec", "unschedulable"], false));
    world.pass(seconds(2));
    assert_eq!(count(&world.get("Deployment", "web"), ["status", "readyReplicas"]), 8);
}
