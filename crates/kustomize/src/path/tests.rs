use super::{get, visit};
use crate::fieldspec::split_field_path;
use crate::node::{Kind, Node, Tag, resources};

const TEXT: &str = "spec:\n  list:\n  - name: a\n    v: 1\n  - name: b\n    v: 2\n  texts: [x, y]\n  yaml: |\n    in: 1\n";

fn node() -> Node {
    resources(TEXT).unwrap().remove(0).node
}

#[test]
fn finds_one_place() {
    let root = node();
    for (path, expected) in [
        ("spec.list.[name=b].v", Some("2")),
        ("spec.list.0.name", Some("a")),
        ("spec.texts.-", Some("y")),
        ("spec.texts.[=x]", Some("x")),
        ("spec.list.[name=c].v", None),
        ("spec.list.7", None),
        ("spec.nothing.at.all", None),
    ] {
        let found = get(&root, &split_field_path(path)).unwrap().map(Node::text);
        assert_eq!(found, expected, "{path}");
    }
    for path in
        ["spec.list.*.name", "spec.list.name", "spec.[name=a]", "spec.list.-1", "spec.list.[a]"]
    {
        assert!(get(&root, &split_field_path(path)).is_err(), "{path}");
    }
}

fn set(path: &str, create: Option<Kind>) -> Result<(usize, String), String> {
    let mut root = node();
    let mut write =
        |node: &mut Node| node.set_scalar("new", Tag::Str).map_err(|k| k.name().to_owned());
    let found = visit(&mut root, &split_field_path(path), create, &mut write)?;
    Ok((found, root.to_text()))
}

#[test]
fn visits_many_and_creates() {
    let (found, text) = set("spec.list.*.v", None).unwrap();
    assert_eq!(found, 2);
    assert_eq!(text.matches("v: new").count(), 2);
    let (found, _) = set("spec.missing.x", None).unwrap();
    assert_eq!(found, 0);
    let (found, text) = set("spec.made.[name=q].v", Some(Kind::Scalar)).unwrap();
    assert_eq!(found, 1);
    assert!(text.contains("made:\n  - name: q\n    v: new"), "{text}");
    // An element that its own pattern does not match is made once and not for ever.
    assert_eq!(set("spec.list.[name=a+b].v", Some(Kind::Scalar)).unwrap().0, 0);
    assert!(set("spec.list.[name=(].v", None).is_err());
}
