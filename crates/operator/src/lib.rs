//! The operator: one thin file per kind, from source to status.

mod queue;

pub use queue::{Queue, Urgency};
