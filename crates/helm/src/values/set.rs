//! The grammar of `--set` and its relatives (`helm.sh/helm/v4/pkg/strvals`).

use crate::gotext::quoted;
use object::{Map, Value};

/// How the right side of `=` is read.
pub enum SetMode<'a> {
    /// `--set`: `true`, `null`, whole numbers and lists in braces are recognised.
    Typed,
    /// `--set-string`: always text.
    Text,
    /// `--set-literal`: text up to the end, nothing is special.
    Literal,
    /// `--set-json`: JSON.
    Json,
    /// `--set-file`: the content of the file of that name.
    File(&'a mut dyn FnMut(&str) -> Result<String, String>),
}

/// Why a `--set` cannot be read, in Helm's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetError(String);

/// The highest index of a list (`strvals.MaxIndex`).
const MAX_INDEX: i64 = 65536;
/// How many names may be nested (`strvals.MaxNestedNameLevel`).
const MAX_NESTED: usize = 30;

/// Sets what `line` (`a.b=1,c[0]=x`) says in `values`.
///
/// # Errors
/// [`SetError`] at the first fault; what stands before it is set all the same, as in Helm.
pub fn set(line: &str, mode: SetMode<'_>, values: &mut Map) -> Result<(), SetError> {
    let literal = matches!(mode, SetMode::Literal);
    let mut parser = Parser { rest: line, mode, literal, lists: 0 };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(error)) => return Err(SetError(error)),
        }
    }
}

enum Stop {
    /// Go's `io.EOF`.
    End,
    Error(String),
}

impl From<String> for Stop {
    fn from(error: String) -> Self {
        Self::Error(error)
    }
}

struct Parser<'a, 'm> {
    rest: &'a str,
    mode: SetMode<'m>,
    literal: bool,
    /// How many lists the current one lies in.
    lists: usize,
}

