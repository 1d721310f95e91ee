//! Go's `fmt` and the parts of `strconv` that show in templates: `Sprint`, `Sprintf`, `Sprintln`, quoting, floats.
//!
//! Deliberately absent: `%p` of real addresses, `%w`, Go's `Formatter` interface.

mod float;
mod integer;
mod output;
mod printer;
mod quote;
mod verb;

#[cfg(test)]
mod tests;

pub use float::format_float;
pub use output::Output;
pub(crate) use quote::{is_digit, is_letter, unicode_name};
pub use quote::{is_print, quote, quote_bytes};

use crate::value::Value;
use printer::Printer;

/// `fmt.Sprintf`.
///
/// Values that nest without end (a map `set` into itself) or print without bound are cut off with a remark.
pub fn sprintf(format: &str, args: &[Value]) -> Output {
    sprintf_bytes(format.as_bytes(), args)
}

/// `fmt.Sprintf` with a format that may not be UTF-8.
pub fn sprintf_bytes(format: &[u8], args: &[Value]) -> Output {
    let mut printer = Printer::default();
    verb::printf(&mut printer, format, args);
    printer.out
}

/// `fmt.Sprint`: a blank between two operands when neither is a string.
pub fn sprint(args: &[Value]) -> Output {
    let mut printer = Printer::default();
    let mut after_string = true;
    for arg in args {
        let string = matches!(arg, Value::String(_) | Value::Raw(_));
        if !string && !after_string {
            printer.out.push(' ');
        }
        printer.arg(arg, 'v');
        after_string = string;
    }
    printer.out
}

/// `fmt.Sprintln`: blanks between all operands, and a line feed.
pub fn sprintln(args: &[Value]) -> Output {
    let mut printer = Printer::default();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            printer.out.push(' ');
        }
        printer.arg(arg, 'v');
    }
    printer.out.push('\n');
    printer.out
}

/// The text of `%v`, as `fmt.Sprint(value)` gives it.
pub fn display(value: &Value) -> Output {
    let mut out = Output::default();
    write_value(&mut out, value);
    out
}

/// Appends the text of `%v`.
pub(crate) fn write_value(out: &mut Output, value: &Value) {
    use std::fmt::Write as _;
    match (value, out) {
        (Value::String(s), out) => out.push_str(s),
        (Value::Raw(b), out) => out.push_bytes(b),
        (Value::Bool(b), out) => out.push_str(if *b { "true" } else { "false" }),
        (Value::Int(i), Output::Text(out)) => {
            let _ = write!(out, "{}", i.wide());
        }
        (Value::Float(f), Output::Text(out)) if f.is_finite() => float::push_float(out, *f),
        (value, out) => {
            let mut printer = Printer::onto(std::mem::take(out));
            printer.arg(value, 'v');
            *out = printer.out;
        }
    }
}
