use super::ListMode;
use crate::units::merge_patch;

fn check(target: &str, patch: &str, expected: &str) {
    let merged = merge_patch(target, patch, ListMode::default()).unwrap();
    let merged = merged.map(|v| object::to_yaml(&v)).unwrap_or_default();
    assert_eq!(merged, expected, "{target} patched with {patch}");
}

const POD: &str = "apiVersion: v1\nkind: Pod\n";

#[test]
fn merges_lists_by_key_with_the_patch_first() {
    check(
        &format!("{POD}spec:\n  containers:\n  - {{name: a, image: x}}\n  - {{name: b}}\n"),
        &format!("{POD}spec:\n  containers:\n  - {{name: new}}\n  - {{name: a, image: y}}\n"),
        &format!(
            "{POD}spec:\n  containers:\n  - name: new\n  - image: \"y\"\n    name: a\n  - name: b\n"
        ),
    );
}

#[test]
fn follows_directives() {
    let target = format!(
        "{POD}spec:\n  containers:\n  - {{name: a}}\n  - {{name: b}}\n  nodeSelector: {{x: y}}\n"
    );
    let patch = |inner: &str| format!("{POD}spec:\n{inner}");
    check(
        &target,
        &patch("  containers:\n  - {name: a, $patch: delete}\n"),
        &format!("{POD}spec:\n  containers:\n  - name: b\n  nodeSelector:\n    x: \"y\"\n"),
    );
    check(
        &target,
        &patch(
            "  containers:\n  - $patch: replace\n  - name: c\n  nodeSelector: {$patch: replace, q: r}\n",
        ),
        &format!("{POD}spec:\n  containers:\n  - name: c\n  nodeSelector:\n    q: r\n"),
    );
    check(&target, "$patch: delete\n", "");
    assert!(merge_patch(&target, "$patch: remove\n", ListMode::default()).is_err());
}

#[test]
fn keeps_the_quotes_of_what_it_sets() {
    check("a: \"1\"\nb: 1\n", "a: 2\nb: \"2\"\n", "a: \"2\"\nb: \"2\"\n");
    // A null that is written stays where no patch touches it, one that is not written goes.
    check("a: null\nb:\nc: 1\n", "c: 2\n", "a: null\nc: 2\n");
}

#[test]
fn names_the_field_that_does_not_fit() {
    let error = merge_patch("spec: {a: {b: 1}}\n", "spec: {a: [1]}\n", ListMode::default());
    assert!(error.unwrap_err().starts_with("spec.a: a map in the object, a list in the patch"));
}
