use super::{SubstituteError, expand};
use std::collections::BTreeMap;

fn vars() -> BTreeMap<String, String> {
    [("a", "value"), ("empty", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

#[test]
fn escapes_and_defaults() {
    let check = |text: &str, expected: &str| {
        assert_eq!(expand(text, &vars(), false).unwrap(), expected, "{text}");
    };
    check("$${a} $a ${a}$", "${a} $a value$");
    check("${x:-${empty:=${a}}}", "value");
    check("${a/v/${empty}}", "alue");
    check("é ${a:1:2} ${a: -2}", "é al value");
}

#[test]
fn strict_wants_every_variable() {
    let error = expand("${x}", &vars(), true).unwrap_err();
    assert_eq!(error, SubstituteError::Unset("x".to_owned()));
    assert_eq!(expand("${x:=1}${empty}", &vars(), true).unwrap(), "1");
}

#[test]
fn work_is_bounded() {
    assert!(expand(&"${a:-".repeat(1000), &vars(), false).is_err());
    let long = [("l".to_owned(), "x".repeat(1 << 20))].into();
    assert!(matches!(expand("${l##*a*b*c}", &long, false), Err(SubstituteError::Limit(_))));
    assert!(matches!(
        expand(&format!("${{l//x/{}}}", "y".repeat(1 << 20)), &long, false),
        Err(SubstituteError::Limit(_))
    ));
}
