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

#[tokio::test]
async fn tags_names_and_commits_over_http() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a", "1");
    let first = sample.commit();
    sample.git(&["tag", "-a", "v1.0.0", "-m", "annotated"]);
    sample.write("a", "2");
    let second = sample.commit();
    sample.git(&["update-ref", "refs/pull/7/head", &first.to_string()]);
    for old in [false, true] {
        let server =
            Server::start(sample.directory.path(), Manner { old, ..Manner::default() }).await;
        for (reference, expected) in [
            (Reference::Tag("v1.0.0".into()), format!("v1.0.0@sha1:{first}")),
            (Reference::Semver("1.x".into()), format!("v1.0.0@sha1:{first}")),
            (Reference::Name("refs/tags/v1.0.0".into()), format!("refs/tags/v1.0.0@sha1:{first}")),
            (Reference::Any("v1.0.0".into()), format!("v1.0.0@sha1:{first}")),
            (Reference::Any("main".into()), format!("main@sha1:{second}")),
            (Reference::Any(second.to_string()), format!("sha1:{second}")),
            (Reference::Name("refs/pull/7/head".into()), format!("refs/pull/7/head@sha1:{first}")),
            (Reference::Commit { sha: second.to_string(), branch: None }, format!("sha1:{second}")),
            // Not the tip of anything in version 0: it comes with the history of its branch.
            (
                Reference::Commit { sha: first.to_string(), branch: Some("main".into()) },
                format!("main@sha1:{first}"),
            ),
        ] {
            let ours = Ours::new();
            let mut source = server.source();
            source.reference = reference.clone();
            let (revision, _) =
                follow(&ours, &source).await.unwrap_or_else(|e| panic!("{reference:?}: {e}"));
            assert_eq!(revision.to_string(), expected);
            let content = if expected.contains(&first.to_string()) { "1" } else { "2" };
            assert_eq!(text(&ours, revision.commit, "a"), content);
        }
        let mut source = server.source();
        source.reference = Reference::Commit {
            sha: "00000000000000000000000000000000000000ff".into(),
            branch: None,
        };
        let error = follow(&Ours::new(), &source).await.unwrap_err();
        assert!(matches!(error, GitError::NotFound { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn credentials_are_shown_at_once_and_refusals_are_clear() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a", "1").commit();
    let manner =
        Manner { authorization: Some("Basic dXNlcjpodW50ZXIy".into()), ..Manner::default() };
    let server = Server::start(sample.directory.path(), manner.clone()).await;
    let ours = Ours::new();
    let mut source = server.source();
    let error = ours.repository.resolve(&source).await.unwrap_err();
    assert_eq!(error.reason().as_str(), "AuthenticationFailed");
    assert!(error.to_string().contains("wants credentials"), "{error}");
    let basic = |password: &str| Credentials::Basic {
        username: "user".into(),
        password: Secret::new(password),
    };
    source.credentials = basic("wrong-hunter3");
    let error = ours.repository.resolve(&source).await.unwrap_err();
    assert_eq!(error.reason().as_str(), "AuthenticationFailed");
    assert!(!format!("{error} {error:?} {source:?}").contains("hunter3"));
    source.credentials = basic("hunter2");
    server.take_seen();
    follow(&ours, &source).await.unwrap();
    assert!(server.take_seen().iter().all(|seen| seen.authorization == manner.authorization));
    source.credentials = Credentials::None;
    source.url = source.url.replace("http://", "http://user:hunter2@");
    follow(&ours, &source).await.unwrap();

    server.manner.lock().unwrap().authorization = Some("Bearer token".into());
    source.credentials = Credentials::Bearer(Secret::new("token\n"));
    follow(&ours, &source).await.unwrap();
    // The commit is here, but those who may not see it get no revision.
    source.credentials = Credentials::Bearer(Secret::new("other"));
    source.reference = Reference::Commit { sha: sample.git(&["rev-parse", "HEAD"]), branch: None };
    assert!(ours.repository.resolve(&source).await.is_err());
    source.credentials =
        Credentials::Ssh { identity: Secret::new(""), password: None, known_hosts: String::new() };
    assert_eq!(
        ours.repository.resolve(&source).await.unwrap_err().reason().as_str(),
        "AuthenticationFailed"
    );
}

#[tokio::test]
async fn redirects_stay_on_the_host() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a", "1").commit();
    let there = Server::start(sample.directory.path(), Manner::default()).await;
    let here = Server::start(sample.directory.path(), Manner::default()).await;
    here.manner.lock().unwrap().redirect = Some(format!("http://{}", there.address));
    let mut source = here.source();
    source.credentials = Credentials::Basic { username: "u".into(), password: Secret::new("p") };
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
    assert!(there.take_seen().is_empty(), "nothing was sent there");
    here.manner.lock().unwrap().redirect = Some(String::new());
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 times"), "{error}");
    // A repository that was renamed on its server.
    *here.manner.lock().unwrap() = Manner { moved: Some(("/old/", "/repo/")), ..Manner::default() };
    source.url = format!("http://{}/old/.git", here.address);
    let ours = Ours::new();
    for _ in 0..2 {
        follow(&ours, &source).await.unwrap();
        sample.write("a", "2").commit();
    }
}

#[tokio::test]
async fn what_is_no_git_server_is_said_to_be_none() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a", "1").commit();
    let server = Server::start(sample.directory.path(), Manner::default()).await;
    let mut source = server.source();
    source.url = format!("http://{}/nothing", server.address);
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(
        matches!(&error, GitError::NotFound { .. }) && error.to_string().contains("spec.url"),
        "{error}"
    );
    source.url = "http://127.0.0.1:1/x".into();
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(matches!(error, GitError::Network { .. }), "{error:?}");
    source.url = "https://name.invalid/x".into();
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(matches!(error, GitError::Network { .. }), "{error:?}");
    source.url = sample.directory.path().join("nothing").display().to_string();
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(matches!(error, GitError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let manner = Manner { hang: true, ..Manner::default() };
    let server = Server::start(Path::new("/"), manner).await;
    let mut source = server.source();
    source.timeout = Duration::from_millis(200);
    let error = Ours::new().repository.resolve(&source).await.unwrap_err();
    assert!(matches!(error, GitError::Timeout { .. }), "{error:?}");
    assert!(error.to_string().contains("0.2 s"), "{error}");
}

/// A pack that is cut or altered leaves the database as it was, and the next fetch puts things right.
#[tokio::test]
async fn broken_packs_change_nothing() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    let first = sample.commit();
    let server = Server::start(sample.directory.path(), Manner::default()).await;
    let (ours, source) = (Ours::new(), server.source());
    let files = || {
        let packs = std::fs::read_dir(ours.directory.path().join("objects/pack")).unwrap();
        packs
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let cut = |cut| Manner { cut: Some(cut), ..Manner::default() };
    let flip = |flip| Manner { flip: Some(flip), ..Manner::default() };
    for manner in [cut(40), cut(500), cut(4000), flip(30), flip(400), flip(3000)] {
        *server.manner.lock().unwrap() = manner.clone();
        let error = follow(&ours, &source).await.unwrap_err();
        assert_eq!(error.reason().as_str(), "GitOperationFailed", "{manner:?}: {error}");
        assert!(!ours.repository.holds(first));
        assert!(files().is_empty(), "{manner:?}: {:?}", files());
    }
    *server.manner.lock().unwrap() = Manner::default();
    follow(&ours, &source).await.unwrap();
    let before = files();
    sample.write("apps/app-7/service.yaml", "kind: other\n");
    let second = sample.commit();
    for manner in [cut(300), flip(25)] {
        *server.manner.lock().unwrap() = manner;
        follow(&ours, &source).await.unwrap_err();
        assert_eq!(files(), before);
        assert_eq!(text(&ours, first, "apps/app-7/service.yaml"), "kind: service\nname: app-7\n");
    }
    *server.manner.lock().unwrap() = Manner::default();
    follow(&ours, &source).await.unwrap();
    assert_eq!(text(&ours, second, "apps/app-7/service.yaml"), "kind: other\n");
}

/// A database that lost a pack notices and fetches everything anew.
#[tokio::test]
async fn a_damaged_database_heals() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    sample.commit();
    let server = Server::start(sample.directory.path(), Manner::default()).await;
    let (ours, source) = (Ours::new(), server.source());
    follow(&ours, &source).await.unwrap();
    sample.write("apps/app-7/service.yaml", "kind: other\n");
    let second = sample.commit();
    follow(&ours, &source).await.unwrap();
    let mut packs = ours.repository.0.objects.packs().unwrap();
    packs.sort_by_key(|(_, size)| *size);
    let (largest, _) = packs.pop().unwrap();
    std::fs::remove_file(&largest).unwrap();
    let directory = ours.directory.path().to_owned();
    let again = Ours {
        directory: ours.directory,
        repository: Repository::open(&directory, Limits::default()).unwrap(),
    };
    let (revision, fetched) = follow(&again, &source).await.unwrap();
    assert_eq!(revision.commit, second);
    assert!(fetched.objects > 300, "{fetched:?}");
    assert_eq!(text(&again, second, "apps/app-8/service.yaml"), "kind: service\nname: app-8\n");
}

/// Packs are merged, old commits are dropped, kept and pinned ones and those being read are not.
#[tokio::test]
async fn the_number_of_packs_is_bounded() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    let pinned = sample.commit();
    let ours = Ours::with(Limits { packs: 4, revisions: 2, ..Limits::default() });
    let source = sample.source();
    follow(&ours, &source).await.unwrap();
    ours.repository.pin("somebody", Some(pinned)).unwrap();
    let mut commits = Vec::new();
    let mut reading = None;
    for round in 0..25 {
        for app in 0..20 {
            sample
                .write(&format!("apps/app-{app}/service.yaml"), &format!("kind: {round} {app}\n"));
        }
        commits.push(sample.commit());
        follow(&ours, &source).await.unwrap();
        if round == 3 {
            reading = Some(ours.repository.tree(commits[3], false).unwrap());
        }
        assert!(ours.repository.0.objects.packs().unwrap().len() <= 5);
    }
    let reading = reading.unwrap();
    for app in 0..20 {
        let read = reading.file(&path(&format!("apps/app-{app}/service.yaml"))).unwrap();
        assert_eq!(&*read, format!("kind: 3 {app}\n").as_bytes());
    }
    assert_eq!(text(&ours, pinned, "apps/app-7/service.yaml"), "kind: service\nname: app-7\n");
    assert_eq!(text(&ours, commits[24], "apps/app-7/service.yaml"), "kind: 24 7\n");
    let again = Repository::open(ours.directory.path(), Limits::default()).unwrap();
    assert!(again.holds(pinned) && again.holds(commits[24]) && again.holds(commits[23]));
    assert!(!again.holds(commits[10]), "what nobody needs is gone");
}

#[tokio::test]
async fn limits_on_what_arrives_hold() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    let mut state = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    })
    .take(400_000)
    .collect();
    sample.write("large", &noise).commit();
    let server = Server::start(sample.directory.path(), Manner::default()).await;
    let small_answers = Ours::with(Limits { answer: 10_000, ..Limits::default() });
    let error = follow(&small_answers, &server.source()).await.unwrap_err();
    assert!(matches!(error, GitError::TooLarge { .. }), "{error:?}");
    let small_objects = Ours::with(Limits { object: 10_000, ..Limits::default() });
    let error = follow(&small_objects, &server.source()).await.unwrap_err();
    assert!(matches!(error, GitError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_repository_has_no_branch() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    for old in [false, true] {
        let server =
            Server::start(sample.directory.path(), Manner { old, ..Manner::default() }).await;
        let error = Ours::new().repository.resolve(&server.source()).await.unwrap_err();
        assert!(error.to_string().contains("no branch 'main'"), "{error}");
    }
    assert!(Ours::new().repository.resolve(&sample.source()).await.is_err());
}

/// Reading goes on undisturbed while commits arrive and packs are merged and removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_and_merging_at_the_same_time() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    sample.commit();
    let ours = Ours::with(Limits { packs: 2, revisions: 1, ..Limits::default() });
    let server = Server::start(sample.directory.path(), Manner::default()).await;
    let source = server.source();
    follow(&ours, &source).await.unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (repository, stop) = (ours.repository.clone(), Arc::clone(&stop));
            let commit = sample.git(&["rev-parse", "HEAD"]).parse().unwrap();
            let tree = repository.tree(commit, false).unwrap();
            std::thread::spawn(move || {
                let mut rounds = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    for app in 0..100 {
                        let read =
                            tree.file(&path(&format!("apps/app-{app}/service.yaml"))).unwrap();
                        assert_eq!(&*read, format!("kind: service\nname: app-{app}\n").as_bytes());
                    }
                    rounds += 1;
                    std::thread::sleep(Duration::from_millis(5));
                }
                rounds
            })
        })
        .collect();
    for round in 0..15 {
        for app in 0..30 {
            sample
                .write(&format!("apps/app-{app}/service.yaml"), &format!("kind: {round} {app}\n"));
        }
        let commit = sample.commit();
        follow(&ours, &source).await.unwrap();
        assert_eq!(text(&ours, commit, "apps/app-7/service.yaml"), format!("kind: {round} 7\n"));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for reader in readers {
        assert!(reader.join().unwrap() > 0);
    }
}

