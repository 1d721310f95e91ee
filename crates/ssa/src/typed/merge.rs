//! Laying an applied value over a live one.

use super::error::{Faults, TypeErrors};
use super::item::element_of;
use super::validate::scalar_fault;
use super::{Kind, kind_of, resolve};
use crate::path::PathElement;
use crate::typing::{Atom, ListType, MapType, TypeRef};
use object::{Map, Value};

/// `live` with everything that `applied` says. Nothing is removed; where both have a leaf, the applied one
/// wins. Items of keyed lists and sets keep the live order as long as the applied one does not contradict
/// it, and take the applied order otherwise.
///
/// # Errors
/// When a value cannot be walked by its type.
pub fn merge(live: &Value, applied: &Value, t: TypeRef<'_>) -> Result<Value, TypeErrors> {
    Walk { valid: false, faults: Faults::default() }.run(live, applied, t)
}

/// As [`merge`], for an applied value that was validated: what only one side has, and what is
/// the same on both, is not walked.
pub(crate) fn merge_valid(
    live: &Value,
    applied: &Value,
    t: TypeRef<'_>,
) -> Result<Value, TypeErrors> {
    Walk { valid: true, faults: Faults::default() }.run(live, applied, t)
}

struct Walk {
    /// The applied value was validated.
    valid: bool,
    faults: Faults,
}

impl Walk {
    fn run(mut self, live: &Value, applied: &Value, t: TypeRef<'_>) -> Result<Value, TypeErrors> {
        let merged = self.place(Some(live), Some(applied), t);
        self.faults.or(merged.unwrap_or_default())
    }

    fn place(&mut self, lhs: Option<&Value>, rhs: Option<&Value>, t: TypeRef<'_>) -> Option<Value> {
        if self.valid {
            match (lhs, rhs) {
                (Some(one), None) | (None, Some(one)) => return Some(one.clone()),
                (Some(l), Some(r)) if l == r => return Some(r.clone()),
                _ => {}
            }
        }
        let atom = self.faults.take(resolve(t).map(Some), String::new)?;
        let (left, right) = (atom.deduce(lhs), atom.deduce(rhs));
        match (lhs, rhs) {
            (None, None) => {
                self.faults.add("at least one of lhs and rhs must be provided");
                None
            }
            (_, None) => self.as_kind(&left, t, lhs, rhs),
            (None, _) => self.as_kind(&right, t, lhs, rhs),
            _ if left.same_as(&right) => self.as_kind(&right, t, lhs, rhs),
            // The value changes its kind: the live side is looked at for its faults only.
            _ => {
                self.as_kind(&left, t, lhs, rhs);
                self.as_kind(&right, t, lhs, rhs)
            }
        }
    }

    fn as_kind(
        &mut self,
        atom: &Atom<'_>,
        t: TypeRef<'_>,
        lhs: Option<&Value>,
        rhs: Option<&Value>,
    ) -> Option<Value> {
        let leaf = || rhs.or(lhs).cloned();
        match self.faults.take(kind_of(atom, t).map(Some), String::new)? {
            Kind::Scalar(scalar) => match (scalar_fault(scalar, lhs), scalar_fault(scalar, rhs)) {
                (Some(l), Some(r)) => {
                    self.faults.add(format!("lhs: {l}"));
                    self.faults.add(format!("rhs: {r}"));
                    None
                }
                _ => leaf(),
            },
            Kind::List(list) => {
                let (l, r) = (lhs.and_then(Value::as_list), rhs.and_then(Value::as_list));
                let (l, r) = (l.unwrap_or_default(), r.unwrap_or_default());
                if list.is_atomic() || (l.is_empty() && r.is_empty()) {
                    return leaf();
                }
                self.items(&list, l, r)
            }
            Kind::Map(map) => {
                let (l, r) = (lhs.and_then(Value::as_map), rhs.and_then(Value::as_map));
                let empty = |m: Option<&Map>| m.is_none_or(Map::is_empty);
                if map.is_atomic() || (empty(l) && empty(r)) {
                    return leaf();
                }
                static NOTHING: Map = Map::new();
                self.members(&map, l.unwrap_or(&NOTHING), r.unwrap_or(&NOTHING))
            }
        }
    }

    fn members(&mut self, map: &MapType<'_>, lhs: &Map, rhs: &Map) -> Option<Value> {
        let mut out = Vec::with_capacity(lhs.len().max(rhs.len()));
        zip_maps(lhs, rhs, |name, l, r| {
            let mark = self.faults.len();
            if let Some(value) = self.place(l, r, map.member(name)) {
                out.push((name, value));
            }
            self.faults.place_since(mark, || format!(".{name}"));
        });
        (!out.is_empty()).then(|| Value::Map(out.into_iter().collect()))
    }

