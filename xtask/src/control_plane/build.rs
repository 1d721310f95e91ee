//! Building the programs, once for every state of the Go module.

use crate::test::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The release, as the programs say it of themselves. `go.mod` names the same.
const KUBERNETES: &str = "1.35.0";

const PROGRAMS: &[&str] = &["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"];

/// What the programs in the cache were built from.
const STAMP: &str = "built-from";

/// The folder with the programs, which are built where they are missing or made from something else.
pub(super) fn programs() -> Result<PathBuf, String> {
    let module = root().join("xtask").join("control-plane");
    let cache = cache()?;
    let wanted = inputs(&module)?;
    let complete = PROGRAMS.iter().all(|name| cache.join(name).is_file());
    let stamp = cache.join(STAMP);
    if complete && std::fs::read_to_string(&stamp).is_ok_and(|built| built == wanted) {
        return Ok(cache);
    }
    let go = Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !go.is_ok_and(|status| status.success()) {
        return Err("a real control plane is built from Go modules, and there is no `go` here; \
                    install Go 1.25 or newer (https://go.dev/dl) and try again"
            .to_owned());
    }
    std::fs::create_dir_all(&cache).map_err(|e| format!("{}: {e}", cache.display()))?;
    eprintln!("building Kubernetes {KUBERNETES} and etcd into {} (minutes, once)", cache.display());
    let status = Command::new("nice")
        .args(["-n", "19", "go", "build", "-ldflags", &linker_flags(), "-o"])
        .arg(format!("{}/", cache.display()))
        .arg("./...")
        .env("CGO_ENABLED", "0")
        .current_dir(&module)
        .status()
        .map_err(|e| format!("go build cannot start: {e}"))?;
    if !status.success() {
        return Err("go build failed; it needs the Go module proxy or a filled module cache".into());
    }
    std::fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(cache)
}

fn cache() -> Result<PathBuf, String> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("WINDLASS_CONTROL_PLANE") {
        return Ok(folder);
    }
    let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let caches = caches.ok_or("neither WINDLASS_CONTROL_PLANE nor HOME is set")?;
    Ok(caches.join("windlass-control-plane"))
}

/// Everything the programs are made from, as one text.
fn inputs(module: &Path) -> Result<String, String> {
    let mut text = linker_flags();
    let sources = PROGRAMS.iter().map(|name| format!("{name}/main.go"));
    for file in ["go.mod".to_owned(), "go.sum".to_owned()].into_iter().chain(sources) {
        let path = module.join(&file);
        let content =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        text.push_str(&format!("\n== {file}\n{content}"));
    }
    Ok(text)
}

/// Without them the server says it is v0.0.0, and clients warn of the distance.
fn linker_flags() -> String {
    let mut numbers = KUBERNETES.split('.');
    let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
    let set = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    let mut flags = "-s -w".to_owned();
    flags += &set("gitVersion", &format!("v{KUBERNETES}"));
    flags += &set("gitMajor", major);
    flags += &set("gitMinor", minor);
    flags += &set("gitTreeState", "clean");
    flags += &set("gitCommit", "unknown");
    flags
}
