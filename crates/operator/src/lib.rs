//! The operator: from source to status, one folder per kind.
//!
//! [`Operator`] wires watches, queues and workers; [`kustomization`] and [`git_repository`] hold what is done for each
//! kind. Deliberately absent: decisions (crate `reconcile`), rendering (`kustomize`), requests (`cluster`).

mod artifacts;
mod charts;
mod context;
pub mod external;
mod fleet;
pub mod git_repository;
mod helm_chart;
mod helm_release;
mod helm_repository;
mod id;
pub mod kinds;
pub mod kustomization;
mod oci_repository;
mod operator;
pub mod preview;
mod queue;
mod registry;
mod secrets;
mod source_turn;
pub mod status;

pub use artifacts::Artifacts;
pub use context::Settings;
pub use fleet::{Fleet, Held, News, requested_at, source_of};
pub use id::Id;
pub use operator::Operator;
pub use queue::{Queue, Urgency};
