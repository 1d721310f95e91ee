//! Bodies as Go clients write them.
use super::wire::bytes;
use super::*;

#[test]
fn a_config_map() {
    // ObjectMeta: name, generateName "", namespace, and an empty creationTimestamp as Go always sends it.
    let mut meta = bytes(1, b"a");
    meta.extend(bytes(2, b""));
    meta.extend(bytes(3, b"default"));
    meta.extend(bytes(8, b""));
    let mut entry = bytes(1, b"x");
    entry.extend(bytes(2, b"y"));
    let mut raw = bytes(1, &meta);
    raw.extend(bytes(2, &entry));
    let value = decode(&envelope("v1", "ConfigMap", &raw)).unwrap();
    let expected = r#"{"apiVersion":"v1","data":{"x":"y"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"default"}}"#;
    assert_eq!(String::from_utf8(object::to_json(&value)).unwrap(), expected);
}

#[test]
fn embedded_structs_and_wrapped_values() {
    // Volume{name, volumeSource{configMap{localObjectReference{name}}}}
    let source = bytes(19, &bytes(1, &bytes(1, b"cm")));
    let mut volume = bytes(1, b"v");
    volume.extend(bytes(2, &source));
    // Container{name, resources{limits{cpu: 1}}}
    let mut limit = bytes(1, b"cpu");
    limit.extend(bytes(2, &bytes(1, b"100m")));
    let mut container = bytes(1, b"c");
    container.extend(bytes(8, &bytes(1, &limit)));
    let mut spec = bytes(1, &volume);
    spec.extend(bytes(2, &container));
    let value = decode(&envelope("v1", "Pod", &bytes(2, &spec))).unwrap();
    let text = String::from_utf8(object::to_json(&value)).unwrap();
    assert!(text.contains(r#""volumes":[{"configMap":{"name":"cm"},"name":"v"}]"#), "{text}");
    assert!(text.contains(r#""resources":{"limits":{"cpu":"100m"}}"#), "{text}");
}

#[test]
fn malformed_bytes_are_refused() {
    assert_eq!(decode(b"{}"), Err(ProtobufError::Magic));
    let cut = envelope("v1", "Pod", &[0x0a, 0xff]);
    assert_eq!(decode(&cut), Err(ProtobufError::Wire(WireError::End)));
    let other = envelope("example.org/v1", "Widget", &[]);
    assert!(matches!(decode(&other), Err(ProtobufError::Kind { .. })));
    // A schema of a schema of a schema: nesting is bounded.
    let mut deep = Vec::new();
    for _ in 0..200 {
        deep = bytes(2, &bytes(1, &deep));
    }
    assert!(decode(&envelope("v1", "Pod", &deep)).is_ok(), "unknown nesting is skipped");
}
