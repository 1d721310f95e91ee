//! JSON patches (RFC 6902) with the leniences of the library kustomize uses.
//!
//! Source: `gopkg.in/evanphx/json-patch.v4`: `replace` of a missing member adds it, indices may be negative,
//! an `add` without value adds null.

use crate::node::MAX_DEPTH;
use object::{Map, Value};

/// A decoded patch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPatch(Vec<Map>);

impl JsonPatch {
    /// A patch out of JSON (when it begins with `[`) or YAML.
    ///
    /// # Errors
    /// What does not read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value = if text.starts_with('[') {
            object::from_json(text.as_bytes()).map_err(|e| e.to_string())?
        } else {
            object::from_yaml_one(text, object::Dialect::Sigs).map_err(|e| e.to_string())?
        };
        let items = match value {
            Value::List(items) => items,
            Value::Null => Vec::new(),
            other => {
                return Err(format!(
                    "a list of operations is expected, this is {}",
                    other.type_name()
                ));
            }
        };
        let operation = |item| match item {
            Value::Map(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            other => Err(format!("an operation is a map, this is {}", Value::type_name(&other))),
        };
        Ok(Self(items.into_iter().map(operation).collect::<Result<_, _>>()?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies all operations.
    ///
    /// # Errors
    /// The number of the operation that does not apply, and why.
    pub(crate) fn apply(&self, document: &mut Value) -> Result<(), String> {
        let mut budget = COPIED;
        for (number, operation) in self.0.iter().enumerate() {
            apply(operation, document, &mut budget).map_err(|message| {
                let text = |key| operation.get(key).and_then(Value::as_str).unwrap_or("?");
                format!("operation {} ({} {}): {message}", number + 1, text("op"), text("path"))
            })?;
        }
        Ok(())
    }
}

/// How many values `copy` may copy in one patch: each may double the object.
const COPIED: usize = 500_000;

/// Sees to it that a value fits at a depth, and takes it and all below it from the budget.
fn spend(value: &Value, depth: usize, budget: &mut usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("the object would nest deeper than {MAX_DEPTH} levels"));
    }
    if *budget == 0 {
        return Err(format!("more than {COPIED} values are copied"));
    }
    *budget -= 1;
    match value {
        Value::List(items) => items.iter().try_for_each(|v| spend(v, depth + 1, budget)),
        Value::Map(map) => map.values().try_for_each(|v| spend(v, depth + 1, budget)),
        _ => Ok(()),
    }
}

fn text<'a>(operation: &'a Map, key: &str) -> Result<&'a str, String> {
    match operation.get(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("'{key}' is missing")),
    }
}

fn apply(operation: &Map, document: &mut Value, budget: &mut usize) -> Result<(), String> {
    let path = || text(operation, "path");
    let depth = || Ok::<_, String>(path()?.split('/').count());
    let fit = |value: &Value| {
        // What is there already, or the patch itself says, costs nothing.
        let mut no_budget = usize::MAX;
        spend(value, depth()?, &mut no_budget)
    };
    let value = || {
        let value = operation.get("value").cloned().unwrap_or_default();
        fit(&value)?;
        Ok::<_, String>(value)
    };
    match operation.get("op").and_then(Value::as_str) {
        Some("add") => add(document, path()?, value()?),
        Some("remove") => remove(document, path()?).map(|_| ()),
        Some("replace") => replace(document, path()?, value()?),
        Some("move") => {
            let moved = remove(document, text(operation, "from")?)?;
            fit(&moved)?;
            add(document, path()?, moved)
        }
        Some("copy") => {
            let copied = get(document, text(operation, "from")?)?;
            copied.map_or(Ok(()), |v| spend(v, depth()?, budget))?;
            let copied = copied.cloned().unwrap_or_default();
            add(document, path()?, copied)
        }
        Some("test") => test(document, path()?, operation.get("value")),
        Some(other) => Err(format!("'{other}' is no operation")),
        None => Err("'op' is missing".to_owned()),
    }
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// The container a path's last part stands in, and that part.
fn container<'a>(document: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let missing = || format!("the object has no '{path}'");
    let (parents, key) = path.rsplit_once('/').ok_or("the path has to begin with '/'")?;
    let mut node = document;
    for part in parents.split('/').skip(1) {
        node = match node {
            Value::Map(map) => map.get_mut(&unescape(part)).ok_or_else(missing)?,
            Value::List(items) => {
                let index = position(part, items.len())?;
                &mut items[index]
            }
            _ => return Err(missing()),
        };
    }
    if !matches!(node, Value::Map(_) | Value::List(_)) {
        return Err(missing());
    }
    Ok((node, unescape(key)))
}

/// The position of an element that is there.
fn position(part: &str, length: usize) -> Result<usize, String> {
    let index: i64 = part.parse().map_err(|_| format!("'{part}' is no index"))?;
    let at = if index < 0 { index + length as i64 } else { index };
    usize::try_from(at)
        .ok()
        .filter(|at| *at < length)
        .ok_or_else(|| format!("there is no element {index}, the list has {length}"))
}

fn get<'a>(document: &'a mut Value, path: &str) -> Result<Option<&'a Value>, String> {
    let (container, key) = container(document, path)?;
    match container {
        Value::Map(map) => Ok(map.get(&key)),
        Value::List(items) => Ok(Some(&items[position(&key, items.len())?])),
        _ => Ok(None),
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (container, key) = container(document, path)?;
    match container {
        Value::Map(map) => _ = map.insert(key, value),
        Value::List(items) if key == "-" => items.push(value),
        Value::List(items) => {
            let at = position(&key, items.len() + 1)?;
            items.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return Err("the whole can only be replaced by a map or list".to_owned());
        }
        *document = value;
        return Ok(());
    }
    let (container, key) = container(document, path)?;
    match container {
        Value::Map(map) => _ = map.insert(key, value),
        Value::List(items) => {
            let at = position(&key, items.len())?;
            items[at] = value;
        }
        _ => {}
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, String> {
    let (container, key) = container(document, path)?;
    match container {
        Value::Map(map) => map.remove(&key).ok_or_else(|| format!("there is no '{key}' to remove")),
        Value::List(items) => Ok(items.remove(position(&key, items.len())?)),
        _ => Ok(Value::Null),
    }
}

fn test(document: &mut Value, path: &str, wanted: Option<&Value>) -> Result<(), String> {
    let found = if path.is_empty() { Some(&*document) } else { get(document, path)? };
    let null = Value::Null;
    if found.unwrap_or(&null) == wanted.unwrap_or(&null) {
        return Ok(());
    }
    Err("the value is another one".to_owned())
}
