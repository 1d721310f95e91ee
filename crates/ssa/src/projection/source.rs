//! The two forms of a field set the walk can follow, and how a list item finds its element in either.

use crate::json_text::{write_json, write_json_string};
use crate::path::{KeyFields, PathElement, cmp_key_fields};
use crate::set::FieldSet;
use compact_str::CompactString;
use object::{Map, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// One level of a field set.
pub(super) trait Source: Copy {
    /// Whether the field stands for its whole value: no members below it.
    fn is_leaf(self) -> bool;
    /// Whether there are members below that are map entries.
    fn has_fields(self) -> bool;
    /// Whether there are members below that are list items.
    fn is_of_items(self) -> bool;
    /// The map entries below, in order of name.
    fn each_field(self, each: impl FnMut(&str, Self));
    /// The map entry `name` below.
    fn field(self, name: &str) -> Option<Self>;
    /// How many entries and items there are below.
    fn count(self) -> usize;
    /// For each item of a list the level below the element that names it.
    fn of_items(self, list: &[Value]) -> Vec<Option<Self>>;
}

impl Source for &FieldSet {
    fn is_leaf(self) -> bool {
        self.is_empty()
    }

    fn has_fields(self) -> bool {
        matches!(self.nodes.first(), Some(n) if matches!(n.element, PathElement::Field(_)))
    }

    fn is_of_items(self) -> bool {
        matches!(self.nodes.last(), Some(n) if !matches!(n.element, PathElement::Field(_)))
    }

    fn each_field(self, mut each: impl FnMut(&str, Self)) {
        for node in &self.nodes {
            if let PathElement::Field(name) = &node.element {
                each(name, &node.children);
            }
        }
    }

    fn field(self, name: &str) -> Option<Self> {
        self.field_node(name).map(|n| &n.children)
    }

    fn count(self) -> usize {
        self.nodes.len()
    }

    fn of_items(self, list: &[Value]) -> Vec<Option<Self>> {
        let items = self.nodes.iter().map(|n| (Cow::Borrowed(&n.element), &n.children));
        Items::new(items.collect()).of_all(list)
    }
}

/// Raw `fieldsV1`. Anything in it that is no field set is passed over, as by the API server.
impl Source for &Map {
    fn is_leaf(self) -> bool {
        !self.keys().any(|k| is_field(k) || is_item(k))
    }

    fn has_fields(self) -> bool {
        self.keys().any(is_field)
    }

    fn is_of_items(self) -> bool {
        self.keys().any(is_item)
    }

    fn each_field(self, mut each: impl FnMut(&str, Self)) {
        for (key, below) in self.iter() {
            if let (Some(name), Some(below)) = (key.strip_prefix("f:"), as_level(below)) {
                each(name, below);
            }
        }
    }

    fn field(self, name: &str) -> Option<Self> {
        let mut text = CompactString::const_new("f:");
        text.push_str(name);
        as_level(self.get(&text)?)
    }

    fn count(self) -> usize {
        self.keys().filter(|key| is_field(key) || is_item(key)).count()
    }

    fn of_items(self, list: &[Value]) -> Vec<Option<Self>> {
        by_text(self, list).unwrap_or_else(|| parsed_items(self).of_all(list))
    }
}

fn parsed_items(fields: &Map) -> Items<'_, &Map> {
    let mut items: Vec<(Cow<PathElement>, &Map)> = fields
        .iter()
        .filter(|(key, _)| is_item(key))
        .filter_map(|(key, below)| {
            Some((Cow::Owned(PathElement::parse(key).ok()?), as_level(below)?))
        })
        .collect();
    // Text order is not element order: 10 stands before 9, for one.
    items.sort_by(|a, b| a.0.cmp(&b.0));
    Items::new(items)
}

