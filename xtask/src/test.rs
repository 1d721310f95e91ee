//! `cargo xtask test`: every check, in the order in which failures are cheapest to see.

use crate::structure;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs every check, stopping at the first that fails.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(unknown) = arguments.first() {
        return Err(format!("test takes no argument, and '{unknown}' was given"));
    }
    step("formatting", cargo(&["fmt", "--all", "--check"]))?;
    eprintln!("== structure");
    structure::check()?;
    step(
        "clippy",
        cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]),
    )?;
    step("tests", cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    documentation.env("RUSTDOCFLAGS", "--deny warnings");
    step("documentation", documentation)?;
    licences()?;
    eprintln!("== all checks passed");
    Ok(())
}

/// Formats, and lets clippy mend what it can.
pub(crate) fn tidy() -> Result<(), String> {
    step(
        "clippy --fix",
        cargo(&["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--quiet"]),
    )?;
    step("formatting", cargo(&["fmt", "--all"]))
}

/// `cargo deny`: licences, bans, sources, and advisories where their list can be had.
fn licences() -> Result<(), String> {
    eprintln!("== licences and advisories");
    if !has_deny() && !install_deny() {
        eprintln!("skipped: cargo-deny is not installed and could not be (no registry?)");
        return Ok(());
    }
    step(
        "cargo deny",
        cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]),
    )?;
    let fetched = cargo(&["deny", "--log-level", "off", "fetch", "db"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if fetched {
        step("advisories", cargo(&["deny", "--log-level", "error", "check", "advisories"]))
    } else {
        eprintln!("skipped: the list of advisories cannot be fetched from here");
        Ok(())
    }
}

fn has_deny() -> bool {
    cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn install_deny() -> bool {
    eprintln!("installing cargo-deny (once, some minutes)");
    cargo(&["install", "cargo-deny", "--locked", "--quiet"]).status().is_ok_and(|s| s.success())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

fn step(name: &str, mut command: Command) -> Result<(), String> {
    eprintln!("== {name}");
    let status = command.status().map_err(|e| format!("{name}: cannot start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed")) }
}
