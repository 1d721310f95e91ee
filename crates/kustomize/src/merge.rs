//! Strategic merge patch as kyaml does it: lists merge by the keys the schema names, patch items first.
//!
//! Source: `kyaml/yaml/merge2` and `kyaml/yaml/walk` of kustomize v5.8.1, whose peculiarities are kept: a null
//! without text inside a patched map vanishes, `$patch: replace` inside a list item is undone by the item it
//! replaces, a value set over a quoted one is quoted. Directives are `$patch: replace|delete|merge` only.

mod list;
#[cfg(test)]
mod tests;

use crate::node::{Kind, MAX_DEPTH, Map, Node, Scalar, Tag};
use crate::schema::{Schema, Schemas};
use compact_str::CompactString;
use std::collections::{HashMap, HashSet};

/// How lists merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMode {
    /// Items of the patch come first, as in every kustomize build; else last.
    pub prepend: bool,
    /// Lists without a schema merge by `name` when all their items have one; never in a build.
    pub infer: bool,
}

impl Default for ListMode {
    /// As kustomize builds.
    fn default() -> Self {
        Self { prepend: true, infer: false }
    }
}

/// What a merge made of the target.
#[derive(Debug, PartialEq)]
pub(crate) enum Merged {
    /// It was changed in place.
    InPlace,
    /// The patch replaces it, it was not changed.
    Replaced(Node),
    /// The patch deletes it.
    Deleted,
}

/// Merges `patch` into `target`.
///
/// # Errors
/// When a map meets a list and the like, or a directive is unknown. The message names the field.
pub(crate) fn merge(
    target: &mut Node,
    patch: Node,
    schemas: &Schemas,
    mode: ListMode,
) -> Result<Merged, String> {
    let merger = Merger { schemas, mode };
    let schema = merger.schema_of(Some(target), Some(&patch), None);
    Ok(match merger.walk(Some(target), Some(patch), schema, 0)? {
        Outcome::Target | Outcome::KeepNull => Merged::InPlace,
        Outcome::New(node) => Merged::Replaced(node),
        Outcome::Gone => Merged::Deleted,
    })
}

/// What a walk made of two nodes.
enum Outcome {
    /// The target, changed in place.
    Target,
    /// The target, a null that was written out and stays.
    KeepNull,
    /// Something in the target's place.
    New(Node),
    /// Nothing.
    Gone,
}

#[derive(PartialEq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

struct Merger<'a> {
    schemas: &'a Schemas,
    mode: ListMode,
}

