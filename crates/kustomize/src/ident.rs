//! What names a resource: group, version, kind, name and namespace, and what selects one.
//!
//! Source: `kyaml/resid` and `api/types/selector.go` of kustomize v5.8.1.

use crate::node::Node;
use crate::schema::Schemas;
use compact_str::CompactString;
use regex::Regex;
use std::fmt;

/// Effective namespace of what has none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";
/// Effective namespace of what does not say one.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind; as a selector an empty part selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: CompactString,
    pub(crate) version: CompactString,
    pub(crate) kind: CompactString,
}

impl Gvk {
    pub(crate) fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// From `apiVersion`; kustomize splits at the first slash.
    pub(crate) fn of(node: &Node) -> Self {
        let api_version = node.get("apiVersion").map_or("", Node::text);
        let (group, version) = split_api_version(api_version);
        Self::new(group, version, node.get("kind").map_or("", Node::text))
    }

    /// Whether `selector` selects this.
    pub(crate) fn is_selected(&self, selector: &Self) -> bool {
        (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
            && (selector.kind.is_empty() || selector.kind == self.kind)
    }
}

/// Group and version of an `apiVersion`.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

impl fmt::Display for Gvk {
    /// `Deployment.v1.apps`, with `[noGrp]` and so on for what is empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &CompactString, otherwise: &'static str| {
            if text.is_empty() { otherwise.into() } else { text.clone() }
        };
        let (kind, version) = (or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"));
        write!(f, "{kind}.{version}.{}", or(&self.group, "[noGrp]"))
    }
}

/// The identity of a resource now or at an earlier moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) name: CompactString,
    /// As written; earlier identities hold the effective one.
    pub(crate) namespace: CompactString,
    /// Whether the kind has no namespace.
    pub(crate) cluster: bool,
}

impl Id {
    /// The current identity of a resource.
    pub(crate) fn of(node: &Node, schemas: &Schemas) -> Self {
        let gvk = Gvk::of(node);
        let metadata = node.get("metadata");
        let field = |key: &str| metadata.and_then(|m| m.get(key)).map_or("", Node::text_or_empty);
        let cluster = schemas.is_cluster_scoped(&gvk);
        Self { gvk, name: field("name").into(), namespace: field("namespace").into(), cluster }
    }

    /// The namespace that counts when two identities are compared.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    /// The same with the namespace that counts: equal exactly when kustomize calls two identities equal.
    pub(crate) fn effective(mut self) -> Self {
        self.namespace = self.effective_namespace().into();
        self.cluster = false;
        self
    }

    pub(crate) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.same_namespace(other)
    }
}

impl fmt::Display for Id {
    /// `apps/v1 Deployment shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gvk { group, version, kind } = &self.gvk;
        if !group.is_empty() {
            write!(f, "{group}/")?;
        }
        write!(f, "{version} {kind} ")?;
        if !self.namespace.is_empty() && self.namespace != NO_NAMESPACE {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// `target:` of a patch, `select:` of a replacement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selector {
    pub(crate) gvk: Gvk,
    pub(crate) name: CompactString,
    pub(crate) namespace: CompactString,
    pub(crate) annotations: String,
    pub(crate) labels: String,
}

impl Selector {
    /// Whether group, version, kind, name and namespace are all left open.
    pub(crate) fn names_nothing(&self) -> bool {
        self.gvk == Gvk::default() && self.name.is_empty() && self.namespace.is_empty()
    }
}

/// One part of a selector: a regular expression that must match the whole text.
#[derive(Debug)]
enum Pattern {
    Any,
    Exact(CompactString),
    Regex(Regex),
}

impl Pattern {
    fn new(text: &str) -> Result<Self, regex::Error> {
        let literal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'/';
        Ok(if text.is_empty() {
            Self::Any
        } else if text.bytes().all(literal) {
            Self::Exact(text.into())
        } else {
            Self::Regex(Regex::new(&format!("^(?:{text})$"))?)
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A selector ready to match.
#[derive(Debug)]
pub(crate) struct Matcher {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    pub(crate) annotations: crate::labels::LabelSelector,
    pub(crate) labels: crate::labels::LabelSelector,
}

impl Matcher {
    /// # Errors
    /// What is wrong with a pattern or a label selector.
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        let pattern = |text: &str| {
            Pattern::new(text).map_err(|_| format!("'{text}' is no regular expression"))
        };
        Ok(Self {
            group: pattern(&selector.gvk.group)?,
            version: pattern(&selector.gvk.version)?,
            kind: pattern(&selector.gvk.kind)?,
            name: pattern(&selector.name)?,
            namespace: pattern(&selector.namespace)?,
            annotations: selector.annotations.parse()?,
            labels: selector.labels.parse()?,
        })
    }

    pub(crate) fn gvk(&self, gvk: &Gvk) -> bool {
        self.kind.matches(&gvk.kind)
            && self.group.matches(&gvk.group)
            && self.version.matches(&gvk.version)
    }

    pub(crate) fn name(&self, name: &str) -> bool {
        self.name.matches(name)
    }

    pub(crate) fn namespace(&self, namespace: &str) -> bool {
        self.namespace.matches(namespace)
    }
}
