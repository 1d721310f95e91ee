use super::*;
use api::{HelmRelease, ReleaseSnapshot, TestHookStatus, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

fn release(spec: &str) -> HelmRelease {
    let text = format!(
        r#"{{"metadata":{{"name":"app","namespace":"ns","generation":2}},"spec":{spec},"status":{{"observedGeneration":2}}}}"#
    );
    object::from_value(&object::from_json(text.as_bytes()).unwrap()).unwrap()
}

fn snapshot(version: i64, status: &str) -> ReleaseSnapshot {
    ReleaseSnapshot {
        api_version: "v2".into(),
        digest: format!("digest-{version}"),
        action: "install".into(),
        name: "app".into(),
        namespace: "ns".into(),
        version,
        status: status.into(),
        chart_name: "chart".into(),
        chart_version: "1.0.0".into(),
        app_version: "9".into(),
        config_digest: "values".into(),
        first_deployed: Timestamp::from_unix(0),
        last_deployed: Timestamp::from_unix(0),
        deleted: None,
        test_hooks: None,
        oci_digest: String::new(),
    }
}

fn stored(version: i64, word: &str) -> Stored {
    Stored {
        version,
        phase: Phase::parse(word),
        chart_name: "chart".into(),
        chart_version: "1.0.0".into(),
        digest: format!("digest-{version}"),
    }
}

fn facts(stored: Vec<Stored>) -> Facts {
    Facts {
        stored,
        chart_name: "chart".into(),
        chart_version: "1.0.0".into(),
        config_digest: "values".into(),
        ..Facts::default()
    }
}

fn decide(release: &HelmRelease, facts: &Facts) -> (State, Next, Vec<ReleaseSnapshot>) {
    let mut history = release.status.history.clone();
    let state = state(release, facts);
    let next = next(release, facts, &state, &mut history);
    (state, next, history)
}

fn action(next: &Next) -> String {
    match next {
        Next::Run { action: Action::Rollback { to }, .. } => format!("rollback {to}"),
        Next::Run { action, .. } => action.name().to_owned(),
        Next::Done => "done".to_owned(),
        Next::Stalled { reason, .. } => (*reason).to_owned(),
        Next::Failed(_) => "failed".to_owned(),
    }
}

/// `history` and `storage` are `version status`, newest first.
struct Case {
    what: &'static str,
    spec: &'static str,
    history: &'static [(i64, &'static str)],
    storage: &'static [(i64, &'static str)],
    /// Last action, install failures, upgrade failures.
    attempts: (&'static str, i64, i64),
    wanted: &'static str,
}

const PLAIN: &str = "{}";
const RETRIES: &str =
    r#"{"install":{"remediation":{"retries":2}},"upgrade":{"remediation":{"retries":2}}}"#;
const FOR_EVER: &str = r#"{"upgrade":{"remediation":{"retries":-1}}}"#;
const UNINSTALL: &str = r#"{"upgrade":{"remediation":{"retries":1,"strategy":"uninstall","remediateLastFailure":true}}}"#;
const NOT_LAST: &str = r#"{"upgrade":{"remediation":{"retries":1,"remediateLastFailure":false}}}"#;
const RETRY: &str = r#"{"upgrade":{"strategy":{"name":"RetryOnFailure"}},"install":{"strategy":{"name":"RetryOnFailure","retryInterval":"1m"}}}"#;
const LAST_INSTALL: &str = r#"{"install":{"remediation":{"remediateLastFailure":true}}}"#;

