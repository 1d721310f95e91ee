//! What counts as set: `default`, `empty`, `coalesce`, `all`, `any`, `ternary`.

use super::args::boolean;
use crate::function::{Functions, Signature};
use crate::value::{Kind, Type, Value};

const ANY: Type = Type::Any;

/// Registers the functions on empty values.
pub(super) fn register(f: &mut Functions) {
    f.add("default", Signature::variadic(&[ANY], ANY).any(), |_, a| {
        Ok(match a.get(1) {
            Some(given) if !is_empty(given) => given.clone(),
            _ => a[0].clone(),
        })
    });
    f.add("empty", Signature::new(&[ANY]), |_, a| Ok(is_empty(&a[0]).into()));
    f.add("coalesce", Signature::variadic(&[], ANY).any(), |_, a| {
        Ok(a.iter().find(|v| !is_empty(v)).cloned().unwrap_or_default())
    });
    f.add("all", Signature::variadic(&[], ANY), |_, a| Ok((!a.iter().any(is_empty)).into()));
    f.add("any", Signature::variadic(&[], ANY), |_, a| Ok((!a.iter().all(is_empty)).into()));
    f.add("ternary", Signature::new(&[ANY, ANY, Type::Bool]).any(), |_, a| {
        Ok(a[usize::from(!boolean(a, 2))].clone())
    });
}

/// Sprig's `empty`: `nil`, zero, `""`, `false`, nothing in it. Structs never are.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) if object.go_type().kind() == Kind::Struct => false,
        _ => !value.truth(),
    }
}
