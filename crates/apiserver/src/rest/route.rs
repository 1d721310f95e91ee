//! From an HTTP request to the operation it asks for, and back to a response.

use super::body::{self, Media};
use super::encode::{self, Form};
use super::error::{ApiError, Cause};
use super::read::{ListParams, revision, selector};
use super::reply::Reply;
use super::{Answer, Api, Call, DeleteOptions, FieldValidation, Identity, Params, Target};
use crate::admission::{self, Operation};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use object::Value;
use std::sync::Arc;

/// The parts of a request, with its body collected.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) params: Params,
    pub(crate) body: Bytes,
    pub(crate) who: &'a Arc<Identity>,
}

impl Asked<'_> {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// What admission has to say in the audit log, beside an answer.
#[derive(Clone)]
pub(crate) struct Annotations(pub(crate) Vec<(String, String)>);

/// Answers a request for a resource.
pub(crate) async fn respond(api: &Api, target: &Target, asked: &Asked<'_>) -> Reply {
    let mut call = Call::default();
    let mut reply = match operate(api, target, asked, &mut call).await {
        Ok(reply) => reply,
        Err(error) => error.into(),
    };
    if let Some(text) = &target.served.deprecation {
        call.warn(text.as_str());
    }
    if !call.annotations.is_empty() {
        reply.extensions_mut().insert(Annotations(std::mem::take(&mut call.annotations)));
    }
    for warning in &call.warnings {
        // RFC 7234 warn-text is a quoted string.
        let escaped = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{escaped}\"")) {
            reply.headers_mut().append(header::WARNING, value);
        }
    }
    reply
}

