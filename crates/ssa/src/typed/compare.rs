//! What differs between two values of one type.

use super::error::{Faults, TypeErrors};
use super::item::element_of;
use super::validate::scalar_fault;
use super::{Kind, kind_of, resolve};
use crate::path::{PathElement, same_value};
use crate::set::{FieldSet, Node};
use crate::typing::{ListType, MapType, TypeRef};
use object::{Map, Value};
use std::collections::BTreeMap;

/// The fields that differ. No field is in two of the sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// In the left value only.
    pub removed: FieldSet,
    /// In both, with other values.
    pub modified: FieldSet,
    /// In the right value only.
    pub added: FieldSet,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// Takes fields, and everything below them, out of the comparison.
    #[must_use]
    pub fn without(mut self, fields: &FieldSet) -> Self {
        for set in [&mut self.removed, &mut self.modified, &mut self.added] {
            set.subtract_recursively(fields);
        }
        self
    }
}

/// Compares two values of type `t`.
///
/// # Errors
/// When a value cannot be walked by its type.
pub fn compare(lhs: &Value, rhs: &Value, t: TypeRef<'_>) -> Result<Comparison, TypeErrors> {
    let found = walk(Some(lhs), Some(rhs), t)?;
    // Nobody owns the whole object, so a difference of the root itself is dropped.
    Ok(Comparison {
        removed: found.removed.below,
        modified: found.modified.below,
        added: found.added.below,
    })
}

/// A field's part in one of the three sets.
#[derive(Default)]
struct Part {
    itself: bool,
    below: FieldSet,
}

impl Part {
    fn push(&mut self, element: &PathElement, part: Part) {
        if part.itself || !part.below.is_empty() {
            let element = element.clone();
            self.below.push(Node { element, member: part.itself, children: part.below });
        }
    }

    fn push_leaf(&mut self, element: &PathElement) {
        self.push(element, Part { itself: true, below: FieldSet::new() });
    }
}

#[derive(Default)]
struct Found {
    removed: Part,
    modified: Part,
    added: Part,
}

impl Found {
    fn put(&mut self, element: &PathElement, found: Found) {
        self.removed.push(element, found.removed);
        self.modified.push(element, found.modified);
        self.added.push(element, found.added);
    }

    /// A leaf, an atomic container or two empty ones.
    fn leaf(&mut self, lhs: Option<&Value>, rhs: Option<&Value>) {
        match (lhs, rhs) {
            (None, _) => self.added.itself = true,
            (_, None) => self.removed.itself = true,
            (Some(l), Some(r)) => self.modified.itself |= !same_value(l, r),
        }
    }
}

fn walk(lhs: Option<&Value>, rhs: Option<&Value>, t: TypeRef<'_>) -> Result<Found, TypeErrors> {
    let atom = resolve(t)?;
    let (left, right) = (atom.deduce(lhs), atom.deduce(rhs));
    let mut found = Found::default();
    let in_leaf = match (lhs, rhs) {
        (None, None) => {
            return Err(TypeErrors::of("at least one of lhs and rhs must be provided"));
        }
        (_, None) => handle(kind_of(&left, t)?, lhs, rhs, &mut found)?,
        (None, _) => handle(kind_of(&right, t)?, lhs, rhs, &mut found)?,
        _ if left.same_as(&right) => handle(kind_of(&right, t)?, lhs, rhs, &mut found)?,
        // The value changed its kind: once as what it was and once as what it is.
        _ => {
            let mut faults = Faults::default();
            faults.take(handle(kind_of(&left, t)?, lhs, rhs, &mut found), String::new);
            let in_leaf =
                faults.take(handle(kind_of(&right, t)?, lhs, rhs, &mut found), String::new);
            faults.or(in_leaf)?
        }
    };
    if !in_leaf {
        found.added.itself |= lhs.is_none();
        found.removed.itself |= rhs.is_none();
    }
    Ok(found)
}

