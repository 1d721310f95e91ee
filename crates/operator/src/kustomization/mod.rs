//! `Kustomization`: a directory of a source, rendered and kept applied.
//!
//! `run` is the straight line from source to record and the place to begin; `work` takes an application from the
//! queue, runs it, and writes down what came of it; `delete` is its end.

mod delete;
mod health;
mod lower;
mod rendering;
mod run;
mod substitution;
mod work;

pub(crate) use health::cause;
pub use lower::{LowerError, flux_build};
pub(crate) use lower::{image, patch};
pub(crate) use rendering::{Objects, objects, path};
pub(crate) use run::{plan_input, scopes};
pub(crate) use substitution::read as variables;
pub(crate) use work::work;
