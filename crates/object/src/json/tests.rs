use super::*;
use crate::map;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn text(json: &str) -> String {
    String::from_utf8(to_json(&from_json(json.as_bytes()).unwrap())).unwrap()
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    let cases = [
        ("1.0", "1"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("0.00001", "0.00001"),
        ("1e-7", "1e-7"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551615", "18446744073709552000"),
        ("123456789.125", "123456789.125"),
        ("82283537200336.125", "82283537200336.12"),
        ("7403454.1701800395", "7403454.1701800395"),
        ("1.1775730320400813e-9", "1.1775730320400813e-9"),
    ];
    for (input, expected) in cases {
        assert_eq!(text(input), expected, "{input}");
    }
}

#[test]
fn escapes_are_gos() {
    let value = Value::from("<a href=\"x\">&\u{2028}\u{2029}\u{1}\u{8}\n\u{7f}é😀\\");
    assert_eq!(
        String::from_utf8(to_json(&value)).unwrap(),
        "\"<a href=\\\"x\\\">&\\u2028\\u2029\\u0001\\b\\n\u{7f}é😀\\\\\""
    );
    assert_eq!(
        String::from_utf8(to_json_html(&Value::from("<>&"))).unwrap(),
        r#""\u003c\u003e\u0026""#
    );
    let nested = Value::Map(map! {"a": vec![Value::Int(1)], "b": Value::map(), "c": Vec::new()});
    assert_eq!(
        String::from_utf8(to_json_indented(&nested, "  ")).unwrap(),
        "{\n  \"a\": [\n    1\n  ],\n  \"b\": {},\n  \"c\": []\n}"
    );
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    replicas: Option<i32>,
    #[serde(default)]
    images: Vec<Image>,
    mode: Mode,
    weight: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Image {
    name: String,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Mode {
    Once,
    Every(u32),
}

#[test]
fn structs_come_out_of_values_directly() {
    let value = from_json(
        br#"{"replicas": null, "images": [{"name": "a"}], "mode": {"Every": 5}, "weight": 1}"#,
    );
    let spec: Spec = from_value(&value.unwrap()).unwrap();
    let image = Image { name: "a".into() };
    assert_eq!(
        spec,
        Spec { replicas: None, images: vec![image], mode: Mode::Every(5), weight: 1.0 }
    );
    let once: Mode = from_value(&Value::from("Once")).unwrap();
    assert_eq!(once, Mode::Once);
}

#[test]
fn a_wrong_type_names_the_field() {
    let value =
        from_json(br#"{"images": [{"name": "a"}, {"name": 5}], "mode": "Once", "weight": 1}"#);
    let error = from_value::<Spec>(&value.unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "images[1].name: invalid type: integer `5`, expected a string");
}

#[derive(Serialize)]
enum Shape {
    Unit,
    One(u8),
    Two(i8, f32),
    Named { a: Option<char>, b: Vec<u64> },
}

#[derive(Serialize)]
struct Everything<'a> {
    z: &'a str,
    shapes: Vec<Shape>,
    #[serde(rename = "by-number")]
    by_number: BTreeMap<i32, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<i64>,
    floats: (f64, f64, f64),
    nested: Value,
}

#[test]
fn values_come_out_of_structs_as_their_json_would() {
    let typed = Everything {
        z: "text",
        shapes: vec![
            Shape::Unit,
            Shape::One(1),
            Shape::Two(-2, 0.1),
            Shape::Named { a: Some('x'), b: vec![u64::MAX, 3] },
        ],
        by_number: BTreeMap::from([(10, true), (9, false)]),
        absent: None,
        floats: (1.0, 1.5, f64::NAN),
        nested: Value::Map(map! {"k": vec![Value::Null]}),
    };
    let direct = to_value(&typed).unwrap();
    assert_eq!(direct, from_json(&serde_json::to_vec(&typed).unwrap()).unwrap());
    assert_eq!(direct.at(["by-number", "9"]), Some(&Value::Bool(false)));
    assert!(to_value(&BTreeMap::from([(vec![1], 1)])).is_err());
}