const CASES: &[Case] = &[
    Case {
        what: "nothing there",
        spec: PLAIN,
        history: &[],
        storage: &[],
        attempts: ("", 0, 0),
        wanted: "install",
    },
    Case {
        what: "made by others",
        spec: PLAIN,
        history: &[],
        storage: &[(3, "deployed")],
        attempts: ("", 0, 0),
        wanted: "upgrade",
    },
    Case {
        what: "uninstalled, record kept",
        spec: PLAIN,
        history: &[],
        storage: &[(3, "uninstalled")],
        attempts: ("", 0, 0),
        wanted: "install",
    },
    Case {
        what: "ours was uninstalled",
        spec: PLAIN,
        history: &[(3, "deployed")],
        storage: &[],
        attempts: ("install", 0, 0),
        wanted: "install",
    },
    Case {
        what: "as wanted",
        spec: PLAIN,
        history: &[(1, "deployed")],
        storage: &[(1, "deployed")],
        attempts: ("install", 0, 0),
        wanted: "done",
    },
    Case {
        what: "helm upgrade by hand",
        spec: PLAIN,
        history: &[(1, "deployed")],
        storage: &[(2, "deployed"), (1, "superseded")],
        attempts: ("install", 0, 0),
        wanted: "upgrade",
    },
    Case {
        what: "whoever was at it died",
        spec: PLAIN,
        history: &[(1, "deployed")],
        storage: &[(2, "pending-upgrade")],
        attempts: ("upgrade", 0, 0),
        wanted: "unlock",
    },
    Case {
        what: "pending, never ours",
        spec: PLAIN,
        history: &[],
        storage: &[(1, "pending-install")],
        attempts: ("", 0, 0),
        wanted: "unlock",
    },
    Case {
        what: "install failed, no retries",
        spec: PLAIN,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("install", 1, 0),
        wanted: "RetriesExceeded",
    },
    Case {
        what: "install failed, retries",
        spec: RETRIES,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("install", 1, 0),
        wanted: "uninstall",
    },
    Case {
        what: "install failed, tries used up",
        spec: RETRIES,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("install", 3, 0),
        wanted: "RetriesExceeded",
    },
    Case {
        what: "the last failure too",
        spec: LAST_INSTALL,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("install", 1, 0),
        wanted: "uninstall",
    },
    Case {
        what: "uninstalled after the last failure",
        spec: LAST_INSTALL,
        history: &[(1, "uninstalled")],
        storage: &[],
        attempts: ("install", 1, 0),
        wanted: "RetriesExceeded",
    },
    Case {
        what: "failed, but something changed",
        spec: PLAIN,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("install", 0, 0),
        wanted: "upgrade",
    },
    Case {
        what: "failed, nothing known of tries",
        spec: PLAIN,
        history: &[(1, "failed")],
        storage: &[(1, "failed")],
        attempts: ("", 0, 0),
        wanted: "upgrade",
    },
    Case {
        what: "upgrade failed, no retries",
        spec: PLAIN,
        history: &[(2, "failed"), (1, "deployed")],
        storage: &[(2, "failed"), (1, "deployed")],
        attempts: ("upgrade", 0, 1),
        wanted: "RetriesExceeded",
    },
    Case {
        what: "upgrade failed, retries",
        spec: RETRIES,
        history: &[(2, "failed"), (1, "deployed")],
        storage: &[(2, "failed"), (1, "deployed")],
        attempts: ("upgrade", 0, 1),
        wanted: "rollback 1",
    },
    Case {
        what: "tries used up, but the last failure is undone",
        spec: RETRIES,
        history: &[(6, "failed"), (5, "superseded")],
        storage: &[(6, "failed"), (5, "superseded")],
        attempts: ("upgrade", 0, 3),
        wanted: "rollback 5",
    },
    Case {
        what: "and is not where it must not be",
        spec: NOT_LAST,
        history: &[(6, "failed"), (5, "superseded")],
        storage: &[(6, "failed"), (5, "superseded")],
        attempts: ("upgrade", 0, 2),
        wanted: "RetriesExceeded",
    },
    Case {
        what: "for ever",
        spec: FOR_EVER,
        history: &[(9, "failed"), (8, "failed")],
        storage: &[(9, "failed"), (8, "failed")],
        attempts: ("upgrade", 0, 999),
        wanted: "MissingRollbackTarget",
    },
    Case {
        what: "rollback failed: no older one is good",
        spec: RETRIES,
        history: &[(2, "failed"), (1, "failed")],
        storage: &[(2, "failed"), (1, "failed")],
        attempts: ("upgrade", 0, 1),
        wanted: "MissingRollbackTarget",
    },
    Case {
        what: "the target is gone",
        spec: RETRIES,
        history: &[(2, "failed"), (1, "deployed")],
        storage: &[(2, "failed")],
        attempts: ("upgrade", 0, 1),
        wanted: "upgrade",
    },
    Case {
        what: "by uninstalling",
        spec: UNINSTALL,
        history: &[(2, "failed"), (1, "deployed")],
        storage: &[(2, "failed"), (1, "deployed")],
        attempts: ("upgrade", 0, 2),
        wanted: "uninstall",
    },
    Case {
        what: "retry instead",
        spec: RETRY,
        history: &[(2, "failed"), (1, "deployed")],
        storage: &[(2, "failed"), (1, "deployed")],
        attempts: ("upgrade", 0, 7),
        wanted: "upgrade",
    },
    Case {
        what: "being uninstalled",
        spec: PLAIN,
        history: &[(1, "deployed")],
        storage: &[(1, "uninstalling")],
        attempts: ("install", 0, 0),
        wanted: "failed",
    },
];

