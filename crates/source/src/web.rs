//! Asking web servers: what Helm repositories and registries have in common.
//!
//! Every answer is bounded. Credentials go to the origin they were made for, and to no other host a redirect may
//! point at. Deliberately absent: cookies, proxies, caches.

mod url;

pub use url::{origin, resolve, shown};

use crate::git::{ClientCertificate, Secret, remote_words};
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::io;
use std::time::Duration;

/// Redirects followed for one request.
const MOST_REDIRECTS: usize = 10;
/// The longest error page that is read for its words.
const ERROR_PAGE: usize = 16 << 10;

/// Whom to trust and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM certificates trusted beside the machine's own.
    pub ca: Option<Vec<u8>>,
    /// A certificate of ours to show.
    pub client_certificate: Option<ClientCertificate>,
}

/// What is shown to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// Nothing.
    #[default]
    None,
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password or token.
        password: Secret,
    },
    /// A token.
    Bearer(Secret),
}

impl Login {
    /// The value of the `Authorization` header.
    ///
    /// # Errors
    /// [`WebError::Credentials`] when it holds what no header may have.
    pub fn header(&self) -> Result<Option<HeaderValue>, WebError> {
        let text = match self {
            Self::None => return Ok(None),
            Self::Basic { username, password } => {
                let mut plain = format!("{username}:").into_bytes();
                plain.extend_from_slice(password.reveal());
                let coded = base64::engine::general_purpose::STANDARD.encode(plain);
                format!("Basic {coded}").into_bytes()
            }
            Self::Bearer(token) => [b"Bearer ", token.reveal().trim_ascii()].concat(),
        };
        let mut value = HeaderValue::from_bytes(&text).map_err(|_| {
            WebError::Credentials("the credentials hold a character that no HTTP header may have (a line break at the end of the Secret's value?)".to_owned())
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Why a server gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address cannot be used.
    #[error("'{url}' is no address that can be asked: {problem}")]
    Url {
        /// The address, without user information.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificates or credentials that cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// No answer.
    #[error("'{url}' cannot be reached: {problem}")]
    Network {
        /// The address.
        url: String,
        /// What happened.
        problem: String,
    },
    /// The server says no.
    #[error("'{url}' answers {status}{words}")]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: StatusCode,
        /// The server's own words, after a colon; empty when it has none.
        words: String,
    },
    /// More than is taken.
    #[error("'{url}' sends more than {limit} bytes, which is the most that is taken")]
    TooLarge {
        /// The address.
        url: String,
        /// The most that is taken.
        limit: u64,
    },
    /// A redirect that is not followed.
    #[error("'{url}' redirects {problem}")]
    Redirect {
        /// The address.
        url: String,
        /// Where to, or why that is wrong.
        problem: String,
    },
    /// What arrives cannot be kept.
    #[error("what '{url}' sends cannot be stored")]
    Storage {
        /// The address.
        url: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The time is up.
    #[error("'{url}' did not answer within {seconds} s")]
    Timeout {
        /// The address.
        url: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl WebError {
    /// Whether the server refused for lack of rights.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Credentials(_))
            || matches!(self, Self::Status { status, .. } if matches!(status.as_u16(), 401 | 403))
    }

    /// Whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status, .. } if matches!(status.as_u16(), 404 | 410))
    }

    /// Whether no retry can help before somebody changes something.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Url { .. })
    }
}

/// A client for one set of TLS settings. Cheap to clone; connections are kept for a minute.
#[derive(Clone)]
pub struct Web {
    connections: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// GET, HEAD or POST.
    pub method: Method,
    /// Address.
    pub url: &'a str,
    /// Headers besides.
    pub headers: Vec<(header::HeaderName, HeaderValue)>,
    /// Shown to the address' own origin only.
    pub login: Option<HeaderValue>,
    /// Body of a POST.
    pub body: Bytes,
}

impl<'a> Question<'a> {
    /// A GET.
    pub fn get(url: &'a str) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), login: None, body: Bytes::new() }
    }
}

/// What a server answered: any status but an error.
pub struct Answer {
    /// Address it came from, after redirects.
    pub url: String,
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    body: Incoming,
}

impl Web {
    /// A client. `timeout` bounds each question with its answer's head, and each pause within a body.
    ///
    /// # Errors
    /// [`WebError::Credentials`] when the certificates cannot be used.
    pub fn new(tls: &Tls, timeout: Duration) -> Result<Self, WebError> {
        let config = crate::git::transport::http::tls_config(
            tls.ca.as_deref(),
            tls.client_certificate.as_ref(),
        )
        .map_err(WebError::Credentials)?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout.min(Duration::from_secs(30))));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(connector);
        let connections = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { connections, timeout })
    }

