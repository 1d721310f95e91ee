//! `eq`, `lt` and what is made of them.

use super::Reflected;
use crate::fmt::sprintf;
use crate::value::{Int, Kind, Value};
use std::cmp::Ordering;

/// What Go's comparisons tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
    /// None of them.
    Other,
}

fn basic(value: &Value) -> Basic {
    match value.kind() {
        Kind::Bool => Basic::Bool,
        Kind::Complex128 => Basic::Complex,
        Kind::Int(kind) if kind.is_signed() => Basic::Int,
        Kind::Int(_) => Basic::Uint,
        Kind::Float64 => Basic::Float,
        Kind::String => Basic::String,
        _ => Basic::Other,
    }
}

fn int(value: &Value) -> Int {
    match value {
        Value::Int(int) => *int,
        Value::Object(object) => object.int().unwrap_or(Int::int(0)),
        _ => Int::int(0),
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    let (a, b) = (a.type_name(), b.type_name());
    format!("incompatible types for comparison: {a} and {b}")
}

/// `a == b || a == c || ...`
pub(super) fn equal(a: &Reflected, others: &[Reflected]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal_two(&a.value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_two(a: &Value, b: &Value) -> Result<bool, String> {
    let kinds = (basic(a), basic(b));
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        _ if kinds == (Basic::String, Basic::String) => a.as_bytes() == b.as_bytes(),
        _ => match kinds {
            (Basic::Int | Basic::Uint, Basic::Int | Basic::Uint) => int(a).wide() == int(b).wide(),
            (Basic::Other, Basic::Other) => return equal_other(a, b),
            _ if a.is_nil() || b.is_nil() => false,
            _ => return Err(incompatible(a, b)),
        },
    })
}

/// Lists, maps, objects and nil.
fn equal_other(a: &Value, b: &Value) -> Result<bool, String> {
    let show = |v: &Value| sprintf("%s", std::slice::from_ref(v)).into_string_lossy();
    if a.kind() != b.kind() && !a.is_nil() && !b.is_nil() {
        let (ta, tb) = (a.type_name(), b.type_name());
        let b = crate::fmt::display(b).into_string_lossy();
        return Err(format!("non-comparable types {}: {ta}, {tb}: {b}", show(a)));
    }
    if a.is_nil_of_any_type() || b.is_nil_of_any_type() {
        return Ok(a.is_nil_of_any_type() && b.is_nil_of_any_type());
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b))
            if matches!(b.go_type().kind(), Kind::Struct | Kind::Pointer) =>
        {
            Ok(a.go_type() == b.go_type() && a.equals(&**b))
        }
        _ => Err(format!("non-comparable type {}: {}", show(b), b.type_name())),
    }
}

fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, String> {
    const BAD: &str = "invalid type for comparison";
    let kinds = (basic(a), basic(b));
    match kinds {
        (Basic::Other, _) | (_, Basic::Other) => Err(BAD.into()),
        (Basic::Bool, Basic::Bool) | (Basic::Complex, Basic::Complex) => Err(BAD.into()),
        (Basic::Int | Basic::Uint, Basic::Int | Basic::Uint) => {
            Ok(Some(int(a).wide().cmp(&int(b).wide())))
        }
        (Basic::String, Basic::String) => Ok(Some(a.as_bytes().cmp(&b.as_bytes()))),
        (Basic::Float, Basic::Float) => match (a, b) {
            (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
            _ => Err(BAD.into()),
        },
        _ => Err(incompatible(a, b)),
    }
}

/// `a < b`.
pub(super) fn less(a: &Reflected, b: &Reflected) -> Result<bool, String> {
    Ok(order(&a.value, &b.value)? == Some(Ordering::Less))
}

/// `a <= b`.
pub(super) fn less_or_equal(a: &Reflected, b: &Reflected) -> Result<bool, String> {
    Ok(matches!(order(&a.value, &b.value)?, Some(Ordering::Less | Ordering::Equal)))
}
