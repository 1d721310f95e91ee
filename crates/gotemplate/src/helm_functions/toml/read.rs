//! TOML read into template values: integers are `int64`, floats `float64`, dates `time.Time`, arrays
//! `[]interface {}`, arrays of tables `[]map[string]interface {}`.
//!
//! What may be defined twice, and what the messages say, follows Go's library.

mod scalar;

use super::lines::{Fault, Lines, Read, quoted};
use crate::value::{Entries, Map, Type, Value};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Arrays and inline tables inside each other.
const MAX_DEPTH: usize = 200;

type Key = Vec<String>;

/// The document as a map.
///
/// # Errors
/// Go's text: `toml: line 1: ...`, with the last key when there is one.
pub(super) fn document(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.bytes().take(6).any(|b| b == 0) {
        return Err("toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8".into());
    }
    let mut reader = Reader {
        lines: Lines::new(text),
        root: new_map(),
        context: Key::new(),
        current: String::new(),
        key_line: 1,
        arrays: HashMap::new(),
        implicit: HashSet::new(),
    };
    match reader.document() {
        Ok(()) => Ok(Value::Map(reader.root)),
        Err(Fault { line, message }) => {
            let last = reader.last_key();
            Err(if last.is_empty() {
                format!("toml: line {line}: {message}")
            } else {
                format!("toml: line {line} (last key {}): {message}", crate::fmt::quote(&last))
            })
        }
    }
}

