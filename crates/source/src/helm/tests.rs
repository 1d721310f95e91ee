use super::*;
use crate::git::Secret;
use crate::web::fixture::Server;

fn source(url: &str) -> HelmSource {
    HelmSource {
        url: url.to_owned(),
        login: Login::Basic { username: "me".into(), password: Secret::new("pw") },
        pass_credentials: false,
        tls: Tls::default(),
        timeout: Duration::from_secs(5),
    }
}

fn blobs() -> (tempfile::TempDir, Blobs) {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    (directory, blobs)
}

#[tokio::test]
async fn an_index_is_asked_for_once_and_then_only_whether_it_changed() {
    let server = Server::start(|asked| match asked.header("if-none-match") {
        Some("\"1\"") => (304, vec![], vec![]),
        _ => (200, vec![("etag", "\"1\"".to_owned())], b"apiVersion: v1\nentries:\n".to_vec()),
    })
    .await;
    let (_directory, blobs) = blobs();
    let repository = HelmRepository::new(source(&server.url("/stable/"))).unwrap();
    let first = repository.index(&blobs, None).await.unwrap();
    assert!(first.fresh);
    let second = repository.index(&blobs, Some(&first.taken)).await.unwrap();
    assert_eq!(second, Indexed { taken: first.taken.clone(), fresh: false });
    assert_eq!(server.asked()[0].path, "/stable/index.yaml");
    assert_eq!(server.asked()[0].header("authorization"), Some("Basic bWU6cHc="));
    // Without the file the server's "not modified" would be of no use.
    std::fs::remove_file(blobs.path(&first.taken.digest)).unwrap();
    assert!(repository.index(&blobs, Some(&first.taken)).await.unwrap().fresh);
}

#[tokio::test]
async fn what_is_no_index_leaves_nothing_behind() {
    let server = Server::start(|_| (200, vec![], b"<html>a login page</html>".to_vec())).await;
    let (directory, blobs) = blobs();
    let repository = HelmRepository::new(source(&server.url(""))).unwrap();
    let error = repository.index(&blobs, None).await.unwrap_err();
    assert!(matches!(error, HelmError::Index(IndexError::Malformed(_))), "{error}");
    assert_eq!(std::fs::read_dir(directory.path().join("sha256")).unwrap().count(), 0);
}

#[tokio::test]
async fn charts_are_checked_and_other_hosts_see_no_password() {
    let elsewhere = Server::start(|_| (200, vec![], b"chart".to_vec())).await;
    let server = Server::start(|_| (200, vec![], b"chart".to_vec())).await;
    let (_directory, blobs) = blobs();
    let digest = crate::blobs::digest(b"chart");
    let entry = |url: String, digest: Option<&str>| Entry {
        name: "a".into(),
        version: "1.0.0".into(),
        urls: vec![url],
        digest: digest.map(str::to_owned),
        created: None,
    };
    let repository = HelmRepository::new(source(&server.url("/stable"))).unwrap();
    let there = entry(elsewhere.url("/a.tgz"), None);
    assert_eq!(repository.chart(&blobs, &there).await.unwrap(), digest);
    assert_eq!(elsewhere.asked()[0].header("authorization"), None);
    repository.chart(&blobs, &entry("a.tgz".into(), None)).await.unwrap();
    assert_eq!(server.asked()[0].path, "/stable/a.tgz");
    assert!(server.asked()[0].header("authorization").is_some());
    let wrong = entry("a.tgz".into(), Some(&"0".repeat(64)));
    assert!(matches!(repository.chart(&blobs, &wrong).await, Err(HelmError::Digest { .. })));
    let known = entry("never-asked.tgz".into(), digest.strip_prefix("sha256:"));
    assert_eq!(repository.chart(&blobs, &known).await.unwrap(), digest);
    let passing = HelmSource { pass_credentials: true, ..source(&server.url("/stable")) };
    HelmRepository::new(passing).unwrap().chart(&blobs, &there).await.unwrap();
    assert!(elsewhere.asked()[1].header("authorization").is_some());
}
