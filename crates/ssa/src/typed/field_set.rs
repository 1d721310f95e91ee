//! The fields in a value.

use super::error::{Faults, TypeErrors};
use super::item::element_of;
use super::{Kind, kind_for};
use crate::path::PathElement;
use crate::set::{FieldSet, Node};
use crate::typing::{Atom, ListType, MapType, TypeRef};
use object::{Map, Value};

/// The set of every leaf field and list item in `value`: what an apply of it owns.
///
/// # Errors
/// When the value cannot be walked by its type.
pub fn to_field_set(value: &Value, t: TypeRef<'_>) -> Result<FieldSet, TypeErrors> {
    // Nobody owns the whole object, so the member at the root is dropped.
    walk(value, t).map(|(_, set)| set)
}

/// Whether the field itself is a member, and those below it.
fn walk(value: &Value, t: TypeRef<'_>) -> Result<(bool, FieldSet), TypeErrors> {
    match kind_for(t, Some(value))? {
        Kind::Scalar(_) => Ok((true, FieldSet::new())),
        Kind::List(list) if list.is_atomic() => Ok((true, FieldSet::new())),
        Kind::Map(map) if map.is_atomic() => Ok((true, FieldSet::new())),
        Kind::List(list) => {
            walk_items(value.as_list().unwrap_or_default(), &list).map(|set| (false, set))
        }
        Kind::Map(map) => match value.as_map() {
            Some(members) => walk_members(members, &map).map(|set| (false, set)),
            None => Ok((false, FieldSet::new())),
        },
    }
}

fn walk_members(members: &Map, map: &MapType<'_>) -> Result<FieldSet, TypeErrors> {
    let mut faults = Faults::default();
    let mut set = FieldSet { nodes: Vec::with_capacity(members.len()) };
    for (name, value) in members.iter() {
        let field = map.field(name);
        let (itself, children) =
            faults.take(walk(value, field.unwrap_or(map.element)), || format!(".{name}"));
        let empty = match value {
            Value::Null => true,
            Value::Map(below) => below.is_empty(),
            _ => false,
        };
        let member = itself || empty || field.is_none();
        set.push(Node { element: PathElement::field(name), member, children });
    }
    faults.or(set)
}

fn walk_items(items: &[Value], list: &ListType<'_>) -> Result<FieldSet, TypeErrors> {
    let mut faults = Faults::default();
    // An item that is there twice is owned as such, without what is in it. An item without identity is
    // taken like upstream does, by an empty element; validation refuses it before anybody sees that.
    let mut by_element: Vec<(PathElement, Option<&Value>)> =
        items.iter().filter_map(|item| Some((element_of(list, item).ok()?, Some(item)))).collect();
    by_element.sort_by(|a, b| a.0.cmp(&b.0));
    by_element.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 = None;
        }
        same
    });
    let mut set = FieldSet { nodes: Vec::with_capacity(by_element.len()) };
    for (element, item) in by_element {
        let children = match item {
            Some(item) => faults.take(walk(item, list.element), || element.to_string()).1,
            None => FieldSet::new(),
        };
        set.nodes.push(Node { element, member: true, children });
    }
    faults.or(set)
}

/// The set with every declared member a member that has something of the set below it: `a.b.c` becomes
/// `a`, `a.b`, `a.b.c` as far as `a` and `a.b` are fields of structs and not entries of maps.
pub(crate) fn with_named_fields(set: &FieldSet, t: TypeRef<'_>) -> FieldSet {
    let atom = t.resolve().unwrap_or_default();
    let nodes = set.nodes.iter().map(|node| named_node(node, &atom)).collect();
    FieldSet { nodes }
}

fn named_node(node: &Node, atom: &Atom<'_>) -> Node {
    let mut member = node.member;
    let mut below = TypeRef(crate::typing::Source::Nothing);
    match &node.element {
        PathElement::Field(name) => {
            if let Some(map) = atom.map {
                let field = map.field(name);
                member |= field.is_some();
                below = field.unwrap_or(map.element);
            }
        }
        PathElement::Key(_) => {
            if let Some(list) = atom.list {
                below = list.element;
            }
        }
        PathElement::Value(_) | PathElement::Index(_) => {}
    }
    let children = if node.children.is_empty() {
        FieldSet::new()
    } else {
        with_named_fields(&node.children, below)
    };
    Node { element: node.element.clone(), member, children }
}

/// The set of every leaf in a value without a type. List items that are maps are named by their `key`,
/// `id` and `name` when these are scalars, all others by position.
pub fn set_of_value(value: &Value) -> FieldSet {
    match value {
        Value::Map(map) => {
            let mut set = FieldSet::new();
            for (name, value) in map.iter() {
                set.push(untyped_node(PathElement::field(name), value));
            }
            set
        }
        Value::List(items) => {
            let mut set = FieldSet::new();
            for (index, item) in items.iter().enumerate() {
                set.push(untyped_node(guessed_element(index, item), item));
            }
            set
        }
        _ => FieldSet::new(),
    }
}

fn untyped_node(element: PathElement, value: &Value) -> Node {
    let member = !matches!(value, Value::Map(_) | Value::List(_));
    Node { element, member, children: set_of_value(value) }
}

fn guessed_element(index: usize, item: &Value) -> PathElement {
    let scalar = |name: &'static str| {
        let value = item.get(name)?;
        let fit = !matches!(value, Value::Null | Value::Map(_) | Value::List(_));
        fit.then(|| (name, value.clone()))
    };
    let fields: Vec<_> = ["key", "id", "name"].into_iter().filter_map(scalar).collect();
    if fields.is_empty() {
        PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX))
    } else {
        PathElement::key(fields)
    }
}
