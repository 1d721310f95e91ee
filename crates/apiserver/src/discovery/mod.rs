//! What is served, told to clients: `/api`, `/apis`, `/version`, aggregated and legacy.
//!
//! Deliberately absent: OpenAPI documents (`openapi`).

pub mod openapi;

use crate::registry::{GroupVersion, Served, Snapshot};
use crate::rest::reply::{self, Reply};
use http::{HeaderValue, StatusCode, header};
use object::{Map, Value, map};
use schema::Subresource;
use std::sync::Arc;

/// The form of the aggregated documents that a client accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aggregated {
    V2,
    V2Beta1,
}

fn aggregated(accept: &str) -> Option<Aggregated> {
    accept.split(',').find_map(|clause| {
        if !clause.contains("as=APIGroupDiscoveryList") || !clause.contains("application/json") {
            return None;
        }
        match clause.split(';').map(str::trim).find_map(|p| p.strip_prefix("v="))? {
            "v2" => Some(Aggregated::V2),
            "v2beta1" => Some(Aggregated::V2Beta1),
            _ => None,
        }
    })
}

/// Answers a path below `/api` and `/apis` that names no resource.
pub fn answer(snapshot: &Snapshot, path: &str, accept: &str) -> Option<Reply> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let value = match parts.as_slice() {
        ["api"] | ["apis"] => {
            if let Some(form) = aggregated(accept) {
                return Some(group_discovery(snapshot, parts[0] == "api", form));
            }
            if parts[0] == "api" { api_versions() } else { group_list(snapshot) }
        }
        ["api", version] => resource_list(snapshot, "", version)?,
        ["apis", group] => group_value(group, snapshot.group(group)?, true),
        ["apis", group, version] => resource_list(snapshot, group, version)?,
        _ => return None,
    };
    Some(reply::json(StatusCode::OK, &value))
}

fn api_versions() -> Value {
    let address = map! {"clientCIDR": "0.0.0.0/0", "serverAddress": ""};
    map! {
        "kind": "APIVersions",
        "versions": vec![Value::from("v1")],
        "serverAddressByClientCIDRs": vec![Value::from(address)],
    }
    .into()
}

fn group_list(snapshot: &Snapshot) -> Value {
    let groups = snapshot.groups().filter(|(group, _)| !group.is_empty());
    let groups: Vec<Value> =
        groups.map(|(group, versions)| group_value(group, versions, false)).collect();
    map! {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}.into()
}

fn group_value(group: &str, versions: &[GroupVersion], alone: bool) -> Value {
    let version = |v: &GroupVersion| {
        Value::from(map! {
            "groupVersion": format!("{group}/{}", v.version),
            "version": v.version.as_str(),
        })
    };
    let mut out = map! {
        "name": group,
        "versions": versions.iter().map(version).collect::<Vec<_>>(),
    };
    if let Some(preferred) = versions.first() {
        out.insert("preferredVersion", version(preferred));
    }
    if alone {
        out.insert("kind", "APIGroup");
        out.insert("apiVersion", "v1");
    }
    out.into()
}

fn texts(list: &[schema::Text]) -> Vec<Value> {
    list.iter().map(|t| t.as_str().into()).collect()
}

fn resource_list(snapshot: &Snapshot, group: &str, version: &str) -> Option<Value> {
    let version = snapshot.group(group)?.iter().find(|v| v.version == version)?;
    let mut resources = Vec::new();
    for served in &version.resources {
        let kind = &served.kind;
        let mut out = map! {
            "name": kind.plural.as_str(),
            "singularName": kind.singular.as_str(),
            "namespaced": kind.namespaced,
            "kind": kind.kind.as_str(),
            "verbs": texts(&kind.verbs),
        };
        if !kind.short_names.is_empty() {
            out.insert("shortNames", texts(&kind.short_names));
        }
        if !kind.categories.is_empty() {
            out.insert("categories", texts(&kind.categories));
        }
        resources.push(out.into());
        resources.extend(kind.subresources.iter().map(|sub| subresource_entry(served, sub)));
    }
    let name = if group.is_empty() {
        version.version.clone()
    } else {
        format!("{group}/{}", version.version)
    };
    let list = map! {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": name,
        "resources": resources,
    };
    Some(list.into())
}

