use super::read::any;

fn error(text: &str) -> String {
    match any(text) {
        Ok((_, complaint)) => complaint.unwrap(),
        Err(error) => error,
    }
}

#[test]
fn texts_are_read() {
    let value = any(r#" {"a": [1, -2.5e3, "\u00e9\ud83d\ude00\ud800"], "b": null, "a2": true} "#)
        .unwrap()
        .0;
    let map = value.as_map().unwrap();
    assert!(map.get("b").unwrap().is_nil());
    let list = map.get("a").unwrap();
    assert_eq!(list.as_list().unwrap().get(2).unwrap().as_text().unwrap(), "é😀\u{fffd}");
}

#[test]
fn faults_have_gos_words() {
    for (text, wanted) in [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("{a", "invalid character 'a' looking for beginning of object key string"),
        ("[1 2]", "invalid character '2' after array element"),
        ("{\"a\":1 \"b\"", "invalid character '\"' after object key:value pair"),
        ("nul ", "invalid character ' ' in literal null (expecting 'l')"),
        ("nul", "invalid character ' ' in literal null (expecting 'l')"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("01", "invalid character '1' after top-level value"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("\"a\nb\"", r"invalid character '\n' in string literal"),
        ("1e999", "json: cannot unmarshal number 1e999 into Go value of type float64"),
    ] {
        assert_eq!(error(text), wanted, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    assert_eq!(error(&"[".repeat(100_000)), "exceeded max depth");
}
