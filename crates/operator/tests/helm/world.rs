//! An API server, an operator and a Helm repository in this process.

use crate::charts::Repository;
use apiserver::{ApiServer, Identity, Options, workloads};
use cluster::{Client, Resource, WriteOptions};
use object::{Dialect, Manifest, Value, from_yaml_one};
use std::time::{Duration, Instant};
use windlass_operator::{Operator, Settings};

pub struct World {
    pub client: Client,
    pub server: ApiServer,
    pub repository: Repository,
    working: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.working.abort();
    }
}

const WRITE: WriteOptions<'_> = WriteOptions { field_manager: "test", force: true, dry_run: false };

pub fn resource(group: &str, version: &str, kind: &str, plural: &str) -> Resource {
    Resource::known(group, version, kind, plural, true)
}

pub fn deployments() -> Resource {
    resource("apps", "v1", "Deployment", "deployments")
}

pub fn config_maps() -> Resource {
    resource("", "v1", "ConfigMap", "configmaps")
}

pub fn secrets() -> Resource {
    resource("", "v1", "Secret", "secrets")
}

pub fn releases() -> Resource {
    resource("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases")
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: None,
            workloads: Some(workloads::Settings::default()),
            ..Options::default()
        };
        let server = ApiServer::open(options).await.unwrap();
        let client = Client::in_process(server.service(Identity::admin("test")));
        let definitions = Resource::known(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        for crd in api::crds() {
            client.apply(&definitions, &crd, WRITE).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let settings = Settings {
            data: folder.path().to_owned(),
            dependency_retry: Duration::from_millis(500),
            ..Settings::default()
        };
        let operator = Operator::new(client.clone(), settings).unwrap();
        let working = tokio::spawn(operator.run());
        let repository = Repository::start(&["1.0.0"]).await;
        let world = Self { client, server, repository, working, _folder: folder };
        world
            .apply(&format!(
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: charts, namespace: default}}\nspec: {{url: '{}', interval: 1m}}\n",
                world.repository.url
            ))
            .await;
        world
    }

    pub async fn apply(&self, yaml: &str) {
        let object = from_yaml_one(yaml, Dialect::Sigs).unwrap();
        let plural = match object.kind() {
            "HelmRepository" => "helmrepositories".to_owned(),
            "OCIRepository" => "ocirepositories".to_owned(),
            kind => format!("{}s", kind.to_lowercase()),
        };
        let gvk = object.gvk();
        let resource = resource(&gvk.group, &gvk.version, &gvk.kind, &plural);
        self.client.apply(&resource, &object, WRITE).await.unwrap();
    }

    /// Applies the HelmRelease `app` with this spec besides chart and interval.
    pub async fn release(&self, spec: &str) {
        let indented: String = spec.lines().map(|l| format!("  {l}\n")).collect();
        self.apply(&format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: app, namespace: default}}\nspec:\n  interval: 10m\n  timeout: 20s\n  chart:\n    spec: {{chart: web, version: '*', sourceRef: {{kind: HelmRepository, name: charts}}}}\n{indented}"
        ))
        .await;
    }

    pub async fn get(&self, resource: &Resource, name: &str) -> Option<Value> {
        self.client.get(resource, "default", name).await.unwrap()
    }

    pub async fn status(&self) -> Value {
        let release = self.get(&releases(), "app").await.unwrap_or_default();
        release.get("status").cloned().unwrap_or_default()
    }

    /// Status, reason and message of a condition.
    pub async fn condition(&self, kind: &str) -> (String, String, String) {
        let status = self.status().await;
        let all = status.get("conditions").and_then(Value::as_list).unwrap_or_default().to_vec();
        let text =
            |c: &Value, k: &str| c.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
        let found = all.iter().find(|c| text(c, "type") == kind);
        found
            .map(|c| (text(c, "status"), text(c, "reason"), text(c, "message")))
            .unwrap_or_default()
    }

    /// Waits until a condition has this reason, and answers its message.
    pub async fn until(&self, kind: &str, reason: &str) -> String {
        let start = Instant::now();
        loop {
            let (_, found, message) = self.condition(kind).await;
            if found == reason {
                return message;
            }
            if start.elapsed() > Duration::from_secs(60) {
                let status = object::to_yaml(&self.status().await);
                panic!("waited in vain for {kind} with reason {reason}:\n{status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits, generously, until something holds.
    pub async fn eventually(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        while !holds().await {
            if start.elapsed() > Duration::from_secs(60) {
                let status = object::to_yaml(&self.status().await);
                panic!("waited in vain for {what}:\n{status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Numbers and states of the stored releases.
    pub async fn stored(&self) -> Vec<(i64, String)> {
        let list = self
            .client
            .list(&secrets(), "default", &[("labelSelector", "owner=helm,name=app")])
            .await
            .unwrap();
        let items = list.get("items").and_then(Value::as_list).unwrap_or_default().to_vec();
        let mut found: Vec<(i64, String)> = items
            .iter()
            .map(|s| {
                let record = helm::release::from_secret(s).unwrap();
                (record.version, record.info.status.name().to_owned())
            })
            .collect();
        found.sort();
        found
    }

    pub async fn image(&self) -> String {
        let live = self.get(&deployments(), "app").await.unwrap_or_default();
        let containers =
            live.at(["spec", "template", "spec", "containers"]).and_then(Value::as_list);
        let image = containers.and_then(|c| c.first()?.get("image")?.as_str().map(str::to_owned));
        image.unwrap_or_default()
    }

    /// Asks for a run now.
    pub async fn request(&self, token: &str) {
        let patch = object::map! {
            "metadata": object::map! {"annotations": object::map! {"reconcile.fluxcd.io/requestedAt": token}}
        };
        let at = ("default", "app", "");
        self.client.merge_patch(&releases(), at, &patch.into(), WRITE).await.unwrap();
    }
}
