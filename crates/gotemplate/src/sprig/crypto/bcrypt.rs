//! bcrypt at Go's default cost.

use blowfish::Blowfish;

/// Longest password in bytes.
pub(super) const MAX_PASSWORD: usize = 72;

/// Rounds as a power of two.
const COST: u32 = 10;

const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `$2a$10$` and salt and hash.
pub(super) fn hash(password: &[u8], salt: &[u8; 16]) -> String {
    let mut key = password.to_vec();
    key.push(0);
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(salt, &key);
    for _ in 0..1_u32 << COST {
        state.bc_expand_key(&key);
        state.bc_expand_key(salt);
    }
    let mut text = words(b"OrpheanBeholderScryDoubt");
    for pair in text.chunks_mut(2) {
        for _ in 0..64 {
            let encrypted = state.bc_encrypt([pair[0], pair[1]]);
            pair.copy_from_slice(&encrypted);
        }
    }
    let bytes: Vec<u8> = text.iter().flat_map(|word| word.to_be_bytes()).collect();
    // The last byte is left out by every implementation.
    format!("$2a${COST:02}${}{}", encode(salt), encode(&bytes[..23]))
}

/// Base64 with bcrypt's own digits and no padding.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(word);
        for i in 0..=chunk.len() {
            let digit = usize::try_from(bits >> (18 - 6 * i) & 63).unwrap_or_default();
            out.push(char::from(ALPHABET[digit]));
        }
    }
    out
}

/// Big-endian words of 32 bits.
fn words(bytes: &[u8]) -> Vec<u32> {
    let word = |w: &[u8]| w.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    bytes.chunks(4).map(word).collect()
}
