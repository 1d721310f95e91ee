//! How a live object is: the rules of kstatus for built-in kinds, conditions for all others, and the
//! user's own expressions before either.
//!
//! Deliberately absent: waiting. A caller looks again when an object changes.

mod deepest;
mod kstatus;
mod targets;

pub use deepest::deepest_failure;
pub use kstatus::compute;
pub use targets::{HealthTarget, targets};

use crate::expression::{Expression, ExpressionError};
use api::{CustomHealthCheck, Timestamp};
use object::{Gvk, Manifest, Value};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// The statuses of kstatus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum HealthStatus {
    /// It is as its spec wants it.
    Current,
    /// Its controller is at work.
    InProgress,
    /// Its controller has given up.
    Failed,
    /// It is being deleted.
    Terminating,
    /// It is not there.
    NotFound,
    /// It cannot be told.
    #[default]
    Unknown,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// How an object is, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// In one word.
    pub status: HealthStatus,
    /// One CamelCase word on what is missing; empty when nothing is.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: Cow<'static, str>,
    /// For people.
    pub message: Cow<'static, str>,
}

impl Health {
    /// As its spec wants it.
    pub fn current(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: HealthStatus::Current, reason: "".into(), message: message.into() }
    }

    /// Being worked on.
    pub fn in_progress(
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (reason, message) = (reason.into(), message.into());
        Self { status: HealthStatus::InProgress, reason, message }
    }

    /// Given up.
    pub fn failed(
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (reason, message) = (reason.into(), message.into());
        Self { status: HealthStatus::Failed, reason, message }
    }

    /// Not there.
    pub fn not_found() -> Self {
        Self {
            status: HealthStatus::NotFound,
            reason: "NotFound".into(),
            message: "Resource not found".into(),
        }
    }

    /// Not to be told.
    pub fn unknown(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: HealthStatus::Unknown, reason: "".into(), message: message.into() }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// Why a set of `healthCheckExprs` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HealthRulesError {
    /// Two entries for one kind.
    #[error("duplicate custom health check for {kind} at healthCheckExprs[{index}]")]
    Duplicate {
        /// Group and kind.
        kind: String,
        /// Position of the second.
        index: usize,
    },
    /// An expression that cannot be understood.
    #[error("healthCheckExprs[{index}].{member} cannot be understood")]
    Expression {
        /// Position.
        index: usize,
        /// `current`, `failed` or `inProgress`.
        member: &'static str,
        /// Why.
        #[source]
        source: ExpressionError,
    },
}

struct Rule {
    /// In the order they are asked.
    expressions: Vec<(HealthStatus, Expression)>,
}

/// The rules of one run: its own expressions, compiled once, and kstatus for the rest.
#[derive(Default)]
pub struct HealthRules {
    /// By group and kind; the empty kind stands for the whole group.
    rules: HashMap<(String, String), Rule>,
}

impl fmt::Debug for HealthRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules.keys()).finish()
    }
}

impl HealthRules {
    /// Compiles `spec.healthCheckExprs`.
    ///
    /// # Errors
    /// When an expression cannot be understood, or two entries are for the same kind.
    pub fn new(checks: &[CustomHealthCheck]) -> Result<Self, HealthRulesError> {
        let mut rules = HashMap::with_capacity(checks.len());
        for (index, check) in checks.iter().enumerate() {
            let gvk = Gvk::from_api_version(
                &check.api_version,
                check.kind.as_deref().unwrap_or_default(),
            );
            let mut expressions = Vec::new();
            for (status, member, text) in [
                (HealthStatus::InProgress, "inProgress", check.in_progress.as_deref()),
                (HealthStatus::Failed, "failed", check.failed.as_deref()),
                (HealthStatus::Current, "current", Some(check.current.as_str())),
            ] {
                let Some(text) = text.filter(|t| !t.is_empty()) else { continue };
                let compiled = Expression::compile(text)
                    .map_err(|source| HealthRulesError::Expression { index, member, source })?;
                expressions.push((status, compiled));
            }
            let kind = format!("{}/{}", gvk.group, gvk.kind);
            if rules.insert((gvk.group, gvk.kind), Rule { expressions }).is_some() {
                return Err(HealthRulesError::Duplicate { kind, index });
            }
        }
        Ok(Self { rules })
    }

    /// How an object is. `now` decides whether a Pod has waited long enough for a node.
    pub fn assess(&self, object: &Value, now: Timestamp) -> Health {
        if !self.rules.is_empty() {
            let gvk = object.gvk();
            let key = |kind: &str| (gvk.group.clone(), kind.to_owned());
            if let Some(rule) = self.rules.get(&key(&gvk.kind)).or_else(|| self.rules.get(&key("")))
            {
                return rule.assess(object);
            }
        }
        assess(object, now)
    }
}

impl Rule {
    /// The order of questions is fixed by Flux's RFC 9; an object whose generation its controller has not
    /// seen yet is in progress whatever they say.
    fn assess(&self, object: &Value) -> Health {
        let number = |path: [&str; 2]| object.at(path).and_then(Value::as_int);
        if let (Some(observed), Some(generation)) =
            (number(["status", "observedGeneration"]), number(["metadata", "generation"]))
            && observed != generation
        {
            return Health::in_progress("LatestGenerationNotObserved", "");
        }
        let members = object.as_map().cloned().unwrap_or_default();
        let variables: Vec<(&str, &Value)> = members.iter().collect();
        for (status, expression) in &self.expressions {
            match expression.is_true(&variables) {
                Ok(false) => {}
                Ok(true) => {
                    return Health {
                        status: *status,
                        reason: "HealthCheckExpression".into(),
                        message: "".into(),
                    };
                }
                Err(error) => return Health::unknown(error.to_string()),
            }
        }
        Health::in_progress("HealthCheckExpression", "")
    }
}

/// How an object is, by kstatus, with Flux's own rule for Jobs.
pub fn assess(object: &Value, now: Timestamp) -> Health {
    let result = if object.kind() == "Job" && object.api_version().starts_with("batch/") {
        kstatus::compute_job(object)
    } else {
        compute(object, now)
    };
    result.unwrap_or_else(|error| Health::unknown(error.to_string()))
}

#[cfg(test)]
mod tests;
