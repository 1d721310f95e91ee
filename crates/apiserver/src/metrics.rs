//! Figures about the server in the Prometheus text format, under the names of a real server where it has them.
//!
//! Counting costs a request one look-up and a few atomic additions. Deliberately absent: figures of what this server
//! does not have (etcd, priority and fairness, leader election of controllers).

use crate::access::Attributes;
use crate::rest::Api;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Upper bounds of the latency histogram in seconds, those of a real server.
const BUCKETS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0,
    10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
];

/// Figures of one server.
pub(crate) struct Metrics {
    requests: Family<Requests>,
    watches: Family<Watches>,
    reading: AtomicI64,
    writing: AtomicI64,
    started: SystemTime,
}

/// Series of one kind by their labels.
struct Family<S>(RwLock<HashMap<u64, Arc<S>>>);

impl<S> Default for Family<S> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<S> Family<S> {
    /// The series of `key`, made when it is new. Two keys of one hash would share a series: among some hundred of
    /// them that is not to be expected.
    fn get(&self, key: &impl Hash, make: impl FnOnce() -> S) -> Arc<S> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some(series) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return series.clone();
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(hash).or_insert_with(|| Arc::new(make())).clone()
    }

    fn all(&self, labels: impl Fn(&S) -> &str) -> Vec<Arc<S>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Arc<S>> = all.values().cloned().collect();
        all.sort_by(|a, b| labels(a).cmp(labels(b)));
        all
    }
}

/// Requests that had one answer code.
struct Requests {
    /// `verb="GET",...`, without the code.
    labels: String,
    code: u16,
    count: AtomicU64,
    nanoseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len()],
}

/// Watches of one resource.
pub(crate) struct Watches {
    labels: String,
    open: AtomicI64,
    events: AtomicU64,
}

impl Watches {
    /// Something was sent to a watcher.
    pub(crate) fn sent(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }
}

/// A watch while it is open.
pub(crate) struct OpenWatch(pub(crate) Arc<Watches>);

impl Drop for OpenWatch {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request while it is worked on.
pub(crate) struct InFlight<'m>(&'m AtomicI64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The verb as the figures have it.
fn verb(asked: &Attributes, apply: bool) -> &'static str {
    match asked.verb.as_str() {
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" if apply => "APPLY",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => "OTHER",
    }
}

