//! Base64 and base32 with Go's messages.

use super::args::bytes;
use crate::function::{Functions, Signature};
use crate::value::{Type, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Registers the encodings.
pub(super) fn register(f: &mut Functions) {
    let one = Signature::new(&[Type::String]);
    f.add("b64enc", one, |_, a| Ok(STANDARD.encode(bytes(a, 0)).into()));
    f.add("b64dec", one, |_, a| Ok(decoded(decode64(bytes(a, 0)), "base64")));
    f.add("b32enc", one, |_, a| Ok(encode32(bytes(a, 0)).into()));
    f.add("b32dec", one, |_, a| Ok(decoded(decode32(bytes(a, 0)), "base32")));
}

/// Sprig gives an error's text instead of failing.
fn decoded(result: Result<Vec<u8>, usize>, name: &str) -> Value {
    match result {
        Ok(bytes) => Value::from_bytes(bytes),
        Err(at) => format!("illegal {name} data at input byte {at}").into(),
    }
}

/// Standard base64 with padding; line breaks are skipped.
///
/// # Errors
/// Where Go stops.
pub(crate) fn decode64(text: &[u8]) -> Result<Vec<u8>, usize> {
    if let Ok(bytes) = STANDARD.decode(text) {
        return Ok(bytes);
    }
    // Rare: line breaks, bits left over behind the last byte, or an error whose place is wanted.
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    while at < text.len() {
        let (mut quantum, mut count) = (0u32, 0);
        let mut end = false;
        while count < 4 {
            let Some(&byte) = text.get(at) else {
                if count == 0 {
                    return Ok(out);
                }
                return Err(at - count);
            };
            at += 1;
            match sextet(byte) {
                Some(bits) => {
                    quantum = quantum << 6 | u32::from(bits);
                    count += 1;
                }
                None if is_break(byte) => {}
                None if byte == b'=' => {
                    padding(text, &mut at, count)?;
                    end = true;
                    break;
                }
                None => return Err(at - 1),
            }
        }
        let whole = quantum << (6 * (4 - count));
        out.extend_from_slice(&whole.to_be_bytes()[1..count]);
        if end && at < text.len() {
            return Err(at);
        }
    }
    Ok(out)
}

/// The rest of the padding after its first sign, which came after `count` digits.
fn padding(text: &[u8], at: &mut usize, count: usize) -> Result<(), usize> {
    let skip = |at: &mut usize| {
        while text.get(*at).is_some_and(|b| is_break(*b)) {
            *at += 1;
        }
    };
    match count {
        0 | 1 => return Err(*at - 1),
        2 => {
            skip(at);
            match text.get(*at) {
                None => return Err(text.len()),
                Some(b'=') => *at += 1,
                Some(_) => return Err(*at - 1),
            }
        }
        _ => {}
    }
    skip(at);
    Ok(())
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

const DIGITS32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut word = [0; 8];
        word[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(word);
        let digits = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let index = usize::try_from(bits >> (35 - 5 * i) & 31).unwrap_or_default();
            out.push(if i < digits { char::from(DIGITS32[index]) } else { '=' });
        }
    }
    out
}

fn decode32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|b| !is_break(*b)).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let (mut quantum, mut count) = (0u64, 0);
        let mut end = false;
        while count < 8 {
            let Some(&byte) = text.get(at) else { return Err(text.len() - count) };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && count >= 2 && left < 8 {
                padding32(&text, at, count)?;
                end = true;
                break;
            }
            let digit = DIGITS32.iter().position(|d| *d == byte).ok_or(at - 1)?;
            quantum = quantum << 5 | digit as u64;
            count += 1;
        }
        let whole = quantum << (5 * (8 - count));
        out.extend_from_slice(&whole.to_be_bytes()[3..3 + count * 5 / 8]);
        if end {
            break;
        }
    }
    Ok(out)
}

/// Checks the padding whose first sign stands before `at` after `count` digits.
fn padding32(text: &[u8], at: usize, count: usize) -> Result<(), usize> {
    let rest = &text[at..];
    if rest.len() + count < 7 {
        return Err(text.len());
    }
    if let Some(wrong) = rest.iter().take(7 - count).position(|b| *b != b'=') {
        return Err((at + wrong).saturating_sub(1));
    }
    if matches!(count, 1 | 3 | 6) {
        return Err(at - 1);
    }
    Ok(())
}
