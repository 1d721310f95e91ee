//! Refusals, as the `Status` objects that clients understand.
//!
//! The words are those of `k8s.io/apimachinery/pkg/api/errors`: clients, and people, search for them.

use crate::registry::Served;
use crate::store::StoreError;
use http::StatusCode;
use object::{Map, Value, map};

/// A refusal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status.
    pub code: StatusCode,
    /// `reason`, such as `NotFound`; empty for none.
    pub reason: &'static str,
    /// What happened.
    pub message: String,
    /// What it happened to, and why in parts.
    pub details: Option<Box<Details>>,
}

/// `details` of a `Status`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Name of the object.
    pub name: String,
    /// API group.
    pub group: String,
    /// Resource, or kind where the real server says the kind.
    pub kind: String,
    /// The object's uid.
    pub uid: String,
    /// The single faults.
    pub causes: Vec<Cause>,
    /// When to try again; 0 for nothing said.
    pub retry_after_seconds: i64,
}

/// One fault of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// Such as `FieldValueInvalid`.
    pub reason: String,
    /// Such as `Invalid value: -1: must be greater than or equal to 0`.
    pub message: String,
    /// Such as `spec.replicas`; empty for none.
    pub field: String,
}

impl Cause {
    /// From its parts.
    pub fn new(
        reason: impl Into<String>,
        message: impl Into<String>,
        field: impl Into<String>,
    ) -> Self {
        Self { reason: reason.into(), message: message.into(), field: field.into() }
    }
}

impl ApiError {
    fn plain(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn of(
        code: StatusCode,
        reason: &'static str,
        served: &Served,
        name: &str,
        message: String,
    ) -> Self {
        let details = Details {
            name: name.to_owned(),
            group: served.kind.group.to_string(),
            kind: served.kind.plural.to_string(),
            ..Details::default()
        };
        Self { code, reason, message, details: Some(Box::new(details)) }
    }

    /// 404 for an object.
    pub fn not_found(served: &Served, name: &str) -> Self {
        let message = format!("{} {name:?} not found", served.group_resource());
        Self::of(StatusCode::NOT_FOUND, "NotFound", served, name, message)
    }

    /// 404 for a resource or path.
    pub fn no_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self {
            details: Some(Box::default()),
            ..Self::plain(StatusCode::NOT_FOUND, "NotFound", message)
        }
    }

    /// 409 for a name that is taken.
    pub fn exists(served: &Served, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", served.group_resource());
        Self::of(StatusCode::CONFLICT, "AlreadyExists", served, name, message)
    }

    /// 409 for an object that is at another version.
    pub fn conflict(served: &Served, name: &str, why: &str) -> Self {
        let resource = served.group_resource();
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::of(StatusCode::CONFLICT, "Conflict", served, name, message)
    }

    /// 409 with the words for an outdated resourceVersion.
    pub fn modified(served: &Served, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(served, name, why)
    }

