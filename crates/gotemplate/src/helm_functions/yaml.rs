//! YAML in and out, as `sigs.k8s.io/yaml` does it: through JSON.

use super::data::{data, plain_data};
use super::json::{into_list, into_map};
use crate::function::{Functions, Signature};
use crate::sprig::args::text;
use crate::value::{Entries, Numbers, Type, Value};
use object::{Dialect, from_yaml_one};

const TO: Signature = Signature::new(&[Type::Any]);
const FROM: Signature = Signature::new(&[Type::String]);

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    f.add("toYaml", TO, |_, a| Ok(write(&a[0]).unwrap_or_default().into()));
    f.add("mustToYaml", TO, |_, a| Ok(write(&a[0])?.into()));
    f.add("toYamlPretty", TO, |_, a| Ok(pretty(&a[0]).unwrap_or_default().into()));
    f.add("fromYaml", FROM, |_, a| {
        let read = read(&text(a, 0)).and_then(|value| into_map(value).map_err(decoding));
        let error = |e: String| Value::map(Entries::from_iter([("Error", e)]));
        // Nothing leaves what was there: Go gives an empty map.
        Ok(read.map_or_else(error, |map| map.unwrap_or_else(|| Value::map(Entries::new()))))
    });
    f.add("fromYamlArray", FROM, |_, a| {
        let read = read(&text(a, 0)).and_then(|value| into_list(value).map_err(decoding));
        let error = |e: String| vec![e.into()].into();
        Ok(read.map_or_else(error, |list| list.unwrap_or_else(|| Vec::new().into())))
    });
}

/// Without the line break at the end.
fn write(value: &Value) -> Result<String, String> {
    let data = data(value).map_err(|e| format!("error marshaling into JSON: {e}"))?;
    let mut text = object::to_yaml(&data);
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

/// By go-yaml v3 without JSON in between: lists indented below their key, nothing folded.
fn pretty(value: &Value) -> Result<String, String> {
    let mut text = object::to_yaml_indented(&plain_data(value)?);
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn read(text: &str) -> Result<Value, String> {
    let data = from_yaml_one(text, Dialect::Sigs).map_err(|e| {
        let reason = not_finite(&e.message).map_or_else(|| e.to_string(), |name| {
            format!("json: unsupported value: {name}")
        });
        format!("error converting YAML to JSON: {reason}")
    })?;
    Ok(Value::from_object(&data, Numbers::Float64))
}

/// Go's name of the number a complaint of the reader is about, when it is about one that JSON does not have.
fn not_finite(message: &str) -> Option<&'static str> {
    let number = message.strip_prefix("the number ")?.strip_suffix(" has no form in JSON")?;
    Some(match number.to_ascii_lowercase().as_str() {
        ".nan" => "NaN",
        "-.inf" => "-Inf",
        _ => "+Inf",
    })
}

fn decoding(error: String) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {error}")
}
