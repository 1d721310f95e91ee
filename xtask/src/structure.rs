//! The house rules a compiler does not know: layers, file and function sizes, forbidden names.

use crate::test::root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The layer of each crate. A crate may use only crates of lower layers; `ARCHITECTURE.md` says why.
const LAYERS: &[(&str, u8)] = &[
    ("object", 0),
    ("semver", 0),
    ("tree", 0),
    ("api", 1),
    ("gotemplate", 1),
    ("schema", 1),
    ("helm", 2),
    ("kustomize", 2),
    ("ssa", 2),
    ("reconcile", 3),
    ("apiserver", 4),
    ("cluster", 4),
    ("source", 4),
    ("operator", 5),
    ("web", 5),
    ("cli", 6),
];

/// Layers up to this one are pure: what they may not use.
const PURE_UP_TO: u8 = 3;
const IMPURE_CRATES: &[&str] = &["tokio", "kube", "hyper", "redb", "gix", "axum", "rand", "russh"];
const IMPURE_CODE: &[&str] = &[
    "std::fs",
    "std::env::",
    "std::net::Tcp",
    "std::net::Udp",
    "ToSocketAddrs",
    "std::process",
    "SystemTime::now",
    "Instant::now",
];

/// No file of product code is longer, in lines. 500 is the aim, this the limit.
const LONGEST_FILE: usize = 800;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "manager", "imp", "helper", "helpers", "misc"];

/// Checks everything, and names every offence at once.
pub(crate) fn check() -> Result<(), String> {
    let mut offences = Vec::new();
    let crates = root().join("crates");
    let layer: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    for folder in entries(&crates)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match layer.get(name.as_str()) {
            None => {
                offences.push(format!("crates/{name} stands in no layer (xtask/src/structure.rs)"))
            }
            Some(own) => check_crate(&folder, &name, *own, &layer, &mut offences)?,
        }
    }
    check_files(&root().join("xtask").join("src"), &mut offences)?;
    if offences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} offences against the house rules:\n  {}",
        offences.len(),
        offences.join("\n  ")
    ))
}

fn check_crate(
    folder: &Path,
    name: &str,
    own: u8,
    layer: &BTreeMap<&str, u8>,
    offences: &mut Vec<String>,
) -> Result<(), String> {
    let manifest = read(&folder.join("Cargo.toml"))?;
    for dependency in product_dependencies(&manifest) {
        if let Some(other) = layer.get(dependency)
            && *other >= own
        {
            offences.push(format!(
                "{name} (layer {own}) uses {dependency} (layer {other}): arrows point down only"
            ));
        }
        if own <= PURE_UP_TO && IMPURE_CRATES.contains(&dependency) {
            offences.push(format!("{name} is pure and uses {dependency}"));
        }
    }
    let source = folder.join("src");
    check_files(&source, offences)?;
    if own <= PURE_UP_TO {
        for file in rust_files(&source)?.iter().filter(|f| !is_test(f)) {
            for (number, line) in read(file)?.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(word) = IMPURE_CODE.iter().find(|w| code.contains(**w)) {
                    let at = shown(file);
                    offences.push(format!("{at}:{}: {name} is pure and uses {word}", number + 1));
                }
            }
        }
    }
    Ok(())
}

/// The names under `[dependencies]` (not those of tests and benches).
fn product_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|l| l.trim() != "[dependencies]")
        .skip(1)
        .take_while(|l| !l.starts_with('['))
        .filter_map(|l| l.split(['.', '=', ' ']).next())
        .filter(|n| !n.is_empty() && !n.starts_with('#'))
}

fn check_files(folder: &Path, offences: &mut Vec<String>) -> Result<(), String> {
    for file in rust_files(folder)? {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            offences.push(format!("{}: the name says nothing of what is inside", shown(&file)));
        }
        let lines = read(&file)?.lines().count();
        if lines > LONGEST_FILE && !is_test(&file) {
            offences.push(format!("{}: {lines} lines, over {LONGEST_FILE}", shown(&file)));
        }
    }
    Ok(())
}

fn is_test(file: &Path) -> bool {
    file.components().any(|c| c.as_os_str() == "tests" || c.as_os_str() == "tests.rs")
        || file.file_stem().is_some_and(|s| s.to_string_lossy().ends_with("_tests"))
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for path in entries(&next)? {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listing = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listing.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
