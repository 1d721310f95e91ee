//! One operand under one verb (`printArg`, `printValue` of Go's `fmt`).

use super::format_float;
use super::output::Output;
use super::quote::{can_backquote, quote_bytes};
use crate::value::{GoObject, Kind, List, Map, Type, Value};
use std::rc::Rc;

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`.
    pub(super) plus_v: bool,
    /// `%#v`.
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

#[derive(Default)]
pub(super) struct Printer {
    pub(super) out: Output,
    pub(super) flags: Flags,
    /// Inside `%!verb(...)`, where methods are not called.
    erroring: bool,
    /// Whether the limits below were met; nothing more is printed of the operand.
    full: bool,
}

/// Deeper values are cut: only one that contains itself is.
const MAX_DEPTH: usize = 1000;
/// Nor is more printed by one call.
const MAX_BYTES: usize = 64 << 20;

impl Printer {
    /// A printer that appends to what is there.
    pub(super) fn onto(out: Output) -> Self {
        Self { out, ..Self::default() }
    }

    pub(super) fn pad(&mut self, text: &str) {
        self.pad_bytes(text.as_bytes(), text.chars().count());
    }

    fn pad_bytes(&mut self, bytes: &[u8], count: usize) {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(count);
        if !self.flags.minus {
            self.padding(missing);
        }
        self.out.push_bytes(bytes);
        if self.flags.minus {
            self.padding(missing);
        }
    }

    pub(super) fn padding(&mut self, count: usize) {
        let fill = if self.flags.zero && !self.flags.minus { "0" } else { " " };
        (0..count).for_each(|_| self.out.push_str(fill));
    }

