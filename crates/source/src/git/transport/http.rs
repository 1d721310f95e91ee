//! Git over HTTP(S), the "smart" protocol of gitprotocol-http(5).
//!
//! Credentials are sent with the first request (also over plain HTTP, as Flux does) and never to another host:
//! redirects are followed on the same host only,
//! requests with a body as they are (what browsers make of a 301 would lose it). Deliberately absent: cookies, proxies, "dumb" servers.

use super::super::GitSource;
use super::super::credentials::{ClientCertificate, Credentials};
use super::super::error::{GitError, remote_words};
use super::super::location::{Location, Way};
use super::super::protocol::{Chunks, Packets, Transport};
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Redirects followed for one request.
const MOST_REDIRECTS: usize = 5;
/// The longest error page that is read for its words.
const ERROR_PAGE: usize = 16 << 10;

type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Connections kept for the next request, and what they were made for.
#[derive(Clone)]
pub(crate) struct HttpClient {
    connections: Connections,
    ca: Option<Vec<u8>>,
    client_certificate: Option<ClientCertificate>,
}

impl HttpClient {
    /// A client for the TLS settings of `source`.
    pub(crate) fn new(source: &GitSource, location: &Location) -> Result<Self, GitError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(source.timeout.min(Duration::from_secs(30))));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls(source, location)?)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(connector);
        let connections = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            connections,
            ca: source.ca.clone(),
            client_certificate: source.client_certificate.clone(),
        })
    }

    /// Whether it was made for the same TLS settings.
    pub(crate) fn serves(&self, source: &GitSource) -> bool {
        self.ca == source.ca && self.client_certificate == source.client_certificate
    }
}

fn tls(source: &GitSource, location: &Location) -> Result<rustls::ClientConfig, GitError> {
    tls_config(source.ca.as_deref(), source.client_certificate.as_ref())
        .map_err(|problem| GitError::Authentication { url: location.to_string(), problem })
}

/// TLS towards a server: the machine's authorities and `ca`, and a certificate of ours where there is one.
pub(crate) fn tls_config(
    ca: Option<&[u8]>,
    own: Option<&ClientCertificate>,
) -> Result<rustls::ClientConfig, String> {
    let roots = match ca {
        None => machine_roots(),
        Some(pem) => Arc::new(with_own(machine_roots(), pem)?),
    };
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|e| e.to_string())?
    .with_root_certificates(roots);
    let Some(own) = own else { return Ok(builder.with_no_client_auth()) };
    let chain = rustls_pemfile::certs(&mut own.certificate.as_slice())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format!("the client certificate of the Secret is no PEM: {e}"))?;
    let key = rustls_pemfile::private_key(&mut own.key.reveal())
        .ok()
        .flatten()
        .ok_or("the client key of the Secret is no PEM private key")?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|e| format!("the client certificate of the Secret cannot be used: {e}"))
}

/// The authorities this machine trusts, read once: they are a few hundred KB.
fn machine_roots() -> Arc<rustls::RootCertStore> {
    static ROOTS: OnceLock<Arc<rustls::RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    ROOTS.get_or_init(read).clone()
}

fn with_own(
    roots: Arc<rustls::RootCertStore>,
    pem: &[u8],
) -> Result<rustls::RootCertStore, String> {
    let mut roots = Arc::unwrap_or_clone(roots);
    let before = roots.len();
    for certificate in rustls_pemfile::certs(&mut &*pem) {
        let certificate =
            certificate.map_err(|e| format!("the CA of the Secret is no PEM: {e}"))?;
        roots.add(certificate).map_err(|e| format!("the CA of the Secret cannot be used: {e}"))?;
    }
    if roots.len() == before {
        return Err("the CA of the Secret holds no certificate".to_owned());
    }
    Ok(roots)
}

/// One conversation with a server.
pub(crate) struct HttpTransport {
    client: HttpClient,
    location: Location,
    /// Scheme, authority and path of the repository; a redirect moves it.
    base: String,
    authorization: Option<HeaderValue>,
    packets: Packets,
    limit: u64,
}

