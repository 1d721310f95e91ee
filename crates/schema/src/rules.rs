//! CEL rules in schemas (`x-kubernetes-validations`): compiled once, run on every write. The one place of this
//! crate that knows the `cel` crate.
//!
//! After `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel`. Deliberately absent: type checking when
//! compiling (a type error shows when the rule runs), exact costs (`cost` bounds the work from above), and the
//! Kubernetes libraries `authz`, `semver`, `format`.

mod convert;
mod cost;
mod expression;
mod functions;

pub use expression::{Evaluated, Expression, Scope};

use crate::path::Path;
use crate::validate::{old_item, old_member};
use crate::{Additional, Branch, FieldError, FieldErrorKind, Rule, Schema, Text, Type};
use cel::{Context, Program};
use object::Value;
use std::sync::Arc;

/// How much work all rules of one object may take, in steps; a real server's `RuntimeCELCostBudget`.
const BUDGET: u64 = 10_000_000;

/// The longest rule, in bytes. A real server bounds what rules may cost; ours bounds their length too, because the
/// parser's work and depth follow it.
const LONGEST_RULE: usize = 16 * 1024;

/// How many operators, selections and brackets a rule may have: each may be one level deeper, and the crate that
/// parses and runs it does so by recursion.
const MOST_STEPS: usize = 600;

/// The longest message an expression may compute, in bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// The rules of a schema, compiled.
#[derive(Default)]
pub struct Rules {
    root: Option<Node>,
}

/// One type with rules, or with rules below it.
struct Node {
    schema: Branch,
    rules: Vec<Compiled>,
    properties: Vec<(Text, Node)>,
    items: Option<Box<Node>>,
    additional: Option<Box<Node>>,
}

struct Compiled {
    rule: Rule,
    program: Result<Program, String>,
    message: Option<Program>,
    uses_old: bool,
    /// How deep loops stand in loops.
    depth: u32,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("any", &self.root.is_some()).finish()
    }
}

impl Rules {
    /// Compiles the rules of a custom kind's schema. Faulty ones are kept and tell themselves when they run;
    /// [`Rules::faults`] names them before.
    pub fn compile(schema: &Schema) -> Self {
        let whole = crate::custom::with_object_meta(schema);
        Self { root: node(&whole.into()) }
    }

    /// Whether there is no rule at all.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Rules that do not compile, at their places below `base` (`spec.validation.openAPIV3Schema`).
    pub fn faults(&self, base: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(root) = &self.root {
            faults(root, &mut Path::below(base), &mut errors);
        }
        errors
    }

    /// Runs the rules on an object that is valid by its schema. Transition rules need the `old` one; rules on
    /// parts that did not change are not held against an update.
    pub fn check(&self, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let Some(root) = &self.root else { return Vec::new() };
        let mut run = Run { errors: Vec::new(), budget: BUDGET, path: Path::default() };
        run.walk(root, new, old, true);
        run.errors
    }
}

fn node(branch: &Branch) -> Option<Node> {
    // Built-in types have no rules.
    let Branch::Own(schema) = branch else { return None };
    let properties: Vec<(Text, Node)> =
        schema.properties.iter().filter_map(|p| Some((p.name.clone(), node(&p.schema)?))).collect();
    let items = schema.items.as_ref().and_then(node).map(Box::new);
    let additional = match &schema.additional {
        Additional::Of(of) => node(of).map(Box::new),
        _ => None,
    };
    let rules: Vec<Compiled> = schema.rules.iter().map(compile).collect();
    (!rules.is_empty() || !properties.is_empty() || items.is_some() || additional.is_some())
        .then(|| Node { schema: branch.clone(), rules, properties, items, additional })
}

/// Whether the character may start something that stands inside of what is before it, or around it.
fn is_step(byte: u8) -> bool {
    b"([{.!-+*/%&|?<>=".contains(&byte)
}

