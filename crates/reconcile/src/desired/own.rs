//! From rendered objects to what is to exist: checked, labelled as ours and put in order.

use super::{Desired, DesiredObject, Stage, expected, normal, rank};
use crate::inventory;
use crate::policy::Policy;
use crate::run::{Halt, Phase};
use crate::selector::Chooser;
use crate::spec::SyncSpec;
use object::{Gvk, Manifest, ObjectKey, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One rendered object and where it was declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The object.
    pub value: Value,
    /// `path:line` of the file that declares it; empty when not known.
    pub origin: String,
}

/// Whether the objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// They do not.
    Cluster,
    /// They do.
    Namespaced,
}

/// What is to exist. `scope` answers for the kinds the cluster knows; those that a definition in the set
/// itself brings are known by that.
///
/// All that is wrong is reported at once: objects without name or kind, kinds nobody knows, namespaced
/// objects without a namespace, and the same object declared twice.
///
/// # Errors
/// [`Halt::Failed`]; then nothing at all may be applied.
pub fn own(
    objects: Vec<Rendered>,
    spec: &SyncSpec,
    scope: &dyn Fn(&Gvk) -> Option<Scope>,
) -> Result<Desired, Halt> {
    let definitions = Definitions::of(&objects);
    let ignored = Ignored::new(spec)?;
    let mut desired = Vec::with_capacity(objects.len());
    let mut seen: HashMap<ObjectKey, String> = HashMap::with_capacity(objects.len());
    let mut errors = Vec::new();
    for rendered in objects {
        let result = own_one(rendered, spec, (&definitions, &ignored), scope);
        match result {
            Err(error) => errors.push(error),
            Ok(object) => {
                if let Some(first) = seen.insert(object.key.clone(), object.origin.clone()) {
                    errors.push(format!(
                        "{} is declared twice{}: remove one of the two",
                        object.key,
                        both(&first, &object.origin)
                    ));
                }
                desired.push(object);
            }
        }
    }
    if !errors.is_empty() {
        return Err(Halt::failed(Phase::Plan, errors.join("\n")));
    }
    desired.sort_by(|a, b| (a.stage, rank(&a.key)).cmp(&(b.stage, rank(&b.key))));
    let inventory = desired.iter().map(|o| inventory::entry(&o.key, &o.gvk.version)).collect();
    Ok(Desired { objects: desired, inventory })
}

fn both(first: &str, second: &str) -> String {
    match (first, second) {
        ("", "") => String::new(),
        (one, "") | ("", one) => format!(", once in {one}"),
        (a, b) => format!(", in {a} and in {b}"),
    }
}

fn own_one(
    rendered: Rendered,
    spec: &SyncSpec,
    (definitions, ignored): (&Definitions, &Ignored<'_>),
    scope: &dyn Fn(&Gvk) -> Option<Scope>,
) -> Result<DesiredObject, String> {
    let Rendered { mut value, origin } = rendered;
    let place = if origin.is_empty() { String::new() } else { format!(" ({origin})") };
    let gvk = value.gvk();
    complete(&value, &gvk, &place)?;
    let custom = definitions.scope(&gvk);
    let key = place_in_scope(&mut value, custom.or_else(|| scope(&gvk)), &place, spec)?;
    let unknown = normal::normalize(&mut value, &gvk);
    label(&mut value, spec);
    let stage = stage(&gvk, custom.is_some());
    let policy = Policy::of(&value, &spec.owner.group);
    let hash = expected::hash(&value, &gvk);
    let ignored = ignored.pointers(&value, &gvk);
    Ok(DesiredObject {
        key,
        gvk,
        value: Arc::new(value),
        hash,
        origin,
        stage,
        policy,
        unknown,
        ignored,
    })
}

/// Whether an object has what every object needs.
fn complete(value: &Value, gvk: &Gvk, place: &str) -> Result<(), String> {
    let missing = if gvk.kind.is_empty() {
        "kind"
    } else if gvk.version.is_empty() {
        "apiVersion"
    } else if value.name().is_empty() {
        "metadata.name"
    } else {
        return Ok(());
    };
    Err(format!(
        "an object{place} lacks its {missing}: every object needs apiVersion, kind and metadata.name"
    ))
}

/// Identity of an object, its namespace as its kind's scope demands it.
fn place_in_scope(
    value: &mut Value,
    scope: Option<Scope>,
    place: &str,
    spec: &SyncSpec,
) -> Result<ObjectKey, String> {
    let mut key = value.key();
    match scope {
        Some(Scope::Cluster) => {
            // The API server drops it; the identity must be the one it answers with.
            value.metadata_mut().remove("namespace");
            key.namespace.clear();
            Ok(key)
        }
        Some(Scope::Namespaced) if key.namespace.is_empty() => Err(format!(
            "{key}{place} namespace not specified: set metadata.namespace in the manifest or \
             spec.targetNamespace of {}",
            spec.owner.key()
        )),
        Some(Scope::Namespaced) => Ok(key),
        None => Err(format!(
            "{key}{place} is of kind {} in {}, which the cluster does not know: add its \
             CustomResourceDefinition, or depend on what installs it",
            key.kind,
            value.api_version()
        )),
    }
}

/// Owner labels first, then the common metadata, which may so override them: the order of
/// kustomize-controller.
fn label(value: &mut Value, spec: &SyncSpec) {
    for (key, text) in [spec.owner.name_label(), spec.owner.namespace_label()] {
        value.set_label(&key, text);
    }
    for (key, text) in &spec.common_metadata.labels {
        value.set_label(key, text);
    }
    for (key, text) in &spec.common_metadata.annotations {
        value.set_annotation(key, text);
    }
}

fn stage(gvk: &Gvk, custom: bool) -> Stage {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apiextensions.k8s.io", "CustomResourceDefinition")
        | ("", "Namespace")
        | ("rbac.authorization.k8s.io", "ClusterRole") => Stage::Definitions,
        (_, kind) if kind.ends_with("Class") => Stage::Classes,
        _ if custom => Stage::Custom,
        _ => Stage::Rest,
    }
}

