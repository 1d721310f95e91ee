//! One resource on its way through the transformers, with what kustomize keeps about it in annotations.
//!
//! Source: `api/resource/resource.go`. kustomize writes earlier names, prefixes and so on into annotations of
//! the domain `internal.config.kubernetes.io`; here they are fields.

use crate::ident::{Gvk, Id};
use crate::merge::{self, Merged};
use crate::node::{Map, Node, Scalar, Tag};
use crate::schema::Schemas;
use crate::{Origin, Transformation};
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::TreePath;

/// Domain of the annotations kustomize keeps for itself.
const INTERNAL: &str = "internal.config.kubernetes.io/";
/// Annotation with where a resource comes from (`buildMetadata: [originAnnotations]`).
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// Annotation with what changed it (`buildMetadata: [transformerAnnotations]`).
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
/// Annotations a file may carry that do not reach the output.
const READER: &[&str] =
    &["config.kubernetes.io/index", "config.kubernetes.io/path", "config.k8s.io/id"];

/// What a generated resource does to one that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Create,
        }
    }
}

/// An identity a resource had; group and version are those it has now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Previous {
    pub(crate) name: CompactString,
    /// The effective one.
    pub(crate) namespace: CompactString,
    pub(crate) kind: CompactString,
}

#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) node: Node,
    /// Oldest first.
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<CompactString>,
    pub(crate) suffixes: Vec<CompactString>,
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Behavior,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// Made by a chart, which has put it into its namespace already.
    pub(crate) helm_generated: bool,
    /// Names of the vars that read from it.
    pub(crate) vars: Vec<String>,
    pub(crate) origin: Arc<TreePath>,
    pub(crate) line: usize,
    pub(crate) transformed: Vec<Arc<Transformation>>,
    /// Groups of shared scalars given out.
    groups: u16,
}

impl Resource {
    pub(crate) fn new(node: Node, origin: Arc<TreePath>, line: usize) -> Self {
        let mut resource = Self {
            node,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            behavior: Behavior::Create,
            allow_name_change: false,
            allow_kind_change: false,
            helm_generated: false,
            vars: Vec::new(),
            origin,
            line,
            transformed: Vec::new(),
            groups: 0,
        };
        resource.take_internal();
        resource
    }

    /// Moves kustomize's own annotations, which a file may carry, into the fields they stand for.
    fn take_internal(&mut self) {
        let Some(Node::Map(annotations)) =
            self.node.get_mut("metadata").and_then(|m| m.get_mut("annotations"))
        else {
            return;
        };
        let internal = |key: &str| key.starts_with(INTERNAL) || READER.contains(&key);
        if !annotations.entries.iter().any(|(k, _)| internal(&k.text)) {
            return;
        }
        let mut taken: BTreeMap<CompactString, CompactString> = BTreeMap::new();
        annotations.entries.retain(|(key, value)| {
            let take = internal(&key.text);
            if take {
                let short = key.text.strip_prefix(INTERNAL).unwrap_or_default();
                taken.insert(short.into(), value.text().into());
            }
            !take
        });
        let list = |key: &str| -> Vec<CompactString> {
            taken.get(key).map(|t| t.split(',').map(Into::into).collect()).unwrap_or_default()
        };
        let enabled = |key: &str| taken.get(key).is_some_and(|t| t == "enabled");
        self.prefixes = list("prefixes");
        self.suffixes = list("suffixes");
        let (names, spaces) = (list("previousNames"), list("previousNamespaces"));
        let kinds = list("previousKinds");
        for ((name, namespace), kind) in names.into_iter().zip(spaces).zip(kinds) {
            self.previous.push(Previous { name, namespace, kind });
        }
        self.needs_hash = enabled("needsHashSuffix");
        self.behavior =
            taken.get("generatorBehavior").map_or(Behavior::Create, |b| Behavior::parse(b));
        self.allow_name_change = enabled("allowNameChange");
        self.allow_kind_change = enabled("allowKindChange");
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::of(&self.node)
    }

    pub(crate) fn kind(&self) -> &str {
        self.node.get("kind").map_or("", Node::text)
    }

    fn meta(&self, key: &str) -> &str {
        self.node.get("metadata").and_then(|m| m.get(key)).map_or("", Node::text_or_empty)
    }

