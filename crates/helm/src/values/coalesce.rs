//! A chart's defaults below what the user says (`helm.sh/helm/v4/pkg/chart/common/util`).
//!
//! It works on template values, which are shared as Go's maps are: a nested table of `global` is one and the same map in
//! a chart and in its subcharts, and what one of them adds to it the others see. Helm has it so, charts depend on it.

use crate::render::instance::Instance;
use gotemplate::{Entries, Map, Value};
use std::rc::Rc;

const GLOBAL: &str = "global";

/// `type mismatch on NAME`: a subchart's values are no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type mismatch on {name}: {found}")]
pub struct TypeMismatch {
    /// The subchart.
    pub name: String,
    /// The value as Go prints it with `%t`.
    pub found: String,
}

/// Whether a table of nulls stays as it is (`MergeValues`) or nulls remove what the defaults say (`CoalesceValues`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    Keep,
    Remove,
}

/// A copy that shares nothing with the original.
pub(crate) fn deep_copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy_table(map)),
        Value::List(list) => Value::list(list.items().iter().map(deep_copy).collect()),
        other => other.clone(),
    }
}

pub(crate) fn copy_table(map: &Map) -> Rc<Map> {
    let entries = map.entries();
    let mut out = Entries::with_capacity(entries.len());
    for (key, value) in entries.iter() {
        out.insert(key, deep_copy(value));
    }
    Rc::new(Map::new(gotemplate::Type::Any, out))
}

/// Puts the defaults of `chart` and of the charts below it under `values`, which are changed in place.
///
/// # Errors
/// [`TypeMismatch`].
pub(crate) fn coalesce(
    chart: &Instance<'_>,
    values: &Rc<Map>,
    nulls: Nulls,
) -> Result<(), TypeMismatch> {
    defaults(chart, values, nulls);
    for sub in &chart.dependencies {
        let table = match values.get(&sub.name) {
            None => {
                let table = Rc::new(Map::new(gotemplate::Type::Any, Entries::new()));
                values.insert(sub.name.as_str(), Value::Map(Rc::clone(&table)));
                table
            }
            Some(Value::Map(table)) => table,
            Some(other) => {
                let found = gotemplate::fmt::sprintf("%t", &[other]).to_string_lossy().into_owned();
                return Err(TypeMismatch { name: sub.name.clone(), found });
            }
        };
        globals(&table, values);
        coalesce(sub, &table, nulls)?;
    }
    Ok(())
}

/// Copies the globals of `from` into those of `into`. Only the tables on the first level are copied; deeper ones are shared.
fn globals(into: &Map, from: &Map) {
    let empty = || Rc::new(Map::new(gotemplate::Type::Any, Entries::new()));
    let target = match into.get(GLOBAL) {
        None => empty(),
        Some(Value::Map(map)) => map,
        Some(_) => return,
    };
    let source = match from.get(GLOBAL) {
        None => empty(),
        Some(Value::Map(map)) => map,
        Some(_) => return,
    };
    if !Rc::ptr_eq(&target, &source) {
        for (key, value) in entries(&source) {
            match (&value, target.get(&key)) {
                (Value::Map(table), None) => {
                    target.insert(key, Value::Map(shallow_copy(table)));
                }
                (Value::Map(table), Some(Value::Map(below))) => {
                    let above = shallow_copy(table);
                    tables(&above, &below, Nulls::Keep);
                    target.insert(key, Value::Map(above));
                }
                // A scalar does not give way to a table, nor a table to a scalar.
                (Value::Map(_), Some(_)) | (_, Some(Value::Map(_))) => {}
                _ => target.insert(key, value),
            }
        }
    }
    into.insert(GLOBAL, Value::Map(target));
}

fn shallow_copy(map: &Map) -> Rc<Map> {
    Rc::new(Map::new(gotemplate::Type::Any, map.entries().clone()))
}

/// The entries as they are now, so that the map can be changed meanwhile.
fn entries(map: &Map) -> Entries {
    map.entries().clone()
}

/// Puts the defaults of this chart alone under `values`.
fn defaults(chart: &Instance<'_>, values: &Rc<Map>, nulls: Nulls) {
    // A fresh copy each time: what is merged below becomes part of the result.
    for (key, default) in chart.default_values() {
        match values.get(&key) {
            Some(Value::Nil) if nulls == Nulls::Remove => {
                values.remove(&key);
            }
            Some(Value::Map(table)) => {
                let Value::Map(default) = default else { continue };
                let is_chart = chart.dependencies.iter().any(|d| d.name == *key);
                let nulls = if is_chart { Nulls::Keep } else { nulls };
                if nulls == Nulls::Remove {
                    drop_nulls(&default);
                }
                tables(&table, &default, nulls);
            }
            Some(_) => {}
            None => {
                if nulls == Nulls::Remove {
                    match &default {
                        Value::Nil => continue,
                        Value::Map(table) => drop_nulls(table),
                        _ => {}
                    }
                }
                values.insert(key, default);
            }
        }
    }
}

/// Puts `source` under `target` (`coalesceTablesFullKey`). `source` may be changed.
pub(crate) fn tables(target: &Rc<Map>, source: &Rc<Map>, nulls: Nulls) {
    if Rc::ptr_eq(target, source) {
        return;
    }
    for (key, value) in entries(source) {
        match target.get(&key) {
            None => target.insert(key, value),
            Some(Value::Nil) if nulls == Nulls::Remove && !value.is_nil() => {
                target.remove(&key);
            }
            Some(Value::Map(below)) => {
                if let Value::Map(above) = &value {
                    tables(&below, above, nulls);
                }
            }
            Some(_) => {}
        }
    }
}

/// Takes away what is null, at every depth.
fn drop_nulls(map: &Map) {
    let mut entries = map.entries_mut();
    if entries.values().any(Value::is_nil) {
        let kept = std::mem::take(&mut *entries);
        *entries = kept.into_iter().filter(|(_, v)| !v.is_nil()).collect();
    }
    for value in entries.values() {
        if let Value::Map(below) = value {
            drop_nulls(below);
        }
    }
}

/// The table at a path of names separated by dots (`Values.Table`).
pub(crate) fn table(values: &Rc<Map>, path: &str) -> Option<Rc<Map>> {
    path.split('.').try_fold(Rc::clone(values), |table, name| match table.get(name) {
        Some(Value::Map(next)) => Some(next),
        _ => None,
    })
}

/// The value, no table, at a path of names separated by dots (`Values.PathValue`).
pub(crate) fn path_value(values: &Rc<Map>, path: &str) -> Option<Value> {
    let (around, name) = match path.rsplit_once('.') {
        Some((around, name)) => (table(values, around)?, name),
        None => (Rc::clone(values), path),
    };
    around.get(name).filter(|v| !matches!(v, Value::Map(_)))
}
