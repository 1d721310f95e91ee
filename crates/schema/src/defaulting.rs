//! Defaults that stand in a schema: what absent members of custom resources become.
//!
//! As `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting` does it. The defaults of the built-in
//! kinds are code in Kubernetes and rules here: [`crate::native`].

use crate::{Additional, Schema};
use object::Value;

/// Drops nulls that are neither allowed nor defaulted, then fills in defaults: what a server does with every
/// custom resource it is sent and with every one it reads from its store.
pub fn default(schema: &Schema, value: &mut Value) {
    drop_nulls(schema, value);
    fill(schema, value);
}

/// Whether `value` is a null that the schema does not allow.
fn refused_null(schema: &Schema, value: &Value) -> bool {
    value.is_null() && !schema.nullable
}

fn drop_nulls(schema: &Schema, value: &mut Value) {
    match value {
        Value::Map(map) => map.retain(|name, member| match schema.member(name) {
            Some(of) if of.default.is_none() && refused_null(of, member) => false,
            Some(of) => {
                drop_nulls(of, member);
                true
            }
            None => true,
        }),
        Value::List(items) => {
            if let Some(of) = schema.items.as_deref() {
                items.iter_mut().for_each(|item| drop_nulls(of, item));
            }
        }
        _ => {}
    }
}

fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Map(map) => {
            for property in &schema.properties {
                if let Some(default) = &property.schema.default
                    && map.get(&property.name).is_none_or(|v| refused_null(&property.schema, v))
                {
                    map.insert(property.name.clone(), default.clone());
                }
            }
            for (name, member) in map.iter_mut() {
                if let Some(of) = schema.property(name) {
                    fill(of, member);
                } else if let Additional::Of(of) = &schema.additional {
                    fill_element(of, member);
                }
            }
        }
        Value::List(items) => {
            if let Some(of) = schema.items.as_deref() {
                items.iter_mut().for_each(|item| fill_element(of, item));
            }
        }
        _ => {}
    }
}

fn fill_element(of: &Schema, value: &mut Value) {
    if let Some(default) = &of.default
        && refused_null(of, value)
    {
        *value = default.clone();
    }
    fill(of, value);
}
