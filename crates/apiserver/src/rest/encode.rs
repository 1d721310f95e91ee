//! Objects in the form that the client accepts.

use super::error::ApiError;
use super::read::Page;
use super::reply::{self, Reply};
use super::{Answer, Params};
use crate::convert;
use crate::registry::Served;
use crate::store::Stored;
use crate::table::{self, Include, TableOptions};
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use object::{Manifest, Map, Value, map};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The objects themselves, as JSON.
    Json,
    /// The objects themselves, as YAML.
    Yaml,
    /// Only their metadata.
    Metadata,
    /// A table, with what its rows carry.
    Table(Include),
}

const TYPES: [&str; 2] = ["application/json", "application/yaml"];

impl Form {
    /// From `Accept` and the query.
    pub(super) fn negotiate(accept: &str, params: &Params) -> Result<Self, ApiError> {
        if accept.trim().is_empty() {
            return Ok(Self::Json);
        }
        for clause in accept.split(',') {
            let mut parts = clause.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
            let parameter = |key: &str| {
                let mut of_key = clause.split(';').skip(1).filter_map(|p| p.trim().split_once('='));
                of_key.find(|(k, _)| *k == key).map_or("", |(_, v)| v)
            };
            let json = matches!(essence.as_str(), "application/json" | "*/*" | "application/*");
            if !json && essence != "application/yaml" {
                continue;
            }
            let group = parameter("g");
            match parameter("as") {
                "" if json => return Ok(Self::Json),
                "" => return Ok(Self::Yaml),
                "Table" if group == "meta.k8s.io" && json => {
                    let include = params.get("includeObject").unwrap_or_default();
                    let include = Include::parse(include).ok_or_else(|| {
                        ApiError::bad_request(format!(
                            "unrecognized includeObject value: {include:?}"
                        ))
                    })?;
                    return Ok(Self::Table(include));
                }
                "PartialObjectMetadata" | "PartialObjectMetadataList"
                    if group == "meta.k8s.io" && json =>
                {
                    return Ok(Self::Metadata);
                }
                _ => {}
            }
        }
        Err(ApiError::not_acceptable(&TYPES))
    }
}

/// A stored object in the version of `served`.
pub(super) fn decoded(served: &Served, stored: &Stored) -> Result<Value, ApiError> {
    convert::from_storage(served, stored.value())
}

/// A stored object as JSON in the version of `served`: mostly the very bytes of the store.
pub(super) fn json(served: &Served, stored: &Stored) -> Result<Bytes, ApiError> {
    let json = stored.json();
    if convert::is_stored_form(served, &json) {
        return Ok(json);
    }
    Ok(object::to_json(&decoded(served, stored)?).into())
}

/// `PartialObjectMetadata` of an object.
pub(super) fn metadata_only(object: &Value) -> Value {
    map! {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object.get("metadata").cloned().unwrap_or_else(Value::map),
    }
    .into()
}

/// Whether an answer is an object of the resource, and not a `Status`, `Scale` or review.
fn is_of(served: &Served, answer: &Answer) -> bool {
    match answer {
        Answer::Stored(_) => true,
        Answer::Value(value) => value.kind() == served.kind.kind,
    }
}

/// One object as a response.
pub(super) fn object(
    served: &Served,
    code: StatusCode,
    form: Form,
    answer: &Answer,
    now: Timestamp,
) -> Result<Reply, ApiError> {
    let value = |answer: &Answer| match answer {
        Answer::Stored(stored) => decoded(served, stored),
        Answer::Value(value) if is_of(served, answer) => {
            convert::from_storage(served, value.clone())
        }
        Answer::Value(value) => Ok(value.clone()),
    };
    Ok(match (form, answer) {
        (Form::Json, Answer::Stored(stored)) => {
            reply::full(code, "application/json", json(served, stored)?)
        }
        (Form::Yaml, answer) => {
            reply::full(code, "application/yaml", object::to_yaml(&value(answer)?))
        }
        (Form::Metadata, answer) if is_of(served, answer) => {
            reply::json(code, &metadata_only(&value(answer)?))
        }
        (Form::Table(include), answer) if is_of(served, answer) => {
            let object = value(answer)?;
            let version = object.meta("resourceVersion").unwrap_or_default();
            let meta = Value::Map(map! {"resourceVersion": version});
            let options = TableOptions { include, headers: true };
            let table = table::table(&served.printer, meta, [&object], options, now);
            reply::json(code, &table)
        }
        (_, answer) => reply::json(code, &value(answer)?),
    })
}

