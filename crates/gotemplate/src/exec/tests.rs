use crate::{Entries, Functions, Limits, NoEnv, Options, Set, Signature, Type, Value};
use std::sync::Arc;

fn run(text: &str, data: &Value) -> Result<String, String> {
    run_with(text, data, Limits::default())
}

fn run_with(text: &str, data: &Value, limits: Limits) -> Result<String, String> {
    let options = Options { limits, ..Options::new(Arc::new(Functions::builtin())) };
    let mut set = Set::new(options);
    set.parse("t", text).map_err(|e| e.to_string())?;
    set.execute("t", data, &mut NoEnv).map_err(|e| e.to_string())
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let data = Value::map(Entries::from_iter([
        ("name", Value::from("x")),
        ("list", Value::list(vec![Value::int(1), Value::int(2)])),
        ("none", Value::Nil),
    ]));
    let result = run(text, &data).unwrap_or_else(|e| e);
    assert_eq!(result, expected, "{text}");
}

#[test]
fn texts_fields_and_variables() {
    check("a{{.name}}b", "axb");
    check("{{$x := .name}}{{$x}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}", "x2");
    check("{{range $i, $e := .list}}{{$i}}={{$e}};{{end}}", "0=1;1=2;");
    check("{{.missing}} {{.none}}", "<no value> <no value>");
    check("{{$x := $x}}", "template: t:1:8: executing \"t\" at <$x>: undefined variable: $x");
}

#[test]
fn errors_name_the_node() {
    check(
        "\n {{.none.a}}",
        "template: t:2:8: executing \"t\" at <.none.a>: nil pointer evaluating interface {}.a",
    );
    check("{{printf 1}}", "template: t:1:9: executing \"t\" at <1>: expected string; found 1");
}

#[test]
fn endless_templates_end() {
    let limits = Limits { depth: 500, output: 1000, work: 100_000, memory: 100_000 };
    let limited = |text: &str| run_with(text, &Value::Nil, limits).unwrap_err();
    assert!(
        limited(r#"{{define "a"}}{{template "a"}}{{end}}{{template "a"}}"#).contains("depth (500)")
    );
    assert!(limited("{{range 1000000000000}}{{end}}").contains("work limit"));
    assert!(limited("{{range 10000}}xx{{end}}").contains("output limit"));
    let doubling = r#"{{$x := "ab"}}{{range 30}}{{$x = print $x $x}}{{end}}"#;
    assert!(limited(doubling).contains("memory limit"));
}

#[test]
fn the_deepest_recursion_fits() {
    let text = r#"{{define "a"}}{{if .}}{{template "a" .}}{{end}}{{end}}{{template "a" 1}}"#;
    let error = run(text, &Value::Nil).unwrap_err();
    assert!(error.ends_with("exceeded maximum template depth (10000)"), "{error}");
}

#[test]
fn errors_of_deep_templates_stay_short() {
    let mut functions = Functions::builtin();
    let signature = Signature::new(&[Type::String, Type::Any]);
    functions.add("include", signature, |call, args| {
        let set = call.set();
        Ok(call.execute(set, &args[0].as_text().unwrap(), &args[1])?)
    });
    let mut set = Set::new(Options::new(Arc::new(functions)));
    set.parse("t", r#"{{define "a"}}{{include "a" .}}{{end}}{{include "a" .}}"#).unwrap();
    let error = set.execute("t", &Value::Nil, &mut NoEnv).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    assert!(error.message().len() < 100_000, "{}", error.message().len());
}

#[test]
fn values_have_the_methods_of_helms() {
    let inner = Value::map(Entries::from_iter([("b", Value::int(1))]));
    let values = crate::Map::named("common.Values", Entries::from_iter([("a", inner)]));
    let data = Value::map(Entries::from_iter([("Values", Value::from(values))]));
    let rendered = run(
        "{{.Values.AsMap.a.b}} {{(.Values.Table `a`).b}} {{.Values.PathValue `a.b`}} {{.Values.YAML}}",
        &data,
    );
    assert_eq!(rendered.unwrap(), "1 1 1 a:\n  b: 1\n");
    assert_eq!(
        run("{{.Values.Table `x`}}", &data).unwrap_err(),
        "template: t:1:9: executing \"t\" at <.Values.Table>: error calling Table: \"x\" is not a table",
    );
}

#[test]
fn a_set_renders_on_many_threads() {
    let mut set = Set::new(Options::new(Arc::new(Functions::builtin())));
    set.parse("t", r#"{{range .}}{{template "item" .}},{{end}}{{define "item"}}<{{.}}>{{end}}"#)
        .unwrap();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let set = set.clone();
            scope.spawn(move || {
                let data = Value::list(vec![Value::int(n), Value::from("x")]);
                assert_eq!(set.execute("t", &data, &mut NoEnv).unwrap(), format!("<{n}>,<x>,"));
            });
        }
    });
}

#[test]
fn a_clone_adds_for_itself_alone() {
    let mut set = Set::new(Options::new(Arc::new(Functions::builtin())));
    set.parse("t", r#"{{template "a" .}}"#).unwrap();
    set.parse("a", "first").unwrap();
    let mut clone = set.clone();
    clone.parse("a", "second").unwrap();
    clone.parse("a", "{{/* nothing */}} ").unwrap();
    assert_eq!(set.execute("t", &Value::Nil, &mut NoEnv).unwrap(), "first");
    assert_eq!(clone.execute("t", &Value::Nil, &mut NoEnv).unwrap(), "second");
    assert_eq!(clone.names(), ["a", "t"]);
}
