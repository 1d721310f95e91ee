//! Numbers as Go's templates read them: one text, every type that can hold it.

use crate::fmt::quote;

/// What a number is where its type is not asked for.
#[derive(Clone, Copy)]
pub(crate) enum Ideal {
    Complex(f64, f64),
    Float(f64),
    Int(i64),
    /// An integer that only `uint64` holds.
    Overflow,
}

/// A number constant.
pub(crate) struct Number {
    /// As it was written.
    pub(crate) text: Box<str>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    pub(crate) ideal: Ideal,
}

/// `'x'`, with the character's code.
pub(super) fn character(text: &str, code: u32) -> Number {
    Number {
        text: text.into(),
        int: Some(code.into()),
        uint: Some(code.into()),
        float: Some(code.into()),
        complex: None,
        ideal: Ideal::Int(code.into()),
    }
}

/// `1+2i`.
pub(super) fn complex(text: &str) -> Result<Number, String> {
    let parts = text.strip_suffix('i').and_then(|t| {
        let split = t.rfind(['+', '-'])?;
        let split = match t[..split].chars().next_back() {
            Some('e' | 'E' | 'p' | 'P') => t[..split].rfind(['+', '-'])?,
            _ => split,
        };
        Some((parse_float(&t[..split])?, parse_float(&t[split..])?))
    });
    let (re, im) = parts.ok_or("syntax error scanning complex number")?;
    let mut number =
        Number { complex: Some((re, im)), ideal: Ideal::Complex(re, im), ..Number::new(text) };
    number.simplify_complex();
    Ok(number)
}

/// Any other number.
pub(super) fn simple(text: &str) -> Result<Number, String> {
    let mut number = Number::new(text);
    if let Some(im) = text.strip_suffix('i').and_then(parse_float) {
        number.complex = Some((0.0, im));
        number.ideal = Ideal::Complex(0.0, im);
        number.simplify_complex();
        return Ok(number);
    }
    number.uint = parse_uint(text);
    number.int = parse_int(text);
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    #[expect(clippy::cast_precision_loss, reason = "as Go's conversion")]
    if let Some(i) = number.int {
        number.float = Some(i as f64);
    } else if let Some(u) = number.uint {
        number.float = Some(u as f64);
    } else if let Some(f) = parse_float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(f);
        number.int = whole(f);
        number.uint = whole_unsigned(f);
    }
    if number.float.is_none() {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    number.ideal = number.written();
    Ok(number)
}

impl Number {
    fn new(text: &str) -> Self {
        let ideal = Ideal::Overflow;
        Self { text: text.into(), int: None, uint: None, float: None, complex: None, ideal }
    }

    /// The type the writing tells: a point or an exponent makes a float.
    fn written(&self) -> Ideal {
        let unsigned = self.text.strip_prefix(['+', '-']).unwrap_or(&self.text);
        let hex = self.text.starts_with("0x") || self.text.starts_with("0X");
        let hex = hex && unsigned.len() > 2 && !unsigned.contains(['p', 'P']);
        match (self.float, self.int) {
            (Some(f), _) if !hex && self.text.contains(['.', 'e', 'E', 'p', 'P']) => {
                Ideal::Float(f)
            }
            (_, Some(i)) => Ideal::Int(i),
            _ => Ideal::Overflow,
        }
    }

    fn simplify_complex(&mut self) {
        if let Some((re, 0.0)) = self.complex {
            self.float = Some(re);
            self.int = whole(re);
            self.uint = whole_unsigned(re);
        }
    }
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(f: f64) -> Option<i64> {
    (f.fract() == 0.0 && (-TWO_63..TWO_63).contains(&f)).then_some(f as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole_unsigned(f: f64) -> Option<u64> {
    (f.fract() == 0.0 && (0.0..2.0 * TWO_63).contains(&f)).then_some(f as u64)
}

/// `strconv.ParseUint(text, 0, 64)`.
fn parse_uint(text: &str) -> Option<u64> {
    let (base, digits) = match text.as_bytes() {
        [] => return None,
        [b'0', b'b' | b'B', _, ..] => (2, &text[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &text[2..]),
        [b'0', b'x' | b'X', _, ..] => (16, &text[2..]),
        [b'0', ..] => (8, &text[1..]),
        _ => (10, text),
    };
    let mut n: u64 = 0;
    for c in digits.chars().filter(|c| *c != '_') {
        n = n.checked_mul(base.into())?.checked_add(c.to_digit(base)?.into())?;
    }
    underscores_ok(text).then_some(n)
}

/// `strconv.ParseInt(text, 0, 64)`.
fn parse_int(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [b'-', ..] => 0_i64.checked_sub_unsigned(parse_uint(&text[1..])?),
        [b'+', ..] => i64::try_from(parse_uint(&text[1..])?).ok(),
        _ => i64::try_from(parse_uint(text)?).ok(),
    }
}

/// Whether underscores stand only between digits, or between a base prefix and a digit.
fn underscores_ok(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let text = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let prefixed = ["0b", "0o", "0x"].iter().any(|p| text.starts_with(p));
    let hex = text.starts_with("0x");
    let mut last = if prefixed { '0' } else { '^' };
    for c in text.chars().skip(if prefixed { 2 } else { 0 }) {
        let digit = c.is_ascii_digit() || hex && c.is_ascii_hexdigit();
        last = match (digit, c, last) {
            (true, ..) => '0',
            (false, '_', '0') => '_',
            (false, '_', _) | (false, _, '_') => return false,
            _ => '!',
        };
    }
    last != '_'
}

/// `strconv.ParseFloat(text, 64)` for what the scanner lets through; out of range is an error there, too.
fn parse_float(text: &str) -> Option<f64> {
    if !underscores_ok(text) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let float = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => {
            let float = hexadecimal(&unsigned[2..])?;
            if plain.starts_with('-') { -float } else { float }
        }
        // Rust also reads `inf`, `nan` and the like, which no number in a template begins with.
        [b'0'..=b'9' | b'.', ..] => plain.parse().ok()?,
        _ => return None,
    };
    float.is_finite().then_some(float)
}

/// `1.8p3` after the prefix; the exponent must be there.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (mut bits, mut sticky) = (0_u64, false);
    for (i, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        let behind = i >= whole.len();
        if bits < 1 << 59 {
            bits = bits << 4 | digit;
            exponent -= if behind { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if behind { 0 } else { 4 };
        }
    }
    if bits == 0 {
        return Some(0.0);
    }
    let bits = bits | u64::from(sticky);
    let exponent = i32::try_from(exponent.clamp(-5000, 5000)).unwrap_or_default();
    // Split so that no intermediate power overflows; exact but for subnormal numbers.
    #[expect(clippy::cast_precision_loss, reason = "rounding to nearest is what Go does")]
    let float = bits as f64;
    Some(float * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2))
}
