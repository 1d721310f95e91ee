use super::*;
use crate::blobs::{self, Blobs};
use crate::git::Secret;
use crate::web::fixture::{Asked, Server, Told};
use serde_json::json;

fn source(server: &Server, login: OciLogin) -> OciSource {
    OciSource {
        url: format!("oci://{}/org/app", server.address),
        insecure: true,
        login,
        tls: Tls::default(),
        timeout: Duration::from_secs(5),
    }
}

fn manifest() -> Vec<u8> {
    json!({
        "schemaVersion": 2,
        "layers": [
            {"mediaType": "text/plain", "digest": blobs::digest(b"other"), "size": 5},
            {"mediaType": CHART_LAYER, "digest": blobs::digest(b"chart"), "size": 5},
        ],
        "annotations": {"org.opencontainers.image.revision": "main@sha1:abc"},
    })
    .to_string()
    .into_bytes()
}

fn index() -> Vec<u8> {
    let platform = |arch: &str, digest: String| json!({"digest": digest, "platform": {"os": "linux", "architecture": arch}});
    let of =
        [platform("arm64", blobs::digest(b"no")), platform("amd64", blobs::digest(&manifest()))];
    json!({"schemaVersion": 2, "manifests": of}).to_string().into_bytes()
}

/// A registry with one repository, `org/app`.
fn registry(asked: &Asked) -> Told {
    let (manifest, index) = (manifest(), index());
    let of = |content: &[u8]| format!("/v2/org/app/manifests/{}", blobs::digest(content));
    let path = asked.path.as_str();
    if path == "/v2/org/app/tags/list?n=1000" {
        let next = "</v2/org/app/tags/list?n=1000&last=x>; rel=\"next\"".to_owned();
        return (
            200,
            vec![("link", next)],
            json!({"tags": ["1.0.0", "latest", "1.1.0_b1"]}).to_string().into(),
        );
    }
    if path.starts_with("/v2/org/app/tags/list") {
        return (200, vec![], json!({"tags": ["1.2.0-rc.1", "v0.9.0"]}).to_string().into());
    }
    if path.ends_with("/manifests/1.0.0") {
        let digest = blobs::digest(&manifest);
        return (200, vec![("docker-content-digest", digest)], manifest);
    }
    if path.ends_with("/manifests/1.1.0_b1") || path == of(&index) {
        return (200, vec![], index);
    }
    if path == of(&manifest) {
        return (200, vec![], manifest);
    }
    if path.ends_with(&blobs::digest(b"chart")) {
        return (200, vec![], b"chart".to_vec());
    }
    if path.ends_with(&blobs::digest(b"other")) {
        return (200, vec![], b"tampered".to_vec());
    }
    (404, vec![], b"{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}".to_vec())
}

#[test]
fn names_are_read_as_flux_reads_them() {
    let read = |url: &str| Repository::parse(url).map(|r| r.to_string());
    assert_eq!(read("oci://ghcr.io/org/app").unwrap(), "ghcr.io/org/app");
    assert_eq!(read("oci://localhost:5000/app/").unwrap(), "localhost:5000/app");
    assert_eq!(read("oci://docker.io/nginx").unwrap(), "index.docker.io/library/nginx");
    for wrong in [
        "ghcr.io/org/app",
        "oci://ghcr.io",
        "oci://ghcr.io/org/app:1.0",
        "oci://ghcr.io/Org/app",
        "oci://ghcr.io/../x",
        "oci://user@ghcr.io/x",
    ] {
        assert!(matches!(read(wrong), Err(OciError::Name { .. })), "{wrong}");
    }
}

#[test]
fn docker_configurations_are_searched_for_the_longest_key() {
    let repository = Repository::parse("oci://ghcr.io/org/app").unwrap();
    let login = |json: serde_json::Value| docker_config(json.to_string().as_bytes(), &repository);
    let basic = |name: &str| OciLogin::Basic { username: name.into(), password: Secret::new("pw") };
    let auths = json!({"auths": {
        "https://ghcr.io": {"auth": "bWU6cHc="},
        "ghcr.io/org": {"username": "org", "password": "pw"},
        "ghcr.io/or": {"username": "wrong", "password": "pw"},
    }});
    assert_eq!(login(auths).unwrap(), basic("org"));
    assert_eq!(
        login(json!({"auths": {"https://ghcr.io/v1/": {"auth": "bWU6cHc="}}})).unwrap(),
        basic("me")
    );
    assert_eq!(login(json!({"auths": {"quay.io": {}}})).unwrap(), OciLogin::Anonymous);
    assert!(login(json!({"auths": {"ghcr.io": {"auth": "!"}}})).is_err());
    assert!(docker_config(b"no", &repository).is_err());
    let hub = Repository::parse("oci://docker.io/org/app").unwrap();
    let json = json!({"auths": {"https://index.docker.io/v1/": {"auth": "bWU6cHc="}}}).to_string();
    assert_eq!(docker_config(json.as_bytes(), &hub).unwrap(), basic("me"));
}

