//! The fixed order of kinds within a stage (`ReconcileOrder` of fluxcd/pkg/ssa).

use object::ObjectKey;

const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sort key of an object: place of its kind, then group, kind, namespace and name.
pub(crate) fn rank(key: &ObjectKey) -> (usize, &str, &str, &str, &str) {
    let place = FIRST
        .iter()
        .position(|k| *k == key.kind)
        .or_else(|| LAST.iter().position(|k| *k == key.kind).map(|i| FIRST.len() + 1 + i))
        .unwrap_or(FIRST.len());
    (place, &key.group, &key.kind, &key.namespace, &key.name)
}
