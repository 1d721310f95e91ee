//! How much a rule may cost at most: the crate cannot stop a running program, so it is asked before.
//!
//! A rule's work is its length, times the widest list or map for every loop that stands in another.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use object::Value;

/// How deep comprehensions stand in comprehensions.
pub(super) fn depth(expression: &IdedExpr) -> u32 {
    let deepest = |parts: &mut dyn Iterator<Item = &IdedExpr>| parts.map(depth).max().unwrap_or(0);
    match &expression.expr {
        Expr::Comprehension(c) => {
            let inside = [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result];
            depth(&c.iter_range).max(1 + deepest(&mut inside.into_iter()))
        }
        Expr::Call(call) => deepest(&mut call.target.as_deref().into_iter().chain(&call.args)),
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Select(select) => depth(&select.operand),
        Expr::Map(map) => map.entries.iter().map(|e| entry(&e.expr)).max().unwrap_or(0),
        Expr::Struct(s) => s.entries.iter().map(|e| entry(&e.expr)).max().unwrap_or(0),
        _ => 0,
    }
}

fn entry(entry: &EntryExpr) -> u32 {
    match entry {
        EntryExpr::StructField(field) => depth(&field.value),
        EntryExpr::MapEntry(entry) => depth(&entry.key).max(depth(&entry.value)),
    }
}

/// The most items that one list or map in the value has.
pub(super) fn widest(value: &Value) -> u64 {
    match value {
        Value::List(items) => items.iter().map(widest).max().unwrap_or(0).max(items.len() as u64),
        Value::Map(map) => map.values().map(widest).max().unwrap_or(0).max(map.len() as u64),
        _ => 0,
    }
}

/// The steps a rule takes at most.
pub(super) fn bound(depth: u32, widest: u64, length: usize) -> u64 {
    // About one step per four characters of the rule, in each turn of the innermost loop.
    widest.max(1).saturating_pow(depth).saturating_mul(1 + length as u64 / 4 / u64::from(depth + 1))
}
