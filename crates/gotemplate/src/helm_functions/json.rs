//! JSON in and out: `toJson`, `fromJson` and their kin, Sprig's and Helm's.

mod read;
#[cfg(test)]
mod tests;

use super::data::{BROKEN, json_data};
use crate::function::{Functions, Signature};
use crate::sprig::args::text;
use crate::value::{Entries, List, Map, Type, Value};
use object::Value as Data;

pub(super) use read::{into_list, into_map};

const TO: Signature = Signature::new(&[Type::Any]);
const FROM: Signature = Signature::new(&[Type::String]);

/// Registers Sprig's functions.
pub(super) fn register_sprig(f: &mut Functions) {
    let mut pair = |name: &str, write: fn(&Data) -> Vec<u8>| {
        f.add(name, TO, move |_, a| Ok(written(&a[0], write).unwrap_or_else(|_| "".into())));
        let must = format!("mustT{}", &name[1..]);
        f.add(&must, TO, move |_, a| Ok(written(&a[0], write)?));
    };
    pair("toJson", object::to_json_html);
    pair("toPrettyJson", |d| object::to_json_indented(d, "  "));
    // Never swallows an error.
    for name in ["toRawJson", "mustToRawJson"] {
        f.add(name, TO, |_, a| Ok(written(&a[0], object::to_json)?));
    }
    f.add("fromJson", FROM.any(), |_, a| {
        Ok(read::any(&text(a, 0)).map(|r| r.0).unwrap_or_default())
    });
    f.add("mustFromJson", FROM.any(), |_, a| {
        let (value, complaint) = read::any(&text(a, 0))?;
        complaint.map_or(Ok(value), |c| Err(c.into()))
    });
}

/// Registers Helm's functions.
pub(super) fn register_helm(f: &mut Functions) {
    f.add("toJson", TO, |_, a| {
        Ok(written(&a[0], object::to_json_html).unwrap_or_else(|_| "".into()))
    });
    f.add("mustToJson", TO, |_, a| Ok(written(&a[0], object::to_json_html)?));
    f.add("fromJson", FROM, |_, a| Ok(into_map_or_error(&text(a, 0))));
    f.add("fromJsonArray", FROM, |_, a| Ok(into_list_or_error(&text(a, 0))));
}

fn written(value: &Value, write: fn(&Data) -> Vec<u8>) -> Result<Value, String> {
    let (data, broken) = json_data(value)?;
    let text = Value::from_bytes(write(&data));
    Ok(match text.as_text() {
        Some(plain) if broken => plain.replace(BROKEN, r"\ufffd").into(),
        _ => text,
    })
}

/// What was read as a map; an error is told in its member `Error`, beside what could be read.
fn into_map_or_error(text: &str) -> Value {
    let told = |error: String| Value::map(Entries::from_iter([("Error", error)]));
    match read::any(text) {
        Err(error) => told(error),
        Ok((value, complaint)) => match (into_map(value), complaint) {
            (Err(error), _) => told(error),
            (Ok(Some(Value::Map(map))), Some(complaint)) => {
                map.insert("Error", complaint.into());
                Value::Map(map)
            }
            (Ok(map), _) => map.unwrap_or_else(|| Map::nil(Type::Any).into()),
        },
    }
}

/// What was read as a list; an error is told in its only item.
fn into_list_or_error(text: &str) -> Value {
    let read = read::any(text).and_then(|(value, complaint)| {
        let list = into_list(value)?;
        complaint.map_or(Ok(list), Err)
    });
    match read {
        Ok(list) => list.unwrap_or_else(|| List::nil(Type::Any).into()),
        Err(error) => vec![error.into()].into(),
    }
}
