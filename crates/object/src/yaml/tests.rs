use super::*;
use crate::to_json;

fn json(text: &str, dialect: Dialect) -> String {
    match from_yaml(text, dialect) {
        Ok(documents) => documents
            .iter()
            .map(|d| String::from_utf8(to_json(&d.value)).unwrap())
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => format!("error: {}", error.message),
    }
}

fn sigs(text: &str) -> String {
    json(text, Dialect::Sigs)
}

fn kyaml(text: &str) -> String {
    json(text, Dialect::Kyaml)
}

#[test]
fn the_dialects_differ_in_booleans_keys_and_times() {
    let text = "a: yes\non: n\nt: 2020-01-02";
    assert_eq!(sigs(text), r#"{"a":true,"t":"2020-01-02","true":false}"#);
    assert_eq!(kyaml(text), r#"{"a":"yes","on":"n","t":"2020-01-02T00:00:00Z"}"#);
    assert_eq!(sigs("{1: a, 1.5: b, true: c}"), r#"{"1":"a","1.5":"b","true":"c"}"#);
    assert_eq!(
        kyaml("x: {1: a}"),
        "error: 1, which is no text without quotes, cannot be a map key"
    );
}

#[test]
fn numbers_read_as_go_does() {
    assert_eq!(
        sigs("[010, 1_000, 0x1F, 0b11, 0o17, 08, 1.10, 1e3, .5, -0, 1:30, 1.0]"),
        r#"[8,1000,31,3,15,8,1.1,1000,0.5,0,"1:30",1]"#
    );
    assert_eq!(sigs("100000000000000000000000000000"), "1e+29");
}

#[test]
fn documents_know_their_line_and_empty_ones_vanish() {
    let text = "# c\n---\n---\n\na: 1\n---\n# nothing\n---\nb: 2\n...\n";
    let lines: Vec<_> = from_yaml(text, Dialect::Sigs).unwrap().iter().map(|d| d.line).collect();
    assert_eq!(lines, [5, 9]);
}

#[test]
fn values_are_written_as_go_writes_them() {
    let text = "b:\n- x\n- 'y': 1\n  z: {}\n- []\na10: 'yes'\na9: |\n  two\n  lines\n'1': \"\"\n";
    let value = from_yaml_one(text, Dialect::Sigs).unwrap();
    assert_eq!(
        to_yaml(&value),
        "\"1\": \"\"\na9: |\n  two\n  lines\na10: \"yes\"\nb:\n- x\n- \"y\": 1\n  z: {}\n- []\n"
    );
}

#[test]
fn fields_are_found_again() {
    let text = "---\nkind: A\n---\nkind: B\nspec:\n  list:\n  - a: 1\n  - a: 2\n    b: 3\n";
    let path =
        [PathStep::Key("spec"), PathStep::Key("list"), PathStep::Index(1), PathStep::Key("b")];
    assert_eq!(locate(text, 1, &path), Some(9));
    assert_eq!(locate(text, 1, &path[..2]), Some(6));
    assert_eq!(locate(text, 0, &path), None);
}

#[test]
fn texts_are_scanned_as_libyaml_does() {
    let cases = [
        // No line break at the end of the file: none in the text.
        ("a: |\n  x\n  y", r#"{"a":"x\ny"}"#),
        ("a: |+\n  x\n\n", r#"{"a":"x\n\n"}"#),
        ("a: >-\n  x\n  y\n\n  z\n", r#"{"a":"x y\nz"}"#),
        ("a: |2\n    x\n", r#"{"a":"  x\n"}"#),
        // Tabs within brackets, and JSON over several lines.
        ("a: [\n\tb,\n\tc\n]\n", r#"{"a":["b","c"]}"#),
        ("{\n\t\"a\": [1, 2],\n\t\"b\": \"\\/\\ud83d\\ude00\"\n}\n", r#"{"a":[1,2],"b":"/😀"}"#),
        // Quoted text that is not indented; an escaped line break.
        ("a: \"b\nc\"\n", r#"{"a":"b c"}"#),
        ("a: \"b\\\n  c\"\n", r#"{"a":"bc"}"#),
        ("a: 'it''s'\n", r#"{"a":"it's"}"#),
        ("x: {k: a:, l}\n", r#"{"x":{"k":"a:","l":null}}"#),
        ("a: b\n  c\n\n  d # e\n", r#"{"a":"b c\nd"}"#),
        ("\u{feff}a: 1\r\nb: |\r\n  x\r\n", r#"{"a":1,"b":"x\n"}"#),
        ("? a\n: - b\n? c\n", r#"{"a":["b"],"c":null}"#),
        ("%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n---\n!e!str 5\n", r#""5""#),
        ("- - a\n  - b\n- c\n", r#"[["a","b"],"c"]"#),
        ("a:\n- b\nc: d\n", r#"{"a":["b"],"c":"d"}"#),
        ("a: !!binary aGk=\nb: !!int \"7\"\nc: !x 1\n", r#"{"a":"hi","b":7,"c":"1"}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(sigs(text), expected, "{text:?}");
    }
}

#[test]
fn errors_have_a_place() {
    let cases = [
        ("a: 1\n b: 2\n", 2, "mapping values are not allowed in this context"),
        ("a: [1\n", 2, "did not find expected ',' or ']'"),
        ("a:\n\tb: 1\n", 2, "found character that cannot start any token"),
        ("a: 1\nb\nc: 2\n", 2, "could not find expected ':'"),
        ("a: 'x\n", 1, "found unexpected end of stream"),
        ("a: \"\\q\"\n", 1, "found unknown escape character"),
        ("a: *b\n", 1, "unknown anchor 'b' referenced"),
        ("a: 1\nb: \u{1}\n", 2, "control characters are not allowed"),
        ("%YAML 1.2\n---\na: 1\n", 1, "found incompatible YAML document"),
        ("a: !!int x\n", 1, "cannot decode !!str `x` as a !!int"),
        ("a: .nan\n", 1, "the number .nan has no form in JSON"),
        ("<<: 1\n", 1, "map merge requires map or sequence of maps as the value"),
    ];
    for (text, line, message) in cases {
        let error = from_yaml(text, Dialect::Sigs).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (line, message), "{text:?}");
    }
}

#[test]
fn anchors_and_merge_keys() {
    let base = "x: &x {a: 1, b: 2}\n";
    let merged = |rest: &str| (sigs(&format!("{base}{rest}")), kyaml(&format!("{base}{rest}")));
    let same = |w: &str| format!(r#"{{"w":{w},"x":{{"a":1,"b":2}}}}"#);
    assert_eq!(merged("w: *x\n").0, same(r#"{"a":1,"b":2}"#));
    let (sigs, kyaml) = merged("w:\n  b: 3\n  <<: *x\n");
    // go-yaml v2 merges where the key stands, v3 lets what is written win.
    assert_eq!(sigs, same(r#"{"a":1,"b":2}"#));
    assert_eq!(kyaml, same(r#"{"a":1,"b":3}"#));
    let (sigs, kyaml) = merged("w:\n  <<: [{a: 5}, *x]\n");
    assert_eq!(sigs, same(r#"{"a":5,"b":2}"#));
    assert_eq!(kyaml, same(r#"{"a":5,"b":2}"#));
}

#[test]
fn a_key_that_stands_twice() {
    assert_eq!(sigs("a: 1\nb: 0\na: 2\n"), r#"{"a":2,"b":0}"#);
    assert_eq!(kyaml("a: 1\nb: 0\na: 2\n"), "error: mapping key \"a\" already defined at line 1");
}

#[test]
fn kyaml_prints_and_reads_again() {
    assert_eq!(
        kyaml("x: {a: , b: 2020-01-01T00:00:00Z}"),
        r#"{"x":{"a":"","b":"2020-01-01T00:00:00Z"}}"#
    );
    assert_eq!(kyaml("a: >\n  b\n   c\n  d\n"), r#"{"a":"b\n\n c\nd\n"}"#);
    assert_eq!(kyaml("a: >+\n  b\n\n"), r#"{"a":"b\n\n\n"}"#);
}

#[test]
fn hostile_texts_end_in_an_error() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let message = |text: &str| from_yaml(text, Dialect::Sigs).unwrap_err().message;
    assert_eq!(message(&deep), "nested deeper than 120 levels");
    assert_eq!(message(&"- ".repeat(10_000)), "nested deeper than 120 levels");
    assert_eq!(message(&"{a: ".repeat(10_000)), "nested deeper than 120 levels");

    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        let aliases = vec![format!("*a{}", i - 1); 9].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{aliases}]\n"));
    }
    assert_eq!(message(&bomb), "document contains excessive aliasing");

    let mut ladder = String::from("a0: &a0 [x]\n");
    for i in 1..200 {
        ladder.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
    }
    assert_eq!(message(&ladder), "nested deeper than 120 levels");
    assert_eq!(message("a: &a [*a]"), "anchor 'a' value contains itself");
    assert_eq!(message("a: &a {<<: *a}"), "anchor 'a' value contains itself");
    let huge = "#".repeat(MAX_BYTES + 1);
    assert!(message(&huge).starts_with("the text has"));
}

mod properties {
    use super::*;
    use crate::{Map, from_json};
    use proptest::prelude::*;

    const TEXT: &str = "([a-c0-9 :#,'\"\\-\\n\\[\\]{}!&*?|>%@`.=~_\\\\\t\r]|yes|null|é|😀|\u{85}|\u{2028}|\u{a0}){0,12}|(word ){1,30}|\\PC{0,20}";

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>()
                .prop_filter_map("finite", |f| f.is_finite().then(|| crate::number::normal(f))),
            TEXT.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
                // The key `<<` is what Go, too, writes without quotes and reads as a merge.
                proptest::collection::vec((TEXT, inner), 0..5).prop_map(|entries| {
                    Value::Map(entries.into_iter().filter(|(k, _)| k != "<<").collect::<Map>())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(value in values()) {
            let text = to_yaml(&value);
            prop_assert_eq!(&from_yaml_one(&text, Dialect::Sigs).unwrap(), &value, "{}", text);
            prop_assert_eq!(&from_yaml_one(&text, Dialect::Kyaml).unwrap(), &value, "{}", text);
        }

        #[test]
        fn json_is_yaml(value in values()) {
            let json = String::from_utf8(to_json(&value)).unwrap();
            prop_assert_eq!(&from_json(json.as_bytes()).unwrap(), &value);
            // JSON writes DEL and C1 controls as they are, which YAML does not read, and U+0085 folds.
            prop_assume!(!json.contains(|c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')));
            prop_assume!(!json.contains("\"<<\":"));
            prop_assert_eq!(&from_yaml_one(&json, Dialect::Sigs).unwrap(), &value);
        }

        #[test]
        fn any_text_reads_or_fails(text in "([a-c:\\-?,\\[\\]{}#&*!|>'\"%@`\n\t \\\\~<]|\n  |---\n|é){0,40}") {
            for dialect in [Dialect::Sigs, Dialect::Kyaml] {
                if let Ok(documents) = from_yaml(&text, dialect) {
                    for (i, document) in documents.iter().enumerate() {
                        prop_assert!(locate(&text, i, &[]).is_some());
                        prop_assert!(document.line >= 1 && document.line <= text.lines().count() + 1);
                    }
                }
            }
        }

        /// Every member of what was printed is found again, on a line that names it.
        #[test]
        fn members_are_located(keys in proptest::collection::btree_set("[a-z]{1,6}[0-9]", 1..6)) {
            let entries = keys.iter().map(|k| (k.as_str(), Value::from(vec![Value::from("x")])));
            let text = to_yaml(&Value::Map(entries.collect()));
            for key in &keys {
                let line = locate(&text, 0, &[PathStep::Key(key)]).unwrap();
                let expected = format!("{key}:");
                prop_assert_eq!(text.lines().nth(line - 1).unwrap(), expected);
                prop_assert_eq!(
                    locate(&text, 0, &[PathStep::Key(key), PathStep::Index(0)]),
                    Some(line + 1)
                );
            }
        }
    }
}

#[test]
fn the_indented_form_is_that_of_go_yaml_3() {
    let long = "word ".repeat(30);
    let value = Value::from(crate::map! {
        "a": vec![Value::from(crate::map! {"b": 1.5e6, "c": 2.0}), Value::from(Vec::new())],
        "text": long.trim(),
    });
    let wanted = format!("a:\n  - b: 1.5e+06\n    c: 2\n  - []\ntext: {}\n", long.trim());
    assert_eq!(to_yaml_indented(&value), wanted);
}
