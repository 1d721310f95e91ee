//! Claims: bound at once to a volume that is made for them.
//!
//! A claim whose storage class has `missing` or `notfound` in its name stays pending. Deliberately absent:
//! volumes that were there before, waiting for the first consumer, finalizers.

use super::change::{Change, Step};
use super::event::event;
use super::fields::{is_deleted, set, text};
use super::owner::SIMULATED;
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// The component its Events name.
const CONTROLLER: &str = "simulated-persistentvolume-controller";
const BOUND: &str = "pv.kubernetes.io/bind-completed";

/// The next writes for a claim. `has_volume` says whether there is a volume of a name.
pub fn step(claim: &Value, has_volume: impl Fn(&str) -> bool, now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(claim) {
        return step;
    }
    let class = text(claim, ["spec", "storageClassName"]);
    if class.contains("missing") || class.contains("notfound") {
        if claim.annotation(SIMULATED).is_none() {
            let mut marked = claim.clone();
            marked.set_annotation(SIMULATED, "true");
            step.changes.push(Change::Update(marked));
            let message = format!("storageclass {class:?} not found (simulated)");
            step.changes.push(event(
                claim,
                CONTROLLER,
                ("Warning", "ProvisioningFailed"),
                &message,
                now,
            ));
        }
        return step;
    }
    let given = text(claim, ["spec", "volumeName"]);
    if given.is_empty() {
        let name = format!("pvc-{}", claim.meta("uid").unwrap_or_default());
        if !has_volume(&name) {
            step.changes.push(Change::Create(volume(claim, &name)));
        }
        let mut bound = claim.clone();
        set(&mut bound, ["spec", "volumeName"], name);
        bound.set_annotation(BOUND, "yes");
        bound.set_annotation(SIMULATED, "true");
        step.changes.push(Change::Update(bound));
        return step;
    }
    let status = map! {
        "phase": "Bound",
        "accessModes": claim.at(["spec", "accessModes"]).cloned().unwrap_or(Value::List(Vec::new())),
        "capacity": capacity(claim),
    };
    step.status(claim, status.into());
    step
}

fn capacity(claim: &Value) -> Value {
    let asked = claim.at(["spec", "resources", "requests", "storage"]);
    map! {"storage": asked.cloned().unwrap_or_else(|| "1Gi".into())}.into()
}

/// The volume of a claim.
fn volume(claim: &Value, name: &str) -> Value {
    let reference = map! {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": claim.name(),
        "namespace": claim.namespace(),
        "uid": claim.meta("uid").unwrap_or_default(),
    };
    let spec = map! {
        "accessModes": claim.at(["spec", "accessModes"]).cloned().unwrap_or(Value::List(Vec::new())),
        "capacity": capacity(claim),
        "claimRef": reference,
        "csi": map! {"driver": "simulated.windlass.dev", "volumeHandle": name},
        "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": text(claim, ["spec", "storageClassName"]),
        "volumeMode": match text(claim, ["spec", "volumeMode"]) {
            "" => "Filesystem",
            mode => mode,
        },
    };
    let mut volume = Value::from(map! {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": map! {"name": name},
        "spec": spec,
        "status": map! {"phase": "Bound"},
    });
    volume.set_annotation(SIMULATED, "true");
    volume
}

/// The next write for a volume: one that was made for a claim goes when the claim has gone.
pub fn volume_step(volume: &Value, claim_uid: Option<&str>) -> Step {
    let mut step = Step::default();
    let wanted = text(volume, ["spec", "claimRef", "uid"]);
    let ours = volume.annotation(SIMULATED) == Some("true");
    if ours && !is_deleted(volume) && !wanted.is_empty() && claim_uid != Some(wanted) {
        step.changes.push(Change::Delete(volume.clone()));
    } else if ours && text(volume, ["status", "phase"]) != "Bound" {
        step.status(volume, map! {"phase": "Bound"}.into());
    }
    step
}
