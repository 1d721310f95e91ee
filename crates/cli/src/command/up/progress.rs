//! One line for everything that becomes ready or fails, until all is ready.

use super::super::get::{condition, one_line, short_revision};
use super::super::target::Kind;
use cluster::Client;
use object::{Manifest, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Shows progress until everything is ready; what fails is shown, and waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);

/// What a line said last of an object.
#[derive(PartialEq)]
struct Line {
    ready: Option<bool>,
    text: String,
}

/// Watches sources and Kustomizations become ready.
pub(super) async fn show(client: &Client, started: Instant) {
    let mut shown: BTreeMap<String, Line> = BTreeMap::new();
    let mut calm_since: Option<Instant> = None;
    loop {
        let mut all_ready = true;
        for kind in Kind::ALL {
            let Ok(list) = client.list(&kind.resource(), "", &[("limit", "500")]).await else {
                continue;
            };
            let items = list.get("items").and_then(Value::as_list).unwrap_or_default();
            // `up` declares one of each of these; of the other kinds there need not be any.
            let declared = matches!(kind, Kind::GitRepository | Kind::Kustomization);
            all_ready &= !(declared && items.is_empty());
            for object in items {
                let line = line(kind, object);
                all_ready &= line.ready == Some(true);
                let name = format!("{} {}/{}", kind.name(), object.namespace(), object.name());
                if shown.get(&name) != Some(&line) {
                    print(&name, &line, started);
                    shown.insert(name, line);
                }
            }
        }
        if all_ready && calm_since.get_or_insert_with(Instant::now).elapsed() > LOOK {
            say!("\nEverything is ready after {:.1} s.", started.elapsed().as_secs_f32());
            return;
        }
        if !all_ready {
            calm_since = None;
        }
        if started.elapsed() > PATIENCE {
            say!("\nNot everything is ready yet; `windlass get` shows what is missing.");
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn line(kind: Kind, object: &Value) -> Line {
    let ready = condition(object, "Ready");
    let text = |key| ready.and_then(|c| c.get(key)).and_then(Value::as_str).unwrap_or_default();
    match text("status") {
        "True" => {
            let revision = short_revision(kind.revision(object));
            Line { ready: Some(true), text: format!("ready at {revision}") }
        }
        // Waiting for another, or for the first fetch, is no failure.
        "False" if matches!(text("reason"), "DependencyNotReady" | "ArtifactFailed") => {
            Line { ready: None, text: one_line(text("message"), 100) }
        }
        "False" => Line { ready: Some(false), text: one_line(text("message"), 100) },
        _ => Line { ready: None, text: "working".to_owned() },
    }
}

fn print(name: &str, line: &Line, started: Instant) {
    let mark = match line.ready {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "…",
    };
    say!("  {:>5.1}s {mark} {name}: {}", started.elapsed().as_secs_f32(), line.text);
}
