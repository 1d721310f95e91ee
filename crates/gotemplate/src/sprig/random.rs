//! Randomness and what is made of it, from the bytes the render's [`crate::Env`] gives.

use super::args::{Outcome, int, list_budget, text, text_budget};
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{Type, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const I: Type = Type::INT;

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    let mut text = |name: &str, is: fn(u8) -> bool| {
        f.add(name, Signature::new(&[I]), move |c, a| {
            let set: Vec<u8> = (32..127).filter(|b| is(*b)).collect();
            characters(c, int(a, 0), &set)
        });
    };
    text("randAlphaNum", |b| b.is_ascii_alphanumeric());
    text("randAlpha", |b| b.is_ascii_alphabetic());
    text("randNumeric", |b| b.is_ascii_digit());
    text("randAscii", |_| true);
    f.add("randBytes", Signature::new(&[I]), |c, a| {
        let count =
            usize::try_from(int(a, 0)).map_err(|_| "runtime error: makeslice: len out of range")?;
        text_budget(c, count as u128)?;
        let mut bytes = vec![0; count];
        fill(c, &mut bytes)?;
        Ok(STANDARD.encode(bytes).into())
    });
    f.add("randInt", Signature::new(&[I, I]), |c, a| {
        let (low, high) = (int(a, 0), int(a, 1));
        let span = high.wrapping_sub(low);
        if span <= 0 {
            return Err("invalid argument to Intn".into());
        }
        let offset = below(c, span.cast_unsigned())?;
        Ok(Value::int(low.wrapping_add(offset.cast_signed())))
    });
    f.add("shuffle", Signature::new(&[Type::String]), shuffle);
    f.add("uuidv4", Signature::new(&[]), |c, _| {
        let mut bytes = [0; 16];
        fill(c, &mut bytes)?;
        let number = u128::from_be_bytes(bytes);
        // Version 4 and the variant of RFC 9562.
        let number = number & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let hex = format!("{number:032x}");
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        Ok(parts.join("-").into())
    });
}

/// Random bytes from the render's outside.
///
/// # Errors
/// When it has none.
pub(super) fn fill(call: &mut Call<'_>, buffer: &mut [u8]) -> Result<(), FunctionError> {
    call.env().random(buffer)
}

/// A number below `bound`, each with the same chance.
fn below(call: &mut Call<'_>, bound: u64) -> Result<u64, FunctionError> {
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        fill(call, &mut bytes)?;
        let number = u64::from_le_bytes(bytes);
        if number < limit {
            return Ok(number % bound);
        }
    }
}

/// So many characters of `set`; none for a negative count.
fn characters(call: &mut Call<'_>, count: i64, set: &[u8]) -> Outcome {
    let count = usize::try_from(count).unwrap_or_default();
    text_budget(call, count as u128)?;
    // The largest multiple of the set's size that fits a byte: bytes above it would favour some.
    let limit = 256 - 256 % set.len();
    let mut out = String::with_capacity(count);
    let mut bytes = [0; 64];
    while out.len() < count {
        let wanted = (count - out.len()).min(bytes.len());
        fill(call, &mut bytes[..wanted])?;
        let fair = bytes[..wanted].iter().map(|b| usize::from(*b)).filter(|b| *b < limit);
        out.extend(fair.map(|b| char::from(set[b % set.len()])));
    }
    Ok(out.into())
}

fn shuffle(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let mut chars: Vec<char> = text(a, 0).chars().collect();
    list_budget(call, chars.len() as u128)?;
    for i in (1..chars.len()).rev() {
        let other = below(call, i as u64 + 1)?;
        chars.swap(i, usize::try_from(other).unwrap_or_default());
    }
    Ok(chars.into_iter().collect::<String>().into())
}