fn of(case: &Case) -> (HelmRelease, Facts) {
    let mut release = release(case.spec);
    release.status.history = case.history.iter().map(|(v, s)| snapshot(*v, s)).collect();
    release.status.last_attempted_release_action = case.attempts.0.into();
    release.status.install_failures = case.attempts.1;
    release.status.upgrade_failures = case.attempts.2;
    (release, facts(case.storage.iter().map(|(v, s)| stored(*v, s)).collect()))
}

#[test]
fn the_next_action_is_the_one_flux_takes() {
    for case in CASES {
        let (release, facts) = of(case);
        assert_eq!(action(&decide(&release, &facts).1), case.wanted, "{}", case.what);
    }
}

#[test]
fn a_force_request_gets_through_where_tries_are_used_up() {
    for case in CASES.iter().filter(|c| c.wanted == "RetriesExceeded") {
        let (mut release, facts) = of(case);
        for name in ["requestedAt", "forceAt"] {
            release.metadata.annotations.insert(format!("reconcile.fluxcd.io/{name}"), "1".into());
        }
        let next = action(&decide(&release, &facts).1);
        assert!(matches!(next.as_str(), "upgrade" | "install"), "{}: {next}", case.what);
        release.status.last_handled_force_at = "1".into();
        assert!(!force_requested(&release), "only once");
    }
}