fn new_map() -> Rc<Map> {
    Map::shared(Entries::new())
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A key as it is written, parts that need it in quotes.
fn shown(key: &[String]) -> String {
    let parts = key.iter().map(|part| {
        if !part.is_empty() && part.chars().all(is_bare) {
            part.clone()
        } else {
            format!("\"{part}\"")
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

struct Reader<'a> {
    lines: Lines<'a>,
    root: Rc<Map>,
    /// The table what is read belongs to.
    context: Key,
    /// The name being set in it.
    current: String,
    /// Where the last key began.
    key_line: usize,
    /// Whether what was set under a key is an array (not of tables).
    arrays: HashMap<Key, bool>,
    /// Tables that are there because others mention them.
    implicit: HashSet<Key>,
}

impl Reader<'_> {
    fn last_key(&self) -> String {
        match (self.current.is_empty(), self.context.is_empty()) {
            (true, _) => shown(&self.context),
            (false, true) => self.current.clone(),
            (false, false) => format!("{}.{}", shown(&self.context), self.current),
        }
    }

    /// A complaint about the last key.
    fn key_fault(&self, message: String) -> Fault {
        Fault { line: self.key_line, message }
    }

    fn document(&mut self) -> Read<()> {
        loop {
            self.lines.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))?;
            match self.lines.peek()? {
                None => return Ok(()),
                Some('#') => {
                    self.comment()?;
                    continue;
                }
                Some('[') => self.header()?,
                Some(_) => self.pair()?,
            }
            self.line_end()?;
        }
    }

    fn comment(&mut self) -> Read<()> {
        self.lines.take_while(|c| !matches!(c, '\n' | '\r')).map(|_| ())
    }

    fn line_end(&mut self) -> Read<()> {
        self.lines.blanks()?;
        match self.lines.next()? {
            None | Some('\n' | '\r') => Ok(()),
            Some('#') => self.comment(),
            other => Err(self.lines.fault(format!(
                "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                quoted(other)
            ))),
        }
    }

    /// `[table]` or `[[table]]`.
    fn header(&mut self) -> Read<()> {
        self.lines.next()?;
        let array = self.lines.accept('[')?;
        let mut key = Key::new();
        self.key_line = self.lines.line();
        loop {
            self.lines.blanks()?;
            match self.lines.peek()? {
                found @ (Some(']') | None) => {
                    let message = "unexpected end of table name (table names cannot be empty)";
                    return Err(self.lines.fault_at(found, message.into()));
                }
                Some('.') => {
                    let message = "unexpected table separator (table names cannot be empty)";
                    return Err(self.lines.fault(message));
                }
                Some(_) => key.push(self.name()?),
            }
            self.lines.blanks()?;
            match self.lines.next()? {
                Some('.') => {}
                Some(']') => break,
                other => {
                    let message = format!(
                        "expected '.' or ']' to end table name, but got {} instead",
                        quoted(other)
                    );
                    return Err(self.lines.fault_at(other, message));
                }
            }
        }
        if array {
            let found = self.lines.next()?;
            if found != Some(']') {
                let message = format!(
                    "expected end of table array name delimiter ']', but got {} instead",
                    quoted(found)
                );
                return Err(self.lines.fault_at(found, message));
            }
        }
        self.enter(&key, array)?;
        self.arrays.insert(self.context.clone(), false);
        Ok(())
    }

    /// One part of a key, bare or quoted.
    fn name(&mut self) -> Read<String> {
        match self.lines.peek()? {
            Some('"') => {
                self.lines.next()?;
                self.string()
            }
            Some('\'') => {
                self.lines.next()?;
                self.raw_string()
            }
            _ => Ok(self.lines.take_while(is_bare)?.to_owned()),
        }
    }

    /// The parts of a key, up to and with the `=`.
    fn key(&mut self) -> Read<Key> {
        self.lines.blanks()?;
        match self.lines.peek()? {
            found @ (Some('=') | None) => {
                let message = "unexpected '=': key name appears blank";
                return Err(self.lines.fault_at(found, message.into()));
            }
            Some('.') => {
                return Err(self.lines.fault("unexpected '.': keys cannot start with a '.'"));
            }
            Some(_) => {}
        }
        self.key_line = self.lines.line();
        let mut key = Key::new();
        loop {
            self.lines.blanks()?;
            match self.lines.peek()? {
                found @ (Some('=') | None) if !key.is_empty() => {
                    return Err(self.lines.fault_at(found, "unexpected '='".into()));
                }
                Some('.') if !key.is_empty() => return Err(self.lines.fault("unexpected '.'")),
                _ => key.push(self.name()?),
            }
            self.lines.blanks()?;
            match self.lines.next()? {
                Some('.') => {}
                Some('=') => return Ok(key),
                None => {
                    return Err(self.lines.end_fault("unexpected EOF; expected key separator '='"));
                }
                other => {
                    let back = usize::from(other == Some('\n'));
                    let message = format!("expected '.' or '=', but got {} instead", quoted(other));
                    return Err(Fault { line: self.lines.line() - back, message });
                }
            }
        }
    }

    /// `key = value` of the current table.
    fn pair(&mut self) -> Read<()> {
        let outer = self.context.clone();
        self.member(0)?;
        self.context = outer;
        self.current.clear();
        Ok(())
    }

    /// Key and value, set in the document; gives the parts of the key and the value.
    fn member(&mut self, depth: usize) -> Read<(Key, Value)> {
        let mut key = self.key()?;
        let path = key.clone();
        self.current = key.pop().unwrap_or_default();
        for part in key {
            let mut whole = self.context.clone();
            whole.push(part);
            self.implicit.insert(whole.clone());
            self.enter(&whole, false)?;
        }
        let (value, array) = self.value(depth, false)?;
        let name = self.current.clone();
        self.set(&name, value.clone())?;
        let mut whole = self.context.clone();
        whole.push(name);
        self.arrays.insert(whole, array);
        Ok((path, value))
    }

    /// A value, and whether it is an array.
    fn value(&mut self, depth: usize, in_array: bool) -> Read<(Value, bool)> {
        self.lines.blanks()?;
        let first = self.lines.peek()?;
        match first {
            Some('[' | '{') if depth >= MAX_DEPTH => {
                Err(self.lines.fault(format!("nested deeper than {MAX_DEPTH} levels")))
            }
            Some('[') => {
                self.lines.next()?;
                Ok((self.array(depth)?, true))
            }
            Some('{') => {
                self.lines.next()?;
                Ok((self.inline_table(depth, in_array)?, false))
            }
            _ => Ok((self.scalar()?, false)),
        }
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        let mut whole = self.context.clone();
        if !self.current.is_empty() {
            whole.push(self.current.clone());
        }
        self.arrays.insert(whole, true);
        let mut items = Vec::new();
        loop {
            self.between()?;
            match self.lines.peek()? {
                Some(',') => {
                    self.lines.next()?;
                    return Err(self.lines.fault("unexpected comma"));
                }
                Some(']') => break,
                _ => items.push(self.value(depth + 1, true)?.0),
            }
            self.between()?;
            match self.lines.peek()? {
                Some(',') => _ = self.lines.next()?,
                Some(']') => break,
                other => {
                    self.lines.next()?;
                    let found = or_end(other);
                    let message = format!(
                        "expected a comma (',') or array terminator (']'), but got {found}"
                    );
                    return Err(self.lines.fault_at(other, message));
                }
            }
        }
        self.lines.next()?;
        Ok(items.into())
    }

    /// Blanks, line breaks and comments inside of brackets.
    fn between(&mut self) -> Read<()> {
        loop {
            self.lines.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))?;
            if self.lines.peek()? != Some('#') {
                return Ok(());
            }
            self.comment()?;
        }
    }

    fn inline_table(&mut self, depth: usize, in_array: bool) -> Read<Value> {
        let table = new_map();
        let (outer, name) = (self.context.clone(), std::mem::take(&mut self.current));
        let mut whole = outer.clone();
        whole.push(name.clone());
        self.implicit.insert(whole.clone());
        // As in Go, the table stands for itself while its key is entered, which shows in messages.
        self.context.clone_from(&whole);
        self.enter(&whole, in_array)?;
        loop {
            self.between()?;
            match self.lines.peek()? {
                Some(',') => {
                    self.lines.next()?;
                    return Err(self.lines.fault("unexpected comma"));
                }
                Some('}') => break,
                _ => {}
            }
            let (path, value) = self.member(depth + 1)?;
            self.place(&table, &path, value)?;
            self.context.clone_from(&whole);
            self.between()?;
            match self.lines.peek()? {
                Some(',') => _ = self.lines.next()?,
                Some('}') => break,
                other => {
                    self.lines.next()?;
                    let found = or_end(other);
                    let message = format!(
                        "expected a comma or an inline table terminator '}}', but got {found} instead"
                    );
                    return Err(self.lines.fault_at(other, message));
                }
            }
        }
        self.lines.next()?;
        self.context = outer;
        self.current = name;
        Ok(Value::Map(table))
    }

    /// Puts a value into an inline table under a path.
    fn place(&mut self, table: &Rc<Map>, path: &[String], value: Value) -> Read<()> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut map = Rc::clone(table);
        for part in parents {
            let next = match map.get(part) {
                None => {
                    let next = new_map();
                    map.insert(part.as_str(), Value::Map(Rc::clone(&next)));
                    next
                }
                Some(Value::Map(next)) => next,
                Some(_) => {
                    let shown = crate::fmt::quote(&shown(&self.context));
                    return Err(self.key_fault(format!("{shown} is not a table")));
                }
            };
            map = next;
        }
        map.insert(last.as_str(), value);
        Ok(())
    }

    /// The map a key's parents lead to, those that are missing made on the way.
    fn parent_of(&mut self, key: &[String]) -> Read<Rc<Map>> {
        let mut map = Rc::clone(&self.root);
        for (i, part) in key[..key.len() - 1].iter().enumerate() {
            let path = &key[..=i];
            if map.get(part).is_none() {
                self.implicit.insert(path.to_vec());
                map.insert(part.as_str(), Value::Map(new_map()));
            }
            map = table_in(&map, part).ok_or_else(|| {
                self.key_fault(format!("Key '{}' was already created as a hash.", shown(path)))
            })?;
        }
        Ok(map)
    }

    /// Makes `key` the current table; a new one of an array of tables when `array`.
    fn enter(&mut self, key: &[String], array: bool) -> Read<()> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let map = self.parent_of(key)?;
        self.context = parents.to_vec();
        if array {
            let tables = match map.get(last) {
                None => {
                    let tables = Value::list_of(Type::DICT, Vec::new());
                    map.insert(last.as_str(), tables.clone());
                    tables
                }
                Some(found) => found,
            };
            match tables {
                Value::List(tables) if tables.item_type() == Type::DICT => {
                    tables.items_mut().push(Value::Map(new_map()));
                }
                _ => {
                    return Err(self.key_fault(format!(
                        "Key '{}' was already created and cannot be used as an array.",
                        shown(key)
                    )));
                }
            }
        } else {
            self.set(last, Value::Map(new_map()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a name of the current table.
    fn set(&mut self, name: &str, value: Value) -> Read<()> {
        let mut map = Rc::clone(&self.root);
        for (i, part) in self.context.iter().enumerate() {
            map = table_in(&map, part).ok_or_else(|| {
                self.key_fault(format!(
                    "Key '{}' has already been defined.",
                    shown(&self.context[..=i])
                ))
            })?;
        }
        let mut whole = self.context.clone();
        whole.push(name.to_owned());
        if map.get(name).is_some() {
            // A table that was only mentioned may be defined once.
            if !self.implicit.remove(&whole) {
                return Err(
                    self.key_fault(format!("Key '{}' has already been defined.", shown(&whole)))
                );
            }
            if !self.arrays.get(&whole).copied().unwrap_or(false) {
                return Ok(());
            }
        }
        map.insert(name, value);
        Ok(())
    }
}

/// The table under a name: of an array of tables the last one.
fn table_in(map: &Map, name: &str) -> Option<Rc<Map>> {
    match map.get(name)? {
        Value::Map(map) => Some(map),
        Value::List(list) if list.item_type() == Type::DICT => match list.items().last()? {
            Value::Map(map) => Some(Rc::clone(map)),
            _ => None,
        },
        _ => None,
    }
}

fn or_end(c: Option<char>) -> String {
    c.map_or_else(|| "end of file".into(), |c| format!("'{c}'"))
}
