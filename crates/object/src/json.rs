//! JSON in and out, as Go's `encoding/json` and Kubernetes' number rules have it.

mod parse;
mod serialize;
#[cfg(test)]
mod tests;
mod typed;
mod untyped;
mod write;

pub use typed::{FieldError, from_value};
pub use untyped::to_value;
pub use write::{to_json, to_json_html, to_json_indented, to_json_pretty};

use crate::Value;

/// The value of one JSON text.
///
/// Of two members with one name the later wins. Numbers follow [`Value`]: whole ones within `i64` are integers,
/// also when written `1.0` or `1e3`, because that is how Go writes them back.
///
/// # Errors
/// When the text is not JSON or nests deeper than 128 levels (`serde_json`'s limit).
pub fn from_json(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text)
}
