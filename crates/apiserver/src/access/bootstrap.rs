//! The roles and bindings that every cluster has from its start, and has again after a restart.
//!
//! The table `facts/roles.txt` is made from a real server's by `examples/role_facts.rs`. As there
//! (`rbac.authorization.kubernetes.io/autoupdate`): what is missing in an object at a start is added, what somebody
//! added stays, and an object whose annotation says `false` is left alone.

use super::rule::missing;
use super::{PolicyRule, RBAC};
use crate::rest::{Api, ApiError};
use crate::store::{Key, ResourceId};
use futures::StreamExt;
use object::{Manifest, Map, Value, map};

const TABLE: &str = include_str!("../../facts/roles.txt");
const MANAGER: &str = "kube-apiserver";
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";
/// How many are written at once: they share a commit.
const AT_ONCE: usize = 256;

/// Creates or completes them, then the roles made of others.
///
/// # Errors
/// When one cannot be written.
pub(crate) async fn create(api: &Api) -> Result<(), ApiError> {
    let writes = futures::stream::iter(objects()).map(|object| ensure(api, object));
    let results: Vec<Result<(), ApiError>> = writes.buffer_unordered(AT_ONCE).collect().await;
    results.into_iter().collect::<Result<(), ApiError>>()?;
    super::aggregate(api).await
}

async fn ensure(api: &Api, wanted: Value) -> Result<(), ApiError> {
    let plural = format!("{}s", wanted.kind().to_ascii_lowercase());
    let resource = ResourceId::new(RBAC, &plural);
    let key = Key::new(&resource, wanted.namespace(), wanted.name());
    let Some(stored) = api.store().get(&key) else {
        return match api.create_object(&resource, wanted, MANAGER).await {
            Err(e) if e.reason != "AlreadyExists" => Err(e),
            _ => Ok(()),
        };
    };
    let current = stored.value();
    if current.annotation(AUTO_UPDATE) != Some("true") || is_complete(&current, &wanted) {
        return Ok(());
    }
    api.modify_object(&key, "", MANAGER, |object| complete(object, &wanted)).await.map(drop)
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn is_complete(current: &Value, wanted: &Value) -> bool {
    let labels = |v: &Value| v.at(["metadata", "labels"]).and_then(Value::as_map).cloned();
    let has = labels(current).unwrap_or_default();
    labels(wanted).unwrap_or_default().iter().all(|(k, v)| has.get(k) == Some(v))
        && (wanted.get("aggregationRule").is_some()
            || missing(&PolicyRule::list(current), &PolicyRule::list(wanted)).is_empty())
        && items(wanted, "subjects").iter().all(|s| items(current, "subjects").contains(s))
}

fn complete(current: &mut Value, wanted: &Value) {
    let labels = wanted.at(["metadata", "labels"]).and_then(Value::as_map);
    for (key, value) in labels.into_iter().flat_map(Map::iter) {
        current.set_label(key, value.as_str().unwrap_or_default());
    }
    for key in ["rules", "subjects"] {
        if wanted.get("aggregationRule").is_some() {
            continue;
        }
        let mut list = items(current, key).to_vec();
        list.extend(
            items(wanted, key).iter().filter(|i| !items(current, key).contains(i)).cloned(),
        );
        if !list.is_empty() {
            current.make_map().insert(key, list);
        }
    }
}

/// The table as objects.
fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = Vec::new();
    for line in TABLE.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (line.starts_with(' '), objects.last_mut()) {
            (true, Some(object)) => detail(object, &words),
            _ => objects.extend(begun(&words)),
        }
    }
    objects
}

fn begun(words: &[&str]) -> Option<Value> {
    let [kind, namespace, name] = words else { return None };
    let mut metadata = map! {
        "name": *name,
        "labels": map! {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": map! {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    };
    if *namespace != "-" {
        metadata.insert("namespace", *namespace);
    }
    let mut object = map! {"apiVersion": format!("{RBAC}/v1"), "kind": *kind, "metadata": metadata};
    if kind.ends_with("Role") {
        object.insert("rules", Vec::new());
    }
    Some(object.into())
}

fn list(text: &str) -> Vec<Value> {
    text.split(',').map(|t| Value::from(if t == "-" { "" } else { t })).collect()
}

fn append(object: &mut Value, key: &str, item: Map) {
    let members = object.make_map();
    if let Some(Value::List(items)) = members.get_mut(key) {
        items.push(item.into());
    } else {
        members.insert(key, vec![Value::from(item)]);
    }
}

fn detail(object: &mut Value, words: &[&str]) {
    match words {
        ["label", key, value] => object.set_label(key, value),
        ["gather", key, value] => {
            let selector = map! {"matchLabels": Map::from_iter([(*key, *value)])};
            let rule = object.make_map().entry("aggregationRule");
            append(rule, "clusterRoleSelectors", selector);
        }
        ["rule", verbs, groups, resources, names @ ..] => {
            let mut rule = map! {
                "verbs": list(verbs),
                "apiGroups": list(groups),
                "resources": list(resources),
            };
            if let Some(names) = names.first() {
                rule.insert("resourceNames", list(names));
            }
            append(object, "rules", rule);
        }
        ["path", verbs, paths] => {
            append(object, "rules", map! {"verbs": list(verbs), "nonResourceURLs": list(paths)});
        }
        ["of", kind, name] => {
            let role = map! {"apiGroup": RBAC, "kind": *kind, "name": *name};
            object.make_map().insert("roleRef", role);
        }
        ["to", kind, name, namespace @ ..] => {
            let mut subject = map! {"kind": *kind, "name": *name};
            match namespace.first() {
                Some(namespace) => subject.insert("namespace", *namespace),
                None => subject.insert("apiGroup", RBAC),
            };
            append(object, "subjects", subject);
        }
        _ => {}
    }
}
