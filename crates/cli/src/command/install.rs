//! `windlass install`: the manifests that put the operator on a cluster.

use crate::failure::Failure;
use clap::Args;
use object::{Value, map, to_yaml};

/// Print the manifests that install the operator on a cluster
///
/// Apply them with `windlass install | kubectl apply --server-side -f -`.
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// Namespace of the operator
    #[arg(short, long, default_value = NAMESPACE, value_name = "NAME")]
    namespace: String,

    /// Container image of the operator
    #[arg(long, default_value = concat!("windlass:", env!("CARGO_PKG_VERSION")), value_name = "IMAGE")]
    image: String,

    /// Replicas; one works, the others wait to take over
    #[arg(long, default_value_t = 1, value_name = "N")]
    replicas: u16,
}

/// The operator's namespace unless another is chosen.
pub(super) const NAMESPACE: &str = "windlass-system";
/// Name of everything that `install` makes besides the CustomResourceDefinitions.
pub(super) const NAME: &str = "windlass";
/// Marks what `install` made.
pub(super) const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";

impl Install {
    pub(crate) fn run(&self) -> Result<u8, Failure> {
        for manifest in self.manifests() {
            say_raw!("---\n{}", to_yaml(&manifest));
        }
        Ok(0)
    }

    /// Namespace, definitions, account, rights, and the Deployment, in the order they are needed.
    fn manifests(&self) -> Vec<Value> {
        let mut manifests = vec![self.with_meta("v1", "Namespace", "", &self.namespace)];
        manifests.extend(api::crds());
        manifests.push(self.with_meta("v1", "ServiceAccount", &self.namespace, NAME));
        manifests.push(self.rights());
        manifests.push(self.service());
        manifests.push(self.deployment());
        manifests
    }

    fn with_meta(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
        let labels = map! {
            "app.kubernetes.io/name": NAME,
            "app.kubernetes.io/instance": self.namespace.as_str(),
            "app.kubernetes.io/part-of": "flux",
            "app.kubernetes.io/version": env!("CARGO_PKG_VERSION"),
        };
        let mut metadata = map! {"name": name, "labels": labels};
        if !namespace.is_empty() {
            metadata.insert("namespace", namespace);
        }
        Value::Map(map! {"apiVersion": api_version, "kind": kind, "metadata": metadata})
    }

    /// As Flux: the operator may do everything, and impersonates where a Kustomization says so.
    fn rights(&self) -> Value {
        let mut binding =
            self.with_meta("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", NAME);
        let map = binding.make_map();
        map.insert(
            "roleRef",
            map! {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
        );
        let subject = map! {
            "kind": "ServiceAccount",
            "name": NAME,
            "namespace": self.namespace.as_str(),
        };
        map.insert("subjects", vec![Value::Map(subject)]);
        binding
    }

    fn service(&self) -> Value {
        let mut service = self.with_meta("v1", "Service", &self.namespace, NAME);
        let port = map! {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"};
        let spec = map! {
            "selector": map!{"app.kubernetes.io/name": NAME},
            "ports": vec![Value::Map(port)],
        };
        service.make_map().insert("spec", spec);
        service
    }

    fn deployment(&self) -> Value {
        let mut deployment = self.with_meta("apps/v1", "Deployment", &self.namespace, NAME);
        let labels = map! {"app.kubernetes.io/name": NAME};
        let pod = map! {
            "serviceAccountName": NAME,
            "securityContext": map!{
                "runAsNonRoot": true,
                "runAsUser": 65532,
                "fsGroup": 65532,
                "seccompProfile": map!{"type": "RuntimeDefault"},
            },
            "containers": vec![Value::Map(self.container())],
            "volumes": vec![Value::Map(map!{"name": "data", "emptyDir": map!{}})],
        };
        let spec = map! {
            "replicas": i64::from(self.replicas),
            "selector": map!{"matchLabels": labels.clone()},
            "template": map!{"metadata": map!{"labels": labels}, "spec": pod},
        };
        deployment.make_map().insert("spec", spec);
        deployment
    }

    fn container(&self) -> object::Map {
        let text = |list: &[&str]| list.iter().map(|t| Value::from(*t)).collect::<Vec<_>>();
        let from_field = |name: &str, path: &str| {
            let source = map! {"fieldRef": map!{"fieldPath": path}};
            Value::Map(map! {"name": name, "valueFrom": source})
        };
        let probe = map! {"httpGet": map!{"path": "/healthz", "port": "http"}};
        map! {
            "name": "manager",
            "image": self.image.as_str(),
            "args": text(&["run", "--data-dir=/data", "--web-listen=0.0.0.0:8080"]),
            "env": vec![
                from_field("POD_NAME", "metadata.name"),
                from_field("POD_NAMESPACE", "metadata.namespace"),
            ],
            "ports": vec![Value::Map(map!{"name": "http", "containerPort": 8080, "protocol": "TCP"})],
            "livenessProbe": probe.clone(),
            "readinessProbe": probe,
            "resources": map!{
                "requests": map!{"cpu": "50m", "memory": "64Mi"},
                "limits": map!{"memory": "1Gi"},
            },
            "securityContext": map!{
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": map!{"drop": text(&["ALL"])},
            },
            "volumeMounts": vec![Value::Map(map!{"name": "data", "mountPath": "/data"})],
        }
    }
}
