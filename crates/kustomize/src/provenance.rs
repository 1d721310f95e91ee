//! The annotations of `buildMetadata`: where a resource comes from and which transformers ran over it.
//!
//! Source: `api/resource/origin.go`. The fields [`crate::Origin`] says the same, and is always there.

use crate::external::{self, External, Reference};
use crate::resource::{ORIGIN, Resource, TRANSFORMATIONS};
use std::sync::Arc;
use tree::TreePath;

/// A path relative to the outermost kustomization.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginNote {
    path: String,
    /// The repository and the reference, when it stands in another one.
    remote: Option<(String, Option<String>)>,
}

impl OriginNote {
    /// What a kustomization there names.
    pub(crate) fn below(&self, path: &str) -> Self {
        match external::parse(path, true) {
            Some(Reference { external: External::Repository { url, reference, .. }, path }) => {
                Self { path, remote: Some((url, reference)) }
            }
            _ => Self { path: join(&self.path, path), remote: self.remote.clone() },
        }
    }

    /// `repo` and `ref`, when it stands in another repository.
    fn remote_lines(&self) -> String {
        let Some((url, reference)) = &self.remote else { return String::new() };
        let reference = reference.iter().map(|r| format!("ref: {}\n", scalar(r)));
        format!("repo: {}\n{}", scalar(url), reference.collect::<String>())
    }

    /// The annotation of a resource in a file.
    pub(crate) fn text(&self) -> String {
        format!("path: {}\n{}", scalar(&self.path), self.remote_lines())
    }

    /// What a built-in generator or transformer of the kustomization there is called.
    pub(crate) fn builtin(&self, file: &Arc<TreePath>, kind: &str) -> String {
        let configured_in = join(&self.path, file.file_name());
        let configured_in = scalar(&configured_in);
        let remote = self.remote_lines();
        format!(
            "{remote}configuredIn: {configured_in}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n"
        )
    }
}

/// A text as YAML writes it.
fn scalar(text: &str) -> String {
    object::to_yaml(&object::Value::from(text)).trim_end().to_owned()
}

/// Both parts together without `.` and without `..` where that is possible.
fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// What a generator or transformer configured by a resource is called; `None` when that has no origin.
pub(crate) fn plugin_note(config: &Resource) -> Option<String> {
    let path = config.annotation(ORIGIN)?.lines().find_map(|l| l.strip_prefix("path: "))?;
    let api_version = config.node.get("apiVersion").map_or("", crate::node::Node::text);
    let mut out = format!(
        "configuredIn: {path}\nconfiguredBy:\n  apiVersion: {api_version}\n  kind: {}\n",
        config.kind()
    );
    for (key, text) in [("name", config.name()), ("namespace", config.namespace())] {
        if !text.is_empty() {
            out.push_str(&format!("  {key}: {}\n", scalar(text)));
        }
    }
    Some(out)
}

/// Writes down a transformer: as the origin of a resource that has none, as a transformation otherwise.
pub(crate) fn annotate(resource: &mut Resource, note: &str) {
    if resource.annotation(ORIGIN).is_none() {
        resource.set_annotation(ORIGIN, Some(note));
        return;
    }
    let mut text = resource.annotation(TRANSFORMATIONS).unwrap_or_default().to_owned();
    for (i, line) in note.lines().enumerate() {
        text.push_str(if i == 0 { "- " } else { "  " });
        text.push_str(line);
        text.push('\n');
    }
    resource.set_annotation(TRANSFORMATIONS, Some(&text));
}

/// Writes down the generator at what it made, unless that says where it comes from.
pub(crate) fn annotate_missing(made: &mut [Resource], config: &Resource) {
    let Some(note) = plugin_note(config) else { return };
    for resource in made.iter_mut().filter(|r| r.annotation(ORIGIN).is_none()) {
        resource.set_annotation(ORIGIN, Some(&note));
    }
}
