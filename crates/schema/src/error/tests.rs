use super::*;
use object::map;

#[test]
fn messages_are_those_of_a_real_server() {
    let shown = |e: FieldError| e.to_string();
    assert_eq!(shown(FieldError::required("spec.selector", "")), "spec.selector: Required value");
    assert_eq!(
        shown(FieldError::invalid("spec.x", "a\"b", "no")),
        r#"spec.x: Invalid value: "a\"b": no"#
    );
    assert_eq!(shown(FieldError::invalid("spec.n", 1.5, "no")), "spec.n: Invalid value: 1.5: no");
    assert_eq!(
        shown(FieldError::invalid("spec.n", 1e21, "no")),
        "spec.n: Invalid value: 1e+21: no"
    );
    assert_eq!(
        shown(FieldError::duplicate("l[1]", map! {"name": "<a>"})),
        r#"l[1]: Duplicate value: {"name":"\u003ca\u003e"}"#
    );
    assert_eq!(
        shown(FieldError::not_supported("t", "x", ["A", "B"])),
        r#"t: Unsupported value: "x": supported values: "A", "B""#
    );
    assert_eq!(shown(FieldError::too_long("t", 1)), "t: Too long: may not be more than 1 byte");
    assert_eq!(shown(FieldError::too_many("t", 3, 2)), "t: Too many: 3: must have at most 2 items");
}

#[test]
fn several_errors_are_one_message_with_equal_ones_once() {
    let error = || FieldError::forbidden("a", "no");
    assert_eq!(aggregate(&[error(), error()]), "a: Forbidden: no");
    let other = FieldError::required("b", "");
    assert_eq!(aggregate(&[error(), other, error()]), "[a: Forbidden: no, b: Required value]");
}

#[test]
fn quoting_is_gos() {
    assert_eq!(go_quote("a\tb\u{1}\u{7f}é\u{200b}"), r#""a\tb\x01\x7fé\u200b""#);
}
