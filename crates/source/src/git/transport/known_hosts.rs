//! The `known_hosts` of a Secret: which keys a host may have (the format of sshd(8)).
//!
//! Deliberately absent: host certificates (`@cert-authority` lines are passed over) and learning new hosts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use russh::keys::PublicKey;
use sha1::{Digest, Sha1};

/// The keys written down for one host.
#[derive(Debug, Default)]
pub(crate) struct HostKeys {
    allowed: Vec<PublicKey>,
    revoked: Vec<PublicKey>,
}

/// What is said about a key that a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Known,
    /// Another key is written down.
    Changed,
    Revoked,
}

impl HostKeys {
    /// The keys of `host`, whose `port` is part of its name unless it is 22. Lines that cannot be read do not count.
    pub(crate) fn of(known_hosts: &str, host: &str, port: u16) -> Self {
        let host = host.to_ascii_lowercase();
        let name = if port == 22 { host } else { format!("[{host}]:{port}") };
        let mut keys = Self::default();
        for line in known_hosts.lines() {
            let mut words = line.split_whitespace().peekable();
            let marker = words.next_if(|word| word.starts_with('@'));
            let Some(patterns) = words.next().filter(|word| !word.starts_with('#')) else {
                continue;
            };
            let rest: Vec<&str> = words.take(2).collect();
            if rest.len() < 2 || !matches(patterns, &name) {
                continue;
            }
            let Ok(key) = PublicKey::from_openssh(&rest.join(" ")) else { continue };
            match marker {
                None => keys.allowed.push(key),
                Some("@revoked") => keys.revoked.push(key),
                Some(_) => {}
            }
        }
        keys
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.allowed.is_empty()
    }

    /// The algorithms of the keys, so that the host shows one that can be compared.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = russh::keys::Algorithm> + '_ {
        self.allowed.iter().map(PublicKey::algorithm)
    }

    pub(crate) fn standing(&self, shown: &PublicKey) -> Standing {
        let is = |key: &PublicKey| key.key_data() == shown.key_data();
        if self.revoked.iter().any(is) {
            Standing::Revoked
        } else if self.allowed.iter().any(is) {
            Standing::Known
        } else {
            Standing::Changed
        }
    }
}

/// Whether a comma-separated list of patterns means `name`; `!` excludes.
fn matches(patterns: &str, name: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split(',') {
        if let Some(hashed) = pattern.strip_prefix("|1|") {
            found |= hash_matches(hashed, name);
        } else if let Some(excluded) = pattern.strip_prefix('!') {
            if wildcard(excluded.to_ascii_lowercase().as_bytes(), name.as_bytes()) {
                return false;
            }
        } else {
            found |= wildcard(pattern.to_ascii_lowercase().as_bytes(), name.as_bytes());
        }
    }
    found
}

/// `*` and `?`, without backtracking more than to the last star.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, n));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

fn hash_matches(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else { return false };
    match (STANDARD.decode(salt), STANDARD.decode(hash)) {
        (Ok(salt), Ok(hash)) => hmac_sha1(&salt, name.as_bytes())[..] == hash[..],
        _ => false,
    }
}

/// RFC 2104, which hashed host names are made with.
fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..20].copy_from_slice(&Sha1::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha1::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha1::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests;
