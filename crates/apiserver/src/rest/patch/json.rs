//! JSON patch (RFC 6902), with the limits of the real server.

use crate::rest::error::ApiError;
use http::StatusCode;
use object::Value;

/// `maxJSONPatchOperations`.
const MOST: usize = 10_000;

/// The operations of one patch.
pub(in crate::rest) struct Operations(Vec<Operation>);

enum Operation {
    Add(Vec<String>, Value),
    Remove(Vec<String>),
    Replace(Vec<String>, Value),
    Move(Vec<String>, Vec<String>),
    Copy(Vec<String>, Vec<String>),
    Test(Vec<String>, Value),
}

impl Operations {
    pub(in crate::rest) fn read(patch: &Value) -> Result<Self, ApiError> {
        let list = patch.as_list().ok_or_else(|| {
            ApiError::bad_request("error decoding patch: a JSON patch is a list of operations")
        })?;
        if list.len() > MOST {
            let mut error = ApiError::bad_request(format!(
                "The allowed maximum operations in a JSON patch is {MOST}, got {}",
                list.len()
            ));
            error.code = StatusCode::PAYLOAD_TOO_LARGE;
            error.reason = "RequestEntityTooLarge";
            return Err(error);
        }
        list.iter().map(operation).collect::<Result<_, _>>().map(Self)
    }

    pub(in crate::rest) fn apply(&self, target: &Value) -> Result<Value, ApiError> {
        let mut value = target.clone();
        for operation in &self.0 {
            run(operation, &mut value).map_err(|why| {
                let mut error = ApiError::bad_request(
                    "the server rejected our request due to an error in our request",
                );
                error.code = StatusCode::UNPROCESSABLE_ENTITY;
                error.reason = "Invalid";
                error.message = format!("{}: {why}", error.message);
                error
            })?;
        }
        Ok(value)
    }
}

fn operation(value: &Value) -> Result<Operation, ApiError> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let wrong = |what: &str| ApiError::bad_request(format!("error decoding patch: {what}"));
    let pointer = |key: &str| {
        let pointer = text(key).ok_or_else(|| wrong(&format!("operation without {key:?}")))?;
        parse(pointer).ok_or_else(|| wrong(&format!("{pointer:?} is no JSON pointer")))
    };
    let content = || value.get("value").cloned().unwrap_or_default();
    match text("op").unwrap_or_default() {
        "add" => Ok(Operation::Add(pointer("path")?, content())),
        "remove" => Ok(Operation::Remove(pointer("path")?)),
        "replace" => Ok(Operation::Replace(pointer("path")?, content())),
        "move" => Ok(Operation::Move(pointer("from")?, pointer("path")?)),
        "copy" => Ok(Operation::Copy(pointer("from")?, pointer("path")?)),
        "test" => Ok(Operation::Test(pointer("path")?, content())),
        other => Err(wrong(&format!("unexpected kind: {other:?}"))),
    }
}

fn parse(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let rest = pointer.strip_prefix('/')?;
    Some(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

fn run(operation: &Operation, value: &mut Value) -> Result<(), String> {
    match operation {
        Operation::Add(path, content) => add(value, path, content.clone()),
        Operation::Remove(path) => remove(value, path).map(drop),
        Operation::Replace(path, content) => {
            let place = find_mut(value, path).ok_or_else(|| {
                format!("replace operation does not apply: doc is missing key: {}", shown(path))
            })?;
            *place = content.clone();
            Ok(())
        }
        Operation::Move(from, path) => {
            let moved = remove(value, from)?;
            add(value, path, moved)
        }
        Operation::Copy(from, path) => {
            let copied = find(value, from).cloned().ok_or_else(|| {
                format!("copy operation does not apply: doc is missing from path: {}", shown(from))
            })?;
            add(value, path, copied)
        }
        Operation::Test(path, expected) => match find(value, path) {
            Some(found) if found == expected => Ok(()),
            None if expected.is_null() => Ok(()),
            _ => Err(format!("testing value {} failed: test failed", shown(path))),
        },
    }
}

fn shown(path: &[String]) -> String {
    path.iter().map(|p| format!("/{p}")).collect()
}

fn index(list: &[Value], part: &str) -> Option<usize> {
    part.parse::<usize>().ok().filter(|i| *i < list.len())
}

fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Map(map) => map.get(part),
        Value::List(list) => index(list, part).map(|i| &list[i]),
        _ => None,
    })
}

fn find_mut<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Map(map) => map.get_mut(part),
        Value::List(list) => index(list, part).map(|i| &mut list[i]),
        _ => None,
    })
}

fn add(value: &mut Value, path: &[String], content: Value) -> Result<(), String> {
    let Some((last, parent)) = path.split_last() else {
        *value = content;
        return Ok(());
    };
    let missing = || format!("add operation does not apply: doc is missing path: {}", shown(path));
    match find_mut(value, parent).ok_or_else(missing)? {
        Value::Map(map) => drop(map.insert(last.as_str(), content)),
        Value::List(list) if last == "-" => list.push(content),
        Value::List(list) => {
            let at = last.parse::<usize>().ok().filter(|i| *i <= list.len()).ok_or_else(missing)?;
            list.insert(at, content);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(value: &mut Value, path: &[String]) -> Result<Value, String> {
    let missing =
        || format!("remove operation does not apply: doc is missing path: {}", shown(path));
    let (last, parent) = path.split_last().ok_or_else(missing)?;
    match find_mut(value, parent).ok_or_else(missing)? {
        Value::Map(map) => map.remove(last).ok_or_else(missing),
        Value::List(list) => {
            let at = index(list, last).ok_or_else(missing)?;
            Ok(list.remove(at))
        }
        _ => Err(missing()),
    }
}
