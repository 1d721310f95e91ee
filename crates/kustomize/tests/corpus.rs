//! kustomize's own cases: whole builds, and the small parts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tree::{MemoryTree, TreePath};
use windlass_kustomize as kustomize;

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: no corpus at {}", path.display());
    None
}

/// Cases that are known to differ, by name.
fn known() -> BTreeSet<String> {
    let text = include_str!("known-differences.txt");
    let names = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    names.filter_map(|l| l.split_whitespace().next()).map(str::to_owned).collect()
}

/// Prints the tally and fails on cases that fail and are not known, and on known ones that pass.
fn judge(what: &str, outcomes: BTreeMap<String, Result<(), String>>) {
    let known = known();
    let (mut passed, mut bad) = (0, Vec::new());
    for (name, outcome) in &outcomes {
        match outcome {
            Ok(()) => {
                passed += 1;
                if known.contains(name) {
                    bad.push(format!("{name}: passes, take it off tests/known-differences.txt"));
                }
            }
            Err(message) if !known.contains(name) => bad.push(format!("{name}: {message}")),
            Err(_) => {}
        }
    }
    println!("{what}: {passed} passed, {} failed", outcomes.len() - passed);
    for line in &bad {
        println!("FAIL {line}");
    }
    assert!(bad.is_empty(), "{} cases of {what}", bad.len());
}

fn add_files(tree: &mut MemoryTree, root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
        if path.is_dir() {
            tree.add_directory(relative).unwrap();
            add_files(tree, root, &path);
        } else {
            tree.add(relative, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}

struct Case {
    name: String,
    folder: PathBuf,
    tree: MemoryTree,
    path: TreePath,
    options: kustomize::BuildOptions,
}

/// Every case that needs no program.
fn cases(root: &Path) -> Vec<Case> {
    let mut names: Vec<_> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let mut cases = Vec::new();
    for folder in names.into_iter().filter(|n| n.is_dir()) {
        let text = std::fs::read(folder.join("case.json")).unwrap();
        let case: Json = serde_json::from_slice(&text).unwrap();
        if !case["needs"].is_null() {
            continue;
        }
        let mut tree = MemoryTree::new();
        if folder.join("files").is_dir() {
            add_files(&mut tree, &folder.join("files"), &folder.join("files"));
        }
        for directory in case["empty_dirs"].as_array().into_iter().flatten() {
            tree.add_directory(directory.as_str().unwrap()).unwrap();
        }
        let options = &case["options"];
        let reorder = match options["reorder"].as_str().unwrap() {
            "none" => kustomize::Reorder::None,
            "legacy" => kustomize::Reorder::Legacy,
            _ => kustomize::Reorder::Unspecified,
        };
        let load_restrictions = match options["load_restrictor"].as_str().unwrap() {
            "none" => kustomize::LoadRestrictions::None,
            _ => kustomize::LoadRestrictions::RootOnly,
        };
        cases.push(Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            path: TreePath::parse(case["path"].as_str().unwrap()).unwrap(),
            folder,
            tree,
            options: kustomize::BuildOptions {
                load_restrictions,
                reorder,
                managed_by_label: options["managed_by_label"].as_bool().unwrap(),
                ..Default::default()
            },
        });
    }
    cases
}

fn documents(text: &str) -> Vec<object::Value> {
    let documents = object::from_yaml(text, object::Dialect::Kyaml).unwrap();
    documents.into_iter().map(|d| without_version(d.value)).collect()
}

/// The label that names the tool's own version differs between tools.
fn without_version(mut value: object::Value) -> object::Value {
    use object::Manifest;
    const LABEL: &str = "app.kubernetes.io/managed-by";
    if value.label(LABEL).is_some_and(|v| v.starts_with("kustomize-")) {
        value.set_label(LABEL, "kustomize-");
    }
    value
}

fn first_difference(expected: &str, actual: &str) -> String {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    match lines.find(|(_, (a, b))| a != b) {
        Some((i, (a, b))) => format!("line {}: expected {a:?}, got {b:?}", i + 1),
        None => format!("expected {} bytes, got {}", expected.len(), actual.len()),
    }
}

#[test]
fn builds() {
    let Some(corpus) = corpus() else { return };
    let (mut outcomes, mut exact, mut outputs) = (BTreeMap::new(), 0, 0);
    let only = std::env::var("WINDLASS_CASE").unwrap_or_default();
    for case in cases(&corpus.join("kustomize")) {
        if !case.name.contains(&only) {
            continue;
        }
        let built = kustomize::build(&case.tree, &case.path, &case.options);
        let expected = std::fs::read_to_string(case.folder.join("expected.yaml")).ok();
        let outcome = match (expected, built) {
            (None, Err(error)) => {
                if !only.is_empty() {
                    println!("{}: {error}", case.name);
                }
                Ok(())
            }
            (None, Ok(_)) => {
                let text = std::fs::read_to_string(case.folder.join("expected-error.txt")).unwrap();
                Err(format!("succeeded, expected: {}", text.trim()))
            }
            (Some(_), Err(error)) => Err(format!("failed: {error}")),
            (Some(expected), Ok(built)) => {
                let actual = kustomize::to_yaml(&built);
                outputs += 1;
                exact += usize::from(expected == actual);
                if !only.is_empty() {
                    println!("{actual}");
                }
                if documents(&expected) == documents(&actual) {
                    if expected != actual {
                        println!("INEXACT {}: {}", case.name, first_difference(&expected, &actual));
                    }
                    Ok(())
                } else {
                    Err(first_difference(&expected, &actual))
                }
            }
        };
        outcomes.insert(case.name, outcome);
    }
    println!("{exact} of {outputs} outputs are byte-exact");
    judge("kustomize", outcomes);
}

fn list(path: &Path) -> Vec<object::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    match object::from_yaml_one(&text, object::Dialect::Kyaml).unwrap() {
        object::Value::List(items) => items,
        other => panic!("a list is expected, not {}", other.type_name()),
    }
}

