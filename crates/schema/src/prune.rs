//! Structural pruning of custom resources: members that no schema names are dropped, and told.
//!
//! As `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning` does it. The root and embedded resources
//! keep `apiVersion`, `kind` and `metadata` as they are: metadata is pruned as that of every object.

use crate::path::Path;
use crate::{Additional, Schema};
use object::Value;

const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Drops unknown members of a whole custom resource. Returns their paths, sorted, for strict refusals and
/// warnings (`unknown field "spec.x"`).
pub fn prune(schema: &Schema, object: &mut Value) -> Vec<String> {
    let mut walk = Walk::default();
    walk.prune(object, Some(schema), true);
    walk.unknown.sort();
    walk.unknown
}

/// Drops unknown members of a value inside of an object.
pub(crate) fn prune_part(schema: &Schema, value: &mut Value) {
    Walk::default().prune(value, Some(schema), schema.embedded_resource);
}

#[derive(Default)]
struct Walk {
    path: Path,
    unknown: Vec<String>,
}

impl Walk {
    /// `None` is a member of `additionalProperties: true`: known itself, with nothing known below it.
    fn prune(&mut self, value: &mut Value, schema: Option<&Schema>, root: bool) {
        if let Some(schema) = schema
            && schema.preserve_unknown_fields
        {
            return self.keep(value, schema, root);
        }
        match value {
            Value::Map(map) => {
                let embedded = root || schema.is_some_and(|s| s.embedded_resource);
                map.retain(|name, member| {
                    if embedded && schema.is_some() && META.contains(&name) {
                        return true;
                    }
                    match schema.map(|s| (s.property(name), &s.additional)) {
                        Some((Some(property), _)) => self.below(name, member, Some(property)),
                        Some((None, Additional::Of(of))) => self.below(name, member, Some(of)),
                        Some((None, Additional::Anything)) => self.below(name, member, None),
                        Some((None, Additional::Unspecified)) | None => {
                            self.unknown.push(self.path.with(name));
                            return false;
                        }
                    }
                    true
                });
            }
            Value::List(items) => {
                let of = schema.and_then(|s| s.items.as_deref());
                for (index, item) in items.iter_mut().enumerate() {
                    self.item(index, item, |walk, item| walk.prune(item, of, false));
                }
            }
            _ => {}
        }
    }

    /// Below `x-kubernetes-preserve-unknown-fields` unknown members stay; what has a schema is pruned.
    fn keep(&mut self, value: &mut Value, schema: &Schema, root: bool) {
        match value {
            Value::Map(map) => {
                let embedded = root || schema.embedded_resource;
                for (name, member) in map.iter_mut() {
                    if embedded && META.contains(&name) {
                        continue;
                    }
                    match (schema.property(name), &schema.additional) {
                        (Some(property), _) => self.below(name, member, Some(property)),
                        (None, Additional::Of(of)) => self.below(name, member, Some(of)),
                        (None, Additional::Anything) => self.below(name, member, None),
                        (None, Additional::Unspecified) => {}
                    }
                }
            }
            Value::List(items) => {
                if let Some(of) = schema.items.as_deref() {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.item(index, item, |walk, item| walk.keep(item, of, false));
                    }
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, name: &str, value: &mut Value, schema: Option<&Schema>) {
        let mut path = std::mem::take(&mut self.path);
        path.member(name, |path| {
            std::mem::swap(&mut self.path, path);
            self.prune(value, schema, false);
            std::mem::swap(&mut self.path, path);
        });
        self.path = path;
    }

    fn item(&mut self, index: usize, item: &mut Value, walk: impl FnOnce(&mut Self, &mut Value)) {
        let mut path = std::mem::take(&mut self.path);
        path.item(index, |path| {
            std::mem::swap(&mut self.path, path);
            walk(self, item);
            std::mem::swap(&mut self.path, path);
        });
        self.path = path;
    }
}
