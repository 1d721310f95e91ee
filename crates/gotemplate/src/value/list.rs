//! Slices.

use super::{Type, Value};
use std::cell::{Ref, RefCell, RefMut};

/// A Go slice: items of one static type.
///
/// What a Go function changes in place (`sortAlpha` sorts the `[]string` it is given) is seen by all holders.
pub struct List {
    item: Type,
    nil: bool,
    /// Room beyond the items, which `slice` can reach; see [`List::decoded`].
    capacity: usize,
    pub(super) items: RefCell<Vec<Value>>,
}

impl List {
    /// A slice of `item`s. With an item type other than [`Type::Any`] every value must have it.
    pub fn new(item: Type, items: Vec<Value>) -> Self {
        Self { item, nil: false, capacity: items.len(), items: RefCell::new(items) }
    }

    /// An `[]interface {}` as Go's decoders build it: item by item, so that its capacity is a power of two.
    pub fn decoded(items: Vec<Value>) -> Self {
        let capacity = match items.len() {
            0 => 0,
            // Beyond, slices grow by less, and nobody counts on it.
            n @ 1..=512 => n.next_power_of_two(),
            n => n,
        };
        Self { capacity, nil: false, item: Type::Any, items: RefCell::new(items) }
    }

    /// A slice with room beyond its items.
    pub(crate) fn with_room(item: Type, items: Vec<Value>, capacity: usize) -> Self {
        Self { item, nil: false, capacity, items: RefCell::new(items) }
    }

    /// Go's `cap`.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity.max(self.len())
    }

    /// The nil slice, which JSON and YAML write as `null`.
    pub fn nil(item: Type) -> Self {
        Self { item, nil: true, capacity: 0, items: RefCell::default() }
    }

    /// The static type of the items.
    pub const fn item_type(&self) -> Type {
        self.item
    }

    /// Whether this is the nil slice.
    pub const fn is_nil(&self) -> bool {
        self.nil
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items.borrow().get(index).cloned()
    }

    /// The items. Panics while [`List::items_mut`] is in use.
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.items.borrow()
    }

    /// The items, to change in place. Panics while a borrow is alive: call no template meanwhile.
    pub fn items_mut(&self) -> RefMut<'_, Vec<Value>> {
        self.items.borrow_mut()
    }

    /// `[]string`, `[]interface {}`, ...
    pub fn go_type(&self) -> Type {
        slice_of(self.item)
    }
}

impl Drop for List {
    fn drop(&mut self) {
        super::drop_flat(self.items.get_mut().drain(..));
    }
}

/// The slice type of an item type. Types are `'static`, so the few that occur are named here.
fn slice_of(item: Type) -> Type {
    match item {
        Type::Any => Type::LIST,
        Type::String => Type::STRINGS,
        Type::Int(super::IntKind::Int) => Type::Slice(&Type::INT),
        Type::Int(super::IntKind::Int64) => Type::Slice(&Type::INT64),
        Type::Int(super::IntKind::Uint8) => Type::BYTES,
        Type::Float64 => Type::Slice(&Type::Float64),
        Type::Bool => Type::Slice(&Type::Bool),
        Type::LIST => Type::Slice(&Type::LIST),
        Type::STRINGS => Type::Slice(&Type::STRINGS),
        Type::DICT => Type::Slice(&Type::DICT),
        _ => Type::LIST,
    }
}
