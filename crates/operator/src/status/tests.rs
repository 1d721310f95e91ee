use super::merge_patch_between;
use object::{Value, from_json};

fn patch(before: &str, after: &str) -> Option<String> {
    let read = |text: &str| from_json(text.as_bytes()).unwrap();
    merge_patch_between(&read(before), &read(after))
        .map(|p| String::from_utf8(object::to_json(&p)).unwrap())
}

#[test]
fn only_what_changed_is_written_and_what_went_is_null() {
    let before = r#"{"conditions":[1],"gone":true,"same":{"a":1},"deep":{"x":1,"y":2}}"#;
    let after = r#"{"conditions":[2],"same":{"a":1},"deep":{"x":1,"y":3},"new":"n"}"#;
    assert_eq!(
        patch(before, after).as_deref(),
        Some(r#"{"conditions":[2],"deep":{"y":3},"gone":null,"new":"n"}"#)
    );
}

#[test]
fn equal_statuses_write_nothing() {
    assert_eq!(patch(r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":2}]}"#), None);
    assert_eq!(merge_patch_between(&Value::Null, &Value::Null), None);
}
