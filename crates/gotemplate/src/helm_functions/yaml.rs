//! YAML in and out, as `sigs.k8s.io/yaml` does it: through JSON.

use super::data::data;
use super::json::{into_list_or_error, into_map_or_error};
use crate::function::{Functions, Signature};
use crate::sprig::args::text;
use crate::value::{Numbers, Type, Value};
use object::{Dialect, from_yaml_one};

const TO: Signature = Signature::new(&[Type::Any]);
const FROM: Signature = Signature::new(&[Type::String]);

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    f.add("toYaml", TO, |_, a| Ok(write(&a[0]).unwrap_or_default().into()));
    f.add("mustToYaml", TO, |_, a| Ok(write(&a[0])?.into()));
    f.add("fromYaml", FROM, |_, a| into_map_or_error(read(&text(a, 0)), decoding));
    f.add("fromYamlArray", FROM, |_, a| into_list_or_error(read(&text(a, 0)), decoding));
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

fn read(text: &str) -> Result<Value, String> {
    let data = from_yaml_one(text, Dialect::Sigs)
        .map_err(|e| format!("error converting YAML to JSON: {e}"))?;
    Ok(Value::from_object(&data, Numbers::Float64))
}

fn decoding(error: String) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {error}")
}
