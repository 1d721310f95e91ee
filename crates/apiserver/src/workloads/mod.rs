//! Simulated workloads: what a control plane's controllers, scheduler and kubelets would do, without
//! running a container.
//!
//! Every controller is a pure function from what is there and the time to a [`Step`]: the writes and the next
//! moment to look again. [`Simulation`] knows which object to look at after which change, and `driver` is
//! the only part that waits and writes. Everything it makes or runs carries the annotation
//! `windlass.dev/simulated: "true"`; Nodes and the components of Events have `simulated` in their names.
//!
//! What is simulated, and how faults are scripted, stands in `docs/simulated-workloads.md`. Deliberately
//! absent: containers, networks, volumes, resources, affinity, probes.

pub mod autoscaler;
mod behaviour;
pub mod budget;
mod change;
pub mod claim;
mod condition;
pub mod cron_job;
pub mod daemon_set;
pub mod deployment;
mod driver;
mod event;
mod fields;
pub mod job;
mod node;
mod owner;
pub mod pod;
pub mod replica_set;
mod replicas;
mod revision;
mod schedule;
mod selector;
pub mod service;
mod settings;
mod simulation;
pub mod stateful_set;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use behaviour::SCRIPT;
pub use change::{Change, Step};
pub use driver::simulate;
pub use owner::SIMULATED;
pub use schedule::{Schedule, ScheduleError};
pub use settings::Settings;
pub use simulation::Simulation;