impl Merger<'_> {
    /// The schema at a place, looked up by kind where an object begins.
    fn schema_of(
        &self,
        target: Option<&Node>,
        patch: Option<&Node>,
        known: Option<Schema>,
    ) -> Option<Schema> {
        if known.is_some() {
            return known;
        }
        [target, patch].into_iter().flatten().find_map(|node| {
            let (api_version, kind) = (node.get("apiVersion")?, node.get("kind")?);
            let (api_version, kind) = (api_version.text_or_empty(), kind.text_or_empty());
            if api_version.is_empty() || kind.is_empty() {
                return None;
            }
            self.schemas.of(api_version, kind)
        })
    }

    fn walk(
        &self,
        target: Option<&mut Node>,
        patch: Option<Node>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<Outcome, String> {
        if depth > MAX_DEPTH {
            return Err(format!(": nested deeper than {MAX_DEPTH} levels"));
        }
        let kind_of = |node: Option<&Node>| node.filter(|n| !n.is_null()).map(Node::kind);
        let (here, there) = (kind_of(target.as_deref()), kind_of(patch.as_ref()));
        if let (Some(here), Some(there)) = (here, there)
            && here != there
        {
            return Err(format!(
                ": {} in the object, {} in the patch; a patch cannot change that, only replace the \
                 whole (delete it with null first, or use a JSON patch)",
                here.name(),
                there.name()
            ));
        }
        match here.or(there) {
            Some(Kind::Scalar) => Ok(match patch {
                Some(patch) => Outcome::New(patch),
                None => Outcome::Target,
            }),
            Some(Kind::List) => {
                match self.merge_keys(&schema, target.as_deref(), patch.as_ref())? {
                    Some(keys) => {
                        let items = schema.as_ref().and_then(Schema::items);
                        self.merging_list(target, patch, keys, items, depth)
                    }
                    None => Ok(match patch {
                        Some(patch) => Outcome::New(patch),
                        None => Outcome::Target,
                    }),
                }
            }
            Some(Kind::Map) | None => self.map(target, patch, schema, depth),
        }
    }

    /// The keys the items of a list merge by, when they do.
    fn merge_keys(
        &self,
        schema: &Option<Schema>,
        target: Option<&Node>,
        patch: Option<&Node>,
    ) -> Result<Option<Vec<String>>, String> {
        if schema.is_some() || !self.mode.infer {
            return Ok(schema.as_ref().and_then(Schema::merge_keys));
        }
        let named = |node: &Node| {
            node.as_list().is_some_and(|l| l.iter().all(|item| item.get("name").is_some()))
        };
        let lists: Vec<&Node> =
            [target, patch].into_iter().flatten().filter(|n| !n.is_null()).collect();
        if !lists.iter().any(|n| named(n)) {
            return Ok(None);
        }
        if lists.iter().any(|n| !n.is_empty() && !named(n)) {
            return Err(": some items have a name to merge by and some have none".to_owned());
        }
        if lists.iter().all(|n| n.is_empty()) {
            return Err(": there is no key to merge by".to_owned());
        }
        Ok(Some(vec!["name".to_owned()]))
    }

    fn map(
        &self,
        target: Option<&mut Node>,
        mut patch: Option<Node>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<Outcome, String> {
        let target = match target {
            Some(Node::Map(target)) => target,
            null => {
                let directive = patch.as_mut().map(map_directive);
                return match (patch, directive) {
                    (_, Some(Ok(Directive::Delete))) => Ok(Outcome::Gone),
                    (None, _) => Ok(match null {
                        Some(null) if !null.text().is_empty() => Outcome::KeepNull,
                        _ => Outcome::Gone,
                    }),
                    (Some(patch), _) if patch.is_null() => Ok(Outcome::Gone),
                    (Some(patch), _) => self.settle(patch, schema, depth),
                };
            }
        };
        let Some(mut patch) = patch else {
            self.fields(target, None, schema, depth)?;
            return Ok(Outcome::Target);
        };
        if patch.is_null() {
            return Ok(Outcome::Gone);
        }
        let said = patch.get("$patch").is_some();
        let directive = map_directive(&mut patch)?;
        if said && depth > 0 {
            // Below a part of the patch that stands for itself the target is the patch.
            target.remove("$patch");
        }
        match directive {
            Directive::Delete => Ok(Outcome::Gone),
            Directive::Replace => self.settle(patch, schema, depth),
            Directive::Merge => {
                let Node::Map(patch) = patch else { return Ok(Outcome::Target) };
                self.fields(target, Some(patch), schema, depth)?;
                Ok(Outcome::Target)
            }
        }
    }

    /// What becomes of a part of the patch that stands for itself: directives inside take effect, nulls go.
    fn settle(&self, patch: Node, schema: Option<Schema>, depth: usize) -> Result<Outcome, String> {
        let mut target = patch.clone();
        match (&mut target, patch) {
            (Node::Map(target), Node::Map(patch)) => {
                self.fields(target, Some(patch), schema, depth)?;
            }
            _ => return Ok(Outcome::Gone),
        }
        Ok(Outcome::New(target))
    }

    /// Merges the fields of a map. Without a patch nulls without text still go, all the way down.
    fn fields(
        &self,
        target: &mut Map,
        patch: Option<Map>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<(), String> {
        let (mut patches, added) = fields_of_patch(target, patch);
        let mut failure = None;
        let mut seen: HashSet<CompactString> = HashSet::new();
        let patched = !patches.is_empty();
        target.entries.retain_mut(|(key, node)| {
            // Of a key that stands twice only the first is merged.
            if failure.is_some() || (patched && !seen.insert(key.text.clone())) {
                return true;
            }
            let patch = patches.remove(&key.text);
            self.field(&key.text, node, patch, schema.as_ref(), depth).unwrap_or_else(|error| {
                failure = Some(error);
                true
            })
        });
        if let Some(error) = failure {
            return Err(error);
        }
        for key in added {
            let Some(patch) = patches.remove(&key.text) else { continue };
            let inner = schema.as_ref().and_then(|s| s.field(&key.text));
            let inner = self.schema_of(None, Some(&patch), inner);
            let outcome =
                self.walk(None, Some(patch), inner, depth + 1).map_err(|e| inside(&key.text, e))?;
            if let Outcome::New(new) = outcome
                && !new.is_null()
            {
                let key = Scalar { tag: Tag::Empty, ..key };
                target.entries.push((key, new));
            }
        }
        Ok(())
    }

    /// Merges one field that is there; answers whether it stays.
    fn field(
        &self,
        key: &str,
        node: &mut Node,
        patch: Option<Node>,
        schema: Option<&Schema>,
        depth: usize,
    ) -> Result<bool, String> {
        if patch.is_none() && is_settled(node, schema) {
            if let Node::Scalar(scalar) = node {
                // kyaml sets the field to itself, which quotes what looks like a number.
                scalar.quote_if_ambiguous();
            }
            return Ok(true);
        }
        let inner = self.schema_of(Some(node), patch.as_ref(), schema.and_then(|s| s.field(key)));
        let outcome = self.walk(Some(node), patch, inner, depth + 1).map_err(|e| inside(key, e))?;
        Ok(match outcome {
            Outcome::KeepNull => true,
            Outcome::Target => !node.is_null(),
            Outcome::New(new) if !new.is_null() => {
                node.replace_keeping_style(new);
                true
            }
            Outcome::New(_) | Outcome::Gone => false,
        })
    }
}

/// The fields of a patch by key, and the keys the target does not have, in order. Of a key that stands twice
/// the first counts.
fn fields_of_patch(
    target: &Map,
    patch: Option<Map>,
) -> (HashMap<CompactString, Node>, Vec<Scalar>) {
    let Some(patch) = patch else { return Default::default() };
    let here: HashSet<&CompactString> = target.entries.iter().map(|(key, _)| &key.text).collect();
    let (mut patches, mut added) = (HashMap::new(), Vec::new());
    for (key, node) in patch.entries {
        if patches.contains_key(&key.text) {
            continue;
        }
        if !here.contains(&key.text) {
            added.push(key.clone());
        }
        patches.insert(key.text, node);
    }
    (patches, added)
}

/// Whether a field that no patch touches stays as it is: kyaml walks it all the same, which removes nulls
/// without text and orders lists that merge.
fn is_settled(node: &Node, schema: Option<&Schema>) -> bool {
    match node {
        Node::Scalar(scalar) => scalar.tag != Tag::Null,
        Node::List(_) => schema.is_none_or(Schema::is_opaque),
        Node::Map(_) => false,
    }
}

fn inside(field: &str, error: String) -> String {
    let rest = if error.starts_with([':', '[']) { error } else { format!(".{error}") };
    format!("{field}{rest}")
}

/// Takes `$patch` out of a map.
fn map_directive(patch: &mut Node) -> Result<Directive, String> {
    let Node::Map(map) = patch else { return Ok(Directive::Merge) };
    let Some(node) = map.get("$patch").filter(|n| !n.is_null()) else {
        return Ok(Directive::Merge);
    };
    let directive = parse_directive(node.text())?;
    map.remove("$patch");
    Ok(directive)
}

fn parse_directive(text: &str) -> Result<Directive, String> {
    match text {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => {
            Err(format!(": '$patch: {other}' is unknown; there are merge, replace and delete"))
        }
    }
}
