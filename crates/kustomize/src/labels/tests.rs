use super::LabelSelector;

fn check(selector: &str, labels: &[(&str, &str)], expected: bool) {
    let parsed: LabelSelector = selector.parse().unwrap();
    let get = |key: &str| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    assert_eq!(parsed.matches(get), expected, "{selector} on {labels:?}");
}

#[test]
fn selects_as_kubectl_does() {
    let labels = [("app", "web"), ("tier", "front"), ("n", "5"), ("a.b/c", "")];
    for selector in [
        "",
        "app",
        "app=web",
        "app==web",
        "app in (web, api)",
        "!missing",
        "tier!=back",
        "n>4",
        "app = web , tier in (front)",
        "missing notin (x)",
        "missing!=x",
        "a.b/c=",
        "a.b/c in ()",
    ] {
        check(selector, &labels, true);
    }
    for selector in ["missing", "app=api", "app notin (web)", "!app", "n<5", "tier>1", "app="] {
        check(selector, &labels, false);
    }
}

#[test]
fn refuses_what_is_no_selector() {
    for selector in
        ["a=b,", ",", "a in b", "a in (b", "=b", "a b", "a>b", "-a", "a=-b", "a//b=c", "!a=b"]
    {
        assert!(selector.parse::<LabelSelector>().is_err(), "{selector}");
    }
}
