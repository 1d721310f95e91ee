//! `source.toolkit.fluxcd.io/v1` `HelmRepository` and `HelmChart`.

use crate::meta::{LocalReference, ObjectMeta, Typed};
use crate::{Artifact, Condition, Duration, names};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Helm repository, over HTTP or in an OCI registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepository {
    /// Metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What the user wants.
    pub spec: HelmRepositorySpec,
    /// What was reached; nothing for a registry.
    #[serde(default)]
    pub status: HelmRepositoryStatus,
}

impl Typed for HelmRepository {
    const GROUP: &'static str = names::SOURCE_GROUP;
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "HelmRepository";
    const PLURAL: &'static str = "helmrepositories";
}

/// `spec` of a [`HelmRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositorySpec {
    /// `http://`, `https://` or `oci://`.
    pub url: String,
    /// Secret with `username` and `password`, or for a registry `.dockerconfigjson`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Secret with `ca.crt`, `tls.crt` and `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// Sends the credentials also to another host that holds the charts.
    #[serde(default)]
    pub pass_credentials: bool,
    /// How often to look; absent means one minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Speaks plain HTTP to a registry.
    #[serde(default)]
    pub insecure: bool,
    /// How long one fetch may take; absent means one minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Leaves the source as it is.
    #[serde(default)]
    pub suspend: bool,
    /// Which namespaces may use it; Flux does not read this yet, nor does this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// `default` or `oci`; absent means the former.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `generic`, `aws`, `azure` or `gcp`; the schema's default is generic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

impl HelmRepositorySpec {
    /// Whether it is a registry.
    pub fn is_oci(&self) -> bool {
        self.kind.as_deref() == Some("oci")
    }
}

/// Which namespaces may use a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessFrom {
    /// Namespaces that match any of these may.
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// Chooses namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceSelector {
    /// Labels the namespace has to have; empty means any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
}

/// `status` of a [`HelmRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmRepositoryStatus {
    /// Generation that was last worked on; the schema's default is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Where the index can be had from us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The index that was stored last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The last [`names::annotation::REQUESTED_AT`] that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// A chart out of a Helm repository, a Git repository or a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmChart {
    /// Metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What the user wants.
    pub spec: HelmChartSpec,
    /// What was reached.
    #[serde(default)]
    pub status: HelmChartStatus,
}

impl Typed for HelmChart {
    const GROUP: &'static str = names::SOURCE_GROUP;
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "HelmChart";
    const PLURAL: &'static str = "helmcharts";
}

/// `spec` of a [`HelmChart`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartSpec {
    /// Name of the chart in a Helm repository, or its directory in another source.
    pub chart: String,
    /// A version or a range; only for Helm repositories. The schema's default is `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where the chart comes from.
    pub source_ref: ChartSourceReference,
    /// How often to look for a new version.
    pub interval: Duration,
    /// `ChartVersion` or `Revision`: what makes a new artifact. The schema's default is the former.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile_strategy: Option<String>,
    /// Files of the source to merge into the chart's values, in this order, instead of `values.yaml`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
    /// Leaves out values files that are not there.
    #[serde(default)]
    pub ignore_missing_values_files: bool,
    /// Leaves the source as it is.
    #[serde(default)]
    pub suspend: bool,
    /// Signatures to demand of a chart in a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<OciVerification>,
}

/// Where a chart comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartSourceReference {
    /// API version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// `HelmRepository`, `GitRepository` or `Bucket`.
    pub kind: String,
    /// Name.
    pub name: String,
}

/// Signatures to demand of something in a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciVerification {
    /// `cosign` or `notation`.
    pub provider: String,
    /// Secret with trusted keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Identities of which one has to have signed, when there are no keys.
    #[serde(default, rename = "matchOIDCIdentity", skip_serializing_if = "Vec::is_empty")]
    pub match_oidc_identity: Vec<OidcIdentity>,
    /// Secret with another root of trust; not for charts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret_ref: Option<LocalReference>,
}

/// An identity that may have signed; both are regular expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OidcIdentity {
    /// Who vouches for it.
    pub issuer: String,
    /// Who it is.
    pub subject: String,
}

/// `status` of a [`HelmChart`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmChartStatus {
    /// Generation that was last worked on; the schema's default is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Revision of the source the chart was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_source_artifact_revision: Option<String>,
    /// Name of the chart, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_chart_name: Option<String>,
    /// `spec.valuesFiles` that were found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_values_files: Vec<String>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Where the chart can be had from us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The chart that was stored last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The last [`names::annotation::REQUESTED_AT`] that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
