//! Which item of the desired list is which of the live one, by the keys that field sets carry.

use crate::path::{PathElement, same_value};
use crate::set::FieldSet;
use compact_str::CompactString;
use object::Value;
use std::collections::{BTreeMap, VecDeque};

/// Whether the set names items of a list.
pub(super) fn names_items(set: &FieldSet) -> bool {
    set.nodes.iter().any(|n| !matches!(n.element, PathElement::Field(_)))
}

/// The key names in use, the most first: an item is named by the first of them it has in full.
fn shapes(set: &FieldSet) -> Vec<Vec<CompactString>> {
    let mut out: Vec<Vec<CompactString>> = Vec::new();
    for node in &set.nodes {
        if let PathElement::Key(fields) = &node.element {
            let shape: Vec<_> = fields.iter().map(|(name, _)| name.clone()).collect();
            if !out.contains(&shape) {
                out.push(shape);
            }
        }
    }
    out.sort_by_key(|shape| std::cmp::Reverse(shape.len()));
    out
}

fn element(item: &Value, index: usize, shapes: &[Vec<CompactString>]) -> PathElement {
    let Value::Map(map) = item else {
        return match item {
            Value::List(_) => PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX)),
            scalar => PathElement::Value(scalar.clone()),
        };
    };
    let has_all = |shape: &&Vec<CompactString>| shape.iter().all(|name| map.contains_key(name));
    let some = || shapes.iter().find(|shape| shape.iter().any(|name| map.contains_key(name)));
    match shapes.iter().find(has_all).or_else(some) {
        Some(shape) => {
            PathElement::key(shape.iter().filter_map(|n| Some((n.clone(), map.get(n)?.clone()))))
        }
        None => PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX)),
    }
}

/// The items of a live list with their elements. An item that lacks a key field with a default goes by the
/// name a set gives it.
pub(super) fn elements<'v>(
    items: &'v [Value],
    known: &FieldSet,
) -> impl Iterator<Item = (PathElement, &'v Value)> {
    let shapes = shapes(known);
    let most = shapes.first().map_or(0, Vec::len);
    items.iter().enumerate().map(move |(index, item)| {
        let plain = element(item, index, &shapes);
        if !matches!(&plain, PathElement::Key(fields) if fields.len() < most) {
            return (plain, item);
        }
        let known_as = || known.nodes.iter().map(|n| &n.element).find(|e| fits(&plain, e));
        match known.node(&plain) {
            Some(_) => (plain, item),
            None => (known_as().cloned().unwrap_or(plain), item),
        }
    })
}

/// A place in a list, with the desired and the live item that belong there.
pub(super) type Pair<'v> = (PathElement, Option<&'v Value>, Option<&'v Value>);

/// The items of two lists, paired.
pub(super) struct Pairs<'v> {
    /// In the desired order, what is only live last.
    pub(super) pairs: Vec<Pair<'v>>,
    /// The items of both, in the order they have in the live list, when that is not the desired one.
    pub(super) live_order: Option<Vec<PathElement>>,
}

/// Pairs the items of both lists. A desired item may lack a
/// key field that the server fills in: then the first live item that fits what it has is meant.
pub(super) fn pair<'v>(want: &'v [Value], have: &'v [Value], known: &FieldSet) -> Pairs<'v> {
    let shapes = shapes(known);
    let live: Vec<(PathElement, &Value)> = elements(have, known).collect();
    let mut taken = vec![false; live.len()];
    let mut by_element: BTreeMap<&PathElement, VecDeque<usize>> = BTreeMap::new();
    for (at, (element, _)) in live.iter().enumerate() {
        by_element.entry(element).or_default().push_back(at);
    }
    let mut out = Vec::with_capacity(want.len() + have.len());
    let mut order = Vec::with_capacity(want.len());
    for (index, item) in want.iter().enumerate() {
        let element = element(item, index, &shapes);
        let exact = by_element.get_mut(&element).and_then(VecDeque::pop_front);
        let complete = match &element {
            PathElement::Key(fields) => shapes.iter().all(|shape| fields.len() >= shape.len()),
            _ => true,
        };
        let found = match exact {
            None if !complete => live
                .iter()
                .zip(&taken)
                .position(|((other, _), taken)| !taken && fits(&element, other)),
            found => found,
        };
        match found.filter(|at| !taken[*at]) {
            Some(at) => {
                taken[at] = true;
                order.push(at);
                out.push((live[at].0.clone(), Some(item), Some(live[at].1)));
            }
            None => out.push((element, Some(item), None)),
        }
    }
    let live_order = (!order.is_sorted()).then(|| {
        order.sort_unstable();
        order.iter().map(|at| live[*at].0.clone()).collect()
    });
    let rest = live.into_iter().zip(taken).filter(|(_, taken)| !taken);
    out.extend(rest.map(|((element, item), _)| (element, None, Some(item))));
    Pairs { pairs: out, live_order }
}

/// Whether every key field of `part` is one of `full`, and `full` has no others than defaults. The one key
/// field with a default in Kubernetes' own kinds is the protocol of a port; custom kinds may have any.
fn fits(part: &PathElement, full: &PathElement) -> bool {
    let (PathElement::Key(part), PathElement::Key(full)) = (part, full) else {
        return false;
    };
    let of = |name: &str| part.iter().find(|(n, _)| n == name).map(|(_, value)| value);
    part.len() < full.len()
        && part.iter().all(|(name, _)| full.iter().any(|(n, _)| n == name))
        && full.iter().all(|(name, value)| match of(name) {
            Some(have) => same_value(have, value),
            None => name != "protocol" || value.as_str() == Some("TCP"),
        })
}
