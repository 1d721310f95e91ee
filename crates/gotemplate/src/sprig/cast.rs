//! Numbers from anything, as spf13/cast makes them; what is no number is 0.

use crate::value::{IntKind, Value};

/// `cast.ToInt64` (and `cast.ToInt`, which is as wide).
pub(crate) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(int) => int.signed(),
        Value::Float(float) => truncated(*float),
        Value::Bool(b) => i64::from(*b),
        Value::String(s) => parse_int(without_zero_fraction(s), 0).unwrap_or(0),
        Value::Object(_) => calendar(value).unwrap_or(0),
        _ => 0,
    }
}

/// `cast.ToFloat64`.
#[expect(clippy::cast_precision_loss, reason = "a Go conversion to float64 rounds, too")]
pub(crate) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(int) if int.kind() == IntKind::Uint64 || int.kind() == IntKind::Uint => {
            int.unsigned() as f64
        }
        Value::Int(int) => int.signed() as f64,
        Value::Float(float) => *float,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(s) => parse_float(s).unwrap_or(0.0),
        Value::Object(_) => calendar(value).unwrap_or(0) as f64,
        _ => 0.0,
    }
}

/// `time.Month` and `time.Weekday` are the only named integers the library knows.
fn calendar(value: &Value) -> Option<i64> {
    let Value::Object(object) = value else { return None };
    match object.go_type().to_string().as_str() {
        "time.Month" | "time.Weekday" => object.int().map(crate::value::Int::signed),
        _ => None,
    }
}

/// A Go conversion of a float to an integer on amd64: what does not fit is the smallest integer.
pub(crate) fn truncated(float: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&float) {
        #[expect(clippy::cast_possible_truncation, reason = "in range; Go drops the fraction, too")]
        let int = float as i64;
        int
    } else {
        i64::MIN
    }
}

/// `1.00` is the integer `1`.
fn without_zero_fraction(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

/// Why a number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    /// It is none.
    Syntax,
    /// It needs more than 64 bits; the nearest that fits.
    Range(i64),
}

impl NumberFault {
    /// What Go returns beside the error.
    pub(crate) fn nearest(self) -> i64 {
        match self {
            Self::Syntax => 0,
            Self::Range(nearest) => nearest,
        }
    }
}

/// `strconv.ParseInt(text, base, 64)`; base 0 reads the prefixes `0x`, `0o`, `0b`, `0` and underscores.
pub(crate) fn parse_int(text: &str, base: u32) -> Result<i64, NumberFault> {
    use NumberFault::{Range, Syntax};
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) =
        if base == 0 { prefix(digits).ok_or(Syntax)? } else { (base, digits.into()) };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(Syntax);
    }
    let limit = if negative { i64::MIN } else { i64::MAX };
    match u64::from_str_radix(&digits, radix) {
        Ok(n) if negative && n <= 1 << 63 => Ok(n.wrapping_neg().cast_signed()),
        Ok(n) if !negative => i64::try_from(n).map_err(|_| Range(limit)),
        _ => Err(Range(limit)),
    }
}

/// The radix a literal names, and its digits without underscores.
fn prefix(text: &str) -> Option<(u32, std::borrow::Cow<'_, str>)> {
    let lower = text.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (radix, digits, named) = match lower.as_str() {
        "0x" => (16, &text[2..], true),
        "0o" => (8, &text[2..], true),
        "0b" => (2, &text[2..], true),
        _ if text.len() > 1 && text.starts_with('0') => (8, &text[1..], true),
        _ => (10, text, false),
    };
    if !digits.contains('_') {
        return Some((radix, digits.into()));
    }
    // An underscore stands between digits, or between a prefix and a digit.
    let mut before = named;
    for c in digits.chars() {
        if c == '_' {
            if !before {
                return None;
            }
            before = false;
        } else {
            before = true;
        }
    }
    // A decimal literal with underscores has no prefix to allow them.
    before.then(|| (radix, digits.replace('_', "").into()))
}

/// `strconv.ParseFloat(text, 64)`; `None` for syntax and range errors alike.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if text.contains('_') {
        return if underscores_fit(text) { parse_float(&text.replace('_', "")) } else { None };
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.len() > 2 && unsigned.as_bytes()[..2].eq_ignore_ascii_case(b"0x") {
        return parse_hex_float(text.starts_with('-'), &unsigned[2..]);
    }
    let first = *unsigned.as_bytes().first()?;
    if !first.is_ascii_digit() && first != b'.' {
        let lower = unsigned.to_ascii_lowercase();
        return match lower.as_str() {
            "inf" | "infinity" => {
                Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY })
            }
            "nan" if unsigned.len() == text.len() => Some(f64::NAN),
            _ => None,
        };
    }
    text.parse::<f64>().ok().filter(|f| f.is_finite())
}

/// Whether each underscore stands between digits, or between the prefix of a base and a digit.
fn underscores_fit(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let hex = unsigned.starts_with("0x") || unsigned.starts_with("0X");
    let digits = if hex { &unsigned[2..] } else { unsigned };
    let (mut digit, mut underscore) = (hex, false);
    for c in digits.chars() {
        let is_digit = if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        if c == '_' && !digit || underscore && !is_digit {
            return false;
        }
        (digit, underscore) = (is_digit, c == '_');
    }
    !underscore
}

/// `1.8p3` after the prefix: the exponent is a power of two and must be there.
fn parse_hex_float(negative: bool, text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let mut exponent: i32 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for (digit, behind_point) in
        whole.chars().map(|c| (c, false)).chain(fraction.chars().map(|c| (c, true)))
    {
        let digit = u64::from(digit.to_digit(16)?);
        if value >> 60 == 0 {
            value = value << 4 | digit;
            exponent = exponent.saturating_sub(if behind_point { 4 } else { 0 });
        } else {
            // What does not fit any more only says that there is something below.
            value |= u64::from(digit != 0);
            exponent = exponent.saturating_add(if behind_point { 0 } else { 4 });
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "the rounding Go does here")]
    let scaled = value as f64 * 2f64.powi(exponent);
    scaled.is_finite().then_some(if negative { -scaled } else { scaled })
}
