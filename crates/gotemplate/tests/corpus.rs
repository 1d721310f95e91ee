//! Runs the template cases recorded from Go's `text/template`, Sprig and Helm.

#![expect(clippy::unwrap_used, reason = "a malformed case is a bug of the corpus")]

use object::{Dialect, Value as Data, from_yaml_one};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_gotemplate::{
    Env, FunctionError, Functions, MissingKey, Numbers, Options, Set, Signature, Type, Value,
};

fn corpus() -> PathBuf {
    std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    )
}

/// Name and cases of every file.
fn files() -> Vec<(String, Vec<Data>)> {
    let folder = corpus().join("gotemplate");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no corpus at {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    let name = |p: &Path| p.file_name().unwrap().to_string_lossy().into_owned();
    let cases = |p: &Path| {
        let text = std::fs::read_to_string(p).unwrap();
        from_yaml_one(&text, Dialect::Sigs).unwrap().as_list().unwrap().to_vec()
    };
    paths
        .iter()
        .filter(|p| name(p).starts_with("cases-") && name(p).ends_with(".yaml"))
        .map(|p| (name(p), cases(p)))
        .collect()
}

fn known_differences() -> Vec<String> {
    include_str!("known-differences.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn text<'a>(case: &'a Data, key: &str) -> Option<&'a str> {
    case.get(key).and_then(Data::as_str)
}

/// A clock and randomness for the cases that test the shape of what comes of them.
struct Outside(u64);

impl Env for Outside {
    fn now(&mut self) -> (i64, u32) {
        (1_790_000_000, 123_456_789)
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<(), FunctionError> {
        for byte in buffer {
            // xorshift: any sequence will do.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            *byte = self.0.to_le_bytes()[3];
        }
        Ok(())
    }
}

/// How a case ended, and whether an error's text was Go's.
enum Ending {
    Right,
    RightWithText(bool, String),
    Wrong(String),
}

fn render(case: &Data, functions: &Arc<Functions>) -> Result<String, String> {
    let missing_key = match text(case, "missingkey") {
        Some("zero") => MissingKey::Zero,
        Some("error") => MissingKey::Error,
        _ => MissingKey::Invalid,
    };
    let options = Options {
        name: "t".into(),
        left: text(case, "left").unwrap_or_default().into(),
        right: text(case, "right").unwrap_or_default().into(),
        missing_key,
        ..Options::new(Arc::clone(functions))
    };
    let numbers = match text(case, "numbers") {
        Some("float64") => Numbers::Float64,
        _ => Numbers::Int,
    };
    let data = case.get("data").map_or(Value::Nil, |d| Value::from_object(d, numbers));
    let mut set = Set::new(options);
    set.parse("t", text(case, "template").unwrap()).map_err(|e| e.to_string())?;
    set.execute("t", &data, &mut Outside(88_172_645_463_325_252)).map_err(|e| e.to_string())
}

fn check(case: &Data, functions: &[(&str, Arc<Functions>)]) -> Ending {
    let wanted = text(case, "functions").unwrap();
    let functions = &functions.iter().find(|(name, _)| *name == wanted).unwrap().1;
    let ours = render(case, functions);
    match (ours, text(case, "expected"), text(case, "error")) {
        (Ok(ours), Some(expected), _) if ours == expected => Ending::Right,
        (Ok(ours), Some(expected), _) => Ending::Wrong(format!("{ours:?}, expected {expected:?}")),
        (Err(ours), _, Some(expected)) => Ending::RightWithText(
            ours == expected,
            format!("\n    ours {ours}\n    Go's {expected}"),
        ),
        (ours, ..) => Ending::Wrong(format!("{ours:?}, expected {case:?}")),
    }
}

fn check_tree(case: &Data) -> Ending {
    let mut functions = Functions::builtin();
    for name in case.get("functions").and_then(Data::as_list).unwrap_or_default() {
        functions.add(
            name.as_str().unwrap(),
            Signature::variadic(&[], Type::Any),
            |_: &mut windlass_gotemplate::Call<'_>, _: &[Value]| Ok(Value::Nil),
        );
    }
    // The original tests name templates freely; only the error texts tell.
    let named = text(case, "error").and_then(|e| e.strip_prefix("template: "));
    let name = named.and_then(|e| e.split(':').next()).unwrap_or("t");
    let mut set = Set::new(Options::new(Arc::new(functions)));
    let ours = set.parse(name, text(case, "template").unwrap()).map_err(|e| e.to_string());
    let ours = ours.map(|()| set.tree(name, true).unwrap());
    match (ours, text(case, "tree"), text(case, "error")) {
        (Ok(ours), Some(tree), _) if ours == tree => Ending::Right,
        (Ok(ours), Some(tree), _) => Ending::Wrong(format!("{ours}, expected {tree}")),
        (Err(ours), _, Some(expected)) => Ending::RightWithText(
            ours == expected,
            format!("\n    ours {ours}\n    Go's {expected}"),
        ),
        (ours, ..) => Ending::Wrong(format!("{ours:?}, expected {case:?}")),
    }
}

#[test]
fn corpus_cases() {
    let functions = [
        ("builtin", Arc::new(Functions::builtin())),
        ("sprig", Arc::new(Functions::sprig())),
        ("helm", Arc::new(Functions::helm())),
    ];
    let known = known_differences();
    let (mut passed, mut wrong) = (0, Vec::new());
    let (mut texts, mut texts_equal) = (0, 0);
    for (file, cases) in files() {
        let before = wrong.len();
        for case in &cases {
            let name = text(case, "name").unwrap().to_owned();
            let ending = match file.contains("texttemplate-parse") {
                true => check_tree(case),
                false => check(case, &functions),
            };
            if let Ending::RightWithText(equal, difference) = &ending {
                texts += 1;
                texts_equal += i32::from(*equal);
                if !equal {
                    println!("  error text of {name}: {difference}");
                }
            }
            match (ending, known.contains(&name)) {
                (Ending::Wrong(_), true) => {}
                (Ending::Wrong(why), false) => wrong.push(format!("{file} {name}: {why}")),
                (_, true) => {
                    wrong.push(format!("{file} {name}: passes, but is listed as different"))
                }
                (_, false) => passed += 1,
            }
        }
        println!("{file}: {} of {}", cases.len() - (wrong.len() - before), cases.len());
    }
    println!("{passed} passed, {} failed; {texts_equal} of {texts} error texts equal", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