    pub(crate) fn name(&self) -> &str {
        self.meta("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    pub(crate) fn id(&self, schemas: &Schemas) -> Id {
        Id::of(&self.node, schemas)
    }

    /// Earlier identities, oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = Id> + '_ {
        let gvk = if self.previous.is_empty() { Gvk::default() } else { self.gvk() };
        self.previous.iter().map(move |p| Id {
            gvk: Gvk { kind: p.kind.clone(), ..gvk.clone() },
            name: p.name.clone(),
            namespace: p.namespace.clone(),
            cluster: false,
        })
    }

    /// The identity it came with.
    pub(crate) fn original_id(&self, schemas: &Schemas) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id(schemas))
    }

    /// Whether some identity, current or earlier, is `wanted`.
    pub(crate) fn has_any_id(&self, schemas: &Schemas, matches: impl Fn(&Id) -> bool) -> bool {
        self.previous_ids().any(|id| matches(&id)) || matches(&self.id(schemas))
    }

    /// Remembers the current identity as an earlier one.
    pub(crate) fn store_previous_id(&mut self, schemas: &Schemas) {
        let id = self.id(schemas);
        let namespace = id.effective_namespace().into();
        self.previous.push(Previous { name: id.name, namespace, kind: id.gvk.kind });
    }

    pub(crate) fn add_prefix(&mut self, prefix: &str) {
        if !prefix.is_empty() {
            self.prefixes.push(prefix.into());
        }
    }

    pub(crate) fn add_suffix(&mut self, suffix: &str) {
        if !suffix.is_empty() {
            self.suffixes.push(suffix.into());
        }
    }

    pub(crate) fn label<'a>(&'a self, key: &str) -> Option<&'a str> {
        self.node.get("metadata")?.get("labels")?.get(key).map(Node::text)
    }

    pub(crate) fn annotation<'a>(&'a self, key: &str) -> Option<&'a str> {
        self.node.get("metadata")?.get("annotations")?.get(key).map(Node::text)
    }

    /// `metadata.labels` or `metadata.annotations` as texts.
    fn text_map(&self, field: &str) -> BTreeMap<CompactString, CompactString> {
        let entries = self.node.get("metadata").and_then(|m| m.get(field)).and_then(Node::as_map);
        let mut out = BTreeMap::new();
        for (key, value) in entries.iter().flat_map(|m| &m.entries) {
            out.entry(key.text.clone()).or_insert_with(|| value.text().into());
        }
        out
    }

    /// Sets `metadata.labels` or `metadata.annotations`; nothing is left of it when there is no entry.
    fn set_text_map(&mut self, field: &str, texts: BTreeMap<CompactString, CompactString>) {
        let metadata = self.node.make_map().get_or_add("metadata", Node::map).make_map();
        metadata.remove(field);
        if texts.is_empty() {
            return;
        }
        let mut map = Map::default();
        for (key, text) in texts {
            map.entries.push((Scalar::new(key, Tag::Empty), Node::string(text)));
        }
        metadata.push(field, Node::Map(map));
    }

    pub(crate) fn set_annotation(&mut self, key: &str, text: Option<&str>) {
        let mut annotations = self.text_map("annotations");
        match text {
            Some(text) => annotations.insert(key.into(), text.into()),
            None => annotations.remove(key),
        };
        self.set_text_map("annotations", annotations);
    }

    /// Labels and annotations become texts, as kustomize writes them back.
    pub(crate) fn texts_only(&mut self) {
        self.set_text_map("labels", self.text_map("labels"));
        self.set_text_map("annotations", self.text_map("annotations"));
    }

    /// Annotations become texts.
    pub(crate) fn texts_only_annotations(&mut self) {
        self.set_text_map("annotations", self.text_map("annotations"));
    }

    /// The annotations as they reach the output: texts, none left when there are none.
    pub(crate) fn finish_annotations(&mut self, keep_origin: bool, keep_transformations: bool) {
        let mut annotations = self.text_map("annotations");
        if annotations.is_empty() && keep_origin && keep_transformations {
            return;
        }
        if !keep_origin {
            annotations.remove(ORIGIN);
        }
        if !keep_transformations {
            annotations.remove(TRANSFORMATIONS);
        }
        self.set_text_map("annotations", annotations);
    }

    /// Takes over labels, annotations, name, namespace and history of the resource this replaces.
    pub(crate) fn merge_metadata_from(&mut self, old: &Self) {
        for field in ["labels", "annotations"] {
            let mut merged = old.text_map(field);
            merged.extend(self.text_map(field));
            self.set_text_map(field, merged);
        }
        let metadata = self.node.make_map().get_or_add("metadata", Node::map).make_map();
        metadata.set_field("name", Node::untyped(old.name()));
        if old.namespace().is_empty() {
            metadata.remove("namespace");
        } else {
            metadata.set_field("namespace", Node::untyped(old.namespace()));
        }
        self.needs_hash = self.needs_hash && old.needs_hash;
        self.previous = old.previous.clone();
        self.prefixes = old.prefixes.clone();
        self.suffixes = old.suffixes.clone();
        self.behavior = old.behavior;
        self.allow_name_change = old.allow_name_change;
        self.allow_kind_change = old.allow_kind_change;
        self.vars = old.vars.clone();
    }

    /// Puts the entries of the old resource's `data` and `binaryData` under the new ones.
    pub(crate) fn merge_data_from(&mut self, old: &Self) {
        let mut texts = [BTreeMap::new(), BTreeMap::new()];
        for (field, out) in ["data", "binaryData"].into_iter().zip(&mut texts) {
            for resource in [old, &*self] {
                let entries = resource.node.get(field).and_then(Node::as_map);
                for (key, value) in entries.iter().flat_map(|m| &m.entries) {
                    out.insert(key.text.clone(), CompactString::from(value.text_or_empty()));
                }
            }
        }
        let map = self.node.make_map();
        map.remove("data");
        map.remove("binaryData");
        let [data, binary] = texts;
        for (field, texts) in [("data", data), ("binaryData", binary)] {
            for (key, text) in texts {
                let inner = map.get_or_add(field, Node::map).make_map();
                inner.push(&key, Node::string(text));
            }
        }
    }

    /// Applies a strategic merge patch; the node is null afterwards when the patch deletes the resource.
    ///
    /// # Errors
    /// What does not fit.
    pub(crate) fn apply_patch(&mut self, patch: &Self, schemas: &Schemas) -> Result<(), String> {
        let (name, kind) = (self.name().to_owned(), self.kind().to_owned());
        let namespace = self.namespace().to_owned();
        if patch.allow_name_change || patch.allow_kind_change {
            self.store_previous_id(schemas);
        }
        let mode = merge::ListMode::default();
        match merge::merge(&mut self.node, patch.node.clone(), schemas, mode)? {
            // kustomize drops what would replace a whole resource.
            Merged::InPlace | Merged::Replaced(_) => {}
            Merged::Deleted => {
                self.node = Node::null();
                return Ok(());
            }
        }
        if self.node.is_empty() {
            return Ok(());
        }
        let map = self.node.make_map();
        if !patch.allow_kind_change {
            map.set_field("kind", Node::untyped(kind));
        }
        if namespace.is_empty()
            && let Some(Node::Map(metadata)) = map.get_mut("metadata")
        {
            metadata.remove("namespace");
        }
        let metadata = map.get_or_add("metadata", Node::map).make_map();
        if !patch.allow_name_change {
            metadata.set_field("name", Node::untyped(name));
        }
        if !namespace.is_empty() {
            metadata.set_field("namespace", Node::untyped(namespace));
        }
        self.align_shared();
        Ok(())
    }

    pub(crate) fn set_gvk(&mut self, gvk: &Gvk) {
        let api_version = if gvk.group.is_empty() {
            gvk.version.clone()
        } else {
            compact_str::format_compact!("{}/{}", gvk.group, gvk.version)
        };
        let map = self.node.make_map();
        map.set_field("kind", Node::untyped(gvk.kind.clone()));
        map.set_field("apiVersion", Node::untyped(api_version));
    }

    /// A group for a value that is about to be put into several places.
    pub(crate) fn new_group(&mut self) -> u16 {
        self.groups = self.groups.saturating_add(1);
        self.groups
    }

    /// Brings values that are one node in kustomize in line after one of them was written.
    pub(crate) fn align_shared(&mut self) {
        if self.groups > 0 {
            crate::node::shared::align(&mut self.node);
        }
    }

    /// Notes that a transformer changed it.
    pub(crate) fn note(&mut self, by: &Arc<Transformation>) {
        if self.transformed.last().is_none_or(|last| !Arc::ptr_eq(last, by)) {
            self.transformed.push(by.clone());
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            file: (*self.origin).clone(),
            line: self.line,
            transformed_by: self.transformed.iter().map(|t| (**t).clone()).collect(),
        }
    }
}