impl HttpTransport {
    /// `credentials` belong to `location`.
    pub(crate) fn new(
        client: HttpClient,
        location: &Location,
        credentials: &Credentials,
        limit: u64,
    ) -> Result<Self, GitError> {
        Ok(Self {
            client,
            authorization: authorization(location, credentials)?,
            base: location.to_string(),
            location: location.clone(),
            packets: Packets::new(Chunks::Empty, limit),
            limit,
        })
    }

    async fn send(
        &mut self,
        method: Method,
        service: &str,
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, GitError> {
        let body = Bytes::from(body);
        for _ in 0..=MOST_REDIRECTS {
            let uri = format!("{}{service}", self.base);
            let mut request = Request::builder()
                .method(method.clone())
                .uri(&uri)
                .header(header::USER_AGENT, concat!("git/windlass-", env!("CARGO_PKG_VERSION")))
                .header("git-protocol", "version=2");
            if method == Method::POST {
                request = request
                    .header(header::CONTENT_TYPE, "application/x-git-upload-pack-request")
                    .header(header::ACCEPT, "application/x-git-upload-pack-result");
            }
            if let Some(authorization) = &self.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let request = request.body(Full::new(body.clone())).map_err(|e| GitError::Url {
                url: self.location.to_string(),
                problem: e.to_string(),
            })?;
            let answer =
                self.client.connections.request(request).await.map_err(|e| self.unreachable(e))?;
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
            self.follow(&answer, service, &method)?;
        }
        Err(GitError::Protocol {
            url: self.location.to_string(),
            problem: format!("it redirects more than {MOST_REDIRECTS} times"),
        })
    }

    /// Moves the base to where a redirect points, if that is the same host.
    fn follow(
        &mut self,
        answer: &Response<Incoming>,
        service: &str,
        method: &Method,
    ) -> Result<(), GitError> {
        let strange =
            |problem: String| GitError::Protocol { url: self.location.to_string(), problem };
        let target = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| strange("a redirect to nowhere".to_owned()))?;
        if *method == Method::POST && answer.status() == StatusCode::SEE_OTHER {
            return Err(strange("a redirect to a page".to_owned()));
        }
        let from = Location::parse(&self.base)?;
        let absolute = match (target.starts_with('/'), &from.way) {
            (true, Way::Http { .. }) => {
                let end = self.base.find("://").map_or(0, |at| at + 3);
                let end = self.base[end..].find('/').map_or(self.base.len(), |at| at + end);
                format!("{}{target}", &self.base[..end])
            }
            _ => target.to_owned(),
        };
        let base = absolute
            .strip_suffix(service)
            .or_else(|| absolute.split_once("/info/refs").map(|(base, _)| base))
            .ok_or_else(|| strange("a redirect to something that is no repository".to_owned()))?;
        let to = Location::parse(base)?;
        let same = match (&from.way, &to.way) {
            (Way::Http { tls: false, host: a, .. }, Way::Http { tls: true, host: b, .. }) => {
                a.eq_ignore_ascii_case(b)
            }
            _ => from.same_host(&to),
        };
        if !same {
            return Err(GitError::Refused {
                url: self.location.to_string(),
                message: format!(
                    "it redirects to another host, '{to}', which is not followed; write that URL if it is the right one"
                ),
            });
        }
        self.base = to.to_string();
        Ok(())
    }

    fn unreachable(&self, error: hyper_util::client::legacy::Error) -> GitError {
        let mut deepest: &dyn std::error::Error = &error;
        while let Some(below) = deepest.source() {
            deepest = below;
        }
        let problem = if error.is_connect() {
            format!("no connection: {deepest}")
        } else {
            deepest.to_string()
        };
        GitError::Network { url: self.location.to_string(), problem, source: Some(Box::new(error)) }
    }

