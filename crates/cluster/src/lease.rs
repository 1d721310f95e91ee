//! Leader election with a `coordination.k8s.io/v1` Lease, so that of several replicas one works.

use crate::{ApiError, Client, Resource, WriteOptions};
use jiff::{SignedDuration, Timestamp};
use object::{Manifest, Value, map};
use std::future::Future;
use std::time::{Duration, Instant};

/// How a lease is held. The figures are those of controller-runtime.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who we are; unique among the replicas.
    pub identity: String,
    /// Others may take the lease after it was not renewed for this long.
    pub duration: Duration,
    /// We stop working when we could not renew for this long (shorter than `duration`: the fence).
    pub renew_deadline: Duration,
    /// Pause between tries.
    pub retry: Duration,
}

impl LeaseOptions {
    /// The usual figures: 15 s, 10 s and 2 s.
    pub fn new(namespace: &str, name: &str, identity: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            identity: identity.to_owned(),
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// Waits for the lease, runs `work` while it is held, and drops `work` unfinished when it is lost.
///
/// Answers `Some` with what `work` gave, or `None` when the lease was lost.
pub async fn lead<T>(
    client: &Client,
    options: &LeaseOptions,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut seen = Seen::default();
    let held = loop {
        match acquire(client, options, None, &mut seen).await {
            Ok(Some(held)) => break held,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "cannot ask for the lease; trying again"),
        }
        tokio::time::sleep(options.retry).await;
    };
    tracing::info!(lease = %options.name, identity = %options.identity, "this replica leads");
    tokio::select! {
        result = work => {
            release(client, options).await;
            Some(result)
        }
        () = renew_until_lost(client, options, held) => None,
    }
}

/// What was last seen of another holder, and when by our own clock: clocks of machines differ, so its
/// `renewTime` is never compared with ours.
#[derive(Default)]
struct Seen {
    record: String,
    since: Option<Instant>,
}

fn resource() -> Resource {
    Resource::known("coordination.k8s.io", "v1", "Lease", "leases", true)
}

/// The lease as it stands when it is ours now. `held` is what our last write left: while nobody else wrote,
/// a renewal is that one write, and a conflict says that somebody did.
async fn acquire(
    client: &Client,
    options: &LeaseOptions,
    held: Option<Value>,
    seen: &mut Seen,
) -> Result<Option<Value>, ApiError> {
    let write = WriteOptions { field_manager: "windlass", ..WriteOptions::default() };
    let live = match held {
        Some(held) => Some(held),
        None => client.get(&resource(), &options.namespace, &options.name).await?,
    };
    let Some(live) = live else {
        let lease = lease(options, None, 0);
        return unless_conflict(client.create(&resource(), &lease, write).await);
    };
    let holder = text(&live, "holderIdentity");
    if !holder.is_empty() && holder != options.identity {
        let record = format!("{holder} {}", text(&live, "renewTime"));
        if record != seen.record {
            *seen = Seen { record, since: Some(Instant::now()) };
        }
        if seen.since.is_some_and(|at| at.elapsed() < options.duration) {
            return Ok(None);
        }
    }
    let transitions = live.at(["spec", "leaseTransitions"]).and_then(Value::as_int).unwrap_or(0);
    let moved = i64::from(holder != options.identity);
    let lease = lease(options, Some(&live), transitions + moved);
    unless_conflict(client.replace(&resource(), &lease, write).await)
}

fn unless_conflict(written: Result<Value, ApiError>) -> Result<Option<Value>, ApiError> {
    match written {
        Ok(lease) => Ok(Some(lease)),
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Renews until that failed for the renew deadline, or somebody else holds the lease.
async fn renew_until_lost(client: &Client, options: &LeaseOptions, held: Value) {
    let mut last = Instant::now();
    let mut held = Some(held);
    loop {
        tokio::time::sleep(options.retry).await;
        let left = options.renew_deadline.saturating_sub(last.elapsed());
        let mut seen = Seen { record: String::new(), since: Some(Instant::now()) };
        let tried = tokio::time::timeout(
            left.max(Duration::from_millis(1)),
            acquire(client, options, held.take(), &mut seen),
        );
        match tried.await {
            Ok(Ok(Some(renewed))) => {
                last = Instant::now();
                held = Some(renewed);
            }
            Ok(Ok(None)) if !seen.record.is_empty() => {
                tracing::error!(holder = %seen.record, "another replica holds the lease");
                return;
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot renew the lease; trying again"),
            Err(_) => tracing::warn!("renewing the lease takes too long"),
        }
        if last.elapsed() >= options.renew_deadline {
            tracing::error!("the lease could not be renewed in time: this replica stops working");
            return;
        }
    }
}

/// Gives the lease back, so that the next replica need not wait.
async fn release(client: &Client, options: &LeaseOptions) {
    let write = WriteOptions { field_manager: "windlass", ..WriteOptions::default() };
    let patch = Value::Map(map! {"spec": map!{"holderIdentity": "", "leaseDurationSeconds": 1}});
    let at = (options.namespace.as_str(), options.name.as_str(), "");
    if let Err(error) = client.merge_patch(&resource(), at, &patch, write).await {
        tracing::debug!(%error, "the lease was not given back");
    }
}

fn text<'a>(lease: &'a Value, field: &str) -> &'a str {
    lease.at(["spec", field]).and_then(Value::as_str).unwrap_or_default()
}

fn lease(options: &LeaseOptions, live: Option<&Value>, transitions: i64) -> Value {
    let now = micro_time(Timestamp::now());
    let held = live.filter(|l| text(l, "holderIdentity") == options.identity);
    let acquired = held.map_or(now.clone(), |l| text(l, "acquireTime").to_owned());
    let mut metadata =
        map! {"name": options.name.as_str(), "namespace": options.namespace.as_str()};
    if let Some(version) = live.and_then(|l| l.meta("resourceVersion")) {
        metadata.insert("resourceVersion", version);
    }
    Value::Map(map! {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": map! {
            "holderIdentity": options.identity.as_str(),
            "leaseDurationSeconds": i64::try_from(options.duration.as_secs()).unwrap_or(15),
            "acquireTime": acquired,
            "renewTime": now,
            "leaseTransitions": transitions,
        },
    })
}

/// A `MicroTime`: RFC 3339 with six digits.
fn micro_time(at: Timestamp) -> String {
    let whole = at.round(jiff::Unit::Microsecond).unwrap_or(at);
    let fraction = whole.subsec_nanosecond() / 1000;
    let seconds = whole - SignedDuration::from_nanos(i64::from(whole.subsec_nanosecond()));
    format!("{}.{fraction:06}Z", seconds.to_string().trim_end_matches('Z'))
}
