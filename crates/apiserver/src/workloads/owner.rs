//! Who controls whom, and the names and hashes that children get.

use super::fields::{list, text};
use crate::store::{Key, ResourceId};
use object::{Manifest as _, Value, map, to_json};

/// What marks everything the simulation made or runs.
pub const SIMULATED: &str = "windlass.dev/simulated";

/// The letters and digits of generated names: no vowels and none that look alike, so that no words arise
/// (`k8s.io/apimachinery/pkg/util/rand`).
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The `ownerReferences` entry by which `owner` controls its children.
pub(super) fn controller_reference(owner: &Value) -> Value {
    map! {
        "apiVersion": owner.api_version(),
        "kind": owner.kind(),
        "name": owner.name(),
        "uid": owner.meta("uid").unwrap_or_default(),
        "controller": true,
        "blockOwnerDeletion": true,
    }
    .into()
}

/// The owner that controls `object`.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    let owners = list(object, ["metadata", "ownerReferences"]);
    owners.iter().find(|o| o.get("controller").and_then(Value::as_bool) == Some(true))
}

/// Whether the object with `uid` controls `object`.
pub(super) fn is_controlled_by(object: &Value, uid: &str) -> bool {
    controller(object).is_some_and(|o| text(o, ["uid"]) == uid)
}

/// Where the controller of `object` is stored, when it is of a simulated kind.
pub(super) fn controller_key(object: &Value) -> Option<Key> {
    let owner = controller(object)?;
    let (group, plural) = match (owner.kind(), owner.gvk().group.as_str()) {
        ("Deployment", "apps") => ("apps", "deployments"),
        ("ReplicaSet", "apps") => ("apps", "replicasets"),
        ("StatefulSet", "apps") => ("apps", "statefulsets"),
        ("DaemonSet", "apps") => ("apps", "daemonsets"),
        ("Job", "batch") => ("batch", "jobs"),
        ("CronJob", "batch") => ("batch", "cronjobs"),
        _ => return None,
    };
    Some(Key::new(&ResourceId::new(group, plural), object.namespace(), text(owner, ["name"])))
}

/// A short name part for a hash: stable, not Kubernetes' own, which hashes a print-out of Go structures.
pub(super) fn hash_name(value: &Value, collisions: i64) -> String {
    let mut hash = fnv(&to_json(value), 0x811c_9dc5);
    if collisions != 0 {
        hash = fnv(&collisions.to_le_bytes(), hash);
    }
    hash.to_string().bytes().map(|b| char::from(ALPHABET[usize::from(b) % 27])).collect()
}

/// Five characters that tell the child number `number` that `owner` gets at `moment` from all others: a
/// name part like the server's `generateName` makes, but a function of its arguments.
pub(super) fn suffix(owner_uid: &str, moment: i64, number: usize) -> String {
    let mut hash = fnv(owner_uid.as_bytes(), 0x811c_9dc5);
    hash = fnv(&moment.to_le_bytes(), hash);
    let mut hash = u64::from(fnv(&number.to_le_bytes(), hash)) << 20 | (number as u64 & 0xf_ffff);
    (0..5)
        .map(|_| {
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (hash >> 29);
            char::from(ALPHABET[(hash >> 33) as usize % 27])
        })
        .collect()
}

fn fnv(bytes: &[u8], start: u32) -> u32 {
    bytes.iter().fold(start, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

/// A name cut to `max` bytes with `suffix` kept whole behind it.
pub(super) fn joined_name(base: &str, suffix: &str, max: usize) -> String {
    let room = max.saturating_sub(suffix.len() + 1);
    let mut end = base.len().min(room);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{suffix}", &base[..end])
}

/// A Pod of `owner` from a Pod template: labels, annotations and spec of the template, the controller
/// reference, and the mark of simulation.
pub(super) fn pod_of(owner: &Value, template: &Value, name: &str) -> Value {
    let mut metadata = map! {
        "name": name,
        "namespace": owner.namespace(),
        "ownerReferences": vec![controller_reference(owner)],
    };
    for member in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at(["metadata", member]) {
            metadata.insert(member, value.clone());
        }
    }
    let mut pod = Value::from(map! {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": template.get("spec").cloned().unwrap_or_else(Value::map),
        "status": map! {"phase": "Pending"},
    });
    pod.set_annotation(SIMULATED, "true");
    pod
}
