//! What a URL names.

use super::error::ApiError;
use super::params::percent_decode;
use crate::registry::{Served, Snapshot};
use crate::store::Key;
use std::sync::Arc;

/// A resource, a namespace of it, or one object, and perhaps a subresource of that.
#[derive(Clone, Debug)]
pub struct Target {
    /// The resource in the version of the URL.
    pub served: Arc<Served>,
    /// The namespace, empty for none.
    pub namespace: String,
    /// The object's name, empty for the collection.
    pub name: String,
    /// The subresource, empty for none.
    pub subresource: String,
    /// Whether the deprecated `/watch/` form was used.
    pub watch: bool,
}

impl Target {
    /// Reads a path below `/api/` or `/apis/`. `None` when it is no resource's path.
    ///
    /// # Errors
    /// 404 when the path has the form of a resource's, but there is no such resource.
    pub fn parse(path: &str, snapshot: &Snapshot) -> Option<Result<Self, ApiError>> {
        let mut parts = path.strip_prefix('/')?.split('/').filter(|p| !p.is_empty());
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let version = parts.next()?;
        let mut rest: Vec<&str> = parts.collect();
        let watch = rest.first() == Some(&"watch");
        if watch {
            rest.remove(0);
        }
        let (namespace, rest) = match rest.as_slice() {
            [] => return None,
            // `namespaces/x` and its own subresources are the namespace itself.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, tail @ ..] => (*namespace, tail.to_vec()),
            _ => ("", rest),
        };
        let plural = *rest.first()?;
        let name = rest.get(1).copied().unwrap_or_default();
        let subresource = rest.get(2..).unwrap_or_default().join("/");
        let Some(served) = snapshot.resource(group, version, plural) else {
            // Only a version of built-in kinds answers for resources it does not have.
            let built_in = snapshot.group(group)?.iter().find(|v| v.version == version)?;
            let built_in = built_in.resources.iter().any(|r| r.custom.is_none());
            return built_in.then(|| Err(ApiError::no_resource()));
        };
        let target = Self {
            served: served.clone(),
            namespace: percent_decode(namespace, false),
            name: percent_decode(name, false),
            subresource,
            watch,
        };
        Some(target.check())
    }

    fn check(self) -> Result<Self, ApiError> {
        let kind = &self.served.kind;
        let known = self.subresource.is_empty() || kind.subresource(&self.subresource).is_some();
        let placed = match (kind.namespaced, self.namespace.is_empty()) {
            (false, false) => false,
            (true, true) => self.name.is_empty(),
            _ => true,
        };
        if known && placed {
            Ok(self)
        } else if self.served.custom.is_some() && placed {
            // Of a custom kind that has no such subresource the object itself is said to be missing.
            Err(ApiError::not_found(&self.served, &self.name))
        } else {
            Err(ApiError::no_resource())
        }
    }

    /// Where the object is stored.
    pub fn key(&self) -> Key {
        Key::new(&self.served.id, &self.namespace, &self.name)
    }

    /// The namespace, `None` for all.
    pub fn namespace(&self) -> Option<&str> {
        (!self.namespace.is_empty()).then_some(self.namespace.as_str())
    }
}