    /// Walks both lists at once. What both have comes in the applied order; a live item that the applied
    /// list does not have stays where it stands between those.
    fn items(&mut self, list: &ListType<'_>, lhs: &[Value], rhs: &[Value]) -> Option<Value> {
        let mark = self.faults.len();
        let right = index(list, rhs, false, &mut self.faults);
        let left = index(list, lhs, true, &mut self.faults);
        if self.faults.len() > mark {
            return None;
        }
        let mut out = Vec::with_capacity(lhs.len().max(rhs.len()));
        // Faults inside items are dropped here, as upstream drops them: both sides were validated before.
        let mut put = |l: Option<&Value>, r: Option<&Value>| {
            let mark = self.faults.len();
            out.extend(self.place(l, r, list.element));
            self.faults.forget_since(mark);
        };
        let mut shared = (0..right.elements.len())
            .filter(|r| left.position(&right.elements[*r]).is_some())
            .collect::<Vec<_>>()
            .into_iter();
        let mut next_shared = shared.next();
        let mut merged = vec![false; right.elements.len()];
        let (mut l, mut r) = (0, 0);
        while l < left.elements.len() || r < right.elements.len() {
            // Where the live item whose turn it is stands in the applied list.
            let mut there = None;
            if let Some(element) = left.elements.get(l) {
                there = match right.elements.get(r) {
                    Some(other) if element == other => {
                        merged[r] = true;
                        put(Some(left.items[l]), Some(right.items[r]));
                        l += 1;
                        r += 1;
                        next_shared = shared.next();
                        continue;
                    }
                    _ => right.position(element),
                };
                match there {
                    None => {
                        // By position: of duplicates the index knows nothing.
                        put(lhs.get(l), None);
                        l += 1;
                        continue;
                    }
                    // Shared, but not the one whose turn it is.
                    Some(at)
                        if r < right.elements.len() && next_shared.is_some_and(|n| n != at) =>
                    {
                        l += 1;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            if there.is_some_and(|at| merged[at]) {
                l += 1;
            }
            if let Some(element) = right.elements.get(r) {
                merged[r] = true;
                put(left.position(element).map(|at| left.items[at]), Some(right.items[r]));
                if next_shared == Some(r) {
                    next_shared = shared.next();
                }
                r += 1;
            }
        }
        (!out.is_empty()).then_some(Value::List(out))
    }
}

/// Both maps' members in order of name.
pub(crate) fn zip_maps<'v>(
    lhs: &'v Map,
    rhs: &'v Map,
    mut each: impl FnMut(&'v str, Option<&'v Value>, Option<&'v Value>),
) {
    let (mut left, mut right) = (lhs.iter().peekable(), rhs.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((l, _)), Some((r, _))) => l.cmp(r),
        };
        let l = order.is_le().then(|| left.next()).flatten();
        let r = order.is_ge().then(|| right.next()).flatten();
        if let Some((name, _)) = l.or(r) {
            each(name, l.map(|(_, v)| v), r.map(|(_, v)| v));
        }
    }
}

/// The items of one side.
struct Indexed<'v> {
    /// What names each, in the order of the list.
    elements: Vec<PathElement>,
    /// The items beside them; of those that are there more than once nothing is merged.
    items: Vec<&'v Value>,
    /// Positions in the order of the elements, of equal ones the first.
    sorted: Vec<usize>,
}

static DUPLICATED: Value = Value::Null;

impl Indexed<'_> {
    /// Where the (first) item with this name stands.
    fn position(&self, element: &PathElement) -> Option<usize> {
        let at = self.sorted.binary_search_by(|i| self.elements[*i].cmp(element)).ok()?;
        Some(self.sorted[at])
    }
}

fn index<'v>(
    list: &ListType<'_>,
    items: &'v [Value],
    duplicates: bool,
    faults: &mut Faults,
) -> Indexed<'v> {
    let (mut elements, mut kept) =
        (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for (index, item) in items.iter().enumerate() {
        match element_of(list, item) {
            Ok(element) => {
                elements.push(element);
                kept.push(item);
            }
            Err(fault) => faults.add(format!("element {index}: {fault}")),
        }
    }
    let mut sorted: Vec<usize> = (0..elements.len()).collect();
    sorted.sort_by(|a, b| elements[*a].cmp(&elements[*b]));
    for pair in 1..sorted.len() {
        let (first, second) = (sorted[pair - 1], sorted[pair]);
        if elements[first] != elements[second] {
            continue;
        }
        if !duplicates {
            faults.add(format!("duplicate entries for key {}", elements[first]));
        }
        kept[first] = &DUPLICATED;
        kept[second] = &DUPLICATED;
    }
    sorted.dedup_by(|later, first| elements[*later] == elements[*first]);
    Indexed { elements, items: kept, sorted }
}
