//! What one run is to do: the form into which every kind of "apply these objects" is lowered.

use api::{
    CommonMetadata, CustomHealthCheck, DeletionPolicy, DependencyReference, IgnoreRule,
    Kustomization, SourceReference, names,
};
use object::{Gvk, ObjectKey};
use std::time::Duration;

/// The resource a run belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerRef {
    /// API group; prefix of the owner labels and of the per-object annotations.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl OwnerRef {
    /// Label key and value that carry the owner's name.
    pub fn name_label(&self) -> (String, &str) {
        (format!("{}/name", self.group), &self.name)
    }

    /// Label key and value that carry the owner's namespace.
    pub fn namespace_label(&self) -> (String, &str) {
        (format!("{}/namespace", self.group), &self.namespace)
    }

    /// The owner as an object.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// What one run is to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncSpec {
    /// Whose objects they are.
    pub owner: OwnerRef,
    /// `metadata.generation` of the owner.
    pub generation: i64,
    /// Field manager of the objects.
    pub field_manager: String,
    /// Field managers, besides `kubectl`, whose fields are taken away from them.
    pub disallowed_managers: Vec<String>,
    /// Labels and annotations for every object.
    pub common_metadata: CommonMetadata,
    /// Where the objects come from.
    pub source: SourceReference,
    /// Nothing is done.
    pub suspend: bool,
    /// Objects that left the source are deleted.
    pub prune: bool,
    /// Objects whose immutable fields changed are recreated.
    pub force: bool,
    /// The run waits for the health of all its objects.
    pub wait: bool,
    /// Objects whose health the run waits for when `wait` is not set.
    pub health_checks: Vec<(Gvk, ObjectKey)>,
    /// How the health of kinds is told.
    pub health_exprs: Vec<CustomHealthCheck>,
    /// Fields that others may change.
    pub ignore: Vec<IgnoreRule>,
    /// What has to be ready first; namespaces filled in.
    pub depends_on: Vec<DependencyReference>,
    /// How long a run may take.
    pub timeout: Duration,
    /// Time between runs.
    pub interval: Duration,
    /// Time until a failed run is tried again.
    pub retry_interval: Duration,
    /// What happens to the objects when the owner is deleted.
    pub deletion_policy: DeletionPolicy,
}

/// The shortest timeout there is, and how much less than the interval the default is.
const TIMEOUT_FLOOR: Duration = Duration::from_secs(30);

impl SyncSpec {
    /// From a `Kustomization`, with the defaults of kustomize-controller (`GetTimeout`,
    /// `GetRetryInterval`, health checks in `apps/v1`).
    pub fn of_kustomization(k: &Kustomization) -> Self {
        let namespace = &k.metadata.namespace;
        let interval = k.spec.interval.0;
        let timeout =
            k.spec.timeout.map_or_else(|| interval.saturating_sub(TIMEOUT_FLOOR), |t| t.0);
        Self {
            owner: OwnerRef {
                group: names::KUSTOMIZE_GROUP.to_owned(),
                kind: "Kustomization".to_owned(),
                namespace: namespace.clone(),
                name: k.metadata.name.clone(),
            },
            generation: k.metadata.generation,
            field_manager: names::KUSTOMIZE_MANAGER.to_owned(),
            disallowed_managers: Vec::new(),
            common_metadata: k.spec.common_metadata.clone().unwrap_or_default(),
            source: SourceReference {
                namespace: Some(
                    k.spec.source_ref.namespace.clone().unwrap_or_else(|| namespace.clone()),
                ),
                ..k.spec.source_ref.clone()
            },
            suspend: k.spec.suspend,
            prune: k.spec.prune,
            force: k.spec.force,
            wait: k.spec.wait,
            health_checks: k.spec.health_checks.iter().map(health_check).collect(),
            health_exprs: k.spec.health_check_exprs.clone(),
            ignore: k.spec.ignore.clone(),
            depends_on: k
                .spec
                .depends_on
                .iter()
                .map(|d| DependencyReference {
                    namespace: Some(d.namespace.clone().unwrap_or_else(|| namespace.clone())),
                    ..d.clone()
                })
                .collect(),
            timeout: timeout.max(TIMEOUT_FLOOR),
            interval,
            retry_interval: k.spec.retry_interval.map_or(interval, |d| d.0),
            deletion_policy: k.spec.deletion_policy.unwrap_or_default(),
        }
    }

    /// Whether the run asks for the health of anything.
    pub fn checks_health(&self) -> bool {
        self.wait || !self.health_checks.is_empty()
    }
}

fn health_check(reference: &api::ObjectReference) -> (Gvk, ObjectKey) {
    let api_version = reference.api_version.as_deref().unwrap_or("apps/v1");
    let gvk = Gvk::from_api_version(api_version, &reference.kind);
    let key = ObjectKey {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace: reference.namespace.clone().unwrap_or_default(),
        name: reference.name.clone(),
    };
    (gvk, key)
}

#[cfg(test)]
mod tests;
