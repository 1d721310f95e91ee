//! A certificate authority for servers and clients, a bearer token and the key of tokens, kept in the data folder.

use crate::access::{self, Authority, Identity, Signer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file.
    #[error("{path}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// A certificate or key.
    #[error(
        "a certificate cannot be made; remove ca.crt and ca.key from the data folder to start anew"
    )]
    Certificate(#[from] rcgen::Error),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The key of tokens.
    #[error("no tokens can be signed: {0}; remove sa.key from the data folder to start anew")]
    TokenKey(String),
    /// No randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Seconds that a client's certificate lasts.
const CLIENT_SECONDS: i64 = 365 * 24 * 3600;

/// Who may ask, and by which certificate the server is known.
#[derive(Clone)]
pub struct Credentials {
    ca_pem: String,
    token: String,
    token_key: String,
    fixed_tokens: String,
    authority: Arc<(CertificateParams, String)>,
}

impl Credentials {
    /// Reads the credentials in `folder`, or makes them; `None` keeps them in memory.
    ///
    /// # Errors
    /// When a file cannot be read or written, or holds no key.
    pub fn open(folder: Option<&Path>) -> Result<Self, CredentialsError> {
        let params = authority_params()?;
        let kept = |name: &str, make: &dyn Fn() -> Result<String, CredentialsError>| {
            let Some(folder) = folder else { return make() };
            keep(&folder.join(name), make)
        };
        let key_pem = kept("ca.key", &|| Ok(KeyPair::generate()?.serialize_pem()))?;
        let key = KeyPair::from_pem(&key_pem)?;
        let ca_pem = kept("ca.crt", &|| Ok(params.self_signed(&key)?.pem()))?;
        let token = kept("token", &random_token)?;
        let token_key = kept("sa.key", &|| Ok(KeyPair::generate()?.serialize_pem()))?;
        let fixed_tokens = match folder.map(|folder| folder.join("tokens.csv")) {
            Some(path) => read_if_there(&path)?,
            None => String::new(),
        };
        let authority = Arc::new((params, key_pem));
        Ok(Self { ca_pem, token, token_key, fixed_tokens, authority })
    }

    /// What the API vouches with: this authority, the key of tokens, the administrator's token, and those in the file
    /// `tokens.csv` of the data folder.
    pub(crate) fn authority(&self) -> Result<Authority, CredentialsError> {
        let key = KeyPair::from_pem(&self.token_key)?;
        let signer = Signer::new(&key.serialize_der())
            .map_err(|e| CredentialsError::TokenKey(e.to_string()))?;
        let mut authority = Authority::new(self.ca_pem.clone(), signer, self.issuer()?);
        authority.accept(&self.token, Identity::admin("windlass-admin"));
        authority.accept_file(&self.fixed_tokens);
        Ok(authority)
    }

    /// A certificate and its key, both PEM, by which a client is `user` of `groups`.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn client_certificate(
        &self,
        user: &str,
        groups: &[&str],
    ) -> Result<(String, String), CredentialsError> {
        let key = KeyPair::generate()?;
        let subject = crate::access::subject(user, groups);
        let now = jiff::Timestamp::now();
        let issued = self.issuer()?.and_then(|issuer| {
            issuer.issue(&subject, &key.subject_public_key_info(), now, CLIENT_SECONDS)
        });
        Ok((issued.ok_or(rcgen::Error::CouldNotParseKeyPair)?, key.serialize_pem()))
    }

    /// What makes certificates for clients; `None` when the key is of another kind than those made here.
    fn issuer(&self) -> Result<Option<access::Issuer>, CredentialsError> {
        let key = KeyPair::from_pem(&self.authority.1)?;
        let own = CertificateDer::from_pem_slice(self.ca_pem.as_bytes());
        let own = own.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(access::Issuer::new(&own, &key.serialize_der()))
    }

    /// The certificate authority, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The administrator's bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// TLS with a certificate for `names` (host names and addresses), beside `localhost` and
    /// `kubernetes.default.svc`.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn tls(&self, names: &[String]) -> Result<Arc<rustls::ServerConfig>, CredentialsError> {
        let (authority, key_pem) = &*self.authority;
        let issuer = Issuer::from_params(authority, KeyPair::from_pem(key_pem)?);
        let usual = ["localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default.svc"];
        let mut all: Vec<String> = usual.map(str::to_owned).into();
        all.extend(names.iter().filter(|n| !usual.contains(&n.as_str())).cloned());
        let mut params = CertificateParams::new(all)?;
        params.distinguished_name.push(DnType::CommonName, "windlass-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        let own = rustls::pki_types::pem::PemObject::from_pem_slice(self.ca_pem.as_bytes());
        let own: CertificateDer<'static> =
            own.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        roots.add(own)?;
        // Whoever shows no certificate may still have a token.
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .allow_unauthenticated()
            .build()
            .map_err(|e| rustls::Error::General(e.to_string()))?;
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, private)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    pub(crate) fn kubeconfig(&self, address: &str) -> String {
        let ca = STANDARD.encode(&self.ca_pem);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: windlass\n\
             clusters:\n- name: windlass\n  cluster:\n    server: https://{address}\n    \
             certificate-authority-data: {ca}\n\
             users:\n- name: windlass-admin\n  user:\n    token: {}\n\
             contexts:\n- name: windlass\n  context:\n    cluster: windlass\n    \
             user: windlass-admin\n    namespace: default\n",
            self.token
        )
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

fn authority_params() -> Result<CertificateParams, CredentialsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "windlass-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    Ok(params)
}

fn random_token() -> Result<String, CredentialsError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| CredentialsError::Random(e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The text of a file that only its owner can read, made when it is absent.
fn keep(
    path: &Path,
    make: &dyn Fn() -> Result<String, CredentialsError>,
) -> Result<String, CredentialsError> {
    let failed = |source| CredentialsError::File { path: path.to_owned(), source };
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let text = make()?;
    // Written whole under another name first: a crash leaves no half key.
    let draft = path.with_extension("new");
    std::fs::remove_file(&draft).or_else(ignore_missing).map_err(failed)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&draft, path).map_err(failed)?;
    Ok(text.trim().to_owned())
}

fn read_if_there(path: &Path) -> Result<String, CredentialsError> {
    match std::fs::read_to_string(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|source| CredentialsError::File { path: path.to_owned(), source }),
    }
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
