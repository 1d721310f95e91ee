//! Kustomize prints what it built with `sigs.k8s.io/yaml`: reading its output and printing it again must
//! give the same bytes.
#![expect(clippy::unwrap_used, reason = "a malformed case is a bug of the corpus")]

use std::path::PathBuf;
use windlass_object::{Dialect, from_yaml, to_yaml};

fn known_differences() -> Vec<String> {
    include_str!("known-differences.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn check(text: &str) -> Result<(), String> {
    for dialect in [Dialect::Sigs, Dialect::Kyaml] {
        let documents = from_yaml(text, dialect).map_err(|e| format!("{dialect:?}: {e}"))?;
        let printed: Vec<String> = documents.iter().map(|d| to_yaml(&d.value)).collect();
        let printed = printed.join("---\n");
        if printed != text {
            let line = printed.lines().zip(text.lines()).find(|(a, b)| a != b);
            return Err(format!("{dialect:?}: printed differently: {line:?}"));
        }
    }
    Ok(())
}

#[test]
fn kustomize_output_prints_the_same() {
    let corpus = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let Ok(cases) = std::fs::read_dir(corpus.join("kustomize")) else {
        println!("SKIPPED: no corpus at {}", corpus.display());
        return;
    };
    let known = known_differences();
    let (mut passed, mut wrong) = (0, Vec::new());
    for case in cases {
        let case = case.unwrap();
        let Ok(text) = std::fs::read_to_string(case.path().join("expected.yaml")) else { continue };
        let name = case.file_name().into_string().unwrap();
        match (check(&text), known.contains(&name)) {
            (Ok(()), false) => passed += 1,
            (Ok(()), true) => wrong.push(format!("{name}: passes, but is listed as different")),
            (Err(_), true) => {}
            (Err(why), false) => wrong.push(format!("{name}: {why}")),
        }
    }
    wrong.sort();
    println!("kustomize: {passed} passed, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
