//! The OpenAPI documents clients ask a server for, made on request and held by nobody.
//!
//! - [`v3`]: one document per group and version (`kubectl explain`, `apply`, `diff`)
//! - [`v3_index`]: the list of those (`/openapi/v3`)
//! - [`v2`], [`v2_protobuf`]: one document of everything (`/openapi/v2`), as older clients read it
//!
//! They hold what clients decide by: types, merge keys, which operations there are and which understand
//! `dryRun` and `fieldValidation`. Deliberately absent: descriptions, responses beyond the first, operation ids.

mod paths;
mod protobuf;
mod types;

use crate::{Kind, Schema, builtin, custom};
use object::{Map, Value, map, to_json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The media type by which clients ask for [`v2_protobuf`].
pub const V2_PROTOBUF_ASKED: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// The media type of the answer: the one asked for is malformed, and clients refuse it as an answer.
pub const V2_PROTOBUF_ANSWERED: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// A kind to be described, with the schema of its objects.
#[derive(Clone, Copy)]
pub struct Described<'a> {
    /// What discovery says of it.
    pub kind: &'a Kind,
    /// The schema of a custom kind, as its definition has it; `None` for a built-in kind.
    pub custom: Option<&'a Schema>,
}

/// Which of the two dialects a schema is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    V2,
    V3,
}

impl Dialect {
    fn reference(self, name: &str) -> Value {
        let folder = match self {
            Self::V2 => "#/definitions/",
            Self::V3 => "#/components/schemas/",
        };
        map! {"$ref": format!("{folder}{name}")}.into()
    }
}

/// The OpenAPI v3 document of one group and version, as JSON.
pub fn v3(kinds: &[Described<'_>]) -> Vec<u8> {
    let mut out = br#"{"components":{"schemas":{"#.to_vec();
    let mut first = true;
    each_definition(kinds, Dialect::V3, &mut |name, definition| {
        member(&mut out, &mut first, name, &definition);
    });
    out.extend_from_slice(
        br#"}},"info":{"title":"Kubernetes","version":"unversioned"},"openapi":"3.0.0","paths":{"#,
    );
    let mut first = true;
    for described in kinds {
        for (path, operations) in paths::of(described, Dialect::V3) {
            member(&mut out, &mut first, &path, &operations);
        }
    }
    out.extend_from_slice(b"}}");
    out
}

/// The list of v3 documents. Each entry is a path such as `apis/apps/v1` and something that changes with the
/// document's content, which clients cache by.
pub fn v3_index<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let entry = |(path, hash): (&'a str, &'a str)| {
        let url = format!("/openapi/v3/{path}?hash={hash}");
        (path, Value::from(map! {"serverRelativeURL": url}))
    };
    let paths: Map = documents.into_iter().map(entry).collect();
    to_json(&map! {"paths": paths}.into())
}

