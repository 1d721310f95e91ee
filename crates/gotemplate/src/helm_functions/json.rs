//! JSON in and out: `toJson`, `fromJson` and their kin, Sprig's and Helm's.

mod read;
#[cfg(test)]
mod tests;

use super::data::data;
use crate::function::{Functions, Signature};
use crate::sprig::args::{Outcome, text};
use crate::value::{Entries, List, Map, Type, Value};
use object::Value as Data;

pub(super) use read::{into_list, into_map};

const TO: Signature = Signature::new(&[Type::Any]);
const FROM: Signature = Signature::new(&[Type::String]);

/// Registers Sprig's functions.
pub(super) fn register_sprig(f: &mut Functions) {
    let mut pair = |name: &str, write: fn(&Data) -> Vec<u8>| {
        f.add(name, TO, move |_, a| Ok(data(&a[0]).map_or_else(|_| "".into(), |d| written(write(&d)))));
        let must = format!("mustT{}", &name[1..]);
        f.add(&must, TO, move |_, a| Ok(written(write(&data(&a[0])?))));
    };
    pair("toJson", object::to_json_html);
    pair("toPrettyJson", |d| object::to_json_indented(d, "  "));
    // Never swallows an error.
    for name in ["toRawJson", "mustToRawJson"] {
        f.add(name, TO, |_, a| Ok(written(object::to_json(&data(&a[0])?))));
    }
    f.add("fromJson", FROM.any(), |_, a| Ok(read::any(&text(a, 0)).unwrap_or_default()));
    f.add("mustFromJson", FROM.any(), |_, a| Ok(read::any(&text(a, 0))?));
}

/// Registers Helm's functions.
pub(super) fn register_helm(f: &mut Functions) {
    f.add("toJson", TO, |_, a| {
        Ok(data(&a[0]).map_or_else(|_| "".into(), |d| written(object::to_json_html(&d))))
    });
    f.add("mustToJson", TO, |_, a| Ok(written(object::to_json_html(&data(&a[0])?))));
    f.add("fromJson", FROM, |_, a| into_map_or_error(read::any(&text(a, 0)), |e| e));
    f.add("fromJsonArray", FROM, |_, a| into_list_or_error(read::any(&text(a, 0)), |e| e));
}

fn written(bytes: Vec<u8>) -> Value {
    Value::from_bytes(bytes)
}

/// What was read as a map; an error is told in its member `Error`.
pub(super) fn into_map_or_error(
    read: Result<Value, String>,
    wrap: impl Fn(String) -> String,
) -> Outcome {
    let map = match read {
        Ok(value) => match into_map(value) {
            Ok(Some(map)) => return Ok(map),
            Ok(None) => return Ok(Map::nil(Type::Any).into()),
            Err(error) => wrap(error),
        },
        Err(error) => error,
    };
    Ok(Value::map(Entries::from_iter([("Error", map)])))
}

/// What was read as a list; an error is told in its only item.
pub(super) fn into_list_or_error(
    read: Result<Value, String>,
    wrap: impl Fn(String) -> String,
) -> Outcome {
    let error = match read {
        Ok(value) => match into_list(value) {
            Ok(Some(list)) => return Ok(list),
            Ok(None) => return Ok(List::nil(Type::Any).into()),
            Err(error) => wrap(error),
        },
        Err(error) => error,
    };
    Ok(vec![error.into()].into())
}
