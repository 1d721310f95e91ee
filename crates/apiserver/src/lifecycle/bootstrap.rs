//! What every cluster has from the start.

use super::{MANAGER, accounts, namespaces};
use crate::rest::{Api, ApiError};
use crate::store::{Key, ResourceId};
use object::{Manifest, Value, map};

/// The ConfigMap that holds the certificate of the authority.
pub(super) const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";

/// The priority classes that Kubernetes itself uses.
const PRIORITIES: [(&str, i64, &str); 2] = [
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
];

const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

pub(super) async fn create(api: &Api) -> Result<(), ApiError> {
    for name in NAMESPACES {
        let namespace = map! {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": map! {"name": name},
        };
        ensure(api, &namespaces(), "", namespace.into(), "kube-apiserver").await?;
        account(api, name).await?;
    }
    ensure(api, &ResourceId::new("", "services"), "default", own_service(), "kube-apiserver")
        .await?;
    for (name, value, description) in PRIORITIES {
        let class = map! {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": map! {"name": name},
            "value": value,
            "description": description,
        };
        let classes = ResourceId::new("scheduling.k8s.io", "priorityclasses");
        ensure(api, &classes, "", class.into(), "kube-apiserver").await?;
    }
    crate::access::create_bootstrap_roles(api).await
}

/// The Service under which a cluster's API server is found.
fn own_service() -> Value {
    let port = map! {"name": "https", "port": 443_i64, "protocol": "TCP", "targetPort": 6443_i64};
    map! {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": map! {
            "name": "kubernetes",
            "namespace": "default",
            "labels": map! {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": map! {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "ports": vec![Value::from(port)],
        },
    }
    .into()
}

/// The ServiceAccount `default` of a namespace, and the certificate by which its Pods know the server.
pub(super) async fn account(api: &Api, namespace: &str) -> Result<(), ApiError> {
    let account = map! {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": map! {"name": "default", "namespace": namespace},
    };
    let stored = api.store().get(&Key::new(&namespaces(), "", namespace));
    if stored.is_none_or(|n| n.deleting) {
        return Ok(());
    }
    ensure(api, &accounts(), namespace, account.into(), MANAGER).await?;
    let Some(authority) = api.authority() else { return Ok(()) };
    let trusted = map! {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": map! {
            "name": ROOT_CERTIFICATE,
            "namespace": namespace,
            "annotations": map! {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the \
                    kube-apiserver when using internal endpoints such as the internal service IP \
                    or kubernetes.default.svc. No other usage is guaranteed across distributions \
                    of Kubernetes clusters.",
            },
        },
        "data": map! {"ca.crt": authority.ca_pem()},
    };
    ensure(api, &ResourceId::new("", "configmaps"), namespace, trusted.into(), MANAGER).await
}

async fn ensure(
    api: &Api,
    resource: &ResourceId,
    namespace: &str,
    object: Value,
    manager: &str,
) -> Result<(), ApiError> {
    if api.store().get(&Key::new(resource, namespace, object.name())).is_some() {
        return Ok(());
    }
    match api.create_object(resource, object, manager).await {
        Err(e) if e.reason != "AlreadyExists" => Err(e),
        _ => Ok(()),
    }
}
