//! One of the two servers, and what was seen of it in a case.

use crate::cases::{Body, Step};
use crate::normal::{Answer, Names};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use windlass_apiserver::{ApiServer, Identity, Options};

/// No request of the suite takes longer, watches included.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Side {
    client: Client,
    names: Names,
    /// The last object that was answered from each path.
    last: HashMap<String, Value>,
    /// What `continue` said last.
    position: String,
    /// The newest version of the collection, as the last list said.
    version: String,
}

impl Side {
    /// Our server, in memory, its workloads left alone.
    pub(crate) async fn ours() -> Self {
        let server = ApiServer::open(Options::default()).await.unwrap();
        let who = Identity { uid: "admin".to_owned(), ..Identity::admin("kubernetes-admin") };
        let service = server.service(who);
        Self::new(Client::new(service, "default"))
    }

    /// The server a kubeconfig names.
    pub(crate) async fn real(kubeconfig: &Path) -> Self {
        let file = Kubeconfig::read_from(kubeconfig).unwrap();
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(file, &options).await.unwrap();
        Self::new(Client::try_from(config).unwrap())
    }

    fn new(client: Client) -> Self {
        Self {
            client,
            names: Names::default(),
            last: HashMap::new(),
            position: String::new(),
            version: String::new(),
        }
    }

    /// Forgets the case before.
    pub(crate) fn begin(&mut self) {
        self.names = Names::default();
        self.last.clear();
    }

    /// Sends the request of a step; the answer has its accidental parts replaced.
    pub(crate) async fn ask(&mut self, step: &Step) -> Answer {
        let path = step.path.split('?').next().unwrap().to_owned();
        let body = self.body(&step.body, &path);
        let uri = self.filled(&step.path, &path);
        let mut request = Request::builder().method(step.method.as_str()).uri(&uri);
        if !step.content.is_empty() {
            request = request.header("content-type", &step.content);
        }
        if !step.accept.is_empty() {
            request = request.header("accept", &step.accept);
        }
        let request = request.body(kube::client::Body::from(body)).unwrap();
        let (status, content, warnings, bytes) =
            match tokio::time::timeout(PATIENCE, self.send(request)).await {
                Ok(answered) => answered,
                Err(_) => (0, String::new(), Vec::new(), "no answer in time".into()),
            };
        let mut documents: Vec<Value> = serde_json::Deserializer::from_slice(&bytes)
            .into_iter::<Value>()
            .map_while(Result::ok)
            .collect();
        let body = match documents.len() {
            0 => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
            1 if !step.path.contains("watch=") => documents.remove(0),
            _ => Value::Array(documents),
        };
        self.remember(&path, status, &body);
        let mut answer = Answer { status, content, warnings, body };
        self.names.normalise(&mut answer, step);
        answer
    }

    /// Sends, and reads everything: status, content type, warnings, body.
    async fn send(
        &self,
        request: Request<kube::client::Body>,
    ) -> (u16, String, Vec<String>, Bytes) {
        let reply = self.client.send(request).await.unwrap();
        let header = |name: &str| {
            let values = reply.headers().get_all(name).iter();
            values.map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect::<Vec<_>>()
        };
        let (status, content) = (reply.status().as_u16(), header("content-type").join(","));
        let warnings = header("warning");
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        (status, content, warnings, body)
    }

    fn remember(&mut self, path: &str, status: u16, body: &Value) {
        if status >= 300 || body["kind"] == "PartialObjectMetadata" || body["kind"] == "Status" {
            return;
        }
        let text = |field: &str| body["metadata"][field].as_str().unwrap_or_default().to_owned();
        if body["items"].is_array() || body["rows"].is_array() {
            (self.position, self.version) = (text("continue"), text("resourceVersion"));
        } else if body["metadata"]["uid"].is_string() {
            let name = text("name");
            let path = path.trim_end_matches("/status").trim_end_matches("/scale");
            let at = if path.ends_with(&format!("/{name}")) {
                path.to_owned()
            } else {
                format!("{path}/{name}")
            };
            self.last.insert(at, body.clone());
        }
    }

    /// The text with `{continue}`, `{version}`, `{uid}` and `{rv}` (of the object at `path`) filled in.
    fn filled(&self, text: &str, path: &str) -> String {
        let object = path.trim_end_matches("/status").trim_end_matches("/scale");
        let meta = |field: &str| {
            let known = self.last.get(object).and_then(|o| o["metadata"][field].as_str());
            known.unwrap_or("0").to_owned()
        };
        text.replace("{continue}", &self.position)
            .replace("{version}", &self.version)
            .replace("{uid}", &meta("uid"))
            .replace("{rv}", &meta("resourceVersion"))
    }

    fn body(&self, body: &Body, path: &str) -> Vec<u8> {
        match body {
            Body::Nothing => Vec::new(),
            Body::Text(text) => self.filled(text, path).into_bytes(),
            Body::Last(change) => {
                let object = path.trim_end_matches("/status");
                let mut object = self.last.get(object).cloned().unwrap_or_default();
                crate::cases::merge(&mut object, change);
                object.to_string().into_bytes()
            }
        }
    }
}
