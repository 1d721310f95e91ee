//! DSA keys of 2048 and 256 bits, which only `genPrivateKey "dsa"` makes any more.

use super::der::{integer, sequence};
use super::keys::Seeded;
use num_bigint::BigUint;

const BITS_P: u64 = 2048;
const BYTES_Q: usize = 32;

/// Rounds of the primality test; more than enough for numbers that are random.
const ROUNDS: usize = 32;

/// Version, p, q, g, y and x in Sprig's form.
pub(super) fn generate(random: &mut Seeded) -> Vec<u8> {
    let small = small_primes();
    let (p, q) = domain(random, &small);
    let one = BigUint::from(1u8);
    let exponent = (&p - &one) / &q;
    let g = (2u32..)
        .map(|h| BigUint::from(h).modpow(&exponent, &p))
        .find(|g| *g != one)
        .unwrap_or_default();
    let mut bytes = [0; BYTES_Q + 8];
    random.fill(&mut bytes);
    let x = BigUint::from_bytes_be(&bytes) % (&q - &one) + &one;
    let y = g.modpow(&x, &p);
    let parts = [p, q, g, y, x].map(|n| integer(&n.to_bytes_be()));
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sequence(&[&[integer(&[0]).as_slice()], parts.as_slice()].concat())
}

/// Primes `q` of 256 bits and `p` of 2048 with `q` dividing `p - 1`.
fn domain(random: &mut Seeded, small: &[u32]) -> (BigUint, BigUint) {
    let one = BigUint::from(1u8);
    loop {
        let mut bytes = [0; BYTES_Q];
        random.fill(&mut bytes);
        bytes[0] |= 0x80;
        bytes[BYTES_Q - 1] |= 1;
        let q = BigUint::from_bytes_be(&bytes);
        if !is_prime(&q, small, random) {
            continue;
        }
        // As Go does: so many tries before another q.
        for _ in 0..4 * BITS_P {
            let mut bytes = [0; 256];
            random.fill(&mut bytes);
            bytes[0] |= 0x80;
            bytes[255] |= 1;
            let start = BigUint::from_bytes_be(&bytes);
            let p = &start - (&start % &q) + &one;
            if p.bits() == BITS_P && p.bit(0) && is_prime(&p, small, random) {
                return (p, q);
            }
        }
    }
}

fn small_primes() -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for n in 2..4000 {
        if primes.iter().take_while(|p| **p * **p <= n).all(|p| n % p != 0) {
            primes.push(n);
        }
    }
    primes
}

/// Miller and Rabin's test.
fn is_prime(n: &BigUint, small: &[u32], random: &mut Seeded) -> bool {
    let zero = BigUint::default();
    if small.iter().any(|p| n % *p == zero) {
        return false;
    }
    let one = BigUint::from(1u8);
    let less = n - &one;
    let twos = less.trailing_zeros().unwrap_or_default();
    let odd = &less >> twos;
    (0..ROUNDS).all(|_| {
        let mut bytes = vec![0; usize::try_from(n.bits() / 8).unwrap_or_default()];
        random.fill(&mut bytes);
        let base = BigUint::from_bytes_be(&bytes) % (n - 3u8) + 2u8;
        let mut power = base.modpow(&odd, n);
        if power == one || power == less {
            return true;
        }
        for _ in 1..twos {
            power = power.modpow(&BigUint::from(2u8), n);
            if power == less {
                return true;
            }
        }
        false
    })
}
