//! Names that are part of the contract with Flux and its users: groups, labels, annotations, finalizers,
//! field managers, condition types and reasons.
//!
//! Sources: `fluxcd/pkg/apis/meta`, `fluxcd/source-controller/api`, `fluxcd/kustomize-controller/api`.

/// API group of the sources.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
/// API group of `Kustomization`; also the prefix of the owner labels and of the per-object annotations.
pub const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// API group of `HelmRelease`; also the prefix of its owner labels and per-object annotations.
pub const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
/// Group whose object annotations are copied into the metadata of events.
pub const EVENT_GROUP: &str = "event.toolkit.fluxcd.io";

/// The finalizer of every kind of Flux's toolkit.
pub const FINALIZER: &str = "finalizers.fluxcd.io";

/// Field manager of objects applied for a `Kustomization`; also the reporter of its events.
pub const KUSTOMIZE_MANAGER: &str = "kustomize-controller";
/// Field manager of a `Kustomization`'s own status and finalizers.
pub const KUSTOMIZE_STATUS_MANAGER: &str = "gotk-kustomize-controller";
/// Field manager of objects applied for a `HelmRelease`; also the reporter of its events.
pub const HELM_MANAGER: &str = "helm-controller";
/// Field manager of a `HelmRelease`'s own status and finalizers.
pub const HELM_STATUS_MANAGER: &str = "gotk-helm-controller";
/// Field manager of a source's status and finalizers; also the reporter of its events.
pub const SOURCE_MANAGER: &str = "source-controller";

/// Annotations on the resources users write.
pub mod annotation {
    /// A token; any change asks for a run outside the interval and is echoed to
    /// `status.lastHandledReconcileAt`.
    pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
    /// Equal to [`REQUESTED_AT`]: a HelmRelease is upgraded even when nothing changed.
    pub const FORCE_AT: &str = "reconcile.fluxcd.io/forceAt";
    /// Equal to [`REQUESTED_AT`]: the failure counts of a HelmRelease start anew.
    pub const RESET_AT: &str = "reconcile.fluxcd.io/resetAt";
    /// On an object of a HelmRelease: `disabled` lets others change it.
    pub const DRIFT_DETECTION: &str = "helm.toolkit.fluxcd.io/driftDetection";
    /// On an object of a release: its name.
    pub const RELEASE_NAME: &str = "meta.helm.sh/release-name";
    /// On an object of a release: its namespace.
    pub const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
    /// On an object of a release: `keep` leaves it behind.
    pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
    /// On a managed object: how it is applied, one of `Override`, `Merge`, `IfNotPresent`, `Ignore`.
    pub const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
    /// On a managed object: `enabled` recreates it when an immutable field changes.
    pub const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
    /// On a managed object: `disabled` keeps it when it leaves the source.
    pub const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
    /// On a managed object: `disabled` leaves it alone altogether.
    pub const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
    /// On a managed object: `disabled` keeps variables in it unsubstituted.
    pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
    /// On a managed object: `disabled` keeps it encrypted.
    pub const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";
    /// What `kubectl apply` remembers; removed from objects that are taken over.
    pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    /// Annotations of Flux before version 2, removed from objects that are taken over.
    pub const OBSOLETE: [&str; 2] =
        ["kustomize.toolkit.fluxcd.io/checksum", "fluxcd.io/sync-checksum"];
    /// Labels of Flux before version 2, removed from objects that are taken over.
    pub const OBSOLETE_LABELS: [&str; 1] = ["fluxcd.io/sync-gc-mark"];
}

/// Labels.
pub mod label {
    /// Name of the `Kustomization` that owns an object.
    pub const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
    /// Namespace of the `Kustomization` that owns an object.
    pub const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";
    /// `Enabled` on a ConfigMap or Secret: a change of it triggers the runs that use it.
    pub const WATCH: &str = "reconcile.fluxcd.io/watch";
    /// `flux` on everything that makes up an installation.
    pub const PART_OF: &str = "app.kubernetes.io/part-of";
}

/// Condition types.
pub mod condition {
    /// Whether the last run reached its goal.
    pub const READY: &str = "Ready";
    /// Present, and True, while work is going on or a failed run will be tried again.
    pub const RECONCILING: &str = "Reconciling";
    /// Present, and True, when no retry can help until somebody changes something.
    pub const STALLED: &str = "Stalled";
    /// Outcome of the health checks; only with `wait` or `healthChecks`.
    pub const HEALTHY: &str = "Healthy";
    /// Of a HelmRelease: whether the last install or upgrade succeeded.
    pub const RELEASED: &str = "Released";
    /// Of a HelmRelease: whether its tests succeeded.
    pub const TEST_SUCCESS: &str = "TestSuccess";
    /// Of a HelmRelease: whether a failure was undone.
    pub const REMEDIATED: &str = "Remediated";
    /// Whether live objects differ from what was applied. Ours; Flux has it on HelmReleases only.
    pub const DRIFTED: &str = "Drifted";
    /// Of a source: an artifact is there.
    pub const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
    /// Of a source: a newer revision is known than is stored.
    pub const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
    /// Of a source: the revision's signature was checked.
    pub const SOURCE_VERIFIED: &str = "SourceVerified";
    /// Of a source: fetching failed.
    pub const FETCH_FAILED: &str = "FetchFailed";
    /// Of a source: the store failed.
    pub const STORAGE_OPERATION_FAILED: &str = "StorageOperationFailed";
    /// Of a Git source: an included repository has no artifact.
    pub const INCLUDE_UNAVAILABLE: &str = "IncludeUnavailable";
}

