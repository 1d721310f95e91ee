//! Counting cases, and reading them.

use object::{Dialect, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The corpus, or `None` after saying that there is none.
pub(crate) fn corpus() -> Option<PathBuf> {
    let dir = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    if dir.join("smd").is_dir() {
        return Some(dir);
    }
    println!("SKIPPED: no cases at {}", dir.join("smd").display());
    None
}

/// A YAML file as one value.
pub(crate) fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    object::from_yaml_one(&text, Dialect::Sigs)
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The cases of one list file.
pub(crate) fn cases(smd: &Path, file: &str) -> Vec<Value> {
    let path = smd.join(file);
    if !path.is_file() {
        return Vec::new();
    }
    read(&path).as_list().unwrap().to_vec()
}

/// A text member; absent is a broken case.
pub(crate) fn text<'v>(case: &'v Value, key: &str) -> &'v str {
    match case.get(key) {
        Some(Value::String(s)) => s,
        other => panic!("{key}: {other:?}"),
    }
}

/// YAML inside a text member, as go-yaml v2 reads it for structured-merge-diff.
pub(crate) fn parsed(case: &Value, key: &str) -> Value {
    let text = text(case, key);
    // What follows the first document is never looked at; one case has a brace too many there.
    let shorter = text.trim_end().strip_suffix('}').unwrap_or(text);
    let mut value = object::from_yaml_one(text, Dialect::Sigs)
        .or_else(|_| object::from_yaml_one(shorter, Dialect::Sigs))
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    drop_other_keys(&mut value, text);
    value
}

/// Drops the map keys that are no text in YAML (`n: 1`, `80: x`): structured-merge-diff does not see them,
/// and JSON, which Kubernetes speaks, cannot have them. Says whether there were any.
pub(crate) fn drop_other_keys(value: &mut Value, text: &str) -> bool {
    let quoted =
        |key: &str| text.contains(&format!("\"{key}\"")) || text.contains(&format!("'{key}'"));
    let mut dropped = false;
    match value {
        Value::Map(map) => {
            map.retain(|key, _| {
                let plain = object::from_yaml_one(key, Dialect::Sigs);
                let is_text =
                    !matches!(plain, Ok(Value::Bool(_) | Value::Int(_) | Value::Float(_)))
                        || quoted(key);
                dropped |= !is_text;
                is_text
            });
            map.iter_mut().for_each(|(_, v)| dropped |= drop_other_keys(v, text));
        }
        Value::List(items) => items.iter_mut().for_each(|v| dropped |= drop_other_keys(v, text)),
        _ => {}
    }
    dropped
}

/// What became of the cases of one kind.
pub(crate) struct Report {
    kind: &'static str,
    results: BTreeMap<String, Result<(), String>>,
}

impl Report {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, results: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, name: &str, result: Result<(), String>) {
        let name = format!("{}/{name}", self.kind);
        assert!(self.results.insert(name.clone(), result).is_none(), "{name} stands there twice");
    }

    /// Prints the figures; fails when they are not what `known-differences.txt` says.
    pub(crate) fn finish(self) {
        let known: BTreeSet<&str> = include_str!("../known-differences.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.split_whitespace().next())
            .collect();
        let mut wrong = Vec::new();
        let mut failed = 0;
        for (name, result) in &self.results {
            match result {
                Ok(()) if known.contains(name.as_str()) => {
                    wrong.push(format!("{name} passes, but is listed as a known difference"));
                }
                Ok(()) => {}
                Err(why) => {
                    failed += 1;
                    println!("FAILED {name}: {why}");
                    if !known.contains(name.as_str()) {
                        wrong.push(name.clone());
                    }
                }
            }
        }
        println!("{}: {} passed, {failed} failed", self.kind, self.results.len() - failed);
        assert!(wrong.is_empty(), "{}:\n{}", self.kind, wrong.join("\n"));
    }
}

/// `Ok` when equal, both sides otherwise.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: &T,
    want: &T,
) -> Result<(), String> {
    if got == want {
        return Ok(());
    }
    Err(format!("{what}\n  got  {got:?}\n  want {want:?}"))
}
