//! The owned projection: the values, in a live object, of exactly the fields a set names. No schema is
//! needed, because FieldsV1 carries the keys of its lists.
//!
//! One walk serves two sources (a parsed set, and the raw `fieldsV1` of an event that is looked at once)
//! and two sinks (a value, and a hash that builds none), so the two forms cannot disagree.
//!
//! What a projection says:
//! - a member without members below stands for its whole live value (a scalar, an atomic map or list);
//! - a member that the live object lacks is `null`: a typed server drops empty values, ownership stays;
//! - items of lists keep the order they have in the live object; items it lacks are left out;
//! - the fields the server strips from every set (`apiVersion`, `kind`, `metadata.name` ...) are in none.
//!
//! Deliberately absent: normalisation of quantities and defaults; what the server makes of a desired
//! value is learned from its answer to the apply.

mod desired;
mod source;

pub(crate) use desired::SYSTEM_METADATA;
pub use desired::{desired_projection, in_sync};

use crate::hash::ContentHasher;
use crate::ownership::{Operation, fields_of, managed_set};
use crate::set::FieldSet;
use object::{Map, Value};
use source::Source;

/// The values in `live` of exactly the fields in `set`.
pub fn project(live: &Value, set: &FieldSet) -> Value {
    let mut sink = Builder::default();
    walk(Some(live), set, &mut sink);
    sink.done.unwrap_or_default()
}

/// [`content_hash`](crate::content_hash) of the projection of what `manager` applied, without making it:
/// the projection of [`managed_set`]`(live, manager, Apply, Some(""))`, or of the empty set.
pub fn owned_hash(live: &Value, manager: &str) -> u64 {
    let mut hasher = ContentHasher::new();
    let mut applied = fields_of(live, manager, Operation::Apply, Some(""));
    match (applied.next(), applied.next()) {
        // An API server keeps one entry per applier; several would have to be united first.
        (Some(_), Some(_)) => {
            let set = managed_set(live, manager, Operation::Apply, Some("")).unwrap_or_default();
            walk(Some(live), &set, &mut hasher);
        }
        (Some(Value::Map(fields)), None) => walk(Some(live), fields, &mut hasher),
        _ => walk(Some(live), &Map::new(), &mut hasher),
    }
    hasher.finish()
}

/// What receives a projection, piece by piece.
trait Sink {
    fn value(&mut self, value: &Value);
    fn null(&mut self);
    fn open_map(&mut self);
    fn key(&mut self, key: &str);
    fn open_list(&mut self);
    fn close(&mut self);
}

impl Sink for ContentHasher {
    fn value(&mut self, value: &Value) {
        Self::value(self, value);
    }
    fn null(&mut self) {
        Self::null(self);
    }
    fn open_map(&mut self) {
        Self::open_map(self);
    }
    fn key(&mut self, key: &str) {
        Self::key(self, key);
    }
    fn open_list(&mut self) {
        Self::open_list(self);
    }
    fn close(&mut self) {
        Self::close(self);
    }
}

/// The sink that makes the projection a value.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    done: Option<Value>,
}

enum Open {
    Map(Map, String),
    List(Vec<Value>),
}

impl Builder {
    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::Map(map, key)) => {
                map.insert(key.as_str(), value);
            }
            Some(Open::List(items)) => items.push(value),
            None => self.done = Some(value),
        }
    }
}

impl Sink for Builder {
    fn value(&mut self, value: &Value) {
        self.put(value.clone());
    }
    fn null(&mut self) {
        self.put(Value::Null);
    }
    fn open_map(&mut self) {
        self.open.push(Open::Map(Map::new(), String::new()));
    }
    fn key(&mut self, name: &str) {
        if let Some(Open::Map(_, key)) = self.open.last_mut() {
            key.clear();
            key.push_str(name);
        }
    }
    fn open_list(&mut self) {
        self.open.push(Open::List(Vec::new()));
    }
    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Map(map, _)) => self.put(Value::Map(map)),
            Some(Open::List(items)) => self.put(Value::List(items)),
            None => {}
        }
    }
}

/// A level of the set that has fields below it, or the top level.
fn walk<S: Source, W: Sink>(live: Option<&Value>, set: S, out: &mut W) {
    let list = match live {
        Some(Value::List(items)) => Some(items.as_slice()),
        _ => None,
    };
    if set.is_of_items() && (list.is_some() || !set.has_fields()) {
        out.open_list();
        walk_items(list.unwrap_or_default(), set, out);
        return out.close();
    }
    let map = live.and_then(Value::as_map);
    out.open_map();
    set.each_field(|name, below| {
        out.key(name);
        walk_child(map.and_then(|m| m.get(name)), below, out);
    });
    out.close();
}

fn walk_child<S: Source, W: Sink>(live: Option<&Value>, set: S, out: &mut W) {
    if !set.is_leaf() {
        return walk(live, set, out);
    }
    match live {
        Some(value) => out.value(value),
        None => out.null(),
    }
}

fn walk_items<S: Source, W: Sink>(list: &[Value], set: S, out: &mut W) {
    for (value, below) in list.iter().zip(set.of_items(list)) {
        if let Some(below) = below {
            walk_child(Some(value), below, out);
        }
    }
}

#[cfg(test)]
mod tests;
