//! ClusterRoles made of others (`aggregationRule`), as the controller `clusterrole-aggregation` keeps them.

use super::{PolicyRule, RBAC};
use crate::rest::body::Media;
use crate::rest::{Api, ApiError, Call, LabelSelector};
use crate::store::{ListQuery, ResourceId, Stored};
use object::{Value, map};
use std::sync::Arc;

const MANAGER: &str = "clusterrole-aggregation-controller";

/// Brings every aggregating ClusterRole up to date, again while they feed each other.
///
/// # Errors
/// When one cannot be written.
pub(crate) async fn aggregate(api: &Api) -> Result<(), ApiError> {
    let resource = ResourceId::new(RBAC, "clusterroles");
    // A chain of roles settles within as many rounds as it is long; the bound is for circles.
    for _ in 0..16 {
        let listing = api.store().list(&resource, &ListQuery::default());
        let Ok(listing) = listing else { return Ok(()) };
        let mut changed = false;
        for role in &listing.items {
            let value = role.value();
            let Some(rules) = gathered(&value, &listing.items) else { continue };
            if PolicyRule::list(&value) == rules {
                continue;
            }
            changed = true;
            let rules: Vec<Value> = rules.iter().map(|rule| rule.value().into()).collect();
            let config = map! {
                "apiVersion": format!("{RBAC}/v1"),
                "kind": "ClusterRole",
                "metadata": map! {"name": role.name()},
                "rules": rules,
            };
            let mut call = Call { force: true, ..Call::of(MANAGER) };
            let body = object::to_json(&config.into());
            let target = api.target(&role.key)?;
            api.patch(&mut call, &target, Some(Media::Apply), &body).await?;
        }
        if !changed {
            return Ok(());
        }
    }
    Ok(())
}

/// The rules that a role gathers from `all`, each once, in the order of the roles' names; `None` when it gathers none.
fn gathered(role: &Value, all: &[Arc<Stored>]) -> Option<Vec<PolicyRule>> {
    let selectors = role.at(["aggregationRule", "clusterRoleSelectors"])?.as_list()?;
    let name = role.at(["metadata", "name"]).and_then(Value::as_str).unwrap_or_default();
    let mut rules: Vec<PolicyRule> = Vec::new();
    for selector in selectors {
        let Some(selector) = LabelSelector::read(selector) else { continue };
        let selected = |other: &Stored| selector.matches(|key| other.label(key));
        for other in all.iter().filter(|o| o.name() != name && selected(o)) {
            for rule in PolicyRule::list(&other.value()) {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
    }
    Some(rules)
}
