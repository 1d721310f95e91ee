//! What names a kind of stored object and one stored object.

use std::fmt;
use std::sync::Arc;

/// A resource: plural name and group, whatever version it is read in. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(Arc<str>);

impl ResourceId {
    /// From the API group (empty for the core group) and the plural name.
    pub fn new(group: &str, plural: &str) -> Self {
        if group.is_empty() {
            Self(plural.into())
        } else {
            Self(format!("{plural}.{group}").into())
        }
    }

    /// From the text `as_str` gives.
    pub fn parse(text: &str) -> Self {
        Self(text.into())
    }

    /// `pods` or `deployments.apps`: the form messages use.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The plural name, such as `deployments`.
    pub fn plural(&self) -> &str {
        self.0.split_once('.').map_or(&*self.0, |(plural, _)| plural)
    }

    /// The API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, group)| group)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where one object is stored.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The resource.
    pub resource: ResourceId,
    /// `namespace/name`, or `name` at cluster scope: one text, so that lists come in etcd's order.
    path: Arc<str>,
}

impl Key {
    /// The object `name` in `namespace` (empty at cluster scope).
    pub fn new(resource: &ResourceId, namespace: &str, name: &str) -> Self {
        let path = if namespace.is_empty() {
            Arc::from(name)
        } else {
            Arc::from(format!("{namespace}/{name}"))
        };
        Self { resource: resource.clone(), path }
    }

    pub(super) fn from_path(resource: ResourceId, path: Arc<str>) -> Self {
        Self { resource, path }
    }

    /// `namespace/name`, or `name` at cluster scope.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn shared_path(&self) -> Arc<str> {
        self.path.clone()
    }

    /// The namespace, empty at cluster scope.
    pub fn namespace(&self) -> &str {
        self.path.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.path.split_once('/').map_or(&*self.path, |(_, name)| name)
    }
}

impl fmt::Display for Key {
    /// `deployments.apps/namespace/name`: also the key of the durable record.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.path)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
