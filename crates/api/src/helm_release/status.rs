//! `status` of a `HelmRelease`.

use crate::{Condition, Inventory, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `status` of a [`super::HelmRelease`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmReleaseStatus {
    /// Generation of the last success, or of what stalled it; the schema's default is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Digest of the post-renderers of the last release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observed_post_renderers_digest: String,
    /// Digest of the common metadata of the last release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observed_common_metadata_digest: String,
    /// Generation of the last attempt.
    #[serde(skip_serializing_if = "is_zero")]
    pub last_attempted_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// `namespace/name` of the HelmChart this release made.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub helm_chart: String,
    /// Namespace of the release's Secrets.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage_namespace: String,
    /// Releases since the last success, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<ReleaseSnapshot>,
    /// Objects of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// `install` or `upgrade`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_release_action: String,
    /// How long that took, in Go's notation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_release_action_duration: String,
    /// Failures of any kind since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub failures: i64,
    /// Failed installs since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub install_failures: i64,
    /// Failed upgrades since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub upgrade_failures: i64,
    /// Version of the chart of the last attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_revision: String,
    /// Digest of the OCI artifact of the last attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_revision_digest: String,
    /// SHA-1 of the values of the last attempt; older versions of Flux wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_values_checksum: String,
    /// Release number of the last attempt; older versions of Flux wrote it.
    #[serde(skip_serializing_if = "is_zero")]
    pub last_release_revision: i64,
    /// Digest of the values of the last attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_config_digest: String,
    /// The last [`crate::names::annotation::FORCE_AT`] that was answered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_handled_force_at: String,
    /// The last [`crate::names::annotation::RESET_AT`] that was answered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_handled_reset_at: String,
    /// The last [`crate::names::annotation::REQUESTED_AT`] that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// One release as it was last seen: enough to notice when somebody else changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSnapshot {
    /// Layout of this record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Digest of the release as stored.
    pub digest: String,
    /// `install` or `upgrade` once that action has run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Number of the release.
    pub version: i64,
    /// Helm's word for its state: `deployed`, `failed`, `superseded`, ...
    pub status: String,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart.
    pub chart_version: String,
    /// Version of what the chart installs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Digest of the values.
    pub config_digest: String,
    /// When the release was made.
    pub first_deployed: Timestamp,
    /// When it was last changed.
    pub last_deployed: Timestamp,
    /// When it was uninstalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Tests and how they went; absent until they were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_hooks: Option<BTreeMap<String, TestHookStatus>>,
    /// Digest of the OCI artifact of the chart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub oci_digest: String,
}

/// How a test went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestHookStatus {
    /// When it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_completed: Option<Timestamp>,
    /// `Unknown`, `Running`, `Succeeded` or `Failed`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phase: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
