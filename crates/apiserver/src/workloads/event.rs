//! Events, written so that nobody takes them for those of a real cluster.

use super::change::Change;
use super::fields::stamp;
use super::owner::{SIMULATED, hash_name};
use jiff::Timestamp;
use object::{Manifest as _, Map, Value, map};

/// An Event about `object` by the simulated `component` (`simulated-kubelet`, ...). `kind` is `Normal` or
/// `Warning`. Its name follows from its content and second, so saying a thing twice says it once.
pub(super) fn event(
    object: &Value,
    component: &str,
    (kind, reason): (&str, &str),
    message: &str,
    now: Timestamp,
) -> Change {
    let about = map! {
        "apiVersion": object.api_version(),
        "kind": object.kind(),
        "name": object.name(),
        "namespace": object.namespace(),
        "uid": object.meta("uid").unwrap_or_default(),
        "resourceVersion": object.meta("resourceVersion").unwrap_or_default(),
    };
    let content = map! {
        "uid": object.meta("uid").unwrap_or_default(),
        "reason": reason,
        "message": message,
        "at": now.as_second(),
    };
    let namespace = match object.namespace() {
        "" => "default",
        namespace => namespace,
    };
    Change::Create(
        map! {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": map! {
                "name": format!("{}.{}", object.name(), hash_name(&content.into(), 0)),
                "namespace": namespace,
                "annotations": Map::from_iter([(SIMULATED, "true")]),
            },
            "involvedObject": about,
            "type": kind,
            "reason": reason,
            "message": message,
            "source": map! {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
            "firstTimestamp": stamp(now),
            "lastTimestamp": stamp(now),
            "count": 1,
            "eventTime": Value::Null,
        }
        .into(),
    )
}
