//! `cargo xtask differential`: the same requests to our API server and to a real one.
//!
//! The comparison itself is a test of the crate `apiserver`; here the real server is built and started.

use crate::control_plane;
use crate::test::root;
use std::process::Command;

const HELP: &str = "cargo xtask differential [CASES]

  CASES       only cases whose name contains this, such as `apply/` or `services`

Builds and starts a real control plane (see `cargo xtask control-plane --help`), then sends the same requests to it and
to our API server. Everything that differs is written to `differences.txt` in the folder that is named at the end.
";

/// The controllers whose work shows in answers; ours does the same behind the API.
const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,serviceaccount-controller,\
                           clusterrole-aggregation-controller,root-ca-certificate-publisher-controller";

/// Starts, compares, stops.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let cases = match arguments {
        [] => "",
        [help] if help == "--help" || help == "-h" => {
            print!("{HELP}");
            return Ok(());
        }
        [cases] => cases,
        _ => return Err(format!("differential takes one argument at most\n\n{HELP}")),
    };
    let data = std::env::temp_dir().join(format!("windlass-differential-{}", std::process::id()));
    let outcome = control_plane::while_running(&data, CONTROLLERS, |kubeconfig| {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["test", "--package", "windlass-apiserver", "--test", "differential"])
            .args(["--", "--nocapture", "answers"])
            .env("WINDLASS_REAL_SERVER", kubeconfig)
            .env("WINDLASS_CASES", cases)
            .current_dir(root())
            .status()
            .map_err(|e| format!("cargo test cannot start: {e}"))?;
        if status.success() { Ok(()) } else { Err("the two servers differ".to_owned()) }
    });
    // The folder is of no use to anyone now; one that stays is only untidy.
    drop(std::fs::remove_dir_all(&data));
    outcome
}
