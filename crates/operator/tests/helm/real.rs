//! The real `helm` works on our releases, and we on its. Skipped, with a line that says so, where there is no `helm`: it is
//! looked for at `$WINDLASS_HELM` and on the path.

use crate::charts;
use crate::world::World;
use apiserver::serve;
use std::path::{Path, PathBuf};
use std::process::Command;

fn helm_binary() -> Option<PathBuf> {
    let named = std::env::var_os("WINDLASS_HELM").map(PathBuf::from);
    let path = named.unwrap_or_else(|| PathBuf::from("helm"));
    let runs = Command::new(&path).arg("version").output().is_ok_and(|o| o.status.success());
    if !runs {
        println!("skipped: there is no helm at $WINDLASS_HELM or on the path");
    }
    runs.then_some(path)
}

struct Helm {
    binary: PathBuf,
    folder: tempfile::TempDir,
}

impl Helm {
    async fn over(world: &World) -> Option<Self> {
        let binary = helm_binary()?;
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tls = world.server.credentials().tls(&["127.0.0.1".to_owned()]).unwrap();
        tokio::spawn(serve(listener, world.server.clone(), tls, std::future::pending()));
        std::fs::write(folder.path().join("kubeconfig"), world.server.kubeconfig(&address))
            .unwrap();
        Some(Self { binary, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.binary);
        command.args(arguments).args(["--namespace", "default"]);
        for (name, file) in [
            ("KUBECONFIG", "kubeconfig"),
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_DATA_HOME", "data"),
        ] {
            command.env(name, self.path(file));
        }
        let shown = arguments.join(" ");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {shown}: {text}{errors}");
        text
    }

    fn chart(&self, version: &str) -> String {
        let path: &Path = &self.path(&format!("web-{version}.tgz"));
        std::fs::write(path, charts::web(version)).unwrap();
        path.display().to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_works_on_our_releases_and_we_go_on_after_it() {
    let world = World::start().await;
    let Some(helm) = Helm::over(&world).await else { return };
    world.release("values: {tag: '1'}").await;
    world.until("Ready", "InstallSucceeded").await;
    world.release("values: {tag: '2'}").await;
    world.until("Ready", "UpgradeSucceeded").await;

    let list = helm.run(&["list"]).await;
    assert!(
        list.contains("app") && list.contains("deployed") && list.contains("web-1.0.0"),
        "{list}"
    );
    let history = helm.run(&["history", "app"]).await;
    assert!(history.contains("superseded") && history.contains("Upgrade complete"), "{history}");
    assert!(helm.run(&["get", "values", "app"]).await.contains("tag: \"2\""));
    assert!(helm.run(&["get", "notes", "app"]).await.contains("Have fun with app."));
    assert!(helm.run(&["get", "manifest", "app"]).await.contains("registry.example/web:2"));
    assert!(helm.run(&["get", "hooks", "app"]).await.contains("app-migrate"));
    assert!(helm.run(&["status", "app"]).await.contains("STATUS: deployed"));

    // What somebody rolls back is not what is wanted: it is noticed and upgraded again.
    // The fields are ours (`helm-controller`), as under Flux, so helm has to be told that it may take them.
    helm.run(&["rollback", "app", "1", "--force-conflicts"]).await;
    assert_eq!(world.image().await, "registry.example/web:1");
    world.request("after the rollback").await;
    world
        .eventually("version 4", async || {
            world.stored().await.last().is_some_and(|(v, s)| *v == 4 && s == "deployed")
        })
        .await;
    assert_eq!(world.image().await, "registry.example/web:2");

    helm.run(&["uninstall", "app"]).await;
    world.request("after the uninstall").await;
    world
        .eventually("the release to be back", async || {
            world.stored().await == [(1, "deployed".to_owned())]
        })
        .await;
    assert_eq!(world.image().await, "registry.example/web:2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_made_by_helm_is_taken_over_with_nothing_recreated() {
    let world = World::start().await;
    let Some(helm) = Helm::over(&world).await else { return };
    let chart = helm.chart("1.0.0");
    helm.run(&["install", "app", &chart, "--set", "replicas=2", "--wait"]).await;
    let uid = async |world: &World| {
        let live = world.get(&crate::world::deployments(), "app").await.unwrap();
        object::Manifest::meta(&live, "uid").unwrap().to_owned()
    };
    let before = uid(&world).await;
    world.release("values: {replicas: 2}").await;
    let message = world.until("Ready", "UpgradeSucceeded").await;
    assert!(message.contains("default/app.v2"), "{message}");
    assert_eq!(uid(&world).await, before);
    let states = world.stored().await;
    assert_eq!(states, [(1, "superseded".to_owned()), (2, "deployed".to_owned())]);
    let history = helm.run(&["history", "app"]).await;
    assert!(
        history.contains("Install complete") && history.contains("Upgrade complete"),
        "{history}"
    );
}