/// A part of a collection as a response.
pub(super) fn list(
    served: &Served,
    form: Form,
    page: &Page,
    now: Timestamp,
) -> Result<Reply, ApiError> {
    let mut meta = map! {"resourceVersion": page.revision.to_string()};
    if served.custom.is_some() && matches!(form, Form::Json | Form::Yaml) {
        // Lists of custom kinds are maps, in which nothing is left out.
        meta.insert("continue", "");
    }
    if !page.continue_token.is_empty() {
        meta.insert("continue", page.continue_token.as_str());
        if let Some(remaining) = page.remaining {
            meta.insert("remainingItemCount", i64::try_from(remaining).unwrap_or(i64::MAX));
        }
    }
    let values = || {
        let stored = page.items.iter().map(|stored| stored.value()).collect();
        convert::all_from_storage(served, stored)
    };
    Ok(match form {
        Form::Json => reply::full(StatusCode::OK, "application/json", items(served, page, &meta)?),
        Form::Yaml => {
            let list = map! {
                "apiVersion": served.kind.api_version(),
                "kind": served.kind.list_kind.as_str(),
                "metadata": meta,
                "items": values()?,
            };
            reply::full(StatusCode::OK, "application/yaml", object::to_yaml(&list.into()))
        }
        Form::Metadata => {
            let list = map! {
                "apiVersion": "meta.k8s.io/v1",
                "kind": "PartialObjectMetadataList",
                "metadata": meta,
                "items": values()?.iter().map(metadata_only).collect::<Vec<_>>(),
            };
            reply::json(StatusCode::OK, &list.into())
        }
        Form::Table(include) => {
            let objects: Vec<Value> = values()?;
            let options = TableOptions { include, headers: true };
            let table = table::table(&served.printer, meta.into(), &objects, options, now);
            reply::json(StatusCode::OK, &table)
        }
    })
}

/// The list as JSON: the objects' bytes are copied, not decoded.
fn items(served: &Served, page: &Page, meta: &Map) -> Result<Vec<u8>, ApiError> {
    let head: Value = map! {
        "apiVersion": served.kind.api_version(),
        "kind": served.kind.list_kind.as_str(),
        "metadata": meta.clone(),
    }
    .into();
    let mut out = object::to_json(&head);
    out.pop();
    let size: usize = page.items.iter().map(|i| i.json().len() + 1).sum();
    out.reserve(size + 16);
    // A webhook is asked once; then every object of the page is known.
    let strange = page.items.iter().filter(|i| !convert::is_stored_form(served, &i.json()));
    convert::remember(served, strange.map(|i| i.value()))?;
    out.extend_from_slice(b",\"items\":[");
    for (index, stored) in page.items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let item = json(served, stored)?;
        // Lists of the built-in kinds are typed: their items do not say what they are.
        let bare = served.custom.is_none().then(|| without_type(served, &item)).flatten();
        match bare {
            Some((before, after)) => {
                out.push(b'{');
                out.extend_from_slice(before);
                out.extend_from_slice(after);
            }
            None => out.extend_from_slice(&item),
        }
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

/// What stands before and after the object's kind, without its version, which is the first member of every
/// object: members are kept sorted.
fn without_type<'j>(served: &Served, json: &'j [u8]) -> Option<(&'j [u8], &'j [u8])> {
    let version = served.kind.api_version();
    let rest = json.strip_prefix(b"{\"apiVersion\":\"")?.strip_prefix(version.as_bytes())?;
    let rest = rest.strip_prefix(b"\",")?;
    let at = own_kind(rest)?;
    let after = rest[at..].strip_prefix(KIND)?.strip_prefix(served.kind.kind.as_bytes())?;
    // Every object has metadata, which stand behind it.
    Some((&rest[..at], after.strip_prefix(b"\",")?))
}

const KIND: &[u8] = b"\"kind\":\"";

/// Where the member `kind` of the outermost object begins.
fn own_kind(members: &[u8]) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped, mut before) = (0_usize, false, false, b',');
    for (at, &byte) in members.iter().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' if depth == 0 && before == b',' && members[at..].starts_with(KIND) => {
                return Some(at);
            }
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        before = byte;
    }
    None
}
