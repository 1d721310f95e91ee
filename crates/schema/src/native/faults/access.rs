//! Roles and their bindings.

use super::{Check, list, text};
use crate::{FieldError, names};
use object::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(c: &mut Check, object: &Value, namespaced: bool) {
    c.each(object, "rules", |c, rule| {
        let none = |member| list(rule, member).is_empty();
        if none("verbs") {
            c.required("verbs", "verbs must contain at least one value");
        }
        if !none("nonResourceURLs") {
            let urls = Value::List(list(rule, "nonResourceURLs").to_vec());
            if namespaced {
                let detail = "namespaced rules cannot apply to non-resource URLs";
                c.invalid("nonResourceURLs", urls.clone(), detail);
            }
            if !none("apiGroups") || !none("resources") || !none("resourceNames") {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                c.invalid("nonResourceURLs", urls, detail);
            }
            return;
        }
        if none("apiGroups") {
            c.required("apiGroups", "resource rules must supply at least one api group");
        }
        if none("resources") {
            c.required("resources", "resource rules must supply at least one resource");
        }
    });
    if let Some(aggregation) = object.get("aggregationRule").filter(|a| !a.is_null())
        && list(aggregation, "clusterRoleSelectors").is_empty()
    {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        c.required("aggregationRule.clusterRoleSelectors", detail);
    }
}

pub(super) fn binding(c: &mut Check, object: &Value, namespaced: bool) {
    let role = object.get("roleRef").unwrap_or(&Value::Null);
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    c.below("roleRef", |c| {
        for (member, known) in [("apiGroup", &[GROUP][..]), ("kind", kinds)] {
            let given = text(role, member);
            if !known.contains(&given) {
                let path = c.at(member);
                c.errors.push(FieldError::not_supported(path, given, known.iter().copied()));
            }
        }
        let name = text(role, "name");
        if name.is_empty() {
            c.required("name", "");
        } else {
            c.text_faults("name", name, names::path_segment(name));
        }
    });
    c.each(object, "subjects", |c, subject| self::subject(c, subject, namespaced));
}

fn subject(c: &mut Check, subject: &Value, namespaced: bool) {
    let (kind, name, group) =
        (text(subject, "kind"), text(subject, "name"), text(subject, "apiGroup"));
    if name.is_empty() {
        c.required("name", "");
    }
    let wanted = match kind {
        "ServiceAccount" => {
            if !name.is_empty() {
                c.text_faults("name", name, names::dns_subdomain(name));
            }
            if !namespaced && text(subject, "namespace").is_empty() {
                c.required("namespace", "");
            }
            ""
        }
        "User" | "Group" => GROUP,
        other => {
            let known = ["ServiceAccount", "User", "Group"];
            let path = c.at("kind");
            c.errors.push(FieldError::not_supported(path, other, known));
            return;
        }
    };
    if group != wanted {
        let path = c.at("apiGroup");
        c.errors.push(FieldError::not_supported(path, group, [wanted]));
    }
}
