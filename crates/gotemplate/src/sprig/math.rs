//! Numbers: arithmetic on integers and decimals, ranges of numbers, rounding.

mod decimal;

use super::args::{Outcome, int, list_budget, text_of};
use super::cast::{parse_int, to_float64, to_int64};
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{Type, Value};
use decimal::Decimal;
use std::fmt::Write as _;

const I: Type = Type::INT;
const ANY: Type = Type::Any;

/// Registers the functions on numbers.
pub(super) fn register(f: &mut Functions) {
    let one = Signature::new(&[ANY]);
    let two = Signature::new(&[ANY, ANY]);
    let many = Signature::variadic(&[], ANY);
    let some = Signature::variadic(&[ANY], ANY);
    f.add("atoi", Signature::new(&[Type::String]), |_, a| {
        let text = super::args::text(a, 0);
        Ok(Value::int(parse_int(&text, 10).unwrap_or_else(super::cast::NumberFault::nearest)))
    });
    f.add("int", one, |_, a| Ok(Value::int(to_int64(&a[0]))));
    f.add("int64", one, |_, a| Ok(Value::int64(to_int64(&a[0]))));
    f.add("float64", one, |_, a| Ok(to_float64(&a[0]).into()));
    f.add("toDecimal", one, |_, a| Ok(Value::int64(parse_int(&text_of(&a[0]), 8).unwrap_or(0))));
    f.add("add1", one, |_, a| Ok(Value::int64(to_int64(&a[0]).wrapping_add(1))));
    f.add("add", many, |_, a| Ok(Value::int64(a.iter().map(to_int64).fold(0, i64::wrapping_add))));
    f.add("sub", two, |_, a| Ok(Value::int64(to_int64(&a[0]).wrapping_sub(to_int64(&a[1])))));
    f.add("div", two, |_, a| Ok(Value::int64(to_int64(&a[0]).wrapping_div(divisor(&a[1])?))));
    f.add("mod", two, |_, a| Ok(Value::int64(to_int64(&a[0]).wrapping_rem(divisor(&a[1])?))));
    f.add("mul", some, |_, a| Ok(Value::int64(a.iter().map(to_int64).fold(1, i64::wrapping_mul))));
    let most = |_: &mut Call<'_>, a: &[Value]| {
        Ok(Value::int64(a.iter().map(to_int64).max().unwrap_or_default()))
    };
    f.add("max", some, most);
    f.add("biggest", some, most);
    f.add("min", some, |_, a| Ok(Value::int64(a.iter().map(to_int64).min().unwrap_or_default())));
    f.add("maxf", some, |_, a| Ok(fold_floats(a, go_max).into()));
    f.add("minf", some, |_, a| Ok(fold_floats(a, |x, y| -go_max(-x, -y)).into()));
    f.add("ceil", one, |_, a| Ok(to_float64(&a[0]).ceil().into()));
    f.add("floor", one, |_, a| Ok(to_float64(&a[0]).floor().into()));
    f.add("round", Signature::variadic(&[ANY, I], Type::Float64), round);
    f.add("add1f", one, |_, a| decimals(&a[0], &[Value::int(1)], |x, y| Ok(x.add(&y))));
    f.add("addf", many, |_, a| decimals(&Value::Float(0.0), a, |x, y| Ok(x.add(&y))));
    f.add("subf", some, |_, a| decimals(&a[0], &a[1..], |x, y| Ok(x.add(&y.negated()))));
    f.add("mulf", some, |_, a| decimals(&a[0], &a[1..], |x, y| Ok(x.multiply(&y))));
    f.add("divf", some, |_, a| {
        decimals(&a[0], &a[1..], |x, y| x.divide(&y).ok_or("decimal division by 0"))
    });
    f.add("until", Signature::new(&[I]), |c, a| {
        let count = int(a, 0);
        Ok(ints(steps(c, 0, count, if count < 0 { -1 } else { 1 })?))
    });
    f.add("untilStep", Signature::new(&[I, I, I]), |c, a| {
        Ok(ints(steps(c, int(a, 0), int(a, 1), int(a, 2))?))
    });
    f.add("seq", Signature::variadic(&[], I), seq);
}

