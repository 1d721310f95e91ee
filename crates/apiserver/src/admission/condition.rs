//! `matchConditions`, and what expressions see.

use super::request::Request;
use crate::registry::Served;
use crate::rest::ApiError;
use object::Value;
use schema::rules::{Expression, Scope};

/// What expressions of webhooks may name.
pub(super) const OF_HOOKS: [&str; 3] = ["object", "oldObject", "request"];

/// Named conditions that all hold, or the thing is passed over.
pub(super) struct Conditions(Vec<Condition>);

struct Condition {
    text: String,
    expression: Result<Expression, String>,
}

impl Conditions {
    pub(super) fn read(of: &Value, known: &[&str]) -> Self {
        let list = of.get("matchConditions").and_then(Value::as_list).unwrap_or_default();
        let read = |condition: &Value| {
            let text = condition.get("expression").and_then(Value::as_str).unwrap_or_default();
            Condition { text: text.to_owned(), expression: Expression::compile(text, known) }
        };
        Self(list.iter().map(read).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all hold; one that is false decides, whatever is wrong with others.
    pub(super) fn hold(&self, scope: &mut Scope) -> Result<bool, String> {
        let mut faults = Vec::new();
        for condition in &self.0 {
            match evaluate(&condition.expression, &condition.text, scope) {
                Ok(value) if value.as_bool() == Some(false) => return Ok(false),
                Ok(_) => {}
                Err(fault) => faults.push(fault),
            }
        }
        match faults.as_slice() {
            [] => Ok(true),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }
}

/// Evaluates with the words of a real server for what goes wrong.
pub(super) fn evaluate(
    expression: &Result<Expression, String>,
    text: &str,
    scope: &mut Scope,
) -> Result<schema::rules::Evaluated, String> {
    let expression = expression.as_ref().map_err(|fault| format!("compilation error: {fault}"))?;
    let failed = |fault| format!("expression '{text}' resulted in error: {fault}");
    expression.evaluate(scope).map_err(failed)
}

/// A scope with the objects and the request.
pub(super) fn scope(
    request: &Request<'_>,
    served: &Served,
    value: Option<&Value>,
    old: Option<&Value>,
) -> Result<Scope, ApiError> {
    let mut scope = Scope::new();
    let seen = |v: Option<&Value>| {
        v.map_or(Ok(Value::Null), |v| super::matching::in_version(request, served, v))
    };
    scope.set("object", &seen(value)?);
    scope.set("oldObject", &seen(old)?);
    scope.set("request", &request.describe(served).into());
    Ok(scope)
}
