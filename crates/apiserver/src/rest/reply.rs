//! Answers as HTTP responses.

use super::error::ApiError;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderValue, StatusCode, header};
use http_body::{Frame, SizeHint};
use object::Value;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A response of the API server.
pub type Reply = http::Response<ReplyBody>;

/// The body of an answer: all there, or a stream that grows.
pub enum ReplyBody {
    /// All there; `None` when it was read.
    Full(Option<Bytes>),
    /// The lines of a watch.
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Self::Stream(stream) => {
                stream.as_mut().poll_next(context).map(|bytes| bytes.map(|b| Ok(Frame::data(b))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// A response with a body that is all there.
pub fn full(code: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    let mut reply = http::Response::new(ReplyBody::Full(Some(body).filter(|b| !b.is_empty())));
    *reply.status_mut() = code;
    if let Ok(value) = HeaderValue::from_str(content_type) {
        reply.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    // What is answered may hold secrets.
    let cache = HeaderValue::from_static("no-cache, private");
    reply.headers_mut().insert(header::CACHE_CONTROL, cache);
    reply
}

/// A response that is a JSON value.
pub fn json(code: StatusCode, value: &Value) -> Reply {
    full(code, "application/json", object::to_json(value))
}

/// A response that is plain text.
pub fn text(code: StatusCode, text: impl Into<String>) -> Reply {
    full(code, "text/plain; charset=utf-8", text.into())
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        let mut reply = json(error.code, &error.status());
        let seconds = error.details.as_ref().map_or(0, |d| d.retry_after_seconds);
        if seconds > 0 {
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}
