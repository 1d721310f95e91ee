//! `source.toolkit.fluxcd.io/v1` `OCIRepository` and `Bucket`.

use crate::chart::OciVerification;
use crate::meta::{LocalReference, ObjectMeta, Typed};
use crate::{Artifact, Condition, Duration, names};
use serde::{Deserialize, Serialize};

/// Something in an OCI registry that others take their files from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciRepository {
    /// Metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What the user wants.
    pub spec: OciRepositorySpec,
    /// What was reached.
    #[serde(default)]
    pub status: OciRepositoryStatus,
}

impl Typed for OciRepository {
    const GROUP: &'static str = names::SOURCE_GROUP;
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "OCIRepository";
    const PLURAL: &'static str = "ocirepositories";
}

/// `spec` of an [`OciRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositorySpec {
    /// `oci://registry/name`.
    pub url: String,
    /// What to follow; absent means the tag `latest`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<OciRef>,
    /// Which layer to take, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_selector: Option<OciLayerSelector>,
    /// `generic`, `aws`, `azure` or `gcp`; the schema's default is generic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Secret with `.dockerconfigjson`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Signatures to demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<OciVerification>,
    /// Account whose image pull secrets, or cloud identity, authenticate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Secret with `ca.crt`, `tls.crt` and `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// Secret with the address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// How often to look.
    pub interval: Duration,
    /// How long one fetch may take; the schema's default is 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Patterns, as in `.gitignore`, of files to leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Speaks plain HTTP.
    #[serde(default)]
    pub insecure: bool,
    /// Leaves the source as it is.
    #[serde(default)]
    pub suspend: bool,
}

/// What of a repository to follow. Precedence: digest, semver, tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OciRef {
    /// `sha256:<hex>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The highest tag within a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// A regular expression; only tags that match it count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// A tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Which layer to take, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OciLayerSelector {
    /// The first layer of that media type; absent means the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `extract` or `copy`; absent means the former.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// `status` of an [`OciRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OciRepositoryStatus {
    /// Generation that was last worked on; the schema's default is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Where the files can be had from us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The last revision that was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// `spec.ignore` of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,
    /// `spec.layerSelector` of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_layer_selector: Option<OciLayerSelector>,
    /// The last [`names::annotation::REQUESTED_AT`] that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
