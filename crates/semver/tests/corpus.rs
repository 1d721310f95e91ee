//! Runs the cases recorded from Masterminds/semver.

#![expect(clippy::unwrap_used, reason = "a malformed case is a bug of the corpus")]

use object::{Dialect, Value, from_yaml_one};
use std::path::PathBuf;
use windlass_semver::{Constraint, Version};

fn cases(file: &str) -> Option<Vec<Value>> {
    let corpus = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let path = corpus.join("misc").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: no corpus at {}", path.display());
        return None;
    };
    let value = from_yaml_one(&text, Dialect::Sigs).unwrap();
    Some(value.as_list().unwrap().to_vec())
}

fn known_differences() -> Vec<String> {
    include_str!("known-differences.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

/// Runs every case of a file and fails when one fails that is not known to, or the reverse.
fn run(file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let Some(cases) = cases(file) else { return };
    let known = known_differences();
    let (mut passed, mut wrong) = (0, Vec::new());
    for case in &cases {
        let name = case.get("name").and_then(Value::as_str).unwrap().to_owned();
        match (check(case), known.contains(&name)) {
            (Ok(()), false) => passed += 1,
            (Ok(()), true) => wrong.push(format!("{name}: passes, but is listed as different")),
            (Err(_), true) => {}
            (Err(why), false) => wrong.push(format!("{name}: {why}")),
        }
    }
    println!("{file}: {passed} passed, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn text<'a>(case: &'a Value, key: &str) -> Option<&'a str> {
    case.get(key).and_then(Value::as_str)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, expected {theirs:?}")) }
}

#[test]
fn constraints() {
    run("semver-constraints.yaml", |case| {
        let constraint = match (
            Constraint::parse(text(case, "constraint").unwrap()),
            text(case, "constraint_error"),
        ) {
            (Ok(constraint), None) => constraint,
            (Err(error), Some(expected)) => {
                return same("error", &error.to_string(), &expected.to_owned());
            }
            (ours, expected) => return Err(format!("{ours:?}, expected {expected:?}")),
        };
        let version =
            match (Version::parse(text(case, "version").unwrap()), text(case, "version_error")) {
                (Ok(version), None) => version,
                (Err(error), Some(expected)) => {
                    return same("error", &error.to_string(), &expected.to_owned());
                }
                (ours, expected) => return Err(format!("{ours:?}, expected {expected:?}")),
            };
        let expected = |key: &str| case.get(key).and_then(Value::as_bool).unwrap();
        same("string", &constraint.to_string().as_str(), &text(case, "string").unwrap())?;
        same("match", &constraint.matches(&version), &expected("match"))?;
        let reasons: Vec<String> = match constraint.validate(&version) {
            Ok(()) => Vec::new(),
            Err(reasons) => reasons.iter().map(ToString::to_string).collect(),
        };
        let wanted: Vec<String> = case
            .get("reasons")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .map(|r| r.as_str().unwrap().to_owned())
            .collect();
        same("reasons", &reasons, &wanted)?;
        let pre = constraint.with_prereleases().matches(&version);
        same("with prereleases", &pre, &expected("match_with_prerelease"))
    });
}

#[test]
fn versions() {
    run("semver-versions.yaml", |case| {
        let input = text(case, "version").unwrap();
        let expected = |key: &str| case.get(key).and_then(Value::as_bool).unwrap();
        same("strict", &Version::parse_strict(input).is_ok(), &expected("strict_ok"))?;
        same("flux", &Version::parse_full(input).is_ok(), &expected("flux_ok"))?;
        match (Version::parse(input), case.get("parsed")) {
            (Err(error), None) => {
                same("error", &error.to_string().as_str(), &text(case, "error").unwrap())
            }
            (Ok(version), Some(parsed)) => {
                let number = |key: &str| parsed.get(key).and_then(Value::as_int).unwrap() as u64;
                same("major", &version.major(), &number("major"))?;
                same("minor", &version.minor(), &number("minor"))?;
                same("patch", &version.patch(), &number("patch"))?;
                same("prerelease", &version.prerelease(), &text(parsed, "prerelease").unwrap())?;
                same("metadata", &version.metadata(), &text(parsed, "metadata").unwrap())?;
                same("string", &version.to_string().as_str(), &text(parsed, "string").unwrap())
            }
            (ours, theirs) => Err(format!("{ours:?}, expected {theirs:?}")),
        }
    });
}

#[test]
fn sorting() {
    run("semver-sort.yaml", |case| {
        let list = |key: &str| -> Vec<String> {
            let items = case.get(key).and_then(Value::as_list).unwrap();
            items.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
        };
        let mut versions: Vec<Version> =
            list("versions").iter().map(|v| Version::parse(v).unwrap()).collect();
        versions.sort();
        let sorted: Vec<String> = versions.iter().map(|v| v.original().to_owned()).collect();
        same("order", &sorted, &list("sorted"))
    });
}
