//! The variables of `spec.postBuild`, out of the spec and out of ConfigMaps and Secrets.

use super::rendering::text_members;
use crate::kinds;
use api::Kustomization;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::Client;
use object::Manifest;
use reconcile::{Halt, Phase};
use std::collections::BTreeMap;

/// All variables; later references win over earlier ones, and those of the spec itself over all.
pub(crate) async fn read(
    client: &Client,
    application: &Kustomization,
) -> Result<BTreeMap<String, String>, Halt> {
    let mut variables = BTreeMap::new();
    let Some(post_build) = &application.spec.post_build else { return Ok(variables) };
    let namespace = &application.metadata.namespace;
    for reference in &post_build.substitute_from {
        let resource = match reference.kind.as_str() {
            "Secret" => kinds::secret(),
            "ConfigMap" => kinds::config_map(),
            other => {
                return Err(failed(format!(
                    "spec.postBuild.substituteFrom: kind '{other}' is neither ConfigMap nor Secret"
                )));
            }
        };
        let name = format!("{}/{namespace}/{}", reference.kind, reference.name);
        let found = client
            .get(&resource, namespace, &reference.name)
            .await
            .map_err(|e| failed(format!("substitute from '{name}': {e}")))?;
        let Some(object) = found else {
            if reference.optional {
                continue;
            }
            return Err(failed(format!(
                "substitute from '{name}' error: it does not exist; create it, or mark the \
                 reference as optional"
            )));
        };
        let secret = object.kind() == "Secret" || reference.kind == "Secret";
        for (key, text) in text_members(&object) {
            let value = if secret { decode(text, &name, key)? } else { text.to_owned() };
            // As Flux does: a line break in a value would break the YAML it is put into.
            variables.insert(key.to_owned(), value.replace('\n', ""));
        }
    }
    for (key, value) in &post_build.substitute {
        variables.insert(key.clone(), value.replace('\n', ""));
    }
    Ok(variables)
}

fn decode(text: &str, name: &str, key: &str) -> Result<String, Halt> {
    let bytes =
        STANDARD.decode(text).map_err(|_| failed(format!("'{name}': {key} is no base64")))?;
    String::from_utf8(bytes)
        .map_err(|_| failed(format!("'{name}': {key} is not text, so it cannot be substituted")))
}

fn failed(message: String) -> Halt {
    Halt::failed(Phase::Render, message)
}