    /// Pads with blanks whatever the zero flag says.
    pub(super) fn pad_blank(&mut self, text: &str) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    /// `printArg`.
    pub(super) fn arg(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad("<nil>"),
            // Only `Errorf` knows `%w`, and only for errors.
            (Value::Nil, _) | (_, 'w') => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes(), 's', value),
            (Value::Bytes(b), _) => self.bytes(b, verb, "[]byte", value),
            _ => self.value(value, verb, 0),
        }
    }

    /// `%!d(string=hello)`.
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.out.push_str("%!");
        self.out.push(verb);
        self.out.push('(');
        if value.is_nil() {
            self.out.push_str("<nil>");
        } else {
            self.out.push_str(&value.type_name());
            self.out.push('=');
            self.arg(value, 'v');
        }
        self.out.push(')');
        self.erroring = erroring;
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.full || depth > MAX_DEPTH || self.out.len() > MAX_BYTES {
            if !self.full {
                self.out.push_str("...(cut: the value contains itself or is too large)");
                self.full = true;
            }
            return;
        }
        match value {
            Value::Nil if self.flags.sharp_v => self.out.push_str("interface {}(nil)"),
            Value::Nil => self.out.push_str("<nil>"),
            Value::Bool(b) => match verb {
                't' | 'v' => self.pad(if *b { "true" } else { "false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(int) => self.integer(*int, verb, value),
            Value::Float(f) => self.float(*f, verb, value),
            Value::Complex(re, im) => self.complex(*re, *im, verb, value),
            Value::String(s) => self.string(s.as_bytes(), verb, value),
            Value::Raw(b) => self.string(b, verb, value),
            Value::Bytes(b) => match verb {
                's' | 'q' | 'x' | 'X' | 'v' => self.bytes(b, verb, "[]uint8", value),
                _ => self.byte_items(b, verb, depth),
            },
            Value::List(list) => {
                stacker::maybe_grow(crate::exec::RED_ZONE, crate::exec::STACK, || {
                    self.list(list, verb, depth);
                });
            }
            Value::Map(map) => {
                stacker::maybe_grow(crate::exec::RED_ZONE, crate::exec::STACK, || {
                    self.map(map, verb, depth);
                });
            }
            Value::Object(object) => self.object(object, value, verb, depth),
        }
    }

    fn list(&mut self, list: &Rc<List>, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.out.push_str(&list.go_type().to_string());
            if list.is_nil() {
                return self.out.push_str("(nil)");
            }
        }
        self.out.push(if sharp { '{' } else { '[' });
        // An item of a typed slice is at depth one, behind an interface two levels down; only the bound sees it.
        for (i, item) in list.items().iter().enumerate() {
            self.separator(i);
            self.value(item, verb, depth + 1);
        }
        self.out.push(if sharp { '}' } else { ']' });
    }

    fn map(&mut self, map: &Rc<Map>, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.out.push_str(&map.go_type().to_string());
            if map.is_nil() {
                return self.out.push_str("(nil)");
            }
        }
        self.out.push_str(if sharp { "{" } else { "map[" });
        for (i, (key, item)) in map.entries().iter().enumerate() {
            self.separator(i);
            self.string(key.as_bytes(), verb, &Value::Nil);
            self.out.push(':');
            self.value(item, verb, depth + 1);
        }
        self.out.push(if sharp { '}' } else { ']' });
    }

    fn separator(&mut self, index: usize) {
        if index > 0 {
            self.out.push_str(if self.flags.sharp_v { ", " } else { " " });
        }
    }

    fn object(&mut self, object: &Rc<dyn GoObject>, value: &Value, verb: char, depth: usize) {
        if !self.erroring
            && !self.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.display()
        {
            return self.string(text.as_bytes(), verb, value);
        }
        if let Some(int) = object.int() {
            return self.integer(int, verb, value);
        }
        let go_type = object.go_type();
        if go_type.kind() == Kind::Pointer {
            if object.is_nil() {
                return if self.flags.sharp_v {
                    self.out.push_str(&format!("({go_type})(nil)"));
                } else {
                    self.pad("<nil>");
                };
            }
            self.out.push('&');
        }
        if let Some(entries) = object.entries() {
            return self.entries(&entries, go_type, verb, depth);
        }
        self.fields(object, go_type, verb, depth);
    }

    fn entries(&mut self, entries: &[(Value, Value)], go_type: Type, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        let open = if sharp { format!("{go_type}{{") } else { "map[".into() };
        self.out.push_str(&open);
        for (i, (key, item)) in entries.iter().enumerate() {
            self.separator(i);
            self.value(key, verb, depth + 1);
            self.out.push(':');
            self.value(item, verb, depth + 1);
        }
        self.out.push(if sharp { '}' } else { ']' });
    }

    fn fields(&mut self, object: &Rc<dyn GoObject>, go_type: Type, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.out.push_str(go_type.to_string().trim_start_matches('*'));
        }
        self.out.push('{');
        for (i, (name, item)) in object.fields().iter().enumerate() {
            self.separator(i);
            if self.flags.plus_v || self.flags.sharp_v {
                self.out.push_str(name);
                self.out.push(':');
            }
            self.value(item, verb, depth + 1);
        }
        self.out.push('}');
    }

    /// `fmtString`. `value` names the operand of a wrong verb.
    fn string(&mut self, bytes: &[u8], verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(bytes),
            'v' | 's' => {
                let cut = self.truncated(bytes);
                self.pad_bytes(cut, count(cut));
            }
            'x' | 'X' => self.hex(bytes, verb == 'X'),
            'q' => self.quoted(bytes),
            _ if value.is_nil() => {
                // The key of a map.
                self.bad_verb(&Value::from_bytes(bytes.to_vec()), verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn truncated<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(mut left) = self.flags.precision else {
            return bytes;
        };
        let mut end = 0;
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                if left == 0 {
                    return &bytes[..end];
                }
                left -= 1;
                end += c.len_utf8();
            }
            for _ in chunk.invalid() {
                if left == 0 {
                    return &bytes[..end];
                }
                left -= 1;
                end += 1;
            }
        }
        bytes
    }

    fn quoted(&mut self, bytes: &[u8]) {
        let cut = self.truncated(bytes);
        let text = match std::str::from_utf8(cut) {
            Ok(text) if self.flags.sharp && can_backquote(text) => format!("`{text}`"),
            _ => quote_bytes(cut, self.flags.plus),
        };
        self.pad(&text);
    }

    fn hex(&mut self, bytes: &[u8], upper: bool) {
        let length = self.flags.precision.unwrap_or(usize::MAX).min(bytes.len());
        let mut text = String::with_capacity(2 * length + 2);
        for (i, byte) in bytes[..length].iter().enumerate() {
            if self.flags.space && i > 0 {
                text.push(' ');
            }
            if self.flags.sharp && (self.flags.space || i == 0) {
                text.push_str(if upper { "0X" } else { "0x" });
            }
            text.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(&text);
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, type_name: &str, value: &Value) {
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                self.out.push_str(type_name);
                let items: Vec<String> = bytes.iter().map(|b| format!("{b:#x}")).collect();
                self.out.push_str(&format!("{{{}}}", items.join(", ")));
            }
            's' => self.string(bytes, 's', value),
            'x' | 'X' => self.hex(bytes, verb == 'X'),
            'q' => self.quoted(bytes),
            _ => self.byte_items(bytes, if verb == 'v' { 'd' } else { verb }, 0),
        }
    }

    fn byte_items(&mut self, bytes: &[u8], verb: char, depth: usize) {
        self.out.push('[');
        for (i, byte) in bytes.iter().enumerate() {
            self.separator(i);
            let item =
                Value::Int(crate::value::Int::new(i64::from(*byte), crate::value::IntKind::Uint8));
            self.value(&item, verb, depth + 1);
        }
        self.out.push(']');
    }

    /// `fmtFloat`.
    fn float(&mut self, f: f64, verb: char, value: &Value) {
        match verb {
            'v' => self.float_as(f, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float_as(f, verb, None),
            'f' | 'e' | 'E' | 'F' => self.float_as(f, verb, Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    fn float_as(&mut self, f: f64, verb: char, precision: Option<usize>) {
        let precision = self.flags.precision.or(precision);
        let text = format_float(f, verb, precision);
        let (negative, mut number) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest.to_owned()),
            None => (false, text),
        };
        let sign = match (negative, self.flags.plus, self.flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        if !f.is_finite() {
            let sign = if f.is_infinite() && sign.is_empty() { "+" } else { sign };
            return self.pad_blank(&format!("{sign}{number}"));
        }
        if self.flags.sharp && verb != 'b' {
            number = sharp_float(&number, verb, precision);
        }
        let length = sign.len() + number.len();
        let width = self.flags.width.unwrap_or(0);
        if !sign.is_empty() && self.flags.zero && !self.flags.minus && width > length {
            self.out.push_str(sign);
            self.padding(width - length);
            self.out.push_str(&number);
        } else {
            self.pad(&format!("{sign}{number}"));
        }
    }

    fn complex(&mut self, re: f64, im: f64, verb: char, value: &Value) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        self.out.push('(');
        self.float(re, verb, value);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(im, verb, value);
        self.out.push_str("i)");
        self.flags.plus = plus;
    }
}

/// The `#` flag: a decimal point always, and the zeros `%g` drops.
fn sharp_float(number: &str, verb: char, precision: Option<usize>) -> String {
    let mut digits = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let hex = matches!(verb, 'x' | 'X');
    let exponent = if hex { ['p', 'P'] } else { ['e', 'E'] };
    let split = number.find(exponent).unwrap_or(number.len());
    let (mantissa, tail) = number.split_at(split);
    let mut seen = false;
    for c in mantissa.chars().filter(|c| *c != '.') {
        seen |= c != '0';
        digits = digits.saturating_sub(usize::from(seen));
    }
    let mut out = mantissa.to_owned();
    if !mantissa.contains('.') {
        digits = digits.saturating_sub(usize::from(mantissa == "0"));
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits));
    out + tail
}

/// Go's `utf8.RuneCount`: a byte that is no UTF-8 counts as one.
fn count(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|c| c.valid().chars().count() + c.invalid().len()).sum()
}