impl Parser<'_, '_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Characters up to one of `stop`, which is taken too; `None` when the text ends before.
    fn until(&mut self, stop: &[char]) -> (String, Option<char>) {
        let mut out = String::new();
        while let Some(c) = self.next() {
            if stop.contains(&c) {
                return (out, Some(c));
            }
            if c == '\\' && !self.literal {
                match self.next() {
                    Some(next) => out.push(next),
                    None => return (out, None),
                }
            } else {
                out.push(c);
            }
        }
        (out, None)
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), Stop> {
        let stop: &[char] = if self.literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stop);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => Err(format!("key {} has no value", quoted(&key)).into()),
            Some('[') => self.indexed(data, key, level),
            Some('=') => self.assignment(data, &key),
            Some('.') => self.nested(data, key, level),
            Some(_) => {
                put(data, &key, "".into());
                Err(format!("key {} has no value (cannot end with ,)", quoted(&key)).into())
            }
        }
    }

    fn assignment(&mut self, data: &mut Map, key: &str) -> Result<(), Stop> {
        let (value, then) = self.value();
        if let Some(value) = value {
            put(data, key, value);
        }
        then
    }

    /// What stands right of `=`, and how to go on.
    fn value(&mut self) -> (Option<Value>, Result<(), Stop>) {
        if self.literal {
            let text = std::mem::take(&mut self.rest);
            return (Some(text.into()), Ok(()));
        }
        if matches!(self.mode, SetMode::Json) {
            return match self.json() {
                Ok(value) => (Some(value), Ok(())),
                Err(error) => (None, Err(error)),
            };
        }
        match self.rest.chars().next() {
            None => (Some("".into()), Err(Stop::End)),
            Some('{') => match self.list() {
                Ok(list) => (Some(list), Ok(())),
                Err(error) => (None, Err(error.into())),
            },
            Some(_) => {
                let (text, _) = self.until(&[',']);
                match self.typed(&text) {
                    Ok(value) => (Some(value), Ok(())),
                    Err(error) => (Some(Value::Null), Err(error.into())),
                }
            }
        }
    }

    fn json(&mut self) -> Result<Value, Stop> {
        if self.skip_blanks() {
            return Ok(Value::Null);
        }
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = stream.next();
        let read = stream.byte_offset();
        let mut value = match value {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(error.to_string().into()),
            None => return Err("EOF".to_owned().into()),
        };
        super::floats(&mut value);
        self.rest = &self.rest[read..];
        self.skip_blanks();
        Ok(value)
    }

    /// Skips blanks and one comma; true when nothing else stood before the comma or the end.
    fn skip_blanks(&mut self) -> bool {
        while let Some(c) = self.rest.chars().next() {
            if !c.is_whitespace() && c != ',' {
                return false;
            }
            self.next();
            if c == ',' {
                return true;
            }
        }
        true
    }

    fn list(&mut self) -> Result<Value, String> {
        self.next();
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return Err("list must terminate with '}'".into()),
                Some('}') => {
                    if self.rest.starts_with(',') {
                        self.next();
                    }
                    items.push(self.typed(&text)?);
                    return Ok(Value::List(items));
                }
                Some(_) => items.push(self.typed(&text)?),
            }
        }
    }

    fn typed(&mut self, text: &str) -> Result<Value, String> {
        Ok(match &mut self.mode {
            SetMode::File(read) => read(text)?.into(),
            SetMode::Typed if text.eq_ignore_ascii_case("true") => true.into(),
            SetMode::Typed if text.eq_ignore_ascii_case("false") => false.into(),
            SetMode::Typed if text.eq_ignore_ascii_case("null") => Value::Null,
            SetMode::Typed if text == "0" => 0.into(),
            SetMode::Typed if !text.starts_with('0') => match text.parse::<i64>() {
                Ok(int) => int.into(),
                Err(_) => text.into(),
            },
            _ => text.into(),
        })
    }

    fn nested(&mut self, data: &mut Map, key: String, level: usize) -> Result<(), Stop> {
        let level = level + 1;
        if level > MAX_NESTED {
            return Err(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_NESTED}"
            )
            .into());
        }
        let mut inner = match data.get_mut(&key) {
            None => Map::new(),
            Some(Value::Map(map)) => std::mem::take(map),
            Some(other) => return Err(conversion(other, "map[string]interface {}").into()),
        };
        let result = self.key(&mut inner, level);
        if result.is_ok() && inner.is_empty() {
            return Err(format!("key map {} has no value", quoted(&key)).into());
        }
        if !inner.is_empty() {
            put(data, &key, Value::Map(inner));
        }
        result
    }

    fn indexed(&mut self, data: &mut Map, key: String, level: usize) -> Result<(), Stop> {
        let index = self.index()?;
        let mut list = match data.get_mut(&key) {
            None => Vec::new(),
            Some(Value::List(list)) => std::mem::take(list),
            Some(other) => return Err(conversion(other, "[]interface {}").into()),
        };
        let result = self.item(&mut list, index, level);
        put(data, &key, Value::List(list));
        result
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            return Err("error parsing index: EOF".to_owned().into());
        }
        text.parse().map_err(|_| {
            let text = quoted(&text);
            let kind = "invalid syntax";
            Stop::Error(format!("error parsing index: strconv.Atoi: parsing {text}: {kind}"))
        })
    }

    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Result<(), Stop> {
        if index < 0 {
            return Err(format!("negative {index} index not allowed").into());
        }
        let (key, last) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            return Err(format!("unexpected data at end of array index: {}", quoted(&key)).into());
        }
        match last {
            None => Err(Stop::End),
            Some('=') => {
                let (value, then) = self.value();
                match (value, then) {
                    (Some(value), Ok(()) | Err(Stop::End)) => put_at(list, index, value),
                    (_, then) => then,
                }
            }
            Some('[') => {
                self.lists += 1;
                if self.lists > MAX_NESTED {
                    return Err(format!("lists are nested deeper than {MAX_NESTED}").into());
                }
                let next = self.index()?;
                let mut inner = match existing(list, index) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::List(inner)) => std::mem::take(inner),
                    Some(other) => return Err(conversion(other, "[]interface {}").into()),
                };
                let result = self.item(&mut inner, next, level);
                self.lists -= 1;
                result?;
                put_at(list, index, Value::List(inner))
            }
            Some(_) => {
                let mut inner = match existing(list, index) {
                    Some(Value::Map(inner)) => std::mem::take(inner),
                    _ => Map::new(),
                };
                let result = self.key(&mut inner, level);
                match result {
                    Ok(()) => put_at(list, index, Value::Map(inner)),
                    Err(stop) => {
                        // What was there before, and what was set in it, stays.
                        if let Some(slot) = existing(list, index) {
                            *slot = Value::Map(inner);
                        }
                        Err(stop)
                    }
                }
            }
        }
    }
}

fn existing(list: &mut [Value], index: i64) -> Option<&mut Value> {
    usize::try_from(index).ok().and_then(|i| list.get_mut(i))
}

/// What Go's runtime says when a value is taken for what it is not.
fn conversion(found: &Value, wanted: &str) -> String {
    let have = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    };
    format!("unable to parse key: interface conversion: interface {{}} is {have}, not {wanted}")
}

fn put(data: &mut Map, key: &str, value: Value) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

fn put_at(list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), Stop> {
    let at = match usize::try_from(index) {
        Ok(at) if index <= MAX_INDEX => at,
        _ => {
            return Err(format!(
                "index of {index} is greater than maximum supported index of {MAX_INDEX}"
            )
            .into());
        }
    };
    if list.len() <= at {
        list.resize(at + 1, Value::Null);
    }
    list[at] = value;
    Ok(())
}
