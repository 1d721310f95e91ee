//! The environment of rules: CEL's standard library and extensions, and of Kubernetes' libraries those that
//! definitions use.

use crate::Pattern;
use crate::quantity::Quantity;
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, Env, ExecutionError, Program, Value, extensions};
use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

pub(super) static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // They can only fail when added twice.
    let _ = env.add_extension(extensions::strings);
    let _ = env.add_extension(extensions::lists);
    let _ = env.add_extension(extensions::math);
    let _ = env.add_extension(extensions::encoders);
    Arc::new(env)
});

/// A variable that a rule names and that is neither its value, the old one, nor a type or namespace.
pub(super) fn undeclared(program: &Program) -> Option<String> {
    unknown(program, &["self", "oldSelf"])
}

/// A variable that an expression names and that is neither one of `declared`, nor a type or namespace.
pub(super) fn unknown(program: &Program, declared: &[&str]) -> Option<String> {
    const KNOWN: [&str; 18] = [
        "bool",
        "bytes",
        "double",
        "duration",
        "dyn",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "timestamp",
        "type",
        "uint",
        "optional",
        "math",
        "base64",
        "lists",
        "google",
    ];
    let references = program.references();
    let mut unknown: Vec<&str> = references
        .variables()
        .into_iter()
        .filter(|name| !declared.contains(name) && !KNOWN.contains(name))
        .filter(|name| !name.starts_with('@') && !name.starts_with("__"))
        .collect();
    // Variables of comprehensions are named too: they are bound inside.
    let bound = bound_variables(program.expression());
    unknown.retain(|name| !bound.iter().any(|b| b == name));
    unknown.sort_unstable();
    unknown.first().map(|name| (*name).to_owned())
}

