use super::super::super::fixture::{Manner, Ours, Sample, Server, git_is_here};
use super::super::super::{ClientCertificate, Secret};
use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued(authority: &Authority) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

fn server_tls(authority: &Authority, clients: Option<&Authority>) -> Arc<rustls::ServerConfig> {
    let (certificate, key) = issued(authority);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(clients.der().clone()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            )
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
}

#[tokio::test]
async fn an_authority_of_ones_own_and_a_client_certificate() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a", "1").commit();
    let (servers, clients) = (authority(), authority());
    let tls = server_tls(&servers, Some(&clients));
    let server = Server::start_with(sample.directory.path(), Manner::default(), Some(tls)).await;
    let mut source = server.source();
    source.url = source.url.replace("http://", "https://");
    let ours = Ours::new();
    let error = ours.repository.resolve(&source).await.unwrap_err();
    assert!(
        matches!(error, GitError::Network { .. }),
        "no unknown authority is trusted: {error:?}"
    );
    source.ca = Some(servers.pem().into_bytes());
    assert!(
        ours.repository.resolve(&source).await.is_err(),
        "the server wants a certificate of ours"
    );
    let (certificate, key) = issued(&clients);
    source.client_certificate = Some(ClientCertificate {
        certificate: certificate.pem().into_bytes(),
        key: Secret::new(key.serialize_pem()),
    });
    let revision = ours.repository.resolve(&source).await.unwrap();
    ours.repository.fetch(&source, &revision).await.unwrap();
    source.ca = Some(authority().pem().into_bytes());
    assert!(
        ours.repository.resolve(&source).await.is_err(),
        "connections are not kept for other settings"
    );
}

#[tokio::test]
async fn unusable_certificates_are_said_to_be_so() {
    let mut source = GitSource::new("https://127.0.0.1:1/x", Default::default());
    for (ca, words) in [
        ("", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "CA of the Secret"),
    ] {
        source.ca = Some(ca.into());
        let error = Ours::new().repository.resolve(&source).await.unwrap_err();
        assert_eq!(error.reason().as_str(), "AuthenticationFailed");
        assert!(error.to_string().contains(words), "{error}");
    }
    source.ca = None;
    source.client_certificate =
        Some(ClientCertificate { certificate: b"x".to_vec(), key: Secret::new("hunter2") });
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(
        error.to_string().contains("client key") && !format!("{error:?}").contains("hunter2"),
        "{error}"
    );
}
