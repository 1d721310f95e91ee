//! The project's own chores. `cargo xtask help` lists them.

mod bench;
mod builtin_facts;
mod control_plane;
mod differential;
mod kustomize_facts;
mod structure;
mod test;

use std::process::ExitCode;

const HELP: &str = "cargo xtask COMMAND

  test        everything that must hold: formatting, clippy, structure, unit and integration tests,
              documentation, licences. What a machine lacks is installed, or skipped with a line that says so
  tidy        formats, and applies what clippy can mend by itself
  structure   the layer test and the size test alone
  bench       our programs beside the ones they stand for, on the same inputs; `bench --help` says which
  builtin-facts, kustomize-facts
              make the committed tables of facts anew, out of the Go modules of Kubernetes and kustomize (needs go)
  control-plane
              builds and starts a real kube-apiserver, etcd and kube-controller-manager to compare with (needs go);
              `control-plane --help` says more
  differential
              sends the same requests to our API server and to that one, and compares the answers
  help        this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("test") => test::run(&arguments[1..]),
        Some("tidy") => test::tidy(),
        Some("structure") => structure::check(),
        Some("bench") => bench::run(&arguments[1..]),
        Some("control-plane") => control_plane::run(&arguments[1..]),
        Some("differential") => differential::run(&arguments[1..]),
        Some("builtin-facts") => builtin_facts::run(&arguments[1..]),
        Some("kustomize-facts") => kustomize_facts::run(&arguments[1..]),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("no command '{other}'; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
