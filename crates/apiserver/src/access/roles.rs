//! The roles and bindings of the store, found by whom they concern.
//!
//! A check looks up the user and each of the groups, so that its cost follows what is bound to them and not how many
//! bindings there are.

use super::{Identity, PolicyRule, RBAC, account_user};
use crate::store::{ResourceId, Stored, View};
use object::{Manifest, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// What is watched.
pub(super) fn resources() -> Vec<ResourceId> {
    ["roles", "clusterroles", "rolebindings", "clusterrolebindings"]
        .map(|plural| ResourceId::new(RBAC, plural))
        .into()
}

/// Whom a binding concerns: ServiceAccounts are users by their user name.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Subject {
    User(String),
    Group(String),
}

/// A role named by a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleRef {
    pub(super) cluster: bool,
    pub(super) name: String,
    /// `kind` when it is neither `Role` nor `ClusterRole`.
    pub(super) unknown: Option<String>,
}

impl RoleRef {
    pub(super) fn read(binding: &Value) -> Self {
        let text = |key: &str| {
            binding.at(["roleRef", key]).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kind = text("kind");
        let cluster = kind == "ClusterRole";
        let unknown = (!cluster && kind != "Role").then_some(kind);
        Self { cluster, name: text("name"), unknown }
    }
}

/// One subject of one binding.
struct Grant {
    binding: String,
    role: RoleRef,
    /// `User "jane"`.
    subject: String,
}

type Grants = HashMap<Subject, Vec<Arc<Grant>>>;

/// Roles and bindings.
#[derive(Default)]
pub(super) struct Roles {
    cluster_roles: HashMap<String, Arc<[PolicyRule]>>,
    roles: HashMap<(String, String), Arc<[PolicyRule]>>,
    cluster_grants: Grants,
    /// By namespace.
    grants: HashMap<String, Grants>,
}

impl View for Roles {
    fn put(&mut self, object: &Stored) {
        let value = object.value();
        let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
        match object.key.resource.plural() {
            "clusterroles" => {
                drop(self.cluster_roles.insert(name, PolicyRule::list(&value).into()))
            }
            "roles" => drop(self.roles.insert((namespace, name), PolicyRule::list(&value).into())),
            _ => self.bind(&value, &namespace),
        }
    }

    fn remove(&mut self, object: &Stored) {
        let (namespace, name) = (object.namespace(), object.name());
        match object.key.resource.plural() {
            "clusterroles" => drop(self.cluster_roles.remove(name)),
            "roles" => drop(self.roles.remove(&(namespace.to_owned(), name.to_owned()))),
            _ => self.unbind(&object.value(), namespace),
        }
    }
}

/// The subjects of a binding in `namespace` (empty for a ClusterRoleBinding), with their descriptions.
fn subjects(binding: &Value, namespace: &str) -> Vec<(Subject, String)> {
    let list = binding.get("subjects").and_then(Value::as_list).unwrap_or_default();
    let read = |subject: &Value| {
        let text = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        match kind {
            "User" => Some((Subject::User(name.to_owned()), format!("{kind} {name:?}"))),
            "Group" => Some((Subject::Group(name.to_owned()), format!("{kind} {name:?}"))),
            "ServiceAccount" => {
                let own = text("namespace");
                let of = if own.is_empty() { namespace } else { own };
                let described = format!("{kind} {:?}", format!("{name}/{of}"));
                (!of.is_empty()).then(|| (Subject::User(account_user(of, name)), described))
            }
            _ => None,
        }
    };
    list.iter().filter_map(read).collect()
}

impl Roles {
    fn bind(&mut self, binding: &Value, namespace: &str) {
        let role = RoleRef::read(binding);
        let grants = if namespace.is_empty() {
            &mut self.cluster_grants
        } else {
            self.grants.entry(namespace.to_owned()).or_default()
        };
        for (subject, described) in subjects(binding, namespace) {
            let binding = binding.name().to_owned();
            let grant = Grant { binding, role: role.clone(), subject: described };
            grants.entry(subject).or_default().push(Arc::new(grant));
        }
    }

    fn unbind(&mut self, binding: &Value, namespace: &str) {
        let grants = if namespace.is_empty() {
            Some(&mut self.cluster_grants)
        } else {
            self.grants.get_mut(namespace)
        };
        let Some(grants) = grants else { return };
        for (subject, _) in subjects(binding, namespace) {
            if let Some(list) = grants.get_mut(&subject) {
                list.retain(|grant| grant.binding != binding.name());
                if list.is_empty() {
                    grants.remove(&subject);
                }
            }
        }
        if grants.is_empty() && !namespace.is_empty() {
            self.grants.remove(namespace);
        }
    }

    /// The rules of a role that a binding in `namespace` names.
    ///
    /// # Errors
    /// What is said about a role that is not there.
    pub(super) fn rules(
        &self,
        role: &RoleRef,
        namespace: &str,
    ) -> Result<&Arc<[PolicyRule]>, String> {
        if let Some(kind) = &role.unknown {
            return Err(format!("unsupported role reference kind: {kind:?}"));
        }
        let (found, kind) = if role.cluster {
            (self.cluster_roles.get(&role.name), "clusterrole")
        } else {
            (self.roles.get(&(namespace.to_owned(), role.name.clone())), "role")
        };
        found.ok_or_else(|| format!("{kind}.{RBAC} {:?} not found", role.name))
    }

    /// Shows `visit` every rule that applies to `who` in `namespace` until it answers `true`; the words describe the
    /// binding. Answers whether it did, and what was wrong with bindings on the way.
    pub(super) fn visit<'r>(
        &'r self,
        who: &Identity,
        namespace: &str,
        mut visit: impl FnMut(&'r PolicyRule, &dyn Fn() -> String) -> bool,
    ) -> (bool, Vec<String>) {
        let mut faults = Vec::new();
        let of_namespace = if namespace.is_empty() { None } else { self.grants.get(namespace) };
        for (grants, scope) in [(Some(&self.cluster_grants), ""), (of_namespace, namespace)] {
            let Some(grants) = grants.filter(|g| !g.is_empty()) else { continue };
            let user = grants.get(&Subject::User(who.user.clone()));
            let groups = who.groups.iter().filter_map(|g| grants.get(&Subject::Group(g.clone())));
            for grant in user.into_iter().chain(groups).flatten() {
                let rules = match self.rules(&grant.role, scope) {
                    Ok(rules) => rules,
                    Err(fault) => {
                        faults.push(fault);
                        continue;
                    }
                };
                let described = || grant.describe(scope);
                if rules.iter().any(|rule| visit(rule, &described)) {
                    return (true, faults);
                }
            }
        }
        (false, faults)
    }
}

impl Grant {
    fn describe(&self, namespace: &str) -> String {
        let Self { binding, role, subject } = self;
        let kind = if role.cluster { "ClusterRole" } else { "Role" };
        if namespace.is_empty() {
            format!("ClusterRoleBinding {binding:?} of {kind} {:?} to {subject}", role.name)
        } else {
            let binding = format!("{binding}/{namespace}");
            format!("RoleBinding {binding:?} of {kind} {:?} to {subject}", role.name)
        }
    }
}
