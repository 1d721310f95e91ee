//! Integers under their verbs.

use super::printer::Printer;
use super::quote::{is_print, quote_char};
use crate::value::{Int, Value};

impl Printer {
    /// `fmtInteger`. `value` names the operand of a wrong verb.
    pub(super) fn integer(&mut self, int: Int, verb: char, value: &Value) {
        let (negative, magnitude) = match int.kind().is_signed() {
            true => (int.signed() < 0, int.signed().unsigned_abs()),
            false => (false, int.unsigned()),
        };
        match verb {
            'v' if self.flags.sharp_v && !int.kind().is_signed() => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(negative, magnitude, 16, verb);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(negative, magnitude, 10, verb),
            'b' => self.digits(negative, magnitude, 2, verb),
            'o' | 'O' => self.digits(negative, magnitude, 8, verb),
            'x' | 'X' => self.digits(negative, magnitude, 16, verb),
            'c' => self.pad(character(int).encode_utf8(&mut [0; 4])),
            'q' => {
                let quoted = quote_char(character(int), self.flags.plus);
                self.pad(&quoted);
            }
            'U' => self.unicode(int),
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, negative: bool, magnitude: u64, base: u32, verb: char) {
        let flags = self.flags;
        if flags.precision == Some(0) && magnitude == 0 {
            let zero = std::mem::take(&mut self.flags.zero);
            self.padding(flags.width.unwrap_or(0));
            self.flags.zero = zero;
            return;
        }
        let least = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width.saturating_sub(usize::from(negative || flags.plus || flags.space))
            }
            _ => 0,
        };
        let digits = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let digits = format!("{digits:0>least$}");
        let mut prefix = match (flags.sharp, base) {
            (true, 2) => "0b",
            (true, 8) if !digits.starts_with('0') => "0",
            (true, 16) if verb == 'X' => "0X",
            (true, 16) => "0x",
            _ => "",
        }
        .to_owned();
        if verb == 'O' {
            prefix.insert_str(0, "0o");
        }
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        self.pad_blank(&format!("{sign}{prefix}{digits}"));
    }

    /// `U+0078`, with `#` also the character.
    fn unicode(&mut self, int: Int) {
        let least = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{:0least$X}", int.unsigned());
        if self.flags.sharp
            && let Some(c) = u32::try_from(int.unsigned()).ok().and_then(char::from_u32)
            && is_print(c)
        {
            text += &format!(" '{c}'");
        }
        self.pad_blank(&text);
    }
}

fn character(int: Int) -> char {
    let code = u32::try_from(int.unsigned()).ok();
    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