#[tokio::test]
async fn tags_are_listed_over_pages_and_the_highest_version_wins() {
    let server = Server::start(registry).await;
    let registry = Registry::new(&source(&server, OciLogin::Anonymous)).unwrap();
    let semver = |range: &str, filter: Option<&str>| Want::Semver {
        range: range.to_owned(),
        filter: filter.map(str::to_owned),
    };
    let tag = async |want: Want| registry.resolve(&want).await.map(|r| r.to_string());
    let digest = blobs::digest(&index());
    assert_eq!(tag(semver("*", None)).await.unwrap(), format!("1.1.0_b1@{digest}"));
    let one = blobs::digest(&manifest());
    assert_eq!(tag(semver("*", Some("^1\\.0"))).await.unwrap(), format!("1.0.0@{one}"));
    assert_eq!(tag(Want::Digest(one.clone())).await.unwrap(), one);
    assert!(matches!(tag(semver("2.x", None)).await, Err(OciError::NoTag { .. })));
    assert!(matches!(tag(semver("*", Some("("))).await, Err(OciError::Pattern { .. })));
}

#[tokio::test]
async fn content_is_what_its_digest_says_or_nothing() {
    let server = Server::start(registry).await;
    let registry = Registry::new(&source(&server, OciLogin::Anonymous)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    let manifest = registry.manifest(&blobs::digest(&index())).await.unwrap();
    assert_eq!(manifest.annotations.len(), 1);
    let chart = manifest.layer(Some(CHART_LAYER)).unwrap();
    registry.layer(&blobs, chart).await.unwrap();
    assert_eq!(blobs.read(&chart.digest).unwrap(), b"chart");
    let tampered = registry.layer(&blobs, manifest.layer(None).unwrap()).await;
    assert!(matches!(tampered, Err(OciError::Digest { .. })));
    assert!(matches!(manifest.layer(Some("x/y")), Err(OciError::Layer(_))));
    assert!(registry.manifest("sha256:none").await.is_err());
}

#[tokio::test]
async fn tokens_are_fetched_where_the_registry_says_and_used_again() {
    let tokens = Server::start(|asked| {
        let known = asked.header("authorization") == Some("Basic bWU6cHc=");
        match known && asked.path == "/token?scope=repository:org/app:pull&service=reg" {
            true => (200, vec![], b"{\"access_token\":\"t\"}".to_vec()),
            false => (401, vec![], b"who?".to_vec()),
        }
    })
    .await;
    let challenge = format!("Bearer realm=\"{}\",service=\"reg\"", tokens.url("/token"));
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some("Bearer t") => registry(asked),
        _ => (401, vec![("www-authenticate", challenge.clone())], vec![]),
    })
    .await;
    let login = OciLogin::Basic { username: "me".into(), password: Secret::new("pw") };
    let ours = Registry::new(&source(&server, login)).unwrap();
    assert_eq!(ours.tags().await.unwrap().len(), 5);
    assert_eq!(tokens.asked().len(), 1);
    let anonymous = Registry::new(&source(&server, OciLogin::Anonymous)).unwrap();
    let error = anonymous.tags().await.unwrap_err();
    assert!(error.is_refusal() && error.to_string().contains("spec.secretRef"), "{error}");
}

#[tokio::test]
async fn registries_that_want_a_password_as_it_is_get_it() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some("Basic bWU6cHc=") => registry(asked),
        _ => (401, vec![("www-authenticate", "Basic realm=\"x\"".to_owned())], vec![]),
    })
    .await;
    let login = OciLogin::Basic { username: "me".into(), password: Secret::new("pw") };
    assert_eq!(Registry::new(&source(&server, login)).unwrap().tags().await.unwrap().len(), 5);
}
