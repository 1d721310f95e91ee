//! YAML in and out, as `sigs.k8s.io/yaml` does it: through JSON.

use super::data::{data, plain_data};
use super::json::{into_list, into_map};
use crate::function::{Functions, Signature};
use crate::sprig::args::text;
use crate::value::{Entries, Numbers, Type, Value};
use object::{Dialect, YamlError, from_yaml_one};

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
pub(super) fn write(value: &Value) -> Result<String, String> {
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
    let data = from_yaml_one(text, Dialect::Sigs).map_err(|e| complaint(&e, text))?;
    Ok(Value::from_object(&data, Numbers::Float64))
}

/// A YAML error in go-yaml's words.
fn complaint(error: &YamlError, text: &str) -> String {
    let message = &error.message;
    let reason = match (not_finite(message), line(error, text)) {
        (Some(number), _) => format!("json: unsupported value: {number}"),
        (None, None) => format!("yaml: {message}"),
        (None, Some(line)) => format!("yaml: line {line}: {message}"),
    };
    format!("error converting YAML to JSON: {reason}")
}

/// The line go-yaml names. Its parser counts from 0 where its scanner counts from 1; neither names the first line;
/// and where something that began earlier is not complete, it names the place where that was noticed.
fn line(error: &YamlError, text: &str) -> Option<usize> {
    // The text is well-formed, or was not even looked at.
    const NOWHERE: [&str; 5] = [
        "unknown anchor",
        "map merge",
        "contains itself",
        "excessive aliasing",
        "control characters",
    ];
    const PARSER: [&str; 6] = [
        "did not find expected ',' or ']'",
        "did not find expected ',' or '}'",
        "did not find expected '-' indicator",
        "did not find expected key",
        "did not find expected node content",
        "did not find expected <document start>",
    ];
    let message = error.message.as_str();
    if NOWHERE.iter().any(|known| message.contains(known)) {
        return None;
    }
    if PARSER.contains(&message) {
        return Some(error.line - 1).filter(|line| *line > 0);
    }
    let line = match message {
        "found unexpected end of stream" => text.matches('\n').count() + 1,
        "could not find expected ':'" => {
            let blank = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
            error.line + 1 + text.lines().skip(error.line).take_while(blank).count()
        }
        _ => error.line,
    };
    Some(line).filter(|line| *line > 1)
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
