//! One kind of object as discovery names it.

use crate::Text;
use object::Gvk;

/// A kind in one version: what discovery says of it, and which subresources it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// API group, empty for the core group.
    pub group: Text,
    /// API version, such as `v1`.
    pub version: Text,
    /// Kind, such as `Deployment`.
    pub kind: Text,
    /// Kind of its lists, such as `DeploymentList`.
    pub list_kind: Text,
    /// Resource name in URLs, such as `deployments`.
    pub plural: Text,
    /// Singular name, such as `deployment`.
    pub singular: Text,
    /// Short names, such as `deploy`.
    pub short_names: Vec<Text>,
    /// Categories, such as `all`.
    pub categories: Vec<Text>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Verbs of the resource itself, sorted.
    pub verbs: Vec<Text>,
    /// Subresources, sorted by name.
    pub subresources: Vec<Subresource>,
    /// Paths of the scale subresource, when there is one.
    pub scale: Option<Scale>,
    /// Field selectors beyond `metadata.name` and `metadata.namespace`, as users write them
    /// (`spec.nodeName`).
    pub selectable_fields: Vec<Text>,
}

/// A subresource as discovery names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subresource {
    /// Last part of the URL, such as `status` or `scale`.
    pub name: Text,
    /// The kind it speaks: the resource's own, or `autoscaling/v1 Scale`, `policy/v1 Eviction`, ...
    pub speaks: Gvk,
    /// Verbs, sorted.
    pub verbs: Vec<Text>,
}

/// Where the scale subresource reads and writes, as member paths without a leading dot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Such as `spec.replicas`.
    pub spec_replicas: Text,
    /// Such as `status.replicas`.
    pub status_replicas: Text,
    /// A selector in text form, or of a built-in kind a label selector object; `None` when the kind has none.
    pub label_selector: Option<Text>,
}

impl Kind {
    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::new(self.group.as_str(), self.version.as_str(), self.kind.as_str())
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`; the plural alone in the core group. The way error messages name a resource.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The subresource `name`.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }

    /// Whether there is a `status` subresource, so that plain writes leave `status` alone.
    pub fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }
}
