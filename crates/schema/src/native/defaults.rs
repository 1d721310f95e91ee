//! What Kubernetes' code fills into built-in kinds, as a table by type.
//!
//! A real server has functions per Go type (`SetDefaults_*` in `pkg/apis/*/v*/defaults.go`) that run for every
//! place the type stands in, outer types first. So do these: [`TABLE`] for plain values, [`special`] for what
//! depends on other members. Defaults that OpenAPI states are used where they stand.
//!
//! Deliberately absent: what strategies set on creation (a Job's selector, a Service's addresses, a Pod's phase),
//! what needs the time, and pod-level resources, whose requests are summed over containers.

mod special;
mod table;

use crate::{Additional, Presence, Property, Schema, Type, builtin, quantity::Quantity};
use object::{Map, Value};
use table::Plain;
pub(super) use table::TABLE;

/// Fills in the defaults of an object of a built-in kind; other kinds are left alone.
pub fn default(group: &str, version: &str, kind: &str, object: &mut Value) {
    if let Some(schema) = builtin::schema(group, version, kind) {
        fill(schema, object);
    }
}

fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Map(map) => object(schema, map),
        Value::List(items) => {
            if let Some(of) = schema.items.as_deref() {
                items.iter_mut().for_each(|item| fill(of, item));
            }
        }
        _ => {}
    }
}

fn object(schema: &Schema, map: &mut Map) {
    if let Additional::Of(of) = &schema.additional {
        if of.format.as_deref() == Some("quantity") {
            round_up(map);
        }
        map.iter_mut().for_each(|(_, member)| fill(of, member));
        return;
    }
    if let Some(name) = &schema.name {
        let name = name.trim_start_matches("io.k8s.api.");
        if let Ok(at) = TABLE.binary_search_by(|(type_, _)| (*type_).cmp(name)) {
            for (member, plain) in TABLE[at].1 {
                plainly(schema, map, member, *plain);
            }
        }
        special::apply(name, map);
    }
    for property in &schema.properties {
        match map.get_mut(&property.name) {
            Some(member) if !member.is_null() => fill(&property.schema, member),
            // A struct that is no pointer is there even when nobody gave it, and has defaults inside.
            None | Some(_) if is_struct(property) => {
                let mut inner = Value::map();
                fill(&property.schema, &mut inner);
                if inner.as_map().is_some_and(|m| !m.is_empty()) {
                    map.insert(property.name.clone(), inner);
                }
            }
            _ => {}
        }
        if let Some(default) = property.schema.default.as_ref().filter(|d| states_more(property, d))
            && is_absent(property, map.get(&property.name))
        {
            map.insert(property.name.clone(), default.clone());
        }
    }
}

fn is_struct(property: &Property) -> bool {
    property.presence == Presence::Always
        && property.schema.type_ == Type::Object
        && !property.schema.properties.is_empty()
}

/// OpenAPI states Go's zero values as defaults of what is no pointer: they fill in nothing.
fn states_more(property: &Property, default: &Value) -> bool {
    property.presence == Presence::Given
        || !matches!(default, Value::Int(0) | Value::Bool(false))
            && default.as_str().is_none_or(|text| !text.is_empty())
}

/// Whether Go sees nothing there: an unset pointer, or a zero value.
fn is_absent(property: &Property, value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        // Pointers.
        _ if matches!(property.presence, Presence::Given | Presence::AlwaysOrNull) => false,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Int(number)) => *number == 0,
        Some(Value::List(items)) => items.is_empty(),
        Some(_) => false,
    }
}

fn plainly(schema: &Schema, map: &mut Map, member: &str, plain: Plain) {
    if schema.named(member).is_some_and(|p| is_absent(p, map.get(member))) {
        let value = match plain {
            Plain::Text(text) => text.into(),
            Plain::Int(number) => number.into(),
            Plain::Bool(truth) => truth.into(),
            Plain::Empty => Value::map(),
            Plain::Texts(texts) => Value::List(texts.iter().map(|t| (*t).into()).collect()),
        };
        map.insert(member, value);
    }
}

/// Amounts of resources are kept in thousandths.
fn round_up(map: &mut Map) {
    for (_, amount) in map.iter_mut() {
        if let Some(quantity) = amount.as_str().and_then(Quantity::parse) {
            let rounded = quantity.round_up_to_milli();
            if rounded != quantity {
                *amount = rounded.to_string().into();
            }
        }
    }
}
