use super::*;

#[test]
fn deep_trees_are_refused_or_dropped_without_overflow() {
    let functions = Functions::builtin();
    let delimiters = Delimiters::new("", "");
    let text = format!("{}{}", "{{if 1}}".repeat(9_000), "{{end}}".repeat(9_000));
    assert!(parse("t", &text, &delimiters, &functions).is_ok());
    let text = "{{if 1}}".repeat(100_000);
    let error = parse("t", &text, &delimiters, &functions).err().unwrap();
    assert_eq!(error.message(), "template: t:1: max expression depth exceeded");
}
