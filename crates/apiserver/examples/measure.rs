//! What the API server costs: `cargo run --release --example measure [OBJECTS]`. Prints writes per second with 16
//! writers, the CPU time of a server-side apply, lists, the fan-out of a watch, and resident memory.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use std::time::{Duration, Instant};
use tower::ServiceExt;
use windlass_apiserver::{ApiServer, ApiService, Identity, Options};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn deployment(name: &str, image: &str) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","labels":{{"app":"{name}"}}}},
        "spec":{{"replicas":2,"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":
        {{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"web","image":"{image}","ports":[{{"containerPort":80}}],
        "env":[{{"name":"A","value":"1"}}],"resources":{{"limits":{{"cpu":"100m","memory":"64Mi"}}}}}}]}}}}}}}}"#
    )
}

async fn ask(
    service: &ApiService,
    method: Method,
    path: &str,
    body: String,
) -> Result<Bytes, Failure> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/apply-patch+yaml")
        .body(Full::new(Bytes::from(body)))?;
    let reply = service.clone().oneshot(request).await?;
    let (code, body) = (reply.status(), reply.into_body().collect().await?.to_bytes());
    if code.is_success() {
        Ok(body)
    } else {
        Err(String::from_utf8_lossy(&body).into_owned().into())
    }
}

async fn apply(service: &ApiService, name: &str, image: &str) -> Result<(), Failure> {
    let path = format!("{DEPLOYMENTS}/{name}?fieldManager=measure&force=true");
    ask(service, Method::PATCH, &path, deployment(name, image)).await.map(drop)
}

/// CPU time of this process, user and system.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.trim_start_matches("VmRSS:").trim().to_owned()
}

/// Applies to `count` objects with 16 writers.
async fn round(service: &ApiService, count: usize, image: &str) -> Result<(), Failure> {
    let writers = (0..16).map(|writer| {
        let (service, image) = (service.clone(), image.to_owned());
        tokio::spawn(async move {
            for n in (writer..count).step_by(16) {
                apply(&service, &format!("d{n}"), &image).await?;
            }
            Ok::<(), Failure>(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let options = Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let server = ApiServer::open(options).await?;
    let service = server.service(Identity::admin("measure"));
    println!("resident, empty: {}", resident());
    for (what, image) in [("create", "a:1"), ("change", "a:2"), ("no change", "a:2")] {
        let (start, used) = (Instant::now(), cpu());
        round(&service, count, image).await?;
        let (wall, used) = (start.elapsed(), cpu() - used);
        println!(
            "apply, {what}: {:.0}/s with 16 writers, {:.3} ms CPU each",
            count as f64 / wall.as_secs_f64(),
            used.as_secs_f64() * 1000.0 / count as f64
        );
    }
    println!("resident, {count} objects: {}", resident());
    let start = Instant::now();
    let list = ask(&service, Method::GET, DEPLOYMENTS, String::new()).await?;
    println!("list of all: {:?}, {} bytes", start.elapsed(), list.len());
    drop(list);
    let start = Instant::now();
    let path = format!("{DEPLOYMENTS}?labelSelector=app=d77");
    ask(&service, Method::GET, &path, String::new()).await?;
    println!("list by label: {:?}", start.elapsed());
    fan_out(&service).await?;
    println!("resident at the end: {}", resident());
    let reopen = Instant::now();
    server.shutdown().await;
    drop((service, server));
    let options = Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let server = ApiServer::open(options).await?;
    println!("closed and opened again: {:?}, resident {}", reopen.elapsed(), resident());
    server.shutdown().await;
    Ok(())
}

/// 1,000 watchers see 100 changes.
async fn fan_out(service: &ApiService) -> Result<(), Failure> {
    const WATCHERS: usize = 1000;
    const CHANGES: usize = 100;
    let path =
        format!("{DEPLOYMENTS}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        let request = Request::get(&path).body(Full::new(Bytes::new()))?;
        let mut body = service.clone().oneshot(request).await?.into_body();
        watchers.push(tokio::spawn(async move {
            for _ in 0..CHANGES {
                let _ = body.frame().await;
            }
        }));
    }
    let (start, used) = (Instant::now(), cpu());
    for n in 0..CHANGES {
        apply(service, &format!("d{}", n % 10), &format!("b:{n}")).await?;
    }
    for watcher in watchers {
        watcher.await?;
    }
    let events = (WATCHERS * CHANGES) as f64;
    println!(
        "{WATCHERS} watchers, {CHANGES} changes: {:.0} events/s, {:.4} ms CPU per event",
        events / start.elapsed().as_secs_f64(),
        (cpu() - used).as_secs_f64() * 1000.0 / events
    );
    Ok(())
}
