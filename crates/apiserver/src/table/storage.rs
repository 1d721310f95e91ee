//! Volumes, claims and the classes they come from.

use super::cell::{Row, plain, text};
use super::columns::{Kind, col, flag, int, named, wide};
use object::{Manifest as _, Value};

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS_ANNOTATIONS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        kind: "PersistentVolume",
        columns: &[
            col("Name"),
            col("Capacity"),
            col("Access Modes"),
            col("Reclaim Policy"),
            col("Status"),
            col("Claim"),
            col("StorageClass"),
            col("VolumeAttributesClass"),
            col("Reason"),
            col("Age"),
            wide("VolumeMode"),
        ],
        cells: volume,
    },
    Kind {
        group: "",
        kind: "PersistentVolumeClaim",
        columns: &[
            col("Name"),
            col("Status"),
            col("Volume"),
            col("Capacity"),
            col("Access Modes"),
            col("StorageClass"),
            col("VolumeAttributesClass"),
            col("Age"),
            wide("VolumeMode"),
        ],
        cells: claim,
    },
    Kind {
        group: "storage.k8s.io",
        kind: "StorageClass",
        columns: &[
            col("Name"),
            col("Provisioner"),
            col("ReclaimPolicy"),
            col("VolumeBindingMode"),
            col("AllowVolumeExpansion"),
            col("Age"),
        ],
        cells: storage_class,
    },
    Kind {
        group: "storage.k8s.io",
        kind: "VolumeAttributesClass",
        columns: &[col("Name"), col("DriverName"), col("Age")],
        cells: |row| vec![row.name(), row.text(["driverName"]).into(), row.age()],
    },
    Kind {
        group: "storage.k8s.io",
        kind: "VolumeAttachment",
        columns: &[
            col("Name"),
            named("Attacher"),
            col("PV"),
            col("Node"),
            flag("Attached"),
            col("Age"),
        ],
        cells: |row| {
            vec![
                row.name(),
                row.text(["spec", "attacher"]).into(),
                row.text(["spec", "source", "persistentVolumeName"]).into(),
                row.text(["spec", "nodeName"]).into(),
                row.bool(["status", "attached"]).unwrap_or_default().into(),
                row.age(),
            ]
        },
    },
    Kind {
        group: "storage.k8s.io",
        kind: "CSINode",
        columns: &[col("Name"), int("Drivers"), col("Age")],
        cells: |row| vec![row.name(), row.count(["spec", "drivers"]).into(), row.age()],
    },
    Kind {
        group: "storage.k8s.io",
        kind: "CSIDriver",
        columns: &[
            col("Name"),
            flag("AttachRequired"),
            flag("PodInfoOnMount"),
            flag("StorageCapacity"),
            col("TokenRequests"),
            flag("RequiresRepublish"),
            col("Modes"),
            col("Age"),
        ],
        cells: csi_driver,
    },
    Kind {
        group: "storage.k8s.io",
        kind: "CSIStorageCapacity",
        columns: &[col("Name"), col("StorageClassName"), col("Capacity")],
        cells: |row| {
            let capacity = row.at(["capacity"]).map_or("<unset>".to_owned(), plain);
            vec![row.name(), row.text(["storageClassName"]).into(), capacity.into()]
        },
    },
];

/// Access modes by their short names, each once, in the order Kubernetes lists them.
fn access_modes(modes: &[Value]) -> Value {
    const SHORT: [(&str, &str); 4] = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let present = SHORT.iter().filter(|(long, _)| modes.iter().any(|m| m.as_str() == Some(long)));
    present.map(|(_, short)| *short).collect::<Vec<_>>().join(",").into()
}

/// The class, from the old annotation when there is one.
fn class(row: &Row<'_>) -> Value {
    let old = row.object.annotation(CLASS_ANNOTATION);
    old.unwrap_or_else(|| row.text(["spec", "storageClassName"])).into()
}

fn phase(row: &Row<'_>) -> Value {
    if row.is_deleted() { "Terminating".into() } else { row.text(["status", "phase"]).into() }
}

fn volume(row: &Row<'_>) -> Vec<Value> {
    let claim = row.at(["spec", "claimRef"]);
    let claim =
        claim.map_or(String::new(), |c| format!("{}/{}", text(c, "namespace"), text(c, "name")));
    vec![
        row.name(),
        row.at(["spec", "capacity", "storage"]).map_or("0".to_owned(), plain).into(),
        access_modes(row.list(["spec", "accessModes"])),
        row.text(["spec", "persistentVolumeReclaimPolicy"]).into(),
        phase(row),
        claim.into(),
        class(row),
        row.text_or(["spec", "volumeAttributesClassName"], "<unset>"),
        row.text(["status", "reason"]).into(),
        row.age(),
        row.text_or(["spec", "volumeMode"], "<unset>"),
    ]
}

fn claim(row: &Row<'_>) -> Vec<Value> {
    let volume = row.text(["spec", "volumeName"]);
    let bound = !volume.is_empty();
    let capacity = row.at(["status", "capacity", "storage"]).map_or("0".to_owned(), plain);
    vec![
        row.name(),
        phase(row),
        volume.into(),
        if bound { capacity.into() } else { "".into() },
        if bound { access_modes(row.list(["status", "accessModes"])) } else { "".into() },
        class(row),
        row.text_or(["spec", "volumeAttributesClassName"], "<unset>"),
        row.age(),
        row.text_or(["spec", "volumeMode"], "<unset>"),
    ]
}

fn storage_class(row: &Row<'_>) -> Vec<Value> {
    let is_default =
        DEFAULT_CLASS_ANNOTATIONS.iter().any(|a| row.object.annotation(a) == Some("true"));
    let name = format!("{}{}", row.object.name(), if is_default { " (default)" } else { "" });
    vec![
        name.into(),
        row.text(["provisioner"]).into(),
        row.text_or(["reclaimPolicy"], "Delete"),
        row.text_or(["volumeBindingMode"], "Immediate"),
        row.bool(["allowVolumeExpansion"]).unwrap_or_default().into(),
        row.age(),
    ]
}

fn csi_driver(row: &Row<'_>) -> Vec<Value> {
    let joined = |texts: Vec<&str>| texts.join(",");
    let modes = joined(
        row.list(["spec", "volumeLifecycleModes"]).iter().filter_map(Value::as_str).collect(),
    );
    let tokens = row.at(["spec", "tokenRequests"]).and_then(Value::as_list);
    let tokens = tokens.map(|t| joined(t.iter().map(|token| text(token, "audience")).collect()));
    let flag = |member, absent: bool| Value::from(row.bool(["spec", member]).unwrap_or(absent));
    vec![
        row.name(),
        flag("attachRequired", true),
        flag("podInfoOnMount", false),
        flag("storageCapacity", false),
        tokens.unwrap_or_else(|| "<unset>".to_owned()).into(),
        flag("requiresRepublish", false),
        if modes.is_empty() { "<none>".into() } else { modes.into() },
        row.age(),
    ]
}
