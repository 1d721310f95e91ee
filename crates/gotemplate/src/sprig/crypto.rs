//! Hashes, passwords and ciphers. Randomness comes from the render's [`crate::Env`].

mod bcrypt;
mod certificates;
mod der;
mod dsa;
mod keys;
mod master_password;
#[cfg(test)]
mod tests;

use super::args::{Outcome, bytes, int, text};
use super::encoding::decode64;
use super::random;
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{IntKind, Type, Value};
use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest as _;

const S: Type = Type::String;

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    certificates::register(f);
    let one = Signature::new(&[S]);
    let two = Signature::new(&[S, S]);
    f.add("sha1sum", one, |_, a| Ok(hex(&sha1::Sha1::digest(bytes(a, 0))).into()));
    f.add("sha256sum", one, |_, a| Ok(hex(&sha2::Sha256::digest(bytes(a, 0))).into()));
    f.add("sha512sum", one, |_, a| Ok(hex(&sha2::Sha512::digest(bytes(a, 0))).into()));
    f.add("adler32sum", one, |_, a| Ok(adler32(bytes(a, 0)).to_string().into()));
    f.add("bcrypt", one, |c, a| bcrypt_text(c, bytes(a, 0)).map(Value::from));
    f.add("htpasswd", two, |c, a| {
        let user = text(a, 0);
        if user.contains(':') {
            return Ok(format!("invalid username: {user}").into());
        }
        Ok(format!("{user}:{}", bcrypt_text(c, bytes(a, 1))?).into())
    });
    const COUNTER: Type = Type::Int(IntKind::Uint32);
    f.add("derivePassword", Signature::new(&[COUNTER, S, S, S, S]), |c, a| {
        c.charge(SLOW)?;
        let counter = u32::try_from(int(a, 0)).unwrap_or_default();
        master_password::derive(counter, &text(a, 1), [bytes(a, 2), bytes(a, 3), bytes(a, 4)])
            .map(Value::from)
            .map_err(FunctionError::new)
    });
    f.add("encryptAES", two, encrypt);
    f.add("decryptAES", two, decrypt);
}

/// What a function that is slow on purpose counts, as it takes that long.
const SLOW: u64 = 1_000_000;

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS[usize::from(nibble)]));
        }
    }
    out
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1, 0);
    // So many bytes fit before a sum could overflow.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}

fn bcrypt_text(call: &mut Call<'_>, password: &[u8]) -> Result<String, FunctionError> {
    if password.len() > bcrypt::MAX_PASSWORD {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into(),
        );
    }
    call.charge(SLOW)?;
    let mut salt = [0; 16];
    random::fill(call, &mut salt)?;
    Ok(bcrypt::hash(password, &salt))
}

const BLOCK: usize = 16;

/// The first 32 bytes of the password, zeros after it.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&Array(key))
}

/// AES-256-CBC with a random first block and PKCS#7 padding, in base64.
fn encrypt(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let plain = bytes(a, 1);
    if plain.is_empty() {
        return Ok("".into());
    }
    let cipher = cipher(bytes(a, 0));
    let padding = BLOCK - plain.len() % BLOCK;
    let mut content = plain.to_vec();
    content.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let mut previous = [0; BLOCK];
    random::fill(call, &mut previous)?;
    let mut out = previous.to_vec();
    for block in content.chunks(BLOCK) {
        let mut mixed = Array([0; BLOCK]);
        for (i, byte) in block.iter().enumerate() {
            mixed[i] = byte ^ previous[i];
        }
        cipher.encrypt_block(&mut mixed);
        previous = mixed.0;
        out.extend_from_slice(&previous);
    }
    Ok(STANDARD.encode(out).into())
}

fn decrypt(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    let text = bytes(a, 1);
    if text.is_empty() {
        return Ok("".into());
    }
    let encrypted =
        decode64(text).map_err(|at| format!("illegal base64 data at input byte {at}"))?;
    let Some((mut previous, rest)) = encrypted.split_at_checked(BLOCK) else {
        let (wanted, given) = (BLOCK, encrypted.len());
        // Go's slice has room for more than it holds.
        let capacity = text.len() / 4 * 3;
        return Err(if capacity < wanted {
            format!("runtime error: slice bounds out of range [:{wanted}] with capacity {capacity}")
        } else {
            format!("runtime error: slice bounds out of range [{wanted}:{given}]")
        }
        .into());
    };
    if rest.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = cipher(bytes(a, 0));
    let mut plain = Vec::with_capacity(rest.len());
    for block in rest.chunks(BLOCK) {
        let mut mixed = Array([0; BLOCK]);
        mixed.copy_from_slice(block);
        cipher.decrypt_block(&mut mixed);
        plain.extend(mixed.iter().zip(previous).map(|(a, b)| a ^ b));
        previous = block;
    }
    let Some(padding) = plain.last().map(|b| usize::from(*b)) else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let length = plain.len();
    let kept = length.checked_sub(padding).ok_or_else(|| {
        format!("runtime error: slice bounds out of range [:-{}]", padding - length)
    })?;
    plain.truncate(kept);
    Ok(Value::from_bytes(plain))
}