async fn operate(
    api: &Api,
    target: &Target,
    asked: &Asked<'_>,
    call: &mut Call,
) -> Result<Reply, ApiError> {
    let params = &asked.params;
    let form = Form::negotiate(asked.header(header::ACCEPT), params)?;
    allowed(target, asked.method)?;
    if asked.method != Method::GET {
        *call = write_options(asked)?;
    }
    let now = api.clock().now();
    let object = |code, answer: &Answer| encode::object(&target.served, code, form, answer, now);
    if !target.subresource.is_empty()
        && let Some((code, answer)) = subresource(api, target, asked, call).await?
    {
        return object(code, &answer);
    }
    match (asked.method.as_str(), target.name.is_empty()) {
        ("GET", _) if target.watch || params.flag("watch") => api.watch(target, params, form),
        ("GET", true) => {
            let page = api.list(target, &ListParams::read(params, target)?)?;
            encode::list(&target.served, form, &page, now)
        }
        ("GET", false) => object(StatusCode::OK, &api.read(target, revision(params)?)?),
        ("POST", true) => {
            let value = decoded(asked)?;
            if !target.served.is_stored() {
                super::create::check_type(target, &value)?;
                let answer = api.review(asked.who, target, value)?;
                return object(StatusCode::CREATED, &answer);
            }
            let answer = api.create(call, target, value).await?;
            object(StatusCode::CREATED, &answer)
        }
        ("PUT", false) => {
            let (answer, created) = api.replace(call, target, decoded(asked)?).await?;
            object(code(created), &answer)
        }
        ("PATCH", false) => {
            let media = Media::parse(asked.header(header::CONTENT_TYPE));
            let (answer, created) = api.patch(call, target, media, &asked.body).await?;
            object(code(created), &answer)
        }
        ("DELETE", false) => {
            let options = delete_options(asked, call)?;
            let answer = api.delete(call, target, &options).await?;
            object(StatusCode::OK, &answer)
        }
        ("DELETE", true) => {
            let selector = selector(params, target)?;
            let options = delete_options(asked, call)?;
            let items = api.delete_collection(call, target, &selector, &options).await?;
            let page = super::read::Page {
                revision: api.store().revision(),
                items,
                continue_token: String::new(),
                remaining: None,
            };
            encode::list(&target.served, form, &page, now)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn code(created: bool) -> StatusCode {
    if created { StatusCode::CREATED } else { StatusCode::OK }
}

/// Subresources that are not the object itself.
async fn subresource(
    api: &Api,
    target: &Target,
    asked: &Asked<'_>,
    call: &mut Call,
) -> Result<Option<(StatusCode, Answer)>, ApiError> {
    if matches!(target.subresource.as_str(), "binding" | "eviction" | "token") {
        let posted = decoded(asked)?;
        admission::validate(api, call, target, Operation::Create, Some(&posted), None).await?;
    }
    let answer = match (target.subresource.as_str(), asked.method.as_str()) {
        ("scale", "GET") => (StatusCode::OK, api.read_scale(target)?),
        ("scale", method) => {
            let media = Media::parse(asked.header(header::CONTENT_TYPE)).unwrap_or(Media::Json);
            let patch = method == "PATCH";
            (StatusCode::OK, api.write_scale(call, target, media, patch, &asked.body).await?)
        }
        ("binding", "POST") => (StatusCode::CREATED, api.bind(target, &decoded(asked)?).await?),
        ("eviction", "POST") => {
            (StatusCode::CREATED, api.evict(call, target, &decoded(asked)?).await?)
        }
        ("token", "POST") => (StatusCode::CREATED, api.request_token(target, decoded(asked)?)?),
        ("status" | "finalize" | "ephemeralcontainers" | "resize" | "approval", _) => {
            return Ok(None);
        }
        (other, _) => {
            return Err(ApiError::bad_request(format!(
                "workloads are simulated here: there is no container behind {other:?}"
            )));
        }
    };
    Ok(Some(answer))
}

fn allowed(target: &Target, method: &Method) -> Result<(), ApiError> {
    let verb = match (method.as_str(), target.name.is_empty()) {
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => return Err(ApiError::method_not_allowed()),
    };
    let has = match target.served.kind.subresource(&target.subresource) {
        Some(subresource) => subresource.verbs.iter().any(|v| v == verb),
        None => target.served.has_verb(verb),
    };
    if has { Ok(()) } else { Err(ApiError::method_not_allowed()) }
}

fn decoded(asked: &Asked<'_>) -> Result<Value, ApiError> {
    match Media::parse(asked.header(header::CONTENT_TYPE)) {
        Some(media @ (Media::Json | Media::Yaml | Media::Protobuf)) => {
            body::decode(&asked.body, media)
        }
        _ => Err(ApiError::unsupported_media_type(&[
            "application/json",
            "application/yaml",
            "application/vnd.kubernetes.protobuf",
        ])),
    }
}

fn write_options(asked: &Asked<'_>) -> Result<Call, ApiError> {
    let params = &asked.params;
    let kind = match *asked.method {
        Method::POST => "CreateOptions",
        Method::PUT => "UpdateOptions",
        Method::PATCH => "PatchOptions",
        _ => "DeleteOptions",
    };
    let asked_dry: Vec<&str> = params.all("dryRun").filter(|v| !v.is_empty()).collect();
    let dry_run = is_dry(kind, &asked_dry)?;
    let validation = match params.get("fieldValidation") {
        None | Some("" | "Warn") => FieldValidation::Warn,
        Some("Ignore") => FieldValidation::Ignore,
        Some("Strict") => FieldValidation::Strict,
        Some(other) => {
            let text = format!(
                "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
            );
            return Err(not_supported(kind, "fieldValidation", text));
        }
    };
    let manager = match params.get("fieldManager") {
        Some(manager) if manager.len() > 128 => {
            let text = "Too long: may not be more than 128 bytes";
            let cause = Cause::new("FieldValueTooLong", text, "fieldManager");
            return Err(ApiError::invalid_options(kind, vec![cause]));
        }
        Some(manager) => manager.to_owned(),
        None if is_apply(asked) => String::new(),
        // The user agent up to its first slash.
        None => {
            let agent = asked.header(header::USER_AGENT);
            agent.split('/').next().unwrap_or_default().chars().take(128).collect()
        }
    };
    let force = params.flag("force");
    let who = Some(asked.who.clone());
    Ok(Call { dry_run, manager, validation, force, who, ..Call::default() })
}

fn is_apply(asked: &Asked<'_>) -> bool {
    asked.method == Method::PATCH
        && Media::parse(asked.header(header::CONTENT_TYPE)) == Some(Media::Apply)
}

fn not_supported(kind: &str, field: &str, text: String) -> ApiError {
    ApiError::invalid_options(kind, vec![Cause::new("FieldValueNotSupported", text, field)])
}

/// Whether nothing is to be written, as the values of `dryRun` say.
fn is_dry(kind: &str, values: &[&str]) -> Result<bool, ApiError> {
    if values.iter().any(|v| *v != "All") {
        let list: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
        let text = format!("Unsupported value: [{}]: supported values: \"All\"", list.join(","));
        return Err(not_supported(kind, "dryRun", text));
    }
    Ok(!values.is_empty())
}

fn delete_options(asked: &Asked<'_>, call: &mut Call) -> Result<DeleteOptions, ApiError> {
    let params = &asked.params;
    let mut options = DeleteOptions::default();
    if let Some(policy) = params.get("propagationPolicy") {
        options.propagation = Some(DeleteOptions::policy(policy)?);
    }
    options.grace_period_seconds = params.number("gracePeriodSeconds")?;
    if asked.body.is_empty() {
        return Ok(options);
    }
    let body = decoded(asked)?;
    let dry = body.get("dryRun").and_then(Value::as_list).unwrap_or_default();
    let dry: Vec<&str> = dry.iter().filter_map(Value::as_str).collect();
    call.dry_run |= is_dry("DeleteOptions", &dry)?;
    options.read(&body)
}