    /// 409 of a server-side apply.
    pub fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self {
            details: Some(Box::new(details)),
            ..Self::plain(StatusCode::CONFLICT, "Conflict", message)
        }
    }

    /// 403 for an object.
    pub fn forbidden(served: &Served, name: &str, why: &str) -> Self {
        let resource = served.group_resource();
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::of(StatusCode::FORBIDDEN, "Forbidden", served, name, message)
    }

    /// Adds a cause.
    pub fn because(mut self, cause: Cause) -> Self {
        self.details.get_or_insert_default().causes.push(cause);
        self
    }

    /// 422 with the faults of an object.
    pub fn invalid(served: &Served, name: &str, causes: Vec<Cause>) -> Self {
        Self::invalid_kind(&served.kind.group, &served.kind.kind, name, causes)
    }

    /// 422 for the options of a request; `kind` such as `DeleteOptions`.
    pub(crate) fn invalid_options(kind: &str, causes: Vec<Cause>) -> Self {
        Self::invalid_kind("meta.k8s.io", kind, "", causes)
    }

    /// As [`ApiError::invalid`] for a kind that is not the resource's own.
    pub(crate) fn invalid_kind(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let dot = if group.is_empty() { "" } else { "." };
        let shown = format!("{kind}{dot}{group}");
        let one = |c: &Cause| {
            if c.field.is_empty() {
                c.message.clone()
            } else {
                format!("{}: {}", c.field, c.message)
            }
        };
        let mut seen = std::collections::BTreeSet::new();
        let texts: Vec<String> =
            causes.iter().map(one).filter(|text| seen.insert(text.clone())).collect();
        let list = match texts.as_slice() {
            [only] => only.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let details = Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes,
            ..Details::default()
        };
        Self {
            code: StatusCode::UNPROCESSABLE_ENTITY,
            reason: "Invalid",
            message: format!("{shown} {name:?} is invalid: {list}"),
            details: Some(Box::new(details)),
        }
    }

    /// 422 with one fault.
    pub fn invalid_field(
        served: &Served,
        name: &str,
        reason: &str,
        field: &str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(served, name, vec![Cause::new(reason, message, field)])
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self {
            details: Some(Box::default()),
            ..Self::plain(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        }
    }

    /// 406.
    pub fn not_acceptable(types: &[&str]) -> Self {
        let message = format!("only the following media types are accepted: {}", types.join(", "));
        Self::plain(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
    }

    /// 410.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::GONE, "Expired", message)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::plain(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 415.
    pub fn unsupported_media_type(types: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            types.join(", ")
        );
        Self {
            details: Some(Box::default()),
            ..Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
        }
    }

    /// 422 for a patch that does not apply; the real server does not say why.
    pub fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self {
            details: Some(Box::default()),
            ..Self::plain(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
        }
    }

    /// 429.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: i64) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self {
            details: Some(Box::new(details)),
            ..Self::plain(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
        }
    }

    /// 500.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let details = Details {
            causes: vec![Cause { message: message.clone(), ..Cause::default() }],
            ..Details::default()
        };
        Self {
            details: Some(Box::new(details)),
            ..Self::plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                format!("Internal error occurred: {message}"),
            )
        }
    }

    /// 500 without a reason, as the real server answers errors that it does not classify.
    pub fn unclassified(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "", message)
    }

    /// 504 for a resourceVersion that is not reached yet.
    pub fn too_large_version(asked: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {asked}, current: {current}");
        let details = Details {
            causes: vec![Cause::new("ResourceVersionTooLarge", "Too large resource version", "")],
            retry_after_seconds: 1,
            ..Details::default()
        };
        Self {
            details: Some(Box::new(details)),
            ..Self::plain(StatusCode::GATEWAY_TIMEOUT, "Timeout", format!("Timeout: {message}"))
        }
    }

    /// What the store said about an object.
    pub fn from_store(error: &StoreError, served: &Served, name: &str) -> Self {
        match error {
            StoreError::Exists(_) => Self::exists(served, name),
            StoreError::Missing => Self::not_found(served, name),
            StoreError::Conflict(_) => Self::modified(served, name),
            StoreError::Gone { .. } => Self::expired(error.to_string()),
            StoreError::Future { asked, current } => Self::too_large_version(*asked, *current),
            StoreError::Disk { .. } | StoreError::InUse { .. } | StoreError::Corrupt { .. } => {
                Self::internal(error)
            }
            StoreError::Closed => Self::plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                "the server is shutting down",
            ),
        }
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = map! {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": Map::new(),
            "status": "Failure",
            "message": self.message.as_str(),
            "code": i64::from(self.code.as_u16()),
        };
        if !self.reason.is_empty() {
            status.insert("reason", self.reason);
        }
        if let Some(details) = &self.details {
            status.insert("details", details.value());
        }
        status.into()
    }
}

impl Details {
    fn value(&self) -> Map {
        let mut out = Map::new();
        let texts = [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ];
        for (key, text) in texts {
            if !text.is_empty() {
                out.insert(key, text.as_str());
            }
        }
        if !self.causes.is_empty() {
            out.insert("causes", self.causes.iter().map(Cause::value).collect::<Vec<_>>());
        }
        if self.retry_after_seconds != 0 {
            out.insert("retryAfterSeconds", self.retry_after_seconds);
        }
        out
    }
}

impl Cause {
    fn value(&self) -> Value {
        let mut out = Map::new();
        let texts = [("reason", &self.reason), ("message", &self.message), ("field", &self.field)];
        for (key, text) in texts {
            if !text.is_empty() {
                out.insert(key, text.as_str());
            }
        }
        out.into()
    }
}

/// The `Status` of something done that leaves no object to show.
pub fn success(served: &Served, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: served.kind.group.to_string(),
        kind: served.kind.plural.to_string(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    map! {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": Map::new(),
        "status": "Success",
        "details": details.value(),
    }
    .into()
}
