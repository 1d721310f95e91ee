//! YAML in and out, the way the Go programs around Kubernetes read and write it.
//!
//! Reading goes [`scan`] (tokens) -> [`parse`] (events) -> [`compose`] (anchors, merge keys, limits) ->
//! [`resolve`] (what a plain scalar means in a [`Dialect`]); writing is [`emit`]; [`locate`] finds the line of a
//! field again.
//! Deliberately absent: comments and styles of the source, which no renderer keeps.

mod compose;
mod emit;
mod locate;
mod parse;
mod resolve;
mod scan;
#[cfg(test)]
mod tests;

pub use emit::{to_yaml, to_yaml_by_bytes, to_yaml_indented};
pub use locate::{PathStep, locate};
pub use parse::{Event, Parser, Properties};
pub use scan::{Mark, Style};

use crate::Value;

/// Whose reading of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `sigs.k8s.io/yaml` 1.6 (go-yaml v2 with YAML 1.1 booleans): `kustomization.yaml`, Helm values,
    /// what `kubectl` reads. A key may stand twice, the later one wins.
    Sigs,
    /// What kustomize's `kyaml` (go-yaml v3) reads from a resource file and prints after its round trip
    /// through JSON: only `true` and `false` are booleans, unquoted timestamps become RFC 3339 text. A key
    /// that stands twice, and one that is no text, is an error.
    Kyaml,
}

/// One document of a YAML stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Line where its content starts, counted from 1.
    pub line: usize,
}

/// Why a text could not be read as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("yaml: line {line}: {message}")]
pub struct YamlError {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, in lower case.
    pub message: String,
}

/// How deep maps and lists may nest, aliases expanded. Go allows 10,000, which no manifest comes near;
/// everything that walks a [`Value`] is recursive, so the bound must hold for small thread stacks, and what was
/// read from YAML must fit, wrapped in a list, into the 128 levels of JSON.
pub const MAX_DEPTH: usize = 120;

/// How many bytes one text may have.
pub const MAX_BYTES: usize = 64 << 20;

/// Every document of `text` that holds something; empty ones and a bare `null` are dropped.
///
/// JSON is YAML, so a JSON text reads as well.
///
/// # Errors
/// [`YamlError`] when the text is no YAML, breaks a rule of the dialect, or passes a limit: [`MAX_BYTES`],
/// [`MAX_DEPTH`], or too much of it coming from aliases (go-yaml's ratio).
pub fn from_yaml(text: &str, dialect: Dialect) -> Result<Vec<Document>, YamlError> {
    let mut composer = compose::Composer::new(text, dialect)?;
    let mut documents = Vec::new();
    while let Some(document) = composer.document()? {
        if !document.value.is_null() {
            documents.push(document);
        }
    }
    Ok(documents)
}

/// The first document of `text`, [`Value::Null`] when it is empty. What follows the first document is not
/// read, as Go's `yaml.Unmarshal` does.
///
/// # Errors
/// As [`from_yaml`], for the first document.
pub fn from_yaml_one(text: &str, dialect: Dialect) -> Result<Value, YamlError> {
    let document = compose::Composer::new(text, dialect)?.document()?;
    Ok(document.map(|d| d.value).unwrap_or_default())
}
