//! `resource.Quantity`: amounts such as `500m` and `1536Mi`, and the one form a real server keeps them in.
//!
//! After `k8s.io/apimachinery/pkg/api/resource`. Deliberately absent: amounts beyond 128 bits, which stay as
//! they are written.

use std::cmp::Ordering;

/// An exact amount: `mantissa * 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    mantissa: i128,
    scale: i32,
    form: Form,
}

/// The family of suffixes it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing, without a unit.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0, form: Form::DecimalSi };

    /// Reads an amount; `None` when it is malformed or too large for us.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, suffix) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("0{whole}{fraction}");
        let mut mantissa: i128 = digits.parse().ok()?;
        if text.starts_with('-') {
            mantissa = -mantissa;
        }
        let mut scale = -i32::try_from(fraction.len()).ok()?;
        let form = if let Some((_, exponent)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
            scale += exponent;
            Form::DecimalSi
        } else if let Some(power) = BINARY.iter().position(|s| *s == suffix) {
            mantissa = mantissa.checked_mul(1_i128.checked_shl(10 * (power as u32 + 1))?)?;
            Form::BinarySi
        } else {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            let digits = exponent.strip_prefix('-').unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            scale = scale.checked_add(exponent.parse().ok()?)?;
            Form::DecimalExponent
        };
        Self { mantissa, scale, form }.rounded()
    }

    /// Nothing is finer than a billionth: more is rounded away from zero.
    fn rounded(mut self) -> Option<Self> {
        while self.mantissa != 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale += 1;
        }
        if self.mantissa == 0 {
            self.scale = 0;
        } else if self.scale < -9 {
            let drop = (-9 - self.scale).min(38) as u32;
            let divisor = 10_i128.checked_pow(drop)?;
            let rest = self.mantissa % divisor;
            self.mantissa /= divisor;
            if rest != 0 {
                self.mantissa += rest.signum();
            }
            self.scale = -9;
            return self.rounded();
        }
        (self.scale < 40).then_some(self)
    }

    /// The amount times `10^-scale` when that is a whole number that fits.
    fn whole(self, scale: i32) -> Option<i128> {
        let power = self.scale.checked_sub(scale)?;
        if power < 0 {
            return None;
        }
        self.mantissa.checked_mul(10_i128.checked_pow(power.unsigned_abs())?)
    }

    /// Rounded up to thousandths: what the API keeps of the amounts of resources.
    #[must_use]
    pub fn round_up_to_milli(self) -> Self {
        if self.scale >= -3 {
            return self;
        }
        let divisor = 10_i128.pow((-3 - self.scale) as u32);
        let up = i128::from(self.mantissa % divisor > 0) - i128::from(self.mantissa % divisor < 0);
        let cut = Self { mantissa: self.mantissa / divisor + up, scale: -3, ..self };
        cut.rounded().unwrap_or(self)
    }

    /// The sum, in the form of `self`; `None` when it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.min(other.scale);
        let mantissa = self.whole(scale)?.checked_add(other.whole(scale)?)?;
        Self { mantissa, scale, form: self.form }.rounded()
    }

    /// The same amount below zero, or above when it was below.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }

    /// Whether it is less than, equal to or greater than zero.
    pub fn sign(self) -> Ordering {
        self.mantissa.cmp(&0)
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let scale = self.scale.min(other.scale);
        Some(self.whole(scale)?.cmp(&other.whole(scale)?))
    }
}

impl std::fmt::Display for Quantity {
    /// The canonical form: no fraction, the largest suffix that loses nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let (Form::BinarySi, Some(whole)) = (self.form, self.whole(0))
            && whole.unsigned_abs() >= 1024
        {
            let mut mantissa = whole;
            let mut power = 0;
            while mantissa % 1024 == 0 && power < BINARY.len() {
                mantissa /= 1024;
                power += 1;
            }
            let suffix = if power == 0 { "" } else { BINARY[power - 1] };
            return write!(f, "{mantissa}{suffix}");
        }
        let (mut mantissa, mut scale) = (self.mantissa, self.scale);
        let up = scale.rem_euclid(3);
        if let Some(larger) = mantissa.checked_mul(10_i128.pow(up.unsigned_abs())) {
            (mantissa, scale) = (larger, scale - up);
        }
        if self.form == Form::DecimalExponent {
            return if scale == 0 {
                write!(f, "{mantissa}")
            } else {
                write!(f, "{mantissa}e{scale}")
            };
        }
        match DECIMAL.iter().find(|(_, exponent)| *exponent == scale) {
            Some((suffix, _)) => write!(f, "{mantissa}{suffix}"),
            None => write!(f, "{mantissa}e{scale}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (written, kept) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
            ("100000", "100k"),
            ("1024", "1024"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Gi", "512Mi"),
            ("0.1Gi", "107374182400m"),
            ("512", "512"),
            ("0.5Ki", "512"),
            ("1e3", "1e3"),
            ("12e5", "1200e3"),
            ("1E", "1E"),
            ("-1.5", "-1500m"),
            ("+2", "2"),
            ("0", "0"),
            ("0Mi", "0"),
            ("0.0000000001", "1n"),
            ("123456789", "123456789"),
            ("1500M", "1500M"),
            ("10G", "10G"),
        ] {
            assert_eq!(Quantity::parse(written).unwrap().to_string(), kept, "{written}");
        }
        for bad in ["", "m", "1.2.3", "1x", "1ki", "--1", "1e", "1 Gi"] {
            assert_eq!(Quantity::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn amounts_compare_add_and_round() {
        let q = |text| Quantity::parse(text).unwrap();
        assert!(q("1Gi") > q("1G") && q("1000m") <= q("1"));
        assert_eq!(q("500m").plus(q("1")).unwrap().to_string(), "1500m");
        assert_eq!(q("1u").round_up_to_milli().to_string(), "1m");
        assert_eq!(q("1500u").round_up_to_milli().to_string(), "2m");
        assert_eq!(q("2").round_up_to_milli().to_string(), "2");
    }
}
