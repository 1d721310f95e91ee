use super::*;

fn set(json: &str) -> FieldSet {
    FieldSet::from_json(json.as_bytes()).unwrap()
}

const OWNED: &str =
    r#"{"f:a":{".":{},"f:b":{}},"f:c":{"k:{\"name\":\"x\"}":{".":{},"f:name":{}}}}"#;

#[test]
fn json_round_trips_in_canonical_order() {
    assert_eq!(set(OWNED).to_json(), OWNED);
    let ordered = r#"{"f:l":{"v:2":{},"v:10":{},"v:\"a\"":{},"i:1":{}}}"#;
    assert_eq!(set(ordered).to_json(), ordered);
    assert_eq!(FieldSet::from_fields_v1(&set(ordered).to_fields_v1()).unwrap(), set(ordered));
    assert_eq!(FieldSet::from_fields_v1(&set(OWNED).to_fields_v1()).unwrap(), set(OWNED));
}

#[test]
fn a_dot_alone_is_a_member_and_unknown_elements_are_skipped() {
    assert_eq!(set(r#"{"f:a":{".":{}}}"#), set(r#"{"f:a":{}}"#));
    assert_eq!(set(r#"{"f:a":{"z:b":{}}}"#), set(r#"{"f:a":{}}"#));
    assert!(set("null").is_empty());
}

#[test]
fn broken_sets_are_refused() {
    for text in [r#""hi""#, r#"{"f:a":1}"#, r#"{"f:a":{},}"#, r#"{"f:a":{}}{}"#, r#"{"fa":{}}"#, ""]
    {
        assert!(FieldSet::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let mut deep = Value::map();
    for _ in 0..200 {
        deep = object::map! {"f:a": deep}.into();
    }
    assert!(matches!(FieldSet::from_fields_v1(&deep), Err(FieldSetError::TooDeep)));
}

#[test]
fn a_large_set_in_the_order_of_its_text_is_read_in_no_time() {
    let text = |numbers: &mut dyn Iterator<Item = usize>| {
        let elements: Vec<String> = numbers.map(|n| format!("\"v:{n}\":{{}}")).collect();
        format!("{{{}}}", elements.join(","))
    };
    let backwards = set(&text(&mut (0..200_000).rev()));
    assert_eq!(backwards.len(), 200_000);
    assert_eq!(backwards.to_json(), text(&mut (0..200_000)));
    let twice = set(r#"{"v:1":{"f:a":{}},"v:1.0":{},"v:0":{},"v:1e0":{"f:b":{}}}"#);
    assert_eq!(twice.to_json(), r#"{"v:0":{},"v:1":{".":{},"f:b":{}}}"#);
}

#[test]
fn members_and_what_lies_below_are_apart() {
    let owned = set(OWNED);
    let path = |names: &[&str]| FieldPath::fields(names.iter().copied());
    assert!(owned.contains(&path(&["a"]).0));
    assert!(owned.contains(&path(&["a", "b"]).0));
    assert!(!owned.contains(&path(&["c"]).0));
    assert!(!owned.contains(&[]));
    assert_eq!(owned.len(), 4);
    let text: Vec<String> = owned.paths().iter().map(ToString::to_string).collect();
    assert_eq!(text, [".a", ".a.b", ".c[name=\"x\"]", ".c[name=\"x\"].name"]);
    assert_eq!(FieldSet::of(owned.paths()), owned);
}

#[test]
fn differences_keep_or_take_what_lies_below() {
    let a = set(r#"{"f:a":{".":{},"f:b":{}}}"#);
    let b = set(r#"{"f:a":{}}"#);
    assert_eq!(a.difference(&b), set(r#"{"f:a":{"f:b":{}}}"#));
    assert_eq!(a.recursive_difference(&b), FieldSet::new());
    assert_eq!(b.difference(&set(r#"{"f:a":{"f:b":{}}}"#)), b);
    assert_eq!(a.leaves(), set(r#"{"f:a":{"f:b":{}}}"#));
}

use object::Value;
use proptest::prelude::*;

fn any_set() -> impl Strategy<Value = FieldSet> {
    let element = prop_oneof![
        "[ab]".prop_map(|n| PathElement::field(&n)),
        (0..2i64).prop_map(|n| PathElement::Value(Value::Int(n))),
        "[ab]".prop_map(|n| PathElement::key([("name", n)])),
    ];
    let path = proptest::collection::vec(element, 1..4).prop_map(FieldPath);
    proptest::collection::vec(path, 0..12).prop_map(FieldSet::of)
}

proptest! {
    #[test]
    fn algebra_agrees_with_membership(a in any_set(), b in any_set()) {
        for path in a.union(&b).paths() {
            let (ina, inb) = (a.contains(&path.0), b.contains(&path.0));
            prop_assert!(ina || inb);
            prop_assert_eq!(a.intersection(&b).contains(&path.0), ina && inb);
            prop_assert_eq!(a.difference(&b).contains(&path.0), ina && !inb);
            let covered = (1..=path.0.len()).any(|n| b.contains(&path.0[..n]));
            prop_assert_eq!(a.recursive_difference(&b).contains(&path.0), ina && !covered);
        }
        let (mut less, mut least) = (a.clone(), a.clone());
        less.subtract(&b);
        least.subtract_recursively(&b);
        prop_assert_eq!(less, a.difference(&b));
        prop_assert_eq!(least, a.recursive_difference(&b));
        prop_assert_eq!(a.intersects(&b), !a.intersection(&b).is_empty());
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
        prop_assert_eq!(FieldSet::from_json(a.to_json().as_bytes()).unwrap(), a);
    }
}
