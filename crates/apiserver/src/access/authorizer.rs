//! May they?

use super::roles::{RoleRef, Roles, resources};
use super::rule::{self, PolicyRule};
use super::{Attributes, Identity, MASTERS, quoted};
use crate::store::{Mirror, Store};

/// What an authorizer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// By which binding, or what was wrong with bindings; may be empty.
    pub reason: String,
}

/// Authorization by the roles and bindings of a store.
pub struct Access {
    roles: Mirror<Roles>,
}

/// What several faults are, in one text (`k8s.io/apimachinery/pkg/util/errors`).
fn together(mut faults: Vec<String>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.clone()));
    match faults.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

impl Access {
    /// Over the roles and bindings in `store`.
    pub fn new(store: &Store) -> Self {
        Self { roles: Mirror::new(store, resources()) }
    }

    /// Whether `who` may do what is asked.
    pub fn decide(&self, who: &Identity, asked: &Attributes) -> Decision {
        if who.is_in(MASTERS) {
            return Decision { allowed: true, reason: String::new() };
        }
        let roles = self.roles.read();
        let mut reason = String::new();
        let (allowed, faults) = roles.visit(who, &asked.namespace, |rule, described| {
            let allows = rule.allows(asked);
            if allows {
                reason = format!("RBAC: allowed by {}", described());
            }
            allows
        });
        if !allowed && !faults.is_empty() {
            reason = format!("RBAC: {}", together(faults));
        }
        Decision { allowed, reason }
    }

    /// As [`Access::decide`] where only the answer counts.
    pub fn allows(&self, who: &Identity, asked: &Attributes) -> bool {
        who.is_in(MASTERS)
            || self.roles.read().visit(who, &asked.namespace, |rule, _| rule.allows(asked)).0
    }

    /// Every rule that applies to `who` in `namespace`, and what was wrong with bindings.
    pub fn rules_of(&self, who: &Identity, namespace: &str) -> (Vec<PolicyRule>, Option<String>) {
        let roles = self.roles.read();
        let mut rules = Vec::new();
        let (_, faults) = roles.visit(who, namespace, |rule, _| {
            rules.push(rule.clone());
            false
        });
        (rules, (!faults.is_empty()).then(|| together(faults)))
    }

    /// The rules of the role that a binding in `namespace` names; the error is what to say when it is not there.
    pub(super) fn rules_of_role(
        &self,
        role: &RoleRef,
        namespace: &str,
    ) -> Result<Vec<PolicyRule>, String> {
        self.roles.read().rules(role, namespace).map(|rules| rules.to_vec())
    }

    /// Whether `who` has everything in `namespace` that `wanted` gives.
    ///
    /// # Errors
    /// What is missing, as the real server words it.
    pub(super) fn confirm_no_escalation(
        &self,
        who: &Identity,
        namespace: &str,
        wanted: &[PolicyRule],
    ) -> Result<(), String> {
        let (held, fault) = self.rules_of(who, namespace);
        let missing = rule::missing(&held, wanted);
        if missing.is_empty() {
            return Ok(());
        }
        let mut text = format!(
            "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
            who.user,
            quoted(&who.groups),
            missing.join("\n")
        );
        if let Some(fault) = fault {
            text.push_str(&format!("; resolution errors: [{fault}]"));
        }
        Err(text)
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

#[cfg(test)]
mod tests;
