use super::*;

#[test]
fn values_stay_small() {
    assert!(size_of::<Value>() <= 24, "{}", size_of::<Value>());
    assert!(size_of::<Option<Value>>() <= 24);
}

#[test]
fn deep_values_are_dropped_without_overflow() {
    let mut value = Value::Nil;
    for i in 0..1_000_000 {
        let one = vec![value];
        value = if i % 2 == 0 {
            Value::list(one)
        } else {
            Value::map(Entries::from_iter(one.into_iter().map(|v| ("k", v))))
        };
    }
    assert!(value.to_object().is_err());
}

#[test]
fn clones_of_a_map_are_the_same_map() {
    let value = Value::map(Entries::new());
    let clone = value.clone();
    clone.as_map().unwrap().insert("k", Value::int(1));
    assert_eq!(format!("{value:?}"), r#"map[string]interface {}{"k":1}"#);
}

#[test]
fn types_print_and_assign_as_gos() {
    let values = Value::from(Map::named("common.Values", Entries::new()));
    assert_eq!(values.type_name(), "common.Values");
    assert!(values.go_type().unwrap().assignable_to(Type::DICT));
    assert!(!Value::strings(["a"]).go_type().unwrap().assignable_to(Type::LIST));
    assert_eq!(Value::strings(["a"]).type_name(), "[]string");
    assert_eq!(Value::Nil.type_name(), "<nil>");
}

#[test]
fn cycles_are_freed() {
    let weak = contained(|| {
        let value = Value::map(Entries::new());
        let map = value.as_map().unwrap();
        map.insert("self", value.clone());
        map.insert("list", Value::list(vec![value.clone()]));
        Rc::downgrade(map)
    });
    assert!(weak.upgrade().is_none());
}
