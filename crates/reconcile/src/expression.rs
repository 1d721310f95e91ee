//! Expressions of users in CEL: `readyExpr`, `healthCheckExprs`. The one place that knows the `cel` crate.
//!
//! As in Flux: the standard library with optional values, and the extensions for strings and encoders.
//! Deliberately absent: type checking before evaluation; a type error shows when the expression is asked.

use cel::{Context, Env, ExecutionError, Program, extensions};
use object::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Why an expression gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is no CEL.
    #[error("the expression {text:?} is not valid CEL: {why}")]
    Syntax {
        /// The expression.
        text: String,
        /// What the parser says.
        why: String,
    },
    /// It is longer than any sensible one.
    #[error("the expression is {0} bytes long; at most {LONGEST} are allowed")]
    TooLong(usize),
    /// It names something that does not exist.
    #[error("the expression {text:?} uses {name}, which does not exist")]
    Undeclared {
        /// The expression.
        text: String,
        /// The name.
        name: String,
    },
    /// It failed on these values.
    #[error("the expression {text:?} failed: {why}")]
    Evaluation {
        /// The expression.
        text: String,
        /// What the interpreter says.
        why: String,
    },
    /// It answers something else than yes or no.
    #[error("the expression {text:?} gives {found}, not a boolean")]
    NotBoolean {
        /// The expression.
        text: String,
        /// Type of the answer.
        found: String,
    },
}

/// Longest expression in bytes. The schemas set no limit; parsing is linear and the nesting is bounded by
/// the parser, so this only keeps nonsense out of the logs.
const LONGEST: usize = 64 * 1024;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // They can only fail when added twice; an expression that needs a missing one then says so.
    let _ = env.add_extension(extensions::strings);
    let _ = env.add_extension(extensions::encoders);
    Arc::new(env)
});

/// One compiled expression.
pub struct Expression {
    text: String,
    program: Program,
    /// Variables it names, sorted; only these are converted when it is asked.
    variables: Vec<String>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When it is no CEL.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > LONGEST {
            return Err(ExpressionError::TooLong(text.len()));
        }
        let program = ENV.compile(text).map_err(|why| ExpressionError::Syntax {
            text: text.to_owned(),
            why: why.to_string().trim().to_owned(),
        })?;
        let mut variables: Vec<String> =
            program.references().variables().into_iter().map(str::to_owned).collect();
        variables.sort_unstable();
        Ok(Self { text: text.to_owned(), program, variables })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Asks the expression, with these variables.
    ///
    /// # Errors
    /// When it cannot be evaluated or its answer is no boolean.
    pub fn is_true(&self, variables: &[(&str, &Value)]) -> Result<bool, ExpressionError> {
        let mut context = Context::with_env(Arc::clone(&ENV));
        for (name, value) in variables {
            if self.variables.binary_search_by(|v| v.as_str().cmp(name)).is_ok() {
                context.add_variable_from_value(*name, convert(value));
            }
        }
        let text = || self.text.clone();
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(ExpressionError::NotBoolean {
                text: text(),
                found: other.type_of().to_string(),
            }),
            Err(ExecutionError::UndeclaredReference(name)) => {
                Err(ExpressionError::Undeclared { text: text(), name: name.to_string() })
            }
            Err(why) => Err(ExpressionError::Evaluation { text: text(), why: why.to_string() }),
        }
    }
}

fn convert(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(b) => cel::Value::Bool(*b),
        Value::Int(i) => cel::Value::Int(*i),
        Value::Float(f) => cel::Value::Float(*f),
        Value::String(s) => cel::Value::String(Arc::new(s.to_string())),
        Value::List(items) => cel::Value::List(Arc::new(items.iter().map(convert).collect())),
        Value::Map(map) => {
            let entries: HashMap<cel::objects::Key, cel::Value> = map
                .iter()
                .map(|(key, value)| {
                    (cel::objects::Key::String(Arc::new(key.to_owned())), convert(value))
                })
                .collect();
            cel::Value::Map(cel::objects::Map { map: Arc::new(entries) })
        }
    }
}

#[cfg(test)]
mod tests;
