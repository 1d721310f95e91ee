//! The values of a release: out of ConfigMaps, Secrets and its own spec, merged as Flux merges them.

use crate::Id;
use crate::secrets::{self, Members};
use api::{HelmRelease, ValuesReference};
use cluster::Client;
use helm::values::{SetMode, merge, read, set};
use object::{Map, Value};
use std::collections::HashMap;

/// Reads and merges. Later references win over earlier ones and the spec's own values over all, but for references with
/// a target path, which win over the spec as well.
pub(super) async fn compose(client: &Client, release: &HelmRelease) -> Result<Map, String> {
    let own = match &release.spec.values {
        Some(value @ Value::Map(_)) => read(&object::to_json(value))
            .map_err(|e| format!("spec.values: {}", helm::chain(&e)))?,
        _ => Map::new(),
    };
    let mut result = Map::new();
    let mut paths = Vec::new();
    let mut known: HashMap<(String, String), Option<Members>> = HashMap::new();
    for reference in &release.spec.values_from {
        let id = Id::new(release.metadata.namespace.as_str(), reference.name.as_str());
        let index = (reference.kind.clone(), reference.name.clone());
        if !known.contains_key(&index) {
            let found = secrets::members(client, &reference.kind, &id).await;
            let found = found.map_err(|e| problem(reference, &id, &e.to_string()))?;
            known.insert(index.clone(), found);
        }
        let key = reference.values_key.as_deref().filter(|k| !k.is_empty());
        let key = key.unwrap_or("values.yaml");
        let members = known.get(&index).and_then(Option::as_ref);
        let Some(bytes) = members.and_then(|m| m.get(key)) else {
            if reference.optional {
                continue;
            }
            let what = if members.is_none() { "resource not found" } else { "key not found" };
            return Err(problem(reference, &id, what));
        };
        match reference.target_path.as_deref().filter(|p| !p.is_empty()) {
            Some(path) => {
                merge(&mut result, own.clone());
                let text = String::from_utf8_lossy(bytes);
                put(&mut result, path, &text, reference.literal)
                    .map_err(|e| problem(reference, &id, &e))?;
                paths.push((path.to_owned(), text.into_owned(), reference.literal));
            }
            None => {
                let values = read(bytes).map_err(|e| problem(reference, &id, &helm::chain(&e)))?;
                merge(&mut result, values);
            }
        }
    }
    merge(&mut result, own);
    for (path, text, literal) in paths {
        put(&mut result, &path, &text, literal)?;
    }
    Ok(result)
}

/// Sets a value as `helm --set` does; quoted ones and literal ones are text.
fn put(values: &mut Map, path: &str, text: &str, literal: bool) -> Result<(), String> {
    let quoted = |c: char| text.starts_with(c) && text.ends_with(c);
    let result = if literal {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, '\\' | ',' | '[' | ']' | '{' | '}') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        set(&format!("{path}={escaped}"), SetMode::Text, values)
    } else if quoted('\'') || quoted('"') {
        let bare = text.trim_matches(['\'', '"']);
        set(&format!("{path}={bare}"), SetMode::Text, values)
    } else {
        set(&format!("{path}={text}"), SetMode::Typed, values)
    };
    result.map_err(|e| e.to_string())
}

fn problem(reference: &ValuesReference, id: &Id, reason: &str) -> String {
    let optional = if reference.optional { " optional" } else { "" };
    let key = reference.values_key.as_deref().filter(|k| !k.is_empty()).unwrap_or("values.yaml");
    format!(
        "could not resolve{optional} {} chart values reference '{id}' with key '{key}': {reason}",
        reference.kind
    )
}