/// The quick way: writes what the API server would call each item and looks that text up. `None` when not
/// every element was found like that, because an item is gone or somebody spells differently.
fn by_text<'f>(fields: &'f Map, list: &[Value]) -> Option<Vec<Option<&'f Map>>> {
    let mut elements = fields.keys().filter(|key| is_item(key));
    let first = elements.next()?;
    let wanted = 1 + elements.count();
    let names: KeyFields = match PathElement::parse(first).ok()? {
        PathElement::Key(names) => names,
        PathElement::Value(_) => KeyFields::default(),
        _ => return None,
    };
    let mut found: Vec<&Map> = Vec::with_capacity(wanted);
    let mut text = String::with_capacity(64);
    let levels = list
        .iter()
        .map(|item| {
            text.clear();
            match item {
                Value::Map(map) => write_key(&mut text, &names, map)?,
                scalar => {
                    text.push_str("v:");
                    write_json(&mut text, scalar);
                }
            }
            let below = as_level(fields.get(&text)?)?;
            found.push(below);
            Some(below)
        })
        .collect();
    // An item that is there twice must not stand in for an element that was not found.
    found.sort_by_key(|below| std::ptr::from_ref::<Map>(below).addr());
    found.dedup_by(|a, b| std::ptr::eq::<Map>(*a, *b));
    (found.len() == wanted).then_some(levels)
}

fn write_key(text: &mut String, names: &KeyFields, item: &Map) -> Option<()> {
    text.push_str("k:{");
    for (i, (name, _)) in names.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        write_json_string(text, name, false);
        text.push(':');
        write_json(text, item.get(name)?);
    }
    text.push('}');
    Some(())
}

fn is_field(key: &str) -> bool {
    key.starts_with("f:")
}

fn is_item(key: &str) -> bool {
    matches!(key.as_bytes(), [b'k' | b'v' | b'i', b':', ..])
}

static NOTHING: Map = Map::new();

fn as_level(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) => Some(map),
        Value::Null => Some(&NOTHING),
        _ => None,
    }
}

/// The elements of one list, in order, with the levels below them.
struct Items<'a, S> {
    sorted: Vec<(Cow<'a, PathElement>, S)>,
    /// The different sets of key names in use: one for every list but those with optional keys.
    shapes: Vec<Vec<CompactString>>,
}

impl<'a, S: Source> Items<'a, S> {
    fn new(sorted: Vec<(Cow<'a, PathElement>, S)>) -> Self {
        let mut shapes: Vec<Vec<CompactString>> = Vec::new();
        for (element, _) in &sorted {
            if let PathElement::Key(fields) = element.as_ref() {
                let same = |shape: &Vec<CompactString>| {
                    shape.len() == fields.len()
                        && shape.iter().zip(fields.iter()).all(|(a, (b, _))| a == b)
                };
                if !shapes.iter().any(same) {
                    shapes.push(fields.iter().map(|(name, _)| name.clone()).collect());
                }
            }
        }
        // With optional keys `{port, protocol}` must win over `{port}` for an item that has both.
        shapes.sort_by_key(|shape| std::cmp::Reverse(shape.len()));
        Self { sorted, shapes }
    }

    fn of_all(&self, list: &[Value]) -> Vec<Option<S>> {
        list.iter().enumerate().map(|(index, item)| self.of(index, item)).collect()
    }

    /// The level below the element that names this item.
    fn of(&self, index: usize, item: &Value) -> Option<S> {
        match item {
            Value::Map(map) => self.shapes.iter().find_map(|shape| self.by_key(shape, map)),
            _ => self.find(|e| match e {
                PathElement::Field(_) | PathElement::Key(_) => Ordering::Less,
                PathElement::Value(v) => crate::path::cmp_values(v, item),
                PathElement::Index(_) => Ordering::Greater,
            }),
        }
        .or_else(|| {
            let index = i64::try_from(index).ok()?;
            self.find(|e| match e {
                PathElement::Index(at) => at.cmp(&index),
                _ => Ordering::Less,
            })
        })
    }

    fn by_key(&self, shape: &[CompactString], item: &Map) -> Option<S> {
        if !shape.iter().all(|name| item.contains_key(name)) {
            return None;
        }
        self.find(|e| match e {
            PathElement::Key(fields) => cmp_key_fields(
                fields.iter().map(|(name, value)| (name.as_str(), value)),
                shape.iter().filter_map(|name| Some((name.as_str(), item.get(name)?))),
            ),
            PathElement::Field(_) => Ordering::Less,
            PathElement::Value(_) | PathElement::Index(_) => Ordering::Greater,
        })
    }

    fn find(&self, order: impl Fn(&PathElement) -> Ordering) -> Option<S> {
        let at = self.sorted.binary_search_by(|(element, _)| order(element)).ok()?;
        Some(self.sorted[at].1)
    }
}
