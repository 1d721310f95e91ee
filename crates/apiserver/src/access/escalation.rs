//! Nobody grants what they do not have, unless they are told that they may (`escalate`, `bind`).
//!
//! After `pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased`.

use super::roles::RoleRef;
use super::{Attributes, Identity, MASTERS, PolicyRule, RBAC};
use crate::rest::{Api, ApiError, Target};
use object::{Manifest, Value};

/// Checks a new or changed role or binding; other kinds pass.
///
/// # Errors
/// 403 for what would give more than `who` has.
pub(crate) fn check(
    api: &Api,
    who: Option<&Identity>,
    target: &Target,
    old: Option<&Value>,
    new: &Value,
) -> Result<(), ApiError> {
    let kind = &target.served.kind;
    // The server itself, and superusers, may.
    let Some(who) = who.filter(|who| !who.is_in(MASTERS)) else { return Ok(()) };
    if kind.group != RBAC || old.is_some_and(|old| only_garbage_collection(old, new)) {
        return Ok(());
    }
    match kind.plural.as_str() {
        "roles" | "clusterroles" => role(api, who, target, old, new),
        "rolebindings" | "clusterrolebindings" => binding(api, who, target, new),
        _ => Ok(()),
    }
}

/// Whether only finalizers and owners differ, which must always be possible.
fn only_garbage_collection(old: &Value, new: &Value) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        let metadata = value.metadata_mut();
        for key in ["finalizers", "ownerReferences", "managedFields"] {
            metadata.remove(key);
        }
        value
    };
    without(old) == without(new)
}

fn granting(target: &Target, verb: &str, resource: &str, name: &str) -> Attributes {
    Attributes {
        verb: verb.to_owned(),
        group: RBAC.to_owned(),
        version: "*".to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        namespace: target.namespace.clone(),
        ..Attributes::default()
    }
}

fn role(
    api: &Api,
    who: &Identity,
    target: &Target,
    old: Option<&Value>,
    new: &Value,
) -> Result<(), ApiError> {
    let access = api.access();
    if access.allows(who, &granting(target, "escalate", &target.served.kind.plural, &target.name)) {
        return Ok(());
    }
    let forbidden = |why: &str| ApiError::forbidden(&target.served, new.name(), why);
    access
        .confirm_no_escalation(who, &target.namespace, &PolicyRule::list(new))
        .map_err(|why| forbidden(&why))?;
    if gathers(new) || old.is_some_and(gathers) {
        access.confirm_no_escalation(who, &target.namespace, &PolicyRule::everything()).map_err(
            |_| forbidden("must have cluster-admin privileges to use the aggregationRule"),
        )?;
    }
    Ok(())
}

fn gathers(role: &Value) -> bool {
    let selectors = role.at(["aggregationRule", "clusterRoleSelectors"]).and_then(Value::as_list);
    selectors.is_some_and(|s| !s.is_empty())
}

fn binding(api: &Api, who: &Identity, target: &Target, new: &Value) -> Result<(), ApiError> {
    let access = api.access();
    let role = RoleRef::read(new);
    let resource = if role.cluster { "clusterroles" } else { "roles" };
    if role.unknown.is_none() && access.allows(who, &granting(target, "bind", resource, &role.name))
    {
        return Ok(());
    }
    let rules = access.rules_of_role(&role, &target.namespace).map_err(|why| {
        // The real server says the binding's resource for that of the role.
        let mut error = ApiError::not_found(&target.served, &role.name);
        if role.unknown.is_some() {
            error.message = why;
        }
        error
    })?;
    access
        .confirm_no_escalation(who, &target.namespace, &rules)
        .map_err(|why| ApiError::forbidden(&target.served, new.name(), &why))
}
