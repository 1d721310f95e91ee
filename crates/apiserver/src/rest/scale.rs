//! The `scale` subresource: `autoscaling/v1` `Scale` over the replicas of an object.

use super::body::{Media, decode};
use super::error::ApiError;
use super::patch::{json_patch, json_patched, merged};
use super::{Answer, Api, Call, Target};
use crate::convert;
use crate::table::format_selector;
use object::{Manifest, Map, Value, map};
use schema::Scale;

impl Api {
    fn paths(target: &Target) -> Result<&Scale, ApiError> {
        target.served.kind.scale.as_ref().ok_or_else(ApiError::no_resource)
    }

    /// Reads the scale of an object.
    ///
    /// # Errors
    /// 404.
    pub fn read_scale(&self, target: &Target) -> Result<Answer, ApiError> {
        let stored = self.store().get(&target.key());
        let stored = stored.ok_or_else(|| ApiError::not_found(&target.served, &target.name))?;
        let object = convert::from_storage(&target.served, stored.value())?;
        Ok(Answer::Value(scale(&object, Self::paths(target)?)))
    }

    /// Replaces or patches the scale of an object.
    ///
    /// # Errors
    /// As the API server refuses it.
    pub async fn write_scale(
        &self,
        call: &mut Call,
        target: &Target,
        media: Media,
        patch: bool,
        body: &[u8],
    ) -> Result<Answer, ApiError> {
        let paths = Self::paths(target)?;
        let given = decode(
            body,
            if matches!(media, Media::Apply | Media::Protobuf) { media } else { Media::Json },
        )?;
        let operations = match media {
            Media::JsonPatch => Some(json_patch(&given)?),
            _ => None,
        };
        let transform = |old: &Value| {
            let before = scale(old, paths);
            let after = match &operations {
                Some(operations) => json_patched(operations, &before)?,
                None if patch => merged(&before, &given),
                None => given.clone(),
            };
            let replicas = after.at(["spec", "replicas"]).and_then(Value::as_int).unwrap_or(0);
            if replicas < 0 {
                let message =
                    format!("Invalid value: {replicas}: must be greater than or equal to 0");
                let mut error = ApiError::invalid_field(
                    &target.served,
                    &target.name,
                    "FieldValueInvalid",
                    "spec.replicas",
                    message.clone(),
                );
                error.message = format!(
                    "Scale.autoscaling {:?} is invalid: spec.replicas: {message}",
                    target.name
                );
                return Err(error);
            }
            let mut new = old.clone();
            set(&mut new, &paths.spec_replicas, replicas.into());
            for key in ["resourceVersion", "uid"] {
                if let Some(given) = after.meta(key).filter(|v| !v.is_empty()) {
                    new.metadata_mut().insert(key, given);
                }
            }
            Ok(new)
        };
        let answer = self.modify(call, target, transform).await?;
        let object = convert::from_storage(&target.served, answer.value())?;
        Ok(Answer::Value(scale(&object, paths)))
    }
}

fn number(object: &Value, path: &str) -> i64 {
    object.at(path.split('.')).and_then(Value::as_int).unwrap_or(0)
}

fn set(object: &mut Value, path: &str, value: Value) {
    let mut parts: Vec<&str> = path.split('.').collect();
    let Some(last) = parts.pop() else { return };
    let mut place = object;
    for part in parts {
        place = place.make_map().entry(part);
    }
    place.make_map().insert(last, value);
}

/// The scale of an object.
pub(super) fn of(target: &Target, object: &Value) -> Result<Value, ApiError> {
    Ok(scale(object, Api::paths(target)?))
}

fn scale(object: &Value, paths: &Scale) -> Value {
    let mut metadata = Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(text) = object.meta(key) {
            metadata.insert(key, text);
        }
    }
    let mut status = map! {"replicas": number(object, &paths.status_replicas)};
    let selector = paths.label_selector.as_ref().and_then(|path| object.at(path.split('.')));
    match selector {
        Some(Value::String(text)) => drop(status.insert("selector", text.clone())),
        Some(selector @ Value::Map(labels)) => {
            // A ReplicationController's selector is the bare labels.
            let bare =
                !labels.contains_key("matchLabels") && !labels.contains_key("matchExpressions");
            let text = if bare {
                let pairs = labels.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")));
                pairs.collect::<Vec<_>>().join(",")
            } else {
                format_selector(Some(selector)).unwrap_or_default()
            };
            status.insert("selector", text);
        }
        _ => {}
    }
    map! {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": map! {"replicas": number(object, &paths.spec_replicas)},
        "status": status,
    }
    .into()
}
