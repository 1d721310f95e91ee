use super::*;

fn chooses(selector: Selector) -> bool {
    let object = object::from_json(
        br#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"n","labels":{"app":"web","tier":"a"}}}"#,
    )
    .unwrap();
    Chooser::new(&selector).unwrap().chooses(&object, &object.gvk())
}

fn labels(text: &str) -> Selector {
    Selector { label_selector: Some(text.into()), ..Selector::default() }
}

#[test]
fn expressions_are_anchored() {
    let kind = |k: &str| Selector { kind: Some(k.into()), ..Selector::default() };
    assert!(chooses(Selector::default()));
    assert!(chooses(kind("Deployment|StatefulSet")));
    assert!(!chooses(kind("Deploy")));
    assert!(chooses(Selector {
        name: Some("w.*".into()),
        group: Some("apps".into()),
        ..Selector::default()
    }));
    assert!(!chooses(Selector {
        name: Some("w.*".into()),
        namespace: Some("m".into()),
        ..Selector::default()
    }));
    assert!(Chooser::new(&kind("(")).is_err());
}

#[test]
fn label_selectors_are_those_of_kubectl() {
    for text in [
        "app=web",
        "app==web",
        "app",
        "!other",
        "tier in (a, b),app=web",
        "tier notin (c)",
        "other notin (c)",
        "app!=x",
        " app = web ",
    ] {
        assert!(chooses(labels(text)), "{text}");
    }
    for text in ["app=x", "other", "!app", "tier in (b,c)", "tier notin (a)", "app=web,other"] {
        assert!(!chooses(labels(text)), "{text}");
    }
    for text in ["app in a", "a b", "app in (a", "(a)", "=x"] {
        assert!(Chooser::new(&labels(text)).is_err(), "{text}");
    }
}
