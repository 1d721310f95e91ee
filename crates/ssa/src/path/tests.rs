use super::*;

#[test]
fn elements_print_what_they_were_read_from() {
    for text in
        ["f:spec", "f: with spaces ", "k:{\"name\":\"web\"}", "v:1234", "v:\"a\"", "v:-0", "i:7"]
    {
        assert_eq!(PathElement::parse(text).unwrap().to_text(), text);
    }
}

#[test]
fn key_fields_are_sorted_and_numbers_lose_their_form() {
    let element = PathElement::parse("k: {\"b\":1e3,\"a\":true} ").unwrap();
    assert_eq!(element.to_text(), "k:{\"a\":true,\"b\":1000}");
    assert_eq!(element.to_string(), "[a=true,b=1000]");
    assert_eq!(element, PathElement::key([("a", Value::Bool(true)), ("b", Value::Float(1000.0))]));
}

#[test]
fn numbers_compare_whatever_their_form() {
    assert_eq!(PathElement::parse("v:1").unwrap(), PathElement::Value(Value::Float(1.0)));
    assert!(PathElement::parse("v:1.5").unwrap() < PathElement::parse("v:2").unwrap());
    assert!(PathElement::parse("v:9").unwrap() < PathElement::parse("v:\"1\"").unwrap());
}

#[test]
fn broken_elements_name_their_fault() {
    assert_eq!(PathElement::parse("v"), Err(PathError::TooShort("v".into())));
    assert_eq!(PathElement::parse("spec"), Err(PathError::NoColon("spec".into())));
    assert_eq!(PathElement::parse("x:y"), Err(PathError::UnknownType));
    assert!(matches!(PathElement::parse("i:1.5"), Err(PathError::Index(_))));
    assert!(matches!(PathElement::parse("k:{\"a\":1} x"), Err(PathError::Json(_))));
    assert!(matches!(PathElement::parse("k:[1]"), Err(PathError::Key(_))));
}

#[test]
fn display_quotes_like_go() {
    let element = PathElement::Value(Value::from("a\n\"é\u{7f}\u{200b}🚀नमस्ते"));
    assert_eq!(element.to_string(), "[=\"a\\n\\\"é\\x7f\\u200b🚀नमस्ते\"]");
    assert_eq!(PathElement::Value(Value::Float(1e21)).to_string(), "[=1e+21]");
    assert_eq!(PathElement::Value(Value::Float(1.5e-7)).to_text(), "v:1.5e-07");
    assert_eq!(PathElement::Value(Value::from("<a>")).to_text(), "v:\"\\u003ca\\u003e\"");
}

#[test]
fn numbers_of_a_set_are_floats_to_go() {
    let parse = |text: &str| PathElement::parse(text).unwrap();
    assert_eq!(parse("k:{\"port\":1000000}").to_string(), "[port=1e+06]");
    assert_eq!(parse("k:{\"port\":8080}").to_string(), "[port=8080]");
    assert_eq!(parse("v:90071992654740993").to_text(), "v:90071992654741000");
    assert_eq!(parse("v:0.000125").to_text(), "v:0.000125");
    assert_eq!(parse("v:0.00001").to_string(), "[=1e-05]");
    assert_eq!(parse("v:12.5").to_text(), "v:12.5");
    assert_eq!(parse("k:{\"a\":1,\"a\":2}").to_text(), "k:{\"a\":1,\"a\":2}");
    assert_eq!(parse("v:\"a\\ud800b\\ud83d\\ude80\"").to_text(), "v:\"a\u{fffd}b\u{1f680}\"");
}
