//! The `windlass` binary: commands, messages, exit codes. One file per command in `command/`.

#![warn(clippy::print_stdout)] // `say!` instead: it does not panic when the reader goes away

// First, for its macros.
#[macro_use]
mod output;

mod command;
mod connection;
mod failure;
mod process;
mod sample;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    // One crypto provider for every TLS connection; a second call would be the only way to fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot start: {error}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(command::run(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprint!("{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