fn parse(text: &str) -> Result<Program, String> {
    if text.len() > LONGEST_RULE {
        let length = text.len();
        return Err(format!("the rule has {length} bytes, and {LONGEST_RULE} are allowed"));
    }
    // Text in quotes counts too: telling it apart would be a parser of its own.
    let steps = text.bytes().filter(|b| is_step(*b)).count();
    if steps > MOST_STEPS {
        return Err(format!(
            "the rule has {steps} operators, selections and brackets, and {MOST_STEPS} are allowed"
        ));
    }
    functions::ENV.compile(text).map_err(|e| e.to_string().trim().to_owned())
}

fn compile(rule: &Rule) -> Compiled {
    let program = parse(&rule.rule);
    let program = program.and_then(|program| match functions::undeclared(&program) {
        Some(name) => Err(format!("undeclared reference to '{name}' (in container '')")),
        None => Ok(program),
    });
    let references = program.as_ref().map(Program::references).ok();
    let uses_old = references.is_some_and(|r| r.has_variable("oldSelf"));
    let depth = program.as_ref().map_or(0, |p| cost::depth(p.expression()));
    let message = rule.message_expression.as_deref().and_then(|m| parse(m).ok());
    Compiled { rule: rule.clone(), program, message, uses_old, depth }
}

fn faults(node: &Node, path: &mut Path, errors: &mut Vec<FieldError>) {
    for (index, compiled) in node.rules.iter().enumerate() {
        if let Err(fault) = &compiled.program {
            let path = path.with(&format!("x-kubernetes-validations[{index}].rule"));
            let rule = object::map! {"rule": compiled.rule.rule.as_str()};
            let detail = format!("compilation failed: {fault}");
            errors.push(FieldError::invalid(path, rule, detail));
        }
    }
    for (name, below) in &node.properties {
        path.member(&format!("properties[{name}]"), |path| faults(below, path, errors));
    }
    if let Some(below) = &node.items {
        path.member("items", |path| faults(below, path, errors));
    }
    if let Some(below) = &node.additional {
        path.member("additionalProperties", |path| faults(below, path, errors));
    }
}

struct Run {
    errors: Vec<FieldError>,
    budget: u64,
    path: Path,
}

impl Run {
    /// False when the budget is used up: nothing more runs then.
    fn walk(&mut self, node: &Node, value: &Value, old: Option<&Value>, root: bool) -> bool {
        if value.is_null() {
            return true;
        }
        if !node.rules.is_empty() && !self.rules(node, value, old.filter(|o| !o.is_null()), root) {
            return false;
        }
        match value {
            Value::List(items) => {
                let Some(below) = &node.items else { return true };
                items.iter().enumerate().all(|(index, item)| {
                    let old = old.and_then(|old| old_item(&node.schema, old, item));
                    self.at(|path, walk| path.item(index, walk), below, item, old)
                })
            }
            Value::Map(map) => map.iter().all(|(name, member)| {
                let old = old_member(&node.schema, old, name);
                match node.properties.binary_search_by(|(n, _)| n.as_str().cmp(name)) {
                    Ok(at) => {
                        let below = &node.properties[at].1;
                        self.at(|path, walk| path.member(name, walk), below, member, old)
                    }
                    Err(_) if node.schema.property(name).is_some() => true,
                    Err(_) => match &node.additional {
                        Some(below) => {
                            self.at(|path, walk| path.key(name, walk), below, member, old)
                        }
                        None => true,
                    },
                }
            }),
            _ => true,
        }
    }

    fn at(
        &mut self,
        step: impl FnOnce(&mut Path, &mut dyn FnMut(&mut Path)),
        below: &Node,
        value: &Value,
        old: Option<&Value>,
    ) -> bool {
        let mut goes_on = true;
        let mut path = std::mem::take(&mut self.path);
        step(&mut path, &mut |path| {
            std::mem::swap(&mut self.path, path);
            goes_on = self.walk(below, value, old, false);
            std::mem::swap(&mut self.path, path);
        });
        self.path = path;
        goes_on
    }

    fn place(&self) -> String {
        match self.path.text() {
            "" => "<nil>".to_owned(),
            text => text.to_owned(),
        }
    }

