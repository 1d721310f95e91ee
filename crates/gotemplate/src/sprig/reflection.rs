//! Types and deep equality.

use super::args::text;
use crate::function::{Functions, Signature};
use crate::value::{Type, Value};
use std::collections::HashSet;
use std::rc::Rc;

const ANY: Type = Type::Any;

/// Registers the functions on types.
pub(super) fn register(f: &mut Functions) {
    f.add("typeOf", Signature::new(&[ANY]), |_, a| Ok(a[0].type_name().into()));
    f.add("kindOf", Signature::new(&[ANY]), |_, a| Ok(a[0].kind().name().into()));
    f.add("typeIs", Signature::new(&[Type::String, ANY]), |_, a| {
        Ok((*text(a, 0) == a[1].type_name()).into())
    });
    f.add("typeIsLike", Signature::new(&[Type::String, ANY]), |_, a| {
        let (wanted, given) = (text(a, 0), a[1].type_name());
        Ok((*wanted == given || given.strip_prefix('*') == Some(&wanted)).into())
    });
    f.add("kindIs", Signature::new(&[Type::String, ANY]), |_, a| {
        Ok((*text(a, 0) == *a[1].kind().name()).into())
    });
    f.add("deepEqual", Signature::new(&[ANY, ANY]), |_, a| Ok(deep_equal(&a[0], &a[1]).into()));
}

/// From this depth on pairs are remembered: Go remembers all of them, which ends circles and keeps values that share
/// parts from being compared over and over.
const REMEMBER_FROM: usize = 8;

/// Pairs of lists or maps that were met.
type Met = HashSet<(*const (), *const ())>;

/// Go's `reflect.DeepEqual`: same types, same contents; a nil slice is not an empty one, and NaN is not NaN.
pub(crate) fn deep_equal(a: &Value, b: &Value) -> bool {
    equal_at(a, b, 0, &mut Met::new())
}

fn equal_at(a: &Value, b: &Value, depth: usize, met: &mut Met) -> bool {
    let mut again = |a: *const (), b: *const ()| {
        std::ptr::eq(a, b) || depth >= REMEMBER_FROM && !met.insert((a, b))
    };
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Raw(a), Value::Raw(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            if a.item_type() != b.item_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return false;
            }
            if again(Rc::as_ptr(a).cast(), Rc::as_ptr(b).cast()) {
                return true;
            }
            stacker::maybe_grow(RED_ZONE, STACK, || {
                a.items().iter().zip(b.items().iter()).all(|(a, b)| equal_at(a, b, depth + 1, met))
            })
        }
        (Value::Map(x), Value::Map(y)) => {
            if x.go_type() != y.go_type() || x.is_nil() != y.is_nil() || x.len() != y.len() {
                return false;
            }
            if again(Rc::as_ptr(x).cast(), Rc::as_ptr(y).cast()) {
                return true;
            }
            stacker::maybe_grow(RED_ZONE, STACK, || {
                let (x, y) = (x.entries(), y.entries());
                x.iter()
                    .zip(y.iter())
                    .all(|((k, a), (l, b))| k == l && equal_at(a, b, depth + 1, met))
            })
        }
        (Value::Object(x), Value::Object(y)) => {
            x.go_type() == y.go_type() && (Rc::ptr_eq(x, y) || x.equals(y.as_ref()))
        }
        _ => false,
    }
}

/// When less than this is left of the stack, more is taken from the heap.
const RED_ZONE: usize = 64 << 10;
const STACK: usize = 1 << 20;