fn bound_variables(expression: &cel::common::ast::IdedExpr) -> Vec<String> {
    use cel::common::ast::{EntryExpr, Expr};
    let mut found = Vec::new();
    let mut waiting = vec![expression];
    while let Some(next) = waiting.pop() {
        match &next.expr {
            Expr::Comprehension(c) => {
                found.extend([c.iter_var.clone(), c.accu_var.clone()]);
                found.extend(c.iter_var2.clone());
                waiting.extend([
                    &c.iter_range,
                    &c.accu_init,
                    &c.loop_cond,
                    &c.loop_step,
                    &c.result,
                ]);
            }
            Expr::Call(call) => {
                waiting.extend(call.target.as_deref());
                waiting.extend(&call.args);
            }
            Expr::List(list) => waiting.extend(&list.elements),
            Expr::Select(select) => waiting.push(&select.operand),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        waiting.extend([&entry.key, &entry.value]);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// A fresh context with every function.
pub(super) fn context() -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(&ENV));
    // A name that the environment has already stays the environment's.
    let _ = context.add_function("isSorted", is_sorted);
    let _ = context.add_function("sum", sum);
    let _ =
        context.add_function("min", |list: This<Arc<Vec<Value>>>| extreme(list, Ordering::Less));
    let _ =
        context.add_function("max", |list: This<Arc<Vec<Value>>>| extreme(list, Ordering::Greater));
    let _ = context.add_function("find", find);
    let _ = context.add_function("findAll", find_all);
    let _ = context.add_function("isURL", |text: Arc<String>| is_url(&text));
    let _ = context.add_function("isIP", |text: Arc<String>| text.parse::<IpAddr>().is_ok());
    let _ = context.add_function("isCIDR", |text: Arc<String>| is_cidr(&text));
    let _ =
        context.add_function("isQuantity", |text: Arc<String>| Quantity::parse(&text).is_some());
    let _ = context.add_function("quantity", quantity);
    let _ = context
        .add_function("compareTo", |a: This<Value>, b: Value| compare(a, &b).map(|o| o as i64));
    let _ = context.add_function("isGreaterThan", |a: This<Value>, b: Value| {
        compare(a, &b).map(Ordering::is_gt)
    });
    let _ = context
        .add_function("isLessThan", |a: This<Value>, b: Value| compare(a, &b).map(Ordering::is_lt));
    let _ = context.add_function("sign", |a: This<Value>| amount(&a.0).map(|q| q.sign() as i64));
    context
}

/// Calls a function of the environment with one argument; `None` when it fails.
pub(super) fn call(function: &str, argument: Value) -> Option<Value> {
    static TIMESTAMP: LazyLock<Option<Program>> =
        LazyLock::new(|| ENV.compile("timestamp(x)").ok());
    static DURATION: LazyLock<Option<Program>> = LazyLock::new(|| ENV.compile("duration(x)").ok());
    let program = if function == "timestamp" { &*TIMESTAMP } else { &*DURATION };
    let mut context = Context::with_env(Arc::clone(&ENV));
    context.add_variable_from_value("x", argument);
    program.as_ref()?.execute(&context).ok()
}

fn order(a: &Value, b: &Value) -> Result<Ordering, ExecutionError> {
    a.partial_cmp(b).ok_or_else(|| ExecutionError::ValuesNotComparable(a.clone(), b.clone()))
}

fn is_sorted(This(list): This<Arc<Vec<Value>>>) -> Result<bool, ExecutionError> {
    for pair in list.windows(2) {
        if order(&pair[0], &pair[1])? == Ordering::Greater {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sum(This(list): This<Arc<Vec<Value>>>) -> Result<Value, ExecutionError> {
    let mut total = Value::Int(0);
    for item in list.iter() {
        total = match (&total, item) {
            (Value::Int(a), Value::Int(b)) => a
                .checked_add(*b)
                .map(Value::Int)
                .ok_or_else(|| ExecutionError::Overflow("add", total.clone(), item.clone()))?,
            (Value::Int(0), other) => other.clone(),
            (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
            _ => return Err(ExecutionError::function_error("sum", "items of several types")),
        };
    }
    Ok(total)
}

fn extreme(This(list): This<Arc<Vec<Value>>>, wanted: Ordering) -> Result<Value, ExecutionError> {
    let mut items = list.iter();
    let first = items.next();
    let Some(mut best) = first else {
        let name = if wanted == Ordering::Less { "min" } else { "max" };
        return Err(ExecutionError::function_error(name, format!("{name} called on empty list")));
    };
    for item in items {
        if order(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn matches(text: &str, pattern: &str) -> Result<Vec<String>, ExecutionError> {
    Pattern::new(pattern).all(text).map_err(|fault| ExecutionError::function_error("find", fault))
}

fn find(This(text): This<Arc<String>>, pattern: Arc<String>) -> Result<Value, ExecutionError> {
    let first = matches(&text, &pattern)?.into_iter().next();
    Ok(Value::String(Arc::new(first.unwrap_or_default())))
}

fn find_all(This(text): This<Arc<String>>, pattern: Arc<String>) -> Result<Value, ExecutionError> {
    let found = matches(&text, &pattern)?;
    Ok(Value::List(Arc::new(found.into_iter().map(|t| Value::String(Arc::new(t))).collect())))
}

/// As Go's `url.ParseRequestURI`: absolute, or a path from the root.
fn is_url(text: &str) -> bool {
    let scheme = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    !text.chars().any(|c| c.is_control() || c == ' ')
        && (text.starts_with('/') || text.split_once("://").is_some_and(|(s, _)| scheme(s)))
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u32>().is_ok_and(|n| n <= most)
}

/// A quantity as a CEL value.
#[derive(Debug, PartialEq, Eq)]
struct Amount(Quantity);

impl Opaque for Amount {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.Quantity"
    }
}

fn quantity(text: Arc<String>) -> Result<Value, ExecutionError> {
    match Quantity::parse(&text) {
        Some(quantity) => Ok(Value::Opaque(Arc::new(Amount(quantity)))),
        None => Err(ExecutionError::function_error(
            "quantity",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )),
    }
}

fn amount(value: &Value) -> Result<Quantity, ExecutionError> {
    let unexpected = || ExecutionError::UnexpectedType {
        got: value.type_of().to_string(),
        want: "kubernetes.Quantity".to_owned(),
    };
    match value {
        Value::Opaque(opaque) => {
            opaque.downcast_ref::<Amount>().map(|a| a.0).ok_or_else(unexpected)
        }
        _ => Err(unexpected()),
    }
}

fn compare(This(a): This<Value>, b: &Value) -> Result<Ordering, ExecutionError> {
    let (left, right) = (amount(&a)?, amount(b)?);
    left.partial_cmp(&right).ok_or_else(|| ExecutionError::ValuesNotComparable(a, b.clone()))
}
