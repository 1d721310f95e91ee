//! Real charts and hand-made ones against what `helm template` prints for them, and Helm's own engine cases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use object::{Dialect, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::{MemoryTree, TreePath};
use windlass_helm::{
    Capabilities, Chart, KubeVersion, ReleaseFacts, RenderOptions, chain, render, values,
};

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
fn judge(what: &str, outcomes: &BTreeMap<String, Result<(), String>>) {
    let known = known();
    let (mut passed, mut bad) = (0, Vec::new());
    for (name, outcome) in outcomes {
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

/// Time and chance for templates. The cases do not print what depends on either.
struct World(u64);

impl gotemplate::Env for World {
    fn now(&mut self) -> (i64, u32) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        (i64::try_from(now.as_secs()).unwrap(), now.subsec_nanos())
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<(), gotemplate::FunctionError> {
        for byte in buffer {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            *byte = self.0.to_le_bytes()[3];
        }
        Ok(())
    }
}

fn read_directory(root: &Path, folder: &Path, tree: &mut MemoryTree) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
        if path.is_dir() {
            tree.add_directory(relative).unwrap();
            read_directory(root, &path, tree);
        } else {
            tree.add(relative, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}

/// What `helm template` does with a chart and an optional values file.
fn template(folder: &Path, case: &Path) -> Result<String, String> {
    let args = object::from_json(&std::fs::read(case.join("args.json")).unwrap()).unwrap();
    let text = |key: &str| args.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut user = object::Map::new();
    if let Ok(text) = std::fs::read(case.join("values.yaml")) {
        user = values::read(&text)
            .map_err(|e| format!("failed to parse {{values}}: {}", chain(&e)))?;
    }
    let chart = if folder.join("chart").is_dir() {
        let mut tree = MemoryTree::new();
        read_directory(&folder.join("chart"), &folder.join("chart"), &mut tree);
        Chart::from_tree(&tree, &TreePath::root())
    } else {
        Chart::from_archive(&std::fs::read(folder.join("chart.tgz")).unwrap())
    };
    let chart = chart.map_err(|e| chain(&e))?;
    chart.check_installable().map_err(|e| chain(&e))?;
    chart.check_dependencies().map_err(|e| chain(&e))?;
    let api_versions = args.get("apiVersions").and_then(Value::as_list).unwrap_or_default();
    let mut capabilities = Capabilities::default()
        .with_api_versions(api_versions.iter().filter_map(Value::as_str).map(str::to_owned));
    capabilities.kube_version = KubeVersion::parse(&text("kubeVersion")).unwrap();
    let facts = ReleaseFacts {
        name: text("release"),
        namespace: text("namespace"),
        revision: 1,
        is_upgrade: false,
    };
    let options = RenderOptions::default();
    let rendered =
        render(&chart, &user, &facts, &capabilities, &options, &mut World(88_172_645), None)
            .map_err(|e| {
                let advice = if e.is_of_templates() {
                    "\n\nUse --debug flag to render out invalid YAML"
                } else {
                    ""
                };
                chain(&e) + advice
            })?;
    let with_crds = args.get("includeCRDs").and_then(Value::as_bool).unwrap_or_default();
    Ok(rendered.print(with_crds, false))
}

/// The documents that hold something; one that is no YAML as text without comments.
fn documents(text: &str) -> Vec<Result<Value, String>> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        if rest.is_some_and(|r| r.is_empty() || r.starts_with(char::is_whitespace)) {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().push_str(line);
    }
    let mut out = Vec::new();
    for part in parts {
        match object::from_yaml(&part, Dialect::Sigs) {
            Ok(documents) => out.extend(documents.into_iter().map(|d| Ok(d.value))),
            Err(_) => {
                let lines = part.lines().filter(|l| !l.trim_start().starts_with('#'));
                let lines: Vec<_> = lines.filter(|l| !l.trim().is_empty()).collect();
                out.push(Err(lines.join("\n")));
            }
        }
    }
    out
}

fn first_difference(expected: &str, actual: &str) -> String {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    match lines.find(|(_, (a, b))| a != b) {
        Some((i, (a, b))) => format!("line {}: expected {a:?}, got {b:?}", i + 1),
        None => format!("expected {} bytes, got {}", expected.len(), actual.len()),
    }
}

/// Loosely (parsed documents, failing where Helm fails) and strictly (bytes, the error's text).
fn compare(case: &Path, actual: Result<String, String>) -> [Result<(), String>; 2] {
    if let Ok(expected) = std::fs::read_to_string(case.join("expected-error.txt")) {
        return match actual {
            Ok(_) => {
                let message = format!("rendered, but Helm says: {}", expected.trim());
                [Err(message.clone()), Err(message)]
            }
            Err(error) => {
                let error = format!("Error: {error}");
                let same = expected.trim() == error.trim();
                let message = || format!("expected {:?}, got {error:?}", expected.trim());
                [Ok(()), if same { Ok(()) } else { Err(message()) }]
            }
        };
    }
    let actual = match actual {
        Ok(actual) => actual,
        Err(error) => return [Err(error.clone()), Err(error)],
    };
    let expected = std::fs::read(case.join("expected.yaml")).unwrap();
    if expected == actual.as_bytes() {
        return [Ok(()), Ok(())];
    }
    let expected = String::from_utf8_lossy(&expected);
    let message = first_difference(&expected, &actual);
    let same = documents(&expected) == documents(&actual);
    [if same { Ok(()) } else { Err(message.clone()) }, Err(message)]
}

#[test]
fn charts() {
    let Some(corpus) = corpus() else { return };
    let only = std::env::var("WINDLASS_CASE").unwrap_or_default();
    let mut cases = Vec::new();
    for folder in sorted(&corpus.join("helm")) {
        if !folder.join("cases").is_dir() {
            continue;
        }
        for case in sorted(&folder.join("cases")) {
            let name = format!(
                "{}/{}",
                folder.file_name().unwrap().to_str().unwrap(),
                case.file_name().unwrap().to_str().unwrap()
            );
            if name.contains(&only) {
                cases.push((name, folder.clone(), case));
            }
        }
    }
    let (mut loose, mut strict) = (BTreeMap::new(), BTreeMap::new());
    for (name, folder, case) in cases {
        let actual = std::panic::catch_unwind(|| template(&folder, &case));
        let outcome = match actual {
            Ok(actual) => compare(&case, actual),
            Err(_) => [Err("panicked".into()), Err("panicked".into())],
        };
        let [parsed, exact] = outcome;
        loose.insert(name.clone(), parsed);
        strict.insert(name, exact);
    }
    let exact = strict.values().filter(|r| r.is_ok()).count();
    println!("strictly: {exact} passed, {} failed", strict.len() - exact);
    for (name, outcome) in &strict {
        if let (Err(message), Some(Ok(()))) = (outcome, loose.get(name)) {
            println!("NOT EXACT {name}: {message}");
        }
    }
    judge("charts", &loose);
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

/// Asks the engine to warn of what is missing instead of failing.
struct Lint;

impl gotemplate::Env for Lint {
    fn lint(&self) -> bool {
        true
    }
}

fn member<'a>(value: &'a Value, key: &str) -> Option<&'a object::Map> {
    value.get(key).and_then(Value::as_map)
}

/// The files of a chart written out as a case of the engine.
fn chart_files(chart: &Value, below: &str, out: &mut Vec<(String, Arc<[u8]>)>) {
    let mut metadata = member(chart, "metadata").cloned().unwrap_or_default();
    for key in ["name", "version", "appVersion", "type"] {
        if let Some(value) = chart.get(key) {
            metadata.insert(key, value.clone());
        }
    }
    for (key, default) in [("apiVersion", "v2"), ("version", "0.1.0")] {
        if !metadata.contains_key(key) {
            metadata.insert(key, default);
        }
    }
    let mut add = |name: &str, text: String| {
        out.push((format!("{below}{name}"), text.into_bytes().into()));
    };
    add("Chart.yaml", object::to_yaml(&Value::Map(metadata)));
    if let Some(values) = chart.get("values") {
        add("values.yaml", object::to_yaml(values));
    }
    for (path, text) in member(chart, "files").into_iter().flat_map(object::Map::iter) {
        add(path, text.as_str().unwrap_or_default().to_owned());
    }
    let dependencies = chart.get("dependencies").and_then(Value::as_list).unwrap_or_default();
    for dependency in dependencies {
        let name = dependency
            .get("name")
            .or_else(|| dependency.at(["metadata", "name"]))
            .and_then(Value::as_str)
            .unwrap();
        chart_files(dependency, &format!("{below}charts/{name}/"), out);
    }
}

/// The engine's cases name templates as they like; a directory would not have them all.
fn add_templates(chart: &mut Chart, case: &Value) {
    for (name, text) in member(case, "templates").into_iter().flat_map(object::Map::iter) {
        let data = text.as_str().unwrap_or_default().as_bytes().into();
        chart.templates.push(windlass_helm::chart::File {
            name: name.into(),
            data,
            modified: None,
        });
    }
    for case in case.get("dependencies").and_then(Value::as_list).unwrap_or_default() {
        let name = case.get("name").or_else(|| case.at(["metadata", "name"]));
        let name = name.and_then(Value::as_str).unwrap();
        add_templates(chart.dependencies.iter_mut().find(|d| d.name() == name).unwrap(), case);
    }
}

fn engine_case(case: &Value) -> Result<(), String> {
    let mut files = Vec::new();
    chart_files(case.get("chart").unwrap(), "", &mut files);
    let mut chart = Chart::from_files(files).map_err(|e| chain(&e))?;
    add_templates(&mut chart, case.get("chart").unwrap());
    let flag = |key: &str| case.get(key).and_then(Value::as_bool).unwrap_or_default();
    let options = RenderOptions { strict: flag("strict"), ..RenderOptions::default() };
    let facts =
        ReleaseFacts { name: "rel".into(), namespace: "ns".into(), revision: 1, is_upgrade: false };
    let mut env: Box<dyn gotemplate::Env> =
        if flag("lint") { Box::new(Lint) } else { Box::new(World(1)) };
    let user = case.get("values").map(object::to_yaml).unwrap_or_default();
    let user = values::read(user.as_bytes()).map_err(|e| chain(&e))?;
    let capabilities = Capabilities::default();
    let rendered = match case.get("top") {
        Some(top) => windlass_helm::render::render_with_root(&chart, top, &options, &mut *env),
        None => windlass_helm::render::render_files(
            &chart,
            &user,
            &facts,
            &capabilities,
            &options,
            &mut *env,
        ),
    };
    match (rendered, case.get("error").and_then(Value::as_str), member(case, "expected")) {
        (Err(error), Some(expected), _) if chain(&error) == expected => Ok(()),
        // Long texts are cut in the corpus.
        (Err(error), Some(expected), _)
            if expected.len() >= 300 && chain(&error).starts_with(expected) =>
        {
            Ok(())
        }
        (Err(error), expected, _) => Err(format!("expected {expected:?}, got {:?}", chain(&error))),
        (Ok(_), Some(expected), _) => Err(format!("rendered, but Helm says {expected}")),
        (Ok(rendered), None, expected) => {
            let shown = |name: &str| !name.rsplit('/').next().unwrap_or(name).starts_with('_');
            for (name, text) in expected.into_iter().flat_map(object::Map::iter) {
                let text = text.as_str().unwrap_or_default();
                match rendered.get(name) {
                    Some(actual) if actual == text => {}
                    actual if shown(name) => {
                        return Err(format!("{name}: expected {text:?}, got {actual:?}"));
                    }
                    _ => {}
                }
            }
            Ok(())
        }
    }
}

#[test]
fn engine() {
    let Some(corpus) = corpus() else { return };
    let only = std::env::var("WINDLASS_CASE").unwrap_or_default();
    let mut outcomes = BTreeMap::new();
    for file in ["engine-helm-own.yaml", "engine-helm-tests.yaml"] {
        let text = std::fs::read_to_string(corpus.join("gotemplate").join(file)).unwrap();
        let cases = object::from_yaml_one(&text, Dialect::Kyaml).unwrap();
        for case in cases.as_list().unwrap() {
            let name = case.get("name").and_then(Value::as_str).unwrap();
            if name.contains(&only) {
                let outcome = std::panic::catch_unwind(|| engine_case(case));
                let outcome = outcome.unwrap_or_else(|_| Err("panicked".into()));
                outcomes.insert(name.to_owned(), outcome);
            }
        }
    }
    judge("engine", &outcomes);
}
