//! Decimals of any size, as shopspring/decimal computes with them.

use num_bigint::{BigInt, Sign};

/// `value * 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    value: BigInt,
    exponent: i32,
}

/// Digits behind the point of a quotient.
const DIVISION_PRECISION: i32 = 16;

impl Decimal {
    /// The shortest decimal that stands for `float`; `None` for what is not finite.
    pub(super) fn from_float(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let fraction = mantissa.split_once('.').map_or(0, |(_, f)| f.len());
        let value = mantissa.replace('.', "").parse().ok()?;
        Some(Self { value, exponent: exponent - i32::try_from(fraction).ok()? })
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// About how many decimal digits the number has.
    pub(super) fn digits(&self) -> u64 {
        self.value.bits() / 3
    }

    pub(super) fn negated(&self) -> Self {
        Self { value: -&self.value, exponent: self.exponent }
    }

    /// The value counted in units of `10^exponent`, which must not be above the own one.
    fn scaled(&self, exponent: i32) -> BigInt {
        &self.value * power(self.exponent - exponent)
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { value: self.scaled(exponent) + other.scaled(exponent), exponent }
    }

    pub(super) fn multiply(&self, other: &Self) -> Self {
        Self {
            value: &self.value * &other.value,
            exponent: self.exponent.saturating_add(other.exponent),
        }
    }

    /// The quotient to 16 places, halves away from zero; `None` for a division by zero.
    pub(super) fn divide(&self, other: &Self) -> Option<Self> {
        if other.value.sign() == Sign::NoSign {
            return None;
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let (top, bottom) = if shift < 0 {
            (self.value.clone(), &other.value * power(-shift))
        } else {
            (&self.value * power(shift), other.value.clone())
        };
        let mut value = &top / &bottom;
        let rest = top - &value * &bottom;
        if rest.magnitude() * 2u8 >= *bottom.magnitude() {
            if self.value.sign() == other.value.sign() {
                value += 1;
            } else {
                value -= 1;
            }
        }
        Some(Self { value, exponent: -DIVISION_PRECISION })
    }
}

fn power(exponent: i32) -> BigInt {
    BigInt::from(10).pow(exponent.max(0).unsigned_abs())
}
