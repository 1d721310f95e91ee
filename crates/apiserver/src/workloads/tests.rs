//! What is true whatever users do: the simulation comes to rest where the specs point, and no number
//! that somebody writes brings it down.

use super::Settings;
use super::fields::{count, list, set, text};
use super::replicas::is_active;
use super::world::{World, conditions, millis, seconds, workload};
use object::{Manifest as _, Value};
use proptest::prelude::*;

/// Something a user does to a Deployment.
#[derive(Clone, Debug)]
enum Deed {
    Scale(i64),
    Image(u8),
    Pause(bool),
    DeletePod(usize),
    DeleteSet(usize),
    Wait(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..7_i64).prop_map(Deed::Scale),
        (0..5_u8).prop_map(Deed::Image),
        any::<bool>().prop_map(Deed::Pause),
        (0..10_usize).prop_map(Deed::DeletePod),
        (0..4_usize).prop_map(Deed::DeleteSet),
        (0..1500_i64).prop_map(Deed::Wait),
    ]
}

fn set_image(world: &mut World, kind: &str, image: &str) {
    world.edit(kind, "web", |web| {
        let mut containers = list(web, ["spec", "template", "spec", "containers"]).to_vec();
        set(&mut containers[0], ["image"], image);
        set(web, ["spec", "template", "spec", "containers"], containers);
    });
}

fn perform(world: &mut World, kind: &str, deed: &Deed) {
    match deed {
        Deed::Scale(replicas) => {
            world.edit(kind, "web", |web| set(web, ["spec", "replicas"], *replicas));
        }
        // Every third image crashes.
        Deed::Image(n) if n % 3 == 2 => set_image(world, kind, &format!("web:{n}-crash")),
        Deed::Image(n) => set_image(world, kind, &format!("web:{n}")),
        Deed::Pause(paused) => {
            world.edit(kind, "web", |web| set(web, ["spec", "paused"], *paused));
        }
        Deed::DeletePod(n) => {
            if let Some(pod) = world.list("Pod").get(*n) {
                let name = pod.name().to_owned();
                world.delete("Pod", &name);
            }
        }
        Deed::DeleteSet(n) => {
            if let Some(set) = world.list("ReplicaSet").get(*n) {
                let name = set.name().to_owned();
                world.delete("ReplicaSet", &name);
            }
        }
        Deed::Wait(time) => world.pass(millis(*time)),
    }
}

fn active_pods(world: &World) -> Vec<Value> {
    world.list("Pod").into_iter().filter(is_active).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_deployment_ends_where_its_spec_points(deeds in prop::collection::vec(deed(), 1..12), recreate: bool) {
        let mut world = World::new();
        let strategy = if recreate { r#""strategy":{"type":"Recreate"}"# } else { "" };
        world.create(&workload("Deployment", "web", 2, "web:1", strategy));
        for deed in &deeds {
            perform(&mut world, "Deployment", deed);
        }
        perform(&mut world, "Deployment", &Deed::Pause(false));
        set_image(&mut world, "Deployment", "web:last");
        world.pass(seconds(400));
        let web = world.get("Deployment", "web");
        let replicas = count(&web, ["spec", "replicas"]);
        for member in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            prop_assert_eq!(count(&web, ["status", member]), replicas, "{}", member);
        }
        prop_assert_eq!(
            conditions(&web),
            "Available=True(MinimumReplicasAvailable) Progressing=True(NewReplicaSetAvailable)"
        );
        let pods = active_pods(&world);
        prop_assert_eq!(i64::try_from(pods.len()).unwrap(), replicas);
        let image = |p: &Value| text(&list(p, ["spec", "containers"])[0], ["image"]).to_owned();
        prop_assert!(pods.iter().all(|p| image(p) == "web:last"));
        let writes = world.writes.len();
        world.pass(seconds(100_000));
        prop_assert_eq!(world.writes.len(), writes, "a settled Deployment costs nothing");
    }

    #[test]
    fn a_stateful_set_ends_where_its_spec_points(deeds in prop::collection::vec(deed(), 1..10)) {
        let mut world = World::new();
        world.create(&workload("StatefulSet", "web", 2, "web:1", ""));
        for deed in &deeds {
            perform(&mut world, "StatefulSet", deed);
        }
        // A crashing Pod blocks the order for ever, as it does in Kubernetes: somebody has to delete it.
        set_image(&mut world, "StatefulSet", "web:last");
        for _ in 0..8 {
            world.pass(seconds(20));
            for pod in world.list("Pod") {
                let is_last = text(&list(&pod, ["spec", "containers"])[0], ["image"]) == "web:last";
                if !is_last && !super::replicas::is_ready(&pod) && is_active(&pod) {
                    world.delete("Pod", pod.name());
                }
            }
        }
        world.pass(seconds(100));
        let web = world.get("StatefulSet", "web");
        let replicas = count(&web, ["spec", "replicas"]);
        for member in ["replicas", "updatedReplicas", "readyReplicas", "currentReplicas"] {
            prop_assert_eq!(count(&web, ["status", member]), replicas, "{}", member);
        }
        let names: Vec<String> = world.list("Pod").iter().map(|p| p.name().to_owned()).collect();
        let expected: Vec<String> = (0..replicas).map(|n| format!("web-{n}")).collect();
        prop_assert_eq!(names, expected);
    }

    #[test]
    fn no_number_brings_it_down(numbers in prop::collection::vec(any::<i64>(), 12), small in -3..4_i64) {
        let few = Settings { pods_per_workload: 20, ..Settings::default() };
        let mut world = World::with(few);
        let n = |at: usize| if at.is_multiple_of(3) { small } else { numbers[at] };
        let more = format!(
            r#""minReadySeconds":{},"progressDeadlineSeconds":{},"revisionHistoryLimit":{},
            "strategy":{{"rollingUpdate":{{"maxSurge":{},"maxUnavailable":"{}%"}}}},
            "updateStrategy":{{"rollingUpdate":{{"partition":{},"maxUnavailable":{}}}}},"ordinals":{{"start":{}}}"#,
            n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7),
        );
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            world.create(&workload(kind, "web", n(8) % 1000, "web:1", &more));
            world.edit(kind, "web", |web| {
                for member in ["replicas", "readyReplicas", "availableReplicas", "collisionCount", "currentReplicas"] {
                    set(web, ["status", member], n(9));
                }
            });
        }
        let job = format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"j","namespace":"default"}},"spec":{{
            "completions":{},"parallelism":{},"backoffLimit":{},"activeDeadlineSeconds":{},"ttlSecondsAfterFinished":{},"completionMode":"Indexed",
            "template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"c","image":"x"}}]}}}}}},
            "status":{{"succeeded":{},"failed":{},"completedIndexes":"0-{},5-3,-4"}}}}"#,
            n(10), n(11), n(0), n(1), n(2), n(3), n(4), n(5),
        );
        world.create(&job);
        world.pass(seconds(3));
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            set_image(&mut world, kind, "web:2");
        }
        world.pass(seconds(3));
        prop_assert!(world.list("Pod").len() < 100);
    }
}
