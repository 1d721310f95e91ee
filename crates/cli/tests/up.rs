//! The whole of it, as a user meets it: `windlass up` with the sample, a commit, a drift, a kill, a restart.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step ends the test")]

use cluster::{Client, Resource, WriteOptions};
use object::{Value, map};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Kills the process when the test ends, however it does.
struct Windlass(Child);

impl Drop for Windlass {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn up(folder: &Path) -> Windlass {
    // A stale kubeconfig would be believed before the new server has written its own.
    let _ = std::fs::remove_file(folder.join(".windlass/kubeconfig"));
    let child = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["up", "--api-listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0"])
        .current_dir(folder)
        .stdout(std::fs::File::create(folder.join("up.log")).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Windlass(child)
}

fn windlass(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

async fn connect(folder: &Path) -> Client {
    let kubeconfig = folder.join(".windlass/kubeconfig");
    eventually("the kubeconfig", async || kubeconfig.exists()).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::connect(Some(&kubeconfig), None).await.unwrap()
}

/// Waits, generously: machines that run tests are busy.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn deployments() -> Resource {
    Resource::known("apps", "v1", "Deployment", "deployments", true)
}

fn services() -> Resource {
    Resource::known("", "v1", "Service", "services", true)
}

async fn image(client: &Client, namespace: &str) -> String {
    let live = client.get(&deployments(), namespace, "shop").await.ok().flatten();
    let containers = live
        .as_ref()
        .and_then(|l| l.at(["spec", "template", "spec", "containers"]))
        .and_then(Value::as_list);
    containers
        .and_then(|c| c.first()?.get("image")?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn commit(folder: &Path, from: &str, to: &str, file: &str) {
    let sample = folder.join(".windlass/sample");
    let path = sample.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
    let status = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(["commit", "--quiet", "--all", "--message", "a change"])
        .current_dir(&sample)
        .status()
        .expect("git is needed");
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_arrives_a_drift_goes_and_a_kill_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let running = up(folder);
    let client = connect(folder).await;

    eventually("production", async || {
        image(&client, "production").await == "registry.example/shop:1.4.1"
    })
    .await;
    eventually("everything ready", async || {
        let (code, text) = windlass(folder, &["get", "ks"]);
        code == 0 && text.matches(" True ").count() == 4
    })
    .await;
    eventually("up to say so", async || {
        std::fs::read_to_string(folder.join("up.log")).unwrap().contains("Everything is ready")
    })
    .await;
    assert_eq!(windlass(folder, &["plan"]).0, 0, "nothing is left to do");

    commit(folder, "newTag: 1.4.2", "newTag: 1.5.0", "apps/staging/kustomization.yaml");
    eventually("the commit", async || {
        image(&client, "staging").await == "registry.example/shop:1.5.0"
    })
    .await;

    let write = WriteOptions { field_manager: "kubectl-edit", ..WriteOptions::default() };
    let drift = Value::Map(map! {"spec": map!{"replicas": 7}});
    client.merge_patch(&deployments(), ("staging", "shop", ""), &drift, write).await.unwrap();
    eventually("the drift to go", async || {
        let live = client.get(&deployments(), "staging", "shop").await.unwrap().unwrap();
        live.at(["spec", "replicas"]).and_then(Value::as_int) == Some(1)
    })
    .await;
    eventually("the event that names who did it", async || {
        let (_, text) = windlass(folder, &["events", "--for", "ks/staging"]);
        text.contains("kubectl-edit") && text.contains(".spec.replicas: 7 -> 1")
    })
    .await;

    drop(running);
    let _running = up(folder);
    let client = connect(folder).await;
    let gone = cluster::Propagation::Background;
    eventually("the restarted server", async || {
        client.delete(&services(), "production", "shop", None, gone).await.is_ok()
    })
    .await;
    eventually("the deleted Service", async || {
        matches!(client.get(&services(), "production", "shop").await, Ok(Some(_)))
    })
    .await;
    assert_eq!(image(&client, "staging").await, "registry.example/shop:1.5.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rendered_is_named_and_what_fails_to_start_is_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _running = up(folder);
    let client = connect(folder).await;
    eventually("staging", async || !image(&client, "staging").await.is_empty()).await;

    commit(folder, "resources:", "resources:\n  - nowhere.yaml", "apps/staging/kustomization.yaml");
    eventually("the missing file in the message", async || {
        let (_, text) = windlass(folder, &["get", "ks", "staging", "-o", "json"]);
        text.contains("nowhere.yaml") && text.contains("apps/staging/kustomization.yaml")
    })
    .await;
    assert_eq!(image(&client, "staging").await, "registry.example/shop:1.4.2", "untouched");

    let file = "apps/staging/kustomization.yaml";
    commit(folder, "resources:\n  - nowhere.yaml", "resources:", file);
    commit(folder, "newTag: 1.4.2", "newTag: 1.6.0-missing", file);
    commit(folder, "timeout: 2m", "timeout: 30s", "clusters/demo/staging.yaml");
    eventually("the reason of the deepest object", async || {
        let (_, text) = windlass(folder, &["get", "ks", "staging", "-o", "json"]);
        text.contains("ImagePullBackOff") && text.contains("1.6.0-missing")
    })
    .await;
}