fn text<'a>(case: &'a object::Value, key: &str) -> &'a str {
    case.get(key).and_then(object::Value::as_str).unwrap_or_default()
}

fn truth(case: &object::Value, key: &str) -> bool {
    case.get(key).and_then(object::Value::as_bool).unwrap_or_default()
}

/// Compares a result with `expected`, or wants an error when there is none.
fn compare<T: PartialEq + std::fmt::Debug, E: std::fmt::Display>(
    expected: Option<T>,
    actual: Result<T, E>,
) -> Result<(), String> {
    match (expected, actual) {
        (None, Err(_)) => Ok(()),
        (None, Ok(actual)) => Err(format!("an error is expected, got {actual:?}")),
        (Some(_), Err(error)) => Err(format!("failed: {error}")),
        (Some(expected), Ok(actual)) if expected == actual => Ok(()),
        (Some(expected), Ok(actual)) => Err(format!("expected {expected:?}, got {actual:?}")),
    }
}

#[test]
fn merges() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for case in list(&corpus.join("kustomize-units/merge2.yaml")) {
        let mode = kustomize::units::ListMode {
            prepend: truth(&case, "list_prepend"),
            infer: truth(&case, "infer_associative_lists"),
        };
        let expected = case
            .get("expected")
            .and_then(object::Value::as_str)
            .map(|text| documents(text).into_iter().next().unwrap_or_default());
        let actual =
            kustomize::units::merge_patch(text(&case, "input"), text(&case, "patch"), mode);
        let actual = actual.map(Option::unwrap_or_default);
        outcomes.insert(text(&case, "name").to_owned(), compare(expected, actual));
    }
    judge("merge2", outcomes);
}

#[test]
fn hashes() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for case in list(&corpus.join("kustomize-units/hash.yaml")) {
        let expected = case.get("hash").and_then(object::Value::as_str);
        let expected = expected.map(|hash| (text(&case, "encoded").to_owned(), hash.to_owned()));
        let actual = kustomize::units::name_hash(text(&case, "input"));
        outcomes.insert(text(&case, "name").to_owned(), compare(expected, actual));
    }
    judge("hash", outcomes);
}

#[test]
fn images() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for case in list(&corpus.join("kustomize-units/image.yaml")) {
        let image = text(&case, "image");
        let split = case.get("split").unwrap();
        let expected = (
            truth(&case, "matched"),
            text(split, "name"),
            text(split, "tag"),
            text(split, "digest"),
        );
        let (name, tag, digest) = kustomize::units::split_image(image);
        let actual = kustomize::units::image_matches(image, text(&case, "pattern"));
        let actual = actual.map(|matched| (matched, name, tag, digest));
        outcomes.insert(text(&case, "name").to_owned(), compare(Some(expected), actual));
    }
    judge("image", outcomes);
}

fn vars(case: &object::Value) -> BTreeMap<String, String> {
    let vars = case.get("vars").and_then(object::Value::as_map);
    let text = |v: &object::Value| v.as_str().unwrap().to_owned();
    vars.into_iter().flat_map(|m| m.iter()).map(|(k, v)| (k.to_owned(), text(v))).collect()
}

#[test]
fn substitutions() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for case in list(&corpus.join("misc/envsubst.yaml")) {
        let expected = case.get("expected").and_then(object::Value::as_str).map(str::to_owned);
        let actual = kustomize::expand(text(&case, "input"), &vars(&case), truth(&case, "strict"));
        outcomes.insert(text(&case, "name").to_owned(), compare(expected, actual));
    }
    judge("envsubst", outcomes);
}

#[test]
fn post_builds() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for case in list(&corpus.join("misc/flux-postbuild.yaml")) {
        let name = text(&case, "name").to_owned();
        let read = object::from_yaml(text(&case, "object"), object::Dialect::Kyaml);
        if case.get("load_error").is_some() {
            outcomes.insert(name, compare(None, read));
            continue;
        }
        let object = read.unwrap().remove(0).value;
        let always = truth(&case, "always");
        let substitution = kustomize::Substitution {
            vars: vars(&case),
            strategy: if always {
                kustomize::Strategy::Always
            } else {
                kustomize::Strategy::WithVariables
            },
            strict: truth(&case, "strict"),
        };
        let expected = if truth(&case, "skipped") {
            Some(object.clone())
        } else {
            case.get("expected").and_then(object::Value::as_str).map(|t| documents(t).remove(0))
        };
        let actual = kustomize::substitute(&object, &substitution);
        let actual = actual.map(|done| done.unwrap_or(object));
        outcomes.insert(name, compare(expected, actual));
    }
    judge("flux-postbuild", outcomes);
}