    /// The answer when it is what Git answers; an error that says what it means otherwise.
    async fn accept(
        &mut self,
        answer: Response<Incoming>,
        content_type: &str,
    ) -> Result<&mut Packets, GitError> {
        let url = self.location.to_string();
        let status = answer.status();
        if status == StatusCode::OK {
            let is = answer
                .headers()
                .get(header::CONTENT_TYPE)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            if is != content_type {
                return Err(GitError::Protocol {
                    url,
                    problem: format!(
                        "the answer is '{}' and not '{content_type}'; is this the URL of a Git repository?",
                        remote_words(is.as_bytes())
                    ),
                });
            }
            self.packets = Packets::new(Chunks::Http(answer.into_body()), self.limit);
            return Ok(&mut self.packets);
        }
        let shown = self.authorization.is_some();
        match status {
            StatusCode::UNAUTHORIZED if shown => Err(GitError::Authentication {
                url,
                problem: "the server does not accept the credentials (401); check the Secret of spec.secretRef".to_owned(),
            }),
            StatusCode::UNAUTHORIZED => Err(GitError::Authentication {
                url,
                problem: "the server wants credentials (401); name a Secret with username and password or bearerToken in spec.secretRef".to_owned(),
            }),
            StatusCode::FORBIDDEN => Err(GitError::Authentication {
                url,
                problem: "the server denies access (403); check what the credentials of spec.secretRef are allowed to read".to_owned(),
            }),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(GitError::NotFound {
                url,
                wanted: "repository".to_owned(),
                hint: if shown {
                    " that these credentials may see (404); check spec.url and the Secret of spec.secretRef"
                } else {
                    " (404); check spec.url, and spec.secretRef if the repository is private"
                }
                .to_owned(),
            }),
            status => {
                let page = Limited::new(answer.into_body(), ERROR_PAGE).collect().await.map(|b| b.to_bytes()).unwrap_or_default();
                let words = remote_words(&page);
                let words = if words.is_empty() || words.starts_with('<') { String::new() } else { format!(": {words}") };
                Err(GitError::Refused { url, message: format!("HTTP status {status}{words}") })
            }
        }
    }
}

fn authorization(
    location: &Location,
    credentials: &Credentials,
) -> Result<Option<HeaderValue>, GitError> {
    let basic = |user: &str, password: &[u8]| {
        let mut plain = format!("{user}:").into_bytes();
        plain.extend_from_slice(password);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain)).into_bytes()
    };
    let value = match (credentials, &location.way) {
        (Credentials::Basic { username, password }, _) => basic(username, password.reveal()),
        (Credentials::Bearer(token), _) => [b"Bearer ", token.reveal().trim_ascii()].concat(),
        (Credentials::Ssh { .. }, _) => {
            return Err(GitError::Authentication {
                url: location.to_string(),
                problem: "the Secret holds an SSH key but the URL is http; use an ssh:// URL or username and password".to_owned(),
            });
        }
        (Credentials::None, Way::Http { user: Some((user, password)), .. }) => {
            basic(user, password.reveal())
        }
        (Credentials::None, _) => return Ok(None),
    };
    let mut value = HeaderValue::from_bytes(&value).map_err(|_| GitError::Authentication {
        url: location.to_string(),
        problem: "the credentials hold a character that no HTTP header may have (a line break at the end of the Secret's value?)".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

impl Transport for HttpTransport {
    async fn greet(&mut self) -> Result<&mut Packets, GitError> {
        let answer =
            self.send(Method::GET, "/info/refs?service=git-upload-pack", Vec::new()).await?;
        let location = self.location.clone();
        let packets = self.accept(answer, "application/x-git-upload-pack-advertisement").await?;
        packets.skip_service(&location).await?;
        Ok(packets)
    }

    async fn ask(&mut self, request: Vec<u8>) -> Result<&mut Packets, GitError> {
        let answer = self.send(Method::POST, "/git-upload-pack", request).await?;
        self.accept(answer, "application/x-git-upload-pack-result").await
    }

    fn stateless(&self) -> bool {
        true
    }

    fn location(&self) -> &Location {
        &self.location
    }
}

#[cfg(test)]
mod tests;
