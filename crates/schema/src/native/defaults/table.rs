//! Plain defaults: this member of this type, when nothing is there, becomes that.

/// A value to fill in.
#[derive(Clone, Copy)]
pub(in crate::native) enum Plain {
    Text(&'static str),
    Texts(&'static [&'static str]),
    Int(i64),
    Bool(bool),
    /// `{}`
    Empty,
}

use Plain::{Bool, Empty, Int, Text, Texts};

type Members = &'static [(&'static str, Plain)];

/// By OpenAPI name without `io.k8s.api.`, sorted.
pub(in crate::native) const TABLE: &[(&str, Members)] = &[
    ("admissionregistration.v1.MatchResources", MATCH_RESOURCES),
    (
        "admissionregistration.v1.MutatingWebhook",
        &[
            ("failurePolicy", Text("Fail")),
            ("matchPolicy", Text("Equivalent")),
            ("namespaceSelector", Empty),
            ("objectSelector", Empty),
            ("reinvocationPolicy", Text("Never")),
            ("timeoutSeconds", Int(10)),
        ],
    ),
    ("admissionregistration.v1.NamedRuleWithOperations", &[("scope", Text("*"))]),
    ("admissionregistration.v1.RuleWithOperations", &[("scope", Text("*"))]),
    ("admissionregistration.v1.ServiceReference", &[("port", Int(443))]),
    ("admissionregistration.v1.ValidatingAdmissionPolicySpec", &[("failurePolicy", Text("Fail"))]),
    (
        "admissionregistration.v1.ValidatingWebhook",
        &[
            ("failurePolicy", Text("Fail")),
            ("matchPolicy", Text("Equivalent")),
            ("namespaceSelector", Empty),
            ("objectSelector", Empty),
            ("timeoutSeconds", Int(10)),
        ],
    ),
    ("apps.v1.DaemonSetSpec", &[("revisionHistoryLimit", Int(10))]),
    ("apps.v1.DaemonSetUpdateStrategy", &[("type", Text("RollingUpdate"))]),
    (
        "apps.v1.DeploymentSpec",
        &[
            ("progressDeadlineSeconds", Int(600)),
            ("replicas", Int(1)),
            ("revisionHistoryLimit", Int(10)),
        ],
    ),
    ("apps.v1.DeploymentStrategy", &[("type", Text("RollingUpdate"))]),
    ("apps.v1.ReplicaSetSpec", &[("replicas", Int(1))]),
    (
        "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        &[("whenDeleted", Text("Retain")), ("whenScaled", Text("Retain"))],
    ),
    (
        "apps.v1.StatefulSetSpec",
        &[
            ("persistentVolumeClaimRetentionPolicy", Empty),
            ("podManagementPolicy", Text("OrderedReady")),
            ("replicas", Int(1)),
            ("revisionHistoryLimit", Int(10)),
        ],
    ),
    (
        "autoscaling.v1.HorizontalPodAutoscalerSpec",
        &[("minReplicas", Int(1)), ("targetCPUUtilizationPercentage", Int(80))],
    ),
    ("autoscaling.v2.HorizontalPodAutoscalerSpec", &[("minReplicas", Int(1))]),
    (
        "batch.v1.CronJobSpec",
        &[
            ("concurrencyPolicy", Text("Allow")),
            ("failedJobsHistoryLimit", Int(1)),
            ("successfulJobsHistoryLimit", Int(3)),
            ("suspend", Bool(false)),
        ],
    ),
    ("batch.v1.PodFailurePolicyOnPodConditionsPattern", &[("status", Text("True"))]),
    (
        "core.v1.AzureDiskVolumeSource",
        &[
            ("cachingMode", Text("ReadWrite")),
            ("fsType", Text("ext4")),
            ("kind", Text("Shared")),
            ("readOnly", Bool(false)),
        ],
    ),
    ("core.v1.ConfigMapVolumeSource", &[("defaultMode", Int(0o644))]),
    ("core.v1.Container", CONTAINER),
    ("core.v1.ContainerPort", &[("protocol", Text("TCP"))]),
    ("core.v1.DownwardAPIVolumeSource", &[("defaultMode", Int(0o644))]),
    ("core.v1.EndpointPort", &[("protocol", Text("TCP"))]),
    ("core.v1.EphemeralContainer", CONTAINER),
    ("core.v1.GRPCAction", &[("service", Text(""))]),
    ("core.v1.HTTPGetAction", &[("path", Text("/")), ("scheme", Text("HTTP"))]),
    ("core.v1.HostPathVolumeSource", &[("type", Text(""))]),
    ("core.v1.ISCSIPersistentVolumeSource", &[("iscsiInterface", Text("default"))]),
    ("core.v1.ISCSIVolumeSource", &[("iscsiInterface", Text("default"))]),
    ("core.v1.NamespaceStatus", &[("phase", Text("Active"))]),
    ("core.v1.ObjectFieldSelector", &[("apiVersion", Text("v1"))]),
    ("core.v1.PersistentVolumeClaimSpec", &[("volumeMode", Text("Filesystem"))]),
    ("core.v1.PersistentVolumeStatus", &[("phase", Text("Pending"))]),
    (
        "core.v1.PodSpec",
        &[
            ("dnsPolicy", Text("ClusterFirst")),
            ("restartPolicy", Text("Always")),
            ("schedulerName", Text("default-scheduler")),
            ("securityContext", Empty),
            ("terminationGracePeriodSeconds", Int(30)),
        ],
    ),
    (
        "core.v1.Probe",
        &[
            ("failureThreshold", Int(3)),
            ("periodSeconds", Int(10)),
            ("successThreshold", Int(1)),
            ("timeoutSeconds", Int(1)),
        ],
    ),
    ("core.v1.ProjectedVolumeSource", &[("defaultMode", Int(0o644))]),
    ("core.v1.RBDPersistentVolumeSource", RBD),
    ("core.v1.RBDVolumeSource", RBD),
    ("core.v1.ReplicationControllerSpec", &[("replicas", Int(1))]),
    ("core.v1.ScaleIOPersistentVolumeSource", SCALE_IO),
    ("core.v1.ScaleIOVolumeSource", SCALE_IO),
    ("core.v1.Secret", &[("type", Text("Opaque"))]),
    ("core.v1.SecretVolumeSource", &[("defaultMode", Int(0o644))]),
    ("core.v1.ServiceAccountTokenProjection", &[("expirationSeconds", Int(3600))]),
    ("core.v1.ServicePort", &[("protocol", Text("TCP"))]),
    ("core.v1.ServiceSpec", &[("sessionAffinity", Text("None")), ("type", Text("ClusterIP"))]),
    ("discovery.v1.EndpointPort", &[("name", Text("")), ("protocol", Text("TCP"))]),
    (
        "flowcontrol.v1.ExemptPriorityLevelConfiguration",
        &[("lendablePercent", Int(0)), ("nominalConcurrencyShares", Int(0))],
    ),
    ("flowcontrol.v1.FlowSchemaSpec", &[("matchingPrecedence", Int(1000))]),
    (
        "flowcontrol.v1.LimitedPriorityLevelConfiguration",
        &[("lendablePercent", Int(0)), ("nominalConcurrencyShares", Int(30))],
    ),
    (
        "flowcontrol.v1.QueuingConfiguration",
        &[("handSize", Int(8)), ("queueLengthLimit", Int(50)), ("queues", Int(64))],
    ),
    ("networking.v1.IngressClassParametersReference", &[("scope", Text("Cluster"))]),
    ("networking.v1.NetworkPolicyPort", &[("protocol", Text("TCP"))]),
    ("rbac.v1.RoleRef", &[("apiGroup", Text("rbac.authorization.k8s.io"))]),
    ("resource.v1.DeviceSubRequest", &[("allocationMode", Text("ExactCount"))]),
    ("resource.v1.ExactDeviceRequest", &[("allocationMode", Text("ExactCount"))]),
    ("scheduling.v1.PriorityClass", &[("preemptionPolicy", Text("PreemptLowerPriority"))]),
    (
        "storage.v1.CSIDriverSpec",
        &[
            ("attachRequired", Bool(true)),
            ("fsGroupPolicy", Text("ReadWriteOnceWithFSType")),
            ("podInfoOnMount", Bool(false)),
            ("requiresRepublish", Bool(false)),
            ("seLinuxMount", Bool(false)),
            ("storageCapacity", Bool(false)),
            ("volumeLifecycleModes", Texts(&["Persistent"])),
        ],
    ),
    (
        "storage.v1.StorageClass",
        &[("reclaimPolicy", Text("Delete")), ("volumeBindingMode", Text("Immediate"))],
    ),
];

const MATCH_RESOURCES: Members =
    &[("matchPolicy", Text("Equivalent")), ("namespaceSelector", Empty), ("objectSelector", Empty)];
const CONTAINER: Members = &[
    ("terminationMessagePath", Text("/dev/termination-log")),
    ("terminationMessagePolicy", Text("File")),
];
const RBD: Members =
    &[("keyring", Text("/etc/ceph/keyring")), ("pool", Text("rbd")), ("user", Text("admin"))];
const SCALE_IO: Members = &[("fsType", Text("xfs")), ("storageMode", Text("ThinProvisioned"))];

/// Other modules' definitions carry their whole path.
pub(super) const CRD_SERVICE_REFERENCE: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference";
/// The aggregator's.
pub(super) const API_SERVICE_REFERENCE: &str =
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference";
/// Conversion of custom resources.
pub(super) const CRD_SPEC: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec";
/// The whole definition.
pub(super) const CRD: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition";
