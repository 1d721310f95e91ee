use super::*;

#[test]
fn a_reference_overrides_the_relationship_of_its_type() {
    let schema = object::from_yaml_one(
        r"
types:
- name: root
  map:
    fields:
    - {name: whole, type: {namedType: color, elementRelationship: atomic}}
    - {name: parts, type: {namedType: color}}
- name: color
  map: {elementType: {scalar: numeric}}
",
        object::Dialect::Sigs,
    )
    .unwrap();
    let schema = SmdSchema::from_value(&schema).unwrap();
    let root = TypeRef::named(&schema, "root").unwrap().resolve().unwrap().map.unwrap();
    let atomic = |name: &str| root.field(name).unwrap().resolve().unwrap().map.unwrap().is_atomic();
    assert!(atomic("whole"));
    assert!(!atomic("parts"));
    assert!(root.member("unknown").is_nothing());
    assert!(TypeRef::named(&schema, "none").is_none());
}

#[test]
fn unknown_words_are_refused_with_their_place() {
    let schema = object::from_yaml_one(
        "types: [{name: a, map: {elementRelationship: loose}}]",
        object::Dialect::Sigs,
    );
    let error = SmdSchema::from_value(&schema.unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "structured-merge-diff schema: a.map: unknown element relationship \"loose\""
    );
}

#[test]
fn built_in_kinds_have_the_lists_the_api_server_merges() {
    let schema = schema::builtin::schema("apps", "v1", "Deployment").unwrap();
    let at = |path: &[&str]| {
        path.iter().fold(TypeRef::object(schema), |t, name| {
            let atom = t.resolve().unwrap();
            match (*name, atom.map) {
                ("*", _) => atom.list.unwrap().element,
                (name, Some(map)) => map.member(name),
                _ => panic!("{path:?}"),
            }
        })
    };
    let list = |path: &[&str]| at(path).resolve().unwrap().list.unwrap();
    let pod = ["spec", "template", "spec"];
    let in_pod = |names: &[&'static str]| [&pod[..], names].concat();
    assert_eq!(list(&in_pod(&["containers"])).keys, ["name"]);
    assert_eq!(list(&in_pod(&["containers", "*", "ports"])).keys, ["containerPort", "protocol"]);
    assert!(list(&in_pod(&["containers", "*", "args"])).is_atomic());
    assert!(at(&["spec", "selector"]).resolve().unwrap().map.unwrap().is_atomic());
    assert!(!at(&["metadata", "labels"]).resolve().unwrap().map.unwrap().is_atomic());
    let finalizers = list(&["metadata", "finalizers"]);
    assert!(!finalizers.is_atomic() && finalizers.keys.is_empty());
    let quantity = in_pod(&["containers", "*", "resources", "limits", "cpu"]);
    assert_eq!(at(&quantity).resolve().unwrap().scalar, Some(Scalar::Untyped));
    let ports =
        list(&in_pod(&["containers", "*", "ports"])).element.resolve().unwrap().map.unwrap();
    assert_eq!(ports.default_of("protocol"), Some(&Value::from("TCP")));
}
