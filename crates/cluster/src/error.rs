//! What a Kubernetes API answers when it refuses.

use object::Value;
use std::time::Duration;

/// Why a request gave no answer to work with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// The server answered with a `Status` of failure.
    #[error("{message}")]
    Refused {
        /// HTTP status code.
        code: u16,
        /// The machine-readable reason, such as `Conflict`; empty when the server gave none.
        reason: String,
        /// The server's sentence.
        message: String,
        /// The fields the server names as causes.
        causes: Vec<Cause>,
        /// How long the server asks to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// No answer: the connection failed or broke. The request may have been carried out.
    #[error("the API server did not answer: {0}")]
    Connection(String),
    /// An answer that is not the JSON it should be.
    #[error("the API server's answer cannot be read: {0}")]
    Answer(String),
    /// The server does not know the kind.
    #[error("the API server knows no kind {0}; is its CustomResourceDefinition installed?")]
    UnknownKind(String),
}

/// One field the server complains of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Path of the field, such as `spec.selector`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl ApiError {
    /// From an answer with an error status and its body.
    pub(crate) fn from_answer(code: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let Some(status) = object::from_json(body).ok().filter(|v| v.as_map().is_some()) else {
            let text = String::from_utf8_lossy(body);
            let message = format!("HTTP {code}: {}", text.chars().take(300).collect::<String>());
            return Self::Refused {
                code,
                reason: String::new(),
                message,
                causes: Vec::new(),
                retry_after,
            };
        };
        Self::from_status(code, retry_after, &status)
    }

    /// From a `Status` object (an error answer, or the object of an ERROR watch event).
    pub(crate) fn from_status(code: u16, retry_after: Option<Duration>, status: &Value) -> Self {
        let text = |v: &Value, key: &str| {
            v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let causes = status.at(["details", "causes"]).and_then(Value::as_list).unwrap_or_default();
        let asked = status.at(["details", "retryAfterSeconds"]).and_then(Value::as_int);
        Self::Refused {
            code: status.get("code").and_then(Value::as_int).map_or(code, |c| c as u16),
            reason: text(status, "reason"),
            message: text(status, "message"),
            causes: causes
                .iter()
                .map(|c| Cause { field: text(c, "field"), message: text(c, "message") })
                .collect(),
            retry_after: retry_after
                .or_else(|| asked.and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs)),
        }
    }

    /// HTTP status code of a refusal, 0 when there was no answer.
    pub fn code(&self) -> u16 {
        match self {
            Self::Refused { code, .. } => *code,
            _ => 0,
        }
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.code() == 404
    }

    /// Whether someone else changed the object meanwhile, or owns the field.
    pub fn is_conflict(&self) -> bool {
        self.code() == 409
    }

    /// Whether the version asked for is no longer kept, so that a list must start anew.
    pub fn is_gone(&self) -> bool {
        self.code() == 410
    }

    /// Whether the same request may succeed later without anybody changing anything: the server is busy
    /// (429), failing (5xx) or out of reach.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused { code, .. } => matches!(code, 429 | 500 | 502..=504),
            Self::Connection(_) => true,
            Self::Answer(_) | Self::UnknownKind(_) => false,
        }
    }

    /// Whether the server refuses because a field of an existing object can never change.
    pub fn is_immutable_field(&self) -> bool {
        let says = |m: &str| {
            m.contains("field is immutable")
                || m.contains("may not change once set")
                || m.contains("updates to statefulset spec for fields other than")
                || m.contains("cannot change roleRef")
                || m.contains("is immutable after creation")
        };
        match self {
            Self::Refused { code: 422 | 403 | 400, message, causes, .. } => {
                says(message) || causes.iter().any(|c| says(&c.message))
            }
            _ => false,
        }
    }
}
