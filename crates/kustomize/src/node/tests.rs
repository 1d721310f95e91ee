use super::{Node, resources};
use object::{Dialect, Value};
use proptest::prelude::*;

fn one(text: &str) -> Node {
    resources(text).unwrap().remove(0).node
}

#[test]
fn splits_documents_where_kyaml_does() {
    let lines =
        |text: &str| -> Vec<usize> { resources(text).unwrap().iter().map(|d| d.line).collect() };
    assert_eq!(lines("a: 1\n---\nb: 2\n--- # note\n\nc: 3\n"), [1, 3, 6]);
    assert_eq!(lines("---\n---\n\n---\na: 1\n---\n---\nb: 1\n"), [5, 8]);
    assert_eq!(resources("a: 1\n--- b\nc: 1\n").unwrap_err().line, 2);
    assert_eq!(resources("a: 1\r\n---\r\nb: ]\r\n").unwrap_err().line, 3);
}

#[test]
fn resolves_anchors_and_merge_keys() {
    let node = one("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{a: 9}, *x]}\n");
    let value = node.to_value().unwrap();
    assert_eq!(value.at(["y", "b"]), Some(&Value::Int(3)));
    assert_eq!(value.at(["z", "a"]), Some(&Value::Int(9)));
    assert_eq!(value.at(["z", "b"]), Some(&Value::Int(2)));
    assert!(resources("a: &a [*a]\n").is_err());
}

#[test]
fn bombs_do_not_go_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{aliases}]\n"));
    }
    assert!(resources(&text).unwrap_err().message.contains("aliases"));
    assert!(resources(&format!("a: {}", "[".repeat(100_000))).is_err());
}

#[test]
fn says_which_key_is_wrong() {
    let error = one("spec: {ports: [{a: 1, a: 2}]}\n").to_value().unwrap_err();
    assert_eq!(
        (error.field().as_str(), error.message.contains("'a' stands twice")),
        ("spec.ports[0]", true)
    );
    assert!(one("spec: {1: 2}\n").to_value().unwrap_err().message.contains("quote it"));
    assert!(one("spec: .inf\n").to_value().is_err());
}

#[test]
fn prints_in_the_order_and_style_of_the_source() {
    for text in [
        "b: 1\na: \"2\"\nlist:\n- x: 'y'\n  z: [1, {q: r}]\n- - 1\n  - 2\n",
        "text: |-\n  line\n    indented\nfolded: plain words\nempty: {}\nnull:\n",
    ] {
        assert_eq!(one(text).to_text(), text);
    }
}

proptest! {
    /// What a node says is what the shared reader reads, and printing it changes nothing.
    #[test]
    fn agrees_with_the_shared_reader(text in "([a-c]: ([0-9.+xe-]{0,6}|[a-z ]{0,6}|\"[a-z0-9]{0,3}\"|~|true)\n){1,4}") {
        let shared = object::from_yaml_one(&text, Dialect::Kyaml);
        let own = resources(&text);
        match (shared, own) {
            (Ok(value), Ok(documents)) if !documents.is_empty() => {
                let node = &documents[0].node;
                prop_assert_eq!(node.to_value().unwrap(), value.clone());
                prop_assert_eq!(one(&node.to_text()).to_value().unwrap(), value.clone());
                prop_assert_eq!(Node::from_value(&value).to_value().unwrap(), value);
            }
            (Err(_), Ok(documents)) if !documents.is_empty() => {
                // Duplicate keys and infinite numbers are found later here.
                prop_assert!(documents[0].node.to_value().is_err());
            }
            (Ok(_), Err(error)) => prop_assert!(false, "{error:?}"),
            _ => {}
        }
    }
}