/// Compares as one kind; says whether the field was taken as one value.
fn handle(
    kind: Kind<'_>,
    lhs: Option<&Value>,
    rhs: Option<&Value>,
    found: &mut Found,
) -> Result<bool, TypeErrors> {
    match kind {
        Kind::Scalar(scalar) => {
            if let (Some(l), Some(r)) = (scalar_fault(scalar, lhs), scalar_fault(scalar, rhs)) {
                let mut faults = Faults::default();
                faults.add(format!("lhs: {l}"));
                faults.add(format!("rhs: {r}"));
                return faults.or(true);
            }
            found.leaf(lhs, rhs);
            Ok(true)
        }
        Kind::List(list) => {
            let (l, r) = (lhs.and_then(Value::as_list), rhs.and_then(Value::as_list));
            let (l, r) = (l.unwrap_or_default(), r.unwrap_or_default());
            if list.is_atomic() || (l.is_empty() && r.is_empty()) {
                found.leaf(lhs, rhs);
                return Ok(true);
            }
            items(&list, l, r, found).map(|()| false)
        }
        Kind::Map(map) => {
            let (l, r) = (lhs.and_then(Value::as_map), rhs.and_then(Value::as_map));
            let empty = |m: Option<&Map>| m.is_none_or(Map::is_empty);
            if map.is_atomic() || (empty(l) && empty(r)) {
                found.leaf(lhs, rhs);
                return Ok(true);
            }
            static NOTHING: Map = Map::new();
            members(&map, l.unwrap_or(&NOTHING), r.unwrap_or(&NOTHING), found).map(|()| false)
        }
    }
}

fn members(map: &MapType<'_>, lhs: &Map, rhs: &Map, found: &mut Found) -> Result<(), TypeErrors> {
    let mut faults = Faults::default();
    super::merge::zip_maps(lhs, rhs, |name, l, r| {
        // Most members are the same, and telling so is cheaper than walking them by their types.
        if l == r {
            return;
        }
        let below = faults.take(walk(l, r, map.member(name)), || format!(".{name}"));
        found.put(&PathElement::field(name), below);
    });
    faults.or(())
}

fn items(
    list: &ListType<'_>,
    lhs: &[Value],
    rhs: &[Value],
    found: &mut Found,
) -> Result<(), TypeErrors> {
    let mut faults = Faults::default();
    let mut by_element: BTreeMap<PathElement, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
    for (values, right) in [(lhs, false), (rhs, true)] {
        for (index, value) in values.iter().enumerate() {
            match element_of(list, value) {
                Ok(element) => {
                    let sides = by_element.entry(element).or_default();
                    if right { sides.1.push(value) } else { sides.0.push(value) }
                }
                Err(fault) => faults.add(format!("element {index}: {fault}")),
            }
        }
    }
    for (element, (l, r)) in &by_element {
        match (l.as_slice(), r.as_slice()) {
            ([l], [r]) if l == r => {}
            ([] | [_], [] | [_]) => {
                let below = walk(l.first().copied(), r.first().copied(), list.element);
                found.put(element, faults.take(below, || element.to_string()));
            }
            // Duplicates before and after are compared as one value.
            ([_, _, ..], [_, _, ..]) => {
                if l.len() != r.len() || !l.iter().zip(r).all(|(a, b)| same_value(a, b)) {
                    found.modified.push_leaf(element);
                }
            }
            ([_, _, ..], rest) => {
                if let Some(value) = rest.first() {
                    let below = walk(None, Some(value), list.element);
                    found.put(element, faults.take(below, || element.to_string()));
                }
                found.removed.push_leaf(element);
            }
            (rest, _) => {
                if let Some(value) = rest.first() {
                    let below = walk(Some(value), None, list.element);
                    found.put(element, faults.take(below, || element.to_string()));
                }
                found.added.push_leaf(element);
            }
        }
    }
    faults.or(())
}
