//! Path elements, field sets and their algebra.

use crate::report::{Report, cases, corpus, parsed, same, text};
use object::Value;
use windlass_ssa::{FieldSet, PathElement, set_of_value};

fn set(json: &str) -> FieldSet {
    FieldSet::from_json(json.as_bytes()).unwrap_or_else(|e| panic!("{json}: {e:?}"))
}

#[test]
fn path_elements() {
    let Some(corpus) = corpus() else { return };
    let mut report = Report::new("path_elements");
    for case in cases(&corpus.join("smd"), "fieldpath/path_elements.yaml") {
        let got = PathElement::parse(text(&case, "input"));
        let result = match (got, case.get("error").and_then(Value::as_str)) {
            (Ok(element), None) => {
                same("serialized", &element.to_text().as_str(), &text(&case, "serialized"))
                    .and_then(|()| {
                        same("string", &element.to_string().as_str(), &text(&case, "string"))
                    })
            }
            (Err(_), Some(_)) => Ok(()),
            (got, want) => Err(format!("got {got:?}, want error {want:?}")),
        };
        report.add(text(&case, "name"), result);
    }
    report.finish();
}

#[test]
fn ordering() {
    let Some(corpus) = corpus() else { return };
    let mut report = Report::new("ordering");
    for case in cases(&corpus.join("smd"), "fieldpath/ordering.yaml") {
        let list = |key: &str| -> Vec<String> {
            let items = case.get(key).and_then(Value::as_list).unwrap();
            items.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
        };
        let mut elements: Vec<_> =
            list("input").iter().map(|t| PathElement::parse(t).unwrap()).collect();
        elements.sort();
        let got = elements.iter().map(PathElement::to_text).collect();
        report.add(text(&case, "name"), same("sorted", &got, &list("sorted")));
    }
    report.finish();
}

#[test]
fn sets() {
    let Some(corpus) = corpus() else { return };
    let mut report = Report::new("sets");
    for case in cases(&corpus.join("smd"), "fieldpath/sets.yaml") {
        let got = FieldSet::from_json(text(&case, "input").as_bytes());
        let result = match (got, case.get("error").and_then(Value::as_str)) {
            (Ok(set), None) => check_set(&case, &set),
            (Err(_), Some(_)) => Ok(()),
            (got, want) => Err(format!("got {got:?}, want error {want:?}")),
        };
        report.add(text(&case, "name"), result);
    }
    report.finish();
}

fn check_set(case: &Value, set: &FieldSet) -> Result<(), String> {
    same("normalized", &set.to_json().as_str(), &text(case, "normalized"))?;
    same("leaves", &set.leaves().to_json().as_str(), &text(case, "leaves"))?;
    let want: Vec<String> = case
        .get("paths")
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect();
    let got: Vec<String> = set.paths().iter().map(ToString::to_string).collect();
    same("paths", &got, &want)?;
    if let Some(size) = case.get("size").and_then(Value::as_int) {
        same("size", &i64::try_from(set.len()).unwrap(), &size)?;
    }
    if let Some(empty) = case.get("empty").and_then(Value::as_bool) {
        same("empty", &set.is_empty(), &empty)?;
    }
    let again = FieldSet::from_fields_v1(&set.to_fields_v1()).map_err(|e| e.to_string())?;
    same("through a value", &again, set)
}

#[test]
fn set_operations() {
    let Some(corpus) = corpus() else { return };
    let mut report = Report::new("set_operations");
    for case in cases(&corpus.join("smd"), "fieldpath/set_operations.yaml") {
        let (a, b) = (set(text(&case, "a")), set(text(&case, "b")));
        let check = |key: &str, got: FieldSet| {
            same(key, &got.to_json().as_str(), &text(&case, key))
                .and_then(|()| same(key, &got, &set(text(&case, key))))
        };
        let result = check("union", a.union(&b))
            .and_then(|()| check("intersection", a.intersection(&b)))
            .and_then(|()| check("difference", a.difference(&b)))
            .and_then(|()| check("recursive_difference", a.recursive_difference(&b)))
            .and_then(|()| {
                same("equals", &(a == b), &case.get("equals").unwrap().as_bool().unwrap())
            });
        report.add(text(&case, "name"), result);
    }
    report.finish();
}

#[test]
fn from_value() {
    let Some(corpus) = corpus() else { return };
    let mut report = Report::new("from_value");
    for case in cases(&corpus.join("smd"), "fieldpath/from_value.yaml") {
        let got = set_of_value(&parsed(&case, "object"));
        report.add(text(&case, "name"), same("set", &got.to_json().as_str(), &text(&case, "set")));
    }
    report.finish();
}
