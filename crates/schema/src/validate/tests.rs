use super::*;
use crate::structural::parse;

/// The messages for a value of member `a` with the schema.
fn check_a(schema: &str, value: &str) -> Vec<String> {
    let schema = format!(r#"{{"type": "object", "properties": {{"a": {schema}}}}}"#);
    let schema = parse(&object::from_json(schema.as_bytes()).unwrap());
    let value = format!(r#"{{"a": {value}}}"#);
    let value = object::from_json(value.as_bytes()).unwrap();
    let mut errors = validate(&schema, &value);
    errors.extend(duplicates(&schema, &value));
    errors.iter().map(FieldError::to_string).collect()
}

/// `schema value => messages`, the messages taken from a real API server's validation.
#[test]
fn messages_are_those_of_a_real_server() {
    for (schema, value, expected) in [
        (r#"{"type": "integer"}"#, "1", &[][..]),
        (
            r#"{"type": "integer"}"#,
            r#""1""#,
            &[r#"a: Invalid value: "string": a in body must be of type integer: "string""#],
        ),
        (
            r#"{"type": "string"}"#,
            "null",
            &[r#"a: Invalid value: "null": a in body must be of type string: "null""#],
        ),
        (r#"{"type": "string", "nullable": true}"#, "null", &[]),
        (
            r#"{"x-kubernetes-int-or-string": true}"#,
            "true",
            &[
                r#"a: Invalid value: "boolean": a in body must be of type integer,string: "boolean""#,
            ],
        ),
        (
            r#"{"type": "integer", "minimum": 1}"#,
            "0",
            &["a: Invalid value: 0: a in body should be greater than or equal to 1"],
        ),
        (
            r#"{"type": "number", "maximum": 1.5, "exclusiveMaximum": true}"#,
            "1.5",
            &["a: Invalid value: 1.5: a in body should be less than 1.5"],
        ),
        (
            r#"{"type": "integer", "multipleOf": 5}"#,
            "7",
            &["a: Invalid value: 7: a in body should be a multiple of 5"],
        ),
        (
            r#"{"type": "string", "maxLength": 2}"#,
            r#""abc""#,
            &["a: Too long: may not be more than 2 bytes"],
        ),
        (r#"{"type": "string", "maxLength": 2}"#, r#""éé""#, &[]),
        (
            r#"{"type": "string", "minLength": 2}"#,
            r#""a""#,
            &[r#"a: Invalid value: "a": a in body should be at least 2 chars long"#],
        ),
        (
            r#"{"type": "string", "pattern": "^b"}"#,
            r#""a""#,
            &[r#"a: Invalid value: "a": a in body should match '^b'"#],
        ),
        (
            r#"{"type": "string", "enum": ["x", "y"]}"#,
            r#""z""#,
            &[r#"a: Unsupported value: "z": supported values: "x", "y""#],
        ),
        (
            r#"{"type": "array", "items": {"type": "string"}, "maxItems": 1}"#,
            r#"["x", 1]"#,
            &[
                "a: Too many: 2: must have at most 1 item",
                r#"a[1]: Invalid value: "integer": a[1] in body must be of type string: "integer""#,
            ],
        ),
        (
            r#"{"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}"#,
            "{}",
            &["a.b: Required value"],
        ),
        (
            r#"{"type": "object", "minProperties": 1}"#,
            "{}",
            &["a: Invalid value: 0: a in body should have at least 1 properties"],
        ),
        (
            r#"{"type": "object", "additionalProperties": {"type": "integer"}}"#,
            r#"{"k": "v"}"#,
            &[r#"a.k: Invalid value: "string": a.k in body must be of type integer: "string""#],
        ),
        (
            r#"{"type": "object", "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}"#,
            "{}",
            &[
                r#"<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found none valid"#,
                "a.b: Required value",
            ],
        ),
        (
            r#"{"type": "object", "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}"#,
            r#"{"b": 1, "c": 1}"#,
            &[
                r#"<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives"#,
            ],
        ),
        (
            r#"{"type": "string", "anyOf": [{"pattern": "^b"}, {"maxLength": 1}]}"#,
            r#""cc""#,
            &[
                r#"<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)"#,
                r#"a: Invalid value: "cc": a in body should match '^b'"#,
            ],
        ),
        (
            r#"{"type": "string", "not": {"enum": ["x"]}}"#,
            r#""x""#,
            &[r#"<nil>: Invalid value: "": "a" must not validate the schema (not)"#],
        ),
        (
            r#"{"type": "string", "format": "date-time"}"#,
            r#""x""#,
            &[r#"a: Invalid value: "x": a in body must be of type date-time: "x""#],
        ),
        (
            r#"{"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}"#,
            r#"["x", "y", "x", "x"]"#,
            &[r#"a[2]: Duplicate value: "x""#],
        ),
        (
            r#"{"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": {"type": "object"}}"#,
            r#"[{"k": 1, "v": 1}, {"k": 2}, {"k": 1}]"#,
            &[r#"a[2]: Duplicate value: {"k":1}"#],
        ),
    ] {
        assert_eq!(check_a(schema, value), expected, "{schema} {value}");
    }
}

#[test]
fn formats_are_checked_as_strfmt_does() {
    for (format, good, bad) in [
        ("date-time", "2024-02-29T10:00:00.5+01:00", "2023-02-29T10:00:00Z"),
        ("date", "2024-01-31", "2024-1-31"),
        ("uri", "https://a.example/b?c", "not a uri"),
        ("uri", "/path", "path"),
        ("email", "a.b@example.org", "a@"),
        ("hostname", "a-b.example", "a_b.example"),
        ("ipv4", "10.0.0.01", "10.0.0.256"),
        ("ipv6", "fe80::1", "10.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
        ("mac", "00:11:22:aa:bb:cc", "00:11:22:aa:bb"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "0-0"),
        ("uuid4", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "9b1deb4d-3b7d-1bad-9bdd-2b0d7b3dcb6d"),
        ("byte", "YWJj", "YWJ"),
        ("duration", "1h30m", "1x"),
        ("duration", "22 ns", "ns"),
        ("k8s-short-name", "a-b", "a.b"),
    ] {
        assert!(formats::fits(format, good), "{format} {good}");
        assert!(!formats::fits(format, bad), "{format} {bad}");
    }
    assert!(formats::fits("int32", "anything"));
}
