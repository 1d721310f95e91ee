//! `{{range}}`.

use super::{Executor, Failure, Flow};
use crate::builtin::Reflected;
use crate::fmt::display;
use crate::parse::{Branch, NodeKind, Pipe};
use crate::value::{Int, IntKind, Map, Value};

/// What one iteration sets.
struct Loop<'p> {
    pipe: &'p Pipe,
    body: crate::parse::Id,
}

impl<'a> Executor<'a> {
    pub(super) fn range(&mut self, dot: &Reflected, branch: &'a Branch) -> Result<(), Failure> {
        let source = self.source;
        let NodeKind::Pipe(pipe) = &source.node(branch.pipe).kind else {
            return Ok(());
        };
        let value = self.pipeline(dot, branch.pipe)?.value;
        let this = Loop { pipe, body: branch.list };
        let ran = match &value {
            Value::Nil => false,
            Value::Int(int) => self.range_int(&this, *int)?,
            Value::List(list) => {
                let (mut index, item) = (0, list.item_type());
                while let Some(value) = list.get(index) {
                    let at = Reflected::of(Value::int(i64::try_from(index).unwrap_or(i64::MAX)));
                    index += 1;
                    if self.iterate(&this, at, Reflected::item(value, item))? {
                        break;
                    }
                }
                index > 0
            }
            Value::Bytes(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    let at = Reflected::of(Value::int(i64::try_from(index).unwrap_or(i64::MAX)));
                    let byte = Value::Int(Int::new(i64::from(*byte), IntKind::Uint8));
                    if self.iterate(&this, at, Reflected::of(byte))? {
                        break;
                    }
                }
                !bytes.is_empty()
            }
            Value::Map(map) => self.range_map(&this, map)?,
            Value::Object(object) => match (object.entries(), object.int()) {
                (Some(entries), _) => self.range_entries(&this, entries)?,
                (None, Some(int)) => self.range_int(&this, int)?,
                (None, None) if object.is_nil() => false,
                (None, None) => return self.cannot_range(&value),
            },
            _ => return self.cannot_range(&value),
        };
        if let (false, Some(otherwise)) = (ran, branch.otherwise) {
            self.walk(dot, otherwise)?;
        }
        Ok(())
    }

    fn cannot_range<T>(&self, value: &Value) -> Result<T, Failure> {
        let value = display(value).into_string_lossy();
        self.fail(format!("range can't iterate over {value}"))
    }

    fn range_int(&mut self, this: &Loop<'_>, int: Int) -> Result<bool, Failure> {
        let end = int.wide();
        if self.source.declared(this.pipe.declared).len() > 1 {
            return self.fail(format!("can't use {end} to iterate over more than one variable"));
        }
        let mut at: i128 = 0;
        while at < end {
            #[expect(clippy::cast_possible_truncation, reason = "a uint64 keeps its bits")]
            let value = Value::Int(Int::new(at as i64, int.kind()));
            at += 1;
            if self.iterate(this, Reflected::INVALID, Reflected::of(value))? {
                break;
            }
        }
        Ok(end > 0)
    }

    /// The entries are those of the beginning, whatever the body does to the map.
    fn range_map(&mut self, this: &Loop<'_>, map: &Map) -> Result<bool, Failure> {
        let item = map.item_type();
        let entries = map.entries().clone();
        let any = !entries.is_empty();
        for (key, value) in entries {
            let key = Reflected::of(Value::String(key.into()));
            if self.iterate(this, key, Reflected::item(value, item))? {
                break;
            }
        }
        Ok(any)
    }

    fn range_entries(
        &mut self,
        this: &Loop<'_>,
        entries: Vec<(Value, Value)>,
    ) -> Result<bool, Failure> {
        let any = !entries.is_empty();
        for (key, value) in entries {
            if self.iterate(this, Reflected::of(key), Reflected::of(value))? {
                break;
            }
        }
        Ok(any)
    }

    /// One iteration. True after a `break`.
    fn iterate(
        &mut self,
        this: &Loop<'_>,
        index: Reflected,
        item: Reflected,
    ) -> Result<bool, Failure> {
        let source = self.source;
        match source.declared(this.pipe.declared) {
            [] => {}
            [only] => self.set(only, item.clone())?,
            [first, second, ..] => {
                self.set(second, item.clone())?;
                self.set(first, index)?;
            }
        }
        Ok(self.walk(&item, this.body)? == Flow::Break)
    }
}