/// `spec.ignore`, ready to use.
struct Ignored<'a>(Vec<(Option<Chooser>, &'a [String])>);

impl<'a> Ignored<'a> {
    fn new(spec: &'a SyncSpec) -> Result<Self, Halt> {
        let mut rules = Vec::with_capacity(spec.ignore.len());
        for (index, rule) in spec.ignore.iter().enumerate() {
            let chooser = rule.target.as_ref().map(Chooser::new).transpose();
            let chooser = chooser.map_err(|e| {
                Halt::failed(Phase::Plan, format!("spec.ignore[{index}].target: {e}"))
            })?;
            rules.push((chooser, rule.paths.as_slice()));
        }
        Ok(Self(rules))
    }

    fn pointers(&self, value: &Value, gvk: &Gvk) -> Vec<String> {
        let chosen = self
            .0
            .iter()
            .filter(|(chooser, _)| chooser.as_ref().is_none_or(|c| c.chooses(value, gvk)));
        chosen.flat_map(|(_, paths)| paths.iter().cloned()).collect()
    }
}

/// The custom kinds that the set itself defines.
struct Definitions {
    kinds: HashMap<(String, String), (Scope, HashSet<String>)>,
}

impl Definitions {
    fn of(objects: &[Rendered]) -> Self {
        let mut kinds = HashMap::new();
        for Rendered { value, .. } in objects {
            let gvk = value.gvk();
            if gvk.group != "apiextensions.k8s.io" || gvk.kind != "CustomResourceDefinition" {
                continue;
            }
            let text = |path: &[&str]| {
                value.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default()
            };
            let scope = if text(&["spec", "scope"]) == "Cluster" {
                Scope::Cluster
            } else {
                Scope::Namespaced
            };
            let versions = value.at(["spec", "versions"]).and_then(Value::as_list);
            let served = versions
                .unwrap_or_default()
                .iter()
                .filter(|v| v.get("served").and_then(Value::as_bool) != Some(false))
                .filter_map(|v| v.get("name").and_then(Value::as_str))
                .map(str::to_owned)
                .collect();
            let kind = text(&["spec", "names", "kind"]).to_owned();
            kinds.insert((text(&["spec", "group"]).to_owned(), kind), (scope, served));
        }
        Self { kinds }
    }

    fn scope(&self, gvk: &Gvk) -> Option<Scope> {
        if self.kinds.is_empty() {
            return None;
        }
        let (scope, served) = self.kinds.get(&(gvk.group.clone(), gvk.kind.clone()))?;
        served.contains(&gvk.version).then_some(*scope)
    }
}

#[cfg(test)]
mod tests;
