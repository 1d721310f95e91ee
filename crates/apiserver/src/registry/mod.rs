//! Which resources are served, in which versions, and what is known of each.
//!
//! Built-in kinds come from `schema::builtin`; custom ones from the CustomResourceDefinitions in the store
//! (`custom`). Readers take a [`Snapshot`]: a change replaces it, and never changes one that somebody holds.
//!
//! Deliberately absent: discovery documents (`discovery`), conversions between versions (`convert`).

mod custom;
#[cfg(test)]
mod tests;

pub use custom::{NamesCheck, check_names, served_versions};

use crate::convert::Conversion;
use crate::store::ResourceId;
use crate::table::Printer;
use object::Gvk;
use schema::{Kind, Schema};
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

/// The schema of whole objects.
#[derive(Clone, Debug)]
pub enum SchemaRef {
    /// Of a built-in kind.
    Builtin(&'static Schema),
    /// Of a custom resource.
    Custom(Arc<Schema>),
}

impl Deref for SchemaRef {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        match self {
            Self::Builtin(schema) => schema,
            Self::Custom(schema) => schema,
        }
    }
}

/// One resource in one version, as it is served.
#[derive(Debug)]
pub struct Served {
    /// Where its objects are stored; shared by all versions (and by `events` of two groups).
    pub id: ResourceId,
    /// Names, verbs, subresources.
    pub kind: Kind,
    /// Type of its objects; of a custom resource as its definition writes it.
    pub schema: SchemaRef,
    /// Type of its objects with `apiVersion`, `kind` and all of `metadata`.
    pub whole: SchemaRef,
    /// The CEL rules of a custom resource.
    pub rules: Option<schema::rules::Rules>,
    /// The version its objects are stored in.
    pub storage: Gvk,
    /// What `kubectl get` shows.
    pub printer: Printer,
    /// The CustomResourceDefinition it comes from.
    pub custom: Option<Arc<CustomSource>>,
    /// What to warn of, when this version is deprecated.
    pub deprecation: Option<String>,
}

/// The CustomResourceDefinition behind a resource.
#[derive(Debug)]
pub struct CustomSource {
    /// Its name, such as `kustomizations.kustomize.toolkit.fluxcd.io`.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Changes with its content.
    pub fingerprint: String,
    /// Converts between its versions, where a webhook does.
    pub conversion: Option<Arc<Conversion>>,
}

impl Served {
    /// Whether the objects are stored in this very version.
    pub fn is_storage(&self) -> bool {
        self.storage.version == self.kind.version.as_str()
            && self.storage.group == self.kind.group.as_str()
    }

    /// `deployments.apps`: how messages name the resource.
    pub fn group_resource(&self) -> String {
        self.kind.group_resource()
    }

    /// `Deployment.apps`: how messages name the kind.
    pub fn group_kind(&self) -> String {
        if self.kind.group.is_empty() {
            self.kind.kind.to_string()
        } else {
            format!("{}.{}", self.kind.kind, self.kind.group)
        }
    }

    /// Whether objects can be stored at all; reviews are only answered.
    pub fn is_stored(&self) -> bool {
        self.has_verb("get")
    }

    /// Whether the resource itself has the verb.
    pub fn has_verb(&self, verb: &str) -> bool {
        self.kind.verbs.iter().any(|v| v == verb)
    }
}

type ResourceName = (String, String, String);

/// Everything that is served at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    by_resource: HashMap<ResourceName, Arc<Served>>,
    by_kind: HashMap<Gvk, Arc<Served>>,
    storage: HashMap<ResourceId, Arc<Served>>,
    /// group -> versions, preferred first -> resources, by plural.
    groups: BTreeMap<String, Vec<GroupVersion>>,
    /// Changes with every change of the registry.
    pub generation: u64,
}

/// One version of a group.
#[derive(Clone, Debug)]
pub struct GroupVersion {
    /// Such as `v1`.
    pub version: String,
    /// Its resources, sorted by plural.
    pub resources: Vec<Arc<Served>>,
}

impl Snapshot {
    /// The resource `plural` in `group/version`.
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Served>> {
        // The key's parts are owned: a lookup allocates three short texts, which a request can afford.
        self.by_resource.get(&(group.to_owned(), version.to_owned(), plural.to_owned()))
    }

    /// The resource of a kind.
    pub fn kind(&self, gvk: &Gvk) -> Option<&Arc<Served>> {
        self.by_kind.get(gvk)
    }

    /// A stored resource in its storage version.
    pub fn stored(&self, id: &ResourceId) -> Option<&Arc<Served>> {
        self.storage.get(id)
    }

    /// The resource of a kind in whatever version, the storage version first.
    pub fn group_kind(&self, group: &str, kind: &str) -> Option<&Arc<Served>> {
        let of_kind = |s: &&Arc<Served>| s.kind.group == group && s.kind.kind == kind;
        self.storage.values().find(of_kind).or_else(|| self.by_kind.values().find(|s| of_kind(s)))
    }

    /// Every stored resource in its storage version.
    pub fn all_stored(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.storage.values()
    }

