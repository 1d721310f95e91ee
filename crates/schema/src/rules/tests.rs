use super::*;
use crate::structural::parse;

fn json(text: &str) -> Value {
    object::from_json(text.as_bytes()).unwrap()
}

/// Errors of a rule on the member `a`.
fn check(schema: &str, new: &str, old: Option<&str>) -> Vec<String> {
    let schema = format!(r#"{{"type": "object", "properties": {{"a": {schema}}}}}"#);
    let rules = Rules::compile(&parse(&json(&schema)));
    let object = |text: &str| json(&format!(r#"{{"metadata": {{"name": "n"}}, "a": {text}}}"#));
    let errors = rules.check(&object(new), old.map(object).as_ref());
    errors.iter().map(FieldError::to_string).collect()
}

fn rule(type_: &str, rule: &str) -> String {
    format!(r#"{{{type_}, "x-kubernetes-validations": [{rule}]}}"#)
}

#[test]
fn rules_hold_or_tell() {
    let int = |r: &str| rule(r#""type": "integer""#, r);
    assert_eq!(check(&int(r#"{"rule": "self > 1"}"#), "2", None), Vec::<String>::new());
    assert_eq!(
        check(&int(r#"{"rule": "self > 1"}"#), "1", None),
        ["a: Invalid value: 1: failed rule: self > 1"]
    );
    assert_eq!(
        check(
            &int(
                r#"{"rule": "self > 1", "message": "too small", "reason": "FieldValueForbidden"}"#
            ),
            "1",
            None
        ),
        ["a: Forbidden: too small"]
    );
    assert_eq!(
        check(
            &int(r#"{"rule": "self > 1", "messageExpression": "'not ' + string(self)"}"#),
            "1",
            None
        ),
        ["a: Invalid value: 1: not 1"]
    );
    assert_eq!(check(&int(r#"{"rule": "1/self == 1"}"#), "0", None).len(), 1);
    assert!(check(&int(r#"{"rule": "1 +"}"#), "0", None)[0].contains("rule compile error"));
    let object =
        r#""type": "object", "properties": {"b": {"type": "string"}, "c-d": {"type": "string"}}"#;
    assert_eq!(
        check(
            &rule(object, r#"{"rule": "has(self.b) == has(self.c__dash__d)", "fieldPath": ".b"}"#),
            r#"{"b": ""}"#,
            None
        ),
        ["a.b: Invalid value: failed rule: has(self.b) == has(self.c__dash__d)"]
    );
    assert_eq!(
        check(&rule(object, r#"{"rule": "has(self.b) == has(self.c__dash__d)"}"#), "{}", None),
        Vec::<String>::new()
    );
}

#[test]
fn transition_rules_need_an_old_value() {
    let immutable =
        rule(r#""type": "string""#, r#"{"rule": "self == oldSelf", "message": "immutable"}"#);
    assert_eq!(check(&immutable, r#""x""#, None), Vec::<String>::new());
    assert_eq!(check(&immutable, r#""x""#, Some(r#""x""#)), Vec::<String>::new());
    assert_eq!(
        check(&immutable, r#""y""#, Some(r#""x""#)),
        [r#"a: Invalid value: "y": immutable"#]
    );
    let optional = rule(
        r#""type": "string""#,
        r#"{"rule": "oldSelf.hasValue() || self == 'new'", "optionalOldSelf": true}"#,
    );
    assert_eq!(check(&optional, r#""y""#, None).len(), 1);
    assert_eq!(check(&optional, r#""y""#, Some(r#""x""#)), Vec::<String>::new());
}

#[test]
fn what_did_not_change_is_not_judged_again() {
    let strict = rule(r#""type": "integer""#, r#"{"rule": "self > 1"}"#);
    assert_eq!(check(&strict, "1", Some("1")), Vec::<String>::new());
    assert_eq!(check(&strict, "0", Some("1")).len(), 1);
}

#[test]
fn lists_maps_and_formats() {
    let list = |r: &str| {
        rule(
            r#""type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}}"#,
            r,
        )
    };
    assert_eq!(
        check(
            &list(r#"{"rule": "self.all(x, self.exists_one(y, x.n == y.n))"}"#),
            r#"[{"n": "a"}, {"n": "a"}]"#,
            None
        )
        .len(),
        1
    );
    let strings = |r: &str| rule(r#""type": "array", "items": {"type": "string"}"#, r);
    assert_eq!(
        check(
            &strings(r#"{"rule": "self.isSorted() && self.max() == 'b'"}"#),
            r#"["a", "b"]"#,
            None
        ),
        Vec::<String>::new()
    );
    let format = |f: &str, r: &str| {
        rule(&format!(r#""type": "string", "format": "{f}""#), &format!(r#"{{"rule": "{r}"}}"#))
    };
    assert_eq!(
        check(
            &format("date-time", "self < timestamp('2024-01-01T00:00:00Z')"),
            r#""2023-01-01T00:00:00Z""#,
            None
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        check(&format("duration", "self > duration('1h')"), r#""90m""#, None),
        Vec::<String>::new()
    );
    assert_eq!(
        check(
            &format(
                "x",
                "quantity(self).isLessThan(quantity('1Gi')) && self.find('[0-9]+') == '5'"
            ),
            r#""5Mi""#,
            None
        ),
        Vec::<String>::new()
    );
    assert_eq!(check(&format("x", "isURL(self) && url(self)"), r#""no url""#, None).len(), 1);
}

#[test]
fn a_rule_that_would_run_for_ever_does_not_start() {
    let nested = rule(
        r#""type": "array", "items": {"type": "integer"}"#,
        r#"{"rule": "self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d >= 0))))"}"#,
    );
    let many: Vec<String> = (0..500).map(|i| i.to_string()).collect();
    let errors = check(&nested, &format!("[{}]", many.join(",")), None);
    assert!(errors[0].contains("running out of cost budget"), "{errors:?}");
    assert_eq!(check(&nested, "[1, 2, 3]", None), Vec::<String>::new());
}

#[test]
fn faults_are_told_before_a_rule_runs() {
    let schema = r#"{"type": "object", "properties": {"a": {"type": "integer", "x-kubernetes-validations": [{"rule": "foo > 1"}, {"rule": "self > 1"}]}}}"#;
    let faults = Rules::compile(&parse(&json(schema))).faults("v");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].path, "v.properties[a].x-kubernetes-validations[0].rule");
    assert!(faults[0].detail.contains("undeclared reference to 'foo'"), "{}", faults[0]);
}

#[test]
fn rules_at_the_root_see_the_name_only() {
    let schema = r#"{"type": "object", "x-kubernetes-validations": [{"rule": "self.metadata.name == 'n' && !has(self.metadata.labels)"}]}"#;
    let rules = Rules::compile(&parse(&json(schema)));
    assert_eq!(
        rules.check(&json(r#"{"metadata": {"name": "n", "labels": {"a": "b"}}}"#), None),
        []
    );
    let errors = rules.check(&json(r#"{"metadata": {"name": "m"}}"#), None);
    assert!(
        errors[0].to_string().starts_with("<nil>: Invalid value: failed rule:"),
        "{}",
        errors[0]
    );
}

#[test]
fn hostile_rules_do_no_harm() {
    let refused = |rule: String| {
        let compiled = compile(&Rule { rule, ..Rule::default() });
        compiled.program.is_err()
    };
    assert!(refused(format!("{}1{} == 1", "(".repeat(20_000), ")".repeat(20_000))));
    assert!(refused(format!("{}1{} == 1", "[".repeat(20_000), "]".repeat(20_000))));
    assert!(refused("x".repeat(LONGEST_RULE + 1)));
    for chain in
        ["!", "-", "a.", "a+", "a[", "a?", "a&&", "(", "[", "{a:", "a(", "a ? b : ", "a.?", "[?"]
    {
        assert!(refused(chain.repeat(LONGEST_RULE / chain.len())), "{chain}");
        // These may be read or not; they must not take the process down.
        let some = chain.repeat(MOST_STEPS / chain.bytes().filter(|b| is_step(*b)).count());
        refused(format!("{some}true"));
        let closers = "])".repeat(usize::from(chain.contains('[')));
        refused(format!("{some}true{}", closers.repeat(100)));
    }
}
