//! The value every manifest, patch and live object is made of.

use compact_str::CompactString;
use std::cmp::Ordering;

/// A JSON-like value with Kubernetes' number rules: whole numbers that fit `i64` are [`Value::Int`],
/// every other number is [`Value::Float`] (`k8s.io/apimachinery/pkg/util/json`).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and an empty YAML scalar.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(CompactString),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping with string keys.
    Map(Map),
}

/// A mapping with string keys, kept sorted by key in one allocation.
///
/// Sorted because everything that is printed or hashed must have one form ("same inputs, same bytes"),
/// and flat because a B-tree or hash table per small map is what makes generic objects large in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(CompactString, Value)>);

impl Map {
    /// An empty map, without an allocation.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).ok().map(|i| &self.0[i].1)
    }

    /// The value at `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.find(key).ok().map(|i| &mut self.0[i].1)
    }

    /// Whether `key` is present, with whatever value.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Sets `key`, and returns what was there.
    pub fn insert(
        &mut self,
        key: impl Into<CompactString>,
        value: impl Into<Value>,
    ) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
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

    /// The value at `key`; `Null` is put there first when it is absent.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let at = match self.find(key) {
            Ok(i) => i,
            Err(i) => {
                self.0.insert(i, (CompactString::new(key), Value::Null));
                i
            }
        };
        &mut self.0[at].1
    }

    /// The entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The entries in key order, values to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(k, v)| (k.as_str(), v))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|(k, _)| k.as_str())
    }

    /// The values in key order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.iter().map(|(_, v)| v)
    }

    /// From entries in any order; of two with one key the later wins, as in JSON.
    pub fn from_entries(mut entries: Vec<(CompactString, Value)>) -> Self {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            // `dedup_by` keeps the earlier of two; swapping first makes that the later one's value.
            entries.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(&mut later.1, &mut earlier.1);
                }
                same
            });
        }
        entries.shrink_to_fit();
        Self(entries)
    }

    /// Keeps the entries for which `keep` answers true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(k, v)| keep(k, v));
    }
}

impl IntoIterator for Map {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<CompactString>, V: Into<Value>> FromIterator<(K, V)> for Map {
    /// Of two entries with one key the later wins, as in JSON.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        Self::from_entries(iter.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

impl Value {
    /// An empty map.
    pub const fn map() -> Self {
        Self::Map(Map::new())
    }

    /// The member `key` when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|m| m.get(key))
    }

    /// The member `key` of a map, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_map_mut().and_then(|m| m.get_mut(key))
    }

    /// The value reached by member names, `None` as soon as one is missing.
    pub fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Value> {
        path.into_iter().try_fold(self, |v, key| v.get(key))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The number of an integer.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to change.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a map, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a map; any other value is replaced by an empty map first.
    pub fn make_map(&mut self) -> &mut Map {
        if !matches!(self, Self::Map(_)) {
            *self = Self::map();
        }
        match self {
            Self::Map(map) => map,
            _ => unreachable!("just made a map"),
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The JSON name of the type: `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// A total order over all values (by type, then content), for sorting where any fixed order will do.
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        fn rank(v: &Value) -> u8 {
            match v {
                Value::Null => 0,
                Value::Bool(_) => 1,
                Value::Int(_) => 2,
                Value::Float(_) => 3,
                Value::String(_) => 4,
                Value::List(_) => 5,
                Value::Map(_) => 6,
            }
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a
                .iter()
                .zip(b)
                .map(|(x, y)| x.total_cmp(y))
                .find(|o| o.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len())),
            (Self::Map(a), Self::Map(b)) => a
                .iter()
                .zip(b.iter())
                .map(|(x, y)| x.0.cmp(y.0).then_with(|| x.1.total_cmp(y.1)))
                .find(|o| o.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len())),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

macro_rules! from {
    ($($from:ty => |$v:ident| $make:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $make
            }
        })*
    };
}

from! {
    bool => |v| Self::Bool(v);
    i64 => |v| Self::Int(v);
    i32 => |v| Self::Int(v.into());
    f64 => |v| Self::Float(v);
    &str => |v| Self::String(v.into());
    String => |v| Self::String(v.into());
    CompactString => |v| Self::String(v);
    Map => |v| Self::Map(v);
    Vec<Value> => |v| Self::List(v);
}

/// A [`Map`] written out: `map!{"kind": "Namespace", "metadata": map!{"name": name}}`.
#[macro_export]
macro_rules! map {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::Map::from_iter([$(($key, $crate::Value::from($value))),*] as [(&str, $crate::Value); _])
    };
}