fn subresource_entry(served: &Served, sub: &Subresource) -> Value {
    let kind = &served.kind;
    let mut out = map! {
        "name": format!("{}/{}", kind.plural, sub.name),
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": sub.speaks.kind.as_str(),
        "verbs": texts(&sub.verbs),
    };
    if sub.speaks.group != kind.group.as_str() || sub.speaks.version != kind.version.as_str() {
        out.insert("group", sub.speaks.group.as_str());
        out.insert("version", sub.speaks.version.as_str());
    }
    out.into()
}

fn group_discovery(snapshot: &Snapshot, core: bool, form: Aggregated) -> Reply {
    let version = if form == Aggregated::V2 { "v2" } else { "v2beta1" };
    let groups = snapshot.groups().filter(|(group, _)| group.is_empty() == core);
    let items: Vec<Value> = groups.map(|(group, versions)| group_item(group, versions)).collect();
    let list = map! {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": Map::new(),
        "items": items,
    };
    let body = object::to_json(&list.into());
    let tag = format!("\"{}\"", openapi::hash(&body));
    let content =
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    let mut reply = reply::full(StatusCode::OK, &content, body);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        reply.headers_mut().insert(header::ETAG, tag);
    }
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    reply
}

fn group_item(group: &str, versions: &[GroupVersion]) -> Value {
    let versions = versions.iter().map(|version| {
        Value::from(map! {
            "version": version.version.as_str(),
            "resources": version.resources.iter().map(resource_item).collect::<Vec<_>>(),
            "freshness": "Current",
        })
    });
    let mut metadata = Map::new();
    if !group.is_empty() {
        metadata.insert("name", group);
    }
    map! {"metadata": metadata, "versions": versions.collect::<Vec<_>>()}.into()
}

fn response_kind(gvk: &object::Gvk) -> Map {
    map! {
        "group": gvk.group.as_str(),
        "version": gvk.version.as_str(),
        "kind": gvk.kind.as_str(),
    }
}

fn resource_item(served: &Arc<Served>) -> Value {
    let kind = &served.kind;
    let mut out = map! {
        "resource": kind.plural.as_str(),
        "responseKind": response_kind(&kind.gvk()),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular.as_str(),
        "verbs": texts(&kind.verbs),
    };
    if !kind.short_names.is_empty() {
        out.insert("shortNames", texts(&kind.short_names));
    }
    if !kind.categories.is_empty() {
        out.insert("categories", texts(&kind.categories));
    }
    if !kind.subresources.is_empty() {
        let subresources = kind.subresources.iter().map(|sub| {
            Value::from(map! {
                "subresource": sub.name.as_str(),
                "responseKind": response_kind(&sub.speaks),
                "verbs": texts(&sub.verbs),
            })
        });
        out.insert("subresources", subresources.collect::<Vec<_>>());
    }
    out.into()
}

/// `/version`: compatible with the Kubernetes whose kinds are built in, and not it.
pub fn version() -> Value {
    let kubernetes = schema::builtin::KUBERNETES_VERSION;
    let mut parts = kubernetes.trim_start_matches('v').split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (major, minor) = (part(), part());
    map! {
        "major": major,
        "minor": minor,
        "gitVersion": format!("{kubernetes}+windlass.{}", env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, architecture()),
    }
    .into()
}

/// The architecture in Go's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// `/`: the paths, as far as they are no resources.
pub fn paths(snapshot: &Snapshot) -> Value {
    let mut paths: Vec<Value> = ["/api", "/api/v1", "/apis"].map(Value::from).into();
    for (group, versions) in snapshot.groups().filter(|(group, _)| !group.is_empty()) {
        paths.push(format!("/apis/{group}").into());
        paths.extend(versions.iter().map(|v| format!("/apis/{group}/{}", v.version).into()));
    }
    let others = ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
    paths.extend(others.map(Value::from));
    map! {"paths": paths}.into()
}
