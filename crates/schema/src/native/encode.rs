//! Writing an object of a built-in kind as Go writes its structs: which empty members are there.

use super::decode::zero;
use crate::{Additional, Presence, Schema, Type};
use object::{Map, Value};

/// Brings the members of every struct into Go's form; see [`Presence`].
pub fn encode(schema: &Schema, value: &mut Value) {
    match value {
        Value::Map(map) => object(schema, map),
        Value::List(items) => {
            if let Some(of) = schema.items.as_deref() {
                items.iter_mut().for_each(|item| encode(of, item));
            }
        }
        _ => {}
    }
}

fn object(schema: &Schema, map: &mut Map) {
    if let Additional::Of(of) = &schema.additional {
        map.iter_mut().for_each(|(_, member)| encode(of, member));
    }
    for property in &schema.properties {
        let of = &property.schema;
        match map.get_mut(&property.name) {
            None | Some(Value::Null) => match property.presence {
                Presence::Always => {
                    let mut empty = zero(of);
                    encode(of, &mut empty);
                    map.insert(property.name.clone(), empty);
                }
                Presence::AlwaysOrNull => {
                    map.insert(property.name.clone(), Value::Null);
                }
                Presence::Given | Presence::NotEmpty => {
                    map.remove(&property.name);
                }
            },
            Some(member) => {
                encode(of, member);
                if property.presence == Presence::NotEmpty && is_zero(of, member) {
                    map.remove(&property.name);
                }
            }
        }
    }
}

fn is_zero(schema: &Schema, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Int(i) => *i == 0,
        Value::Float(f) => *f == 0.0,
        Value::String(s) => s.is_empty(),
        Value::List(items) => items.is_empty(),
        // Structs that may be left out when zero still hold their own zero members.
        Value::Map(map) => {
            map.is_empty()
                || schema.type_ == Type::Object
                    && schema.properties.iter().any(|p| p.presence != Presence::Given)
                    && map.iter().all(|(name, member)| {
                        schema.property(name).is_some_and(|of| is_zero(of, member))
                    })
        }
    }
}
