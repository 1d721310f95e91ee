//! Values written as TOML: plain members before tables, tables indented by two blanks per level.

use super::{LOCAL_DATE, LOCAL_DATETIME, LOCAL_TIME};
use crate::sprig::args::items;
use crate::sprig::time_value;
use crate::value::{Kind, Map, Value};
use std::rc::Rc;

/// What Go says when it is asked for the type of nothing.
pub(super) const NO_TYPE: &str = "reflect: call of reflect.Value.Type on zero Value";

const NIL_ITEM: &str = "toml: cannot encode array with nil element";
const NO_KEY: &str = "toml: top-level values must be Go maps or structs";

/// Deeper values are refused; everything here is recursive.
const MAX_DEPTH: usize = 300;

/// More bytes than this are refused: parts that occur many times in a value are written each time.
const MAX_BYTES: usize = 64 << 20;

type Written = Result<(), String>;

/// The value as a TOML document. What is no table is written as a value alone.
///
/// # Errors
/// Go's text for what TOML cannot hold.
pub(super) fn document(value: &Value) -> Result<Value, String> {
    if value.is_nil() {
        return Err(NO_TYPE.into());
    }
    let mut writer = Writer { out: Vec::new() };
    writer.encode(&[], value)?;
    Ok(Value::from_bytes(writer.out))
}

