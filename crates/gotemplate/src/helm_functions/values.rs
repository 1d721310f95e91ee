//! The methods of `common.Values`, which `.Values` and the root object are: `{{ .Values.AsMap }}`.
//!
//! As in Go they hide keys of the same names.

use crate::fmt::quote;
use crate::function::{FunctionError, Signature};
use crate::value::{Kind, Map, Type, Value};
use std::rc::Rc;

/// The Go type that has them.
const VALUES: &str = "common.Values";

const WRITER: Type = Type::named("io.Writer", Kind::Interface);

/// The method `name` of the type `type_name`.
pub(crate) fn method(type_name: &str, name: &str) -> Option<Signature> {
    if type_name != VALUES {
        return None;
    }
    Some(match name {
        "AsMap" | "YAML" => Signature::new(&[]),
        "Table" => Signature::new(&[Type::String]),
        "PathValue" => Signature::new(&[Type::String]).any(),
        // No template has a writer to give.
        "Encode" => Signature::new(&[WRITER]),
        _ => return None,
    })
}

/// Calls the method `name` with arguments that fit its signature.
pub(crate) fn call(map: &Rc<Map>, name: &str, args: &[Value]) -> Result<Value, FunctionError> {
    let path = args.first().and_then(Value::as_text).unwrap_or_default();
    match name {
        // Go's conversion shares the map; here what is set at its first level stays in the copy.
        "AsMap" => Ok(Value::map(map.entries().clone())),
        "YAML" => Ok((super::yaml::write(&Value::Map(Rc::clone(map)))? + "\n").into()),
        "Table" => table(map, path.split('.')).map(Value::Map),
        "PathValue" => path_value(map, &path),
        _ => Err("no such method".into()),
    }
}

fn table<'p>(map: &Rc<Map>, path: impl Iterator<Item = &'p str>) -> Result<Rc<Map>, FunctionError> {
    let mut table = Rc::clone(map);
    for name in path {
        table = match table.get(name) {
            Some(Value::Map(below)) if below.item_type() == Type::Any => below,
            _ => return Err(format!("{} is not a table", quote(name)).into()),
        };
    }
    Ok(table)
}

fn path_value(map: &Rc<Map>, path: &str) -> Result<Value, FunctionError> {
    if path.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let (above, key) = path.rsplit_once('.').map_or((None, path), |(a, k)| (Some(a), k));
    let found = match above {
        None => map.get(key),
        Some(above) => table(map, above.split('.')).ok().and_then(|t| t.get(key)),
    };
    found
        .filter(|v| !matches!(v, Value::Map(m) if m.item_type() == Type::Any))
        .ok_or_else(|| format!("{} is not a value", quote(key)).into())
}