fn scope(asked: &Attributes) -> &'static str {
    match (asked.is_resource(), asked.name.is_empty(), asked.namespace.is_empty()) {
        (false, ..) => "",
        (true, false, _) => "resource",
        (true, true, false) => "namespace",
        (true, true, true) => "cluster",
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: Family::default(),
            watches: Family::default(),
            reading: AtomicI64::new(0),
            writing: AtomicI64::new(0),
            started: SystemTime::now(),
        }
    }

    /// Counts a request while the answer lives.
    pub(crate) fn enter(&self, asked: &Attributes) -> InFlight<'_> {
        let reads = matches!(asked.verb.as_str(), "get" | "list" | "watch" | "head");
        let counter = if reads { &self.reading } else { &self.writing };
        counter.fetch_add(1, Ordering::Relaxed);
        InFlight(counter)
    }

    /// Counts an answered request. Of resources that are not `known` only the fact is counted, so that nobody can fill
    /// the memory with names.
    pub(crate) fn answered(
        &self,
        asked: &Attributes,
        known: bool,
        query: Query,
        code: u16,
        took: Duration,
    ) {
        let (verb, scope) = (verb(asked, query.apply), if known { scope(asked) } else { "" });
        let part =
            |text: &'static str, own: &str| if known { own.to_owned() } else { text.to_owned() };
        let dry = if query.dry_run { "All" } else { "" };
        let own: [&str; 4] = if known {
            [&asked.group, &asked.version, &asked.resource, &asked.subresource]
        } else {
            [""; 4]
        };
        let series = self.requests.get(&(verb, dry, own, scope, code), || Requests {
            labels: format!(
                "verb=\"{verb}\",dry_run=\"{dry}\",group=\"{}\",version=\"{}\",resource=\"{}\",subresource=\"{}\",\
                 scope=\"{scope}\",component=\"apiserver\"",
                part("", &asked.group),
                part("", &asked.version),
                part("", &asked.resource),
                part("", &asked.subresource),
            ),
            code,
            count: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; BUCKETS.len()],
        });
        series.count.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        series.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        if let Some(at) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            series.buckets[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a watch while it is open.
    pub(crate) fn watching(&self, asked: &Attributes) -> OpenWatch {
        let scope = scope(asked);
        let series =
            self.watches.get(&(&asked.group, &asked.version, &asked.resource, scope), || Watches {
                labels: format!(
                    "group=\"{}\",version=\"{}\",resource=\"{}\",scope=\"{scope}\"",
                    asked.group, asked.version, asked.resource
                ),
                open: AtomicI64::new(0),
                events: AtomicU64::new(0),
            });
        series.open.fetch_add(1, Ordering::Relaxed);
        OpenWatch(series)
    }

    /// Everything as text.
    pub(crate) fn render(&self, api: &Api, audit: Option<(u64, u64)>) -> String {
        let mut out = String::new();
        self.render_requests(&mut out);
        let flight = [("mutating", &self.writing), ("readOnly", &self.reading)];
        let flight = flight.map(|(kind, n)| (format!("request_kind=\"{kind}\""), number(n)));
        family(
            &mut out,
            "apiserver_current_inflight_requests",
            "gauge",
            "Requests that are worked on now, by kind.",
            flight,
        );
        let mut stored: Vec<(String, String)> = api
            .store()
            .resources()
            .into_iter()
            .map(|(resource, count)| (format!("resource=\"{resource}\""), count.to_string()))
            .collect();
        stored.sort();
        family(
            &mut out,
            "apiserver_storage_objects",
            "gauge",
            "Stored objects, by resource.",
            stored,
        );
        let (written, lost) = audit.unwrap_or_default();
        let none = String::new;
        family(
            &mut out,
            "apiserver_audit_event_total",
            "counter",
            "Audit events that were written.",
            [(none(), written.to_string())],
        );
        family(
            &mut out,
            "apiserver_audit_error_total",
            "counter",
            "Audit events that were lost, by plugin.",
            [("plugin=\"log\"".to_owned(), lost.to_string())],
        );
        let version = schema::builtin::KUBERNETES_VERSION;
        let build = format!("git_version=\"{version}+windlass.{}\"", env!("CARGO_PKG_VERSION"));
        let text = "The Kubernetes whose API is served.";
        family(&mut out, "kubernetes_build_info", "gauge", text, [(build, "1".to_owned())]);
        self.render_process(&mut out);
        out
    }

    fn render_requests(&self, out: &mut String) {
        let requests = self.requests.all(|r| &r.labels);
        let count = |r: &Arc<Requests>| r.count.load(Ordering::Relaxed);
        let lines = requests
            .iter()
            .map(|r| (format!("{},code=\"{}\"", r.labels, r.code), count(r).to_string()));
        family(
            out,
            "apiserver_request_total",
            "counter",
            "Requests, by verb, dry run, resource, scope and answer code.",
            lines,
        );
        let name = "apiserver_request_duration_seconds";
        header(out, name, "histogram", "Time that requests took, watches apart.");
        let ordinary: Vec<&Arc<Requests>> =
            requests.iter().filter(|r| !r.labels.starts_with("verb=\"WATCH\"")).collect();
        // Series that differ in their code only are one here.
        for group in ordinary.chunk_by(|a, b| a.labels == b.labels) {
            let labels = &group[0].labels;
            let mut sum = 0;
            for (at, bound) in BUCKETS.iter().enumerate() {
                sum += group.iter().map(|r| r.buckets[at].load(Ordering::Relaxed)).sum::<u64>();
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {sum}");
            }
            let total: u64 = group.iter().map(|r| count(r)).sum();
            let nanoseconds: u64 =
                group.iter().map(|r| r.nanoseconds.load(Ordering::Relaxed)).sum();
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {total}");
            let _ = writeln!(out, "{name}_sum{{{labels}}} {}", nanoseconds as f64 / 1e9);
            let _ = writeln!(out, "{name}_count{{{labels}}} {total}");
        }
        let watches = self.watches.all(|w| &w.labels);
        let open = watches.iter().map(|w| {
            (format!("verb=\"WATCH\",{},component=\"apiserver\"", w.labels), number(&w.open))
        });
        let text = "Watches that are open now.";
        family(out, "apiserver_longrunning_requests", "gauge", text, open);
        let events = watches
            .iter()
            .map(|w| (w.labels.clone(), w.events.load(Ordering::Relaxed).to_string()));
        let text = "Pieces that were sent to watchers; events that come together are one.";
        family(out, "apiserver_watch_events_total", "counter", text, events);
    }

    /// As every Prometheus client tells of its process; only where there is `/proc`.
    fn render_process(&self, out: &mut String) {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let mut tell = |name: &str, kind: &str, text: &str, value: Option<String>| {
            if let Some(value) = value {
                family(out, name, kind, text, [(String::new(), value)]);
            }
        };
        let text = "Start time of the process since the epoch in seconds.";
        tell("process_start_time_seconds", "gauge", text, Some(started.to_string()));
        let stat = std::fs::read_to_string("/proc/self/stat").ok();
        // Behind the program's name, which may hold anything: the 12th and 13th are ticks of a hundredth of a second.
        let after = stat.as_deref().and_then(|s| s.rsplit_once(')')).map(|(_, rest)| rest);
        let ticks = after.map(|rest| {
            rest.split_whitespace()
                .skip(11)
                .take(2)
                .filter_map(|t| t.parse::<u64>().ok())
                .sum::<u64>()
        });
        let seconds = ticks.map(|t| (t as f64 / 100.0).to_string());
        tell("process_cpu_seconds_total", "counter", "CPU time spent in seconds.", seconds);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let size = |key: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(key))?;
            let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
            Some((kilobytes * 1024).to_string())
        };
        let text = "Resident memory in bytes.";
        tell("process_resident_memory_bytes", "gauge", text, size("VmRSS:"));
        let text = "Virtual memory in bytes.";
        tell("process_virtual_memory_bytes", "gauge", text, size("VmSize:"));
        let open =
            std::fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count().to_string());
        tell("process_open_fds", "gauge", "Open file descriptors.", open);
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let most = limits.lines().find_map(|l| l.strip_prefix("Max open files"));
        let most = most.and_then(|l| l.split_whitespace().next()).map(str::to_owned);
        tell("process_max_fds", "gauge", "Most file descriptors that may be open.", most);
    }
}

/// What is counted of a request beside its attributes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Query {
    /// It is a server-side apply.
    pub(crate) apply: bool,
    /// Nothing is to be written.
    pub(crate) dry_run: bool,
}

fn number(of: &AtomicI64) -> String {
    of.load(Ordering::Relaxed).to_string()
}

fn header(out: &mut String, name: &str, kind: &str, text: &str) {
    let _ = writeln!(out, "# HELP {name} {text}\n# TYPE {name} {kind}");
}

fn family(
    out: &mut String,
    name: &str,
    kind: &str,
    text: &str,
    lines: impl IntoIterator<Item = (String, String)>,
) {
    header(out, name, kind, text);
    for (labels, value) in lines {
        let _ = if labels.is_empty() {
            writeln!(out, "{name} {value}")
        } else {
            writeln!(out, "{name}{{{labels}}} {value}")
        };
    }
}
