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
