//! Arguments taken apart. The engine has checked them against the signature, so that what does not fit here cannot
//! happen; such a value reads as empty.

use crate::function::{Call, FunctionError};
use crate::value::{Entries, Int, IntKind, Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// What every function gives.
pub(crate) type Outcome = Result<Value, FunctionError>;

/// The text Go gives a nil pointer that was followed.
pub(crate) const NIL_POINTER: &str =
    "runtime error: invalid memory address or nil pointer dereference";

/// The bytes of the string argument at `index`.
pub(crate) fn bytes(args: &[Value], index: usize) -> &[u8] {
    args.get(index).and_then(Value::as_bytes).unwrap_or_default()
}

/// The text of the string argument at `index`, with replacement characters where it is not UTF-8.
pub(crate) fn text(args: &[Value], index: usize) -> Cow<'_, str> {
    args.get(index).and_then(Value::as_text).unwrap_or_default()
}

/// The integer argument at `index`.
pub(crate) fn int(args: &[Value], index: usize) -> i64 {
    args.get(index).and_then(Value::as_int).unwrap_or_default()
}

/// The map argument at `index`.
pub(crate) fn dict(args: &[Value], index: usize) -> Rc<Map> {
    match args.get(index) {
        Some(Value::Map(map)) => Rc::clone(map),
        _ => Rc::new(Map::nil(crate::value::Type::Any)),
    }
}

/// The boolean argument at `index`.
pub(crate) fn boolean(args: &[Value], index: usize) -> bool {
    matches!(args.get(index), Some(Value::Bool(true)))
}

/// The items of a slice of any type, `[]byte` included; `None` for everything else.
pub(crate) fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.items().clone()),
        Value::Bytes(bytes) => {
            Some(bytes.iter().map(|b| Value::Int(Int::new((*b).into(), IntKind::Uint8))).collect())
        }
        _ => None,
    }
}

/// Sprig's `strval`: strings and bytes as they are, everything else as `%v`.
pub(crate) fn string_of(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Raw(_) => value.clone(),
        Value::Bytes(bytes) => Value::from_bytes(bytes.to_vec()),
        other => output(crate::fmt::display(other)),
    }
}

/// The same as text.
pub(crate) fn text_of(value: &Value) -> String {
    string_of(value).as_text().unwrap_or_default().into_owned()
}

/// Formatted output as a string value.
pub(crate) fn output(output: crate::fmt::Output) -> Value {
    match output {
        crate::fmt::Output::Text(text) => text.into(),
        crate::fmt::Output::Raw(bytes) => Value::from_bytes(bytes),
    }
}

/// `map[string]string` from its entries.
pub(crate) fn string_map(entries: Entries) -> Value {
    Map::new(crate::value::Type::String, entries).into()
}

/// Bytes one string function may make; Go would take what the machine has.
const MAX_TEXT: u128 = 256 << 20;

/// Checks and counts the size of a text about to be made.
pub(crate) fn text_budget(call: &mut Call<'_>, bytes: u128) -> Result<(), FunctionError> {
    if bytes > MAX_TEXT {
        let name = call.name();
        return Err(
            format!("{name}: a result of {bytes} bytes exceeds the limit of {MAX_TEXT}").into()
        );
    }
    call.charge(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// Items one list function may make.
const MAX_ITEMS: u128 = 10_000_000;

/// Checks and counts the length of a list about to be made.
pub(crate) fn list_budget(call: &mut Call<'_>, items: u128) -> Result<(), FunctionError> {
    if items > MAX_ITEMS {
        let name = call.name();
        return Err(
            format!("{name}: a list of {items} items exceeds the limit of {MAX_ITEMS}").into()
        );
    }
    call.charge(u64::try_from(items).unwrap_or(u64::MAX))
}
