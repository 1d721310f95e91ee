//! What a release says of each of Helm's actions.

use crate::Duration;
use serde::{Deserialize, Serialize};

/// `spec.install`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstallSettings {
    /// How long it may take; absent means `spec.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What to do when it fails, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<ActionStrategy>,
    /// What to do when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<InstallRemediation>,
    /// Refuses objects that exist and belong to no release.
    pub disable_take_ownership: bool,
    /// Does not wait for health.
    pub disable_wait: bool,
    /// Does not wait for Jobs.
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    pub disable_hooks: bool,
    /// Without meaning: objects are validated by the server.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_open_api_validation: bool,
    /// Does not check the values against the chart's schema.
    pub disable_schema_validation: bool,
    /// Uses the name of a release that was uninstalled with its history kept.
    pub replace: bool,
    /// Does not install definitions; older than `crds`, and without meaning beside it.
    #[serde(rename = "skipCRDs")]
    pub skip_crds: bool,
    /// `Skip`, `Create` or `CreateReplace`; absent means Create.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crds: Option<String>,
    /// Creates the target namespace.
    pub create_namespace: bool,
    /// Whether the server merges; absent means it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<bool>,
}

/// What to do when an action fails, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionStrategy {
    /// `RemediateOnFailure` or `RetryOnFailure`.
    pub name: String,
    /// With the latter: time until it is tried again; absent means five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_interval: Option<Duration>,
}

/// What to do when installing fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstallRemediation {
    /// How often to try again after uninstalling; negative means for ever.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: i64,
    /// Failed tests are no failure; absent means as `spec.test.ignoreFailures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Uninstalls also after the last try; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
}

/// `spec.upgrade`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeSettings {
    /// How long it may take; absent means `spec.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What to do when it fails, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<ActionStrategy>,
    /// What to do when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<UpgradeRemediation>,
    /// Refuses objects that exist and belong to no release.
    pub disable_take_ownership: bool,
    /// Does not wait for health.
    pub disable_wait: bool,
    /// Does not wait for Jobs.
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    pub disable_hooks: bool,
    /// Without meaning: objects are validated by the server.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_open_api_validation: bool,
    /// Does not check the values against the chart's schema.
    pub disable_schema_validation: bool,
    /// Recreates objects whose immutable fields changed.
    pub force: bool,
    /// Values of the last release stay where the new ones say nothing.
    pub preserve_values: bool,
    /// Deletes what a failed upgrade created.
    pub cleanup_on_fail: bool,
    /// `Skip`, `Create` or `CreateReplace`; absent means Skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crds: Option<String>,
    /// `enabled`, `disabled` or `auto`; absent means auto.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<String>,
    /// `InPlaceUpdate` or `Reinstall` when the chart has another name; absent means Reinstall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_name_change_strategy: Option<String>,
}

/// What to do when upgrading fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeRemediation {
    /// How often to try again; negative means for ever.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: i64,
    /// Failed tests are no failure; absent means as `spec.test.ignoreFailures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Remediates also after the last try; absent means only when there are retries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
    /// `rollback` or `uninstall`; absent means rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
}

/// `spec.test`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestSettings {
    /// Runs tests after installing and upgrading.
    pub enable: bool,
    /// How long they may take; absent means `spec.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Failed tests are no failure.
    pub ignore_failures: bool,
    /// Which tests to run; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<HelmTestFilter>>,
}

/// Chooses a test, or leaves it out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HelmTestFilter {
    /// Name of the test.
    pub name: String,
    /// Leaves it out instead.
    pub exclude: bool,
}

/// `spec.rollback`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollbackSettings {
    /// How long it may take; absent means `spec.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Does not wait for health.
    pub disable_wait: bool,
    /// Does not wait for Jobs.
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    pub disable_hooks: bool,
    /// Restarts pods; Helm 4 has given it up and so it does nothing.
    pub recreate: bool,
    /// Recreates objects whose immutable fields changed.
    pub force: bool,
    /// Deletes what a failed rollback created.
    pub cleanup_on_fail: bool,
    /// `enabled`, `disabled` or `auto`; absent means auto.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<String>,
}

/// `spec.uninstall`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UninstallSettings {
    /// How long it may take; absent means `spec.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Does not run hooks.
    pub disable_hooks: bool,
    /// Keeps the release's Secrets.
    pub keep_history: bool,
    /// Does not wait until the objects are gone.
    pub disable_wait: bool,
    /// `background`, `foreground` or `orphan`; the schema's default is background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_propagation: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
