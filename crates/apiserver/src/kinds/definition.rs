//! CustomResourceDefinition: conditions, and serving what it defines.
//!
//! The real server settles names and conditions a moment after the write; here they are part of it, and
//! the resource is served before the writer hears of its success.

use crate::convert::Conversion;
use crate::registry::{NamesCheck, check_names, served_versions};
use crate::rest::Api;
use crate::store::{Key, ListQuery, ResourceId};
use object::{Map, Value, map};
use schema::FieldError;
use std::sync::{Mutex, PoisonError};

/// Held until the last custom resource is gone.
pub(super) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

fn resource() -> ResourceId {
    ResourceId::new("apiextensions.k8s.io", "customresourcedefinitions")
}

pub(super) fn before_write(api: &Api, old: Option<&Value>, crd: &mut Value) {
    complete_names(crd);
    let now = api.clock().now_text();
    let before = old.and_then(|o| o.get("status")).cloned().unwrap_or_default();
    let mut status = match before {
        Value::Map(status) => status,
        _ => Map::new(),
    };
    let (accepted, reason, message) = match check_names(crd, &api.registry().snapshot()) {
        NamesCheck::Accepted => (true, "NoConflicts", "no conflicts found".to_owned()),
        NamesCheck::Taken { reason, message } => (false, reason, message),
    };
    set_condition(&mut status, "NamesAccepted", accepted, reason, &message, &now);
    if accepted {
        let names = crd.at(["spec", "names"]).cloned().unwrap_or_else(Value::map);
        status.insert("acceptedNames", names);
        let message = "the initial names have been accepted";
        set_condition(&mut status, "Established", true, "InitialNamesAccepted", message, &now);
    } else if !has_condition(&status, "Established", true) {
        let message = "not all names are accepted";
        set_condition(&mut status, "Established", false, "NotAccepted", message, &now);
        status.entry("acceptedNames").make_map();
    }
    store_version(crd, &mut status);
    crd.make_map().insert("status", status);
}

/// Members of `spec` that stay as they are once a definition is there.
const FIXED: [&[&str]; 2] = [&["group"], &["scope"]];

/// And those that stay once its names are accepted.
const FIXED_NAMES: [&[&str]; 2] = [&["names", "kind"], &["names", "plural"]];

