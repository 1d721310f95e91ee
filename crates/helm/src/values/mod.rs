//! Values: read from YAML, merged, set on the command line, coalesced with the defaults of charts.
//!
//! Numbers from YAML and JSON are [`object::Value::Float`] and those of `--set` [`object::Value::Int`], because templates
//! tell the two apart (`float64` and `int64`).

pub(crate) mod coalesce;
mod set;
#[cfg(test)]
mod tests;

pub use set::{SetError, SetMode, set};

use crate::Cause;
use crate::decode::{mismatch, yaml};
use object::{Map, Value};

/// Why values cannot be read. Joined with the source by `: ` the text is Helm's.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// A document is not YAML, or no map.
    #[error("cannot unmarshal yaml document")]
    Document(#[source] Cause),
    /// `--set-json` was given a text that begins as an object and is none.
    #[error("failed parsing --set-json data JSON: {0}")]
    Json(String),
}

/// The documents of a values file, the later merged over the earlier.
///
/// # Errors
/// When one of them is no YAML or no map.
pub fn read(text: &[u8]) -> Result<Map, ValuesError> {
    let fail = |text| ValuesError::Document(Cause::new(text));
    let mut values = Map::new();
    for document in documents(text) {
        match yaml(document).map_err(fail)? {
            Value::Map(mut map) => {
                map.iter_mut().for_each(|(_, v)| floats(v));
                if values.is_empty() {
                    values = map;
                } else {
                    merge(&mut values, map);
                }
            }
            Value::Null => {}
            other => return Err(fail(mismatch(&other, "value", "map[string]interface {}"))),
        }
    }
    Ok(values)
}

/// The documents as `k8s.io/apimachinery`'s `YAMLReader` takes them apart.
fn documents(text: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let ends = line.strip_prefix(b"---").is_some_and(|rest| {
            let rest = rest.trim_ascii();
            rest.is_empty() || rest.starts_with(b"#")
        });
        if ends && at > start {
            documents.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    if at > start {
        documents.push(&text[start..]);
    }
    documents
}

/// Makes every number what `encoding/json` makes of it.
pub(crate) fn floats(value: &mut Value) {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "what Go's float64 does, too")]
        Value::Int(i) => *value = Value::Float(*i as f64),
        Value::List(items) => items.iter_mut().for_each(floats),
        Value::Map(map) => map.iter_mut().for_each(|(_, v)| floats(v)),
        _ => {}
    }
}

/// Lays `over` on `values`: maps are merged, everything else is replaced, null included (`loader.MergeMaps`).
pub fn merge(values: &mut Map, over: Map) {
    for (key, value) in over {
        match (values.get_mut(&key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merge(below, above),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                values.insert(key, value);
            }
        }
    }
}

/// `--set-json` of a whole object; `None` when the text is no object and [`set`] should read it.
///
/// # Errors
/// When it begins as an object and is none.
pub fn json_object(text: &str) -> Result<Option<Map>, ValuesError> {
    if !text.trim().starts_with('{') {
        return Ok(None);
    }
    match object::from_json(text.trim().as_bytes()) {
        Ok(mut value @ Value::Map(_)) => {
            floats(&mut value);
            Ok(Some(std::mem::take(value.make_map())))
        }
        _ => Err(ValuesError::Json(text.to_owned())),
    }
}