    /// Asks, follows redirects, and answers the head of what came; an error status is an answer too.
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, WebError> {
        let shown = url::without_user(question.url);
        let seconds = self.timeout.as_secs();
        tokio::time::timeout(self.timeout, self.follow(question))
            .await
            .unwrap_or(Err(WebError::Timeout { url: shown, seconds }))
    }

    async fn follow(&self, question: Question<'_>) -> Result<Answer, WebError> {
        let (mut at, user) = url::split_user(question.url);
        let home = origin(&at);
        let mut login = match (&question.login, user) {
            (Some(login), _) => Some(login.clone()),
            (None, Some((username, password))) => {
                Login::Basic { username, password: Secret::new(password) }.header()?
            }
            (None, None) => None,
        };
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.send(&question, &at, login.as_ref()).await?;
            if !answer.status().is_redirection() || answer.status() == StatusCode::NOT_MODIFIED {
                let (parts, body) = answer.into_parts();
                return Ok(Answer { url: at, status: parts.status, headers: parts.headers, body });
            }
            let target = answer.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
            let target = target.ok_or_else(|| WebError::Redirect {
                url: at.clone(),
                problem: "to nowhere".to_owned(),
            })?;
            let next = resolve(&at, target)?;
            if at.starts_with("https:") && !next.starts_with("https:") {
                return Err(WebError::Redirect {
                    url: at,
                    problem: format!("to '{}', which is not encrypted", url::without_user(&next)),
                });
            }
            if origin(&next) != home {
                login = None;
            }
            at = next;
        }
        Err(WebError::Redirect { url: at, problem: format!("more than {MOST_REDIRECTS} times") })
    }

    async fn send(
        &self,
        question: &Question<'_>,
        at: &str,
        login: Option<&HeaderValue>,
    ) -> Result<http::Response<Incoming>, WebError> {
        let mut request = Request::builder()
            .method(question.method.clone())
            .uri(at)
            .header(header::USER_AGENT, concat!("windlass/", env!("CARGO_PKG_VERSION")));
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        if let Some(login) = login {
            request = request.header(header::AUTHORIZATION, login);
        }
        let request = request
            .body(Full::new(question.body.clone()))
            .map_err(|e| WebError::Url { url: at.to_owned(), problem: e.to_string() })?;
        self.connections.request(request).await.map_err(|error| {
            let mut deepest: &dyn std::error::Error = &error;
            while let Some(below) = deepest.source() {
                deepest = below;
            }
            WebError::Network { url: at.to_owned(), problem: deepest.to_string() }
        })
    }
}

impl Answer {
    /// The answer if its status is a success or "not modified", an error with the server's words otherwise.
    ///
    /// # Errors
    /// [`WebError::Status`].
    pub async fn accepted(self) -> Result<Self, WebError> {
        if self.status.is_success() || self.status == StatusCode::NOT_MODIFIED {
            return Ok(self);
        }
        let (url, status) = (self.url.clone(), self.status);
        let page = self.collect(ERROR_PAGE as u64).await.unwrap_or_default();
        let words = remote_words(&page);
        let words = if words.is_empty() || words.starts_with('<') {
            String::new()
        } else {
            format!(": {words}")
        };
        Err(WebError::Status { url, status, words })
    }

    /// A header as text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The body in memory.
    ///
    /// # Errors
    /// [`WebError::TooLarge`] beyond `limit`, [`WebError::Network`] when it breaks off.
    pub async fn collect(self, limit: u64) -> Result<Vec<u8>, WebError> {
        let mut bytes = Vec::new();
        self.each(limit, |chunk| {
            bytes.extend_from_slice(chunk);
            Ok(())
        })
        .await?;
        Ok(bytes)
    }

    /// Hands the body over piece by piece.
    ///
    /// # Errors
    /// As [`Self::collect`], and [`WebError::Storage`] with what `take` answers.
    pub async fn each(
        self,
        limit: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, WebError> {
        let url = self.url;
        let mut body = self.body;
        let mut length = 0u64;
        loop {
            let frame = tokio::time::timeout(PATIENCE, body.frame()).await;
            let frame = frame
                .map_err(|_| WebError::Timeout { url: url.clone(), seconds: PATIENCE.as_secs() })?;
            let Some(frame) = frame else { return Ok(length) };
            let frame = frame.map_err(|e| WebError::Network {
                url: url.clone(),
                problem: format!("the answer breaks off: {e}"),
            })?;
            let Ok(chunk) = frame.into_data() else { continue };
            length += chunk.len() as u64;
            if length > limit {
                return Err(WebError::TooLarge { url, limit });
            }
            take(&chunk).map_err(|source| WebError::Storage { url: url.clone(), source })?;
        }
    }
}

/// The longest pause within an answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
