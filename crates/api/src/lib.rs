//! The custom resources users write, their conditions, inventories and annotations; no behaviour.
//!
//! Shapes only: serde structs of Flux 2.9's kinds, the names that make up
//! the contract with Flux's users (labels, annotations, finalizers, reasons), and the custom resource
//! definitions as values. Deliberately absent: defaults that depend on other fields, any decision,
//! clients, the clock.

mod chart;
mod condition;
mod crd;
mod duration;
mod helm_release;
mod kustomization;
mod meta;
pub mod names;
mod oci;
mod source;
mod timestamp;

pub use chart::{
    AccessFrom, ChartSourceReference, HelmChart, HelmChartSpec, HelmChartStatus, HelmRepository,
    HelmRepositorySpec, HelmRepositoryStatus, NamespaceSelector, OciVerification, OidcIdentity,
};
pub use condition::{Condition, ConditionStatus};
pub use crd::crds;
pub use duration::{Duration, DurationError};
pub use helm_release::{
    ActionStrategy, ChartReference, ChartTemplate, ChartTemplateSpec, DriftDetection, HelmRelease,
    HelmReleaseSpec, HelmReleaseStatus, HelmTestFilter, InstallRemediation, InstallSettings,
    KustomizePostRenderer, PostRenderer, ReleaseSnapshot, RollbackSettings, TestHookStatus,
    TestSettings, UninstallSettings, UpgradeRemediation, UpgradeSettings, ValuesReference,
    WaitStrategy,
};
pub use kustomization::{
    CommonMetadata, CustomHealthCheck, Decryption, DeletionPolicy, DependencyReference, IgnoreRule,
    Image, Inventory, InventoryEntry, KubeConfigReference, Kustomization, KustomizationSpec,
    KustomizationStatus, ObjectReference, Patch, PostBuild, SecretKeyReference, Selector, Snapshot,
    SourceReference, SubstituteReference,
};
pub use meta::{LocalReference, ObjectMeta, Typed};
pub use oci::{OciLayerSelector, OciRef, OciRepository, OciRepositorySpec, OciRepositoryStatus};
pub use source::{
    Artifact, GitInclude, GitRef, GitRepository, GitRepositorySpec, GitRepositoryStatus,
    GitVerification,
};
pub use timestamp::{Timestamp, TimestampError};
