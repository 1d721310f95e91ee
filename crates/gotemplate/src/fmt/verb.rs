//! Format strings (`doPrintf` of Go's `fmt`).

use super::printer::{Flags, Printer};
use crate::value::Value;

/// Widths, precisions and argument numbers beyond are refused.
const TOO_LARGE: i64 = 1_000_000;

struct Format<'a> {
    bytes: &'a [u8],
    at: usize,
    args: &'a [Value],
    arg: usize,
    /// Whether `[n]` was met anywhere.
    reordered: bool,
    /// Whether the `[n]`s of the verb make sense.
    good: bool,
}

pub(super) fn printf(printer: &mut Printer, format: &[u8], args: &[Value]) {
    let mut f = Format { bytes: format, at: 0, args, arg: 0, reordered: false, good: true };
    while f.at < f.bytes.len() {
        let rest = &f.bytes[f.at..];
        let text = rest.iter().position(|b| *b == b'%').unwrap_or(rest.len());
        printer.out.push_bytes(&rest[..text]);
        f.at += text;
        if f.at < f.bytes.len() {
            f.at += 1;
            if !f.verb(printer) {
                break;
            }
        }
    }
    if !f.reordered && f.arg < args.len() {
        printer.flags = Flags::default();
        printer.out.push_str("%!(EXTRA ");
        for (i, arg) in args[f.arg..].iter().enumerate() {
            if i > 0 {
                printer.out.push_str(", ");
            }
            if arg.is_nil() {
                printer.out.push_str("<nil>");
            } else {
                printer.out.push_str(&arg.type_name());
                printer.out.push('=');
                printer.arg(arg, 'v');
            }
        }
        printer.out.push(')');
    }
}

impl Format<'_> {
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What stands after a percent sign. False at the end of the format.
    fn verb(&mut self, printer: &mut Printer) -> bool {
        self.good = true;
        let mut flags = Flags::default();
        while let Some(b) = self.byte() {
            match b {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut indexed = self.arg_number();
        indexed = self.width(&mut flags, printer, indexed);
        indexed = self.precision(&mut flags, printer, indexed);
        if !indexed {
            self.arg_number();
        }
        printer.flags = flags;
        let Some(verb) = self.character() else {
            printer.out.push_str("%!(NOVERB)");
            return false;
        };
        match self.args.get(self.arg) {
            _ if verb == '%' => printer.out.push('%'),
            _ if !self.good => {
                printer.out.push_str("%!");
                printer.out.push(verb);
                printer.out.push_str("(BADINDEX)");
            }
            None => {
                printer.out.push_str("%!");
                printer.out.push(verb);
                printer.out.push_str("(MISSING)");
            }
            Some(arg) => {
                if matches!(verb, 'v' | 'w') {
                    printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
                    printer.flags.plus_v = std::mem::take(&mut printer.flags.plus);
                }
                printer.arg(arg, verb);
                self.arg += 1;
            }
        }
        true
    }

    fn character(&mut self) -> Option<char> {
        let rest = self.bytes.get(self.at..).filter(|r| !r.is_empty())?;
        let chunk = rest.utf8_chunks().next()?;
        let c = chunk.valid().chars().next();
        self.at += c.map_or(1, char::len_utf8);
        Some(c.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn width(&mut self, flags: &mut Flags, printer: &mut Printer, indexed: bool) -> bool {
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.int_arg() {
                Some(width) => {
                    flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => printer.out.push_str("%!(BADWIDTH)"),
            }
            return false;
        }
        flags.width = self.number(self.bytes.len());
        if indexed && flags.width.is_some() {
            self.good = false;
        }
        indexed
    }

    fn precision(&mut self, flags: &mut Flags, printer: &mut Printer, indexed: bool) -> bool {
        if self.byte() != Some(b'.') || self.at + 1 >= self.bytes.len() {
            return indexed;
        }
        self.at += 1;
        if indexed {
            self.good = false;
        }
        let indexed = self.arg_number();
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.int_arg() {
                Some(p) if p >= 0 => flags.precision = usize::try_from(p).ok(),
                _ => printer.out.push_str("%!(BADPREC)"),
            }
            return false;
        }
        flags.precision = Some(self.number(self.bytes.len()).unwrap_or(0));
        indexed
    }

    /// Decimal digits up to `end`; after a number that is too large nothing is left of the format.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number: Option<i64> = None;
        while self.at < end
            && let Some(b @ b'0'..=b'9') = self.byte()
        {
            let so_far = number.unwrap_or(0);
            if so_far > TOO_LARGE {
                self.at = end;
                return None;
            }
            number = Some(so_far * 10 + i64::from(b - b'0'));
            self.at += 1;
        }
        number.and_then(|n| usize::try_from(n).ok())
    }

    /// `*`: an integer argument.
    fn int_arg(&mut self) -> Option<i64> {
        let value = match self.args.get(self.arg)? {
            Value::Int(int) => i64::try_from(int.wide()).ok(),
            _ => None,
        };
        self.arg += 1;
        value.filter(|v| (-TOO_LARGE..=TOO_LARGE).contains(v))
    }

    /// `[n]`: the argument to go on with. True when there was one.
    fn arg_number(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.bytes[self.at..];
        let close = rest.iter().position(|b| *b == b']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let end = self.at + close;
        self.at += 1;
        let number = self.number(end);
        let whole = self.at == end;
        self.at = end + 1;
        match number {
            Some(n) if whole => {
                if n >= 1 && n <= self.args.len() {
                    self.arg = n - 1;
                } else {
                    self.good = false;
                }
                true
            }
            _ => {
                self.good = false;
                false
            }
        }
    }
}