/// The OpenAPI v2 document of all kinds, as JSON.
pub fn v2(kinds: &[Described<'_>]) -> Vec<u8> {
    let mut out = br#"{"definitions":{"#.to_vec();
    let mut first = true;
    each_definition(kinds, Dialect::V2, &mut |name, definition| {
        member(&mut out, &mut first, name, &definition);
    });
    out.extend_from_slice(br#"},"info":{"title":"Kubernetes","version":"unversioned"},"paths":{"#);
    let mut first = true;
    for described in kinds {
        for (path, operations) in paths::of(described, Dialect::V2) {
            member(&mut out, &mut first, &path, &operations);
        }
    }
    out.extend_from_slice(br#"},"swagger":"2.0"}"#);
    out
}

/// The OpenAPI v2 document in protobuf form (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`), the
/// only one `kubectl` asks `/openapi/v2` for.
pub fn v2_protobuf(kinds: &[Described<'_>]) -> Vec<u8> {
    let mut document = protobuf::Document::default();
    each_definition(kinds, Dialect::V2, &mut |name, definition| {
        document.definition(name, &definition);
    });
    for described in kinds {
        for (path, operations) in paths::of(described, Dialect::V2) {
            document.path(&path, &operations);
        }
    }
    document.finish()
}

fn member(out: &mut Vec<u8>, first: &mut bool, name: &str, value: &Value) {
    if !std::mem::replace(first, false) {
        out.push(b',');
    }
    out.extend_from_slice(&to_json(&Value::from(name)));
    out.push(b':');
    out.extend_from_slice(&to_json(value));
}

/// The OpenAPI name of a kind: of a built-in one its definition's, of a custom one its group turned around
/// (`org.example.v1.Widget`).
fn name_of(described: &Described<'_>) -> Cow<'static, str> {
    let kind = described.kind;
    if described.custom.is_none()
        && let Some(schema) = builtin::schema(&kind.group, &kind.version, &kind.kind)
        && let Some(name) = &schema.name
    {
        return Cow::Owned(name.to_string());
    }
    let mut parts: Vec<&str> = kind.group.split('.').rev().collect();
    parts.extend([kind.version.as_str(), kind.kind.as_str()]);
    Cow::Owned(parts.join("."))
}

/// Every definition that the kinds need, each once: the kinds, their lists, and what those refer to.
fn each_definition(kinds: &[Described<'_>], dialect: Dialect, take: &mut dyn FnMut(&str, Value)) {
    let mut waiting: BTreeSet<String> = BTreeSet::new();
    let mut done: BTreeSet<String> = BTreeSet::new();
    for described in kinds {
        let (kind, name) = (described.kind, name_of(described));
        if !done.insert(name.to_string()) {
            continue;
        }
        let whole = match described.custom {
            Some(schema) => Cow::Owned(custom::with_object_meta(schema)),
            None => match builtin::schema(&kind.group, &kind.version, &kind.kind) {
                Some(schema) => Cow::Borrowed(schema),
                None => continue,
            },
        };
        let mut definition = types::definition(&whole, dialect, &mut waiting);
        tag(&mut definition, kind, &kind.kind);
        take(&name, definition);
        if kind.verbs.iter().any(|v| v == "list") {
            let list_name = format!("{name}List");
            let mut list = list_of(&name, dialect, &mut waiting);
            tag(&mut list, kind, &kind.list_kind);
            if done.insert(list_name.clone()) {
                take(&list_name, list);
            }
        }
        for sub in &kind.subresources {
            let speaks = builtin::schema(&sub.speaks.group, &sub.speaks.version, &sub.speaks.kind);
            waiting.extend(speaks.and_then(|s| s.name.as_deref()).map(str::to_owned));
        }
    }
    waiting.insert("io.k8s.apimachinery.pkg.apis.meta.v1.Status".to_owned());
    waiting.insert("io.k8s.apimachinery.pkg.apis.meta.v1.Patch".to_owned());
    while let Some(name) = waiting.pop_first() {
        if done.insert(name.clone())
            && let Some(schema) = builtin::definition(&name)
        {
            let definition = types::definition(schema, dialect, &mut waiting);
            take(&name, definition);
        }
    }
}

fn tag(definition: &mut Value, kind: &Kind, name: &str) {
    let gvk = map! {"group": kind.group.as_str(), "kind": name, "version": kind.version.as_str()};
    definition.make_map().insert("x-kubernetes-group-version-kind", vec![Value::from(gvk)]);
}

fn list_of(name: &str, dialect: Dialect, waiting: &mut BTreeSet<String>) -> Value {
    const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
    waiting.insert(LIST_META.to_owned());
    let string = || Value::from(map! {"type": "string"});
    let items = map! {"type": "array", "items": dialect.reference(name)};
    let properties = map! {
        "apiVersion": string(), "items": items, "kind": string(), "metadata": dialect.reference(LIST_META),
    };
    map! {"type": "object", "properties": properties, "required": vec![Value::from("items")]}.into()
}

#[cfg(test)]
mod tests;
