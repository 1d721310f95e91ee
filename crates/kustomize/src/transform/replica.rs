//! Numbers of replicas.

use super::Context;
use crate::error::BuildError;
use crate::fieldspec::{Create, FieldSpec};
use crate::kustomization::Replica;
use crate::node::{Kind, Tag};
use crate::resmap::ResMap;

/// One entry of `replicas`.
#[derive(Debug)]
pub(crate) struct ReplicaCount {
    pub(crate) replica: Replica,
    pub(crate) fields: Vec<FieldSpec>,
}

impl ReplicaCount {
    pub(super) fn run(&self, map: &mut ResMap, context: &Context<'_>) -> Result<(), BuildError> {
        let count = self.replica.count.to_string();
        let create = Some(Create { kind: Kind::Scalar, tag: Tag::Int });
        let mut found = false;
        for spec in &self.fields {
            let fitting = map.find_any(context.schemas, |id| {
                id.name == self.replica.name && id.gvk.is_selected(&spec.gvk)
            });
            found |= !fitting.is_empty();
            for index in fitting {
                let resource = &mut map.list_mut()[index];
                let set = spec.apply(&mut resource.node, create, &mut |node| {
                    node.set_scalar(&count, Tag::Int)
                        .map_err(|k| format!("a number is expected, there is {}", k.name()))
                });
                match set {
                    Ok(_) => resource.note(context.by),
                    Err(message) => return Err(context.fail(resource, message)),
                }
            }
        }
        if found {
            return Ok(());
        }
        let kinds: Vec<&str> = self.fields.iter().map(|s| s.gvk.kind.as_str()).collect();
        let message = format!(
            "replicas: there is no {} named '{}'; correct the name",
            kinds.join(", "),
            self.replica.name
        );
        Err(BuildError::transform(message).in_file(&context.by.file))
    }
}
