//! `helm.toolkit.fluxcd.io/v2` `HelmRelease`.

mod actions;
mod status;

pub use actions::{
    ActionStrategy, HelmTestFilter, InstallRemediation, InstallSettings, RollbackSettings,
    TestSettings, UninstallSettings, UpgradeRemediation, UpgradeSettings,
};
pub use status::{HelmReleaseStatus, ReleaseSnapshot, TestHookStatus};

use crate::chart::OciVerification;
use crate::meta::{ObjectMeta, Typed};
use crate::{
    CommonMetadata, CustomHealthCheck, DependencyReference, Duration, IgnoreRule, Image,
    KubeConfigReference, Patch, names,
};
use object::Value;
use serde::{Deserialize, Serialize};

/// A Helm chart that is installed and kept so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmRelease {
    /// Metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What the user wants.
    #[serde(default)]
    pub spec: HelmReleaseSpec,
    /// What was reached.
    #[serde(default)]
    pub status: HelmReleaseStatus,
}

impl Typed for HelmRelease {
    const GROUP: &'static str = names::HELM_GROUP;
    const VERSION: &'static str = "v2";
    const KIND: &'static str = "HelmRelease";
    const PLURAL: &'static str = "helmreleases";
}

/// `spec` of a [`HelmRelease`]; exactly one of `chart` and `chart_ref` is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmReleaseSpec {
    /// A HelmChart to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartTemplate>,
    /// A chart that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_ref: Option<ChartReference>,
    /// Time between runs.
    pub interval: Duration,
    /// Another cluster to install to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_config: Option<KubeConfigReference>,
    /// Leaves everything as it is.
    pub suspend: bool,
    /// Name of the release; absent means `<targetNamespace>-<name>`, or the name alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_name: Option<String>,
    /// Namespace of the release; absent means its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_namespace: Option<String>,
    /// Namespace of the release's Secrets; absent means its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_namespace: Option<String>,
    /// HelmReleases that have to be ready first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<DependencyReference>,
    /// How long each action may take; absent means five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Releases kept; absent means 5, and 0 means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_history: Option<i64>,
    /// Account whose rights are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Whether Helm would keep its client; without meaning here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_client: Option<bool>,
    /// What happens to changes that others make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift_detection: Option<DriftDetection>,
    /// Installing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<InstallSettings>,
    /// Upgrading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<UpgradeSettings>,
    /// Testing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TestSettings>,
    /// Rolling back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackSettings>,
    /// Uninstalling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uninstall: Option<UninstallSettings>,
    /// Objects with values; later ones win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values_from: Vec<ValuesReference>,
    /// Values; they win over all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Value>,
    /// Labels and annotations for every object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,
    /// Changes to the rendered objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_renderers: Vec<PostRenderer>,
    /// `nohooks`, `combined` or `separate`; absent means combined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_render_strategy: Option<String>,
    /// How to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_strategy: Option<WaitStrategy>,
    /// How the health of kinds is told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<CustomHealthCheck>,
}

/// The HelmChart that a release makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartTemplate {
    /// Its labels and annotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<CommonMetadata>,
    /// Its spec.
    pub spec: ChartTemplateSpec,
}

/// `spec.chart.spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartTemplateSpec {
    /// Name of the chart in a Helm repository, or its directory in another source.
    pub chart: String,
    /// A version or a range. The schema's default is `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where the chart comes from.
    pub source_ref: ChartReference,
    /// How often to look; absent means the release's interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// `ChartVersion` or `Revision`. The schema's default is the former.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconcile_strategy: Option<String>,
    /// Files of the chart with values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
    /// Leaves out values files that are not there.
    pub ignore_missing_values_files: bool,
    /// Signatures to demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<OciVerification>,
}

/// A source, possibly of another namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartReference {
    /// API version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; absent means the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What happens to changes that others make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriftDetection {
    /// `enabled` corrects, `warn` tells, `disabled` (and absent) does not look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Fields that others may change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreRule>,
}

/// An object with values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValuesReference {
    /// `Secret` or `ConfigMap`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Key of its data; absent means `values.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_key: Option<String>,
    /// Where the value goes, as for `helm --set`; absent means it holds values as YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_path: Option<String>,
    /// With a target path: the value is text as it stands, as for `helm --set-literal`.
    pub literal: bool,
    /// Whether it may be missing.
    pub optional: bool,
}

/// Changes to the rendered objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostRenderer {
    /// Patches and images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<KustomizePostRenderer>,
}

/// Patches and images, as in a kustomization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KustomizePostRenderer {
    /// Patches, strategic merge or JSON 6902.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// Images to replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// How to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitStrategy {
    /// `poller` or `legacy`.
    pub name: String,
}