    fn rules(&mut self, node: &Node, value: &Value, old: Option<&Value>, root: bool) -> bool {
        let own = convert::convert(&node.schema, value, root);
        let before = old.map(|old| convert::convert(&node.schema, old, root));
        let unchanged = old == Some(value);
        let widest = cost::widest(value).max(old.map_or(0, cost::widest));
        let type_name = type_name(node.schema.type_);
        for compiled in &node.rules {
            if compiled.uses_old && old.is_none() && !compiled.rule.optional_old_self
                // What did not change is not judged again.
                || !compiled.uses_old && unchanged
            {
                continue;
            }
            let program = match &compiled.program {
                Ok(program) => program,
                Err(fault) => {
                    let detail = format!("rule compile error: {fault}");
                    self.errors.push(FieldError::invalid(self.place(), type_name, detail));
                    continue;
                }
            };
            let cost = cost::bound(compiled.depth, widest, compiled.rule.rule.len());
            if cost > self.budget {
                let detail = "validation failed due to running out of cost budget, no further validation rules will be run";
                self.errors.push(FieldError::invalid(self.place(), type_name, detail));
                return false;
            }
            self.budget -= cost;
            let mut context = functions::context();
            context.add_variable_from_value("self", own.clone());
            if compiled.rule.optional_old_self {
                let optional = match &before {
                    Some(before) => cel::objects::OptionalValue::of(before.clone()),
                    None => cel::objects::OptionalValue::none(),
                };
                let optional = cel::Value::Opaque(Arc::new(optional));
                context.add_variable_from_value("oldSelf", optional);
            } else if let Some(before) = &before {
                context.add_variable_from_value("oldSelf", before.clone());
            }
            match program.execute(&context) {
                Ok(cel::Value::Bool(true)) => {}
                Ok(cel::Value::Bool(false)) => self.broken(compiled, node, value, &context),
                Ok(other) => {
                    let detail = format!(
                        "rule must evaluate to a bool, and gives {}: {}",
                        other.type_of(),
                        shown(&compiled.rule)
                    );
                    self.errors.push(FieldError::invalid(self.place(), type_name, detail));
                }
                Err(fault) => {
                    let detail = format!("{fault} evaluating rule: {}", shown(&compiled.rule));
                    self.errors.push(FieldError::invalid(self.place(), type_name, detail));
                }
            }
        }
        true
    }

    fn broken(
        &mut self,
        compiled: &Compiled,
        node: &Node,
        value: &Value,
        context: &Context<'_, '_>,
    ) {
        let rule = &compiled.rule;
        let computed = compiled.message.as_ref().and_then(|m| match m.execute(context) {
            Ok(cel::Value::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
        let usable =
            |m: &String| !m.is_empty() && m.len() <= LONGEST_MESSAGE && !m.contains(['\n', '\r']);
        let detail = computed.filter(usable).unwrap_or_else(|| match &rule.message {
            Some(message) => message.trim().to_owned(),
            None => format!("failed rule: {}", rule.rule.trim()),
        });
        let path = match rule.field_path.as_deref().map(|p| p.trim_start_matches('.')) {
            Some(below) => self.path.with(below),
            None => self.place(),
        };
        let kind = match rule.reason.as_deref() {
            Some("FieldValueForbidden") => FieldErrorKind::Forbidden,
            Some("FieldValueRequired") => FieldErrorKind::Required,
            Some("FieldValueDuplicate") => FieldErrorKind::Duplicate,
            _ => FieldErrorKind::Invalid,
        };
        let error = FieldError::new(kind, path, value.clone(), detail);
        self.errors.push(match node.schema.type_ {
            Type::Object | Type::Array => error.without_value(),
            _ => error,
        });
    }
}

fn shown(rule: &Rule) -> &str {
    rule.message.as_deref().unwrap_or(&rule.rule).trim()
}

fn type_name(type_: Type) -> &'static str {
    match type_ {
        Type::Object => "object",
        Type::Array => "array",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Any | Type::IntOrString => "",
    }
}

#[cfg(test)]
mod tests;
