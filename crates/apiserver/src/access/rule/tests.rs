use super::*;

fn rule(verbs: &str, groups: &str, resources: &str, names: &str) -> PolicyRule {
    let texts =
        |text: &str| text.split(',').filter(|t| !t.is_empty()).map(CompactString::new).collect();
    PolicyRule {
        verbs: texts(verbs),
        api_groups: if groups == "-" { vec![CompactString::default()] } else { texts(groups) },
        resources: texts(resources),
        resource_names: texts(names),
        non_resource_urls: Texts::new(),
    }
}

fn asked(verb: &str, group: &str, resource: &str, name: &str) -> Attributes {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Attributes {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

#[test]
fn rules_match() {
    let cases = [
        (rule("get", "-", "pods", ""), asked("get", "", "pods", "x"), true),
        (rule("get", "-", "pods", ""), asked("list", "", "pods", ""), false),
        (rule("*", "-", "pods", ""), asked("list", "", "pods", ""), true),
        (rule("get", "apps", "pods", ""), asked("get", "", "pods", ""), false),
        (rule("get", "*", "*", ""), asked("get", "x.io", "things/status", ""), true),
        (rule("get", "-", "pods", ""), asked("get", "", "pods/log", ""), false),
        (rule("get", "-", "pods/log", ""), asked("get", "", "pods/log", ""), true),
        (rule("get", "*", "*/scale", ""), asked("get", "apps", "deployments/scale", ""), true),
        (rule("get", "*", "*/scale", ""), asked("get", "apps", "deployments", ""), false),
        (rule("get", "-", "pods", "a,b"), asked("get", "", "pods", "b"), true),
        (rule("get", "-", "pods", "a,b"), asked("get", "", "pods", "c"), false),
        (rule("create", "-", "pods", "a"), asked("create", "", "pods", ""), false),
    ];
    for (rule, asked, expected) in cases {
        assert_eq!(rule.allows(&asked), expected, "{rule:?} {asked:?}");
    }
}

#[test]
fn paths_match() {
    let rule = |url: &str| PolicyRule {
        verbs: vec!["get".into()],
        non_resource_urls: vec![url.into()],
        ..PolicyRule::default()
    };
    let path = |path: &str| Attributes {
        verb: "get".to_owned(),
        path: path.to_owned(),
        ..Attributes::default()
    };
    assert!(rule("/healthz").allows(&path("/healthz")));
    assert!(!rule("/healthz").allows(&path("/healthz/etcd")));
    assert!(rule("/healthz/*").allows(&path("/healthz/etcd")));
    assert!(rule("*").allows(&path("/anything")));
    assert!(!rule("*").allows(&asked("get", "", "pods", "")));
}

#[test]
fn what_is_missing_is_said_together() {
    let held = [rule("get,list", "-", "pods", "")];
    assert!(missing(&held, &[rule("get", "-", "pods", "x")]).is_empty());
    assert_eq!(
        missing(&held, &[rule("get,delete,watch", "-", "pods,secrets", "")]),
        [
            r#"{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}"#,
            r#"{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "watch"]}"#,
        ]
    );
    let named = [rule("get", "-", "pods", "x")];
    assert_eq!(missing(&named, &[rule("get", "-", "pods", "")]).len(), 1);
    assert!(missing(&PolicyRule::everything(), &[rule("*", "*", "*", "")]).is_empty());
    assert_eq!(
        missing(&[rule("*", "*", "*/status", "")], &[rule("get", "a", "b/status", "")]).len(),
        0
    );
}