fn divisor(value: &Value) -> Result<i64, FunctionError> {
    match to_int64(value) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(divisor),
    }
}

/// `math.Max`: NaN wins over everything but infinity.
fn go_max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && a == b {
        return if a.is_sign_negative() { b } else { a };
    }
    if a > b { a } else { b }
}

fn fold_floats(a: &[Value], f: impl Fn(f64, f64) -> f64) -> f64 {
    a.iter().map(to_float64).reduce(f).unwrap_or_default()
}

/// Up from `on` (one half unless said otherwise), also for negative numbers.
fn round(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    let on = a.get(2).map_or(0.5, to_float64);
    let places = i32::try_from(int(a, 1).clamp(-400, 400)).unwrap_or_default();
    let power = if places < 0 { 1.0 / 10f64.powi(-places) } else { 10f64.powi(places) };
    let shifted = power * to_float64(&a[0]);
    let rounded = if shifted.fract() >= on { shifted.ceil() } else { shifted.floor() };
    Ok((rounded / power).into())
}

/// Sprig computes with decimals of any size, made of floats and made a float again.
fn decimals(
    first: &Value,
    rest: &[Value],
    op: impl Fn(Decimal, Decimal) -> Result<Decimal, &'static str>,
) -> Outcome {
    let mut result = decimal(first)?;
    for value in rest {
        let next = decimal(value)?;
        result = op(result, next)?;
        if result.digits() > MAX_DIGITS {
            return Err(format!("a decimal of more than {MAX_DIGITS} digits").into());
        }
    }
    Ok(result.to_float().into())
}

/// Multiplying floats makes at most a few hundred digits each time.
const MAX_DIGITS: u64 = 100_000;

fn decimal(value: &Value) -> Result<Decimal, String> {
    let float = to_float64(value);
    Decimal::from_float(float).ok_or_else(|| {
        let name = if float.is_nan() {
            "NaN"
        } else if float > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        format!("Cannot create a Decimal from {name}")
    })
}

/// The numbers from `start` to before `stop`.
fn steps(call: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FunctionError> {
    let span = i128::from(stop) - i128::from(start);
    let count = match (span.signum(), step.signum()) {
        (1, 1) | (-1, -1) => (span.unsigned_abs()).div_ceil(u128::from(step.unsigned_abs())),
        _ => 0,
    };
    list_budget(call, count)?;
    let count = usize::try_from(count).unwrap_or_default();
    Ok(std::iter::successors(Some(start), |n| n.checked_add(step)).take(count).collect())
}

fn ints(numbers: Vec<i64>) -> Value {
    Value::list_of(I, numbers.into_iter().map(Value::int).collect())
}

/// `seq 5`, `seq 2 5`, `seq 0 2 10`: like the program of that name.
fn seq(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let direction = |from: i64, to: i64| if to < from { -1 } else { 1 };
    let (start, end, step, beyond) = match a {
        [_] => {
            let by = direction(1, int(a, 0));
            (1, int(a, 0), by, by)
        }
        [_, _] => {
            let by = direction(int(a, 0), int(a, 1));
            (int(a, 0), int(a, 1), by, by)
        }
        [_, _, _] => {
            let (start, step, end) = (int(a, 0), int(a, 1), int(a, 2));
            if end < start && step > 0 {
                return Ok("".into());
            }
            (start, end, step, direction(start, end))
        }
        _ => return Ok("".into()),
    };
    let mut text = String::new();
    for (i, number) in steps(call, start, end.wrapping_add(beyond), step)?.into_iter().enumerate() {
        let blank = if i > 0 { " " } else { "" };
        let _ = write!(text, "{blank}{number}");
    }
    Ok(text.into())
}
