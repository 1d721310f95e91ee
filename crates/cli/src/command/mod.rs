//! The commands. Each file holds one: its arguments, what it does, what it prints.

mod build;
mod events;
mod get;
mod install;
mod plan;
mod reconcile;
mod run;
mod suspend;
mod target;
mod template;
mod tree;
mod uninstall;
mod up;

use crate::connection::Connection;
use crate::failure::Failure;
use clap::{Parser, Subcommand};

/// GitOps in one binary: hauls what Git declares onto Kubernetes, and keeps it there.
///
/// First steps: `windlass up` starts everything on this machine with a sample repository; `windlass get` shows
/// what runs; `windlass plan` shows what a change would do before it does.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, propagate_version = true, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 10 `plan` found changes, 11 a wait ended without the wanted state.
Log level: WINDLASS_LOG=debug (tracing filter syntax).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: API server, operator and pages, in one process
    Up(up::Up),
    /// Run the operator on an existing cluster
    Run(run::Run),
    /// Print the manifests that install the operator on a cluster
    Install(install::Install),
    /// Remove the operator from a cluster; what it deployed stays
    Uninstall(uninstall::Uninstall),
    /// Show sources and Kustomizations with their state
    Get(get::Get),
    /// Show a Kustomization and everything it manages, with health
    Tree(tree::Tree),
    /// Show what happened, newest last
    Events(events::Events),
    /// Reconcile now instead of at the next interval
    Reconcile(reconcile::Reconcile),
    /// Stop reconciling an object until it is resumed
    Suspend(suspend::Suspend),
    /// Go on reconciling a suspended object
    Resume(suspend::Resume),
    /// Show what a revision, branch or directory would change on the cluster
    Plan(plan::PlanCommand),
    /// Print what a directory renders to, as `kustomize build` would
    Build(build::Build),
    /// Print what a Helm chart renders to, as `helm template` would
    Template(Box<template::Template>),
}

/// Runs the command; the answer is the exit code.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, Failure> {
    let Arguments { connection, command } = arguments;
    match command {
        Command::Up(command) => command.run().await,
        Command::Run(command) => command.run(&connection).await,
        Command::Install(command) => command.run(),
        Command::Uninstall(command) => command.run(&connection).await,
        Command::Get(command) => command.run(&connection).await,
        Command::Tree(command) => command.run(&connection).await,
        Command::Events(command) => command.run(&connection).await,
        Command::Reconcile(command) => command.run(&connection).await,
        Command::Suspend(command) => command.run(&connection).await,
        Command::Resume(command) => command.run(&connection).await,
        Command::Plan(command) => command.run(&connection).await,
        Command::Build(command) => command.run().await,
        Command::Template(command) => command.run(),
    }
}
