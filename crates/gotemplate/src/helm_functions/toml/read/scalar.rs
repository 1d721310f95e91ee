//! Strings, numbers, dates and truth values.

use super::super::lines::{Fault, Lines, Read, quoted};
use super::super::{LOCAL_DATE, LOCAL_DATETIME, LOCAL_TIME};
use super::Reader;
use crate::sprig::cast::{NumberFault, parse_float, parse_int};
use crate::sprig::time::{Time, Zone};
use crate::sprig::time_value;
use crate::value::Value;

impl Reader<'_> {
    /// A value that is no array and no table.
    pub(super) fn scalar(&mut self) -> Read<Value> {
        let from = self.lines.position();
        let first = self.lines.peek()?;
        match first {
            Some('0'..='9') => return self.number_or_date(),
            Some(c) if c.is_alphabetic() && !matches!(c, 'i' | 'n') => return self.word(from),
            _ => {}
        }
        self.lines.next()?;
        match first {
            Some('"') if self.lines.rest().starts_with("\"\"") => {
                self.skip(2)?;
                self.long_string('"').map(Value::from)
            }
            Some('"') => self.string().map(Value::from),
            Some('\'') if self.lines.rest().starts_with("''") => {
                self.skip(2)?;
                self.long_string('\'').map(Value::from)
            }
            Some('\'') => self.raw_string().map(Value::from),
            Some('.') => Err(self.lines.fault("floats must start with a digit, not '.'")),
            Some('i' | 'n') => {
                for word in ["nf", "an"] {
                    if self.lines.rest().starts_with(word) {
                        self.skip(2)?;
                        return self.float(self.lines.since(from).to_owned());
                    }
                }
                self.word(from)
            }
            Some('+' | '-') => self.signed(from),
            None => Err(self.lines.end_fault("unexpected EOF; expected value")),
            other => {
                let back = usize::from(other == Some('\n'));
                let message = format!("expected value but found {} instead", quoted(other));
                Err(Fault { line: self.lines.line() - back, message })
            }
        }
    }

    fn skip(&mut self, count: usize) -> Read<()> {
        for _ in 0..count {
            self.lines.next()?;
        }
        Ok(())
    }

    /// `true`, `false`, or something that is no value.
    fn word(&mut self, from: usize) -> Read<Value> {
        self.lines.take_while(char::is_alphabetic)?;
        match self.lines.since(from) {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            other => {
                let message =
                    format!("expected value but found {} instead", crate::fmt::quote(other));
                let found = self.lines.peek()?;
                Err(self.lines.fault_at(found.or(Some(' ')), message))
            }
        }
    }

    /// The inside of `"..."`, whose first quote was taken.
    pub(super) fn string(&mut self) -> Read<String> {
        let mut out = String::new();
        let from = self.lines.position();
        loop {
            match self.lines.next()? {
                None => return Err(self.lines.end_fault(r#"unexpected EOF; expected '"'"#)),
                Some('\n' | '\r') => return Err(self.broken()),
                Some('"') => return Ok(out),
                Some('\\') => out.push(self.escape(from)?),
                Some(c) => out.push(c),
            }
        }
    }

    /// The inside of `'...'`, whose first quote was taken.
    pub(super) fn raw_string(&mut self) -> Read<String> {
        let mut out = String::new();
        loop {
            match self.lines.next()? {
                None => return Err(self.lines.end_fault(r#"unexpected EOF; expected "'""#)),
                Some('\n' | '\r') => return Err(self.broken()),
                Some('\'') => return Ok(out),
                Some(c) => out.push(c),
            }
        }
    }

    fn broken(&self) -> Fault {
        let line = self.lines.line() - 1;
        Fault { line: line.max(1), message: "strings cannot contain newlines".into() }
    }

    /// The inside of a string over several lines, whose three quotes were taken.
    fn long_string(&mut self, quote: char) -> Read<String> {
        let mut out = String::new();
        let from = self.lines.position();
        if self.lines.rest().starts_with("\r\n") {
            self.skip(2)?;
        } else if self.lines.rest().starts_with('\n') {
            self.skip(1)?;
        }
        loop {
            match self.lines.next()? {
                None => {
                    let outer = if quote == '"' { '\'' } else { '"' };
                    let three = String::from(quote).repeat(3);
                    let message = format!("unexpected EOF; expected {outer}{three}{outer}");
                    return Err(self.lines.end_fault(message));
                }
                Some(c) if c == quote => {
                    let more = self.lines.rest().chars().take_while(|c| *c == quote).count();
                    if more < 2 {
                        out.push(quote);
                        continue;
                    }
                    // Up to two quotes may stand before the closing three.
                    if more > 4 {
                        let outer = if quote == '"' { '\'' } else { '"' };
                        let six = String::from(quote).repeat(6);
                        return Err(self.lines.fault(format!("unexpected {outer}{six}{outer}")));
                    }
                    out.extend(std::iter::repeat_n(quote, more - 2));
                    self.skip(more)?;
                    return Ok(out);
                }
                Some('\\') if quote == '"' => {
                    if !self.line_end_escape()? {
                        out.push(self.escape(from)?);
                    }
                }
                Some(c) => out.push(c),
            }
        }
    }

    /// A backslash before a line break takes the white space behind it away.
    fn line_end_escape(&mut self) -> Read<bool> {
        let rest = self.lines.rest();
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let length = rest.find(|c| !blank(c)).unwrap_or(rest.len());
        if !rest[..length].contains('\n') {
            return Ok(false);
        }
        self.lines.take_while(blank)?;
        Ok(true)
    }

    /// What an escape whose backslash was taken stands for.
    fn escape(&mut self, from: usize) -> Read<char> {
        let c = self.lines.next()?;
        Ok(match c {
            Some('b') => '\u{8}',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('e') => '\u{1b}',
            Some('"') => '"',
            Some('\\') => '\\',
            Some(blank @ (' ' | '\t')) => {
                return Err(self.lines.fault(format!("invalid escape: '\\{blank}'")));
            }
            Some('x') => self.hex(2, "two", 'x', from)?,
            Some('u') => self.hex(4, "four", 'u', from)?,
            Some('U') => self.hex(8, "eight", 'U', from)?,
            other => {
                let shown = other.unwrap_or('\0');
                return Err(self.lines.fault(format!("invalid escape in string '\\{shown}'")));
            }
        })
    }

    /// `string` is where the string began, which messages show.
    fn hex(&mut self, digits: usize, count: &str, letter: char, string: usize) -> Read<char> {
        let from = self.lines.position();
        for _ in 0..digits {
            let c = self.lines.next()?;
            if !c.is_some_and(|c| c.is_ascii_hexdigit()) {
                let shown = crate::fmt::quote(self.lines.since(string));
                return Err(self.lines.fault(format!(
                    "expected {count} hexadecimal digits after '\\{letter}', but got {shown} instead"
                )));
            }
        }
        let text = self.lines.since(from);
        let value = u32::from_str_radix(text, 16).unwrap_or(u32::MAX);
        char::from_u32(value).ok_or_else(|| {
            self.lines.fault(format!("Escaped character '\\u{text}' is not valid UTF-8."))
        })
    }

    /// After a sign.
    fn signed(&mut self, from: usize) -> Read<Value> {
        let c = self.lines.next()?;
        match c {
            Some('i' | 'n') => {
                let word = if c == Some('i') { "nf" } else { "an" };
                for wanted in word.chars() {
                    if !self.lines.accept(wanted)? {
                        let shown = self.lines.since(from);
                        return Err(self.lines.fault(format!("invalid float: '{shown}'")));
                    }
                }
                self.float(self.lines.since(from).to_owned())
            }
            Some('0') if matches!(self.lines.peek()?, Some('b' | 'o' | 'x')) => {
                let (sign, base) = (self.lines.since(from), self.lines.peek()?.unwrap_or_default());
                Err(self
                    .lines
                    .fault(format!("cannot use sign with non-decimal numbers: '{sign}{base}'")))
            }
            Some('.') => Err(self.lines.fault("floats must start with a digit, not '.'")),
            Some('0'..='9') => self.decimal(from),
            other => {
                let message = format!("expected a digit but got {}", quoted(other));
                Err(self.lines.fault_at(other, message))
            }
        }
    }

    /// The rest of an integer or float.
    fn decimal(&mut self, from: usize) -> Read<Value> {
        self.lines.take_while(|c| c.is_ascii_digit() || c == '_')?;
        if matches!(self.lines.peek()?, Some('.' | 'e' | 'E')) {
            let float =
                |c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E');
            self.lines.take_while(float)?;
            return self.float(self.lines.since(from).to_owned());
        }
        self.integer(self.lines.since(from).to_owned())
    }

    fn number_or_date(&mut self) -> Read<Value> {
        let from = self.lines.position();
        if self.lines.accept('0')? {
            let base = self.lines.peek()?;
            let digit: Option<(u32, &str)> = match base {
                Some('b') => Some((2, "a binary")),
                Some('o') => Some((8, "an octal")),
                Some('x') => Some((16, "a hexadecimal")),
                _ => None,
            };
            if let Some((radix, name)) = digit {
                self.lines.next()?;
                let next = self.lines.peek()?;
                if !next.is_some_and(|c| c.is_digit(radix)) {
                    let shown = self.lines.since(from);
                    let next = next.unwrap_or('\0');
                    return Err(self.lines.fault(format!("not {name} number: '{shown}{next}'")));
                }
                self.lines.take_while(|c| c.is_digit(radix) || c == '_')?;
                return self.integer(self.lines.since(from).to_owned());
            }
        }
        self.lines.take_while(|c| c.is_ascii_digit())?;
        // A date begins with two digits at least.
        let alone = self.lines.since(from) == "0";
        if !alone && matches!(self.lines.peek()?, Some('-' | ':')) {
            let date = |c: char| {
                c.is_ascii_digit()
                    || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
            };
            self.lines.take_while(date)?;
            return self.date(self.lines.since(from).trim().to_owned());
        }
        self.decimal(from)
    }

    fn integer(&mut self, text: String) -> Read<Value> {
        let shown = crate::fmt::quote(&text);
        if !underscores_fit(&text) {
            let message =
                format!("Invalid integer {shown}: underscores must be surrounded by digits");
            return Err(self.lines.fault(message));
        }
        if leading_zero(&text) {
            let message = format!("Invalid integer {shown}: cannot have leading zeroes");
            return Err(self.lines.fault(message));
        }
        match parse_int(&text, 0) {
            Ok(number) => Ok(Value::int64(number)),
            Err(NumberFault::Range(_)) => {
                Err(self.lines.fault(format!("{text} is out of range for int64")))
            }
            Err(NumberFault::Syntax) => {
                Err(self.lines.fault(format!("Expected integer value, but got '{text}'.")))
            }
        }
    }

    fn float(&mut self, text: String) -> Read<Value> {
        let shown = crate::fmt::quote(&text);
        let fault =
            |lines: &Lines<'_>, why: &str| lines.fault(format!("Invalid float {shown}: {why}"));
        let mut parts = text.split(['.', 'e', 'E']).filter(|p| !p.is_empty());
        let special = text.ends_with("inf") || text.ends_with("nan");
        if !special && !parts.clone().all(underscores_fit) {
            return Err(fault(&self.lines, "underscores must be surrounded by digits"));
        }
        if parts.next().is_some_and(leading_zero) {
            return Err(fault(&self.lines, "cannot have leading zeroes"));
        }
        let mut points = text.split('.').skip(1);
        if !points.all(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(fault(&self.lines, "'.' must be followed by one or more digits"));
        }
        let plain = text.replace('_', "");
        if let Some(nan) = plain.strip_suffix("nan") {
            return Ok(if nan == "-" { -f64::NAN } else { f64::NAN }.into());
        }
        if let Some(number) = parse_float(&plain) {
            return Ok(number.into());
        }
        Err(if plain.parse::<f64>().is_ok() {
            self.lines.fault(format!("{text} is out of range for float64"))
        } else {
            self.lines.fault(format!("Invalid float value: {shown}"))
        })
    }

    fn date(&mut self, text: String) -> Read<Value> {
        const FORMS: [(&str, &str); 7] = [
            ("2006-01-02T15:04:05.999999999Z07:00", ""),
            ("2006-01-02T15:04:05.999999999", LOCAL_DATETIME),
            ("2006-01-02", LOCAL_DATE),
            ("15:04:05.999999999", LOCAL_TIME),
            ("2006-01-02T15:04Z07:00", ""),
            ("2006-01-02T15:04", LOCAL_DATETIME),
            ("15:04", LOCAL_TIME),
        ];
        let text = text.replace('z', "Z").replace(['t', ' '], "T");
        for (form, zone) in FORMS {
            let Ok(time) = Time::parse(form, &text) else { continue };
            if zeros_missing(&text, form) {
                break;
            }
            let time =
                if zone.is_empty() { time } else { time.in_zone(Zone::Fixed(zone.into(), 0)) };
            return Ok(time_value::value(time));
        }
        Err(self.lines.fault(format!("invalid datetime: {}", crate::fmt::quote(&text))))
    }
}

/// Go's dates may lack zeros, TOML's may not: the separators must stand where the form has them.
fn zeros_missing(text: &str, form: &str) -> bool {
    for (i, wanted) in form.bytes().enumerate() {
        if matches!(wanted, b'.' | b'Z') {
            return false;
        }
        if !wanted.is_ascii_digit() && text.as_bytes().get(i) != Some(&wanted) {
            return true;
        }
    }
    false
}

fn leading_zero(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'0', next, ..] => !matches!(next, b'b' | b'o' | b'x'),
        [b'+' | b'-', b'0', _, ..] => true,
        _ => false,
    }
}

/// Whether each underscore stands between digits, and a digit ends the text.
fn underscores_fit(text: &str) -> bool {
    let mut digit = false;
    for c in text.chars() {
        if c == '_' && !digit {
            return false;
        }
        digit = c.is_ascii_hexdigit();
    }
    digit
}
