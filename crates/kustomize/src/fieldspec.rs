//! Field specs: where in which kinds a transformer works, and the walk that finds the place.
//!
//! Source: `api/types/fieldspec.go` and `api/filters/fieldspec` of kustomize v5.8.1.

#[cfg(test)]
mod tests;

use crate::decode::{Decoded, Fields, Mode, Wrong};
use crate::ident::Gvk;
use crate::node::{Kind, MAX_DEPTH, Map, Node, Scalar, Tag};
use compact_str::CompactString;
use object::Value;

/// A place in resources of some kinds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    /// As written: `spec/template/spec/containers[]/image`.
    pub(crate) path: CompactString,
    parts: Vec<CompactString>,
    /// Whether to make what is missing on the way.
    pub(crate) create: bool,
}

/// Longest path: every part may become a level of nesting.
const LONGEST: usize = 2 * MAX_DEPTH;

/// What is made at the end of the path when it is missing.
#[derive(Clone, Copy)]
pub(crate) struct Create {
    pub(crate) kind: Kind,
    pub(crate) tag: Tag,
}

/// A scalar that holds text.
pub(crate) const CREATE_TEXT: Option<Create> = Some(Create { kind: Kind::Scalar, tag: Tag::Str });
/// A map.
pub(crate) const CREATE_MAP: Option<Create> = Some(Create { kind: Kind::Map, tag: Tag::Empty });

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        let parts = split_path(path, '/').into_iter().map(Into::into).collect();
        Self { gvk, path: path.into(), parts, create }
    }

    /// The same place in every kind.
    pub(crate) fn anywhere(path: &str, create: bool) -> Self {
        Self::new(Gvk::default(), path, create)
    }

    pub(crate) fn decode(value: &Value, mode: Mode) -> Decoded<Self> {
        let fields = Fields::of(value, mode)?;
        fields.only(&["group", "version", "kind", "path", "create"])?;
        let inner = fields.embedded();
        let gvk = Gvk::new(&inner.text("group")?, &inner.text("version")?, &inner.text("kind")?);
        let path = fields.text("path")?;
        if path.len() > LONGEST {
            let message = format!("the path is longer than {LONGEST} characters");
            return Err(Wrong::new(message).under("path"));
        }
        Ok(Self::new(gvk, &path, fields.truth("create")?))
    }

    /// Calls `set` on every node the path leads to in `root`, if the spec is for its kind, and says whether
    /// there was one.
    ///
    /// # Errors
    /// What `set` says, and when the path leads through a scalar.
    pub(crate) fn apply(
        &self,
        root: &mut Node,
        create: Option<Create>,
        set: &mut dyn FnMut(&mut Node) -> Result<(), String>,
    ) -> Result<bool, String> {
        if self.gvk != Gvk::default() && !Gvk::of(root).is_selected(&self.gvk) {
            return Ok(false);
        }
        self.apply_to_any(root, create, set)
    }

    /// [`FieldSpec::apply`] for a root known to be selected.
    pub(crate) fn apply_to_any(
        &self,
        root: &mut Node,
        create: Option<Create>,
        set: &mut dyn FnMut(&mut Node) -> Result<(), String>,
    ) -> Result<bool, String> {
        let create = create.filter(|_| self.create);
        let mut walk = Walk { create, set, found: false };
        walk.node(root, &self.parts).map_err(|e| format!("field '{}': {e}", self.path))?;
        Ok(walk.found)
    }
}

struct Walk<'a> {
    create: Option<Create>,
    set: &'a mut dyn FnMut(&mut Node) -> Result<(), String>,
    found: bool,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, path: &[CompactString]) -> Result<(), String> {
        if path.is_empty() {
            self.found = true;
            return (self.set)(node);
        }
        match node {
            Node::List(list) => list.items.iter_mut().try_for_each(|item| self.node(item, path)),
            Node::Map(map) => self.map(map, path),
            Node::Scalar(scalar) if scalar.tag == Tag::Null => Ok(()),
            Node::Scalar(scalar) => {
                let text = scalar.text.as_str();
                Err(format!("a list or map is expected where '{text}' stands"))
            }
        }
    }

    fn map(&mut self, map: &mut Map, path: &[CompactString]) -> Result<(), String> {
        let (name, rest) = (path[0].as_str(), &path[1..]);
        let (name, is_list) = name.strip_suffix("[]").map_or((name, false), |n| (n, true));
        if name.is_empty() {
            return Err("the path has an empty part".to_owned());
        }
        if name == "-" || name == "*" || name.starts_with('[') || name.parse::<i64>().is_ok() {
            return Err(format!("'{name}' wants a list, there is a map"));
        }
        let make = match self.create {
            Some(_) if is_list => None,
            Some(create) if rest.is_empty() => Some(create),
            Some(_) => Some(Create { kind: Kind::Map, tag: Tag::Empty }),
            None => None,
        };
        let field = match make {
            Some(make) => {
                let field = map.get_or_add(name, || Node::empty(make.kind));
                if field.is_null() {
                    become_empty(field, make);
                }
                field
            }
            None => {
                let Some(field) = map.get_mut(name) else { return Ok(()) };
                if is_list && field.is_null() {
                    *field = Node::empty(Kind::List);
                }
                field
            }
        };
        self.node(field, rest)
    }
}

/// A null in the way becomes what would have been made; a scalar keeps its text.
fn become_empty(node: &mut Node, make: Create) {
    match (make.kind, node) {
        (Kind::Scalar, Node::Scalar(Scalar { tag, .. })) => *tag = make.tag,
        (kind, node) => *node = Node::empty(kind),
    }
}

/// `a/b\/c` is `a` and `b/c`; one leading delimiter does not count.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let path = path.strip_prefix(delimiter).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for part in path.split(delimiter) {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// [`split_path`] at dots that keeps `[name=a.b]` together and takes `[a.b]` for the one name `a.b`.
pub(crate) fn split_field_path(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut parts = split_path(path, '.').into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            out.push(part);
            continue;
        }
        let mut bracketed = part;
        for next in parts.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if bracketed.contains('=') {
            out.push(bracketed);
        } else {
            out.push(bracketed.trim_matches(['[', ']']).to_owned());
        }
    }
    out
}

/// Adds one spec unless the place is there already.
///
/// # Errors
/// When it is there and differs in whether it is created.
pub(crate) fn merge_spec(specs: &mut Vec<FieldSpec>, new: FieldSpec) -> Result<(), String> {
    match specs.iter().find(|s| s.gvk.is_selected(&new.gvk) && s.path == new.path) {
        Some(old) if old.create != new.create => Err(format!(
            "the field spec '{}' is there already with create: {}; say the same here",
            new.path, old.create
        )),
        Some(_) => Ok(()),
        None => {
            specs.push(new);
            Ok(())
        }
    }
}

/// Adds all specs.
///
/// # Errors
/// As [`merge_spec`].
pub(crate) fn merge_specs(specs: &mut Vec<FieldSpec>, new: &[FieldSpec]) -> Result<(), String> {
    new.iter().try_for_each(|spec| merge_spec(specs, spec.clone()))
}

/// A list of field specs in a field.
pub(crate) fn decode_specs(fields: Fields<'_>, name: &str) -> Decoded<Vec<FieldSpec>> {
    fields.list(name, |value| FieldSpec::decode(value, fields.mode))
}
