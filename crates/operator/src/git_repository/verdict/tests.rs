use super::{Finding, conclude};
use api::names::condition;
use api::{Artifact, ConditionStatus, GitRepository, Timestamp};
use std::collections::BTreeMap;

fn artifact() -> Artifact {
    Artifact {
        path: "gitrepository/flux-system/fleet/abc.tar.gz".to_owned(),
        url: "http://127.0.0.1/gitrepository/flux-system/fleet/abc.tar.gz".to_owned(),
        revision: "main@sha1:abc".to_owned(),
        digest: "sha256:00".to_owned(),
        last_update_time: Timestamp::from_unix(1_000),
        size: Some(1),
        metadata: BTreeMap::new(),
    }
}

fn stored(fresh: bool) -> Finding {
    Finding::Stored { artifact: artifact(), included: Vec::new(), fresh }
}

fn failed() -> Finding {
    Finding::Failed {
        condition: condition::FETCH_FAILED,
        reason: "GitOperationFailed".to_owned(),
        message: "connection refused".to_owned(),
        stalled: false,
    }
}

fn status_of<'a>(source: &'a GitRepository, kind: &str) -> Option<&'a api::Condition> {
    source.status.conditions.iter().find(|c| c.kind == kind)
}

#[test]
fn a_stored_artifact_is_ready_and_told_once() {
    let mut source = GitRepository::default();
    source.metadata.generation = 3;
    let (status, events) = conclude(&source, &stored(true), None, Timestamp::from_unix(2_000));
    assert_eq!(events.len(), 1);
    source.status = status;
    let ready = status_of(&source, condition::READY).unwrap();
    assert_eq!(ready.status, ConditionStatus::True);
    assert_eq!(ready.message, "stored artifact for revision 'main@sha1:abc'");
    assert_eq!(source.status.observed_generation, Some(3));
    let (again, events) = conclude(&source, &stored(false), None, Timestamp::from_unix(3_000));
    assert_eq!(again, source.status, "an unchanged source writes nothing");
    assert!(events.is_empty());
}

#[test]
fn a_failure_keeps_the_artifact_and_says_how_old_it_is() {
    let mut source = GitRepository::default();
    source.status = conclude(&source, &stored(true), None, Timestamp::from_unix(2_000)).0;
    let confirmed = Some(Timestamp::from_unix(2_500));
    source.status = conclude(&source, &failed(), confirmed, Timestamp::from_unix(3_000)).0;
    assert!(source.status.artifact.is_some());
    let ready = status_of(&source, condition::READY).unwrap();
    assert_eq!(ready.status, ConditionStatus::False);
    let wanted =
        "'main@sha1:abc', stored 1970-01-01T00:16:40Z and last confirmed 1970-01-01T00:41:40Z";
    assert!(ready.message.contains(wanted), "{ready:?}");
    assert!(status_of(&source, condition::FETCH_FAILED).is_some());
    assert!(status_of(&source, condition::ARTIFACT_IN_STORAGE).is_some());
    let recovered = conclude(&source, &stored(false), None, Timestamp::from_unix(4_000)).0;
    assert!(recovered.conditions.iter().all(|c| c.kind != condition::FETCH_FAILED));
}

#[test]
fn the_same_failure_again_changes_nothing() {
    let mut source = GitRepository::default();
    source.status = conclude(&source, &failed(), None, Timestamp::from_unix(3_000)).0;
    let again = conclude(&source, &failed(), None, Timestamp::from_unix(4_000)).0;
    assert_eq!(again, source.status);
}
