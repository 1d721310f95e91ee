//! Lists: `first`, `append`, `uniq`, `slice`, ...
//!
//! Each function that can fail has a twin with `must` before its name. In Go one panics and the other returns an error;
//! a template shows the same text for both.

use super::args::{NIL_POINTER, Outcome, int, items, list_budget};
use super::cast::to_int64;
use super::defaults::is_empty;
use super::reflection::deep_equal;
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{List, Type, Value};

const ANY: Type = Type::Any;

/// Registers the functions on lists.
pub(super) fn register(f: &mut Functions) {
    let mut both =
        |name: &str, signature: Signature, run: fn(&mut Call<'_>, &[Value]) -> Outcome| {
            f.add(name, signature, run);
            let (first, rest) = name.split_at(1);
            f.add(&format!("must{}{rest}", first.to_uppercase()), signature, run);
        };
    let list = Signature::new(&[ANY]);
    let with_item = Signature::new(&[ANY, ANY]);
    both("append", with_item, append);
    both("push", with_item, append);
    both("prepend", with_item, |_, a| {
        let mut list = items_for(&a[0], "Cannot prepend on type")?;
        list.insert(0, a[1].clone());
        Ok(list.into())
    });
    both("first", list.any(), |_, a| end_of(&a[0], "Cannot find first on type", 0));
    both("last", list.any(), |_, a| end_of(&a[0], "Cannot find last on type", usize::MAX));
    both("rest", list, |_, a| {
        let mut list = items_for(&a[0], "Cannot find rest on type")?;
        if list.is_empty() {
            return Ok(nil_list());
        }
        list.remove(0);
        Ok(list.into())
    });
    both("initial", list, |_, a| {
        let mut list = items_for(&a[0], "Cannot find initial on type")?;
        Ok(if list.pop().is_some() { list.into() } else { nil_list() })
    });
    both("reverse", list, |_, a| {
        let mut list = items_for(&a[0], "Cannot find reverse on type")?;
        list.reverse();
        Ok(list.into())
    });
    both("compact", list, |_, a| {
        let mut list = items_for(&a[0], "Cannot compact on type")?;
        list.retain(|v| !is_empty(v));
        Ok(list.into())
    });
    both("uniq", list, uniq);
    both("without", Signature::variadic(&[ANY], ANY), |c, a| {
        let mut list = items_for(&a[0], "Cannot find without on type")?;
        c.charge(list.len() as u64 * (a.len() as u64 - 1))?;
        list.retain(|v| !a[1..].iter().any(|omit| deep_equal(v, omit)));
        Ok(list.into())
    });
    both("has", with_item, |c, a| {
        if a[1].is_nil() {
            return Ok(false.into());
        }
        let Value::List(list) = &a[1] else {
            let list = items_for(&a[1], "Cannot find has on type")?;
            return Ok(list.iter().any(|v| deep_equal(&a[0], v)).into());
        };
        c.charge(list.len() as u64)?;
        Ok(list.items().iter().any(|v| deep_equal(&a[0], v)).into())
    });
    both("slice", Signature::variadic(&[ANY], ANY).any(), slice);
    both("chunk", Signature::new(&[Type::INT, ANY]), chunk);
    f.add("concat", Signature::variadic(&[], ANY).any(), concat);
    f.add("list", Signature::variadic(&[], ANY), |_, a| Ok(a.to_vec().into()));
    f.add("tuple", Signature::variadic(&[], ANY), |_, a| Ok(a.to_vec().into()));
}

/// The items of a list, or Go's complaint.
fn items_for(value: &Value, complaint: &str) -> Result<Vec<Value>, FunctionError> {
    if value.is_nil() {
        return Err(NIL_POINTER.into());
    }
    items(value).ok_or_else(|| format!("{complaint} {}", value.kind().name()).into())
}

/// The item at `index`, or the last one when there are fewer; `nil` of an empty list.
fn end_of(value: &Value, complaint: &str, index: usize) -> Outcome {
    if let Value::List(list) = value {
        return Ok(list.get(index.min(list.len().saturating_sub(1))).unwrap_or_default());
    }
    let items = items_for(value, complaint)?;
    Ok(items.get(index.min(items.len().saturating_sub(1))).cloned().unwrap_or_default())
}

/// `[]interface {}(nil)`.
fn nil_list() -> Value {
    List::nil(ANY).into()
}

fn append(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let mut list = items_for(&a[0], "Cannot push on type")?;
    // Every call copies, so that a loop of calls is quadratic.
    call.charge(list.len() as u64)?;
    list.push(a[1].clone());
    Ok(list.into())
}

fn uniq(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let list = items_for(&a[0], "Cannot find uniq on type")?;
    let mut kept: Vec<Value> = Vec::with_capacity(list.len());
    // Texts, which lists are mostly made of, are looked up instead of compared with each other.
    let mut texts = std::collections::HashSet::new();
    for item in &list {
        let new = match item.as_bytes() {
            Some(bytes) if !matches!(item, Value::Bytes(_)) => texts.insert(bytes),
            _ => {
                call.charge(kept.len() as u64)?;
                !kept.iter().any(|k| deep_equal(item, k))
            }
        };
        if new {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

fn slice(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    let list = items_for(&a[0], "list should be type of slice or array but")?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let start = a.get(1).map_or(0, to_int64);
    let end = a.get(2).map_or(i64::try_from(list.len()).unwrap_or(i64::MAX), to_int64);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let cut = range.and_then(|(start, end)| list.get(start..end));
    let cut = cut.ok_or("reflect.Value.Slice: slice index out of bounds")?.to_vec();
    Ok(match &a[0] {
        Value::List(list) => Value::list_of(list.item_type(), cut),
        _ => Value::Bytes(cut.iter().filter_map(|b| u8::try_from(b.as_int()?).ok()).collect()),
    })
}

fn chunk(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    const LENGTH: &str = "runtime error: makeslice: len out of range";
    let list = items_for(&a[1], "Cannot chunk type")?;
    let size = int(a, 0);
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if size == 0 {
        // A division by zero in floating point, made an integer.
        return Err(LENGTH.into());
    }
    // floor((length - 1) / size) + 1
    let last = length - 1;
    let floor = last.wrapping_div(size) - i64::from(last % size != 0 && (last < 0) != (size < 0));
    let count = floor + 1;
    if count < 0 || size < 0 && count > 0 {
        return Err(LENGTH.into());
    }
    let count = usize::try_from(count).unwrap_or_default();
    list_budget(call, count as u128)?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let chunks = if count == 0 {
        Vec::new()
    } else {
        list.chunks(size).map(|c| c.to_vec().into()).collect()
    };
    Ok(Value::list_of(Type::LIST, chunks))
}

fn concat(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for value in a {
        if value.is_nil() {
            return Err(NIL_POINTER.into());
        }
        let items = items(value)
            .ok_or_else(|| format!("Cannot concat type {} as list", value.kind().name()))?;
        call.charge(items.len() as u64)?;
        all.extend(items);
    }
    Ok(if all.is_empty() { nil_list() } else { all.into() })
}
