//! Runs the recorded cases of Flux's ignore patterns.
#![expect(clippy::unwrap_used, reason = "a malformed case is a bug of the corpus")]

use object::{Dialect, Value, from_yaml_one};
use std::path::PathBuf;
use windlass_tree::{Ignore, TreePath};

fn known_differences() -> Vec<String> {
    include_str!("known-differences.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn read(path: PathBuf) -> Option<Value> {
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: no corpus at {}", path.display());
        return None;
    };
    Some(from_yaml_one(&text, Dialect::Sigs).unwrap())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_list().unwrap_or_default().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn ignore_of(case: &Value) -> Ignore {
    let mut ignore = Ignore::new();
    if let Some(patterns) = case.get("patterns").and_then(Value::as_str) {
        ignore.add_spec(patterns);
    }
    for (file, text) in case.get("files").and_then(Value::as_map).into_iter().flat_map(|m| m.iter())
    {
        let directory = TreePath::parse(file).unwrap().parent().unwrap();
        ignore.add_file(&directory, text.as_str().unwrap());
    }
    if case.get("defaults").and_then(Value::as_bool) == Some(true) {
        ignore.add_defaults();
    }
    ignore
}

#[test]
fn sourceignore() {
    let corpus = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let Some(cases) = read(corpus.join("misc/gitignore.yaml")) else { return };
    let Some(tree) = read(corpus.join("misc/gitignore-tree.yaml")) else { return };
    let (tree, known) = (texts(&tree), known_differences());
    let (mut passed, mut wrong) = (0, Vec::new());
    for case in cases.as_list().unwrap() {
        let name = case.get("name").and_then(Value::as_str).unwrap().to_owned();
        let paths = case.get("paths").unwrap();
        let paths = if paths.as_list().is_some() { texts(paths) } else { tree.clone() };
        let ignore = ignore_of(case);
        let mut ignored: Vec<String> = paths
            .into_iter()
            .filter(|p| {
                let path = TreePath::parse(p.trim_end_matches('/')).unwrap();
                ignore.ignores(&path, p.ends_with('/'))
            })
            .collect();
        ignored.sort();
        let mut expected = texts(case.get("sourceignore").unwrap());
        expected.sort();
        match (ignored == expected, known.contains(&name)) {
            (true, false) => passed += 1,
            (true, true) => wrong.push(format!("{name}: passes, but is listed as different")),
            (false, true) => {}
            (false, false) => wrong.push(format!("{name}: {ignored:?}, expected {expected:?}")),
        }
    }
    println!("gitignore.yaml: {passed} passed, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
