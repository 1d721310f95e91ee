//! Rendered files taken apart into manifests and hooks, and sorted (`helm.sh/helm/v4/pkg/release/v1/util`).

mod head;
mod hook;
mod order;
mod select;
#[cfg(test)]
mod tests;

pub use head::Head;
pub use hook::{
    HOOK_ANNOTATION, HOOK_DELETE_ANNOTATION, HOOK_OUTPUT_LOG_ANNOTATION, HOOK_WEIGHT_ANNOTATION,
    Hook, HookEvent, execution_order,
};
pub use order::Order;
pub use select::{TemplateNotFound, select};

use crate::Cause;
use std::collections::BTreeMap;

/// An object a chart renders to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The file it comes from: `chart/templates/a.yaml`.
    pub path: String,
    /// Its text.
    pub content: String,
    /// `apiVersion`, `kind`, name and annotations.
    pub head: Head,
}

/// What a template made is not YAML, or no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("YAML parse error on {path}")]
pub struct ManifestError {
    /// The file.
    pub path: String,
    /// Why not, in Go's words.
    #[source]
    pub source: Cause,
}

/// The documents of a text. A separator is `---` at the beginning of a line, whatever follows.
pub fn split(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let (mut start, mut line) = (0, 0);
    loop {
        if text[line..].starts_with("---") {
            keep(&text[start..line], &mut documents);
            let after = &text[line + 3..];
            start = text.len() - after.trim_start_matches([' ', '\t']).len();
        }
        match text[line..].find('\n') {
            Some(next) => line += next + 1,
            None => break,
        }
    }
    keep(&text[start..], &mut documents);
    documents
}

fn keep<'a>(part: &'a str, documents: &mut Vec<&'a str>) {
    let part = part.trim_start();
    if !part.is_empty() {
        documents.push(part);
    }
}

/// Manifests and hooks of rendered files, both sorted by kind.
///
/// # Errors
/// [`ManifestError`] for the first document, in the order of the files' names, that is no YAML or no object.
pub fn sort(
    files: BTreeMap<String, String>,
    order: Order,
) -> Result<(Vec<Hook>, Vec<Manifest>), ManifestError> {
    let mut hooks = Vec::new();
    let mut manifests = Vec::new();
    for (path, text) in files {
        if crate::path::base(&path).starts_with('_') {
            continue;
        }
        for document in split(&text) {
            let head = Head::read(document)
                .map_err(|error| ManifestError { path: path.clone(), source: Cause::new(error) })?;
            match head.annotations.get(HOOK_ANNOTATION) {
                None => manifests.push(Manifest {
                    path: path.clone(),
                    content: document.to_owned(),
                    head,
                }),
                Some(events) => {
                    if let Some(events) = HookEvent::parse_all(events) {
                        hooks.push(Hook::new(&path, document, &head, events));
                    }
                }
            }
        }
    }
    manifests.sort_by(|a, b| order.compare(&a.head.kind, &b.head.kind));
    hooks.sort_by(|a, b| order.compare(&a.kind, &b.kind));
    Ok((hooks, manifests))
}
