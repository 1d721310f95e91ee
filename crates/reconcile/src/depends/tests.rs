use super::*;

fn spec(depends_on: &[(&str, Option<&str>)]) -> SyncSpec {
    SyncSpec {
        owner: crate::OwnerRef {
            namespace: "flux-system".into(),
            name: "app1".into(),
            ..Default::default()
        },
        source: source("mono"),
        depends_on: depends_on
            .iter()
            .map(|(name, expr)| DependencyReference {
                name: (*name).to_owned(),
                namespace: None,
                ready_expr: expr.map(str::to_owned),
            })
            .collect(),
        ..SyncSpec::default()
    }
}

fn source(name: &str) -> SourceReference {
    SourceReference {
        kind: "GitRepository".into(),
        name: name.into(),
        namespace: Some("flux-system".into()),
        api_version: None,
    }
}

fn ready(status: ConditionStatus) -> Vec<Condition> {
    vec![Condition {
        kind: "Ready".into(),
        status,
        observed_generation: Some(1),
        last_transition_time: api::Timestamp::from_unix(0),
        reason: "R".into(),
        message: String::new(),
    }]
}

fn run(spec: &SyncSpec, dependency: Option<&Dependency<'_>>) -> Result<(), String> {
    let owner = object::from_json(br#"{"metadata":{"labels":{"tier":"2"}}}"#).unwrap();
    check(spec, &owner, "main@sha1:a", Duration::from_secs(30), |ns, name| {
        assert_eq!((ns, name), ("flux-system", "app0"));
        dependency.cloned()
    })
    .map_err(|halt| match halt {
        Halt::Wait { for_: Awaited::Dependency { message }, .. } => message,
        Halt::Stalled { reason, .. } => reason,
        other => panic!("{other:?}"),
    })
}

#[test]
fn the_built_in_rule_asks_for_generation_readiness_and_revision() {
    let object = object::from_json(b"{}").unwrap();
    let (yes, no) = (ready(ConditionStatus::True), ready(ConditionStatus::False));
    let good = Dependency {
        object: &object,
        generation: 1,
        observed_generation: 1,
        conditions: &yes,
        source: source("mono"),
        last_applied_revision: Some("main@sha1:a"),
    };
    let spec = spec(&[("app0", None)]);
    assert_eq!(run(&spec, Some(&good)), Ok(()));
    assert_eq!(run(&spec, None).unwrap_err(), "dependency 'flux-system/app0' not found");
    let not_ready = "dependency 'flux-system/app0' is not ready";
    let d = Dependency { conditions: &no, ..good.clone() };
    assert_eq!(run(&spec, Some(&d)).unwrap_err(), not_ready);
    let d = Dependency { conditions: &[], ..good.clone() };
    assert_eq!(run(&spec, Some(&d)).unwrap_err(), not_ready);
    let d = Dependency { generation: 2, ..good.clone() };
    assert_eq!(run(&spec, Some(&d)).unwrap_err(), not_ready);
    let old = Dependency { last_applied_revision: Some("main@sha1:0"), ..good.clone() };
    assert_eq!(
        run(&spec, Some(&old)).unwrap_err(),
        "dependency 'flux-system/app0' revision is not up to date"
    );
    assert_eq!(run(&spec, Some(&Dependency { source: source("other"), ..old })), Ok(()));
}

#[test]
fn an_expression_replaces_the_built_in_rule() {
    let object = object::from_json(br#"{"metadata":{"labels":{"tier":"1"}}}"#).unwrap();
    let d = Dependency {
        object: &object,
        generation: 2,
        observed_generation: 1,
        conditions: &[],
        source: source("mono"),
        last_applied_revision: None,
    };
    let ask = |expr| run(&spec(&[("app0", Some(expr))]), Some(&d));
    assert_eq!(ask("dep.metadata.labels['tier'] < self.metadata.labels['tier']"), Ok(()));
    assert!(ask("false").unwrap_err().contains("not ready according to readyExpr"));
    assert_eq!(ask("dep.").unwrap_err(), "InvalidCELExpression");
    assert_eq!(ask("other.x").unwrap_err(), "InvalidCELExpression");
    assert!(ask("dep.status.x == 1").unwrap_err().starts_with("dependency 'flux-system/app0': "));
}

#[test]
fn circles_are_found_once_each() {
    let edges = |list: &[(u32, &[u32])]| -> BTreeMap<u32, Vec<u32>> {
        list.iter().map(|(n, targets)| (*n, targets.to_vec())).collect()
    };
    assert!(circles(&edges(&[(1, &[2, 3]), (2, &[3]), (3, &[])])).is_empty());
    assert_eq!(circles(&edges(&[(1, &[1])])), [vec![1]]);
    assert_eq!(circles(&edges(&[(3, &[1]), (1, &[2]), (2, &[3]), (4, &[1])])), [vec![1, 2, 3]]);
    let long: BTreeMap<u32, Vec<u32>> =
        (0..100_000).map(|n| (n, vec![(n + 1) % 100_000])).collect();
    assert_eq!(circles(&long)[0].len(), 100_000);
}
