//! Behaviour of the API server in process: requests in, answers out.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod access;
mod admission;
mod collections;
mod endings;
mod identity;
mod kinds;
mod objects;
mod observing;
mod serving;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use object::{Manifest, Value, from_json};
use std::time::Duration;
use tower::ServiceExt;
use windlass_apiserver::rest::ReplyBody;
use windlass_apiserver::{ApiServer, Identity, Options};

struct Asker(ApiServer);

async fn server() -> Asker {
    Asker(ApiServer::open(Options::default()).await.unwrap())
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    static NOTHING: Value = Value::Null;
    let step = |v: &'v Value, part: &str| match part.parse::<usize>() {
        Ok(index) => v.as_list()?.get(index),
        Err(_) => v.get(part),
    };
    path.split('.').try_fold(value, step).unwrap_or(&NOTHING)
}

impl Asker {
    async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response<ReplyBody> {
        let mut request = Request::builder().method(method).uri(path);
        for (key, value) in headers {
            request = request.header(*key, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        self.0.service(Identity::admin("test")).oneshot(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: &str) -> (u16, Value) {
        let reply = self.raw(method, path, &[("content-type", kind)], body).await;
        let code = reply.status().as_u16();
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        (code, from_json(&bytes).unwrap_or_default())
    }

    /// As `ask` with JSON, as somebody else.
    async fn by(&self, who: &Identity, method: Method, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let reply = self.0.service(who.clone()).oneshot(request).await.unwrap();
        let code = reply.status().as_u16();
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        (code, from_json(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, "", "").await
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.ask(Method::POST, path, "application/json", body).await
    }

    async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let body = String::from_utf8(object::to_json(body)).unwrap();
        self.ask(Method::PUT, path, "application/json", &body).await
    }

    async fn patch(&self, path: &str, kind: &str, body: &str) -> (u16, Value) {
        self.ask(Method::PATCH, path, &format!("application/{kind}"), body).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        self.ask(Method::DELETE, path, "", "").await
    }

    async fn gone(&self, path: &str) {
        for _ in 0..200 {
            if self.get(path).await.0 == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} does not go: {:?}", self.get(path).await);
    }
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

/// The ConfigMap that every namespace has.
const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";

fn config_map(name: &str, rest: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"{rest}}},"data":{{"a":"1"}}}}"#
    )
}

const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
    "spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
    "spec":{"containers":[{"name":"web","image":"nginx"}]}}}}"#;

/// The first `count` events of a watch.
async fn lines(body: ReplyBody, count: usize) -> Vec<Value> {
    let mut body = body;
    let mut text = Vec::new();
    loop {
        let found: Vec<Value> =
            text.split(|b| *b == b'\n').filter_map(|line: &[u8]| from_json(line).ok()).collect();
        if found.len() >= count {
            return found;
        }
        let frame = tokio::time::timeout(Duration::from_secs(5), body.frame()).await;
        text.extend_from_slice(&frame.expect("an event").unwrap().unwrap().into_data().unwrap());
    }
}
