//! Asking a webhook: HTTPS to a URL or a Service, with its own authority.
//!
//! A Service is reached where something real stands behind it: an external name, or addresses that somebody wrote into
//! its EndpointSlices or Endpoints (those of simulated Pods answer nobody). Deliberately absent: proxies, client
//! certificates.

use crate::rest::Api;
use crate::store::{Key, ListQuery, ResourceId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use object::Value;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The largest answer, in bytes.
const LARGEST: usize = 3 << 20;

type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Where a webhook is (`clientConfig`).
pub(crate) struct Webhook {
    place: Place,
    authority: Option<String>,
    client: OnceLock<Result<HttpsClient, String>>,
}

enum Place {
    Url(String),
    Service { namespace: String, name: String, path: String, port: i64 },
}

impl Webhook {
    /// From a `clientConfig`.
    pub(crate) fn read(config: &Value) -> Self {
        let text = |path: &[&'static str]| {
            config.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let place = if config.get("service").is_some_and(|s| !s.is_null()) {
            Place::Service {
                namespace: text(&["service", "namespace"]),
                name: text(&["service", "name"]),
                path: text(&["service", "path"]),
                port: config.at(["service", "port"]).and_then(Value::as_int).unwrap_or(443),
            }
        } else {
            Place::Url(text(&["url"]))
        };
        let authority = config.get("caBundle").and_then(Value::as_str).filter(|b| !b.is_empty());
        Self { place, authority: authority.map(str::to_owned), client: OnceLock::new() }
    }

    /// Posts `body` and reads the answer.
    ///
    /// # Errors
    /// What went wrong, with the address.
    pub(crate) async fn post(
        &self,
        api: &Api,
        body: &Value,
        patience: Duration,
    ) -> Result<Value, String> {
        let seconds = patience.as_secs().max(1);
        let own = self.shown();
        let sign = if own.contains('?') { '&' } else { '?' };
        let shown = format!("{own}{sign}timeout={seconds}s");
        let failed = |why: String| format!("Post {shown:?}: {why}");
        let (url, host) = self.locate(api).map_err(failed)?;
        let client =
            self.client.get_or_init(|| self.connect()).as_ref().map_err(|e| failed(e.clone()))?;
        let mut request = Request::post(format!("{url}{sign}timeout={seconds}s"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, */*")
            .header(header::USER_AGENT, "kube-apiserver-admission");
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let address = url.split('/').nth(2).unwrap_or_default().to_owned();
        let request = request.body(Full::new(Bytes::from(object::to_json(body))));
        let request = request.map_err(|e| failed(e.to_string()))?;
        let exchange = async {
            let reply = client.request(request).await.map_err(|e| refusal(&e, &address))?;
            let code = reply.status();
            let read = Limited::new(reply.into_body(), LARGEST).collect().await;
            let bytes = read.map_err(|e| e.to_string())?.to_bytes();
            if !code.is_success() {
                let text = String::from_utf8_lossy(&bytes);
                let text: String = text.trim().chars().take(200).collect();
                return Err(format!("the webhook answered {code}: {text}"));
            }
            object::from_json(&bytes).map_err(|e| format!("the answer is not JSON: {e}"))
        };
        match tokio::time::timeout(patience, exchange).await {
            Ok(result) => result.map_err(failed),
            Err(_) => Err(failed("context deadline exceeded".to_owned())),
        }
    }

    /// The address as messages name it.
    fn shown(&self) -> String {
        match &self.place {
            Place::Url(url) => url.clone(),
            Place::Service { namespace, name, path, port } => {
                let path = path.trim_start_matches('/');
                format!("https://{name}.{namespace}.svc:{port}/{path}")
            }
        }
    }

    /// The address to connect to, and the name to ask for when that is another.
    fn locate(&self, api: &Api) -> Result<(String, Option<String>), String> {
        let (namespace, name, path, port) = match &self.place {
            Place::Url(url) if url.starts_with("https://") => return Ok((url.clone(), None)),
            Place::Url(url) => return Err(format!("{url:?} is not an https URL")),
            Place::Service { namespace, name, path, port } => (namespace, name, path, *port),
        };
        let (host, port) = service(api, namespace, name, port)?;
        let path = path.trim_start_matches('/');
        Ok((format!("https://{host}:{port}/{path}"), Some(format!("{name}.{namespace}.svc"))))
    }

    fn connect(&self) -> Result<HttpsClient, String> {
        let mut roots = rustls::RootCertStore::empty();
        match &self.authority {
            Some(bundle) => {
                let pem = STANDARD.decode(bundle).map_err(|e| format!("caBundle: {e}"))?;
                for certificate in CertificateDer::pem_slice_iter(&pem) {
                    let certificate = certificate.map_err(|e| format!("caBundle: {e}"))?;
                    roots.add(certificate).map_err(|e| format!("caBundle: {e}"))?;
                }
            }
            None => {
                let known = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(known.certs);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_only();
        let connector = match &self.place {
            Place::Url(_) => builder.enable_http1().enable_http2().build(),
            Place::Service { namespace, name, .. } => {
                let name = ServerName::try_from(format!("{name}.{namespace}.svc"));
                let name = name.map_err(|e| e.to_string())?;
                let builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
                builder.enable_http1().enable_http2().build()
            }
        };
        Ok(Client::builder(TokioExecutor::new()).build(connector))
    }
}

/// Why there was no answer, in Go's words where nobody listens.
fn refusal(error: &(dyn Error + 'static), address: &str) -> String {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        let io = cause.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused) {
            return format!("dial tcp {address}: connect: connection refused");
        }
        source = cause.source();
    }
    chain(error)
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Host and port behind a Service.
fn service(api: &Api, namespace: &str, name: &str, port: i64) -> Result<(String, i64), String> {
    let key = Key::new(&ResourceId::new("", "services"), namespace, name);
    let service =
        api.store().get(&key).ok_or_else(|| format!("service {name:?} not found"))?.value();
    let spec =
        |key: &'static str| service.at(["spec", key]).and_then(Value::as_str).unwrap_or_default();
    if spec("type") == "ExternalName" {
        return Ok((spec("externalName").to_owned(), port));
    }
    let ports = service.at(["spec", "ports"]).and_then(Value::as_list).unwrap_or_default();
    let own = ports.iter().find(|p| p.get("port").and_then(Value::as_int) == Some(port));
    let own = own.ok_or_else(|| format!("no service port {port} found for service {name:?}"))?;
    let port_name = own.get("name").and_then(Value::as_str).unwrap_or_default();
    let selects =
        service.at(["spec", "selector"]).and_then(Value::as_map).is_some_and(|s| !s.is_empty());
    let nobody = || format!("no endpoints available for service {name:?}");
    if selects {
        return Err(format!("{}: its Pods are simulated", nobody()));
    }
    let slices = ResourceId::new("discovery.k8s.io", "endpointslices");
    let query = ListQuery { namespace: Some(namespace), ..ListQuery::default() };
    let listing = api.store().list(&slices, &query).map_err(|e| e.to_string())?;
    let of = listing.items.iter().filter(|s| s.label("kubernetes.io/service-name") == Some(name));
    let found = of.filter_map(|s| endpoint(&s.value(), "endpoints", port_name)).next();
    let legacy = || {
        let key = Key::new(&ResourceId::new("", "endpoints"), namespace, name);
        let subsets = api.store().get(&key)?.value();
        let subsets = subsets.get("subsets").and_then(Value::as_list)?.to_vec();
        subsets.iter().find_map(|s| endpoint(s, "addresses", port_name))
    };
    found.or_else(legacy).ok_or_else(nobody)
}

/// An address and port of an EndpointSlice, or of a subset of Endpoints.
fn endpoint(of: &Value, member: &str, port_name: &str) -> Option<(String, i64)> {
    let ports = of.get("ports").and_then(Value::as_list)?;
    let named = |p: &&Value| p.get("name").and_then(Value::as_str).unwrap_or_default() == port_name;
    let port =
        ports.iter().find(named).or_else(|| ports.first())?.get("port").and_then(Value::as_int)?;
    let first = of.get(member).and_then(Value::as_list)?.first()?;
    let address = match first.get("ip") {
        Some(ip) => ip.as_str()?,
        None => first.get("addresses")?.as_list()?.first()?.as_str()?,
    };
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    Some((host, port))
}
