use super::*;
use crate::manifest::{Hook, HookEvent};
use object::{Manifest as _, Value, map};

fn release() -> Release {
    Release {
        name: "web".into(),
        info: Info {
            first_deployed: "2026-01-02T03:04:05.678Z".into(),
            last_deployed: "2026-01-02T03:04:05.678Z".into(),
            description: "Install complete <ok> & done".into(),
            status: Status::Deployed,
            notes: "Visit http://x".into(),
            ..Info::default()
        },
        chart: Value::Map(map! {"metadata": map! {"name": "nginx", "version": "1.2.3"}}),
        config: [("replicas", Value::Float(2.0)), ("off", Value::Null)].into_iter().collect(),
        manifest: "---\n# Source: nginx/templates/a.yaml\na: 1\n".into(),
        hooks: vec![StoredHook {
            hook: Hook {
                name: "test".into(),
                kind: "Pod".into(),
                events: vec![HookEvent::Test],
                weight: -3,
                delete_policies: vec!["hook-failed".into()],
                ..Hook::default()
            },
            last_run: HookRun { phase: HookPhase::Succeeded, ..HookRun::default() },
        }],
        version: 3,
        namespace: "shop".into(),
        labels: [("team".to_owned(), "a".to_owned())].into(),
        apply_method: "ssa".into(),
    }
}

#[test]
fn a_record_survives_its_secret() {
    let secret = to_secret(&release(), Written::Created(1_700_000_000)).unwrap();
    assert_eq!(secret.name(), "sh.helm.release.v1.web.v3");
    assert_eq!(secret.label("status"), Some("deployed"));
    assert_eq!(secret.label("createdAt"), Some("1700000000"));
    assert_eq!(secret.get("type").and_then(Value::as_str), Some(SECRET_TYPE));
    let back = from_secret(&secret).unwrap();
    assert_eq!(back, release());
    assert_eq!((back.chart_name(), back.chart_version()), ("nginx", "1.2.3"));
}

#[test]
fn empty_members_stay_away_and_the_phase_stands_always() {
    let value = release().to_value();
    let hook = &value.get("hooks").and_then(Value::as_list).unwrap()[0];
    assert_eq!(hook.get("last_run"), Some(&Value::Map(map! {"phase": "Succeeded"})));
    assert!(hook.get("output_log_policies").is_none());
    assert!(value.at(["info", "deleted"]).is_none());
}

#[test]
fn damaged_records_are_refused() {
    assert!(matches!(decode("%%%"), Err(RecordError::Base64(_))));
    assert!(decode("e30K").is_ok());
    assert!(matches!(decode("eA=="), Err(RecordError::Json(_))));
    assert!(matches!(decode("H4sIAAAA"), Err(RecordError::Gzip(_))));
}

#[test]
fn the_last_deployed_record_is_never_pruned() {
    let history = |all: &[(i64, Status)]| -> Vec<Revision> {
        all.iter()
            .map(|(version, status)| Revision { version: *version, status: *status })
            .collect()
    };
    use Status::{Deployed, Failed, Superseded};
    let all = history(&[(1, Deployed), (2, Failed), (3, Failed), (4, Failed)]);
    assert_eq!(to_prune(&all, 3), [2, 3]);
    assert_eq!(to_prune(&all, 0), [] as [i64; 0]);
    assert_eq!(to_prune(&all, 10), [] as [i64; 0]);
    let all = history(&[(1, Superseded), (2, Superseded), (3, Deployed)]);
    assert_eq!(to_prune(&all, 1), [1, 2]);
}

#[test]
fn names_of_releases() {
    for name in ["a", "my-release.2", "a1"] {
        assert_eq!(validate_name(name), Ok(()), "{name}");
    }
    for name in ["A", "-a", "a-", "a..b", "a_b", &"a".repeat(54)] {
        assert_eq!(validate_name(name), Err(NameError::Invalid), "{name}");
    }
    assert_eq!(validate_name(""), Err(NameError::Missing));
}