    /// The groups with their versions, the preferred version first.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &[GroupVersion])> {
        self.groups.iter().map(|(group, versions)| (group.as_str(), versions.as_slice()))
    }

    /// The versions of one group.
    pub fn group(&self, group: &str) -> Option<&[GroupVersion]> {
        self.groups.get(group).map(Vec::as_slice)
    }

    fn build(served: impl Iterator<Item = Arc<Served>>, generation: u64) -> Self {
        let mut snapshot = Self { generation, ..Self::default() };
        for served in served {
            let kind = &served.kind;
            let name = (kind.group.to_string(), kind.version.to_string(), kind.plural.to_string());
            snapshot.by_kind.insert(kind.gvk(), served.clone());
            if served.is_storage() && served.is_stored() {
                snapshot.storage.insert(served.id.clone(), served.clone());
            }
            let versions = snapshot.groups.entry(name.0.clone()).or_default();
            let at = match versions.iter().position(|v| v.version == name.1) {
                Some(at) => at,
                None => {
                    versions.push(GroupVersion { version: name.1.clone(), resources: Vec::new() });
                    versions.len() - 1
                }
            };
            versions[at].resources.push(served.clone());
            snapshot.by_resource.insert(name, served);
        }
        for versions in snapshot.groups.values_mut() {
            versions.sort_by(|a, b| compare_versions(&a.version, &b.version));
            for version in versions {
                version.resources.sort_by(|a, b| a.kind.plural.cmp(&b.kind.plural));
            }
        }
        snapshot
    }
}

/// The order of API versions: `v2`, `v1`, `v1beta2`, `v1alpha1`, then others by name
/// (`k8s.io/apimachinery/pkg/version`, Kubernetes' "version priority").
pub fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    fn parse(v: &str) -> Option<(u8, u64, u64)> {
        let rest = v.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major = rest[..digits].parse().ok()?;
        let rest = &rest[digits..];
        let (stage, minor) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
            _ if rest.is_empty() => return Some((3, major, 0)),
            (Some(minor), _) => (2, minor),
            (_, Some(minor)) => (1, minor),
            _ => return None,
        };
        Some((stage, major, minor.parse().ok()?))
    }
    match (parse(a), parse(b)) {
        (Some(x), Some(y)) => y.cmp(&x),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// The resources that are served; clones share them.
#[derive(Clone, Debug)]
pub struct Registry {
    current: Arc<RwLock<State>>,
}

#[derive(Debug)]
struct State {
    builtin: Vec<Arc<Served>>,
    custom: BTreeMap<String, Vec<Arc<Served>>>,
    snapshot: Arc<Snapshot>,
}

impl Default for Registry {
    fn default() -> Self {
        let builtin: Vec<_> = schema::builtin::kinds().iter().filter_map(builtin).collect();
        let snapshot = Arc::new(Snapshot::build(builtin.iter().cloned(), 1));
        let state = State { builtin, custom: BTreeMap::new(), snapshot };
        Self { current: Arc::new(RwLock::new(state)) }
    }
}

impl Registry {
    /// What is served now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).snapshot.clone()
    }

    /// Serves the versions of one CustomResourceDefinition, in place of those it had; none to stop.
    pub fn set_custom(&self, definition: &str, served: Vec<Arc<Served>>) {
        let mut state = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if served.is_empty() {
            state.custom.remove(definition);
        } else {
            state.custom.insert(definition.to_owned(), served);
        }
        let all = state.builtin.iter().chain(state.custom.values().flatten()).cloned();
        let snapshot = Snapshot::build(all, state.snapshot.generation + 1);
        state.snapshot = Arc::new(snapshot);
    }
}

/// Kinds of Kubernetes that this server has no behaviour for and does not offer.
const LEFT_OUT: [&str; 1] = ["ComponentStatus"];

/// What the server says with every answer about a kind that is on its way out.
fn deprecation(kind: &Kind) -> Option<&'static str> {
    match (kind.group.as_str(), kind.version.as_str(), kind.kind.as_str()) {
        ("", "v1", "Endpoints") => {
            Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
        }
        ("", "v1", "ComponentStatus") => Some("v1 ComponentStatus is deprecated in v1.19+"),
        _ => None,
    }
}

fn builtin(kind: &Kind) -> Option<Arc<Served>> {
    if LEFT_OUT.contains(&kind.kind.as_str()) {
        return None;
    }
    let schema = schema::builtin::schema(&kind.group, &kind.version, &kind.kind)?;
    let (storage, plural) = match (kind.group.as_str(), kind.kind.as_str()) {
        // Two views of the same objects.
        ("events.k8s.io", "Event") => (Gvk::new("", "v1", "Event"), "events"),
        ("autoscaling", "HorizontalPodAutoscaler") => {
            (Gvk::new("autoscaling", "v2", "HorizontalPodAutoscaler"), "horizontalpodautoscalers")
        }
        _ => (kind.gvk(), kind.plural.as_str()),
    };
    Some(Arc::new(Served {
        id: ResourceId::new(&storage.group, plural),
        kind: kind.clone(),
        schema: SchemaRef::Builtin(schema),
        whole: SchemaRef::Builtin(schema),
        rules: None,
        storage,
        printer: Printer::built_in(&kind.group, &kind.kind),
        custom: None,
        deprecation: deprecation(kind).map(str::to_owned),
    }))
}
