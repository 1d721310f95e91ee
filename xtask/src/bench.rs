//! `cargo xtask bench`: our programs beside the ones they stand for, on the same inputs, in one run.
//!
//! Ratios are what counts; machines differ, and are busy. Each pair of processes runs one right after the other, so
//! that what else the machine does falls on both.

use crate::test::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const HELP: &str = "cargo xtask bench WHAT

  kustomize   `windlass build` beside `kustomize build` on the shared cases and on an overlay of 1,000 resources,
              as processes and in process
  helm        `windlass template` beside `helm template` on the shared charts, as processes and in process
  ssa         managed fields, in process (`cargo bench -p windlass-ssa`)

The peers are looked for in PATH, or where WINDLASS_KUSTOMIZE and WINDLASS_HELM say; without one its side is left out,
with a line that says so. The cases are those of WINDLASS_CORPUS (default ../shared/corpus).
";

/// How often each pair of processes is run; the best of each side counts.
const ROUNDS: usize = 3;

/// Measures.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [what] if what == "kustomize" => kustomize(),
        [what] if what == "helm" => helm(),
        [what] if what == "ssa" => cargo(&["bench", "--package", "windlass-ssa"]),
        [] | [_] if arguments.iter().all(|a| a == "--help" || a == "-h") => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("bench takes one of these\n\n{HELP}")),
    }
}

fn kustomize() -> Result<(), String> {
    let corpus = corpus("kustomize")?;
    let ours = windlass()?;
    let example = ["--package", "windlass-kustomize", "--example", "speed", "--"];
    let speed = |arguments: &[&str]| {
        cargo(&[&["run", "--quiet", "--release"], &example[..], arguments].concat())
    };
    println!("in process:");
    speed(&[&corpus.display().to_string()])?;
    speed(&["--synthetic", "1000"])?;
    let Some(theirs) = peer("kustomize", "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1") else {
        return Ok(());
    };
    let mut cases = Vec::new();
    for folder in folders(&corpus)? {
        let text = std::fs::read_to_string(folder.join("case.json")).unwrap_or_default();
        let case: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        // Cases that need another program, flags, or directories that Git cannot keep are left out.
        let options = &case["options"];
        let plain = case["needs"].is_null()
            && case["empty_dirs"].as_array().is_none_or(Vec::is_empty)
            && options["load_restrictor"] == "rootOnly"
            && options["plugins"] == "builtinsOnly";
        if plain && folder.join("expected.yaml").exists() {
            let path = case["path"].as_str().unwrap_or(".");
            cases.push(vec![
                "build".to_owned(),
                folder.join("files").join(path).display().to_string(),
            ]);
        }
    }
    println!("as processes:");
    compare("shared cases", (&ours, &theirs), &pairs(&cases))?;
    let overlay = std::env::temp_dir().join(format!("windlass-bench-{}", std::process::id()));
    speed(&["--write", &overlay.display().to_string(), "1000"])?;
    let build = vec!["build".to_owned(), overlay.join("overlay").display().to_string()];
    let outcome = compare("overlay of 1,000 resources", (&ours, &theirs), &pairs(&[build]));
    // The folder is of no use to anyone now; one that stays is only untidy.
    drop(std::fs::remove_dir_all(&overlay));
    outcome
}

fn helm() -> Result<(), String> {
    let corpus = corpus("helm")?;
    let ours = windlass()?;
    println!("in process:");
    let example =
        ["run", "--quiet", "--release", "--package", "windlass-helm", "--example", "speed"];
    cargo(&[&example[..], &["--", &corpus.display().to_string()]].concat())?;
    let Some(theirs) = peer("helm", "helm.sh/helm/v4/cmd/helm@v4.3.1") else { return Ok(()) };
    println!("as processes:");
    let (stack, others): (Vec<PathBuf>, Vec<PathBuf>) =
        folders(&corpus)?.into_iter().partition(|f| {
            f.file_name().is_some_and(|n| n.to_string_lossy().starts_with("kube-prometheus-stack"))
        });
    for (label, charts) in [("kube-prometheus-stack", stack), ("the other charts", others)] {
        let mut cases = Vec::new();
        for chart in charts {
            for case in folders(&chart.join("cases"))? {
                if case.join("expected.yaml").exists() {
                    cases.push(template(&chart, &case)?);
                }
            }
        }
        compare(label, (&ours, &theirs), &pairs(&cases))?;
    }
    Ok(())
}

/// The arguments of a case, which both programs understand.
fn template(chart: &Path, case: &Path) -> Result<Vec<String>, String> {
    let file = case.join("args.json");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let args: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    let text = |key: &str| args[key].as_str().unwrap_or_default().to_owned();
    let mut out = vec!["template".to_owned(), text("release")];
    out.push(chart.join("chart.tgz").display().to_string());
    out.extend(["--namespace".to_owned(), text("namespace")]);
    out.extend(["--kube-version".to_owned(), text("kubeVersion")]);
    for version in args["apiVersions"].as_array().into_iter().flatten() {
        out.extend(["--api-versions".to_owned(), version.as_str().unwrap_or_default().to_owned()]);
    }
    if args["includeCRDs"].as_bool() == Some(true) {
        out.push("--include-crds".to_owned());
    }
    let values = case.join("values.yaml");
    if values.exists() {
        out.extend(["-f".to_owned(), values.display().to_string()]);
    }
    Ok(out)
}

/// The same arguments for both sides.
fn pairs(cases: &[Vec<String>]) -> Vec<&[String]> {
    cases.iter().map(Vec::as_slice).collect()
}

/// Runs every case with both programs and prints the sums of the best times and their ratio.
fn compare(label: &str, programs: (&Path, &Path), cases: &[&[String]]) -> Result<(), String> {
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for case in cases {
        let mut best = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            best.0 = best.0.min(time(programs.0, case)?);
            best.1 = best.1.min(time(programs.1, case)?);
        }
        ours += best.0;
        theirs += best.1;
    }
    let each = |sum: Duration| sum.as_secs_f64() * 1e3 / cases.len().max(1) as f64;
    println!(
        "{label}: {} cases, {:.1} ms each beside {:.1} ms: {:.1} times faster",
        cases.len(),
        each(ours),
        each(theirs),
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
    Ok(())
}

fn time(program: &Path, arguments: &[String]) -> Result<Duration, String> {
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| format!("{} cannot start: {e}", program.display()))?;
    if !status.success() {
        return Err(format!("{} {} fails", program.display(), arguments.join(" ")));
    }
    Ok(start.elapsed())
}

/// Our binary, built for release.
fn windlass() -> Result<PathBuf, String> {
    cargo(&["build", "--quiet", "--release", "--package", "windlass-cli"])?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release").join("windlass"))
}

/// A peer's program, or a line that says how to get it.
fn peer(name: &str, module: &str) -> Option<PathBuf> {
    let told = std::env::var_os(format!("WINDLASS_{}", name.to_uppercase())).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        told.or_else(|| std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.is_file()));
    if found.is_none() {
        println!("skipped: there is no {name} to stand beside; `go install {module}` makes one");
    }
    found
}

fn corpus(part: &str) -> Result<PathBuf, String> {
    let base = std::env::var_os("WINDLASS_CORPUS")
        .map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let folder = base.join(part);
    if folder.is_dir() {
        return folder.canonicalize().map_err(|e| e.to_string());
    }
    Err(format!("there are no cases at {}; set WINDLASS_CORPUS", folder.display()))
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(of).map_err(|e| format!("{}: {e}", of.display()))?;
    let mut all: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
    all.sort();
    Ok(all)
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo cannot start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("cargo {} failed", arguments.join(" "))) }
}
