use super::*;
use crate::SmdSchema;
use object::{Dialect, from_yaml_one};
use proptest::prelude::*;

fn schema() -> SmdSchema {
    let text = r"
types:
- name: root
  map:
    fields:
    - {name: whole, type: {map: {elementType: {scalar: untyped}, elementRelationship: atomic}}}
    - {name: words, type: {list: {elementType: {scalar: string}, elementRelationship: associative}}}
    - name: items
      type:
        list:
          elementRelationship: associative
          keys: [name]
          elementType:
            map:
              fields:
              - {name: name, type: {scalar: string}}
              - {name: a, type: {scalar: numeric}}
              - {name: b, type: {scalar: numeric}}
    elementType: {scalar: numeric}
";
    SmdSchema::from_value(&from_yaml_one(text, Dialect::Sigs).unwrap()).unwrap()
}

fn any_object() -> impl Strategy<Value = Value> {
    let number = || proptest::option::of((0..3i64).prop_map(Value::Int));
    let item = ("[abcd]", number(), number()).prop_map(|(name, a, b)| {
        let mut item = object::map! {"name": name};
        a.map(|a| item.insert("a", a));
        b.map(|b| item.insert("b", b));
        Value::Map(item)
    });
    let distinct = |items: Vec<Value>| {
        let mut seen = std::collections::BTreeSet::new();
        items
            .into_iter()
            .filter(|i| seen.insert(object::to_json(i.get("name").unwrap_or(i))))
            .collect::<Vec<_>>()
    };
    let items = proptest::collection::vec(item, 0..5).prop_map(distinct);
    let words = proptest::collection::vec("[abcd]".prop_map(Value::from), 0..4);
    let whole = proptest::option::of((0..2i64).prop_map(|n| object::map! {"x": n}));
    (items, words.prop_map(distinct), whole, number()).prop_map(|(items, words, whole, more)| {
        let mut root = object::map! {"items": items, "words": words};
        whole.map(|w| root.insert("whole", w));
        more.map(|m| root.insert("more", m));
        Value::Map(root)
    })
}

proptest! {
    /// Nothing is lost, the applied values win, and applying once more changes nothing.
    #[test]
    fn merge_keeps_both_and_settles(live in any_object(), applied in any_object()) {
        let schema = schema();
        let t = TypeRef::named(&schema, "root").unwrap();
        let merged = merge(&live, &applied, t).unwrap();
        validate(&merged, t, Duplicates::Refused).unwrap();
        let (fields, before) = (to_field_set(&merged, t).unwrap(), to_field_set(&live, t).unwrap());
        let said = to_field_set(&applied, t).unwrap();
        prop_assert_eq!(&before.union(&said), &fields);
        prop_assert_eq!(compare(&merged, &merged, t).unwrap(), Comparison::default());
        prop_assert_eq!(&merge(&merged, &applied, t).unwrap(), &merged);
        // What the apply did not say is what it was.
        let change = compare(&live, &merged, t).unwrap();
        prop_assert!(change.removed.is_empty());
        prop_assert!(change.modified.union(&change.added).leaves().difference(&said).is_empty());
    }

    /// The comparison says just how to come from one value to the other.
    #[test]
    fn comparison_covers_every_difference(a in any_object(), b in any_object()) {
        let schema = schema();
        let t = TypeRef::named(&schema, "root").unwrap();
        let (there, back) = (compare(&a, &b, t).unwrap(), compare(&b, &a, t).unwrap());
        prop_assert_eq!(&there.added, &back.removed);
        prop_assert_eq!(&there.modified, &back.modified);
        let without = remove_items(a.clone(), &there.removed, t);
        let again = merge(&without, &b, t).unwrap();
        let left = compare(&again, &b, t).unwrap();
        prop_assert!(left.added.is_empty() && left.modified.is_empty(), "{:?}", left);
    }
}

#[test]
fn faults_name_their_path_as_the_api_server_does() {
    let schema = schema();
    let t = TypeRef::named(&schema, "root").unwrap();
    let check = |yaml: &str| {
        let value = from_yaml_one(yaml, Dialect::Sigs).unwrap();
        validate(&value, t, Duplicates::Refused).unwrap_err().to_string()
    };
    assert_eq!(
        check("items: [{name: x, c: 1}]"),
        ".items[name=\"x\"].c: field not declared in schema"
    );
    assert_eq!(
        check("items: [{name: x, a: one}]"),
        ".items[name=\"x\"].a: expected numeric (int or float), got string"
    );
    assert_eq!(check("words: [a, a]"), ".words: duplicate entries for key [=\"a\"]");
    assert_eq!(
        check("{more: x, most: z}"),
        "errors:\n  .more: expected numeric (int or float), got string\n  \
         .most: expected numeric (int or float), got string"
    );
}
