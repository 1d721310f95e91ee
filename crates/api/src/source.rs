//! `source.toolkit.fluxcd.io/v1` `GitRepository`, and the artifact every source has.

use crate::meta::{LocalReference, ObjectMeta, Typed};
use crate::{Condition, Duration, Timestamp, names};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a source holds at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path of the tarball below the server's root.
    pub path: String,
    /// Where the tarball can be had.
    pub url: String,
    /// `branch@sha1:<commit>` and its relatives.
    pub revision: String,
    /// `sha256:<hex>` of the tarball.
    #[serde(default)]
    pub digest: String,
    /// When it was stored.
    pub last_update_time: Timestamp,
    /// Bytes of the tarball.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// What is known about where it came from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A Git repository that others take their files from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitRepository {
    /// Metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What the user wants.
    pub spec: GitRepositorySpec,
    /// What was reached.
    #[serde(default)]
    pub status: GitRepositoryStatus,
}

impl Typed for GitRepository {
    const GROUP: &'static str = names::SOURCE_GROUP;
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "GitRepository";
    const PLURAL: &'static str = "gitrepositories";
}

/// `spec` of a [`GitRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositorySpec {
    /// `http://`, `https://` or `ssh://`.
    pub url: String,
    /// Secret with credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// `generic`, `aws`, `azure` or `github`; absent means generic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Account whose cloud identity authenticates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// How often to look.
    pub interval: Duration,
    /// How long one fetch may take; the schema's default is 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What to follow; absent means branch `master`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitRef>,
    /// Signatures to demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<GitVerification>,
    /// Secret with the address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// Patterns, as in `.gitignore`, of files to leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Leaves the source as it is.
    #[serde(default)]
    pub suspend: bool,
    /// Brings in submodules.
    #[serde(default)]
    pub recurse_submodules: bool,
    /// Other repositories whose files are put into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<GitInclude>,
    /// Directories to keep; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sparse_checkout: Vec<String>,
}

/// What of a repository to follow. Precedence: commit, name, semver, tag, branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", default)]
pub struct GitRef {
    /// A branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The highest tag within a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// A reference in full, such as `refs/pull/420/head`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Signatures to demand of a [`GitRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitVerification {
    /// `HEAD` (or `head`), `Tag` or `TagAndHEAD`; the schema's default is `HEAD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Secret with the public keys of trusted authors.
    pub secret_ref: LocalReference,
}

/// Files of another repository to put into this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitInclude {
    /// The other [`GitRepository`].
    pub repository: LocalReference,
    /// Directory there; absent means its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_path: Option<String>,
    /// Directory here; absent means the other's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_path: Option<String>,
}

/// `status` of a [`GitRepository`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepositoryStatus {
    /// Generation that was last worked on; the schema's default is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The last revision that was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// Artifacts of the included repositories, in the order of `spec.include`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_artifacts: Vec<Artifact>,
    /// `spec.ignore` of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,
    /// `spec.recurseSubmodules` of the artifact.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub observed_recurse_submodules: bool,
    /// `spec.include` of the artifact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_include: Vec<GitInclude>,
    /// `spec.sparseCheckout` of the artifact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_sparse_checkout: Vec<String>,
    /// `spec.verify.mode` the artifact passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_verification_mode: Option<String>,
    /// The last [`names::annotation::REQUESTED_AT`] that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