/// What a value is in TOML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Nothing,
    Plain,
    Array,
    Table,
    Tables,
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A line break, but not as the first thing.
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn indent(&mut self, key: &[Vec<u8>]) {
        let width = 2 * key.len().saturating_sub(1);
        self.out.resize(self.out.len() + width, b' ');
    }

    fn encode(&mut self, key: &[Vec<u8>], value: &Value) -> Written {
        self.check(key.len())?;
        if value.is_nil_of_any_type() && value.kind() != Kind::Slice {
            return Ok(());
        }
        match table(value) {
            Some(map) => self.table(key, &map),
            None if form(value, 0)? == Form::Tables => self.tables(key, value),
            None => self.member(key, value, false),
        }
    }

    fn check(&self, depth: usize) -> Written {
        if depth > MAX_DEPTH {
            return Err(format!("toml: nested deeper than {MAX_DEPTH} levels"));
        }
        if self.out.len() > MAX_BYTES {
            return Err(format!("toml: a text of more than {MAX_BYTES} bytes"));
        }
        Ok(())
    }

    fn table(&mut self, key: &[Vec<u8>], map: &Rc<Map>) -> Written {
        if key.len() == 1 {
            self.newline();
        }
        if !key.is_empty() {
            self.indent(key);
            self.text("[");
            self.path(key);
            self.text("]");
            self.newline();
        }
        self.members(key, map)
    }

    fn tables(&mut self, key: &[Vec<u8>], value: &Value) -> Written {
        if key.is_empty() {
            return Err(NO_KEY.into());
        }
        for item in items(value).unwrap_or_default() {
            let Some(map) = table(&item).filter(|m| !m.is_nil()) else { continue };
            self.newline();
            self.indent(key);
            self.text("[[");
            self.path(key);
            self.text("]]");
            self.newline();
            self.members(key, &map)?;
        }
        Ok(())
    }

    fn members(&mut self, key: &[Vec<u8>], map: &Rc<Map>) -> Written {
        for (name, value) in ordered(map)? {
            let path = [key, &[name.into_bytes()]].concat();
            self.encode(&path, &value)?;
        }
        Ok(())
    }

    /// `key = value`; the value alone without a key.
    fn member(&mut self, key: &[Vec<u8>], value: &Value, inline: bool) -> Written {
        let Some(name) = key.last() else { return self.value(value, 0) };
        self.indent(key);
        self.key(name);
        self.text(" = ");
        self.value(value, key.len())?;
        if !inline {
            self.newline();
        }
        Ok(())
    }

    fn path(&mut self, key: &[Vec<u8>]) {
        for (i, name) in key.iter().enumerate() {
            if i > 0 {
                self.out.push(b'.');
            }
            self.key(name);
        }
    }

    fn key(&mut self, name: &[u8]) {
        let bare = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !name.is_empty() && name.iter().all(bare) {
            self.out.extend_from_slice(name);
        } else {
            self.quoted(name);
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for &byte in text {
            match byte {
                b'"' | b'\\' => self.out.extend([b'\\', byte]),
                8 => self.text("\\b"),
                b'\t' => self.text("\\t"),
                b'\n' => self.text("\\n"),
                12 => self.text("\\f"),
                b'\r' => self.text("\\r"),
                0..0x20 | 0x7f => self.text(&format!("\\u{byte:04x}")),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn value(&mut self, value: &Value, depth: usize) -> Written {
        self.check(depth)?;
        if let Some(map) = table(value) {
            return self.inline_table(&map, depth);
        }
        match value {
            Value::String(_) | Value::Raw(_) => self.quoted(value.as_bytes().unwrap_or_default()),
            Value::Bool(b) => self.text(if *b { "true" } else { "false" }),
            Value::Int(int) => self.text(&int.wide().to_string()),
            Value::Float(float) => self.text(&float_text(*float)),
            Value::List(_) | Value::Bytes(_) => {
                self.text("[");
                for (i, item) in items(value).unwrap_or_default().iter().enumerate() {
                    if i > 0 {
                        self.text(", ");
                    }
                    self.value(item, depth + 1)?;
                }
                self.text("]");
            }
            Value::Object(object) => match time_value::of(value) {
                Some(time) => self.text(&time_text(&time)),
                None => match (object.display(), object.int()) {
                    // Months and days of the week are numbers, durations are not.
                    (Some(_), Some(int))
                        if object.go_type().kind() != Kind::Int(crate::value::IntKind::Int64) =>
                    {
                        self.text(&int.wide().to_string());
                    }
                    (Some(text), _) => self.quoted(text.as_bytes()),
                    _ => return Err(format!("unexpected type: {}", object.go_type())),
                },
            },
            other => return Err(format!("unexpected type: {}", other.type_name())),
        }
        Ok(())
    }

    fn inline_table(&mut self, map: &Rc<Map>, depth: usize) -> Written {
        self.check(depth)?;
        self.text("{");
        let members = ordered(map)?;
        let last = members.len().wrapping_sub(1);
        for (i, (name, value)) in members.into_iter().enumerate() {
            if value.is_nil_of_any_type() {
                continue;
            }
            self.key(name.as_bytes());
            self.text(" = ");
            self.value(&value, depth + 1)?;
            // Go puts the comma by the place in the list, also before members it leaves out.
            if i != last {
                self.text(", ");
            }
        }
        self.text("}");
        Ok(())
    }
}

/// The members in Go's order: plain ones first, each kind by name.
fn ordered(map: &Map) -> Result<Vec<(String, Value)>, String> {
    let (mut plain, mut tables) = (Vec::new(), Vec::new());
    for (name, value) in map.entries().iter() {
        let list = match form(value, 0)? {
            Form::Table | Form::Tables => &mut tables,
            _ => &mut plain,
        };
        list.push((name.to_owned(), value.clone()));
    }
    plain.extend(tables);
    Ok(plain)
}

/// A map, or a struct seen as one.
fn table(value: &Value) -> Option<Rc<Map>> {
    match value {
        Value::Map(map) => Some(Rc::clone(map)),
        Value::Object(object) if object.display().is_none() => {
            let fields: crate::value::Entries = object.fields().into_iter().collect();
            (!fields.is_empty()).then(|| Rc::new(Map::new(crate::value::Type::Any, fields)))
        }
        _ => None,
    }
}

fn form(value: &Value, depth: usize) -> Result<Form, String> {
    if depth > MAX_DEPTH {
        return Err(format!("toml: nested deeper than {MAX_DEPTH} levels"));
    }
    if value.is_nil_of_any_type() {
        return Ok(Form::Nothing);
    }
    if table(value).is_some() {
        return Ok(Form::Table);
    }
    match value {
        Value::Bytes(_) => Ok(Form::Array),
        Value::List(list) => {
            let mut all = !list.is_empty();
            for item in list.items().iter() {
                match form(item, depth + 1)? {
                    Form::Nothing => return Err(NIL_ITEM.into()),
                    Form::Table => {}
                    _ => all = false,
                }
            }
            Ok(if all { Form::Tables } else { Form::Array })
        }
        Value::Complex(..) => Err("unsupported type: complex128".into()),
        _ => Ok(Form::Plain),
    }
}

/// With a point or an exponent, so that it stays a float.
fn float_text(float: f64) -> String {
    if float.is_nan() {
        return if float.is_sign_negative() { "-nan" } else { "nan" }.into();
    }
    if float.is_infinite() {
        return if float < 0.0 { "-inf" } else { "inf" }.into();
    }
    let text = crate::fmt::format_float(float, 'g', None);
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}

fn time_text(time: &crate::sprig::time::Time) -> String {
    time.format(match time.zone().name() {
        LOCAL_DATETIME => "2006-01-02T15:04:05.999999999",
        LOCAL_DATE => "2006-01-02",
        LOCAL_TIME => "15:04:05.999999999",
        _ => "2006-01-02T15:04:05.999999999Z07:00",
    })
}
