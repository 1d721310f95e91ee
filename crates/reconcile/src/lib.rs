//! Desired, observed, policy and now to a plan; outcome and health to a verdict. The heart.
//!
//! Everything here is a function of its arguments:
//!
//! ```text
//! Rendered -own-> Desired -plan(Observed)-> Plan -(executed elsewhere)-> Outcome -conclude-> Verdict
//! ```
//!
//! Deliberately absent: any client, clock, task, file or setting. The effects (`cluster`, `operator`)
//! bring what they saw and carry out what a [`Plan`] says; they decide nothing.

pub mod conclude;
pub mod depends;
pub mod desired;
pub mod expression;
pub mod health;
pub mod inventory;
pub mod observed;
pub mod plan;
pub mod policy;
pub mod release;
pub mod run;
mod selector;
pub mod spec;

pub use conclude::{EventRecord, Severity, Verdict, conclude, farewell, progress};
pub use desired::{Desired, DesiredObject, Rendered, Scope, Stage, own};
pub use health::{Health, HealthRules, HealthStatus};
pub use observed::{Applied, Live, ManagerEntry, Observed, Refused, Sight};
pub use plan::{Action, FieldChange, Plan, Reason, Step, Trigger, plan, plan_deletion};
pub use policy::{Policy, Ssa};
pub use run::{Awaited, Halt, HealthReport, Outcome, Phase, Run, StepOutcome, StepResult};
pub use spec::{OwnerRef, SyncSpec};
