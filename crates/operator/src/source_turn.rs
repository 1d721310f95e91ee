//! What the turns of all sources but Git repositories have in common: finalizer, status, events, the next turn.

use crate::context::{Context, now};
use crate::registry::{Registry, Watched};
use crate::{Id, Urgency, requested_at, status};
use api::names::{self, condition, event, reason};
use api::{Artifact, Condition, ConditionStatus, Timestamp};
use object::Value;
use reconcile::{EventRecord, Severity};
use std::collections::BTreeMap;
use std::time::Duration;

/// Pause after a failure that may pass, doubling up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// Why a source cannot be had.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Condition beside Ready.
    pub(crate) condition: &'static str,
    /// Reason of both.
    pub(crate) reason: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// Whether no retry can help before somebody changes something.
    pub(crate) stalled: bool,
}

impl Fault {
    pub(crate) fn fetch(reason: &'static str, error: &dyn std::error::Error) -> Self {
        Self { condition: condition::FETCH_FAILED, reason, message: chain(error), stalled: false }
    }

    pub(crate) fn stalled(self, stalled: bool) -> Self {
        Self { stalled, ..self }
    }

    pub(crate) fn unsupported(what: &str) -> Self {
        Self {
            condition: condition::FETCH_FAILED,
            reason: reason::FEATURE_GATE_DISABLED,
            message: what.to_owned(),
            stalled: true,
        }
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// A source's conditions, and what else is in its status.
pub(crate) struct Written<T> {
    pub(crate) object: T,
    pub(crate) events: Vec<EventRecord>,
}

/// The conditions of a source that has its newest artifact, and the events when that is new.
pub(crate) fn stored(
    old: &[Condition],
    generation: i64,
    artifact: Option<&Artifact>,
    (message, fresh): (&str, bool),
) -> (Vec<Condition>, Vec<EventRecord>) {
    let kinds: &[&str] = match artifact {
        Some(_) => &[condition::READY, condition::ARTIFACT_IN_STORAGE],
        None => &[condition::READY],
    };
    let make = |kind: &&str| make(old, kind, true, generation, (reason::SUCCEEDED, message));
    let events = match artifact {
        Some(artifact) if fresh => {
            let key = |name| format!("{}/{name}", names::SOURCE_GROUP);
            vec![EventRecord {
                severity: Severity::Info,
                reason: reason::NEW_ARTIFACT.to_owned(),
                message: message.to_owned(),
                metadata: BTreeMap::from([
                    (key(event::REVISION), artifact.revision.clone()),
                    (key(event::DIGEST), artifact.digest.clone()),
                ]),
            }]
        }
        _ => Vec::new(),
    };
    (kinds.iter().map(make).collect(), events)
}

/// The conditions of a source that cannot be had.
pub(crate) fn failed(
    old: &[Condition],
    generation: i64,
    fault: &Fault,
) -> (Vec<Condition>, Vec<EventRecord>) {
    let Fault { condition: kind, reason, message, stalled } = fault;
    let first = if *stalled {
        make(old, condition::STALLED, true, generation, (reason, message))
    } else {
        let why = names::reason::PROGRESSING_WITH_RETRY;
        make(old, condition::RECONCILING, true, generation, (why, message))
    };
    let mut conditions = vec![
        first,
        make(old, condition::READY, false, generation, (reason, message)),
        make(old, kind, true, generation, (reason, message)),
    ];
    conditions.extend(old.iter().filter(|c| c.kind == condition::ARTIFACT_IN_STORAGE).cloned());
    let event = EventRecord {
        severity: Severity::Error,
        reason: (*reason).to_owned(),
        message: message.clone(),
        metadata: BTreeMap::new(),
    };
    (conditions, vec![event])
}

fn make(
    old: &[Condition],
    kind: &str,
    holds: bool,
    generation: i64,
    (reason, message): (&str, &str),
) -> Condition {
    let status = if holds { ConditionStatus::True } else { ConditionStatus::False };
    let same = old.iter().find(|c| c.kind == kind && c.status == status);
    Condition {
        kind: kind.to_owned(),
        status,
        observed_generation: Some(generation),
        last_transition_time: same.map_or_else(now, |c| c.last_transition_time),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

/// An artifact as a status has it; it keeps its time while it is the same.
pub(crate) fn artifact(
    context: &Context,
    old: Option<&Artifact>,
    path: String,
    (revision, digest): (&str, &str),
    (size, metadata): (u64, BTreeMap<String, String>),
) -> Artifact {
    let same = old.filter(|a| a.digest == digest && a.path == path && a.revision == revision);
    let last_update_time: Timestamp = same.map_or_else(now, |a| a.last_update_time);
    Artifact {
        url: format!("{}/{path}", context.settings.artifact_address),
        path,
        revision: revision.to_owned(),
        digest: digest.to_owned(),
        last_update_time,
        size: i64::try_from(size).ok(),
        metadata,
    }
}

/// Sets our finalizer if it is missing; answers whether the turn may go on.
pub(crate) async fn hold<T: Watched>(
    context: &Context,
    registry: &Registry<T>,
    object: &T,
    manager: &str,
) -> bool {
    let metadata = object.metadata();
    if metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
        return true;
    }
    let set =
        status::write_finalizer(&context.client, &T::resource(), metadata, true, manager).await;
    if let Err(error) = set {
        let id = Id::of(metadata);
        tracing::warn!(kind = T::KIND, object = %id, %error, "the finalizer cannot be set; trying again");
        registry.queue.add_after(id, FIRST_RETRY, Urgency::Soon);
        return false;
    }
    true
}

/// Takes our finalizer away from an object that is being deleted. The object is asked for first: what is known of it may
/// be older than a status that was just written.
pub(crate) async fn release<T: Watched>(
    context: &Context,
    registry: &Registry<T>,
    object: &T,
    manager: &str,
) {
    let metadata = object.metadata();
    if !metadata.finalizers.iter().any(|f| f == names::FINALIZER) {
        return;
    }
    let id = Id::of(metadata);
    let resource = T::resource();
    let gone = async {
        let Some(live) = context.client.get(&resource, &id.namespace, &id.name).await? else {
            return Ok(());
        };
        let live: Option<T> = object::from_value(&live).ok();
        let metadata = live.as_ref().map_or(metadata, T::metadata);
        status::write_finalizer(&context.client, &resource, metadata, false, manager).await
    };
    if let Err(error) = gone.await {
        tracing::warn!(kind = T::KIND, object = %id, %error, "the finalizer cannot be removed; trying again");
        registry.queue.add_after(id, FIRST_RETRY, Urgency::Soon);
    }
}

/// Writes what changed between two states of an object's status, and sends events.
pub(crate) async fn write<T: Watched>(
    context: &Context,
    registry: &Registry<T>,
    before: &T,
    written: Written<T>,
    (manager, reporter): (&str, &str),
) {
    let part = |object: &T| -> Value {
        let mut whole = object::to_value(object).unwrap_or_default();
        whole.get_mut("status").map(std::mem::take).unwrap_or_default()
    };
    let id = Id::of(before.metadata());
    let (old, new) = (part(before), part(&written.object));
    if old != new {
        let resource = T::resource();
        let result =
            status::write_status(&context.client, &resource, &id, (&old, &new), manager).await;
        if let Err(error) = result {
            tracing::warn!(kind = T::KIND, object = %id, %error, "the status cannot be written");
            registry.queue.add_after(id.clone(), FIRST_RETRY, Urgency::Soon);
        }
        registry.put(written.object);
    }
    let api_version = T::api_version();
    let kind = (api_version.as_str(), T::KIND);
    status::send_events(&context.client, kind, before.metadata(), reporter, &written.events).await;
}

/// When the next turn is: after the interval, or sooner after a failure.
pub(crate) fn schedule<T: Watched>(
    registry: &Registry<T>,
    id: &Id,
    interval: Duration,
    fault: Option<&Fault>,
) {
    let delay = match fault {
        Some(fault) if fault.stalled => return,
        Some(_) => {
            let failures = registry.count_failure(id).min(16);
            (FIRST_RETRY * (1 << failures)).min(interval.max(FIRST_RETRY))
        }
        None => {
            registry.forget_failures(id);
            interval
        }
    };
    registry.queue.add_after(id.clone(), delay, Urgency::Later);
}

/// The token to echo, when there is one.
pub(crate) fn handled<T: Watched>(object: &T, before: &Option<String>) -> Option<String> {
    requested_at(object.metadata()).cloned().or_else(|| before.clone())
}
