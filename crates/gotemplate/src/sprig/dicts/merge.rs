//! `merge` and `mergeOverwrite` as dario.cat/mergo does them on maps.

use super::MAX_DEPTH;
use crate::function::{Call, FunctionError};
use crate::value::{Kind, Map, Type, Value};
use std::rc::Rc;

/// Merges `source` into `target`, in place. Without `overwrite` only what is absent or empty in the target is taken
/// over. Values taken over are shared, not copied.
///
/// A `nil` of the source is left out, except when overwriting.
pub(super) fn merge(
    call: &mut Call<'_>,
    target: &Rc<Map>,
    source: &Rc<Map>,
    overwrite: bool,
    depth: usize,
) -> Result<(), FunctionError> {
    if depth > MAX_DEPTH {
        return Err(
            format!("{}: the maps are nested deeper than {MAX_DEPTH} levels", call.name()).into()
        );
    }
    if Rc::ptr_eq(target, source) && !overwrite {
        return Ok(());
    }
    call.charge(source.len() as u64)?;
    let entries: Vec<_> = source
        .entries()
        .iter()
        .map(|(k, v)| (compact_str::CompactString::new(k), v.clone()))
        .collect();
    for (key, value) in entries {
        let old = target.get(&key);
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        if let (Value::Map(from), Some(Value::Map(to))) = (&value, &old)
            && !to.is_nil()
        {
            merge(call, to, from, overwrite, depth + 1)?;
        }
        if let Some(old) = old.as_ref().filter(|old| !is_empty(old)) {
            let kept = match value.kind() {
                // What was to be done with them is done.
                Kind::Slice => !overwrite,
                Kind::Map => old.kind() == Kind::Map || !overwrite,
                _ => !overwrite,
            };
            if kept {
                continue;
            }
        }
        if !value.go_type().is_some_and(|t| t.assignable_to(target.item_type())) {
            return Err(not_assignable(&value, target.item_type()));
        }
        target.insert(key, value);
    }
    Ok(())
}

fn not_assignable(value: &Value, wanted: Type) -> FunctionError {
    format!(
        "reflect.Value.SetMapIndex: value of type {} is not assignable to type {wanted}",
        value.type_name()
    )
    .into()
}

/// What mergo takes for unset: zero values and what has nothing in it; structs never are.
fn is_empty(value: &Value) -> bool {
    super::super::defaults::is_empty(value)
}
