use super::*;
use crate::value::{Entries, Value};

#[track_caller]
fn check(format: &str, args: &[Value], expected: &str) {
    assert_eq!(sprintf(format, args).to_string_lossy(), expected, "{format}");
}

#[test]
fn verbs() {
    check("%d|%5d|%-5d|%05d|%+d", &[1, 2, 3, 4, 5].map(Value::int), "1|    2|3    |00004|+5");
    check("%s %q %x", &["a".into(), "b\n".into(), "hi".into()], r#"a "b\n" 6869"#);
    check("%v %v %v", &[1e6.into(), 0.1.into(), 123456.0.into()], "1e+06 0.1 123456");
    check("%d", &["x".into()], "%!d(string=x)");
    check("%d", &[], "%!d(MISSING)");
    check("%", &[], "%!(NOVERB)");
    check("x", &[Value::int(1), Value::Nil], "x%!(EXTRA int=1, <nil>)");
    check("%[2]d %[1]d", &[Value::int(1), Value::int(2)], "2 1");
    check("%[3]d", &[Value::int(1)], "%!d(BADINDEX)");
    check("%6.2f|%e|%g", &[2.25159.into(), 1.5.into(), 1e21.into()], "  2.25|1.500000e+00|1e+21");
    check("%t %v", &[true.into(), Value::Nil], "true <nil>");
    check("%U %#U %c", &[65, 65, 66].map(Value::int), "U+0041 U+0041 'A' B");
    check("%#x %X %o %b %O", &[255, 255, 8, 5, 8].map(Value::int), "0xff FF 10 101 0o10");
}

#[test]
fn nested_values() {
    let map = Value::map(Entries::from_iter([("b", Value::Nil), ("a", 1.5.into())]));
    let list = Value::list(vec![map, "x".into(), Value::strings(["p", "q"])]);
    check("%v", std::slice::from_ref(&list), "[map[a:1.5 b:<nil>] x [p q]]");
    check(
        "%#v",
        &[list],
        r#"[]interface {}{map[string]interface {}{"a":1.5, "b":interface {}(nil)}, "x", []string{"p", "q"}}"#,
    );
}

#[test]
fn a_map_that_contains_itself_is_cut() {
    let map = std::rc::Rc::new(crate::value::Map::new(crate::value::Type::Any, Entries::new()));
    map.insert("self", Value::Map(std::rc::Rc::clone(&map)));
    let text = display(&Value::Map(std::rc::Rc::clone(&map)));
    assert!(text.to_string_lossy().contains("cut"), "{}", text.len());
    map.remove("self");
}
