//! Fields nobody owns: the system's own, and those an endpoint resets.

use crate::path::FieldPath;
use crate::set::FieldSet;
use crate::updater::ManagedSet;
use std::sync::{Arc, LazyLock};

/// Taken out of every set as they are, not with what is below them: labels and annotations stay.
static SYSTEM: LazyLock<FieldSet> = LazyLock::new(|| {
    let metadata = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let mut set = FieldSet::of(["apiVersion", "kind", "metadata"].map(|n| FieldPath::fields([n])));
    for name in metadata {
        set.insert(&FieldPath::fields(["metadata", name]).0);
    }
    set
});

pub(super) fn strip_system_fields(managed: &mut ManagedSet) {
    if managed.set.intersects(&SYSTEM) {
        Arc::make_mut(&mut managed.set).subtract(&SYSTEM);
    }
}

/// What the endpoint `subresource` of a kind resets, and therefore does not track: the object itself
/// leaves `status` alone when that is a subresource, `status` leaves the rest alone. The exceptions are
/// those of Kubernetes' own strategies.
pub fn reset_fields(group: &str, kind: &str, has_status: bool, subresource: &str) -> FieldSet {
    let set = |paths: &[&[&str]]| {
        FieldSet::of(paths.iter().map(|path| FieldPath::fields(path.iter().copied())))
    };
    match (group, kind, subresource) {
        ("certificates.k8s.io", "CertificateSigningRequest", "") => set(&[&["spec"], &["status"]]),
        ("certificates.k8s.io", "CertificateSigningRequest", "approval") => {
            set(&[&["spec"], &["status", "certificate"]])
        }
        ("certificates.k8s.io", "CertificateSigningRequest", "status") => {
            set(&[&["spec"], &["status", "conditions"]])
        }
        (_, _, "") if has_status => set(&[&["status"]]),
        ("apps", "Deployment", "status") => set(&[&["spec"], &["metadata", "labels"]]),
        ("", "Pod", "status") => {
            let metadata = [["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]];
            set(&[&["spec"], &metadata[0], &metadata[1]])
        }
        (
            "admissionregistration.k8s.io"
            | "apiextensions.k8s.io"
            | "apiregistration.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "internal.apiserver.k8s.io"
            | "storage.k8s.io"
            | "storagemigration.k8s.io",
            _,
            "status",
        ) => set(&[&["spec"], &["metadata"]]),
        ("", "Namespace", "finalize") => set(&[&["status"]]),
        (_, _, "status") => set(&[&["spec"]]),
        _ => FieldSet::new(),
    }
}
