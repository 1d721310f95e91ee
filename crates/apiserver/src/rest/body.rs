//! Bodies of requests: read within bounds, decoded by their type.

use super::error::ApiError;
use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use object::{Dialect, Value};

/// The largest body of a request, in bytes (`MaxRequestBodyBytes`).
pub const LIMIT: usize = 3 << 20;

/// Collects a body.
///
/// # Errors
/// 413 when it is larger than [`LIMIT`], 400 when it breaks off.
pub async fn collect<B>(body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(e) if e.is::<http_body_util::LengthLimitError>() => Err(ApiError::too_large(LIMIT)),
        Err(e) => Err(ApiError::bad_request(format!("unable to read the request's body: {e}"))),
    }
}

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, and nothing said.
    Json,
    /// `application/yaml`.
    Yaml,
    /// `application/vnd.kubernetes.protobuf`, for built-in kinds.
    Protobuf,
    /// `application/json-patch+json`.
    JsonPatch,
    /// `application/merge-patch+json`.
    MergePatch,
    /// `application/strategic-merge-patch+json`.
    StrategicPatch,
    /// `application/apply-patch+yaml`, which JSON is too.
    Apply,
}

impl Media {
    /// From a `Content-Type`.
    pub fn parse(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "" | "application/json" | "*/*" => Some(Self::Json),
            "application/yaml" => Some(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Some(Self::Protobuf),
            "application/json-patch+json" => Some(Self::JsonPatch),
            "application/merge-patch+json" => Some(Self::MergePatch),
            "application/strategic-merge-patch+json" => Some(Self::StrategicPatch),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }
}

/// Decodes an object.
///
/// # Errors
/// 400 when the text is not what it says it is.
pub fn decode(bytes: &[u8], media: Media) -> Result<Value, ApiError> {
    let wrong = |e: &dyn std::fmt::Display| {
        ApiError::bad_request(format!("error decoding the request's body: {e}"))
    };
    match media {
        Media::Yaml | Media::Apply => {
            let text = std::str::from_utf8(bytes).map_err(|e| wrong(&e))?;
            if text.trim_start().starts_with('{')
                && let Ok(value) = object::from_json(bytes)
            {
                return Ok(value);
            }
            object::from_yaml_one(text, Dialect::Sigs).map_err(|e| wrong(&e))
        }
        Media::Protobuf => super::protobuf::decode(bytes).map_err(|e| wrong(&e)),
        _ => object::from_json(bytes).map_err(|e| wrong(&e)),
    }
}