/// Condition and event reasons.
pub mod reason {
    /// Work succeeded.
    pub const SUCCEEDED: &str = "Succeeded";
    /// Work failed.
    pub const FAILED: &str = "Failed";
    /// Work is going on.
    pub const PROGRESSING: &str = "Progressing";
    /// Work failed and will be tried again.
    pub const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";
    /// Something this waits for is not ready.
    pub const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
    /// Deleting objects that left the source failed.
    pub const PRUNE_FAILED: &str = "PruneFailed";
    /// The source cannot be had, or the path is not in it.
    pub const ARTIFACT_FAILED: &str = "ArtifactFailed";
    /// Rendering failed.
    pub const BUILD_FAILED: &str = "BuildFailed";
    /// An object did not become healthy.
    pub const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
    /// Waiting for health ended because something newer is to be applied.
    pub const HEALTH_CHECK_CANCELED: &str = "HealthCheckCanceled";
    /// A run succeeded.
    pub const RECONCILIATION_SUCCEEDED: &str = "ReconciliationSucceeded";
    /// A run failed while applying.
    pub const RECONCILIATION_FAILED: &str = "ReconciliationFailed";
    /// An expression cannot be understood.
    pub const INVALID_CEL_EXPRESSION: &str = "InvalidCELExpression";
    /// A reference that is not allowed.
    pub const ACCESS_DENIED: &str = "AccessDenied";
    /// A feature that is switched off.
    pub const FEATURE_GATE_DISABLED: &str = "FeatureGateDisabled";
    /// Drift was found and put right. Ours.
    pub const DRIFT_CORRECTED: &str = "DriftCorrected";
    /// Drift was found and stands.
    pub const DRIFT_DETECTED: &str = "DriftDetected";
    /// A source has a new artifact.
    pub const NEW_ARTIFACT: &str = "NewArtifact";
    /// A source's artifact is the one it had.
    pub const ARTIFACT_UP_TO_DATE: &str = "ArtifactUpToDate";
    /// Talking to a Git server failed.
    pub const GIT_OPERATION_FAILED: &str = "GitOperationFailed";
    /// Talking to a Git server succeeded (an event that fetching nothing new sends).
    pub const GIT_OPERATION_SUCCEEDED: &str = "GitOperationSucceeded";
    /// Credentials are missing or were refused.
    pub const AUTHENTICATION_FAILED: &str = "AuthenticationFailed";
    /// A URL that cannot be used.
    pub const URL_INVALID: &str = "URLInvalid";
    /// A signature is missing or wrong.
    pub const VERIFICATION_ERROR: &str = "VerificationError";
    /// A path inside a source that cannot be used.
    pub const INVALID_PATH: &str = "InvalidPath";
    /// Installing succeeded.
    pub const INSTALL_SUCCEEDED: &str = "InstallSucceeded";
    /// Installing failed.
    pub const INSTALL_FAILED: &str = "InstallFailed";
    /// Upgrading succeeded.
    pub const UPGRADE_SUCCEEDED: &str = "UpgradeSucceeded";
    /// Upgrading failed.
    pub const UPGRADE_FAILED: &str = "UpgradeFailed";
    /// Tests succeeded.
    pub const TEST_SUCCEEDED: &str = "TestSucceeded";
    /// Tests failed.
    pub const TEST_FAILED: &str = "TestFailed";
    /// Rolling back succeeded.
    pub const ROLLBACK_SUCCEEDED: &str = "RollbackSucceeded";
    /// Rolling back failed.
    pub const ROLLBACK_FAILED: &str = "RollbackFailed";
    /// Uninstalling succeeded.
    pub const UNINSTALL_SUCCEEDED: &str = "UninstallSucceeded";
    /// Uninstalling failed.
    pub const UNINSTALL_FAILED: &str = "UninstallFailed";
    /// No try is left.
    pub const RETRIES_EXCEEDED: &str = "RetriesExceeded";
    /// There is no release to roll back to.
    pub const MISSING_ROLLBACK_TARGET: &str = "MissingRollbackTarget";
    /// A release that was left pending was marked as failed.
    pub const PENDING_RELEASE: &str = "PendingRelease";
    /// The values cannot be put together.
    pub const VALUES_ERROR: &str = "ValuesError";
    /// An OCI artifact cannot be had.
    pub const OCI_ARTIFACT_PULL_FAILED: &str = "OCIArtifactPullFailed";
    /// An OCI artifact cannot be unpacked.
    pub const OCI_ARTIFACT_LAYER_OPERATION_FAILED: &str = "OCIArtifactLayerOperationFailed";
    /// The index of a Helm repository cannot be had.
    pub const INDEXATION_FAILED: &str = "IndexationFailed";
    /// A chart cannot be had.
    pub const CHART_PULL_ERROR: &str = "ChartPullError";
    /// A chart was had.
    pub const CHART_PULL_SUCCEEDED: &str = "ChartPullSucceeded";
    /// A chart was packed.
    pub const CHART_PACKAGE_SUCCEEDED: &str = "ChartPackageSucceeded";
    /// A chart cannot be packed.
    pub const CHART_PACKAGE_ERROR: &str = "ChartPackageError";
    /// A chart is named in a way that cannot be.
    pub const INVALID_CHART_REFERENCE: &str = "InvalidChartReference";
    /// A source is not there.
    pub const SOURCE_UNAVAILABLE: &str = "SourceUnavailable";
}

/// Keys, after `<group>/`, of the metadata that events carry.
pub mod event {
    /// The revision an event is about.
    pub const REVISION: &str = "revision";
    /// The revision an artifact was made from.
    pub const ORIGIN_REVISION: &str = "originRevision";
    /// Digest of an artifact.
    pub const DIGEST: &str = "digest";
    /// `update` asks a Git provider's commit status to be set.
    pub const COMMIT_STATUS: &str = "commit_status";
    /// Its only value.
    pub const COMMIT_STATUS_UPDATE: &str = "update";
}
