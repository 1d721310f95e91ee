use super::{CREATE_MAP, FieldSpec, split_field_path, split_path};
use crate::node::{Node, resources};

#[test]
fn splits_paths() {
    assert_eq!(split_path("/a/b\\/c/d", '/'), ["a", "b/c", "d"]);
    assert_eq!(split_field_path("a.[name=x.y].[p.q/r].z"), ["a", "[name=x.y]", "p.q/r", "z"]);
    assert_eq!(split_field_path("a\\.b.c"), ["a.b", "c"]);
}

fn apply(path: &str, create: bool, text: &str) -> Result<String, String> {
    let mut node = resources(text).unwrap().remove(0).node;
    let spec = FieldSpec::anywhere(path, create);
    spec.apply(&mut node, CREATE_MAP, &mut |node| {
        node.make_map().set_field("k", Node::string("v"));
        Ok(())
    })?;
    Ok(node.to_text())
}

#[test]
fn creates_maps_but_no_lists() {
    assert_eq!(apply("a/b", true, "a:\n").unwrap(), "a:\n  b:\n    k: v\n");
    assert_eq!(apply("a/b", false, "a: {}\n").unwrap(), "a: {}\n");
    assert_eq!(apply("a[]/b", true, "x: 1\n").unwrap(), "x: 1\n");
    assert_eq!(
        apply("a/b", true, "a: [{}, {b: {}}]\n").unwrap(),
        "a: [{b: {k: v}}, {b: {k: v}}]\n"
    );
    assert!(apply("a/b", true, "a: text\n").is_err());
}
