//! Single CEL expressions over named values, as admission policies and match conditions have them.
//!
//! Unlike the rules of a schema they see values without types: numbers, texts, lists and maps as JSON has them.
//! Deliberately absent: the library `authorizer`.

use super::{BUDGET, convert, cost, functions, parse};
use crate::Schema;
use cel::objects::{Key, Map};
use cel::{Context, Program};
use object::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// A compiled expression.
pub struct Expression {
    program: Program,
    depth: u32,
    length: usize,
}

/// The names that expressions see, and how much work they may still do together.
pub struct Scope {
    context: Context<'static, 'static>,
    variables: HashMap<Key, cel::Value>,
    widest: u64,
    budget: u64,
}

/// What an expression gave.
pub struct Evaluated(cel::Value);

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Expression")
    }
}

impl Expression {
    /// Compiles an expression that may name `known`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(text: &str, known: &[&str]) -> Result<Self, String> {
        // Told as cel-go does, the lines of the text indented by a blank.
        let program = parse(text).map_err(|fault| fault.replace("\n|", "\n |"))?;
        let strange = functions::unknown(&program, known);
        if let Some(name) = strange {
            return Err(format!("undeclared reference to '{name}' (in container '')"));
        }
        let depth = cost::depth(program.expression());
        Ok(Self { program, depth, length: text.len() })
    }

    /// Evaluates it.
    ///
    /// # Errors
    /// What went wrong.
    pub fn evaluate(&self, scope: &mut Scope) -> Result<Evaluated, String> {
        let cost = cost::bound(self.depth, scope.widest, self.length);
        if cost > scope.budget {
            return Err("validation failed due to running out of cost budget, no further validation rules will be run".to_owned());
        }
        scope.budget -= cost;
        self.program.execute(&scope.context).map(Evaluated).map_err(|e| {
            // In the words of cel-go.
            e.to_string().replacen("No such key", "no such key", 1)
        })
    }
}

impl Scope {
    /// Nothing is named yet.
    pub fn new() -> Self {
        let mut scope = Self {
            context: functions::context(),
            variables: HashMap::new(),
            widest: 1,
            budget: BUDGET,
        };
        scope.publish();
        scope
    }

    /// Names a value.
    pub fn set(&mut self, name: &'static str, value: &Value) {
        self.widest = self.widest.max(cost::widest(value));
        self.context.add_variable_from_value(name, convert::convert(&Schema::ANY, value, false));
    }

    /// Makes what an expression gave visible as `variables.name`.
    pub fn set_variable(&mut self, name: &str, value: Evaluated) {
        self.variables.insert(Key::String(Arc::new(name.to_owned())), value.0);
        self.publish();
    }

    fn publish(&mut self) {
        let variables = Map { map: Arc::new(self.variables.clone()) };
        self.context.add_variable_from_value("variables", cel::Value::Map(variables));
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl Evaluated {
    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.0 {
            cel::Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// A text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            cel::Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.0, cel::Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(text: &str, object: &str) -> Result<Option<bool>, String> {
        let mut scope = Scope::new();
        scope.set("object", &object::from_json(object.as_bytes()).unwrap());
        let two = Expression::compile("object.a + 1", &["object"])?.evaluate(&mut scope)?;
        scope.set_variable("two", two);
        let expression = Expression::compile(text, &["object", "variables"])?;
        expression.evaluate(&mut scope).map(|e| e.as_bool())
    }

    #[test]
    fn expressions_over_plain_values() {
        let object = r#"{"a":1,"metadata":{"labels":{"x-y":"z"}},"list":[{"n":"b"}]}"#;
        for (text, expected) in [
            ("object.a == 1", true),
            ("variables.two == 2", true),
            ("object.metadata.labels['x-y'] == 'z'", true),
            ("has(object.metadata.annotations)", false),
            ("object.list.all(i, i.n.startsWith('b'))", true),
            ("'b' in object.list.map(i, i.n)", true),
        ] {
            assert_eq!(give(text, object), Ok(Some(expected)), "{text}");
        }
        assert!(give("object.missing == 1", object).is_err());
        assert!(
            give("nothing.a", object).unwrap_err().contains("undeclared reference to 'nothing'")
        );
        assert!(give("object.a +", object).is_err());
    }
}
