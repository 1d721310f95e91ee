//! References by name follow the names of what they refer to.
//!
//! Source: `api/filters/nameref` and `api/internal/accumulator/namereferencetransformer.go`. What may be
//! referred to is looked up by earlier name, so that the work grows with the references and not with the
//! square of the objects.

use super::Context;
use crate::config::Config;
use crate::error::BuildError;
use crate::fieldspec::FieldSpec;
use crate::ident::{Gvk, Id, NO_NAMESPACE};
use crate::node::{Map, Node, Tag};
use crate::resmap::ResMap;
use crate::resource::Resource;
use compact_str::CompactString;
use std::collections::{HashMap, HashSet};

/// What is known of a resource that may be referred to.
struct Candidate {
    id: Id,
    previous: Vec<Id>,
    original_namespace: CompactString,
    /// Empty resource but for its affixes.
    affixes: (Vec<CompactString>, Vec<CompactString>),
}

/// Rewrites every reference.
///
/// # Errors
/// When a reference may mean several objects, or a place for a name holds something else.
pub(crate) fn update_references(
    map: &mut ResMap,
    config: &Config,
    context: &Context<'_>,
) -> Result<(), BuildError> {
    let candidates: Vec<Candidate> =
        map.list().iter().map(|r| Candidate::new(r, context)).collect();
    let mut by_name: HashMap<CompactString, Vec<usize>> = HashMap::new();
    for (i, candidate) in candidates.iter().enumerate() {
        let names: HashSet<&CompactString> = candidate.previous.iter().map(|p| &p.name).collect();
        for name in names {
            by_name.entry(name.clone()).or_default().push(i);
        }
    }
    let mut by_kind: HashMap<&str, Vec<(&Gvk, &FieldSpec)>> = HashMap::new();
    for (order, reference) in config.name_reference.iter().enumerate() {
        let _ = order;
        for spec in &reference.referrers {
            by_kind.entry(spec.gvk.kind.as_str()).or_default().push((&reference.gvk, spec));
        }
    }
    let anywhere = by_kind.remove("").unwrap_or_default();
    for (i, resource) in map.list_mut().iter_mut().enumerate() {
        let original = resource.original_id(context.schemas);
        let own = by_kind.get(original.gvk.kind.as_str()).map_or(&[][..], Vec::as_slice);
        let referrer = Referrer {
            id: &candidates[i].id,
            affixes: &candidates[i].affixes,
            role: role_reference(&resource.node),
            subject_namespaces: subject_namespaces(&resource.node)
                .map_err(|e| context.fail(resource, e))?,
            candidates: &candidates,
            by_name: &by_name,
        };
        let mut changed = false;
        for (target, spec) in own.iter().chain(&anywhere) {
            if !original.gvk.is_selected(&spec.gvk) {
                continue;
            }
            let place = Place { target, is_role: spec.path.ends_with("roleRef/name") };
            let done = spec.apply_to_any(&mut resource.node, None, &mut |node| {
                changed |= referrer.set(node, &place)?;
                Ok(())
            });
            done.map_err(|e| context.fail(resource, e))?;
        }
        if changed {
            resource.note(context.by);
        }
    }
    Ok(())
}

impl Candidate {
    fn new(resource: &Resource, context: &Context<'_>) -> Self {
        let id = resource.id(context.schemas);
        let previous: Vec<Id> = resource.previous_ids().collect();
        let original_namespace = previous.first().unwrap_or(&id).effective_namespace().into();
        let affixes = (resource.prefixes.clone(), resource.suffixes.clone());
        Self { id, previous, original_namespace, affixes }
    }
}

/// A field being rewritten.
struct Place<'a> {
    target: &'a Gvk,
    is_role: bool,
}

/// The resource whose references are rewritten.
struct Referrer<'a> {
    id: &'a Id,
    affixes: &'a (Vec<CompactString>, Vec<CompactString>),
    role: Option<Gvk>,
    subject_namespaces: HashSet<CompactString>,
    candidates: &'a [Candidate],
    by_name: &'a HashMap<CompactString, Vec<usize>>,
}

