//! A 64-bit hash of a value's content that never changes: the same on every machine and in every version.
//!
//! SipHash-1-3 with a fixed key over 64-bit words. The standard library's hashers are not promised to
//! stay the same, and a hash kept across a restart must. It is no signature: nothing here resists a
//! writer who computes collisions on purpose; such a writer would have to keep our ownership as well.

use object::Value;

/// Hash of a value's content. Map order does not exist, list order counts, whole floats equal integers,
/// and `null`, `{}`, `[]` and absence are four different things.
pub fn content_hash(value: &Value) -> u64 {
    let mut hasher = ContentHasher::new();
    hasher.value(value);
    hasher.finish()
}

const NULL: u64 = 1;
const FALSE: u64 = 2;
const TRUE: u64 = 3;
const INT: u64 = 4;
const FLOAT: u64 = 5;
const STRING: u64 = 6;
const OPEN_LIST: u64 = 7;
const OPEN_MAP: u64 = 8;
const KEY: u64 = 9;
const CLOSE: u64 = 10;

/// The streaming form: a value is told piece by piece, no value need exist.
pub(crate) struct ContentHasher {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
    words: u64,
}

impl ContentHasher {
    pub(crate) fn new() -> Self {
        // SipHash's own constants under the fixed key (0, 0).
        Self {
            v0: 0x736f_6d65_7073_6575,
            v1: 0x646f_7261_6e64_6f6d,
            v2: 0x6c79_6765_6e65_7261,
            v3: 0x7465_6462_7974_6573,
            words: 0,
        }
    }

    #[inline]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
        self.words = self.words.wrapping_add(1);
    }

    /// Tag and length in one word, then the bytes in words of eight, the last one padded with zeros:
    /// the length before them keeps two texts from ever looking the same.
    fn text(&mut self, tag: u64, text: &str) {
        self.word(tag | (text.len() as u64) << 8);
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    pub(crate) fn null(&mut self) {
        self.word(NULL);
    }

    pub(crate) fn open_list(&mut self) {
        self.word(OPEN_LIST);
    }

    pub(crate) fn open_map(&mut self) {
        self.word(OPEN_MAP);
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.text(KEY, key);
    }

    pub(crate) fn close(&mut self) {
        self.word(CLOSE);
    }

    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(b) => self.word(if *b { TRUE } else { FALSE }),
            Value::Int(i) => {
                self.word(INT);
                self.word(i.cast_unsigned());
            }
            Value::Float(f) => match whole(*f) {
                Some(i) => {
                    self.word(INT);
                    self.word(i.cast_unsigned());
                }
                None => {
                    self.word(FLOAT);
                    self.word(f.to_bits());
                }
            },
            Value::String(s) => self.text(STRING, s),
            Value::List(items) => {
                self.open_list();
                items.iter().for_each(|item| self.value(item));
                self.close();
            }
            Value::Map(map) => {
                self.open_map();
                for (key, item) in map.iter() {
                    self.key(key);
                    self.value(item);
                }
                self.close();
            }
        }
    }

    pub(crate) fn finish(mut self) -> u64 {
        self.word(self.words << 56);
        self.v2 ^= 0xff;
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }
}

/// The integer a float is, when it is one that `i64` holds.
fn whole(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (f.fract() == 0.0 && (-LIMIT..LIMIT).contains(&f)).then_some(f as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::map;

    #[test]
    fn the_hash_never_changes() {
        // Written down once: a change here means every stored hash of every installation is worthless.
        let value =
            Value::from(map! {"a": 1, "b": Value::from(vec![Value::from("x"), Value::Null])});
        assert_eq!(content_hash(&value), 4_799_306_358_841_319_709);
    }

    #[test]
    fn number_form_does_not_count_and_everything_else_does() {
        let hash = |v: Value| content_hash(&v);
        assert_eq!(hash(Value::Float(3.0)), hash(Value::Int(3)));
        assert_eq!(hash(Value::Float(-0.0)), hash(Value::Int(0)));
        let all = [
            hash(Value::Null),
            hash(Value::map()),
            hash(Value::List(Vec::new())),
            hash(Value::from(false)),
            hash(Value::from(0)),
            hash(Value::from(0.5)),
            hash(Value::from("")),
            hash(Value::from("\0")),
            hash(Value::from(map! {"a": Value::Null})),
            hash(Value::from(map! {"a": 1, "b": 2})),
            hash(Value::from(map! {"a": map! {"b": 2}})),
            hash(Value::from(vec![Value::from(1), Value::from(2)])),
            hash(Value::from(vec![Value::from(2), Value::from(1)])),
            hash(Value::from(vec![Value::from(vec![Value::from(1)]), Value::from(2)])),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
