//! Operations on one or two values of a type.

use crate::report::{Report, cases, corpus, parsed, read, same, text};
use object::Value;
use std::path::Path;
use windlass_ssa::{
    Duplicates, FieldSet, SmdSchema, TypeRef, compare, extract_items, extract_items_with_keys,
    merge, reconcile_with_schema, remove_items, to_field_set, validate,
};

/// The schema of a case, and the name of its type.
fn schema(smd: &Path, case: &Value) -> (SmdSchema, String) {
    let schema = read(&smd.join(text(case, "schema")));
    let name = match case.get("type") {
        Some(Value::String(name)) => name.to_string(),
        other => panic!("type {other:?}"),
    };
    (SmdSchema::from_value(&schema).unwrap(), name)
}

/// Runs every case of `file` with its type.
fn each(kind: &'static str, run: impl Fn(&Value, TypeRef<'_>) -> Result<(), String>) {
    let Some(corpus) = corpus() else { return };
    let smd = corpus.join("smd");
    let mut report = Report::new(kind);
    for case in cases(&smd, &format!("typed/{kind}.yaml")) {
        let (schema, name) = schema(&smd, &case);
        let t = TypeRef::named(&schema, &name).unwrap_or_else(|| panic!("no type {name}"));
        report.add(text(&case, "name"), run(&case, t));
    }
    report.finish();
}

fn set(case: &Value, key: &str) -> FieldSet {
    FieldSet::from_json(text(case, key).as_bytes()).unwrap()
}

fn expected(case: &Value, key: &str) -> Value {
    case.get(key).cloned().unwrap_or_default()
}

/// Equal where `1` and `1.0` are.
fn same_value(what: &str, got: &Value, want: &Value) -> Result<(), String> {
    let json = |v: &Value| String::from_utf8(object::to_json(v)).unwrap();
    same(what, &json(got), &json(want))
}

#[test]
fn merging() {
    each("merge", |case, t| {
        let got = merge(&parsed(case, "lhs"), &parsed(case, "rhs"), t);
        match case.get("error") {
            Some(_) => got.map_or(Ok(()), |v| Err(format!("merged to {v:?}"))),
            None => {
                same_value("merged", &got.map_err(|e| e.to_string())?, &expected(case, "expected"))
            }
        }
    });
}

#[test]
fn comparing() {
    each("compare", |case, t| {
        let got = compare(&parsed(case, "lhs"), &parsed(case, "rhs"), t);
        if case.get("error").is_some() {
            return got.map_or(Ok(()), |c| Err(format!("compared to {c:?}")));
        }
        let got = got.map_err(|e| e.to_string())?;
        same("added", &got.added.to_json().as_str(), &text(case, "added"))?;
        same("modified", &got.modified.to_json().as_str(), &text(case, "modified"))?;
        same("removed", &got.removed.to_json().as_str(), &text(case, "removed"))
    });
}

#[test]
fn fields() {
    each("toset", |case, t| {
        let got = to_field_set(&parsed(case, "object"), t).map_err(|e| e.to_string())?;
        same("set", &got.to_json().as_str(), &text(case, "expected"))
    });
}

#[test]
fn validation() {
    each("validate", |case, t| {
        let object = match case.get("object") {
            Some(Value::String(_)) => parsed(case, "object"),
            other => other.cloned().unwrap_or_default(),
        };
        let strict = validate(&object, t, Duplicates::Refused);
        let lenient = validate(&object, t, Duplicates::Allowed);
        let want = |key: &str| case.get(key).and_then(Value::as_bool);
        let valid = want("valid").unwrap();
        same("valid", &strict.is_ok(), &valid)?;
        // What is valid is so with duplicates allowed.
        let with_duplicates = want("valid_with_duplicates").unwrap_or(valid);
        same("valid_with_duplicates", &lenient.is_ok(), &with_duplicates)?;
        match (strict, case.get("error").and_then(Value::as_str)) {
            // Several faults stand in the order of a Go map; pointers print as addresses.
            (Err(got), Some(want)) if got.0.len() == 1 && !want.contains("0x") => {
                // YAML maps of go-yaml v2 have another type than the JSON maps of the API server.
                let want = want.replace("map[interface {}]", "map[string]");
                same("error", &got.to_string(), &want)
            }
            _ => Ok(()),
        }
    });
}

#[test]
fn removing() {
    each("remove", |case, t| {
        let (object, set) = (parsed(case, "object"), set(case, "set"));
        if case.get("removed").is_some() {
            same_value(
                "removed",
                &remove_items(object.clone(), &set, t),
                &expected(case, "removed"),
            )?;
        }
        if case.get("extracted").is_some() {
            same_value(
                "extracted",
                &extract_items(&object, &set, t),
                &expected(case, "extracted"),
            )?;
        }
        Ok(())
    });
}

#[test]
fn extracting_with_keys() {
    each("extract_with_keys", |case, t| {
        let got = extract_items_with_keys(&parsed(case, "object"), &set(case, "set"), t);
        same_value("extracted", &got, &expected(case, "expected"))
    });
}

#[test]
fn extracting_what_was_merged() {
    each("extract_reversible", |case, t| {
        let (object, applied) = (parsed(case, "object"), parsed(case, "applied"));
        let merged = merge(&object, &applied, t).map_err(|e| e.to_string())?;
        same_value("merged", &merged, &expected(case, "merged"))?;
        let leaves = to_field_set(&applied, t).map_err(|e| e.to_string())?.leaves();
        same("leaves", &leaves.to_json().as_str(), &text(case, "leaves"))?;
        same_value("extracted", &extract_items(&merged, &leaves, t), &expected(case, "extracted"))
    });
}

#[test]
fn reconciling() {
    each("reconcile", |case, t| {
        let got = reconcile_with_schema(&set(case, "old_fields"), t).map_err(|e| e.to_string());
        if let Some(want) = case.get("error") {
            return got.map_or(Ok(()), |s| Err(format!("got {s:?}, want error {want:?}")));
        }
        let want = match case.get("expected") {
            Some(Value::String(_)) => Some(text(case, "expected").to_owned()),
            _ => None,
        };
        same("reconciled", &got?.map(|s| s.to_json()), &want)
    });
}
