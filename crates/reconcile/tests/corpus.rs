//! The shared cases for health: the outcome of kstatus on objects of all kinds.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use api::Timestamp;
use object::{Dialect, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;
use windlass_reconcile::health::{HealthStatus, compute};

/// The cases carry no clock; they were recorded long after the objects in them were made.
const LATER: &str = "2030-01-01T00:00:00Z";

fn corpus() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root =
        std::env::var_os("WINDLASS_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    root.is_dir().then_some(root)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What differs, `None` when nothing does.
fn check(case: &Value) -> Option<String> {
    let object = object::from_yaml_one(text(case, "object"), Dialect::Sigs).unwrap();
    let found = compute(&object, LATER.parse::<Timestamp>().unwrap());
    let (health, wanted) = match (found, case.get("error")) {
        (Err(_), Some(_)) => return None,
        (Err(e), None) => return Some(format!("error {e}")),
        (Ok(h), Some(e)) => return Some(format!("{h}, not error {e:?}")),
        (Ok(h), None) => (h, case),
    };
    let status = text(wanted, "status");
    if health.status.to_string() != status || health.message != text(wanted, "message") {
        return Some(format!("{health}, not {status}: {}", text(wanted, "message")));
    }
    let conditions = wanted.get("conditions").and_then(Value::as_list).unwrap_or_default();
    let expected = match health.status {
        HealthStatus::InProgress => Some("Reconciling"),
        HealthStatus::Failed => Some("Stalled"),
        _ => None,
    };
    let first = conditions.first();
    let same = first.map(|c| text(c, "type")) == expected
        && first.map(|c| text(c, "reason")).unwrap_or_default() == health.reason;
    (!same || conditions.len() > 1)
        .then(|| format!("conditions {conditions:?}, found {}", health.reason))
}

#[test]
fn kstatus() {
    let Some(root) = corpus() else {
        eprintln!("SKIPPED: no corpus; set WINDLASS_CORPUS to its folder");
        return;
    };
    let cases = std::fs::read_to_string(root.join("misc/kstatus.yaml")).unwrap();
    let cases = object::from_yaml_one(&cases, Dialect::Sigs).unwrap();
    let known: BTreeSet<&str> = include_str!("known-differences.txt")
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .filter(|l| !l.starts_with('#'))
        .collect();
    let (mut passed, mut failed) = (0, Vec::new());
    let mut wrong = Vec::new();
    for case in cases.as_list().unwrap() {
        let name = text(case, "name");
        match check(case) {
            None => passed += 1,
            Some(difference) => failed.push(format!("{name}: {difference}")),
        }
        if check(case).is_some() != known.contains(name) {
            wrong.push(name.to_owned());
        }
    }
    println!("{passed} passed, {} failed", failed.len());
    failed.iter().for_each(|f| println!("  {f}"));
    assert!(passed > 0, "no case found");
    assert!(wrong.is_empty(), "not as listed in known-differences.txt: {wrong:?}");
}
