use crate::world::{World, config_maps, deployments, releases, resource};
use cluster::{Propagation, WriteOptions};
use object::{Manifest, Value, map};

const OTHER: WriteOptions<'_> =
    WriteOptions { field_manager: "somebody", force: true, dry_run: false };

fn deployed(versions: &[(i64, &str)]) -> Vec<(i64, String)> {
    versions.iter().map(|(v, s)| (*v, (*s).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_lives_from_install_to_uninstall() {
    let world = World::start().await;
    world.release("values: {config: {a: b}}").await;
    let message = world.until("Ready", "InstallSucceeded").await;
    assert_eq!(message, "Helm install succeeded for release default/app.v1 with chart web@1.0.0");
    assert_eq!(world.stored().await, deployed(&[(1, "deployed")]));
    let live = world.get(&deployments(), "app").await.unwrap();
    assert_eq!(live.label("helm.toolkit.fluxcd.io/name"), Some("app"));
    assert_eq!(live.label("app.kubernetes.io/managed-by"), Some("Helm"));
    assert_eq!(live.annotation("meta.helm.sh/release-name"), Some("app"));
    let hook = resource("batch", "v1", "Job", "jobs");
    assert!(world.get(&hook, "app-migrate").await.is_some(), "the hook ran and stays");
    let status = world.status().await;
    assert_eq!(status.get("helmChart").and_then(Value::as_str), Some("default/default-app"));
    assert_eq!(status.get("observedGeneration").and_then(Value::as_int), Some(1));
    let entries = status.at(["inventory", "entries"]).and_then(Value::as_list).unwrap().len();
    assert_eq!(entries, 2);

    // Other values: an upgrade, which takes away what is in the manifest no more.
    world.release("values: {replicas: 2}").await;
    world.until("Ready", "UpgradeSucceeded").await;
    assert_eq!(world.stored().await, deployed(&[(1, "superseded"), (2, "deployed")]));
    assert!(world.get(&config_maps(), "app").await.is_none());

    // A new version of the chart is found by itself.
    world.repository.offer(&["1.0.0", "1.1.0"]);
    let patch =
        map! {"metadata": map!{"annotations": map!{"reconcile.fluxcd.io/requestedAt": "1"}}};
    let repositories =
        resource("source.toolkit.fluxcd.io", "v1", "HelmRepository", "helmrepositories");
    world
        .client
        .merge_patch(&repositories, ("default", "charts", ""), &patch.into(), OTHER)
        .await
        .unwrap();
    world
        .eventually("version 1.1.0", async || {
            let (status, _, message) = world.condition("Ready").await;
            status == "True" && message.ends_with("app.v3 with chart web@1.1.0")
        })
        .await;

    let background = Propagation::Background;
    world.client.delete(&releases(), "default", "app", None, background).await.unwrap();
    world
        .eventually("the release to be gone", async || {
            world.get(&releases(), "app").await.is_none()
        })
        .await;
    assert!(world.get(&deployments(), "app").await.is_none());
    assert_eq!(world.stored().await, []);
    let charts = resource("source.toolkit.fluxcd.io", "v1", "HelmChart", "helmcharts");
    world
        .eventually("the chart to be gone", async || {
            world.get(&charts, "default-app").await.is_none()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_upgrade_is_rolled_back_and_not_tried_for_ever() {
    let world = World::start().await;
    let remediation = "upgrade: {remediation: {retries: 1}}";
    world.release(&format!("values: {{tag: '1'}}\n{remediation}")).await;
    world.until("Ready", "InstallSucceeded").await;
    world.release("values: {tag: fail}\nupgrade: {timeout: 5s, remediation: {retries: 1}}").await;
    world.until("Stalled", "RetriesExceeded").await;
    let (status, reason, message) = world.condition("Ready").await;
    assert_eq!((status.as_str(), reason.as_str()), ("False", "RollbackSucceeded"), "{message}");
    assert_eq!(world.image().await, "registry.example/web:1");
    let (_, _, released) = world.condition("Released").await;
    assert!(
        released.contains("Deployment/default/app"),
        "the object that fails is named: {released}"
    );
    let versions = world.stored().await;
    let states: Vec<&str> = versions.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(states, ["superseded", "failed", "superseded", "failed", "deployed"]);
    // Nothing more happens for the same revision and values.
    world.request("again").await;
    world
        .eventually("the request to be answered", async || {
            world.status().await.get("lastHandledReconcileAt").and_then(Value::as_str)
                == Some("again")
        })
        .await;
    assert_eq!(world.stored().await, versions);
    // Other values are another try.
    world.release(&format!("values: {{tag: '2'}}\n{remediation}")).await;
    world.until("Ready", "UpgradeSucceeded").await;
    assert_eq!(world.image().await, "registry.example/web:2");
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_run_as_hooks_and_their_failure_is_told() {
    let world = World::start().await;
    world.release("test: {enable: true}").await;
    let message = world.until("TestSuccess", "TestSucceeded").await;
    assert!(message.ends_with("1 test hook completed successfully"), "{message}");
    world.until("Ready", "TestSucceeded").await;
    world.release("test: {enable: true}\nvalues: {testTag: fail}").await;
    let message = world.until("TestSuccess", "TestFailed").await;
    assert!(message.contains("test hook Job/app-test failed"), "{message}");
    assert_eq!(world.stored().await, deployed(&[(1, "superseded"), (2, "deployed")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_is_put_right_where_that_is_wanted() {
    let world = World::start().await;
    world.release("driftDetection: {mode: enabled}").await;
    world.until("Ready", "InstallSucceeded").await;
    world.until("Drifted", "NoDriftDetected").await;
    let three = map! {"spec": map!{"replicas": 3}};
    let at = ("default", "app", "");
    world.client.merge_patch(&deployments(), at, &three.into(), OTHER).await.unwrap();
    world
        .eventually("one replica", async || {
            let live = world.get(&deployments(), "app").await.unwrap();
            live.at(["spec", "replicas"]).and_then(Value::as_int) == Some(1)
        })
        .await;
    assert_eq!(world.stored().await, deployed(&[(1, "deployed")]), "no new release for that");
    world
        .client
        .delete(&deployments(), "default", "app", None, Propagation::Background)
        .await
        .unwrap();
    world
        .eventually("the Deployment to be back", async || {
            world
                .get(&deployments(), "app")
                .await
                .is_some_and(|d| d.meta("deletionTimestamp").is_none())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_from_elsewhere_and_objects_are_patched_after_rendering() {
    let world = World::start().await;
    world.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: default}\ndata: {values.yaml: 'config: {from: map, own: map}', tag: '7'}\n").await;
    world
        .release(
            "valuesFrom:\n- {kind: ConfigMap, name: more}\n- {kind: ConfigMap, name: more, valuesKey: tag, targetPath: tag}\n- {kind: Secret, name: none, optional: true}\nvalues: {config: {own: spec}}\ncommonMetadata: {labels: {team: a}}\npostRenderers:\n- kustomize:\n    patches:\n    - target: {kind: Deployment}\n      patch: |\n        - {op: replace, path: /spec/replicas, value: 4}\n    images: [{name: registry.example/web, newName: mirror.example/web}]",
        )
        .await;
    world.until("Ready", "InstallSucceeded").await;
    let config = world.get(&config_maps(), "app").await.unwrap();
    let data = |key: &str| config.at(["data", key]).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!((data("from").as_str(), data("own").as_str()), ("map", "spec"));
    assert_eq!(config.label("team"), Some("a"));
    assert_eq!(world.image().await, "mirror.example/web:7");
    let live = world.get(&deployments(), "app").await.unwrap();
    assert_eq!(live.at(["spec", "replicas"]).and_then(Value::as_int), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_wait_for_what_they_depend_on_and_say_so() {
    let world = World::start().await;
    world.release("dependsOn: [{name: base}]").await;
    let message = world.until("Ready", "DependencyNotReady").await;
    assert_eq!(message, "dependency 'default/base' not found");
    world.apply("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: base, namespace: default}\nspec: {interval: 10m, chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: charts}}}}\n").await;
    world.until("Ready", "InstallSucceeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_come_out_of_registries_too() {
    let world = World::start().await;
    world.repository.push("2.0.0");
    let url = world.repository.url.replace("http://", "oci://") + "/charts";
    world.apply(&format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: registry, namespace: default}}\nspec: {{type: oci, insecure: true, url: '{url}'}}\n")).await;
    world.apply("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app, namespace: default}\nspec: {interval: 10m, chart: {spec: {chart: web, version: '>=1', sourceRef: {kind: HelmRepository, name: registry}}}}\n").await;
    let message = world.until("Ready", "InstallSucceeded").await;
    assert!(message.ends_with("with chart web@2.0.0"), "{message}");

    world.apply(&format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: web, namespace: default}}\nspec: {{interval: 10m, insecure: true, url: '{url}/web', ref: {{semver: '*'}}, layerSelector: {{mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}}}}\n")).await;
    let patch = object::from_yaml_one(
        "spec: {chart: null, chartRef: {kind: OCIRepository, name: web}}",
        object::Dialect::Sigs,
    )
    .unwrap();
    world.client.merge_patch(&releases(), ("default", "app", ""), &patch, OTHER).await.unwrap();
    // The digest in the version is how a moved tag is noticed.
    world
        .eventually("the chart with its digest", async || {
            let (status, _, message) = world.condition("Ready").await;
            status == "True" && message.contains("app.v2 with chart web@2.0.0+")
        })
        .await;
    let digest = world.status().await.get("lastAttemptedRevisionDigest").cloned();
    assert!(digest.and_then(|d| d.as_str().map(|d| d.starts_with("sha256:"))).unwrap_or_default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_need_not_wait_until_the_mistake_has_timed_out() {
    let world = World::start().await;
    world.release("values: {tag: unready}\ninstall: {timeout: 10m}").await;
    world.eventually("the install", async || world.stored().await.len() == 1).await;
    world.eventually("the Deployment", async || world.image().await.ends_with(":unready")).await;
    world.release("values: {tag: '2'}").await;
    world.until("Ready", "UpgradeSucceeded").await;
    assert_eq!(world.image().await, "registry.example/web:2");
}
