//! Values that mean the same in two forms: what an API server makes of quantities and durations.

use object::Value;

/// Whether two different scalars are the same quantity (`0.5`, `500m`) or duration (`60s`, `1m0s`).
pub(super) fn same_meaning(a: &Value, b: &Value) -> bool {
    let text = |v: &Value| match v {
        Value::String(s) => Some(s.to_string()),
        Value::Int(i) => Some(i.to_string()),
        Value::Float(f) => Some(f.to_string()),
        _ => None,
    };
    let (Some(a), Some(b)) = (text(a), text(b)) else {
        return false;
    };
    let same = |parse: fn(&str) -> Option<i128>| parse(&a).is_some_and(|v| parse(&b) == Some(v));
    same(quantity) || same(duration)
}

/// A quantity in billionths: `1.5Gi`, `100m`, `2e3`; `None` when it is none or does not fit.
fn quantity(text: &str) -> Option<i128> {
    let end = text
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *i == 0 && matches!(c, '+' | '-')))
        .map_or(text.len(), |(i, _)| i);
    let (number, suffix) = text.split_at(end);
    let number = decimal(number)?;
    let scale = |power: i32| {
        let factor = 10_i128.checked_pow(power.unsigned_abs())?;
        if power >= 0 { number.checked_mul(factor) } else { Some(number / factor) }
    };
    let binary = |bits: u32| number.checked_mul(1_i128 << bits);
    match suffix {
        "" => Some(number),
        "n" => scale(-9),
        "u" => scale(-6),
        "m" => scale(-3),
        "k" => scale(3),
        "M" => scale(6),
        "G" => scale(9),
        "T" => scale(12),
        "P" => scale(15),
        "E" => scale(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        other => {
            scale(other.strip_prefix(['e', 'E'])?.parse().ok().filter(|p| (-18..=18).contains(p))?)
        }
    }
}

/// Billionths of a decimal number; digits beyond those are a refusal.
fn decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let figures = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0
        || whole.len() > 20
        || fraction.len() > 9
        || !figures(whole)
        || !figures(fraction)
    {
        return None;
    }
    let value: i128 = format!("{whole}{fraction:0<9}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// A Go duration in nanoseconds: `1h30m`, `90s`. A bare number is none.
fn duration(text: &str) -> Option<i128> {
    let mut rest = text;
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, unit_on) = rest.split_at(number_end);
        let unit_end =
            unit_on.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit_on.len());
        let (unit, after) = unit_on.split_at(unit_end);
        let nanos = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        total = total.checked_add(decimal(number)?.checked_mul(nanos)? / 1_000_000_000)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_value_are_the_same() {
        let same = |a: Value, b: Value| same_meaning(&a, &b);
        assert!(same("0.5".into(), "500m".into()));
        assert!(same(1.into(), "1".into()));
        assert!(same("1Gi".into(), "1024Mi".into()));
        assert!(same("1e3".into(), "1k".into()));
        assert!(same(0.25.into(), "250m".into()));
        assert!(same("60s".into(), "1m0s".into()));
        assert!(same("1h".into(), "60m0s".into()));
        assert!(!same("1".into(), "1m".into()));
        assert!(!same("a".into(), "b".into()));
        assert!(!same("".into(), 0.into()));
        assert!(!same("1Gi".into(), "1G".into()));
        assert!(!same("9999999999999999999999".into(), "9999999999999999999998".into()));
    }
}
