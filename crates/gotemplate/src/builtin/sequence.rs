//! `index`, `slice`, `len`.

use super::Reflected;
use crate::value::{Int, IntKind, Kind, List, Value};
use std::rc::Rc;

/// What Go's `reflect` says when an index equals the length, which `index` lets through.
const OUT_OF_RANGE: &str = "reflect: slice index out of range";

pub(super) fn index(args: &[Reflected]) -> Result<Reflected, String> {
    let (item, indexes) = args.split_first().ok_or("missing argument")?;
    if item.value.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = Reflected::of(item.value.clone());
    for index in indexes {
        item = index_once(&item, &index.value)?;
    }
    Ok(item)
}

fn index_once(item: &Reflected, index: &Value) -> Result<Reflected, String> {
    match &item.value {
        Value::Nil => Err("index of nil pointer".into()),
        Value::List(list) => {
            let at = position(index, list.len())?;
            let value = list.get(at).ok_or(OUT_OF_RANGE)?;
            Ok(Reflected::item(value, list.item_type()))
        }
        Value::String(_) | Value::Raw(_) | Value::Bytes(_) => {
            let bytes = item.value.as_bytes().unwrap_or_default();
            let at = position(index, bytes.len())?;
            let string = !matches!(item.value, Value::Bytes(_));
            let what = if string { "reflect: string index out of range" } else { OUT_OF_RANGE };
            let byte = *bytes.get(at).ok_or(what)?;
            Ok(Reflected::of(Value::Int(Int::new(byte.into(), IntKind::Uint8))))
        }
        Value::Map(map) => {
            let key = key(index)?;
            let value = map.get(&key).unwrap_or_else(|| map.item_type().zero());
            Ok(Reflected::item(value, map.item_type()))
        }
        Value::Object(object) => match object.entries() {
            Some(entries) if object.go_type().kind() == Kind::Map => {
                let key = key(index)?;
                let found =
                    entries.into_iter().find(|(k, _)| k.as_text().as_deref() == Some(&*key));
                Ok(Reflected::of(found.map(|(_, v)| v).unwrap_or_default()))
            }
            _ if object.is_nil() => Err("index of nil pointer".into()),
            _ => Err(format!("can't index item of type {}", pointee(&item.value))),
        },
        other => Err(format!("can't index item of type {}", other.type_name())),
    }
}

/// The type of a value, of a pointer that of what it points to.
fn pointee(value: &Value) -> String {
    let name = value.type_name();
    name.strip_prefix('*').map(str::to_owned).unwrap_or(name)
}

fn key(index: &Value) -> Result<String, String> {
    match index.as_text() {
        Some(text) => Ok(text.into_owned()),
        None if index.is_nil() => Err("value is nil; should be of type string".into()),
        None => Err(format!("value has type {}; should be string", index.type_name())),
    }
}

/// An index up to and including `limit`.
fn position(index: &Value, limit: usize) -> Result<usize, String> {
    let at = match index {
        Value::Int(int) => int.signed(),
        Value::Object(object) if object.int().is_some() => {
            object.int().map(Int::signed).unwrap_or_default()
        }
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name())),
    };
    match usize::try_from(at) {
        Ok(position) if position <= limit => Ok(position),
        _ => Err(format!("index out of range: {at}")),
    }
}

pub(super) fn slice(args: &[Reflected]) -> Result<Reflected, String> {
    let (item, indexes) = args.split_first().ok_or("missing argument")?;
    if item.value.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let (length, capacity) = match &item.value {
        Value::String(_) | Value::Raw(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        Value::List(list) => (list.len(), list.capacity()),
        value => match value.as_bytes() {
            Some(bytes) => (bytes.len(), bytes.len()),
            None => return Err(format!("can't slice item of type {}", pointee(value))),
        },
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, `slice` does not look into interfaces.
        if index.boxed {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *bound = position(&index.value, capacity)?;
    }
    let [from, to, end] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    if to > end {
        return Err(format!("invalid slice index: {to} > {end}"));
    }
    Ok(Reflected::of(match &item.value {
        Value::Bytes(bytes) => Value::Bytes(bytes[from..to].into()),
        Value::List(list) => part(list, from, to, end - from),
        value => Value::from_bytes(value.as_bytes().unwrap_or_default()[from..to].to_vec()),
    }))
}

/// Items between the length and the capacity are zero values, as in Go.
fn part(list: &Rc<List>, from: usize, to: usize, capacity: usize) -> Value {
    let items = list.items();
    let mut part = items.get(from..to.min(items.len())).unwrap_or_default().to_vec();
    part.resize(to - from, list.item_type().zero());
    List::with_room(list.item_type(), part, capacity).into()
}

pub(super) fn length(item: &Reflected) -> Result<i64, String> {
    let length = match &item.value {
        Value::Nil if item.boxed => return Err("len of nil pointer".into()),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) => match object.entries() {
            Some(entries) => entries.len(),
            None if object.is_nil() => return Err("len of nil pointer".into()),
            None => return Err(format!("len of type {}", pointee(&item.value))),
        },
        value => match value.as_bytes() {
            Some(bytes) => bytes.len(),
            None => return Err(format!("len of type {}", value.type_name())),
        },
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}
