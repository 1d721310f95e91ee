use super::*;

fn ask(text: &str, json: &str) -> Result<bool, ExpressionError> {
    let object = object::from_json(json.as_bytes()).unwrap();
    let variables: Vec<(&str, &Value)> = object.as_map().unwrap().iter().collect();
    Expression::compile(text)?.is_true(&variables)
}

#[test]
fn users_expressions_work() {
    let object = r#"{"status":{"conditions":[{"type":"Ready","status":"True"}],"n":3},"metadata":{"name":"Ab"}}"#;
    for text in [
        "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
        "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')",
        "has(status.n) && status.n >= 3",
        "!has(status.m)",
        "status.?m.orValue(7) == 7",
        "metadata.name.lowerAscii() == 'ab'",
        "base64.encode(b'hi') == 'aGk='",
        "status.n > 2.5",
    ] {
        assert_eq!(ask(text, object), Ok(true), "{text}");
    }
}

#[test]
fn errors_name_the_expression() {
    assert!(matches!(ask("a ==", "{}"), Err(ExpressionError::Syntax { .. })));
    assert!(
        matches!(ask("status.x", "{}"), Err(ExpressionError::Undeclared { name, .. }) if name == "status")
    );
    assert!(matches!(
        ask("status.x == 1", r#"{"status":{}}"#),
        Err(ExpressionError::Evaluation { .. })
    ));
    assert!(
        matches!(ask("1 + 1", "{}"), Err(ExpressionError::NotBoolean { found, .. }) if found == "int")
    );
}

#[test]
fn bombs_are_refused() {
    let deep = format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert!(Expression::compile(&deep).is_err());
    let long = format!("'{}' == ''", "x".repeat(LONGEST));
    assert_eq!(Expression::compile(&long).unwrap_err(), ExpressionError::TooLong(long.len()));
}
