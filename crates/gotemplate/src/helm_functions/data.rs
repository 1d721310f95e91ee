//! Template values as data to be written, with the complaints of Go's `encoding/json`.

use crate::value::{Type, Value};
use object::Value as Data;

/// So deep may what is written be nested. Go finds circles of maps at a thousand levels.
const MAX_DEPTH: usize = 1_000;

/// So many values may be written at once, parts that occur many times counted each time.
const MAX_VALUES: usize = 2_000_000;

/// The value as data.
///
/// # Errors
/// Go's text for what JSON cannot hold.
pub(super) fn data(value: &Value) -> Result<Data, String> {
    convert(value, 0, &mut Rules::new(true))
}

/// Stands for bytes that are no UTF-8 in data that is to become JSON: Go escapes them, other than a replacement
/// character that was in the text. A noncharacter, which no text has.
pub(super) const BROKEN: char = '\u{ffffe}';

/// The value as data with [`BROKEN`] in it, and whether it occurs.
///
/// # Errors
/// As [`data`].
pub(super) fn json_data(value: &Value) -> Result<(Data, bool), String> {
    let mut rules = Rules { left: MAX_VALUES, json: true, mark: true, marked: false };
    Ok((convert(value, 0, &mut rules)?, rules.marked))
}

/// The value as data that does not go through JSON: nil lists and maps are empty ones, floats need not be finite,
/// bytes are numbers.
///
/// # Errors
/// For what has no form as data.
pub(super) fn plain_data(value: &Value) -> Result<Data, String> {
    convert(value, 0, &mut Rules::new(false))
}

struct Rules {
    /// How many values may still be made.
    left: usize,
    json: bool,
    /// Whether to write [`BROKEN`] for what is no UTF-8.
    mark: bool,
    marked: bool,
}

impl Rules {
    fn new(json: bool) -> Self {
        Self { left: MAX_VALUES, json, mark: false, marked: false }
    }
}

fn convert(value: &Value, depth: usize, rules: &mut Rules) -> Result<Data, String> {
    if depth > MAX_DEPTH {
        let kind = value.type_name();
        return Err(format!("json: unsupported value: encountered a cycle via {kind}"));
    }
    rules.left = rules
        .left
        .checked_sub(1)
        .ok_or_else(|| format!("json: unsupported value: more than {MAX_VALUES} values"))?;
    Ok(match value {
        Value::Raw(bytes) if rules.mark => {
            rules.marked = true;
            let mut text = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(std::iter::repeat_n(BROKEN, chunk.invalid().len()));
            }
            text.into()
        }
        Value::Bytes(bytes) if !rules.json => {
            Data::List(bytes.iter().map(|b| Data::Int((*b).into())).collect())
        }
        Value::List(list) if !rules.json && list.is_nil() => Data::List(Vec::new()),
        Value::Map(map) if !rules.json && map.is_nil() => Data::map(),
        Value::Float(float) if !rules.json => Data::Float(*float),
        Value::List(list) if !list.is_nil() => {
            let items = list.items();
            stacker::maybe_grow(RED_ZONE, STACK, || {
                let items = items.iter().map(|v| convert(v, depth + 1, rules));
                items.collect::<Result<_, _>>().map(Data::List)
            })?
        }
        Value::Map(map) if !map.is_nil() => {
            let entries = map.entries();
            let mut out = Vec::with_capacity(entries.len());
            stacker::maybe_grow(RED_ZONE, STACK, || {
                for (key, value) in entries.iter() {
                    out.push((key.into(), convert(value, depth + 1, rules)?));
                }
                Ok::<_, String>(())
            })?;
            Data::Map(object::Map::from_entries(out))
        }
        Value::Object(object) => match object.to_data() {
            Some(data) => convert(&data, depth + 1, rules)?,
            None if object.is_nil() => Data::Null,
            None => return Err(unsupported(object.go_type())),
        },
        Value::Float(float) if !float.is_finite() => {
            let name = crate::fmt::display(value).to_string_lossy().into_owned();
            return Err(format!("json: unsupported value: {name}"));
        }
        Value::Complex(..) => return Err(unsupported(Type::Complex128)),
        other => other.to_object().map_err(|e| e.to_string())?,
    })
}

fn unsupported(go_type: Type) -> String {
    format!("json: unsupported type: {go_type}")
}

/// When less than this is left of the stack, more is taken from the heap.
pub(super) const RED_ZONE: usize = 64 << 10;
pub(super) const STACK: usize = 1 << 20;