impl Referrer<'_> {
    /// Rewrites the reference or references at a place; answers whether one changed.
    fn set(&self, node: &mut Node, place: &Place<'_>) -> Result<bool, String> {
        match node {
            null if null.is_null() => Ok(false),
            Node::Scalar(_) => self.set_scalar(node, place),
            Node::Map(map) => self.set_map(map, place),
            Node::List(list) => {
                let mut changed = false;
                for item in &mut list.items {
                    changed |= match item {
                        null if null.is_null() => false,
                        Node::Scalar(_) => self.set_scalar(item, place)?,
                        Node::Map(map) => self.set_map(map, place)?,
                        Node::List(_) => {
                            return Err(
                                "a name or a map with a name is expected, there is a list".into()
                            );
                        }
                    };
                }
                Ok(changed)
            }
        }
    }

    fn set_scalar(&self, node: &mut Node, place: &Place<'_>) -> Result<bool, String> {
        let Some(found) = self.select(node.text(), place, &|_| true, false)? else {
            return Ok(false);
        };
        let name = &self.candidates[found].id.name;
        if name == node.text() {
            return Ok(false);
        }
        let _ = node.set_scalar(name, Tag::Empty);
        Ok(true)
    }

    fn set_map(&self, map: &mut Map, place: &Place<'_>) -> Result<bool, String> {
        let Some(name) = map.get("name") else {
            return Err("a map with a 'name' is expected; correct the field spec".to_owned());
        };
        let name = name.text().to_owned();
        let namespace = map.get("namespace").map(|n| n.text().to_owned());
        let found = match &namespace {
            None => self.select(&name, place, &|_| true, true)?,
            Some(wanted) => {
                let original = |c: &Candidate| {
                    c.original_namespace == wanted && c.original_namespace != NO_NAMESPACE
                };
                // Whether the namespace is one that objects came from, or only one they are in now.
                let known = self.candidates.iter().any(|c| self.reaches(c) && original(c));
                let current = |c: &Candidate| {
                    let namespace = c.id.effective_namespace();
                    namespace == wanted && namespace != NO_NAMESPACE
                };
                self.select(&name, place, if known { &original } else { &current }, true)?
            }
        };
        let Some(found) = found else { return Ok(false) };
        let Id { name: new, namespace, .. } = &self.candidates[found].id;
        if *new == name && namespace.is_empty() {
            return Ok(false);
        }
        map.set_field("name", Node::untyped(new.clone()));
        if !namespace.is_empty() {
            map.set_field("namespace", Node::untyped(namespace.clone()));
        }
        Ok(true)
    }

    /// Whether the referrer may refer to a candidate at all.
    fn reaches(&self, candidate: &Candidate) -> bool {
        self.id.cluster
            || candidate.id.cluster
            || candidate.id.same_namespace(self.id)
            || self.subject_namespaces.contains(&candidate.id.namespace)
    }

    /// The one candidate a name means.
    fn select(
        &self,
        name: &str,
        place: &Place<'_>,
        accept: &dyn Fn(&Candidate) -> bool,
        namespaces_count: bool,
    ) -> Result<Option<usize>, String> {
        let named = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<usize> = named
            .iter()
            .copied()
            .filter(|&i| {
                let c = &self.candidates[i];
                let was = |gvk: &Gvk| c.previous.iter().any(|p| p.gvk.is_selected(gvk));
                self.reaches(c)
                    && accept(c)
                    && was(place.target)
                    && (!place.is_role || self.role.as_ref().is_none_or(was))
                    && (self.id.cluster
                        || c.id.cluster
                        || c.id.gvk.kind == "ServiceAccount"
                        || c.id.same_namespace(self.id))
            })
            .collect();
        if let [only] = found[..] {
            return Ok(Some(only));
        }
        found.retain(|&i| same_affixes(self.affixes, &self.candidates[i].affixes, true));
        if found.len() > 1 {
            found.retain(|&i| same_affixes(self.affixes, &self.candidates[i].affixes, false));
        }
        let Some(&first) = found.first() else { return Ok(None) };
        let chosen = &self.candidates[first].id;
        let same = |i: &usize| {
            let id = &self.candidates[*i].id;
            id.name == chosen.name && (!namespaces_count || id.namespace == chosen.namespace)
        };
        if found.iter().all(same) {
            return Ok(Some(first));
        }
        let ids: Vec<String> = found.iter().map(|i| self.candidates[*i].id.to_string()).collect();
        Err(format!(
            "the name '{name}' may mean {}; give the objects different names",
            ids.join(" or ")
        ))
    }
}

type Affixes = (Vec<CompactString>, Vec<CompactString>);

/// Whether both went through the same prefixes and suffixes last; `allow_empty`: none fits any.
fn same_affixes(a: &Affixes, b: &Affixes, allow_empty: bool) -> bool {
    let same = |a: &[CompactString], b: &[CompactString]| {
        let (short, long) = if a.len() > b.len() { (b, a) } else { (a, b) };
        if short.is_empty() { allow_empty || long.is_empty() } else { long.ends_with(short) }
    };
    same(&a.0, &b.0) && same(&a.1, &b.1)
}

/// Group and kind a role binding refers to.
fn role_reference(root: &Node) -> Option<Gvk> {
    let reference = root.get("roleRef")?;
    let (group, kind) = (reference.get("apiGroup")?, reference.get("kind")?);
    Some(Gvk::new(group.text(), "", kind.text()))
}

/// Namespaces of the service accounts a role binding names.
fn subject_namespaces(root: &Node) -> Result<HashSet<CompactString>, String> {
    let mut out = HashSet::new();
    if root.get("kind").map_or("", Node::text) != "RoleBinding" {
        return Ok(out);
    }
    let subjects = root.get("subjects").and_then(Node::as_list).unwrap_or_default();
    for subject in subjects {
        let (Some(namespace), Some(kind)) = (subject.get("namespace"), subject.get("kind")) else {
            continue;
        };
        if kind.text() != "ServiceAccount" {
            continue;
        }
        if !matches!(namespace, Node::Scalar(scalar) if scalar.is_text()) {
            return Err("a subject's namespace is no text; give it a name or remove it".into());
        }
        out.insert(namespace.text().into());
    }
    Ok(out)
}
