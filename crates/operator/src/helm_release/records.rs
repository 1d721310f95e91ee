//! Releases as Helm stores them: one Secret each.

mod observe;

pub(super) use observe::{digest, json_digest, renderers_digest, values_digest};

use crate::context::{Context, now};
use crate::kinds;
use crate::source_turn::chain;
use api::{ReleaseSnapshot, Timestamp};
use cluster::{ApiError, WriteOptions};
use helm::release::{Release, Status, Written, from_secret, secret_name, to_secret};
use object::{Manifest, Value, map};
use reconcile::release::{Phase, Stored};

/// Who writes the Secrets.
const MANAGER: &str = api::names::HELM_MANAGER;

/// Why records cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// The API.
    #[error("the release's Secret '{name}' cannot be read or written: {source}")]
    Api {
        /// Which.
        name: String,
        /// Why not.
        source: ApiError,
    },
    /// What is in the Secret.
    #[error("the release's Secret '{name}' is broken: {problem}; remove it if it is of no use")]
    Broken {
        /// Which.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// What the decisions need of a record.
pub(super) fn stored(release: &Release, oci_digest: &str) -> Stored {
    Stored {
        version: release.version,
        phase: Phase::parse(release.info.status.name()),
        chart_name: release.chart_name().to_owned(),
        chart_version: release.chart_version().to_owned(),
        digest: digest(release, oci_digest),
    }
}

/// What the status keeps of a record.
pub(super) fn snapshot(release: &Release, action: &str, oci_digest: &str) -> ReleaseSnapshot {
    let time = |text: &str| text.parse().ok().filter(|t: &Timestamp| t.unix() > 0);
    ReleaseSnapshot {
        api_version: "v2".to_owned(),
        digest: digest(release, oci_digest),
        action: action.to_owned(),
        name: release.name.clone(),
        namespace: release.namespace.clone(),
        version: release.version,
        status: release.info.status.name().to_owned(),
        chart_name: release.chart_name().to_owned(),
        chart_version: release.chart_version().to_owned(),
        app_version: release.app_version().to_owned(),
        config_digest: values_digest(&release.config),
        first_deployed: time(&release.info.first_deployed).unwrap_or_default(),
        last_deployed: time(&release.info.last_deployed).unwrap_or_default(),
        deleted: time(&release.info.deleted),
        test_hooks: None,
        oci_digest: oci_digest.to_owned(),
    }
}

/// The present, as Go writes it.
pub(super) fn moment() -> String {
    jiff::Timestamp::now().to_string()
}

/// Sets a record's state and what is said of it.
pub(super) fn set(release: &mut Release, status: Status, description: impl Into<String>) {
    release.info.status = status;
    release.info.description = description.into();
}

/// Every record of a release, newest first.
pub(super) async fn list(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Vec<Release>, RecordError> {
    let labels = format!("owner=helm,name={name}");
    let query = [("labelSelector", labels.as_str())];
    let found = context.client.list(&kinds::secret(), namespace, &query).await;
    let found =
        found.map_err(|source| RecordError::Api { name: format!("{namespace}/{name}"), source })?;
    let items = found.get("items").and_then(Value::as_list).unwrap_or_default();
    let mut records = Vec::with_capacity(items.len());
    for item in items {
        records.push(from_secret(item).map_err(|e| RecordError::Broken {
            name: format!("{namespace}/{}", item.name()),
            problem: chain(&e),
        })?);
    }
    records.sort_by_key(|r| std::cmp::Reverse(r.version));
    Ok(records)
}

fn secret(namespace: &str, release: &Release, written: Written) -> Result<Value, RecordError> {
    let mut secret = to_secret(release, written).map_err(|e| RecordError::Broken {
        name: secret_name(&release.name, release.version),
        problem: chain(&e),
    })?;
    secret.metadata_mut().insert("namespace", namespace);
    Ok(secret)
}

/// Stores a new record.
pub(super) async fn create(
    context: &Context,
    namespace: &str,
    release: &Release,
) -> Result<(), RecordError> {
    let secret = secret(namespace, release, Written::Created(now().unix()))?;
    let options = WriteOptions { field_manager: MANAGER, ..WriteOptions::default() };
    let created = context.client.create(&kinds::secret(), &secret, options).await;
    let name = secret.name().to_owned();
    created.map(drop).map_err(|source| RecordError::Api { name, source })
}

/// Stores a record that is there already.
pub(super) async fn update(
    context: &Context,
    namespace: &str,
    release: &Release,
) -> Result<(), RecordError> {
    let secret = secret(namespace, release, Written::Modified(now().unix()))?;
    let name = secret.name().to_owned();
    let patch = Value::Map(map! {
        "metadata": map! {"labels": secret.at(["metadata", "labels"]).cloned().unwrap_or_default()},
        "data": secret.get("data").cloned().unwrap_or_default(),
    });
    let options = WriteOptions { field_manager: MANAGER, ..WriteOptions::default() };
    let at = (namespace, name.as_str(), "");
    let written = context.client.merge_patch(&kinds::secret(), at, &patch, options).await;
    written.map(drop).map_err(|source| RecordError::Api { name: name.clone(), source })
}

/// Removes a record.
pub(super) async fn remove(
    context: &Context,
    namespace: &str,
    name: &str,
    version: i64,
) -> Result<(), RecordError> {
    let name = secret_name(name, version);
    let background = cluster::Propagation::Background;
    let gone = context.client.delete(&kinds::secret(), namespace, &name, None, background).await;
    match gone {
        Err(source) if !source.is_not_found() => Err(RecordError::Api { name, source }),
        _ => Ok(()),
    }
}
