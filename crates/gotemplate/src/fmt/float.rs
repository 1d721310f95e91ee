//! Floats as `strconv.FormatFloat` writes them.

use std::fmt::Write as _;

/// Decimal digits without zeros at the end, and the place of the point after so many of them.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Self { digits, point: 0 };
        }
        Self { digits, point: exponent.parse::<i32>().unwrap_or_default() + 1 }
    }

    /// The fewest that read back as the same number; of two such forms that are equally near, Go takes the even one,
    /// which is what rounding exactly to as many digits gives.
    fn shortest(f: f64) -> Self {
        let shortest = format!("{f:e}");
        let count =
            shortest.split('e').next().map_or(1, |m| m.len() - usize::from(m.contains('.')));
        let rounded = format!("{f:.*e}", count - 1);
        let same = rounded.parse() == Ok(f);
        Self::from_scientific(if same { &rounded } else { &shortest })
    }

    fn rounded(f: f64, count: usize) -> Self {
        Self::from_scientific(&format!("{f:.*e}", count.saturating_sub(1)))
    }

    /// `d.ddde±dd`, with `precision` digits after the point.
    fn scientific(&self, precision: usize, mark: char, out: &mut String) {
        let digit = |i: usize| char::from(self.digits.get(i).copied().unwrap_or(b'0'));
        out.push(digit(0));
        if precision > 0 {
            out.push('.');
            out.extend((1..=precision).map(digit));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{mark}{sign}{:02}", exponent.abs());
    }

    /// `ddd.ddd`, with `precision` digits after the point.
    fn plain(&self, precision: usize, out: &mut String) {
        let digit = |i: i32| {
            let digit = usize::try_from(i).ok().and_then(|i| self.digits.get(i));
            char::from(digit.copied().unwrap_or(b'0'))
        };
        if self.point > 0 {
            out.extend((0..self.point).map(digit));
        } else {
            out.push('0');
        }
        if precision > 0 {
            out.push('.');
            out.extend((self.point..).take(precision).map(digit));
        }
    }

    fn after_point(&self) -> usize {
        let count = i32::try_from(self.digits.len()).unwrap_or(i32::MAX) - self.point;
        usize::try_from(count).unwrap_or(0)
    }
}

/// `strconv.FormatFloat(f, verb, precision, 64)`; no precision means the shortest exact form.
///
/// Verbs: `e E f F g G b x X`.
pub fn format_float(f: f64, verb: char, precision: Option<usize>) -> String {
    if f.is_nan() {
        return "NaN".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let mut out = String::new();
    if f.is_sign_negative() {
        out.push('-');
    }
    let f = f.abs();
    match verb {
        'e' | 'E' => {
            let digits =
                precision.map_or_else(|| Digits::shortest(f), |p| Digits::rounded(f, p + 1));
            let precision = precision.unwrap_or(digits.digits.len().saturating_sub(1));
            digits.scientific(precision, verb, &mut out);
        }
        'f' | 'F' => match precision {
            Some(p) => {
                let _ = write!(out, "{f:.p$}");
            }
            None => {
                let digits = Digits::shortest(f);
                digits.plain(digits.after_point(), &mut out);
            }
        },
        'b' => binary(f, &mut out),
        'x' | 'X' => hexadecimal(f, precision, verb, &mut out),
        _ => general(f, precision, verb, &mut out),
    }
    out
}

fn general(f: f64, precision: Option<usize>, verb: char, out: &mut String) {
    let digits = match precision {
        None => Digits::shortest(f),
        Some(p) => Digits::rounded(f, p.max(1)),
    };
    let count = digits.digits.len();
    let mut limit = precision.map_or(6, |p| p.max(1));
    let point = usize::try_from(digits.point).unwrap_or(0);
    if precision.is_some() && limit > count && count >= point {
        limit = count;
    }
    let exponent = digits.point - 1;
    if exponent < -4 || usize::try_from(exponent).is_ok_and(|e| e >= limit) {
        let mark = if verb == 'G' { 'E' } else { 'e' };
        digits.scientific(count.saturating_sub(1), mark, out);
    } else {
        digits.plain(digits.after_point(), out);
    }
}

/// Mantissa and exponent of a finite, non-negative number: `m * 2^e`.
fn parts(f: f64) -> (u64, i32) {
    let bits = f.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default();
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

/// `4503599627370496p-52`.
fn binary(f: f64, out: &mut String) {
    let (mantissa, exponent) = parts(f);
    let _ = write!(out, "{mantissa}p{exponent:+}");
}

/// `0x1.8p+01`.
fn hexadecimal(f: f64, precision: Option<usize>, verb: char, out: &mut String) {
    let (mut mantissa, mut exponent) = parts(f);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading one at bit 60, so that fifteen hexadecimal digits follow it.
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).unwrap_or_default();
    }
    if let Some(p) = precision.filter(|p| *p < 15) {
        let drop = 60 - 4 * u32::try_from(p).unwrap_or_default();
        let extra = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        let half = 1 << (drop - 1);
        if extra > half || extra == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", mantissa >> 60);
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(p) if p <= 15 => digits[..p].to_owned(),
        Some(p) => format!("{digits:0<p$}"),
    };
    if !digits.is_empty() {
        let _ = write!(text, ".{digits}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(text, "p{sign}{:02}", exponent.abs());
    out.push_str(&if verb == 'X' { text.to_uppercase() } else { text });
}

/// `%v`: the shortest form, with an exponent below 1e-4 and from 1e+06 on.
pub(crate) fn push_float(out: &mut String, f: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "small and whole")]
    if f.fract() == 0.0 && f.abs() < 1e6 && (f != 0.0 || f.is_sign_positive()) {
        // Values of charts are floats that are whole: ports, replicas.
        let _ = write!(out, "{}", f as i64);
        return;
    }
    out.push_str(&format_float(f, 'g', None));
}