/// Whatever a killed process left behind does not disturb the next.
#[tokio::test]
async fn what_an_interrupted_write_left_is_tidied() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    many(&sample);
    let commit = sample.commit();
    let ours = Ours::new();
    follow(&ours, &sample.source()).await.unwrap();
    let packs = ours.directory.path().join("objects/pack");
    let whole: Vec<_> = std::fs::read_dir(&packs).unwrap().map(|e| e.unwrap().path()).collect();
    for name in ["tmp-1-2.writing", ".tmpAbCdEf", "pack-1.keep", "pack-2.pack", "pack-3.idx"] {
        std::fs::write(packs.join(name), b"half").unwrap();
    }
    std::fs::write(ours.directory.path().join("commits.json"), b"{\"fetched\": {\"x").unwrap();
    std::fs::write(ours.directory.path().join("commits.writing"), b"").unwrap();
    let again = Repository::open(ours.directory.path(), Limits::default()).unwrap();
    let mut left: Vec<_> = std::fs::read_dir(&packs).unwrap().map(|e| e.unwrap().path()).collect();
    left.sort();
    let mut expected = whole;
    expected.sort();
    assert_eq!(left, expected);
    assert!(again.tree(commit, false).unwrap().file(&path("apps/app-1/service.yaml")).is_ok());
    let revision = again.resolve(&sample.source()).await.unwrap();
    assert_eq!(again.fetch(&sample.source(), &revision).await.unwrap(), Fetched::default());
}
