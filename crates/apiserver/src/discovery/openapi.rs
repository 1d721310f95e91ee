//! `/openapi/v2` and `/openapi/v3`: the documents of crate `schema`, made for each request and kept by clients.

use crate::registry::{GroupVersion, Snapshot};
use crate::rest::Params;
use crate::rest::reply::{self, Reply};
use http::{HeaderValue, StatusCode, header};
use schema::openapi::{Described, v2, v2_protobuf, v3, v3_index};
use sha2::{Digest, Sha256};

const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// The hash by which clients name a version of a document.
pub(crate) fn hash(document: &[u8]) -> String {
    Sha256::digest(document).iter().map(|b| format!("{b:02X}")).collect()
}

/// Answers a path below `/openapi`.
pub(crate) fn answer(snapshot: &Snapshot, request: &http::request::Parts) -> Option<Reply> {
    let path = request.uri.path().strip_prefix("/openapi/")?.trim_end_matches('/');
    let accept = request.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    match path {
        "v2" if accept.is_some_and(|a| a.contains("proto-openapi.spec.v2@v1.0+protobuf")) => {
            let body = v2_protobuf(&all(snapshot));
            Some(reply::full(StatusCode::OK, PROTOBUF, body))
        }
        "v2" => Some(reply::full(StatusCode::OK, "application/json", v2(&all(snapshot)))),
        "v3" => Some(index(snapshot)),
        _ => document(snapshot, path.strip_prefix("v3/")?, request.uri.query()),
    }
}

fn described(version: &GroupVersion) -> impl Iterator<Item = Described<'_>> {
    version.resources.iter().map(|served| Described {
        kind: &served.kind,
        custom: served.custom.as_ref().map(|_| &*served.schema),
    })
}

fn all(snapshot: &Snapshot) -> Vec<Described<'_>> {
    snapshot.groups().flat_map(|(_, versions)| versions).flat_map(described).collect()
}

fn place(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// Changes with the document, without making it.
fn version_hash(version: &GroupVersion) -> String {
    let mut digest = Sha256::new();
    digest.update(schema::builtin::KUBERNETES_VERSION);
    digest.update(env!("CARGO_PKG_VERSION"));
    for served in &version.resources {
        digest.update(served.kind.kind.as_bytes());
        if let Some(custom) = &served.custom {
            digest.update(custom.fingerprint.as_bytes());
        }
    }
    digest.finalize().iter().map(|b| format!("{b:02X}")).collect()
}

fn index(snapshot: &Snapshot) -> Reply {
    let entries: Vec<(String, String)> = snapshot
        .groups()
        .flat_map(|(group, versions)| {
            versions.iter().map(move |v| (place(group, &v.version), version_hash(v)))
        })
        .collect();
    let body = v3_index(entries.iter().map(|(path, hash)| (path.as_str(), hash.as_str())));
    reply::full(StatusCode::OK, "application/json", body)
}

fn document(snapshot: &Snapshot, path: &str, query: Option<&str>) -> Option<Reply> {
    let (group, name) = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => ("", *version),
        ["apis", group, version] => (*group, *version),
        _ => return None,
    };
    let version = snapshot.group(group)?.iter().find(|v| v.version == name)?;
    let current = version_hash(version);
    let params = Params::parse(query.unwrap_or_default());
    let asked = params.get("hash");
    if asked.is_some_and(|asked| asked != current) {
        let mut moved = reply::text(StatusCode::MOVED_PERMANENTLY, "");
        let location = format!("/openapi/v3/{path}?hash={current}");
        if let Ok(location) = HeaderValue::from_str(&location) {
            moved.headers_mut().insert(header::LOCATION, location);
        }
        return Some(moved);
    }
    let kinds: Vec<Described<'_>> = described(version).collect();
    let mut found = reply::full(StatusCode::OK, "application/json", v3(&kinds));
    let headers = found.headers_mut();
    if asked.is_some() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, immutable"));
    }
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{current}\"")) {
        headers.insert(header::ETAG, tag);
    }
    Some(found)
}
