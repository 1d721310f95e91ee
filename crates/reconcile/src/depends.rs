//! Whether what a run depends on is ready, and whether dependencies go round in a circle.

use crate::expression::{Expression, ExpressionError};
use crate::run::{Awaited, Halt};
use crate::spec::SyncSpec;
use api::{Condition, ConditionStatus, DependencyReference, SourceReference, names};
use object::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What has to be known of a dependency.
#[derive(Clone, Debug)]
pub struct Dependency<'a> {
    /// The whole object, for `readyExpr`.
    pub object: &'a Value,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// `status.conditions`.
    pub conditions: &'a [Condition],
    /// Its source, namespace filled in.
    pub source: SourceReference,
    /// `status.lastAppliedRevision`.
    pub last_applied_revision: Option<&'a str>,
}

/// Checks `spec.dependsOn` in order. `owner` is the depending object as it is, `revision` that of its
/// source, `find` answers with a dependency by namespace and name, `None` when there is none.
///
/// The rules are those of kustomize-controller (`checkDependencies`): a `readyExpr` replaces the built-in
/// check; otherwise the dependency's generation must have been worked on, it must be Ready, and if it has
/// the same source it must have applied the same revision.
///
/// # Errors
/// [`Halt::Wait`] for the first that is not ready, [`Halt::Stalled`] for an expression that never can be.
pub fn check<'a>(
    spec: &SyncSpec,
    owner: &Value,
    revision: &str,
    retry: Duration,
    mut find: impl FnMut(&str, &str) -> Option<Dependency<'a>>,
) -> Result<(), Halt> {
    for reference in &spec.depends_on {
        let namespace = reference.namespace.as_deref().unwrap_or(&spec.owner.namespace);
        let name = format!("{namespace}/{}", reference.name);
        let wait =
            |message: String| Err(Halt::Wait { for_: Awaited::Dependency { message }, retry });
        let Some(dependency) = find(namespace, &reference.name) else {
            return wait(format!("dependency '{name}' not found"));
        };
        if let Some(text) = reference.ready_expr.as_deref().filter(|t| !t.is_empty()) {
            match asks_ready(text, owner, dependency.object) {
                Ok(true) => continue,
                Ok(false) => {
                    return wait(format!(
                        "dependency '{name}' is not ready according to readyExpr eval"
                    ));
                }
                Err(
                    error @ (ExpressionError::Syntax { .. }
                    | ExpressionError::TooLong(_)
                    | ExpressionError::Undeclared { .. }),
                ) => {
                    return Err(stalled(reference, &error));
                }
                Err(error) => return wait(format!("dependency '{name}': {error}")),
            }
        }
        if let Some(message) = unready(&dependency, &name, spec, revision) {
            return wait(message);
        }
    }
    Ok(())
}

fn asks_ready(text: &str, owner: &Value, dependency: &Value) -> Result<bool, ExpressionError> {
    Expression::compile(text)?.is_true(&[("self", owner), ("dep", dependency)])
}

fn stalled(reference: &DependencyReference, error: &ExpressionError) -> Halt {
    Halt::Stalled {
        reason: names::reason::INVALID_CEL_EXPRESSION.to_owned(),
        message: format!("failed to evaluate dependency {}: {error}", reference.name),
        fix: "correct spec.dependsOn[].readyExpr; it may use self and dep".to_owned(),
    }
}

/// Why a dependency is not ready, by the built-in rule.
fn unready(
    dependency: &Dependency<'_>,
    name: &str,
    spec: &SyncSpec,
    revision: &str,
) -> Option<String> {
    let ready = dependency.conditions.iter().find(|c| c.kind == names::condition::READY);
    let observed = dependency.generation == dependency.observed_generation;
    if !observed || ready.is_none_or(|c| c.status != ConditionStatus::True) {
        return Some(format!("dependency '{name}' is not ready"));
    }
    let (theirs, ours) = (&dependency.source, &spec.source);
    let same_source =
        theirs.kind == ours.kind && theirs.name == ours.name && theirs.namespace == ours.namespace;
    if same_source && dependency.last_applied_revision != Some(revision) {
        return Some(format!("dependency '{name}' revision is not up to date"));
    }
    None
}

/// Circles among dependencies, each from its smallest member on (`a -> b -> a` as `[a, b]`): of every knot at
/// least one, so none is overlooked, though not every way around it. `edges`
/// leads from each object to what it depends on; what is not a key of it has no dependencies.
pub fn circles<N: Ord + Clone>(edges: &BTreeMap<N, Vec<N>>) -> Vec<Vec<N>> {
    let mut found = BTreeSet::new();
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        if done.contains(start) {
            continue;
        }
        // Depth first with an explicit stack: a chain may be as long as there are objects.
        let mut path: Vec<(&N, usize)> = vec![(start, 0)];
        let mut on_path: BTreeMap<&N, usize> = BTreeMap::from([(start, 0)]);
        while let Some((node, next)) = path.last_mut() {
            let target = edges.get(*node).and_then(|targets| targets.get(*next));
            *next += 1;
            match target {
                Some(target) => {
                    if let Some(at) = on_path.get(target) {
                        found.insert(from_smallest(
                            path[*at..].iter().map(|(n, _)| (*n).clone()).collect(),
                        ));
                    } else if !done.contains(target) {
                        on_path.insert(target, path.len());
                        path.push((target, 0));
                    }
                }
                None => {
                    done.insert(*node);
                    on_path.remove(*node);
                    path.pop();
                }
            }
        }
    }
    found.into_iter().collect()
}

fn from_smallest<N: Ord>(mut circle: Vec<N>) -> Vec<N> {
    let smallest = circle.iter().enumerate().min_by(|a, b| a.1.cmp(b.1)).map_or(0, |(i, _)| i);
    circle.rotate_left(smallest);
    circle
}

#[cfg(test)]
mod tests;