#[test]
fn whatever_differs_is_out_of_sync() {
    let mut ours = release(PLAIN);
    ours.status.history = vec![snapshot(1, "deployed")];
    let good = facts(vec![stored(1, "deployed")]);
    let check = |release: &HelmRelease, facts: Facts, wanted: &State| {
        assert_eq!(state(release, &facts), *wanted);
    };
    check(&ours, good.clone(), &State::InSync);
    check(
        &ours,
        Facts { chart_version: "2".into(), ..good.clone() },
        &State::OutOfSync("release chart changed"),
    );
    check(
        &ours,
        Facts { config_digest: "x".into(), ..good.clone() },
        &State::OutOfSync("release config values changed"),
    );
    // What is done to the objects counts for a new generation only.
    let patched = Facts { post_renderers_digest: "p".into(), ..good.clone() };
    check(&ours, patched.clone(), &State::InSync);
    ours.metadata.generation = 3;
    check(&ours, patched, &State::OutOfSync("postrenderers digest has changed"));
    let drifted = Facts { drift: vec!["x".into()], ..good };
    let mut ours =
        HelmRelease { spec: release(r#"{"driftDetection":{"mode":"warn"}}"#).spec, ..ours };
    check(&ours, drifted.clone(), &State::Drifted);
    assert_eq!(action(&decide(&ours, &drifted).1), "done");
    ours.spec = release(r#"{"driftDetection":{"mode":"enabled"}}"#).spec;
    assert_eq!(action(&decide(&ours, &drifted).1), "correct cluster drift");
}

fn tested(phase: &str) -> ReleaseSnapshot {
    let hook = TestHookStatus { phase: phase.into(), ..TestHookStatus::default() };
    let hooks = BTreeMap::from([("t".to_owned(), hook)]);
    ReleaseSnapshot { test_hooks: Some(hooks), ..snapshot(1, "deployed") }
}

#[test]
fn tests_are_run_once_and_their_failure_is_a_failure_unless_ignored() {
    let good = facts(vec![stored(1, "deployed")]);
    let with = |spec: &str, snapshot: ReleaseSnapshot| {
        let mut release = release(spec);
        release.status.history = vec![snapshot];
        release.status.last_attempted_release_action = "install".into();
        state(&release, &good)
    };
    let on = r#"{"test":{"enable":true}}"#;
    let ignoring = r#"{"test":{"enable":true,"ignoreFailures":true}}"#;
    assert_eq!(with(on, snapshot(1, "deployed")), State::Untested);
    assert_eq!(with(on, tested("Running")), State::Untested);
    assert_eq!(with(on, tested("Succeeded")), State::InSync);
    assert_eq!(with(on, tested("Failed")), State::Failed("release has test in failed phase"));
    assert_eq!(with(ignoring, tested("Failed")), State::InSync);
    let none = ReleaseSnapshot { test_hooks: Some(BTreeMap::new()), ..snapshot(1, "deployed") };
    assert_eq!(with(on, none), State::InSync);
}

#[test]
fn a_run_does_nothing_twice_and_ends_with_a_remediation() {
    let mut release = release(RETRIES);
    release.status.last_attempted_release_action = "upgrade".into();
    release.status.upgrade_failures = 1;
    let rollback = Action::Rollback { to: 1 };
    assert_eq!(after(&release, &Action::Upgrade, &[], false), After::GoOn);
    assert_eq!(after(&release, &Action::Upgrade, &[Family::Release], false), After::Again);
    assert_eq!(after(&release, &Action::Test, &[Family::Release], true), After::GoOn);
    assert_eq!(after(&release, &rollback, &[Family::Release], true), After::Again);
    release.status.upgrade_failures = 3;
    let ended = after(&release, &rollback, &[Family::Release], true);
    let message = "Failed to upgrade after 3 attempt(s)".to_owned();
    assert_eq!(ended, After::Stalled { reason: "RetriesExceeded", message });
    assert_eq!(after(&release, &Action::Upgrade, &[Family::Release], false), After::Enough);
    release.spec = super::tests::release(RETRY).spec;
    let five = Duration::from_secs(300);
    assert_eq!(after(&release, &Action::Upgrade, &[Family::Release], false), After::Later(five));
    release.spec = super::tests::release(UNINSTALL).spec;
    let uninstall = Action::UninstallRemediation;
    assert_eq!(
        after(&release, &uninstall, &[], true),
        After::Again,
        "so that it is installed anew"
    );
}

/// Plays a whole life: `outcomes` says how each action ends.
fn play(spec: &str, change: impl Fn(&mut Facts), outcomes: &[bool]) -> (Vec<String>, HelmRelease) {
    let mut release = release(spec);
    release.status.last_attempted_release_action = "install".into();
    release.status.history = vec![snapshot(1, "deployed")];
    let mut facts = facts(vec![stored(1, "deployed")]);
    change(&mut facts);
    let (mut log, mut ends) = (Vec::new(), outcomes.iter());
    for _ in 0..20 {
        let mut history = release.status.history.clone();
        let following = next(&release, &facts, &state(&release, &facts), &mut history);
        release.status.history = history;
        log.push(action(&following));
        let Next::Run { action, .. } = following else { break };
        let good = *ends.next().unwrap_or(&true);
        let version = facts.last().map_or(0, |l| l.version) + 1;
        let word = if good { "deployed" } else { "failed" };
        let mut new = stored(version, word);
        let mut wrote = snapshot(version, word);
        if let Action::Rollback { to } = action {
            new.chart_version.clone_from(&facts.version(to).unwrap().chart_version);
        } else {
            new.chart_version.clone_from(&facts.chart_version);
        }
        wrote.chart_version.clone_from(&new.chart_version);
        facts.stored.push(new);
        let failure = (!good).then(|| Failure { message: "Pod/ns/app is failed".into() });
        let done = Done {
            action,
            written: vec![wrote],
            failure,
            elapsed: Duration::from_secs(1),
            wanted: &facts.clone(),
            app_version: "9",
            notes: vec![],
        };
        record(&mut release, &done, Timestamp::from_unix(7));
    }
    (log, release)
}

#[test]
fn a_failing_upgrade_is_rolled_back_tried_again_and_then_left() {
    let newer = |f: &mut Facts| f.chart_version = "2.0.0".into();
    let (log, release) = play(RETRIES, newer, &[false, true, false, true, false, true]);
    assert_eq!(
        log,
        [
            "upgrade",
            "rollback 1",
            "upgrade",
            "rollback 3",
            "upgrade",
            "rollback 5",
            "RetriesExceeded"
        ]
    );
    let ready = release.status.conditions.iter().find(|c| c.kind == "Ready").unwrap();
    assert_eq!(ready.status, api::ConditionStatus::False);
    assert_eq!(ready.reason, "RollbackSucceeded");
    assert_eq!(
        ready.message,
        "Helm rollback to previous release ns/app.v5 with chart chart@1.0.0 succeeded"
    );
    assert_eq!(release.status.upgrade_failures, 3);
    let (log, release) = play(RETRIES, newer, &[false, true, true]);
    assert_eq!(log, ["upgrade", "rollback 1", "upgrade", "done"]);
    let ready = release.status.conditions.iter().find(|c| c.kind == "Ready").unwrap();
    assert_eq!(
        ready.message,
        "Helm upgrade succeeded for release ns/app.v4 with chart chart@2.0.0"
    );
}

#[test]
fn failure_counts_start_anew_when_the_next_try_is_another() {
    let mut release = release(PLAIN);
    let wanted = facts(vec![]);
    assert!(must_reset_failures(&release, &wanted).is_some());
    release.status.last_attempted_generation = 2;
    release.status.last_attempted_revision = "1.0.0".into();
    release.status.last_attempted_config_digest = "values".into();
    assert_eq!(must_reset_failures(&release, &wanted), None);
    let other = Facts { config_digest: "x".into(), ..wanted.clone() };
    assert!(must_reset_failures(&release, &other).is_some());
    for name in ["requestedAt", "resetAt"] {
        release.metadata.annotations.insert(format!("reconcile.fluxcd.io/{name}"), "1".into());
    }
    assert!(must_reset_failures(&release, &wanted).is_some());
}

#[test]
fn names_and_targets() {
    let long = "a".repeat(60);
    assert_eq!(short_name(&long).len(), 53);
    assert!(short_name(&long).starts_with(&"a".repeat(40)));
    let mut moved = release(r#"{"targetNamespace":"there"}"#);
    assert_eq!(release_name(&moved), "there-app");
    assert_eq!(target_changed(&moved, "chart"), None, "nothing was installed yet");
    moved.status.storage_namespace = "ns".into();
    moved.status.history = vec![snapshot(1, "deployed")];
    assert_eq!(target_changed(&moved, "chart"), Some("release namespace"));
    moved.spec = release(PLAIN).spec;
    assert_eq!(target_changed(&moved, "chart"), None);
    assert_eq!(target_changed(&moved, "other"), Some("chart name"));
    moved.spec = release(r#"{"upgrade":{"chartNameChangeStrategy":"InPlaceUpdate"}}"#).spec;
    assert_eq!(target_changed(&moved, "other"), None);
}