/// What is wrong with a definition, compared with the one it replaces.
pub(crate) fn faults(crd: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let scope = crd.at(["spec", "scope"]).and_then(Value::as_str).unwrap_or_default();
    if !matches!(scope, "Cluster" | "Namespaced") {
        let known = ["Cluster", "Namespaced"];
        faults.push(FieldError::not_supported("spec.scope", scope, known));
    }
    if let Some(old) = old {
        let established = old.get("status").and_then(Value::as_map);
        let established = established.is_some_and(|s| has_condition(s, "Established", true));
        let names = FIXED_NAMES.iter().filter(|_| established);
        for path in FIXED.iter().chain(names) {
            let at = |object: &'_ Value| {
                object.at(std::iter::once("spec").chain(path.iter().copied())).cloned()
            };
            let new = at(crd);
            if new != at(old) {
                let shown = format!("spec.{}", path.join("."));
                let detail = "field is immutable";
                faults.push(FieldError::invalid(shown, new.unwrap_or_default(), detail));
            }
        }
    }
    let text = |path: [&str; 3]| {
        let path = path.into_iter().filter(|p| !p.is_empty());
        crd.at(path).and_then(Value::as_str).unwrap_or_default()
    };
    let (group, plural) = (text(["spec", "group", ""]), text(["spec", "names", "plural"]));
    let name = object::Manifest::name(crd);
    if old.is_none() && name != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        faults.push(FieldError::invalid("metadata.name", name, detail));
    }
    let versions = crd.at(["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    let stored =
        versions.iter().filter(|v| v.get("storage").and_then(Value::as_bool) == Some(true)).count();
    if stored != 1 {
        let detail = "must have exactly one version marked as storage version";
        let shown = Value::List(versions.to_vec());
        faults.push(FieldError::invalid("spec.versions", shown, detail));
    }
    for (index, version) in versions.iter().enumerate() {
        let same = versions.iter().all(|v| v.get("schema") == version.get("schema"));
        // A schema that all versions share is spoken of where v1beta1 had it.
        let base = if same && version.get("schema").is_some() {
            "spec.validation".to_owned()
        } else {
            format!("spec.versions[{index}].schema")
        };
        match schema::structural::from_crd_version(version, &base) {
            Err(errors) => faults.extend(errors),
            Ok(schema) => {
                let rules = schema::rules::Rules::compile(&schema);
                faults.extend(rules.faults(&format!("{base}.openAPIV3Schema")));
            }
        }
        if same {
            break;
        }
    }
    faults
}

/// Every version that objects may be stored in stays in `status.storedVersions`.
fn store_version(crd: &Value, status: &mut Map) {
    let versions = crd.at(["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    let storage = versions
        .iter()
        .find(|v| v.get("storage").and_then(Value::as_bool) == Some(true))
        .and_then(|v| v.get("name"));
    let stored = status.entry("storedVersions");
    if stored.as_list().is_none() {
        *stored = Value::List(Vec::new());
    }
    if let (Some(storage), Some(list)) = (storage, stored.as_list_mut())
        && !list.contains(storage)
    {
        list.push(storage.clone());
    }
}

/// `singular` and `listKind` have defaults that depend on other members.
fn complete_names(crd: &mut Value) {
    let spec = crd.make_map().entry("spec").make_map();
    let names = spec.entry("names").make_map();
    let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let absent =
        |names: &Map, key: &str| names.get(key).and_then(Value::as_str).is_none_or(str::is_empty);
    if absent(names, "singular") {
        names.insert("singular", kind.to_lowercase());
    }
    if absent(names, "listKind") {
        names.insert("listKind", format!("{kind}List"));
    }
    if !spec.contains_key("conversion") {
        spec.insert("conversion", map! {"strategy": "None"});
    }
}

fn has_condition(status: &Map, type_: &str, is: bool) -> bool {
    let wanted = if is { "True" } else { "False" };
    let list = status.get("conditions").and_then(Value::as_list).unwrap_or_default();
    list.iter().any(|c| {
        c.get("type").and_then(Value::as_str) == Some(type_)
            && c.get("status").and_then(Value::as_str) == Some(wanted)
    })
}

fn set_condition(status: &mut Map, type_: &str, is: bool, reason: &str, message: &str, now: &str) {
    let since = if has_condition(status, type_, is) { None } else { Some(now) };
    let list = status.entry("conditions");
    if list.as_list().is_none() {
        *list = Value::List(Vec::new());
    }
    let Some(list) = list.as_list_mut() else { return };
    let at = list.iter().position(|c| c.get("type").and_then(Value::as_str) == Some(type_));
    let before = at.and_then(|at| list[at].get("lastTransitionTime").cloned());
    let time = since.map(Value::from).or(before).unwrap_or_else(|| now.into());
    let condition = Value::Map(map! {
        "type": type_,
        "status": if is { "True" } else { "False" },
        "reason": reason,
        "message": message,
        "lastTransitionTime": time,
    });
    match at {
        Some(at) => list[at] = condition,
        None => list.push(condition),
    }
}

pub(super) fn mark_deleted(api: &Api, crd: &mut Value) {
    let now = api.clock().now_text();
    let status = crd.make_map().entry("status").make_map();
    let message = "CustomResource deletion is in progress";
    set_condition(status, "Terminating", true, "InstanceDeletionInProgress", message, &now);
}

/// Serves a definition as it is in the store now, or no longer.
pub(super) fn after_write(api: &Api, name: &str) {
    // One at a time, each reading what is newest: the last one to run leaves the truth.
    static ORDER: Mutex<()> = Mutex::new(());
    let _order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let stored = api.store().get(&Key::new(&resource(), "", name));
    serve(api, name, stored.map(|s| s.value()).as_ref());
}

fn serve(api: &Api, name: &str, crd: Option<&Value>) {
    let established = crd.filter(|crd| {
        let status = crd.get("status").and_then(Value::as_map);
        status.is_some_and(|s| has_condition(s, "Established", true))
    });
    let serve = |crd: &Value| served_versions(crd, Conversion::read(crd, api.downgrade()));
    let served = established.map(serve).unwrap_or_default();
    api.registry().set_custom(name, served);
}

pub(super) fn start(api: &Api) {
    if let Ok(listing) = api.store().list(&resource(), &ListQuery::default()) {
        for crd in listing.items {
            serve(api, crd.name(), Some(&crd.value()));
        }
    }
}
