//! Floats as Go writes them, into JSON and into YAML.

use crate::Value;
use std::fmt::Write as _;

/// A number's shortest decimal form, taken apart: `sign d.ddd * 10^exponent`.
struct Decimal {
    sign: &'static str,
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// The fewest digits that read back as the same number. Where two forms of that length are equally near,
    /// Go takes the even one: the form rounded exactly to as many digits.
    fn shortest(float: f64) -> Self {
        let shortest = format!("{float:e}");
        let digits = shortest.bytes().filter(u8::is_ascii_digit).count();
        let exponent = shortest.split_once('e').map_or(0, |(_, e)| e.trim_start_matches('-').len());
        let rounded = format!("{float:.*e}", digits - exponent - 1);
        let same = rounded.parse() == Ok(float);
        Self::from_scientific(if same { &rounded } else { &shortest })
    }

    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let sign = if mantissa.starts_with('-') { "-" } else { "" };
        let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
        Self { sign, digits, exponent: exponent.parse().unwrap_or_default() }
    }

    /// `1.5e+07`, the exponent with at least `width` digits.
    fn scientific(&self, width: usize) -> String {
        let Self { sign, digits, exponent } = self;
        let mut out = format!("{sign}{}", &digits[..1]);
        if digits.len() > 1 {
            let _ = write!(out, ".{}", &digits[1..]);
        }
        let mark = if *exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{mark}{:0width$}", exponent.abs());
        out
    }

    /// Digits with the point where it belongs and zeros where there are no digits.
    fn plain(&self) -> String {
        let mut out = String::from(self.sign);
        if self.exponent < 0 {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', self.exponent.unsigned_abs() as usize - 1));
            out.push_str(&self.digits);
            return out;
        }
        let whole = self.exponent as usize + 1;
        if self.digits.len() <= whole {
            out.push_str(&self.digits);
            out.extend(std::iter::repeat_n('0', whole - self.digits.len()));
        } else {
            let (before, after) = self.digits.split_at(whole);
            let _ = write!(out, "{before}.{after}");
        }
        out
    }

    /// Go's `strconv.FormatFloat(f, 'g', -1, _)`: an exponent below 1e-4 and from 1e+06 on.
    fn general(&self) -> String {
        if (-4..6).contains(&self.exponent) { self.plain() } else { self.scientific(2) }
    }
}

/// Go's `%g` with the fewest digits that tell the number from its neighbours in double precision.
pub(crate) fn general(float: f64) -> String {
    Decimal::shortest(float).general()
}

/// Go's `%g` with the fewest digits that do so in single precision.
pub(crate) fn general_single(float: f32) -> String {
    Decimal::from_scientific(&format!("{float:e}")).general()
}

/// A finite float as Go's `encoding/json` writes it: plain from 1e-6 up to 1e21, `1e-7` and `1e+21` beyond.
pub(crate) fn json(float: f64) -> String {
    let decimal = Decimal::shortest(float);
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        decimal.plain()
    } else {
        decimal.scientific(1)
    }
}

/// A float as it looks in YAML after `sigs.k8s.io/yaml` took it through JSON: an integer when the JSON text
/// is one that fits 64 bits, Go's `%g` otherwise.
pub(crate) fn yaml(float: f64) -> String {
    let text = json(float);
    if text == "-0" {
        return "0".into();
    }
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return text;
    }
    general(float)
}

/// The float as Go's JSON text would be read back by Kubernetes: without a fraction and within `i64` it is an
/// integer.
pub(crate) fn normal(float: f64) -> Value {
    if float.fract() != 0.0 || float.abs() >= 1e19 {
        return Value::Float(float);
    }
    if float.abs() < 9_007_199_254_740_992.0 {
        return Value::Int(float as i64);
    }
    // Beyond 2^53 the shortest decimal form counts, which is what goes through the text.
    float.to_string().parse().map_or(Value::Float(float), Value::Int)
}
