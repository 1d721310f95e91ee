//! Maps: `dict`, `set`, `merge`, `dig`, ...
//!
//! Maps are shared: what `set`, `unset` and `merge` change is changed for everybody who holds the map.
//! Where Go goes through a map in random order (`keys`, `values`), the order is that of the keys.

mod merge;

use super::args::{Outcome, dict, string_of, text};
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{Entries, List, Map, Type, Value};
use std::rc::Rc;

const S: Type = Type::String;
const D: Type = Type::DICT;
const ANY: Type = Type::Any;

/// Registers the functions on maps.
pub(super) fn register(f: &mut Functions) {
    f.add("dict", Signature::variadic(&[], ANY), |_, a| {
        let mut entries = Entries::with_capacity(a.len() / 2);
        for pair in a.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
            entries.insert(key_of(&pair[0]), value);
        }
        Ok(Value::map(entries))
    });
    f.add("get", Signature::new(&[D, S]).any(), |_, a| {
        Ok(dict(a, 0).get(&text(a, 1)).unwrap_or_else(|| "".into()))
    });
    f.add("set", Signature::new(&[D, S, ANY]), |_, a| {
        let map = dict(a, 0);
        if map.is_nil() {
            return Err("assignment to entry in nil map".into());
        }
        map.insert(&*text(a, 1), a[2].clone());
        Ok(unnamed(&a[0]))
    });
    f.add("unset", Signature::new(&[D, S]), |_, a| {
        dict(a, 0).remove(&text(a, 1));
        Ok(unnamed(&a[0]))
    });
    f.add("hasKey", Signature::new(&[D, S]), |_, a| {
        Ok(dict(a, 0).entries().contains_key(&text(a, 1)).into())
    });
    f.add("pluck", Signature::variadic(&[S], D), |_, a| {
        let key = text(a, 0);
        Ok((1..a.len()).filter_map(|i| dict(a, i).get(&key)).collect::<Vec<_>>().into())
    });
    f.add("keys", Signature::variadic(&[], D), |_, a| {
        let mut keys = Vec::new();
        for i in 0..a.len() {
            keys.extend(dict(a, i).entries().keys().map(Value::from));
        }
        Ok(Value::list_of(S, keys))
    });
    f.add("values", Signature::new(&[D]), |_, a| {
        Ok(dict(a, 0).entries().values().cloned().collect::<Vec<_>>().into())
    });
    f.add("pick", Signature::variadic(&[D], S), |_, a| {
        let map = dict(a, 0);
        let keys = (1..a.len()).map(|i| text(a, i));
        Ok(Value::map(keys.filter_map(|k| map.get(&k).map(|v| (k.into_owned(), v))).collect()))
    });
    f.add("omit", Signature::variadic(&[D], S), |_, a| {
        let omitted: Vec<_> = (1..a.len()).map(|i| text(a, i)).collect();
        let map = dict(a, 0);
        let entries = map.entries();
        let kept = entries.iter().filter(|(k, _)| !omitted.iter().any(|o| o == k));
        Ok(Value::map(kept.map(|(k, v)| (k, v.clone())).collect()))
    });
    for (name, overwrite) in [
        ("merge", false),
        ("mustMerge", false),
        ("mergeOverwrite", true),
        ("mustMergeOverwrite", true),
    ] {
        f.add(name, Signature::variadic(&[D], D).any(), move |c, a| merge_all(c, a, overwrite));
    }
    f.add("deepCopy", Signature::new(&[ANY]).any(), |c, a| copy_of(c, &a[0], "deepCopy error: "));
    f.add("mustDeepCopy", Signature::new(&[ANY]).any(), |c, a| copy_of(c, &a[0], ""));
    f.add("dig", Signature::variadic(&[], ANY).any(), dig);
}

/// A map key from any value.
fn key_of(value: &Value) -> String {
    string_of(value).as_text().unwrap_or_default().into_owned()
}

/// A map as the result of a function that returns `map[string]interface {}`: without a name of its own for its type,
/// but still the same map. Types with a name are rare, and only reflection tells the difference.
fn unnamed(value: &Value) -> Value {
    value.clone()
}

fn merge_all(call: &mut Call<'_>, a: &[Value], overwrite: bool) -> Outcome {
    let target = dict(a, 0);
    let target = if target.is_nil() {
        if a[1..].iter().all(Value::is_nil_of_any_type) {
            return Ok(Map::nil(ANY).into());
        }
        Map::shared(Entries::new())
    } else {
        target
    };
    for i in 1..a.len() {
        merge::merge(call, &target, &dict(a, i), overwrite, 0)?;
    }
    Ok(Value::Map(target))
}

/// So deep may maps and lists be nested that are copied or merged; beyond it there is a circle.
const MAX_DEPTH: usize = 1_000;

/// What a copied item counts: parts that occur many times in a value are many parts in its copy.
const COPY_COST: u64 = 100;

fn copy_of(call: &mut Call<'_>, value: &Value, prefix: &str) -> Outcome {
    // Go asks nothing for its type, and panics.
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    copy(call, value, 0).map_err(|e| FunctionError::new(format!("{prefix}{e}")))
}

fn copy(call: &mut Call<'_>, value: &Value, depth: usize) -> Outcome {
    if depth > MAX_DEPTH {
        return Err(format!("the value is nested deeper than {MAX_DEPTH} levels").into());
    }
    Ok(match value {
        Value::Map(map) if !map.is_nil() => {
            call.charge(map.len() as u64 * COPY_COST)?;
            let mut entries = Entries::with_capacity(map.len());
            for (key, value) in map.entries().iter() {
                entries.insert(key, copy(call, value, depth + 1)?);
            }
            Map::new(map.item_type(), entries).into()
        }
        Value::List(list) if !list.is_nil() => {
            call.charge(list.len() as u64 * COPY_COST)?;
            let items: Result<Vec<_>, _> =
                list.items().iter().map(|v| copy(call, v, depth + 1)).collect();
            List::new(list.item_type(), items?).into()
        }
        other => other.clone(),
    })
}

/// `dig "a" "b" default map`.
fn dig(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    if a.len() < 3 {
        return Err("dig needs at least three arguments".into());
    }
    let (path, rest) = a.split_at(a.len() - 2);
    let (default, map) = (&rest[0], &rest[1]);
    let mut map = asserted_map(map)?;
    let mut keys = Vec::with_capacity(path.len());
    for key in path {
        match key {
            Value::String(_) | Value::Raw(_) => keys.push(key.as_text().unwrap_or_default()),
            other => return Err(assertion(other, "string")),
        }
    }
    let last = keys.len() - 1;
    for (i, key) in keys.iter().enumerate() {
        let Some(step) = map.get(key) else { return Ok(default.clone()) };
        if i == last {
            return Ok(step);
        }
        map = asserted_map(&step)?;
    }
    Ok(default.clone())
}

fn asserted_map(value: &Value) -> Result<Rc<Map>, FunctionError> {
    match value {
        Value::Map(map) if map.go_type() == Type::DICT => Ok(Rc::clone(map)),
        other => Err(assertion(other, "map[string]interface {}")),
    }
}

/// What Go says of a type assertion that fails.
fn assertion(value: &Value, wanted: &str) -> FunctionError {
    let given = if value.is_nil() { "nil".into() } else { value.type_name() };
    format!("interface conversion: interface {{}} is {given}, not {wanted}").into()
}
