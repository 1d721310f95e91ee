//! A Kubernetes object as a value: kinds, keys, labels, YAML and JSON in and out the way Kubernetes
//! reads them.
//!
//! Deliberately absent: schemas (crate `schema`), merging (`ssa`, `kustomize`), any I/O.

mod json;
mod kind;
mod manifest;
mod number;
mod value;
mod yaml;

pub use json::{
    FieldError, from_json, from_value, to_json, to_json_html, to_json_indented, to_json_pretty,
    to_value,
};
pub use kind::{Gvk, ObjectKey};
pub use manifest::Manifest;
pub use value::{Map, Value};
/// YAML event by event, for readers that keep more of a text than its value: order, styles, places.
pub mod events {
    pub use crate::yaml::{Event, Mark, Parser, Properties, Style};
}
pub use yaml::{
    Dialect, Document, MAX_BYTES, MAX_DEPTH, PathStep, YamlError, from_yaml, from_yaml_one, locate,
    to_yaml, to_yaml_by_bytes, to_yaml_indented,
};
