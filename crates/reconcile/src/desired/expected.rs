//! What our fields will look like in the live object, told without asking the server.
//!
//! A server stores defaults in place of what was applied empty, and some values in another notation. For
//! built-in kinds both are known, so after a restart, or after taking over from Flux, a hash is enough to
//! see that an object is as declared. For custom kinds the declared values themselves stand for it, and
//! the answer of an apply teaches the rest.

use object::{Gvk, Map, Value};
use schema::{ListType, MapType, Schema, Type, builtin, native};

/// [`ssa::owned_hash`] of the live object, as far as it can be foretold.
pub(super) fn hash(desired: &Value, gvk: &Gvk) -> u64 {
    let declared = ssa::desired_projection(desired);
    let Some(schema) = builtin::schema(&gvk.group, &gvk.version, &gvk.kind) else {
        return ssa::content_hash(&declared);
    };
    let Some(stored) = stored(desired, gvk) else { return ssa::content_hash(&declared) };
    ssa::content_hash(&owned(&declared, Some(&stored), Some(schema)))
}

/// What a server stores when it is given `desired` of a built-in kind; `None` when it would refuse it.
pub(crate) fn stored(desired: &Value, gvk: &Gvk) -> Option<Value> {
    let mut stored = desired.clone();
    native::admit(&gvk.group, &gvk.version, &gvk.kind, &mut stored).ok()?;
    if gvk.group.is_empty() && gvk.kind == "Namespace" {
        // Not a default of the type: the server adds it when a Namespace is created.
        let finalizers = stored.make_map().entry("spec").make_map().entry("finalizers");
        if finalizers.is_null() {
            *finalizers = Value::List(vec![Value::from("kubernetes")]);
        }
    }
    Some(stored)
}

/// Of `stored` what whoever applied `declared` owns of it; `null` for what is not kept.
fn owned(declared: &Value, stored: Option<&Value>, schema: Option<&Schema>) -> Value {
    match (declared, stored) {
        (_, None) => Value::Null,
        (Value::Map(declared), Some(Value::Map(stored)))
            if !declared.is_empty() && !is_one_value(schema) =>
        {
            let members = declared.iter().map(|(key, value)| {
                (key, owned(value, stored.get(key), schema.and_then(|s| s.member(key))))
            });
            Value::Map(Map::from_iter(members))
        }
        (Value::List(declared), Some(Value::List(stored)))
            if declared.len() == stored.len() && is_keyed(schema) =>
        {
            let items = schema.and_then(|s| s.items.as_deref());
            let pairs = declared.iter().zip(stored);
            Value::List(pairs.map(|(d, s)| owned(d, Some(s), items)).collect())
        }
        (_, Some(stored)) => stored.clone(),
    }
}

/// A map that is owned as a whole.
fn is_one_value(schema: Option<&Schema>) -> bool {
    schema.is_none_or(|s| s.map_type() == MapType::Atomic || s.type_ != Type::Object)
}

/// A list whose items are owned one by one.
fn is_keyed(schema: Option<&Schema>) -> bool {
    schema.is_some_and(|s| s.list_type() == ListType::Map)
}
