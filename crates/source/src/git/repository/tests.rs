use super::super::fixture::{Manner, Ours, Sample, Server, git_is_here};
use super::super::{Credentials, Reference, Secret};
use super::*;
use std::time::Duration;
use tree::{Tree, TreePath};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

async fn follow(ours: &Ours, source: &GitSource) -> Result<(Revision, Fetched), GitError> {
    let revision = ours.repository.resolve(source).await?;
    let fetched = ours.repository.fetch(source, &revision).await?;
    Ok((revision, fetched))
}

fn text(ours: &Ours, commit: CommitId, at: &str) -> String {
    let tree = ours.repository.tree(commit, false).unwrap();
    String::from_utf8(tree.file(&path(at)).unwrap().to_vec()).unwrap()
}

/// A hundred small applications.
fn many(sample: &Sample) {
    for app in 0..100 {
        for file in ["deployment", "service", "kustomization"] {
            sample.write(
                &format!("apps/app-{app}/{file}.yaml"),
                &format!("kind: {file}\nname: app-{app}\n"),
            );
        }
    }
}

#[tokio::test]
async fn a_local_repository_is_copied_and_survives_its_end() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    let first = sample.commit();
    let ours = Ours::new();
    let (revision, fetched) = follow(&ours, &sample.source()).await.unwrap();
    assert_eq!(revision.to_string(), format!("main@sha1:{first}"));
    assert!(fetched.objects > 300, "{fetched:?}");
    let second = {
        sample.write("apps/app-7/service.yaml", "kind: other\n");
        sample.commit()
    };
    let (revision, fetched) = follow(&ours, &sample.source()).await.unwrap();
    assert_eq!(revision.commit, second);
    assert_eq!(fetched.objects, 5, "commit, three directories, one file");
    drop(sample);
    let again = Repository::open(ours.directory.path(), Limits::default()).unwrap();
    let tree = again.tree(second, false).unwrap();
    assert_eq!(&*tree.file(&path("apps/app-7/service.yaml")).unwrap(), b"kind: other\n");
    assert_eq!(tree.list(&path("apps")).unwrap().len(), 100);
    assert_eq!(text(&ours, first, "apps/app-7/service.yaml"), "kind: service\nname: app-7\n");
}

async fn over_http(manner: Manner) {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    let first = sample.commit();
    let server = Server::start(sample.directory.path(), manner.clone()).await;
    let (ours, source) = (Ours::new(), server.source());
    let (revision, fetched) = follow(&ours, &source).await.unwrap();
    assert_eq!(revision.to_string(), format!("main@sha1:{first}"));
    assert!(fetched.objects > 300, "{fetched:?}");
    assert_eq!(text(&ours, first, "apps/app-7/service.yaml"), "kind: service\nname: app-7\n");
    server.take_seen();

    assert_eq!(ours.repository.resolve(&source).await.unwrap(), revision);
    assert_eq!(ours.repository.fetch(&source, &revision).await.unwrap(), Fetched::default());
    let seen = server.take_seen();
    assert_eq!(seen.len(), 1, "an unchanged reference is one request: {seen:?}");
    if !manner.old {
        assert!(seen[0].answered < 200, "and a small one: {seen:?}");
    }

    sample.write("apps/app-7/service.yaml", "kind: other\n");
    let second = sample.commit();
    let (revision, fetched) = follow(&ours, &source).await.unwrap();
    assert_eq!(revision.commit, second);
    assert!(fetched.objects <= 8, "one line moves few objects: {fetched:?}");
    let seen = server.take_seen();
    assert_eq!(seen.len(), if manner.old { 3 } else { 2 }, "{seen:?}");
    assert!(fetched.bytes < 4000 || manner.old, "{fetched:?}");
    assert_eq!(text(&ours, second, "apps/app-7/service.yaml"), "kind: other\n");
    assert_eq!(text(&ours, second, "apps/app-8/service.yaml"), "kind: service\nname: app-8\n");
}

#[tokio::test]
async fn http_version_2() {
    over_http(Manner::default()).await;
}

#[tokio::test]
async fn http_version_0() {
    over_http(Manner { old: true, ..Manner::default() }).await;
}
