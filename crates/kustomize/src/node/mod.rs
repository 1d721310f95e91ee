//! The node every resource is while it is transformed: a value that still knows how it was written.
//!
//! kustomize works on YAML nodes, and what users see depends on it: a number that is copied into text keeps
//! its spelling (`1.10`), a value set over a quoted one stays quoted, YAML held in a string keeps its order.
//! [`read`] makes nodes out of text, [`value`] turns them into [`object::Value`]s the way kustomize's last
//! round trip does, [`write`] prints one as kyaml does. Deliberately absent: comments.

mod read;
pub(crate) mod shared;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub(crate) use read::{MAX_DEPTH, embedded, resources};

use compact_str::CompactString;

/// What a scalar is, as go-yaml's short tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Not said: resolved when it is printed.
    Empty,
    Str,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Binary,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

/// A text with its tag and style.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    pub(crate) text: CompactString,
    pub(crate) tag: Tag,
    pub(crate) style: Style,
    /// Whether the tag is written out (`!!int "3"`); goes with the style when that is handed on.
    pub(crate) tagged: bool,
    /// Scalars of one resource with the same group, but for 0, are one node in kustomize (see [`shared`]).
    pub(crate) group: u16,
    /// Whether it was written since its group was last brought in line.
    pub(crate) fresh: bool,
}

/// A list; `flow` when written `[..]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct List {
    pub(crate) items: Vec<Node>,
    pub(crate) flow: bool,
}

/// A map in the order of its source; `flow` when written `{..}`. A key may stand twice, the first counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Map {
    pub(crate) entries: Vec<(Scalar, Node)>,
    pub(crate) flow: bool,
}

/// A YAML node without anchors and aliases.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(List),
    Map(Map),
}

/// The three forms a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    List,
    Map,
}

impl Kind {
    /// For messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

impl Scalar {
    pub(crate) fn new(text: impl Into<CompactString>, tag: Tag) -> Self {
        Self { text: text.into(), tag, style: Style::Plain, tagged: false, group: 0, fresh: false }
    }

    /// Changes what it says, not how it is written.
    pub(crate) fn write(&mut self, text: &str, tag: Tag) {
        self.text = text.into();
        self.tag = tag;
        self.fresh = self.group != 0;
    }

    /// Whether it counts as text for kyaml: tagged so, or not tagged.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.tag, Tag::Str | Tag::Empty)
    }

    /// Quotes a text that YAML 1.1 would read as something else, as kyaml does for a value it adds.
    pub(crate) fn quote_if_ambiguous(&mut self) {
        let plain = self.is_text() && self.style == Style::Plain;
        if plain && value::is_ambiguous(&self.text) {
            self.style = Style::Double;
        }
    }
}

impl Map {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|(k, _)| k.text == key).map(|(_, v)| v)
    }

    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(k, _)| k.text == key)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        self.position(key).map(|i| self.entries.remove(i).1)
    }

    /// Appends without looking for the key.
    pub(crate) fn push(&mut self, key: &str, node: Node) {
        self.entries.push((Scalar::new(key, Tag::Empty), node));
    }

    /// The value at `key`, put there by `make` when it is absent.
    pub(crate) fn get_or_add(&mut self, key: &str, make: impl FnOnce() -> Node) -> &mut Node {
        let at = self.position(key).unwrap_or_else(|| {
            self.push(key, make());
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    /// kyaml's `FieldSetter` with a name: a null clears, an existing field lends its style to a scalar.
    pub(crate) fn set_field(&mut self, key: &str, value: Node) {
        if value.is_null() {
            self.remove(key);
            return;
        }
        let mut value = value;
        if let Node::Scalar(scalar) = &mut value {
            scalar.quote_if_ambiguous();
        }
        match self.get_mut(key) {
            Some(field) => field.replace_keeping_style(value),
            None => self.push(key, value),
        }
    }
}

impl Node {
    /// Text that stays text.
    pub(crate) fn string(text: impl Into<CompactString>) -> Self {
        Self::Scalar(Scalar::new(text, Tag::Str))
    }

    /// Text whose type shows when it is printed.
    pub(crate) fn untyped(text: impl Into<CompactString>) -> Self {
        Self::Scalar(Scalar::new(text, Tag::Empty))
    }

    pub(crate) fn null() -> Self {
        Self::Scalar(Scalar::new("null", Tag::Null))
    }

    pub(crate) fn map() -> Self {
        Self::Map(Map::default())
    }

    /// What kyaml makes when it creates a node of a kind: a scalar has no text and no tag.
    pub(crate) fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Scalar => Self::untyped(""),
            Kind::List => Self::List(List::default()),
            Kind::Map => Self::map(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Scalar(_) => Kind::Scalar,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { tag: Tag::Null, .. }))
    }

    /// Null, or a collection with nothing inside.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.tag == Tag::Null,
            Self::List(list) => list.items.is_empty(),
            Self::Map(map) => map.entries.is_empty(),
        }
    }

    pub(crate) fn is_empty_map(&self) -> bool {
        matches!(self, Self::Map(map) if map.entries.is_empty())
    }

    /// The text of a scalar as it was written, empty for collections.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    /// The text of a scalar, empty for null and collections (kyaml's `GetValue`).
    pub(crate) fn text_or_empty(&self) -> &str {
        if self.is_null() { "" } else { self.text() }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match self {
            Self::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// About how many bytes this and all below it take; `None` when it nests deeper than `depth`.
    pub(crate) fn weight(&self, depth: usize) -> Option<usize> {
        const NODE: usize = size_of::<(Scalar, Node)>();
        let below = |weight: usize, node: &Self| Some(weight + node.weight(depth.checked_sub(1)?)?);
        match self {
            Self::Scalar(scalar) => Some(NODE + scalar.text.len()),
            Self::List(list) => list.items.iter().try_fold(NODE, below),
            Self::Map(map) => map.entries.iter().map(|(_, value)| value).try_fold(NODE, below),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.as_map().and_then(|m| m.get(key))
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_map_mut().and_then(|m| m.get_mut(key))
    }

    /// The map this is; anything else is replaced by an empty one first.
    pub(crate) fn make_map(&mut self) -> &mut Map {
        if !matches!(self, Self::Map(_)) {
            *self = Self::map();
        }
        match self {
            Self::Map(map) => map,
            _ => unreachable!("just made a map"),
        }
    }

    /// Takes the place of this node and, being a scalar, its style.
    pub(crate) fn replace_keeping_style(&mut self, mut value: Self) {
        if let Self::Scalar(new) = &mut value {
            (new.style, new.tagged) = (Style::Plain, false);
            if let Self::Scalar(old) = self {
                (new.style, new.tagged) = (old.style, old.tagged);
                (new.group, new.fresh) = (old.group, old.group != 0);
            }
        }
        *self = value;
    }

    /// kyaml's `FieldSetter` without a name on a scalar or null.
    ///
    /// # Errors
    /// The kind found when this is a collection.
    pub(crate) fn set_scalar(&mut self, text: &str, tag: Tag) -> Result<(), Kind> {
        match self {
            Self::Scalar(scalar) => {
                scalar.write(text, tag);
                Ok(())
            }
            other => Err(other.kind()),
        }
    }
}
