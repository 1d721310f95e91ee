//! Maps with string keys, shared and changed in place.

use super::{Type, Value};
use compact_str::CompactString;
use std::cell::{Cell, Ref, RefCell, RefMut};

/// A Go map from strings to values of one static type. Cloning the [`Value`] around it shares it.
pub struct Map {
    item: Type,
    name: Cell<Option<&'static str>>,
    nil: bool,
    pub(super) entries: RefCell<Entries>,
}

impl Map {
    /// A map to `item`s. With an item type other than [`Type::Any`] every value must have it.
    pub fn new(item: Type, entries: Entries) -> Self {
        Self { item, name: Cell::new(None), nil: false, entries: RefCell::new(entries) }
    }

    /// The nil map, which JSON and YAML write as `null`. It cannot be written to.
    pub fn nil(item: Type) -> Self {
        Self { item, name: Cell::new(None), nil: true, entries: RefCell::default() }
    }

    /// A map whose type has a name of its own. Helm's `common.Values` brings its methods (`AsMap`, `Table`, `YAML`,
    /// `PathValue`).
    pub fn named(name: &'static str, entries: Entries) -> Self {
        let map = Self::new(Type::Any, entries);
        map.name.set(Some(name));
        map
    }

    /// The name of its type, when that has one of its own.
    pub(crate) fn own_name(&self) -> Option<&'static str> {
        self.name.get()
    }

    /// The static type of the values.
    pub const fn item_type(&self) -> Type {
        self.item
    }

    /// Whether this is the nil map.
    pub const fn is_nil(&self) -> bool {
        self.nil
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    /// Sets `key`. The map must not be nil, and no borrow of its entries may be alive.
    pub fn insert(&self, key: impl Into<CompactString>, value: Value) {
        self.entries.borrow_mut().insert(key, value);
    }

    /// Removes `key`.
    pub fn remove(&self, key: &str) -> Option<Value> {
        self.entries.borrow_mut().remove(key)
    }

    /// Leaves the map empty.
    pub(super) fn take_entries(&self) -> Entries {
        self.entries.try_borrow_mut().map(|mut e| std::mem::take(&mut *e)).unwrap_or_default()
    }

    /// The entries in key order. Panics while [`Map::entries_mut`] is in use.
    pub fn entries(&self) -> Ref<'_, Entries> {
        self.entries.borrow()
    }

    /// The entries, to change in place. Panics while a borrow is alive: call no template meanwhile.
    pub fn entries_mut(&self) -> RefMut<'_, Entries> {
        self.entries.borrow_mut()
    }

    /// `map[string]interface {}`, or the name of its own.
    pub fn go_type(&self) -> Type {
        let unnamed = match self.item {
            Type::String => &Type::Map(&Type::String),
            Type::STRINGS => &Type::Map(&Type::STRINGS),
            Type::BYTES => &Type::Map(&Type::BYTES),
            Type::Int(super::IntKind::Int) => &Type::Map(&Type::INT),
            Type::DICT => &Type::Map(&Type::DICT),
            Type::Bool => &Type::Map(&Type::Bool),
            _ => &Type::DICT,
        };
        match self.name.get() {
            Some(name) => Type::Named { name, kind: super::Kind::Map, underlying: Some(unnamed) },
            None => *unnamed,
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        super::drop_flat(std::mem::take(self.entries.get_mut()).into_iter().map(|(_, v)| v));
    }
}

/// The entries of a [`Map`], in the order of their keys' bytes (in which Go prints and ranges over maps).
#[derive(Clone, Default)]
pub struct Entries(Vec<(CompactString, Value)>);

/// Up to so many entries are searched one by one.
const FEW: usize = 12;

impl Entries {
    /// None, without an allocation.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None yet, with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        if self.0.len() <= FEW {
            // Lengths tell most keys apart without looking at them.
            return self.0.iter().find(|(k, _)| k.as_str() == key).map(|(_, v)| v);
        }
        self.find(key).ok().map(|i| &self.0[i].1)
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Sets `key`, and returns what was there.
    pub fn insert(&mut self, key: impl Into<CompactString>, value: Value) -> Option<Value> {
        let key = key.into();
        if self.0.last().is_none_or(|(last, _)| *last < key) {
            self.0.push((key, value));
            return None;
        }
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value)),
            Err(i) => {
                self.0.insert(i, (key, value));
                None
            }
        }
    }

    /// Removes `key`, and returns what was there.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|i| self.0.remove(i).1)
    }

    /// The entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The entry at `index` in key order.
    pub fn at(&self, index: usize) -> Option<(&CompactString, &Value)> {
        self.0.get(index).map(|(k, v)| (k, v))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|(k, _)| k.as_str())
    }

    /// The values in key order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.iter().map(|(_, v)| v)
    }
}

impl<K: Into<CompactString>, V: Into<Value>> FromIterator<(K, V)> for Entries {
    /// Of two entries with one key the later wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut entries = Self::new();
        for (key, value) in iter {
            entries.insert(key, value.into());
        }
        entries
    }
}

impl IntoIterator for Entries {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
